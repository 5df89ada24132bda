"""Answers to requests that carry an Idempotency-Key: the same request sent again gets the first answer, and is not done again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from gateway.domain.errors import Code, Conflict
from gateway.store.crypto import Vault

_TAKE = text("INSERT INTO idempotency_keys (key, request, at) VALUES (:key, :request, :at) ON CONFLICT DO NOTHING")
_FIND = text("SELECT request, sealed FROM idempotency_keys WHERE key = :key")
_KEEP = text("UPDATE idempotency_keys SET sealed = :sealed WHERE key = :key AND request = :request")
_PURGE = text("DELETE FROM idempotency_keys WHERE at < :before")


class SqlAnswers:
    """Keys belong to an actor; another's key of the same name is another key. Neither keys nor requests are kept in clear."""

    def __init__(self, connection: Connection, vault: Vault, now: datetime) -> None:
        self._connection, self._vault, self._now = connection, vault, now

    def recall(self, actor: str, key: str, request: bytes) -> bytes | None:
        """The first answer, or None: this is the first time, and the answer must be kept in this transaction. The same request arriving twice
        at once waits here for the other. Raises ``Conflict(IDEMPOTENCY_KEY_REUSED)`` when the key came with another request."""
        row = self._row(actor, key, request)
        if self._connection.execute(_TAKE, row | {"at": self._now}).rowcount:
            return None
        known = self._connection.execute(_FIND, row).one()
        if known.request != row["request"]:
            raise Conflict(Code.IDEMPOTENCY_KEY_REUSED)
        return self._vault.open(known.sealed, _context(row["key"])) if known.sealed else None

    def keep(self, actor: str, key: str, request: bytes, answer: bytes) -> None:
        """Keeps the answer to the request that ``recall`` took."""
        row = self._row(actor, key, request)
        self._connection.execute(_KEEP, row | {"sealed": self._vault.seal(answer, _context(row["key"]))})

    def purge(self, before: datetime) -> int:
        """Forgets old keys; returns how many."""
        return self._connection.execute(_PURGE, {"before": before}).rowcount

    def _row(self, actor: str, key: str, request: bytes) -> dict[str, bytes]:
        return {"key": self._vault.index("idempotency.key", actor, key), "request": self._vault.index("idempotency.request", request)}


def _context(key: bytes) -> bytes:
    return b"idempotency_keys.sealed:" + key
