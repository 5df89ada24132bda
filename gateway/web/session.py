"""Who is signed in: an opaque cookie, and everything else kept on our side."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from gateway.domain.actors import Actor, actor_of
from gateway.domain.errors import Code, Refused
from gateway.domain.sealed import Sealed

IDLE = timedelta(minutes=10)
ABSOLUTE = timedelta(hours=8)
"""Session limits of the safety brief 8.6."""


@dataclass(frozen=True, slots=True, repr=False)
class Session(Sealed):
    """What is kept of a sign-in. ``name`` is shown to the person only; ``csrf`` must come back with every form."""

    actor: Actor
    name: str
    csrf: str
    began: datetime
    seen: datetime

    def is_over(self, now: datetime) -> bool:
        """Whether the person was away for too long, or has been signed in for a working day."""
        return now - self.seen > IDLE or now - self.began > ABSOLUTE

    def check_csrf(self, given: str) -> None:
        """Raises ``Refused(STALE_PAGE)`` when a form was not one of this session's."""
        if not hmac.compare_digest(self.csrf.encode(), given.encode()):
            raise Refused(Code.STALE_PAGE)


class Sessions(Protocol):
    """Where sessions are kept (``gateway.store.sessions``); the cookie is the only thing that leaves."""

    def begin(self, session: Session) -> str:
        """Keeps it; the cookie's value is new, random, and never stored as it is."""

    def find(self, cookie: str, now: datetime, *, renew: bool = True) -> Session | None:
        """The session, or None when it is over. ``renew`` sets its idle clock anew: a person did something."""

    def end(self, cookie: str) -> None:
        """Ends it now."""


def new_session(claims: Mapping[str, object], now: datetime) -> Session:
    """From what the identity provider says: ``sub``, ``name``, ``roles``, ``agency``, ``maracs``. Unknown roles give no right."""
    return Session(actor_of(claims), str(claims.get("name", "")), secrets.token_urlsafe(24), now, now)
