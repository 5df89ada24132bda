"""Errors as RFC 9457 problems. They carry codes and places, never anything that was sent."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from gateway.domain.errors import CATALOGUE, Code, Conflict, GatewayError, InvalidInput, NotFound, Refused, Unavailable

_STATUS: dict[type[GatewayError], HTTPStatus] = {
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    Refused: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
MEDIA_TYPE = "application/problem+json"


def status_of(error: GatewayError) -> HTTPStatus:
    """The HTTP status that a class of error deserves."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


def problem(status: int, code: str, title: str, cause: str = "", remedy: str = "", **more: object) -> JSONResponse:
    """A problem document: ``type`` is a stable URN of the code; ``detail`` says why, ``remedy`` what to do."""
    body = {"type": f"urn:problem:{code.lower().replace('_', '-')}", "title": title, "status": status, "code": code, **more}
    if cause:
        body["detail"] = cause
    if remedy:
        body["remedy"] = remedy
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Every error of the API leaves through one of these four; none echoes its input (FastAPI's own 422 would)."""

    @app.exception_handler(GatewayError)
    async def known(_: Request, error: GatewayError) -> JSONResponse:
        text = error.text
        return problem(status_of(error), error.code, text.title, text.cause, text.remedy)

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        where = [{"at": _place(item["loc"]), "kind": item["type"]} for item in error.errors()]
        text = CATALOGUE[Code.REQUEST_MALFORMED]
        return problem(422, Code.REQUEST_MALFORMED, text.title, text.cause, text.remedy, errors=where)

    @app.exception_handler(HTTPException)
    async def plain(_: Request, error: HTTPException) -> JSONResponse:
        status = HTTPStatus(error.status_code)
        answer = problem(status, status.name, status.phrase)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    async def unforeseen(_: Request, error: Exception) -> JSONResponse:
        del error  # its text may hold values; telemetry has recorded its class
        text = CATALOGUE[Code.INTERNAL_ERROR]
        return problem(500, Code.INTERNAL_ERROR, text.title, text.cause, text.remedy)


def _place(location: tuple[str | int, ...]) -> str:
    """Where in the request, as a path of field names and positions. Names of fields that we do not know are not repeated."""
    return ".".join(str(part) for part in location if isinstance(part, int) or part.isidentifier())[:200]
