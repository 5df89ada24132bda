"""Who is signed in: an opaque cookie, and everything else kept on our side."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from gateway.domain.actors import Actor, actor_of
from gateway.domain.errors import Code, Refused

IDLE = timedelta(minutes=10)
ABSOLUTE = timedelta(hours=8)
"""Session limits of the safety brief 8.6."""


@dataclass(frozen=True, slots=True)
class Session:
    """What is kept of a sign-in. ``name`` is shown to the person only; ``csrf`` must come back with every form."""

    actor: Actor
    name: str
    csrf: str
    began: datetime
    seen: datetime

    def check_csrf(self, given: str) -> None:
        """Raises ``Refused`` when a form was not one of ours."""
        if not hmac.compare_digest(self.csrf.encode(), given.encode()):
            raise Refused(Code.NOT_PERMITTED)

    def is_over(self, now: datetime) -> bool:
        """Idle too long, or too old."""
        return now - self.seen > IDLE or now - self.began > ABSOLUTE


class Sessions(Protocol):
    """Where sessions are kept; the store's implementation keeps them sealed, under a hash of the cookie."""

    def begin(self, session: Session) -> str:
        """The cookie's value: new, random, and never stored as it is."""

    def find(self, cookie: str, now: datetime) -> Session | None: ...

    def end(self, cookie: str) -> None: ...


def new_session(claims: dict[str, object], now: datetime) -> Session:
    """From what the identity provider says: ``sub``, ``name``, ``roles``, ``agency``, ``maracs``. Unknown roles give no right."""
    return Session(actor_of(claims), str(claims.get("name", "")), secrets.token_urlsafe(24), now, now)

