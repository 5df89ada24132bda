"""What is delivered, and what became of an attempt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class MessageState(StrEnum):
    """``DEAD`` waits for a person, with a reason; ``WITHDRAWN`` was stopped before it left."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """What an attempt came to. ``UNSURE``: sent, and no answer that can be trusted; the next attempt looks before it writes. ``HELD``:
    nothing left, because somebody stopped it; it waits, and the attempt does not count."""

    DELIVERED = "delivered"
    RETRY = "retry"
    REFUSED = "refused"
    UNSURE = "unsure"
    HELD = "held"


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """A claimed message. ``lane`` is the destination, ``kind`` chooses what the transport does, ``body`` is opaque to the outbox.

    ``attempts`` counts earlier attempts; ``unsure`` says that one of them may have had its effect.
    """

    id: UUID
    lane: str
    kind: str
    body: bytes
    created_at: datetime
    attempts: int = 0
    unsure: bool = False
    not_after: datetime | None = None

    def __repr__(self) -> str:
        return f"Message({self.id}, {self.kind})"


@dataclass(frozen=True, slots=True, repr=False)
class Delivery:
    """What the transport reports: ``reply`` is for whoever handles results, opaque and never stored; ``reason`` a code; ``digest`` the
    SHA-256 of the bytes that were sent (b"" if none); ``retry_after_s`` what the destination asked for."""

    outcome: Outcome
    reply: object = None
    reason: str = ""
    retry_after_s: float | None = None
    digest: bytes = b""

    def __repr__(self) -> str:
        return f"Delivery({self.outcome}, {self.reason})"


@dataclass(frozen=True, slots=True)
class Result:
    """One message with its delivery; ``final`` when no further attempt follows (delivered, refused, or given up).

    ``left_at`` is when this attempt began; None when there was none (the message expired before it left).
    """

    message: Message
    delivery: Delivery
    final: bool
    left_at: datetime | None = None
