"""Sign-ins, kept on our side: the cookie is random and only its keyed hash is stored; all else is sealed."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Connection, Engine, text

from gateway.domain.actors import Actor
from gateway.domain.identifiers import UserId
from gateway.store.crypto import Vault
from gateway.store.sealed_column import SealedColumn

_BEGIN = text("INSERT INTO sessions (key, user_key, began_at, seen_at, sealed) VALUES (:key, :user_key, :began, :seen, :sealed)")
_FIND = text("SELECT sealed FROM sessions WHERE key = :key")
_SEEN = text("UPDATE sessions SET seen_at = :seen, sealed = :sealed WHERE key = :key")
_END = text("DELETE FROM sessions WHERE key = :key")
_END_ALL = text("DELETE FROM sessions WHERE user_key = :user_key")
_PURGE = text("DELETE FROM sessions WHERE seen_at < :before")

SEEN_EVERY = timedelta(seconds=20)
"""A session's idle clock is written at most this often."""


class SignIn(Protocol):
    """What a session must say of itself; a frozen dataclass with a field ``seen``."""

    @property
    def actor(self) -> Actor: ...
    @property
    def began(self) -> datetime: ...
    @property
    def seen(self) -> datetime: ...

    def is_over(self, now: datetime) -> bool: ...


def purge(connection: Connection, before: datetime) -> int:
    """Removes sessions not seen since, in the transaction given; returns how many."""
    return connection.execute(_PURGE, {"before": before}).rowcount


S = TypeVar("S", bound=SignIn)


class SqlSessions(Generic[S]):
    """Sessions of one kind of value; each call is a transaction of its own."""

    def __init__(self, engine: Engine, vault: Vault, kind: type[S]) -> None:
        self._engine, self._vault = engine, vault
        self._words = SealedColumn("sessions.sealed", kind, at_least=1024)

    def begin(self, session: S) -> str:
        """The cookie's value: new, random, and never stored as it is."""
        cookie = secrets.token_urlsafe(32)
        key = self._key(cookie)
        row = {"key": key, "user_key": _user_key(self._vault, session.actor.user_id), "began": session.began}
        self._execute(_BEGIN, row | self._changing(key, session))
        return cookie

    def find(self, cookie: str, now: datetime, *, renew: bool = True) -> S | None:
        """The session, with its idle clock set anew unless a machine asks by itself; None when there is none or it is over (then it is
        removed)."""
        key = self._key(cookie)
        sealed = self._execute(_FIND, {"key": key}).scalar()
        session = self._words.open(self._vault, sealed, key) if sealed else None
        if session is None or session.is_over(now):
            self.end(cookie)
            return None
        if not renew:
            return session
        seen: S = replace(session, seen=now)  # type: ignore[type-var]
        if now - session.seen >= SEEN_EVERY:
            self._execute(_SEEN, {"key": key} | self._changing(key, seen))
        return seen

    def end(self, cookie: str) -> None:
        """Ends one session."""
        self._execute(_END, {"key": self._key(cookie)})

    def _execute(self, statement: Any, values: dict[str, object]) -> Any:
        with self._engine.begin() as connection:
            return connection.execute(statement, values)

    def _changing(self, key: bytes, session: S) -> dict[str, object]:
        return {"seen": session.seen, "sealed": self._words.seal(self._vault, session, key)}

    def _key(self, cookie: str) -> bytes:
        return self._vault.index("sessions.cookie", cookie)


class SqlSignIns:
    """Implements ``services.ports.SignIns``."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        self._connection, self._vault = connection, vault

    def end_all_of(self, user_id: UserId) -> int:
        """Ends every session of a person; returns how many there were."""
        return self._connection.execute(_END_ALL, {"user_key": _user_key(self._vault, user_id)}).rowcount


def _user_key(vault: Vault, user_id: str) -> bytes:
    return vault.index("sessions.user", user_id)
