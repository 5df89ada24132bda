"""Errors as ``application/problem+json`` (RFC 9457): a code and places, never a value that was sent."""

from collections.abc import Mapping

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

TITLES = {
    400: "Bad request", 401: "Not authorised", 403: "Not allowed", 404: "Not found", 405: "Method not allowed", 409: "Conflict",
    412: "Precondition failed", 413: "Too large", 415: "Unsupported media type", 422: "Invalid content",
    428: "Precondition required", 429: "Too many requests", 503: "Unavailable",
}  # fmt: skip
_CODES_OF_THE_ROUTER = {404: "not-found", 405: "method-not-allowed"}


class Problem(Exception):
    """A refusal: status, stable code, and the JSON pointers of what is wrong."""

    def __init__(self, status: int, code: str, *pointers: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.pointers, self.headers = status, code, pointers, headers

    def response(self) -> Response:
        """The answer that says so."""
        body: dict[str, object] = {"type": "about:blank", "title": TITLES[self.status], "status": self.status, "code": self.code}
        if self.pointers:
            body["errors"] = [{"pointer": pointer, "code": self.code} for pointer in self.pointers]
        return Response(msgspec.json.encode(body), self.status, self.headers, "application/problem+json")


async def on_problem(_request: Request, problem: Exception) -> Response:
    """Exception handler for Problem."""
    return problem.response() if isinstance(problem, Problem) else Problem(503, "unavailable").response()


async def on_router(_request: Request, error: Exception) -> Response:
    """Exception handler for the router's own 404 and 405."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    return Problem(status, _CODES_OF_THE_ROUTER[status]).response()
