"""Errors as RFC 9457 problems. They carry codes and places, never anything that was sent."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from gateway.domain.case_list import RowProblem
from gateway.domain.errors import CATALOGUE, Code, Conflict, GatewayError, InvalidInput, NotFound, Refused, Unavailable

_STATUS: dict[type[GatewayError], HTTPStatus] = {
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    Refused: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
_OF_HTTP = {
    404: Code.NOT_FOUND, 400: Code.REQUEST_MALFORMED, 411: Code.REQUEST_MALFORMED, 413: Code.UPLOAD_TOO_LARGE, 401: Code.SIGN_IN_NEEDED,
}  # fmt: skip
MEDIA_TYPE = "application/problem+json"


class FileRefused(InvalidInput):
    """A file of which nothing was taken; ``rows`` say where and why."""

    def __init__(self, rows: Sequence[RowProblem]) -> None:
        super().__init__(Code.LIST_REFUSED)
        self.rows = rows


def problem_of(code: Code, status: int, **more: object) -> JSONResponse:
    """The problem of a code of the catalogue: ``type`` is a stable URN, ``detail`` says why, ``remedy`` what to do."""
    text = CATALOGUE[code]
    return _document(status, code.value, text.title, detail=text.cause, remedy=text.remedy, **more)


def problem_of_status(status: int) -> JSONResponse:
    """The problem of a bare HTTP status."""
    if status in _OF_HTTP:
        return problem_of(_OF_HTTP[status], status)
    known = HTTPStatus(status)
    return _document(status, known.name, known.phrase)


def _document(status: int, code: str, title: str, **more: object) -> JSONResponse:
    body = {"type": f"urn:problem:{code.lower().replace('_', '-')}", "title": title, "status": status, "code": code, **more}
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Every error of the API leaves through one of these; none echoes its input (FastAPI's own 422 would)."""

    @app.exception_handler(GatewayError)
    async def known(_: Request, error: GatewayError) -> JSONResponse:
        status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
        return problem_of(error.code, status)

    @app.exception_handler(FileRefused)
    async def refused(_: Request, error: FileRefused) -> JSONResponse:
        return problem_of(error.code, HTTPStatus.UNPROCESSABLE_ENTITY, problems=[_told(row) for row in error.rows])

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        where = [{"at": _place(item["loc"]), "kind": item["type"]} for item in error.errors()]
        return problem_of(Code.REQUEST_MALFORMED, HTTPStatus.UNPROCESSABLE_ENTITY, errors=where)

    @app.exception_handler(HTTPException)
    async def plain(_: Request, error: HTTPException) -> JSONResponse:
        answer = problem_of_status(error.status_code)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    async def unforeseen(_: Request, error: Exception) -> JSONResponse:
        del error  # its text may hold values; the server's log records its class and place
        return problem_of(Code.INTERNAL_ERROR, HTTPStatus.INTERNAL_SERVER_ERROR)


def _told(row: RowProblem) -> dict[str, object]:
    text = CATALOGUE[Code(row.code)]
    return {
        "row": row.row, "column": row.column, "code": row.code, "severity": row.severity, "title": text.title, "remedy": text.remedy,
    }  # fmt: skip


def _place(location: tuple[str | int, ...]) -> str:
    """Where in the request, as a path of field names and positions. What the sender made up as a name of a field is not repeated: only
    the first part (body, query, header, path) and fields that a schema could name are shown."""
    return ".".join(str(part) for part in location if isinstance(part, int) or part in _FIELDS)


def _known_fields() -> frozenset[str]:
    from gateway.api import schemas

    models = [value for value in vars(schemas).values() if isinstance(value, type) and issubclass(value, BaseModel)]
    named = {name for model in models for name in model.model_fields}
    return frozenset(named | {"body", "query", "header", "path", "file", "marac", "kind", "idempotency-key", "list_id", "lookup_id", "flag_id", "action_id", "task_id", "message_id"})


_FIELDS = _known_fields()
