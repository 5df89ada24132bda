"""What the relay is given: where to deliver, what may still leave, what becomes of the results, and when to try again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import cast

from sqlalchemy import Connection

from adapters.registry import Registry
from gateway.domain.errors import Code
from gateway.domain.releases import MessageKind
from gateway.services import gate, stopping
from gateway.services.arrivals import Arrived, Returned
from gateway.services.results import handle
from gateway.store.unit_of_work import SqlWork
from mappings.envelopes import open_release
from outbox.messages import Delivery, Message, Outcome, Result
from outbox.schedule import Pace, Schedule
from outbox.transport import Transport

DEMONSTRATION = Schedule(Pace(first_s=0.5, factor=2.0, longest_s=4.0, attempts=5, patience_s=5.0))
"""Quick, so that a demonstration ends: some seven seconds until an agency that never answers is given up."""
PRODUCTION = Schedule(
    Pace(first_s=30, factor=2, longest_s=3_600, attempts=12),
    {MessageKind.ACTION_POLL: Pace(first_s=60, factor=2, longest_s=900, attempts=4)},
)
"""About six hours in all. A poll gives up sooner, because the next one asks the same."""

_JUDGED_AGAIN = stopping.STOPPED_KINDS
"""Kinds whose permission hangs on more than the agreement: between approval and sending, a match may have been unsettled, or writing
stopped. A question is
judged when it is sent again, for by then the list may describe the person otherwise; the first time it leaves at once."""

Transactions = Callable[[], AbstractContextManager[SqlWork]]
Works = Callable[[Connection], SqlWork]
Keyed = Callable[[bytes], bytes]


def schedule_for(*, demonstration: bool) -> Schedule:
    """When to try again."""
    return DEMONSTRATION if demonstration else PRODUCTION


class Results:
    """The relay's handler: opens what was sent and what came back, and records both in the transaction that marks the messages."""

    def __init__(self, work_on: Works) -> None:
        self._work_on = work_on

    def __call__(self, connection: Connection, results: Sequence[Result]) -> None:
        """Records a batch."""
        with self._work_on(connection) as work:
            handle(work, [_arrived(result) for result in results])


def _arrived(result: Result) -> Arrived:
    message, delivery = result.message, result.delivery
    back = cast(Returned, delivery.reply) if delivery.outcome is Outcome.DELIVERED else None
    return Arrived(
        kind=MessageKind(message.kind),
        message_id=message.id,
        release=back.release if back else open_release(message.body),
        reply=back.reply if back else None,
        final=result.final,
        reason=delivery.reason,
        unsure=message.unsure or delivery.outcome is Outcome.UNSURE,
        left_at=result.left_at,
    )


class Gated:
    """The registry's transports, with what was approved judged once more in the moment before it leaves."""

    def __init__(self, registry: Registry, transaction: Transactions, keyed: Keyed) -> None:
        self._registry, self._transaction, self._keyed = registry, transaction, keyed

    def open(self, lane: str) -> Transport:
        """The transport of a lane."""
        return JudgedTransport(self._registry.open(lane), self._transaction, self._keyed)

    def concurrency(self, lane: str) -> int:
        """As the agreement says."""
        return self._registry.concurrency(lane)


class JudgedTransport:
    """One lane's transport behind the gate. ``keyed`` makes of a digest one that only the key's holder can make: of a message that holds
    little but a name or a number, whoever reads the database could otherwise try them all."""

    def __init__(self, inner: Transport, transaction: Transactions, keyed: Keyed) -> None:
        self._inner, self._transaction, self._keyed = inner, transaction, keyed

    async def deliver(self, message: Message) -> Delivery:
        """What may no longer be written is not, whatever an earlier attempt may have done: the use case then looks for that, and ends it.

        While writing is stopped it is held; but an alert that may stand already is looked for and ended."""
        judged = message.kind in _JUDGED_AGAIN or (message.kind == MessageKind.LOOKUP and message.attempts > 0)
        if judged and (stopped_by := await asyncio.to_thread(self._judge, message)):
            held = stopped_by == Code.WRITING_STOPPED and not (message.unsure and message.kind == MessageKind.FLAG_PLACE)
            return Delivery(Outcome.HELD if held else Outcome.REFUSED, reason=stopped_by)
        delivery = await self._inner.deliver(message)
        return replace(delivery, digest=self._keyed(delivery.digest)) if delivery.digest else delivery

    async def close(self) -> None:
        """Closes the transport within."""
        await self._inner.close()

    def _judge(self, message: Message) -> str:
        with self._transaction() as work:
            return gate.may_leave(work, open_release(message.body))


OVERDUE_AFTER = timedelta(minutes=15)
"""A message that waits longer than this is shown as overdue (an unknown outcome must be seen by a person within 15 minutes)."""
