"""Who is signed in: an opaque cookie, and everything else kept on our side."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

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

    def check_csrf(self, given: str) -> None:
        """Raises ``Refused`` when a form was not one of ours."""
        if not hmac.compare_digest(self.csrf.encode(), given.encode()):
            raise Refused(Code.NOT_PERMITTED)


class Kept(Protocol):
    """Where sessions are kept, as opaque bytes (``gateway.store.sessions``)."""

    def begin(self, user: str, content: bytes, now: datetime, idle_ends: datetime, ends: datetime) -> str: ...

    def find(self, cookie: str, now: datetime, idle_ends: datetime) -> bytes | None: ...

    def end(self, cookie: str) -> None: ...


class _Form(msgspec.Struct, array_like=True):
    """A session as bytes."""

    user: str
    roles: list[str]
    agency: str | None
    maracs: list[str]
    name: str
    csrf: str


class Sessions:
    """Who is signed in, by cookie."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def begin(self, session: Session, now: datetime) -> str:
        """Keeps it; the cookie's value is new, random, and never stored as it is."""
        actor = session.actor
        form = _Form(actor.user_id, sorted(actor.roles), actor.agency_id, sorted(actor.marac_ids), session.name, session.csrf)
        return self._kept.begin(actor.user_id, msgspec.msgpack.encode(form), now, now + IDLE, now + ABSOLUTE)

    def find(self, cookie: str, now: datetime) -> Session | None:
        """The session, with its idle clock set anew; None when it is over."""
        content = self._kept.find(cookie, now, now + IDLE)
        if content is None:
            return None
        form = msgspec.msgpack.decode(content, type=_Form)
        claims = {"sub": form.user, "roles": form.roles, "agency": form.agency, "maracs": form.maracs}
        return Session(actor_of(claims), form.name, form.csrf)

    def end(self, cookie: str) -> None:
        """Ends it now."""
        self._kept.end(cookie)


def new_session(claims: dict[str, object]) -> Session:
    """From what the identity provider says: ``sub``, ``name``, ``roles``, ``agency``, ``maracs``. Unknown roles give no right."""
    return Session(actor_of(claims), str(claims.get("name", "")), secrets.token_urlsafe(24))

