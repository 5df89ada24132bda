"""The person at the screen: who they are, what they may open, and pages made for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from gateway.domain.actors import Actor
from gateway.policy.permissions import Act, can
from gateway.web.rendering import MenuEntry, page
from gateway.web.session import Session

if TYPE_CHECKING:
    from gateway.bootstrap import Gateway
    from gateway.store.unit_of_work import SqlWork

Result = TypeVar("Result")

MENU = (
    ("Case lists", "/lists", Act.VIEW_LIST),
    ("Tasks", "/tasks", Act.WORK_ON_TASKS),
    ("Queue", "/queue", Act.VIEW_QUEUE),
    ("Proof and stop", "/writing", Act.VIEW_PROOFS),
    ("Reconciliation", "/reconciliation", Act.RECONCILE),
    ("Matching models", "/models", Act.OFFER_MODEL),
    ("Audit", "/audit", Act.VIEW_AUDIT),
)
"""The menu: what a reader may not open is not shown."""

def menu_for(session: Session | None, path: str = "") -> list[MenuEntry]:
    """The entries that the person may open; none for nobody."""
    return [MenuEntry(label, href, path.startswith(href)) for label, href, act in MENU if session and can(session.actor, act)]


def signed_in(request: Request, *, renew: bool = True) -> Session | None:
    """The session behind the cookie, if there is one and it lasts: looked for once in a request. ``renew`` as ``Sessions.find``."""
    if not hasattr(request.state, "session"):
        state = request.app.state
        cookie = request.cookies.get(state.oidc.cookie_name, "")
        request.state.session = state.sessions.find(cookie, state.gateway.clock(), renew=renew) if cookie else None
    found: Session | None = request.state.session
    return found


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
        menu = menu_for(self.session, self.request.url.path)
        notice = NOTICES.get(self.request.query_params.get("done", ""), "")
        return page(template, self.session, menu, status=status, notice=notice, may=self.may, Act=Act, **values)

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
    "corrected": "The corrected list is accepted. Only what changed is asked again.",
    "case_closed": "The case is closed. Its alerts are being removed, and each removal is read back.",
    "renewed": "The alert's time is counted anew.",
    "asked_missing": "Agencies that had not been asked are being asked now.",
    "opened": "Recorded whether they are open to your services.",
    "received": "The list is accepted. Agencies are being asked.",
    "repeated": "This list had been received before. Nothing was changed.",
    "paused": "Sending is paused. Nothing is lost.",
    "resumed": "Sending goes on.",
    "replayed": "The message is on its way again.",
    "withdrawn": "Given up for good. Whoever has its task does by hand what it was to do.",
    "stopped": "It was not sent again: the rules that allowed it no longer do.",
    "writing_stopped": "Stopped. Nothing more is written until two people restart it.",
    "restart_asked": "Asked for. Nothing is written until another person confirms it.",
    "writing_restarted": "Writing goes on. What waited is on its way.",
    "signed": "Signed. A second person must look and sign too.",
    "countersigned": "Signed by two people.",
    "recalled": "The alert is being recalled from every place it went. Look here again for the proof.",
    "offered": "The model is kept. It grades nothing until another administrator has approved it.",
    "in_use": "From now on this model grades. Answers that are there already keep the grade they have.",
    "started": "Agencies are being asked what stands there. Look again in a minute.",
}
"""What was just done, by a word in the address that says nothing about anybody."""


def reader(request: Request) -> Reader:
    """The dependency of every page; sends those who are not signed in to sign in."""
    session = signed_in(request)
    if session is None:
        raise SignInNeeded
    return Reader(request, session, request.app.state.gateway)


def reader_of_form(request: Request, csrf: Annotated[str, Form()] = "") -> Reader:
    """The same for forms: the hidden field must be the session's own."""
    found = reader(request)
    found.session.check_csrf(csrf)
    return found


def watcher(request: Request) -> Reader:
    """For what a page's script asks by itself: the session's idle clock goes on."""
    session = signed_in(request, renew=False)
    if session is None:
        raise SignInNeeded
    return Reader(request, session, request.app.state.gateway)


Reading = Annotated[Reader, Depends(reader)]
Posting = Annotated[Reader, Depends(reader_of_form)]
Watching = Annotated[Reader, Depends(watcher)]
