"""The brake: a stop that comes between the gate and the write still holds, and what is held is no attempt. The ledger is the witness."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from adapters import brake
from adapters.faults import Held
from adapters.health.fhir import connect
from adapters.registry import AgencyTransport
from gateway.domain.agreements import Limits
from gateway.domain.error_codes import Code
from gateway.domain.identifiers import AgencyId, SystemKey
from gateway.domain.releases import MessageKind, Release
from mappings.envelopes import seal_release
from outbox.messages import Delivery, Message, MessageState, Outcome
from outbox.schedule import Schedule
from outbox.settlement import HELD_FOR, Claimed, settle
from tests.contract.asked import alert, alert_end
from tests.contract.fhir_trust_asked import KEY, Trust, ordinary, running_trust


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trust]:
    with running_trust(tmp_path_factory.mktemp("keys")) as running:
        yield running


class Switch:
    """Off for so many looks, then on."""

    def __init__(self, after: int = 0) -> None:
        self.after, self.looks = after, 0

    async def stopped(self) -> bool:
        self.looks += 1
        return self.looks > self.after


def message(kind: MessageKind, release: Release, unsure: bool = False) -> Message:
    return Message(uuid4(), KEY, kind, seal_release(release), datetime.now(UTC), unsure=unsure)


def deliver(trust: Trust, what: Message, switch: Switch) -> Delivery:
    async def once() -> Delivery:
        connector = connect(trust.destination(limits=Limits(timeout_s=30)))
        transport = AgencyTransport(connector, lambda _kind, _release: None, switch.stopped)
        try:
            return await transport.deliver(what)
        finally:
            await transport.close()

    return asyncio.run(once())


def to_trust(person_number: int, identifier: str) -> Release:
    release = alert(ordinary(person_number).local_id, identifier)
    return replace(release, system=SystemKey(KEY), agency_id=AgencyId("northmoor-nhs-trust"))


def test_a_stop_before_the_write_is_held_and_nothing_is_written(trust: Trust) -> None:
    switch = Switch()
    delivery = deliver(trust, message(MessageKind.FLAG_PLACE, to_trust(40, "brake-one")), switch)
    assert (delivery.outcome, delivery.reason) == (Outcome.HELD, Code.WRITING_STOPPED)
    assert switch.looks == 1, "asked in the moment of the write, after everything was read"
    assert not [entry for entry in trust.running.ledger("flag.create") if "brake-one" in entry["key"]]


def test_a_stop_between_two_writes_leaves_what_stands_unsure(trust: Trust) -> None:
    """An earlier attempt wrote it; the proof would switch it off and on, and may not: it is unsure, so that it is looked for and ended."""
    placed = to_trust(41, "brake-two")
    assert deliver(trust, message(MessageKind.FLAG_PLACE, placed), Switch(after=10)).outcome is Outcome.DELIVERED
    again = deliver(trust, message(MessageKind.FLAG_PLACE, placed, unsure=True), Switch())
    assert again.outcome is Outcome.UNSURE


def test_taking_an_alert_away_has_no_brake(trust: Trust) -> None:
    placed = to_trust(42, "brake-three")
    assert deliver(trust, message(MessageKind.FLAG_PLACE, placed), Switch(after=10)).outcome is Outcome.DELIVERED
    switch = Switch()
    ended = deliver(trust, message(MessageKind.FLAG_END, alert_end(placed)), switch)  # type: ignore[arg-type]
    assert ended.outcome is Outcome.DELIVERED
    assert switch.looks == 0


def test_what_is_held_is_no_attempt_and_is_looked_at_again_in_a_minute() -> None:
    waiting = Message(uuid4(), KEY, MessageKind.FLAG_PLACE, b"", datetime.now(UTC), attempts=11, unsure=True)
    held = settle(Claimed(waiting, 1), Delivery(Outcome.HELD, reason=Code.WRITING_STOPPED), Schedule(), datetime.now(UTC), 12)
    assert (held.state, held.delay, held.counted, held.interrupted, held.unsure) == (MessageState.PENDING, HELD_FOR, False, False, True)
    assert timedelta(seconds=60) == HELD_FOR


def test_without_a_brake_nothing_is_asked() -> None:
    async def once() -> None:
        await brake.check(b"")
        with brake.applied(Switch().stopped), pytest.raises(Held):
            await brake.check(b"")
        await brake.check(b"")

    asyncio.run(once())
