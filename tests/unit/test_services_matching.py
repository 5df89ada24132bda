"""The case at each system: people count for each other whenever their answers come, and what a person decided lasts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from gateway.domain.case_list import Address, Person, PersonName, Role, Sex
from gateway.domain.errors import Code
from gateway.domain.events import EventKind
from gateway.domain.identifiers import MaracId, NhsNumber
from gateway.domain.lookup import Answer, AnswerKind, Candidate, Lookup, LookupOutcome
from gateway.domain.tasks import TaskKind
from gateway.policy.identity.model import current
from gateway.services import hits, intake, results
from tests.unit.fakes import Desk
from tests.unit.scenes import (
    AOIFE,
    COORDINATOR,
    DECLAN,
    MARAC,
    NIAMH,
    NOBODY,
    NUMBERS,
    OLD_TRUST,
    OLD_TRUST_REPRESENTATIVE,
    REPRESENTATIVE,
    TRUST,
    answer,
    arrived,
    case,
    everybody,
    found,
    listed,
    lookup_at,
    person,
    received,
    record_of,
)

KNOWN, POSSIBLE, NOT_KNOWN = LookupOutcome.KNOWN, LookupOutcome.POSSIBLE, LookupOutcome.NOT_KNOWN
OLD_HOME = Address(("28 Vetch Street", "Northmoor"), "ZZ9 2AB")
MOTHER = person("Rosalind", "Oakley", "1983-04-05", sex=Sex.FEMALE, addresses=(Address(("5 Campion Court",), "ZZ9 5LN"),))
CHILD = person("Wilfred", "Oakley", "2014-02-03", sex=Sex.MALE, addresses=MOTHER.addresses)
HERS = record_of(MOTHER, "M1", addresses=(OLD_HOME,))
HIS = record_of(CHILD, "C1", addresses=(OLD_HOME,))
BARE = record_of(AOIFE, "R1", nhs_number=None, addresses=(), phones=())


@pytest.fixture
def desk() -> Desk:
    desk = Desk(*everybody()[:2])
    received(desk)
    return desk


def two(desk: Desk, first: Person = MOTHER, second: Person = CHILD) -> tuple[Lookup, Lookup]:
    received(desk, case("NM-9", (Role.VICTIM, first), (Role.CHILD, second)))
    return lookup_at(desk, TRUST, first.names[0].given), lookup_at(desk, TRUST, second.names[0].given)


def now(desk: Desk, lookup: Lookup) -> tuple[LookupOutcome, str]:
    held = desk.lookups.get(lookup.id)
    return held.outcome, held.reason


def later_list(desk: Desk, who: Person, agency=TRUST, marac=MARAC) -> Lookup:
    """The same person on the list of another meeting; the look-up made for it."""
    before = set(desk.lookups.held)
    paper = listed(case("NM-77", (Role.VICTIM, who), (Role.PERPETRATOR, DECLAN)), meeting=date(2027, 3, 1))
    intake.receive_case_list(desk, replace(COORDINATOR, marac_ids=frozenset({marac})), marac, paper)
    people = desk.case_lists.subjects([k.subject_id for k in desk.lookups.held.values()])
    return next(
        k for id_, k in desk.lookups.held.items()
        if id_ not in before and k.agency_id == agency and people[k.subject_id].person.names[0].given == who.names[0].given
    )  # fmt: skip


class TestTheOtherPeopleOfTheCase:
    @pytest.mark.parametrize("mother_first", [True, False])
    def test_held_at_one_home_they_are_evidence_for_each_other_whoever_is_answered_first(self, mother_first: bool) -> None:
        desk = Desk(everybody()[0])
        mother, child = two(desk)
        order = [(mother, HERS), (child, HIS)]
        (first, hers), (second, his) = order if mother_first else order[::-1]
        answer(desk, first, found(hers))
        assert now(desk, first) == (POSSIBLE, Code.NAME_AND_DATE_ONLY)
        assert desk.tasks.kinds(TRUST) == [TaskKind.SETTLE_MATCH]
        answer(desk, second, found(his))
        assert now(desk, first) == now(desk, second) == (KNOWN, Code.ONE_RECORD_BY_CASE)
        assert desk.tasks.kinds(TRUST) == []

    def test_what_hung_on_the_case_is_in_doubt_again_when_the_other_record_is_gone(self) -> None:
        desk = Desk(everybody()[0])
        mother, child = two(desk)
        answer(desk, mother, found(HERS))
        answer(desk, child, found(HIS))
        answer(desk, child, NOBODY)
        assert now(desk, mother) == (POSSIBLE, Code.NAME_AND_DATE_ONLY)
        assert desk.tasks.kinds(TRUST) == [TaskKind.SETTLE_MATCH]

    def test_at_another_system_they_are_none(self) -> None:
        desk = Desk(*everybody()[:2])
        mother, _ = two(desk)
        answer(desk, mother, found(HERS))
        answer(desk, lookup_at(desk, OLD_TRUST, "Wilfred"), found(HIS))
        assert now(desk, mother) == (POSSIBLE, Code.NAME_AND_DATE_ONLY)

    def test_an_answer_that_hid_something_is_not_settled_by_the_case(self) -> None:
        desk = Desk(everybody()[0])
        mother, child = two(desk)
        answer(desk, mother, Answer(AnswerKind.TOO_MANY, (HERS,)))
        answer(desk, child, found(HIS))
        assert now(desk, mother) == (POSSIBLE, Code.TOO_MANY_MATCHES)

    @pytest.mark.parametrize("together", [True, False])
    def test_victim_and_perpetrator_pointing_at_one_record_wait_for_a_person(self, together: bool) -> None:
        desk = Desk(everybody()[0])
        him = replace(AOIFE, names=(*AOIFE.names, PersonName("O'Brien", "Aoibhe")))
        received(desk, case("NM-1", (Role.VICTIM, AOIFE), (Role.PERPETRATOR, him)))
        one = found(record_of(AOIFE, "R1"))
        back = [arrived(m, one) for m in desk.outbox.leave()]
        for batch in [back] if together else [back[:1], back[1:]]:
            results.handle(desk, batch)
        assert {(k.outcome, k.reason) for k in desk.lookups.held.values()} == {(POSSIBLE, Code.CLAIMED_TWICE)}

    def test_a_record_that_only_may_be_the_others_is_claimed_too(self) -> None:
        desk = Desk(everybody()[0])
        sister = replace(AOIFE, nhs_number=NhsNumber(NUMBERS[3]))
        received(desk, case("NM-1", (Role.VICTIM, AOIFE), (Role.CHILD, sister)))
        first, second = desk.outbox.leave()
        results.handle(desk, [arrived(second, found(record_of(AOIFE, "R1")))])
        results.handle(desk, [arrived(first, found(record_of(AOIFE, "R1")))])
        assert {k.outcome for k in desk.lookups.held.values()} == {POSSIBLE}

    def test_who_is_no_longer_on_the_list_claims_nothing(self, desk: Desk) -> None:
        answer(desk, lookup_at(desk, TRUST, "Aoife"), found(record_of(AOIFE, "R1")))
        renamed = replace(AOIFE, names=(PersonName("Walsh", "Eefa"),), birth_dates=(replace(AOIFE.birth_dates[0], year=1987),), nhs_number=None)
        intake.receive_case_list(desk, COORDINATOR, MARAC, listed(case("NM-1", (Role.VICTIM, renamed), (Role.PERPETRATOR, DECLAN), (Role.CHILD, NIAMH))))
        again = next(k for k in desk.lookups.held.values() if k.agency_id == TRUST and desk.case_lists.is_current(k.subject_id) and k.reason == Code.AWAITED)
        answer(desk, again, found(record_of(renamed, "R1", addresses=AOIFE.addresses)))
        assert now(desk, again)[1] != Code.CLAIMED_TWICE


class TestDecisionsLast:
    def decided(self, desk: Desk, record: str | None, *records: Candidate) -> Lookup:
        lookup = lookup_at(desk, TRUST, "Aoife")
        answer(desk, lookup, found(*(records or (BARE,))))
        lookup = desk.lookups.get(lookup.id)
        return hits.settle_match(desk, REPRESENTATIVE, lookup.id, record, "looked", lookup.version)

    def test_no_is_not_asked_again_on_a_later_list(self, desk: Desk) -> None:
        self.decided(desk, None)
        again = later_list(desk, AOIFE)
        answer(desk, again, found(BARE))
        assert now(desk, again) == (NOT_KNOWN, Code.DECIDED_BY_PERSON)
        held = desk.lookups.get(again.id)
        assert held.decision is not None
        assert (held.decision.decided_by, held.decision.note) == (REPRESENTATIVE.user_id, "looked")
        assert [t for t in desk.tasks.open_of(TRUST) if t.about == str(again.id)] == []

    @pytest.mark.parametrize("choice", ["R1", None])
    def test_another_maracs_list_does_not_tell_that_somebody_decided_before(self, desk: Desk, choice: str | None) -> None:
        self.decided(desk, choice)
        again = later_list(desk, AOIFE, marac=MaracId("southmoor"))
        answer(desk, again, found(BARE))
        assert now(desk, again) == (POSSIBLE, Code.NAME_AND_DATE_ONLY)

    def test_yes_holds_on_a_later_list_while_the_record_says_the_same(self, desk: Desk) -> None:
        self.decided(desk, "R1")
        again = later_list(desk, AOIFE)
        answer(desk, again, found(BARE))
        assert now(desk, again) == (KNOWN, Code.DECIDED_BY_PERSON)
        assert desk.lookups.get(again.id).record is not None

    @pytest.mark.parametrize("choice", ["R1", None])
    def test_a_record_that_changed_is_never_linked_by_memory_and_is_asked_about(self, desk: Desk, choice: str | None) -> None:
        self.decided(desk, choice)
        again = later_list(desk, AOIFE)
        answer(desk, again, found(replace(BARE, names=(PersonName("Obrien", "Aoife"),))))
        assert now(desk, again) == (POSSIBLE, Code.NAME_AND_DATE_ONLY)

    def test_no_to_a_record_that_has_moved_to_her_home_since_is_another_question(self, desk: Desk) -> None:
        self.decided(desk, None)
        again = later_list(desk, AOIFE)
        answer(desk, again, found(replace(BARE, addresses=AOIFE.addresses)))
        assert now(desk, again)[0] is not NOT_KNOWN

    def test_the_same_list_too_asks_again_when_the_record_fits_better(self, desk: Desk) -> None:
        lookup = self.decided(desk, None)
        answer(desk, lookup, found(replace(BARE, addresses=AOIFE.addresses)))
        assert now(desk, lookup) == (POSSIBLE, Code.RECORDS_CHANGED)

    def test_no_over_a_certain_link_stands(self, desk: Desk) -> None:
        exact = record_of(AOIFE, "R1")
        self.decided(desk, None, exact)
        again = later_list(desk, AOIFE)
        answer(desk, again, found(exact))
        assert now(desk, again) == (NOT_KNOWN, Code.DECIDED_BY_PERSON)

    def test_only_the_record_that_is_new_is_asked_about_and_the_other_may_still_be_chosen(self, desk: Desk) -> None:
        self.decided(desk, None)
        again = later_list(desk, AOIFE)
        answer(desk, again, found(BARE, replace(BARE, record_id="R2")))
        held = desk.lookups.get(again.id)
        assert (held.outcome, held.reason) == (POSSIBLE, Code.NAME_AND_DATE_ONLY)
        assert [(g.candidate.record_id, g.stopped_by) for g in held.offered] == [("R2", Code.NAME_AND_DATE_ONLY), ("R1", Code.RULED_OUT)]
        settled = hits.settle_match(desk, REPRESENTATIVE, again.id, "R1", "it is her after all", held.version)
        assert settled.outcome is KNOWN
        answer(desk, again, found(BARE, replace(BARE, record_id="R2")))
        assert now(desk, again) == (KNOWN, Code.DECIDED_BY_PERSON)

    def test_a_rival_that_was_ruled_out_rivals_no_more(self, desk: Desk) -> None:
        by_home = record_of(AOIFE, "R2", nhs_number=None, phones=())
        self.decided(desk, None)
        again = later_list(desk, AOIFE)
        answer(desk, again, found(BARE, by_home))
        assert now(desk, again) == (KNOWN, Code.ONE_RECORD_CERTAIN)

    def test_an_answer_that_hides_something_is_asked_about_whatever_was_ruled_out(self, desk: Desk) -> None:
        self.decided(desk, None)
        again = later_list(desk, AOIFE)
        answer(desk, again, Answer(AnswerKind.TOO_MANY, (BARE,)))
        assert now(desk, again) == (POSSIBLE, Code.TOO_MANY_MATCHES)

    def test_somebody_described_otherwise_is_somebody_else(self, desk: Desk) -> None:
        self.decided(desk, None)
        namesake = replace(AOIFE, nhs_number=NhsNumber(NUMBERS[3]))
        again = later_list(desk, namesake)
        answer(desk, again, found(BARE))
        assert now(desk, again) == (POSSIBLE, Code.NAME_AND_DATE_ONLY)

    def test_another_agencys_record_of_the_same_number_is_another_record(self, desk: Desk) -> None:
        self.decided(desk, None)
        theirs = lookup_at(desk, OLD_TRUST, "Aoife")
        answer(desk, theirs, found(BARE))
        assert now(desk, theirs) == (POSSIBLE, Code.NAME_AND_DATE_ONLY)
        hits.settle_match(desk, OLD_TRUST_REPRESENTATIVE, theirs.id, "R1", "", 2)
        again = later_list(desk, AOIFE)
        answer(desk, again, found(BARE))
        assert now(desk, again) == (NOT_KNOWN, Code.DECIDED_BY_PERSON)

    def test_memory_gives_one_record_to_two_people_of_a_case_no_more_than_rules_do(self, desk: Desk) -> None:
        self.decided(desk, "R1")
        paper = listed(case("NM-8", (Role.VICTIM, AOIFE), (Role.OTHER, AOIFE)), meeting=date(2027, 4, 1))
        intake.receive_case_list(desk, COORDINATOR, MARAC, paper)
        ours = [m for m in desk.outbox.leave() if m.release.agency_id == TRUST][-2:]
        results.handle(desk, [arrived(m, found(BARE)) for m in ours])
        assert {now(desk, desk.lookups.get(m.release.lookup_id))[0] for m in ours} == {POSSIBLE}  # type: ignore[attr-defined]

    def test_the_newest_word_counts(self, desk: Desk) -> None:
        lookup = self.decided(desk, None)
        hits.settle_match(desk, REPRESENTATIVE, lookup.id, "R1", "she it is", lookup.version)
        again = later_list(desk, AOIFE)
        answer(desk, again, found(BARE))
        assert now(desk, again) == (KNOWN, Code.DECIDED_BY_PERSON)

    def test_nobody_is_remembered_of_whom_too_little_is_said(self, desk: Desk) -> None:
        nameless = person("Unknown", "Unknown")
        received(desk, case("NM-6", (Role.VICTIM, nameless), (Role.PERPETRATOR, DECLAN)))
        lookup = lookup_at(desk, TRUST, "Unknown")
        answer(desk, lookup, Answer(AnswerKind.TOO_MANY, (record_of(nameless, "U1", restricted=True),)))
        hits.settle_match(desk, REPRESENTATIVE, lookup.id, None, "looked", desk.lookups.get(lookup.id).version)
        assert desk.decisions.held == {}


def test_every_answer_names_the_model_that_graded_it(desk: Desk) -> None:
    for given, reply in (("Aoife", found(record_of(AOIFE, "R1"))), ("Niamh", NOBODY)):
        lookup = lookup_at(desk, TRUST, given)
        answer(desk, lookup, reply)
        assert desk.lookups.get(lookup.id).model == current().version
        event = [e for _, e in desk.audit.about(str(lookup.id)) if e.kind is EventKind.LOOKUP_ANSWERED][-1]
        assert event.facts["rules"] == current().version
    [list_id] = desk.case_lists.issues
    assert hits.compile_report(desk, COORDINATOR, list_id).matching_version == current().version


def test_why_stays_with_the_answer_and_says_nothing_of_anybody(desk: Desk) -> None:
    lookup = lookup_at(desk, TRUST, "Aoife")
    answer(desk, lookup, found(record_of(AOIFE, "R1"), record_of(DECLAN, "R2")))
    [best, *_] = desk.lookups.get(lookup.id).graded
    assert {bar.what for bar in best.evidence.bars} >= {"before", "given", "family", "birth", "nhs", "address", "phone", "relative"}
    assert best.evidence.total == sum(bar.bits for bar in best.evidence.bars)
    assert repr(best.evidence) == "Evidence(sealed)"
