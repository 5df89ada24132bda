"""Messages that wait for a person: listed with their reason, sent again through a gate, or withdrawn.

A replay goes through the same gate as the first sending: the caller's ``gate`` sees what would be sent and answers with a code that forbids it,
or "" to let it go. Nothing is replayed by a filter: the caller counts first and names the messages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from outbox.bulk import Ids
from outbox.messages import Message
from outbox.transport import Cipher
from outbox.writer import body_context

Gate = Callable[[Message], str]

_WHERE = "state = 'dead' AND (CAST(:lane AS text) IS NULL OR lane = :lane) AND (CAST(:kind AS text) IS NULL OR kind = :kind)"
_COUNT = text(f"SELECT count(*) FROM outbox_messages WHERE {_WHERE}")  # noqa: S608 (a constant of this module)
_LIST = text(f"""
    SELECT id, lane, kind, about, order_key, reason, attempts, unsure, created_at, settled_at FROM outbox_messages
    WHERE {_WHERE} ORDER BY settled_at DESC, id LIMIT :most
""")  # noqa: S608
_TAKE = text("""
    SELECT id, lane, kind, body, created_at, attempts, unsure, not_after FROM outbox_messages
    WHERE id = ANY(:ids) AND state = 'dead' ORDER BY seq FOR UPDATE
""")
_REPLAY = text("""
    UPDATE outbox_messages SET state = 'pending', settled_at = NULL, due_at = now(), attempts = 0, interruptions = 0, lease_token = NULL,
        not_after = CASE WHEN not_after <= now() THEN CAST(:not_after AS timestamptz) ELSE not_after END
    WHERE id = ANY(:ids)
""")
_WITHDRAW = text("""
    UPDATE outbox_messages SET state = 'withdrawn', settled_at = now(), body = '', reason = :reason WHERE id = ANY(:ids) AND state = 'dead'
""")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that waits for a person; ``unsure`` when it may have had its effect."""

    id: UUID
    lane: str
    kind: str
    about: str
    order_key: str
    reason: str
    attempts: int
    unsure: bool
    created_at: datetime
    died_at: datetime


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of the messages named: sent again, refused by the gate (with its code), or no longer dead."""

    replayed: tuple[UUID, ...] = ()
    refused: dict[UUID, str] = field(default_factory=dict)
    skipped: tuple[UUID, ...] = ()


def count(connection: Connection, lane: str | None = None, kind: str | None = None) -> int:
    """How many there are, of a lane and kind or of all."""
    return int(connection.execute(_COUNT, {"lane": lane, "kind": kind}).scalar_one())


def dead_letters(connection: Connection, lane: str | None = None, kind: str | None = None, most: int = 500) -> Sequence[DeadLetter]:
    """The latest first."""
    return [_letter(row) for row in connection.execute(_LIST, {"lane": lane, "kind": kind, "most": most})]


def replay(connection: Connection, cipher: Cipher, ids: Sequence[UUID], gate: Gate, not_after: datetime | None = None) -> Replay:
    """Sends those again that the gate lets through, in the order in which they were written. Whoever was unsure stays so, and looks before it
    writes. ``not_after`` is the new limit of those whose limit has passed (None: without limit)."""
    rows = connection.execute(_TAKE, {"ids": Ids(ids)}).all()
    refused, cleared = {}, []
    for row in rows:
        if forbidden := gate(_message(row, cipher)):
            refused[row.id] = forbidden
        else:
            cleared.append(row.id)
    connection.execute(_REPLAY, {"ids": Ids(cleared), "not_after": not_after})
    found = {row.id for row in rows}
    return Replay(tuple(cleared), refused, tuple(one for one in ids if one not in found))


def withdraw(connection: Connection, ids: Sequence[UUID], reason: str = "WITHDRAWN") -> int:
    """Ends those that are still dead, and erases what they would have sent; returns how many."""
    return connection.execute(_WITHDRAW, {"ids": Ids(ids), "reason": reason}).rowcount


def _letter(row: Row[Any]) -> DeadLetter:
    return DeadLetter(*row)


def _message(row: Row[Any], cipher: Cipher) -> Message:
    body = cipher.open(row.body, body_context(row.id))
    return Message(row.id, row.lane, row.kind, body, row.created_at, row.attempts, row.unsure, row.not_after)
