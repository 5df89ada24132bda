"""The API as an application, mounted at ``/api/v1``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from gateway.api import problems
from gateway.api.auth import TokenChecker
from gateway.api.gate import Gate
from gateway.api.routers import actions, callbacks, case_lists, flags, queue, writing
from gateway.api.schemas import ProblemOut

if TYPE_CHECKING:
    from gateway.bootstrap import Gateway

VERSION = "1.0"
_PROBLEMS = {
    401: "No good access token.", 403: "The caller's role does not include this, or a rule forbids it.",
    404: "Absent, or not the caller's: the two are never told apart.", 409: "It changed meanwhile, or the Idempotency-Key was used for something else.",
    422: "Not as described here; the places are listed, never what was sent.", 503: "A part of the service did not answer; try again.",
}  # fmt: skip


def build_api(gateway: Gateway, tokens: TokenChecker, *, described: bool = False) -> FastAPI:
    """All operations. ``described``: the description needs no token. Title and paths are neutral; the description of each operation is in the OpenAPI document."""
    api = FastAPI(
        title="Case gateway", version=VERSION, openapi_url="/openapi.json", docs_url=None, redoc_url=None,
        servers=[{"url": "/api/v1"}], root_path_in_servers=False, separate_input_output_schemas=False,
        description="Case lists out to agencies' record systems, and the answers back. Errors are RFC 9457 problems "
        "(application/problem+json); every write takes an Idempotency-Key.",
    )  # fmt: skip
    api.state.gateway = gateway
    problems.install(api)
    told: dict[int | str, dict[str, Any]] = {status: {"model": ProblemOut, "description": words} for status, words in _PROBLEMS.items()}
    for part in (case_lists, flags, actions, queue, writing):
        api.include_router(part.router, responses=told)
    api.include_router(callbacks.router)
    api.add_middleware(Gate, tokens=tokens, described=described)
    return api
