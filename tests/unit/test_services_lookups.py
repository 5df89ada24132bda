"""Answers kept in batches; late, repeated and contradictory ones; a person's decisions that last; the report."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from gateway.domain.agreements import RecordSystem
from gateway.domain.case_list import PersonName, Role
from gateway.domain.errors import Code, Conflict, GatewayError, InvalidInput, NotFound, Refused
from gateway.domain.events import EventKind
from gateway.domain.identifiers import AgencyId, CaseListId, LookupId, MaracId, SystemKey
from gateway.domain.lookup import Answer, AnswerKind, Lookup, LookupOutcome
from gateway.domain.tasks import TaskKind
from gateway.services import flagging, hits, lookups, results
from tests.unit.fakes import Desk
from tests.unit.scenes import (
    ADMINISTRATOR,
    AOIFE,
    AUDITOR,
    CHAIR,
    COORDINATOR,
    DECLAN,
    FAMILY,
    HOMES,
    LEAD,
    NIAMH,
    NOBODY,
    OFFICE,
    OLD_TRUST,
    OLD_TRUST_REPRESENTATIVE,
    OTHER,
    POLICE,
    REPRESENTATIVE,
    SYSTEM,
    TRUST,
    TRUST_SYSTEM,
    answer,
    arrived,
    case,
    everybody,
    found,
    known,
    lookup_at,
    received,
    record_of,
)

KNOWN, POSSIBLE, NOT_KNOWN, NO_ANSWER, WITHHELD, NOT_ASKED = (
    LookupOutcome.KNOWN, LookupOutcome.POSSIBLE, LookupOutcome.NOT_KNOWN, LookupOutcome.NO_ANSWER, LookupOutcome.WITHHELD,
    LookupOutcome.NOT_ASKED,
)  # fmt: skip

DOUBTFUL = record_of(AOIFE, "R1", nhs_number=None, addresses=(), phones=())


@pytest.fixture
def desk() -> Desk:
    desk = Desk(*everybody())
    received(desk)
    return desk


def now(desk: Desk, lookup: Lookup) -> Lookup:
    return desk.lookups.get(lookup.id)


class TestAnswers:
    def test_a_batch_is_one_read_and_one_write_with_an_event_for_each(self, desk: Desk) -> None:
        messages = desk.outbox.leave()
        before, reads, saves = len(desk.audit.events), desk.lookups.reads, desk.lookups.saves
        results.handle(desk, [arrived(m, NOBODY) for m in messages])
        assert (desk.lookups.reads - reads, desk.lookups.saves - saves) == (1, 1)
        assert desk.audit.kinds()[before:] == [EventKind.LOOKUP_ANSWERED] * 9
        assert {k.outcome for k in desk.lookups.held.values() if k.agency_id != HOMES} == {NOT_KNOWN}

    def test_when_asked_and_when_answered_are_kept(self, desk: Desk) -> None:
        lookup = lookup_at(desk, TRUST, "Aoife")
        left = desk.now()
        desk.pass_time(seconds=40)
        answer(desk, lookup, NOBODY)
        assert (now(desk, lookup).asked_at, now(desk, lookup).answered_at) == (left, desk.now())

    def test_nothing_of_where_they_live_is_kept(self, desk: Desk) -> None:
        record = known(desk, TRUST, AOIFE).record
        assert record is not None
        assert (record.addresses, record.phones) == ((), ())

    def test_an_attempt_that_will_be_repeated_changes_nothing(self, desk: Desk) -> None:
        lookup = lookup_at(desk, TRUST, "Aoife")
        answer(desk, lookup, None, final=False, reason=Code.AGENCY_TIMEOUT)
        assert now(desk, lookup) == lookup

    def test_giving_up_is_no_answer_and_a_task_never_not_known(self, desk: Desk) -> None:
        lookup = lookup_at(desk, TRUST, "Aoife")
        answer(desk, lookup, None, reason=Code.AGENCY_TIMEOUT)
        assert (now(desk, lookup).outcome, now(desk, lookup).reason, now(desk, lookup).answered_at) == (
            NO_ANSWER,
            Code.AGENCY_TIMEOUT,
            None,
        )
        assert desk.tasks.kinds(TRUST) == [TaskKind.ANSWER_BY_HAND]

    def test_the_task_ends_when_an_answer_comes_after_all(self, desk: Desk) -> None:
        lookup = lookup_at(desk, TRUST, "Aoife")
        answer(desk, lookup, Answer.failed(Code.REPLY_UNREADABLE))
        lookups.ask_again(desk, REPRESENTATIVE, lookup.id)
        assert now(desk, lookup).reason == Code.AWAITED
        answer(desk, lookup, NOBODY)
        assert now(desk, lookup).outcome is NOT_KNOWN
        assert desk.tasks.kinds(TRUST) == []

    @pytest.mark.parametrize("kind", [AnswerKind.TOO_MANY, AnswerKind.PROTECTED, AnswerKind.MAYBE_HIDDEN])
    def test_answers_that_hide_something_are_for_a_person(self, desk: Desk, kind: AnswerKind) -> None:
        lookup = lookup_at(desk, TRUST, "Aoife")
        answer(desk, lookup, Answer(kind))
        assert now(desk, lookup).outcome is POSSIBLE
        assert desk.tasks.kinds(TRUST) == [TaskKind.SETTLE_MATCH]

    def test_a_failure_after_an_answer_keeps_what_was_learnt(self, desk: Desk) -> None:
        lookup = known(desk, TRUST, AOIFE)
        answer(desk, lookup, None, reason=Code.AGENCY_FAULT)
        after = now(desk, lookup)
        assert (after.outcome, after.record, after.reason) == (KNOWN, lookup.record, Code.AGENCY_FAULT)

    def test_an_answer_to_a_look_up_that_is_not_there_costs_the_others_nothing(self, desk: Desk) -> None:
        first, *rest = desk.outbox.leave()
        del desk.lookups.held[first.release.lookup_id]  # type: ignore[attr-defined]
        results.handle(desk, [arrived(m, NOBODY) for m in (first, *rest)])
        assert all(k.outcome is NOT_KNOWN for k in desk.lookups.held.values() if k.agency_id != HOMES)

    def test_a_clash_with_somebody_who_saved_first_fails_the_batch(self, desk: Desk) -> None:
        class Slow(type(desk.lookups)):  # type: ignore[misc]
            def many(self, ids):
                found = super().many(ids)
                self.held = {k: replace(v, version=v.version + 1) for k, v in self.held.items()}
                return found

        slow = Slow(desk.audit, desk.case_lists)
        slow.held = desk.lookups.held
        desk.lookups = slow
        with pytest.raises(Conflict):
            answer(desk, lookup_at(desk, TRUST, "Aoife"), NOBODY)


class TestOrderDoesNotMatter:
    def test_any_order_and_any_repetition_of_the_same_answers_ends_the_same(self) -> None:
        def played(seed: int) -> dict[tuple[AgencyId, str], tuple[LookupOutcome, str, str | None]]:
            desk = Desk(*everybody())
            received(desk)
            rng = random.Random(seed)
            replies = {
                "Aoife": found(record_of(AOIFE, "R1")),
                "Declan": found(record_of(DECLAN, "R2"), record_of(DECLAN, "R3")),
                "Niamh": NOBODY,
            }
            people = desk.case_lists.subjects([k.subject_id for k in desk.lookups.held.values()])
            back = [
                arrived(m, replies[people[desk.lookups.get(m.release.lookup_id).subject_id].person.names[0].given])  # type: ignore[attr-defined]
                for m in desk.outbox.leave()
            ]
            back += rng.sample(back, 4)
            rng.shuffle(back)
            while back:
                cut = rng.randint(1, len(back))
                results.handle(desk, back[:cut])
                del back[:cut]
            return {
                (k.agency_id, people[k.subject_id].person.names[0].given): (k.outcome, k.reason, k.record.record_id if k.record else None)
                for k in desk.lookups.held.values()
            }

        first = played(1)
        assert first[TRUST, "Aoife"] == (KNOWN, Code.ONE_RECORD_CERTAIN, "R1")
        assert first[POLICE, "Declan"] == (POSSIBLE, Code.SECOND_RECORD, None)
        assert all(played(seed) == first for seed in range(2, 12))


class TestOneRecordOnePerson:
    TWINS = case(
        "NM-1",
        (Role.CHILD, replace(NIAMH, nhs_number=None, addresses=AOIFE.addresses)),
        (Role.CHILD, replace(NIAMH, nhs_number=None, addresses=AOIFE.addresses, names=(PersonName("O'Brien", "Niamh"), PersonName("O'Brien", "Sinead")))),
    )  # fmt: skip

    def both(self, desk: Desk) -> list[Lookup]:
        return [k for k in desk.lookups.held.values() if k.agency_id == TRUST]

    @pytest.mark.parametrize("together", [True, False])
    def test_a_record_certain_for_two_people_of_a_case_is_possible_for_both(self, together: bool) -> None:
        desk = Desk(everybody()[0])
        received(desk, self.TWINS)
        one = found(record_of(NIAMH, "R1", addresses=AOIFE.addresses))
        back = [arrived(m, one) for m in desk.outbox.leave()]
        for batch in [back] if together else [back[:1], back[1:]]:
            results.handle(desk, batch)
        assert {(k.outcome, k.reason, k.record) for k in self.both(desk)} == {(POSSIBLE, Code.CLAIMED_TWICE, None)}
        assert desk.tasks.kinds(TRUST) == [TaskKind.SETTLE_MATCH] * 2

    def test_what_a_person_decided_is_not_undone_by_it(self) -> None:
        desk = Desk(everybody()[0])
        received(desk, self.TWINS)
        first, second = desk.outbox.leave()
        one = found(record_of(NIAMH, "R1", addresses=AOIFE.addresses))
        results.handle(desk, [arrived(first, Answer(AnswerKind.TOO_MANY, one.candidates))])
        decided = hits.settle_match(desk, REPRESENTATIVE, first.release.lookup_id, "R1", "", 2)  # type: ignore[attr-defined]
        results.handle(desk, [arrived(second, one)])
        assert desk.lookups.get(decided.id) == decided
        assert desk.lookups.get(second.release.lookup_id).reason == Code.CLAIMED_TWICE  # type: ignore[attr-defined]

    def test_nor_when_both_are_answered_again_at_once(self) -> None:
        desk = Desk(everybody()[0])
        received(desk, self.TWINS)
        one = found(record_of(NIAMH, "R1", addresses=AOIFE.addresses))
        messages = desk.outbox.leave()
        results.handle(desk, [arrived(m, one) for m in messages])
        first, second = self.both(desk)
        hits.settle_match(desk, REPRESENTATIVE, first.id, "R1", "", first.version)
        results.handle(desk, [arrived(m, one) for m in messages])
        assert (now(desk, first).outcome, now(desk, first).reason) == (KNOWN, Code.DECIDED_BY_PERSON)
        assert (now(desk, second).outcome, now(desk, second).reason) == (POSSIBLE, Code.CLAIMED_TWICE)

    def test_a_person_cannot_give_one_record_to_two_people_of_a_case(self) -> None:
        desk = Desk(everybody()[0])
        received(desk, self.TWINS)
        one = found(record_of(NIAMH, "R1", addresses=AOIFE.addresses))
        results.handle(desk, [arrived(m, one) for m in desk.outbox.leave()])
        first, second = self.both(desk)
        hits.settle_match(desk, REPRESENTATIVE, first.id, "R1", "", first.version)
        with pytest.raises(Refused) as refused:
            hits.settle_match(desk, REPRESENTATIVE, second.id, "R1", "", second.version)
        assert refused.value.code is Code.RECORD_TAKEN

    def test_the_same_person_in_two_cases_may_be_one_record(self) -> None:
        desk = Desk(everybody()[0])
        received(desk, FAMILY, case("NM-2", (Role.VICTIM, OTHER), (Role.PERPETRATOR, DECLAN)))
        results.handle(desk, [arrived(m, found(record_of(DECLAN, "R2"))) for m in desk.outbox.leave()])
        assert [k.outcome for k in desk.lookups.held.values()].count(KNOWN) == 2


class TestDecisions:
    def test_choosing_a_record_lasts_through_the_same_answer_again(self, desk: Desk) -> None:
        lookup = lookup_at(desk, TRUST, "Aoife")
        answer(desk, lookup, found(DOUBTFUL))
        settled = hits.settle_match(desk, REPRESENTATIVE, lookup.id, "R1", "checked by telephone", 2)
        assert (settled.outcome, settled.reason) == (KNOWN, Code.DECIDED_BY_PERSON)
        assert settled.record is not None
        assert desk.tasks.kinds(TRUST) == []
        answer(desk, lookup, found(DOUBTFUL))
        again = now(desk, lookup)
        assert (again.outcome, again.decision, again.reason) == (KNOWN, settled.decision, Code.DECIDED_BY_PERSON)
        assert desk.tasks.kinds(TRUST) == []

    def test_none_of_them_lasts_too_and_is_not_asked_again(self, desk: Desk) -> None:
        lookup = lookup_at(desk, TRUST, "Aoife")
        answer(desk, lookup, found(DOUBTFUL))
        hits.settle_match(desk, REPRESENTATIVE, lookup.id, None, "a namesake", 2)
        answer(desk, lookup, found(DOUBTFUL))
        assert (now(desk, lookup).outcome, desk.tasks.kinds(TRUST)) == (NOT_KNOWN, [])

    @pytest.mark.parametrize("choice", ["R1", None])
    def test_records_that_changed_are_looked_at_again(self, desk: Desk, choice: str | None) -> None:
        lookup = lookup_at(desk, TRUST, "Aoife")
        answer(desk, lookup, found(DOUBTFUL))
        hits.settle_match(desk, REPRESENTATIVE, lookup.id, choice, "", 2)
        answer(desk, lookup, found(DOUBTFUL, replace(DOUBTFUL, record_id="R2")))
        assert (now(desk, lookup).outcome, now(desk, lookup).reason) == (POSSIBLE, Code.RECORDS_CHANGED)
        assert desk.tasks.kinds(TRUST) == [TaskKind.SETTLE_MATCH]

    def test_a_record_that_vanished_is_not_taken_for_not_known(self, desk: Desk) -> None:
        lookup = lookup_at(desk, TRUST, "Aoife")
        answer(desk, lookup, found(DOUBTFUL))
        hits.settle_match(desk, REPRESENTATIVE, lookup.id, "R1", "", 2)
        answer(desk, lookup, NOBODY)
        assert (now(desk, lookup).outcome, now(desk, lookup).reason) == (POSSIBLE, Code.RECORDS_CHANGED)

    def test_only_what_was_offered_on_what_was_seen(self, desk: Desk) -> None:
        lookup = lookup_at(desk, TRUST, "Aoife")
        with pytest.raises(Refused) as too_early:
            hits.settle_match(desk, REPRESENTATIVE, lookup.id, None, "", 1)
        assert too_early.value.code is Code.MATCH_NOT_SETTLED
        answer(desk, lookup, found(DOUBTFUL))
        with pytest.raises(Conflict):
            hits.settle_match(desk, REPRESENTATIVE, lookup.id, "R1", "", 1)
        with pytest.raises(InvalidInput) as not_offered:
            hits.settle_match(desk, REPRESENTATIVE, lookup.id, "R7", "", 2)
        assert not_offered.value.code is Code.RECORD_NOT_OFFERED

    def test_only_by_the_agencys_own_people(self, desk: Desk) -> None:
        lookup = lookup_at(desk, TRUST, "Aoife")
        answer(desk, lookup, found(DOUBTFUL))
        for who, error in ((OLD_TRUST_REPRESENTATIVE, NotFound), (COORDINATOR, Refused), (SYSTEM, Refused), (LEAD, Refused)):
            with pytest.raises(error):
                hits.settle_match(desk, who, lookup.id, "R1", "", 2)
        assert hits.settle_match(desk, ADMINISTRATOR, lookup.id, "R1", "", 2).outcome is KNOWN

    def test_a_decision_that_is_changed_has_the_alert_reviewed(self, desk: Desk) -> None:
        lookup = known(desk, TRUST, AOIFE)
        flag = flagging.propose(desk, REPRESENTATIVE, lookup.subject_id, TRUST).flag
        hits.settle_match(desk, REPRESENTATIVE, lookup.id, None, "not her", lookup.version)
        assert flag is not None
        assert [(t.kind, t.about) for t in desk.tasks.open_of(TRUST)] == [(TaskKind.REVIEW_FLAG, str(flag.id))]


class TestByHand:
    def test_an_agency_without_a_system_answers_itself(self, desk: Desk) -> None:
        homes = replace(REPRESENTATIVE, agency_id=HOMES)
        lookup = lookup_at(desk, HOMES, "Aoife")
        answered = lookups.record_by_hand(desk, homes, lookup.id, True, "tenant since 2019", lookup.version)
        assert (answered.outcome, answered.reason, answered.record) == (KNOWN, Code.DECIDED_BY_PERSON, None)
        assert len(desk.tasks.open_of(HOMES)) == 2

    def test_never_over_a_machines_answer_or_a_withheld_one_and_never_without_a_note(self, desk: Desk) -> None:
        lookup = lookup_at(desk, TRUST, "Aoife")
        with pytest.raises(InvalidInput):
            lookups.record_by_hand(desk, REPRESENTATIVE, lookup.id, True, " ", 1)
        answer(desk, lookup, NOBODY)
        with pytest.raises(Conflict):
            lookups.record_by_hand(desk, REPRESENTATIVE, lookup.id, True, "found", 2)

    def test_whether_open_to_services_stays_until_the_system_says_otherwise(self, desk: Desk) -> None:
        lookup = known(desk, TRUST, AOIFE, open_to_service=None)
        said = lookups.record_open_to_service(desk, REPRESENTATIVE, lookup.id, True, "on the ward", lookup.version)
        assert said.record is not None
        assert said.record.open_to_service is True
        answer(desk, lookup, found(record_of(AOIFE, "R1", open_to_service=None)))
        assert now(desk, lookup).record.open_to_service is True  # type: ignore[union-attr]
        answer(desk, lookup, found(record_of(AOIFE, "R1", open_to_service=False)))
        assert now(desk, lookup).record.open_to_service is False  # type: ignore[union-attr]

    def test_whether_open_needs_a_known_record(self, desk: Desk) -> None:
        with pytest.raises(Conflict) as refused:
            lookups.record_open_to_service(desk, REPRESENTATIVE, lookup_at(desk, TRUST, "Aoife").id, True, "", 1)
        assert refused.value.code is Code.MATCH_NOT_SETTLED


class TestAskingAgain:
    def test_what_is_known_stays_until_the_new_answer(self, desk: Desk) -> None:
        lookup = known(desk, TRUST, AOIFE)
        again = lookups.ask_again(desk, REPRESENTATIVE, lookup.id)
        assert (again.outcome, again.record, again.reason) == (KNOWN, lookup.record, Code.ASKED_AGAIN)

    def test_a_question_that_still_waits_is_replaced(self, desk: Desk) -> None:
        lookup = lookup_at(desk, TRUST, "Aoife")
        lookups.ask_again(desk, COORDINATOR, lookup.id)
        assert len([m for m in desk.outbox.waiting("lookup") if m.order_key == f"lookup/{lookup.id}"]) == 1

    def test_under_todays_agreement(self, desk: Desk) -> None:
        waiting, learnt = lookup_at(desk, TRUST, "Declan"), known(desk, TRUST, AOIFE)
        trust = desk.agreements.held[TRUST]
        desk.agreements.held[TRUST] = replace(trust, valid_until=desk.now().date().replace(day=1))
        assert lookups.ask_again(desk, REPRESENTATIVE, waiting.id).outcome is WITHHELD
        with pytest.raises(Refused) as refused:
            lookups.ask_again(desk, REPRESENTATIVE, learnt.id)
        assert refused.value.code is Code.AGREEMENT_EXPIRED
        assert now(desk, learnt) == learnt

    def test_an_agency_that_joins_later_is_asked_about_everybody(self, desk: Desk) -> None:
        [list_id] = desk.case_lists.issues
        homes = desk.agreements.held[HOMES]
        system = RecordSystem(SystemKey(f"{HOMES}/housing"), TRUST_SYSTEM.kind, "env:X", capabilities=TRUST_SYSTEM.capabilities)
        desk.agreements.held[HOMES] = replace(homes, systems=(system,))
        assert lookups.ask_missing(desk, COORDINATOR, list_id) == 3
        assert lookups.ask_missing(desk, COORDINATOR, list_id) == 0


class TestTheReport:
    def whole(self, desk: Desk) -> CaseListId:
        [list_id] = desk.case_lists.issues
        return list_id

    def test_nobody_is_missing_and_the_states_sum_up(self, desk: Desk) -> None:
        known(desk, TRUST, AOIFE)
        report = hits.compile_report(desk, COORDINATOR, self.whole(desk))
        assert [a.id for a in report.agencies] == sorted([TRUST, OLD_TRUST, POLICE, HOMES])
        assert all(len(row.cells) == 4 for row in report.rows)
        assert sum(report.states.values()) == 3 * 4
        assert (report.states[KNOWN], report.states[NO_ANSWER], report.states[NOT_ASKED]) == (1, 8, 3)
        assert not report.complete

    def test_it_is_complete_when_no_answer_is_awaited(self, desk: Desk) -> None:
        results.handle(desk, [arrived(m, NOBODY) for m in desk.outbox.leave()])
        assert hits.compile_report(desk, COORDINATOR, self.whole(desk)).complete

    def test_an_agency_sees_its_own_detail_and_of_others_the_state_alone(self, desk: Desk) -> None:
        known(desk, TRUST, AOIFE)
        known(desk, POLICE, AOIFE, "P9")
        row = next(r for r in hits.compile_report(desk, REPRESENTATIVE, self.whole(desk)).rows if r.name == AOIFE.names[0])
        told = {c.agency_id: (c.held, [d.record_id for d in c.details]) for c in row.cells}
        assert told[TRUST] == (True, ["R1"])
        assert told[POLICE] == (True, [])

    def test_the_view_is_recorded(self, desk: Desk) -> None:
        hits.compile_report(desk, CHAIR, self.whole(desk))
        assert desk.audit.kinds()[-1] is EventKind.REPORT_VIEWED

    @pytest.mark.parametrize("reader", [SYSTEM, AUDITOR])
    def test_who_runs_or_audits_the_gateway_gets_none(self, desk: Desk, reader) -> None:
        with pytest.raises(Refused):
            hits.compile_report(desk, reader, self.whole(desk))

    def test_a_list_of_another_marac_does_not_exist(self, desk: Desk) -> None:
        elsewhere = replace(COORDINATOR, marac_ids=frozenset({MaracId("southmoor")}))
        with pytest.raises(NotFound):
            hits.compile_report(desk, elsewhere, self.whole(desk))
        with pytest.raises(NotFound):
            hits.compile_report(desk, COORDINATOR, CaseListId(desk.new_id()))

    def test_an_agency_never_asked_is_shown_as_not_asked(self, desk: Desk) -> None:
        late = replace(desk.agreements.held[TRUST], agency_id=AgencyId("probation"), name="Probation")
        desk.agreements.held[late.agency_id] = late
        report = hits.compile_report(desk, COORDINATOR, self.whole(desk))
        cell = next(c for c in report.rows[0].cells if c.agency_id == late.agency_id)
        assert (cell.outcome, cell.reason) == (NOT_ASKED, Code.NOT_YET_ASKED)

    def test_an_agency_whose_agreement_vanished_keeps_its_column(self, desk: Desk) -> None:
        del desk.agreements.held[POLICE]
        assert POLICE in [a.id for a in hits.compile_report(desk, COORDINATOR, self.whole(desk)).agencies]

    def test_an_agency_with_two_systems_knows_nobody_only_when_both_say_so(self) -> None:
        trust = everybody()[0]
        second = replace(TRUST_SYSTEM, key=SystemKey(f"{TRUST}/community"))
        desk = Desk(replace(trust, systems=(TRUST_SYSTEM, second)))
        list_id = received(desk)
        ours = [k for k in desk.lookups.held.values() if k.subject_id == lookup_at(desk, TRUST, "Aoife").subject_id]
        answer(desk, ours[0], NOBODY)

        def state() -> LookupOutcome:
            return hits.compile_report(desk, REPRESENTATIVE, list_id).rows[0].cells[0].outcome

        assert state() is NO_ANSWER
        answer(desk, ours[1], found(DOUBTFUL))
        assert state() is POSSIBLE
        answer(desk, ours[1], NOBODY)
        assert state() is NOT_KNOWN

    def test_exported_rows_have_fixed_columns_and_inert_cells(self, desk: Desk) -> None:
        hostile = replace(OTHER, names=(PersonName("=HYPERLINK(1)", "@Stacey"),))
        list_id = received(desk, case("+NM", (Role.VICTIM, hostile)))
        exported = hits.rows(hits.compile_report(desk, REPRESENTATIVE, list_id))
        assert all(tuple(row) == hits.COLUMNS for row in exported)
        assert (exported[0]["case"], exported[0]["family_name"], exported[0]["given_name"]) == ("'+NM", "'=HYPERLINK(1)", "'@Stacey")


class TestPossibleMatches:
    def test_only_ones_own_agencys_and_each_view_is_recorded(self, desk: Desk) -> None:
        [list_id] = desk.case_lists.issues
        lookup = lookup_at(desk, TRUST, "Aoife")
        answer(desk, lookup, found(DOUBTFUL))
        answer(desk, lookup_at(desk, POLICE, "Aoife"), found(DOUBTFUL))
        [match] = hits.possible_matches(desk, REPRESENTATIVE, list_id)
        assert (match.lookup.id, match.case_number, match.subject.person) == (lookup.id, "NM-1", AOIFE)
        assert desk.audit.kinds()[-1] is EventKind.PERSON_VIEWED
        assert hits.possible_matches(desk, OLD_TRUST_REPRESENTATIVE, list_id) == []
        assert hits.possible_match(desk, REPRESENTATIVE, lookup.id).lookup == now(desk, lookup)


def test_what_does_not_exist_and_what_is_not_yours_are_told_the_same(desk: Desk) -> None:
    theirs = lookup_at(desk, POLICE, "Aoife").id
    codes = []
    for lookup_id in (theirs, LookupId(desk.new_id())):
        with pytest.raises(GatewayError) as refused:
            hits.settle_match(desk, REPRESENTATIVE, lookup_id, None, "", 1)
        codes.append((type(refused.value), refused.value.code))
    assert codes[0] == codes[1] == (NotFound, Code.NOT_FOUND)


def test_the_office_is_never_a_column(desk: Desk) -> None:
    [list_id] = desk.case_lists.issues
    assert OFFICE not in [a.id for a in hits.compile_report(desk, COORDINATOR, list_id).agencies]
