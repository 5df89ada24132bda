"""What the relay sees of a connector: an outcome for every fault, and nothing sent that the agreement no longer lets out."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from adapters.connectors import Incapable, Reply
from adapters.faults import Fault, Permanent, Transient, Unsure
from adapters.registry import CONNECTORS, AgencyTransport, Registry, Withholding
from gateway.domain.agreements import DEFAULT_LOOKUP_FIELDS, Limits, Purpose, RecordSystem, SharingAgreement, SystemKind
from gateway.domain.case_list import Role
from gateway.domain.error_codes import Code
from gateway.domain.identifiers import AgencyId, SystemKey
from gateway.domain.lookup import Answer, AnswerKind
from gateway.domain.receipts import CompletionReport, FlagFinding, FlagReport, PollReport, WorkItemReport
from gateway.domain.releases import MessageKind, Release
from gateway.services.arrivals import Returned
from mappings.envelopes import kind_of, seal_release
from outbox.messages import Delivery, Message, Outcome
from tests.contract.asked import about, action, alert, alert_check, alert_end, completion, poll

LANE = "northmoor-nhs-trust/record"
RELEASES: dict[MessageKind, Release] = {
    kind_of(release): replace(release, agency_id=AgencyId("northmoor-nhs-trust"), system=SystemKey(LANE))
    for release in (about(), alert("NM1"), alert_check(alert("NM1")), alert_end(alert("NM1")), action("a"), poll("a"), completion("a"))
}
REPORTS: dict[str, Any] = {
    "look_up": Answer(AnswerKind.NOBODY), "place_flag": FlagReport(FlagFinding.PLACED, "f1"), "check_flag": FlagReport(FlagFinding.PLACED),
    "end_flag": FlagReport(FlagFinding.ENDED), "send_action": WorkItemReport(True, "t1"), "poll_actions": PollReport(),
    "tell_completion": CompletionReport(True),
}  # fmt: skip
WRITES = {MessageKind.FLAG_PLACE, MessageKind.FLAG_END, MessageKind.ACTION_SEND, MessageKind.COMPLETION_TELL}


class Scripted(Incapable):
    """A connector that does one thing, whatever it is asked."""

    def __init__(self, does: Exception | None = None) -> None:
        self.does, self.asked, self.closed = does, list[tuple[str, Release, bool]](), False

    def __getattribute__(self, name: str) -> Any:
        if name not in REPORTS:
            return super().__getattribute__(name)

        async def method(release: Release, unsure: bool) -> Reply[Any]:
            self.asked.append((name, release, unsure))
            if self.does:
                raise self.does
            return Reply(REPORTS[name], b"digest")

        return method

    async def close(self) -> None:
        self.closed = True


def message(of: MessageKind, **changes: Any) -> Message:
    usual: dict[str, Any] = {"lane": LANE, "kind": of.value, "body": seal_release(RELEASES[of])}
    return Message(UUID(int=1), created_at=datetime(2026, 11, 1, tzinfo=UTC), **(usual | changes))


def deliver(connector: Scripted, sent: Message, gate: Code | None = None) -> Delivery:
    return asyncio.run(AgencyTransport(connector, lambda kind, release: gate).deliver(sent))


@pytest.mark.parametrize("kind", MessageKind)
@pytest.mark.parametrize("unsure", [False, True])
def test_each_kind_reaches_its_method_and_its_report_comes_back(kind: MessageKind, unsure: bool) -> None:
    connector = Scripted()
    delivery = deliver(connector, message(kind, unsure=unsure))
    ((method, release, was_unsure),) = connector.asked
    assert (release, was_unsure) == (RELEASES[kind], unsure)
    assert delivery.outcome is Outcome.DELIVERED
    assert delivery.reply == Returned(RELEASES[kind], REPORTS[method])
    assert delivery.digest == b"digest"


@pytest.mark.parametrize(
    ("fault", "outcome", "wait"),
    [
        (Transient(Code.AGENCY_BUSY, 7.0, digest=b"d"), Outcome.RETRY, 7.0),
        (Permanent(Code.AGENCY_REFUSED, digest=b"d"), Outcome.REFUSED, None),
        (Unsure(Code.AGENCY_TIMEOUT, digest=b"d"), Outcome.UNSURE, None),
    ],
)
def test_a_fault_is_an_outcome_with_its_code_and_digest(fault: Fault, outcome: Outcome, wait: float | None) -> None:
    delivery = deliver(Scripted(fault), message(MessageKind.LOOKUP))
    assert delivery == Delivery(outcome, None, fault.reason, wait, b"d")


@pytest.mark.parametrize("kind", MessageKind)
def test_a_fault_of_ours_does_not_end_the_lane_and_tells_no_value(kind: MessageKind, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        delivery = deliver(Scripted(KeyError("Canary-Surname-7731")), message(kind))
    assert delivery.outcome is (Outcome.UNSURE if kind in WRITES else Outcome.RETRY)
    assert delivery.reason == Code.CONNECTOR_FAILED
    assert "Canary" not in caplog.text
    assert "KeyError at test_registry.py:" in caplog.text


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "something.else"}, Code.KIND_NOT_SUPPORTED),
        ({"body": b"{}"}, Code.ENVELOPE_UNREADABLE),
        ({"body": b'{"v":99,"kind":"lookup","body":{}}'}, Code.ENVELOPE_VERSION_UNKNOWN),
        ({"lane": "northmoor-police/records"}, Code.ENVELOPE_UNREADABLE),
    ],
)
def test_what_is_not_for_this_lane_is_refused_unsent(changes: dict[str, Any], reason: Code) -> None:
    connector = Scripted()
    delivery = deliver(connector, message(MessageKind.LOOKUP, **changes))
    assert (delivery.outcome, delivery.reason) == (Outcome.REFUSED, reason)
    assert connector.asked == []


def test_the_gate_is_asked_before_anything_leaves() -> None:
    connector = Scripted()
    delivery = deliver(connector, message(MessageKind.FLAG_PLACE), gate=Code.AGREEMENT_EXPIRED)
    assert (delivery.outcome, delivery.reason) == (Outcome.REFUSED, Code.AGREEMENT_EXPIRED)
    assert connector.asked == []


def test_closing_closes_the_connector() -> None:
    connector = Scripted()
    asyncio.run(AgencyTransport(connector, lambda kind, release: None).close())
    assert connector.closed


# -------------------------------------------------------------------------------------------------------------- registry

SYSTEM = RecordSystem(SystemKey(LANE), SystemKind.FHIR_R4, "env:URL", {"client_id": "env:ID"}, limits=Limits(concurrency=7))
AGREEMENT = SharingAgreement(
    AgencyId("northmoor-nhs-trust"), "Northmoor NHS Trust", ("a", "b"), "basis", frozenset(Purpose), frozenset(Role),
    DEFAULT_LOOKUP_FIELDS, date(2026, 1, 1), date(2026, 12, 31), (SYSTEM,),
)  # fmt: skip


@dataclass
class Book:
    """The agreements in force."""

    agreements: dict[str, SharingAgreement] = field(default_factory=lambda: {"northmoor-nhs-trust": AGREEMENT})

    def of(self, agency_id: AgencyId) -> SharingAgreement | None:
        return self.agreements.get(agency_id)

    def all(self) -> Sequence[SharingAgreement]:
        return list(self.agreements.values())


SECRETS = {"env:URL": "https://trust.example/fhir", "env:ID": "us"}


def registry(book: Book | None = None, today: date = date(2026, 6, 1), **secrets: str) -> Registry:
    known = {**SECRETS, **secrets}
    return Registry(book or Book(), known.__getitem__, lambda: today)


def test_a_lane_opens_with_its_references_resolved() -> None:
    assert isinstance(registry().open(LANE), AgencyTransport)
    assert registry().concurrency(LANE) == 7


@pytest.mark.parametrize("lane", ["northmoor-nhs-trust/other", "unheard-of/record", "", "northmoor-nhs-trust"])
def test_a_lane_without_an_agreement_sends_nothing(lane: str) -> None:
    opened = registry().open(lane)
    assert isinstance(opened, Withholding)
    delivery = asyncio.run(opened.deliver(message(MessageKind.LOOKUP)))
    assert (delivery.outcome, delivery.reason) == (Outcome.REFUSED, Code.AGREEMENT_MISSING)
    assert registry().concurrency(lane) == 1


def test_a_missing_secret_can_be_mended_meanwhile() -> None:
    opened = Registry(Book(), {}.__getitem__, lambda: date(2026, 6, 1)).open(LANE)
    delivery = asyncio.run(opened.deliver(message(MessageKind.LOOKUP)))
    assert (delivery.outcome, delivery.reason) == (Outcome.RETRY, Code.CREDENTIALS_MISSING)


def test_an_address_that_is_not_secure_sends_nothing() -> None:
    opened = registry(**{"env:URL": "http://trust.example/fhir"}).open(LANE)
    delivery = asyncio.run(opened.deliver(message(MessageKind.LOOKUP)))
    assert (delivery.outcome, delivery.reason) == (Outcome.REFUSED, Code.ENDPOINT_NOT_SECURE)


LOOKED_AFTER = {MessageKind.FLAG_CHECK, MessageKind.FLAG_END}


@pytest.mark.parametrize("kind", MessageKind)
@pytest.mark.parametrize(
    ("book", "today", "reason"),
    [
        (Book(), date(2026, 6, 1), None),
        (Book(), date(2026, 12, 31), None),
        (Book(), date(2027, 1, 1), Code.AGREEMENT_EXPIRED),
        (Book(), date(2025, 12, 31), Code.AGREEMENT_NOT_YET_VALID),
        (Book({"northmoor-nhs-trust": replace(AGREEMENT, purposes=frozenset())}), date(2026, 6, 1), Code.PURPOSE_NOT_AGREED),
        (Book({}), date(2026, 6, 1), Code.AGREEMENT_MISSING),
    ],
)
def test_what_the_agreement_lets_out_is_asked_at_the_moment_of_sending(
    kind: MessageKind, book: Book, today: date, reason: Code | None
) -> None:
    """An alert that stands may be looked after, and taken away, as long as there is an agreement at all."""
    expected = None if kind in LOOKED_AFTER and reason is not Code.AGREEMENT_MISSING else reason
    assert registry(book, today).withheld(kind, RELEASES[kind]) is expected


@pytest.mark.parametrize("kind", SystemKind)
def test_every_kind_of_system_has_its_connector(kind: SystemKind) -> None:
    assert callable(importlib.import_module(CONNECTORS[kind]).connect)


def test_tokens_last_from_one_opening_to_the_next() -> None:
    held = registry()
    first, second = (held.destination(LANE) for _ in range(2))
    assert first.tokens is second.tokens
    assert "trust.example" not in repr(first)
