"""An answer counts only for the question that would be asked now; "none of these" about an answer that hid something needs a look."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from gateway.bootstrap.relay import JudgedTransport
from gateway.domain.case_list import BirthDate, Person, PersonName, Role
from gateway.domain.errors import Code, InvalidInput
from gateway.domain.lookup import Answer, AnswerKind, Lookup, LookupOutcome
from gateway.domain.tasks import TaskKind
from gateway.services import gate, hits, intake, results
from mappings.envelopes import seal_release
from outbox.messages import Delivery, Message, Outcome
from tests.unit.fake_delivery import Sent
from tests.unit.fakes import Desk
from tests.unit.scenes import (
    AOIFE,
    COORDINATOR,
    DECLAN,
    MARAC,
    NIAMH,
    NOBODY,
    REPRESENTATIVE,
    TRUST,
    answer,
    arrived,
    case,
    everybody,
    found,
    listed,
    lookup_at,
    received,
    record_of,
)

RENAMED = replace(AOIFE, names=(PersonName("O'Brien", "Aoibheann"),))
REDATED = replace(AOIFE, birth_dates=(BirthDate.from_iso("1988-03-15"),))
UNNUMBERED = replace(AOIFE, nhs_number=None)


@pytest.fixture
def desk() -> Desk:
    desk = Desk(*everybody())
    received(desk)
    return desk


def asked(desk: Desk, lookup: Lookup) -> Sent:
    """The newest question of the look-up, on its way."""
    desk.outbox.leave()
    return [m for m in desk.outbox.messages if getattr(m.release, "lookup_id", None) == lookup.id][-1]


def corrected(desk: Desk, who: Person) -> None:
    people = ((Role.VICTIM, who), (Role.PERPETRATOR, DECLAN), (Role.CHILD, NIAMH))
    intake.receive_case_list(desk, COORDINATOR, MARAC, listed(case("NM-1", *people, referral_date=date(2026, 10, 19))))


@pytest.mark.parametrize("now", [RENAMED, REDATED, UNNUMBERED], ids=["name", "date of birth", "no number"])
@pytest.mark.parametrize("together", [False, True], ids=["apart", "in one batch"])
def test_an_answer_about_an_earlier_description_is_not_the_answer_about_the_person(desk: Desk, now: Person, together: bool) -> None:
    lookup = lookup_at(desk, TRUST, "Aoife")
    old = asked(desk, lookup)
    corrected(desk, now)
    before = desk.lookups.get(lookup.id)
    new = asked(desk, lookup)
    if together:
        results.handle(desk, [arrived(new, None, reason=Code.AGENCY_TIMEOUT), arrived(old, NOBODY)])
    else:
        results.handle(desk, [arrived(old, NOBODY)])
        assert desk.lookups.get(lookup.id) == before
        results.handle(desk, [arrived(new, None, reason=Code.AGENCY_TIMEOUT)])
    after = desk.lookups.get(lookup.id)
    assert (after.outcome, after.reason) == (LookupOutcome.NO_ANSWER, Code.AGENCY_TIMEOUT)
    assert TaskKind.ANSWER_BY_HAND in desk.tasks.kinds(TRUST)


def test_a_dead_letter_about_an_earlier_description_is_not_sent_again_and_changes_nothing(desk: Desk) -> None:
    lookup = lookup_at(desk, TRUST, "Aoife")
    old = asked(desk, lookup)
    results.handle(desk, [arrived(old, None, reason=Code.AGENCY_TIMEOUT)])
    corrected(desk, RENAMED)
    answer(desk, lookup, found(record_of(RENAMED, "R1")))
    assert gate.may_leave(desk, old.release) == Code.ASKED_AGAIN
    assert gate.may_leave(desk, asked(desk, lookup).release) == ""
    results.handle(desk, [arrived(old, NOBODY)])
    assert desk.lookups.get(lookup.id).outcome is LookupOutcome.KNOWN


def test_under_another_text_of_the_agreement_the_answer_to_what_was_asked_still_counts(desk: Desk) -> None:
    lookup = lookup_at(desk, TRUST, "Aoife")
    old = asked(desk, lookup)
    held = desk.agreements.held[TRUST]
    desk.agreements.held[TRUST] = replace(held, version="v2", lookup_fields=frozenset(list(held.lookup_fields)[:2]))
    results.handle(desk, [arrived(old, NOBODY)])
    assert desk.lookups.get(lookup.id).outcome is LookupOutcome.NOT_KNOWN


@pytest.mark.parametrize(("attempts", "reached"), [(0, True), (1, False)])
def test_a_question_is_judged_when_it_is_sent_again(desk: Desk, attempts: int, reached: bool) -> None:
    lookup = lookup_at(desk, TRUST, "Aoife")
    old = asked(desk, lookup)
    corrected(desk, RENAMED)
    sent: list[Message] = []

    class Wire:
        async def deliver(self, message: Message) -> Delivery:
            sent.append(message)
            return Delivery(Outcome.DELIVERED)

        async def close(self) -> None: ...

    @contextmanager
    def transaction() -> Iterator[Desk]:
        yield desk

    message = Message(uuid.uuid4(), str(old.release.system), "lookup", seal_release(old.release), datetime.now(UTC), attempts)
    delivery = asyncio.run(JudgedTransport(Wire(), transaction, bytes).deliver(message))  # type: ignore[arg-type]
    assert bool(sent) is reached
    assert reached or (delivery.outcome, delivery.reason) == (Outcome.REFUSED, Code.ASKED_AGAIN)


@pytest.mark.parametrize("kind", [AnswerKind.PROTECTED, AnswerKind.TOO_MANY, AnswerKind.MAYBE_HIDDEN])
@pytest.mark.parametrize("shown", [False, True])
def test_none_of_these_where_some_were_hidden_needs_a_word_of_who_looked(desk: Desk, kind: AnswerKind, shown: bool) -> None:
    lookup = lookup_at(desk, TRUST, "Aoife")
    near = record_of(replace(AOIFE, nhs_number=None, addresses=(), phones=()), "R7")
    answer(desk, lookup, Answer(kind, (near,) if shown else ()))
    lookup = desk.lookups.get(lookup.id)
    assert lookup.outcome is LookupOutcome.POSSIBLE
    with pytest.raises(InvalidInput) as refused:
        hits.settle_match(desk, REPRESENTATIVE, lookup.id, None, "  ", lookup.version)
    assert refused.value.code is Code.RECEIPT_REQUIRED
    settled = hits.settle_match(desk, REPRESENTATIVE, lookup.id, None, "looked at the restricted index", lookup.version)
    assert settled.outcome is LookupOutcome.NOT_KNOWN
