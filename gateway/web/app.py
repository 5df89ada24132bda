"""The pages as an application: who is asking, what they may open, and what they are told when something is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware.sessions import SessionMiddleware
from starlette.staticfiles import StaticFiles

from gateway.domain.errors import CATALOGUE, Code, Conflict, GatewayError, InvalidInput, NotFound, Refused
from gateway.domain.events import AuditEvent, EventKind
from gateway.web import sign_in
from gateway.web.pages import actions, alerts, audit, case_lists, models, queue, review, start, tasks, writing
from gateway.web.reader import SignInNeeded, menu_for, signed_in
from gateway.web.rendering import page
from gateway.web.session import Session, Sessions

if TYPE_CHECKING:
    from gateway.bootstrap import Gateway

_STATUS: tuple[tuple[type[GatewayError], int], ...] = ((InvalidInput, 422), (Refused, 403), (NotFound, 404), (Conflict, 409))
_OF_HTTP = {404: Code.NOT_FOUND, 413: Code.UPLOAD_TOO_LARGE}


def build_web(gateway: Gateway, oidc: sign_in.OidcSettings, sessions: Sessions, login_secret: str) -> FastAPI:
    """All pages. ``login_secret`` signs the short-lived cookie of a sign-in under way."""
    web = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    web.state.gateway, web.state.oidc, web.state.sessions = gateway, oidc, sessions
    web.add_middleware(
        SessionMiddleware, secret_key=login_secret, session_cookie="sign-in", max_age=600, same_site="lax", https_only=oidc.secure,
    )  # fmt: skip
    web.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    web.include_router(sign_in.build_router(oidc, sessions, gateway.clock, lambda s: _record_sign_in(gateway, s)))
    for part in (start, case_lists, review, alerts, actions, tasks, queue, writing, models, audit):
        web.include_router(part.router)
    _install_errors(web)
    return web


def _record_sign_in(gateway: Gateway, session: Session) -> None:
    with gateway.transaction() as work:
        actor = session.actor
        work.audit.record(AuditEvent(EventKind.SIGNED_IN, actor.user_id, actor.user_id, actor.agency_id))


def _install_errors(web: FastAPI) -> None:
    @web.exception_handler(SignInNeeded)
    async def welcome(request: Request, _: SignInNeeded) -> Response:
        if request.url.path.endswith("/progress"):
            return Response(status_code=401)
        return RedirectResponse("/", status_code=303)

    @web.exception_handler(GatewayError)
    async def known(request: Request, error: GatewayError) -> Response:
        status = next((code for kind, code in _STATUS if isinstance(error, kind)), 503)
        return _told(request, error.code, status)

    @web.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> Response:
        if any(fault["loc"][0] == "path" for fault in error.errors()):  # an address that never was one of ours
            return _told(request, Code.NOT_FOUND, 404)
        return _told(request, Code.REQUEST_MALFORMED, 422)

    @web.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        return _told(request, _OF_HTTP.get(error.status_code, Code.REQUEST_MALFORMED), error.status_code)

    @web.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> Response:
        del error  # its text may hold values; the server's log records its class and place
        return refusal(500, Code.INTERNAL_ERROR)


def _told(request: Request, code: Code, status: int) -> Response:
    """The same page for every error: what it means, why, what to do. Nothing of the request is repeated."""
    session = signed_in(request)
    return page("error.html", session, menu_for(session), status=status, code=code, text=CATALOGUE[code])


def refusal(status: int, code: Code) -> Response:
    """The same for a request that no page has seen."""
    return page("error.html", None, status=status, code=code, text=CATALOGUE[code])

