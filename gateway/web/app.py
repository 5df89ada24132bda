"""The pages as an application: who is asking, what they may open, and what they are told when something is wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Depends, FastAPI, Form, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware.sessions import SessionMiddleware
from starlette.staticfiles import StaticFiles

from gateway.domain.actors import Actor
from gateway.domain.errors import CATALOGUE, Code, Conflict, GatewayError, InvalidInput, NotFound, Refused
from gateway.domain.events import AuditEvent, EventKind
from gateway.policy.permissions import Act, can
from gateway.web import sign_in
from gateway.web.headers import SecurityHeaders
from gateway.web.rendering import MenuEntry, page
from gateway.web.session import Session, Sessions

if TYPE_CHECKING:
    from gateway.bootstrap import Gateway
    from gateway.store.unit_of_work import SqlWork

Result = TypeVar("Result")
_log = logging.getLogger("gateway.web")

MENU = (
    ("Case lists", "/lists", Act.VIEW_LIST),
    ("Tasks", "/tasks", Act.WORK_ON_TASKS),
    ("Queue", "/queue", Act.VIEW_QUEUE),
    ("Reconciliation", "/reconciliation", Act.RECONCILE),
    ("Audit", "/audit", Act.VIEW_AUDIT),
)
"""The menu: what a reader may not open is not shown."""

_STATUS: tuple[tuple[type[GatewayError], int], ...] = ((InvalidInput, 422), (Refused, 403), (NotFound, 404), (Conflict, 409))


class SignInNeeded(Exception):
    """Nobody is signed in."""


@dataclass(frozen=True, slots=True)
class Reader:
    """The person at the screen, in one request."""

    request: Request
    session: Session
    gateway: Gateway

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.session.actor

    def do(self, use_case: Callable[[SqlWork], Result]) -> Result:
        """One use case in one transaction."""
        with self.gateway.transaction() as work:
            return use_case(work)

    def may(self, act: Act) -> bool:
        """Whether to offer it on the page; the use case checks again."""
        return can(self.actor, act)

    def page(self, template: str, status: int = 200, **values: object) -> Response:
        """A page with the reader's menu. A notice left by the step before is shown once."""
        path = self.request.url.path
        menu = [MenuEntry(label, href, path.startswith(href)) for label, href, act in MENU if self.may(act)]
        self.request.state.notice = NOTICES.get(self.request.query_params.get("done", ""), "")
        return page(template, self.request, self.session, menu, status, may=self.may, Act=Act, **values)

    def back_to(self, path: str, done: str = "") -> Response:
        """After a form: see the page again, with one of ``NOTICES``."""
        return RedirectResponse(f"{path}?done={done}" if done else path, status_code=303)


NOTICES = {
    "settled": "Your decision is recorded. It lasts until the agency's records change.",
    "none": "Recorded: none of these records is this person's.",
    "answered": "What you found is recorded.",
    "asked": "The system is being asked again.",
    "proposed": "The alert is proposed. A second person must approve it.",
    "approved": "Approved. It counts as placed only after it has been read back.",
    "refused": "The proposal is declined. Nothing was written.",
    "ending": "The alert is being removed, and the removal will be read back.",
    "assigned": "The actions are assigned and on their way to the agencies.",
    "completed": "The action is closed.",
    "task": "The task is closed.",
    "received": "The list is accepted. Agencies are being asked.",
    "repeated": "This list had been received before. Nothing was changed.",
    "paused": "Sending is paused. Nothing is lost.",
    "resumed": "Sending goes on.",
    "replayed": "The message is on its way again.",
    "stopped": "It was not sent again: the rules that allowed it no longer do.",
    "started": "Agencies are being asked what stands there. Look again in a minute.",
}
"""What was just done, by a word in the address that says nothing about anybody."""


def reader(request: Request) -> Reader:
    """The dependency of every page; sends those who are not signed in to sign in."""
    state = request.app.state
    cookie = request.cookies.get(state.oidc.cookie_name, "")
    session = state.sessions.find(cookie, datetime.now(UTC)) if cookie else None
    if session is None:
        raise SignInNeeded
    return Reader(request, session, state.gateway)


def reader_of_form(request: Request, csrf: Annotated[str, Form()] = "") -> Reader:
    """The same for forms: the hidden field must be the session's own."""
    found = reader(request)
    found.session.check_csrf(csrf)
    return found


Reading = Annotated[Reader, Depends(reader)]
Posting = Annotated[Reader, Depends(reader_of_form)]


def build_web(gateway: Gateway, oidc: sign_in.OidcSettings, sessions: Sessions, login_secret: str) -> FastAPI:
    """All pages. ``login_secret`` signs the short-lived cookie of a sign-in under way."""
    from gateway.web.pages import actions, alerts, audit, case_lists, queue, review, tasks  # noqa: PLC0415  they import this module

    web = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    web.state.gateway, web.state.oidc, web.state.sessions = gateway, oidc, sessions
    web.add_middleware(
        SessionMiddleware, secret_key=login_secret, session_cookie="sign-in", max_age=600, same_site="lax", https_only=oidc.secure,
    )  # fmt: skip
    web.add_middleware(SecurityHeaders)
    web.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    web.include_router(sign_in.build_router(oidc, sessions, lambda: datetime.now(UTC), lambda s: _record_sign_in(gateway, s)))
    for part in (case_lists, review, alerts, actions, tasks, queue, audit):
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
        return page("welcome.html", request, None, status=401)

    @web.exception_handler(GatewayError)
    async def known(request: Request, error: GatewayError) -> Response:
        status = next((code for kind, code in _STATUS if isinstance(error, kind)), 503)
        return _told(request, error.code, status)

    @web.exception_handler(RequestValidationError)
    async def malformed(request: Request, _: RequestValidationError) -> Response:
        return _told(request, Code.REQUEST_MALFORMED, 422)

    @web.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        return _told(request, Code.NOT_FOUND if error.status_code == 404 else Code.REQUEST_MALFORMED, error.status_code)

    @web.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> Response:
        _log.error("page failed", extra={"kind": type(error).__name__})
        return _told(request, Code.INTERNAL_ERROR, 500)


def _told(request: Request, code: Code, status: int) -> Response:
    """The same page for every error: what it means, why, what to do. Nothing of the request is repeated."""
    session = None
    state = request.app.state
    if cookie := request.cookies.get(state.oidc.cookie_name, ""):
        session = state.sessions.find(cookie, datetime.now(UTC))
    menu = [MenuEntry(label, href) for label, href, act in MENU if session and can(session.actor, act)]
    return page("error.html", request, session, menu, status, code=code, text=CATALOGUE[code])


def seen_now(session: Session, now: datetime) -> Session:
    """The session with its idle clock set anew."""
    return replace(session, seen=now)
