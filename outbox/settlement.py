"""What becomes of a message after an attempt: pure, so that every situation is a row of a table in the tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from outbox.messages import Delivery, Message, MessageState, Outcome, Result
from outbox.schedule import Schedule

EXPIRED = "EXPIRED"
INTERRUPTED = "INTERRUPTED"
"""The process that had the message ended without saying what came of it."""
HANDLER_FAILED = "HANDLER_FAILED"
TRANSPORT_FAILED = "TRANSPORT_FAILED"
NO_TRANSPORT = "NO_TRANSPORT"
HELD_FOR = timedelta(seconds=60)
"""How long a message that is held rests before it is looked at again; ``lanes.let_go`` ends the wait at once."""
BODY_UNREADABLE = "BODY_UNREADABLE"


@dataclass(frozen=True, slots=True, repr=False)
class Claimed:
    """A message that an island holds: under which fencing token (None: it holds none, the message expired unclaimed)."""

    message: Message
    token: int | None
    order_key: str = ""
    interruptions: int = 0
    expires_in_s: float | None = None
    """Seconds to ``not_after`` when it was claimed, by the database's clock."""
    readable: bool = True
    """False when the body could not be opened: it is not sent, and nobody can be told what it was about."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """The message's next state; ``delay`` until it is due again, if it stays pending."""

    claimed: Claimed
    result: Result
    state: MessageState
    delay: timedelta = timedelta()
    unsure: bool = False

    @property
    def counted(self) -> bool:
        """Whether this was an attempt."""
        return not self.interrupted and self.result.delivery.outcome is not Outcome.HELD

    @property
    def interrupted(self) -> bool:
        """Whether this counts as an interruption and not as an attempt."""
        return self.result.delivery.reason == INTERRUPTED


def settle(claimed: Claimed, delivery: Delivery, schedule: Schedule, left_at: datetime | None, most_interruptions: int) -> Settlement:
    """Delivered, refused and expired messages end; the rest wait for their next attempt, or end when there is none."""
    message = claimed.message
    unsure = message.unsure or delivery.outcome is Outcome.UNSURE
    if delivery.outcome is Outcome.DELIVERED:
        return Settlement(claimed, Result(message, delivery, True, left_at), MessageState.DELIVERED)
    if delivery.reason == EXPIRED:
        state = MessageState.DEAD if unsure else MessageState.WITHDRAWN
        return Settlement(claimed, Result(message, delivery, True, left_at), state, unsure=unsure)
    if delivery.outcome is Outcome.HELD:
        return Settlement(claimed, Result(message, delivery, False, left_at), MessageState.PENDING, HELD_FOR, unsure)
    delay = _delay(claimed, delivery, schedule, most_interruptions)
    if delay is None:
        return Settlement(claimed, Result(message, delivery, True, left_at), MessageState.DEAD, unsure=unsure)
    return Settlement(claimed, Result(message, delivery, False, left_at), MessageState.PENDING, delay, unsure)


def _delay(claimed: Claimed, delivery: Delivery, schedule: Schedule, most_interruptions: int) -> timedelta | None:
    message = claimed.message
    if delivery.outcome is Outcome.REFUSED:
        return None
    if delivery.reason == INTERRUPTED:
        count = claimed.interruptions + 1
        return schedule.delay(message.kind, message.id, count) if count < most_interruptions else None
    return schedule.next_attempt(message.kind, message.id, message.attempts + 1, delivery.retry_after_s)


def unreadable() -> Delivery:
    """The right key may come back, so this is tried again like a fault of the destination."""
    return Delivery(Outcome.RETRY, reason=BODY_UNREADABLE)


def expired(message: Message) -> Delivery:
    """What is reported of a message whose time ran out before it left (again)."""
    return Delivery(Outcome.UNSURE if message.unsure else Outcome.REFUSED, reason=EXPIRED)
