"""Puts messages into the outbox, in the caller's transaction: what is sent and why it is sent commit together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from outbox.bulk import copy_in
from outbox.lanes import let_go
from outbox.tables import messages
from outbox.transport import Cipher

SMALLEST_BODY = 1024
"""Bodies below this size look alike in length, whatever their kind and words."""

_COLUMNS = ("id", "lane", "kind", "order_key", "about", "body", "created_at", "not_after")

_WITHDRAW = text("""
    UPDATE outbox_messages SET state = 'withdrawn', reason = :reason, body = '', settled_at = now()
    WHERE order_key = :order_key AND order_key <> '' AND state = 'pending' AND lease_token IS NULL AND NOT unsure
""")


def body_context(message_id: UUID) -> bytes:
    """What binds a sealed body to its row."""
    return b"outbox_messages.body:" + message_id.bytes


@dataclass(frozen=True, slots=True, repr=False)
class Draft:
    """A message to be. ``order_key`` keeps messages about one thing in order ("" = no order), ``about`` is the opaque id of that thing,
    after ``not_after`` it does not leave."""

    id: UUID
    lane: str
    kind: str
    body: bytes
    created_at: datetime
    order_key: str = ""
    about: str = ""
    not_after: datetime | None = None


class Writer:
    """Writes at once; nothing waits for a later call. A new message is due when its transaction commits, by the database's clock."""

    def __init__(self, connection: Connection, cipher: Cipher) -> None:
        self._connection, self._cipher = connection, cipher

    def send(self, draft: Draft) -> None:
        """One message."""
        self.send_many((draft,))

    def send_many(self, drafts: Iterable[Draft]) -> None:
        """Many, in one statement and in this order."""
        copy_in(self._connection, messages, _COLUMNS, (self._row(draft) for draft in drafts))

    def withdraw(self, order_key: str, reason: str = "WITHDRAWN") -> int:
        """Stops what has not left; returns how many. What an attempt may have delivered already is not stopped: its end must be known."""
        return self._connection.execute(_WITHDRAW, {"order_key": order_key, "reason": reason}).rowcount

    def let_go(self, lane: str, reason: str) -> int:
        """What was held for this reason is due at once (``lanes.let_go``)."""
        return let_go(self._connection, lane, reason)

    def _row(self, draft: Draft) -> tuple[object, ...]:
        body = self._cipher.seal(draft.body, body_context(draft.id), SMALLEST_BODY)
        return draft.id, draft.lane, draft.kind, draft.order_key, draft.about, body, draft.created_at, draft.not_after
