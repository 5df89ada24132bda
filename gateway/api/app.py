"""The API as an application, mounted at ``/api/v1``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI

from gateway.api import problems
from gateway.api.auth import TokenChecker
from gateway.api.routers import actions, callbacks, case_lists, flags, queue

if TYPE_CHECKING:
    from gateway.bootstrap import Gateway

VERSION = "1.0"


def build_api(gateway: Gateway, tokens: TokenChecker) -> FastAPI:
    """All operations. Title and paths are neutral; the description of each operation is in the OpenAPI document."""
    api = FastAPI(
        title="Case gateway", version=VERSION, openapi_url="/openapi.json", docs_url=None, redoc_url=None, root_path="/api/v1",
        description="Case lists out to agencies' record systems, and the answers back. Errors are RFC 9457 problems; "
        "every write takes an Idempotency-Key.",
    )  # fmt: skip
    api.state.gateway, api.state.tokens = gateway, tokens
    problems.install(api)
    for part in (case_lists, flags, actions, queue, callbacks):
        api.include_router(part.router)
    return api
