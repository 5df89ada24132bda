"""A list in: once, with every person asked about everywhere; a corrected one as a difference."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from gateway.domain.agreements import Purpose
from gateway.domain.case_list import Address, PersonName, Role, RowProblem
from gateway.domain.case_list_reading import ParsedList
from gateway.domain.errors import Code, InvalidInput, NotFound, Refused
from gateway.domain.events import EventKind
from gateway.domain.flags import FlagState
from gateway.domain.identifiers import MaracId, NhsNumber
from gateway.domain.lookup import LookupOutcome
from gateway.domain.receipts import FlagFinding, FlagReport
from gateway.domain.releases import LookupRelease
from gateway.domain.tasks import TaskKind
from gateway.services import flagging, hits, intake, results
from gateway.services.intake import Changes
from tests.unit.fakes import Desk
from tests.unit.scenes import (
    AOIFE,
    COORDINATOR,
    DECLAN,
    FAMILY,
    HOMES,
    LEAD,
    MARAC,
    MEETING,
    NIAMH,
    NOBODY,
    NUMBERS,
    OFFICE,
    OLD_TRUST,
    OTHER,
    POLICE,
    REPRESENTATIVE,
    TRUST,
    answer,
    arrived,
    case,
    everybody,
    found,
    known,
    listed,
    lookup_at,
    received,
    record_of,
)

KNOWN, POSSIBLE, NOT_KNOWN, NO_ANSWER, WITHHELD, NOT_ASKED = (
    LookupOutcome.KNOWN, LookupOutcome.POSSIBLE, LookupOutcome.NOT_KNOWN, LookupOutcome.NO_ANSWER, LookupOutcome.WITHHELD,
    LookupOutcome.NOT_ASKED,
)  # fmt: skip


@pytest.fixture
def desk() -> Desk:
    return Desk(*everybody())


def receive(desk: Desk, parsed: ParsedList, **more: object) -> intake.ListReceipt:
    return intake.receive_case_list(desk, COORDINATOR, MARAC, parsed, **more)  # type: ignore[arg-type]


class TestTheFirstTime:
    def test_every_person_gets_a_named_state_at_every_agency(self, desk: Desk) -> None:
        receipt = receive(desk, listed(FAMILY))
        assert (receipt.repeated, receipt.cases, receipt.people, receipt.issue) == (False, 1, 3, 1)
        cells = {(k.agency_id, k.outcome, k.reason) for k in desk.lookups.held.values()}
        assert cells == {
            (TRUST, NO_ANSWER, Code.AWAITED),
            (OLD_TRUST, NO_ANSWER, Code.AWAITED),
            (POLICE, NO_ANSWER, Code.AWAITED),
            (HOMES, NOT_ASKED, Code.NO_LOOKUP_SYSTEM),
        }
        assert len(desk.lookups.held) == 4 * 3
        assert len(desk.outbox.waiting("lookup")) == 3 * 3

    def test_the_coordinators_own_system_is_not_asked_about_anybody(self, desk: Desk) -> None:
        received(desk)
        assert OFFICE not in {k.agency_id for k in desk.lookups.held.values()}

    def test_whoever_cannot_be_asked_by_machine_becomes_a_task(self, desk: Desk) -> None:
        received(desk)
        assert desk.tasks.kinds(HOMES) == [TaskKind.ANSWER_BY_HAND] * 3
        assert {t.about for t in desk.tasks.open_of(HOMES)} == {str(lookup_at(desk, HOMES, n).id) for n in ("Aoife", "Declan", "Niamh")}

    def test_the_question_is_kept_with_its_release_and_not_sent_after_the_meeting(self, desk: Desk) -> None:
        received(desk)
        lookup = lookup_at(desk, TRUST, "Aoife")
        message = next(m for m in desk.outbox.waiting("lookup") if m.release.lookup_id == lookup.id)  # type: ignore[attr-defined]
        assert isinstance(message.release, LookupRelease)
        assert message.order_key == f"lookup/{lookup.id}"
        assert message.not_after is not None
        assert message.not_after.date() == date(2026, 11, 17)
        assert lookup.asked_at == desk.now()

    def test_what_is_withheld_is_recorded_with_its_reason_and_leaves_nothing(self) -> None:
        trust, _, _, homes, _ = everybody()
        desk = Desk(replace(trust, roles=frozenset({Role.VICTIM})), replace(homes, valid_until=date(2026, 1, 31)))
        received(desk)
        assert {(lookup_at(desk, TRUST, n).outcome, lookup_at(desk, TRUST, n).reason) for n in ("Declan", "Niamh")} == {
            (WITHHELD, Code.ROLE_NOT_COVERED)
        }
        assert lookup_at(desk, TRUST, "Aoife").outcome is NO_ANSWER
        assert lookup_at(desk, HOMES, "Aoife").reason == Code.AGREEMENT_EXPIRED
        assert len(desk.outbox.messages) == 1
        assert EventKind.LOOKUP_WITHHELD in desk.audit.kinds()

    def test_an_agency_of_another_marac_is_not_asked(self) -> None:
        trust, old, *_ = everybody()
        desk = Desk(trust, replace(old, maracs=frozenset({MaracId("southmoor")})))
        received(desk)
        assert {k.agency_id for k in desk.lookups.held.values()} == {TRUST}

    def test_every_cell_has_its_audit_event(self, desk: Desk) -> None:
        received(desk)
        kinds = desk.audit.kinds()
        assert kinds.count(EventKind.LIST_RECEIVED) == 1
        assert kinds.count(EventKind.LOOKUP_RELEASED) == 9
        assert kinds.count(EventKind.LOOKUP_WITHHELD) == 3
        assert kinds.count(EventKind.TASK_OPENED) == 3

    def test_no_audit_event_holds_a_value_of_anybody(self, desk: Desk) -> None:
        received(desk)
        told = repr([(e.kind, e.actor, e.about, dict(e.facts)) for _, e in desk.audit.events])
        assert not any(word in told for word in ("Aoife", "O'Brien", "victim", "perpetrator", "1988", "999000"))


class TestWhatIsNotAccepted:
    @pytest.mark.parametrize(
        ("parsed", "code"),
        [
            (replace(listed(FAMILY), problems=(RowProblem(2, "Victim DOB", "BAD"),)), Code.LIST_REFUSED),
            (listed(), Code.LIST_EMPTY),
            (listed(FAMILY, meeting=None), Code.MEETING_DATE_MISSING),
            (listed(FAMILY, meeting=date(3026, 11, 9)), Code.DATE_FAR_AWAY),
            (listed(FAMILY, meeting=date(9999, 12, 31)), Code.DATE_FAR_AWAY),
        ],
    )
    def test_nothing_of_it_is_kept(self, desk: Desk, parsed: ParsedList, code: Code) -> None:
        with pytest.raises(InvalidInput) as refused:
            receive(desk, parsed)
        assert refused.value.code is code
        assert not desk.case_lists.issues
        assert not desk.lookups.held
        assert not desk.outbox.messages

    def test_the_date_may_come_from_the_form(self, desk: Desk) -> None:
        list_id = receive(desk, listed(FAMILY, meeting=None), meeting_date=MEETING).list_id
        assert desk.case_lists.get(list_id).meeting_date == MEETING

    def test_the_files_own_date_wins(self, desk: Desk) -> None:
        list_id = receive(desk, listed(FAMILY), meeting_date=date(2030, 1, 1)).list_id
        assert desk.case_lists.get(list_id).meeting_date == MEETING

    def test_only_the_coordinator_of_this_marac(self, desk: Desk) -> None:
        with pytest.raises(Refused):
            intake.receive_case_list(desk, REPRESENTATIVE, MARAC, listed(FAMILY))
        with pytest.raises(NotFound):
            intake.receive_case_list(desk, COORDINATOR, MaracId("southmoor"), listed(FAMILY))

    def test_problems_that_let_the_list_in_can_be_read(self, desk: Desk) -> None:
        wrong = RowProblem(3, "Child 1 DOB", "DATE_UNREADABLE", "warning")
        receipt = receive(desk, replace(listed(FAMILY), problems=(wrong,)))
        assert list(receipt.problems) == list(intake.problems(desk, REPRESENTATIVE, receipt.list_id)) == [wrong]


class TestTheSameAgain:
    def test_it_changes_nothing(self, desk: Desk) -> None:
        first = receive(desk, listed(FAMILY))
        before = (dict(desk.lookups.held), len(desk.outbox.messages), len(desk.tasks.held))
        again = receive(desk, listed(FAMILY))
        assert (again.list_id, again.repeated, again.changes) == (first.list_id, True, Changes(unchanged=3))
        assert before == (dict(desk.lookups.held), len(desk.outbox.messages), len(desk.tasks.held))
        assert desk.audit.kinds()[-1] is EventKind.LIST_REPEATED

    def test_another_order_of_rows_and_people_is_the_same_list(self, desk: Desk) -> None:
        second = case("NM-2", (Role.VICTIM, OTHER))
        receive(desk, listed(FAMILY, second))
        shuffled = replace(FAMILY, people=FAMILY.people[::-1])
        assert receive(desk, listed(second, shuffled)).repeated

    def test_an_older_issue_sent_again_does_not_bring_it_back(self, desk: Desk) -> None:
        receive(desk, listed(FAMILY))
        receive(desk, listed(replace(FAMILY, people=FAMILY.people[:1])))
        again = receive(desk, listed(FAMILY))
        assert (again.repeated, again.issue, again.people) == (True, 2, 1)
        assert [p.code for p in again.problems] == [Code.LIST_OLDER_ISSUE, Code.LIST_LEAVES_OUT]


class TestACorrectedList:
    def test_unchanged_people_keep_ids_answers_and_decisions(self, desk: Desk) -> None:
        list_id = received(desk)
        lookup = lookup_at(desk, TRUST, "Aoife")
        answer(desk, lookup, found(record_of(AOIFE, "R1", nhs_number=None, addresses=(), phones=())))
        settled = hits.settle_match(desk, REPRESENTATIVE, lookup.id, "R1", "her own word", 2)
        receipt = receive(desk, listed(FAMILY, case("NM-2", (Role.VICTIM, OTHER))))
        assert (receipt.list_id, receipt.issue, receipt.changes) == (list_id, 2, Changes(added=1, unchanged=3))
        assert desk.lookups.get(lookup.id) == settled
        assert len(desk.lookups.held) == 4 * 4

    def test_a_corrected_name_keeps_the_person_and_asks_again_without_the_old_decision(self, desk: Desk) -> None:
        received(desk)
        lookup = known(desk, TRUST, AOIFE)
        hits.settle_match(desk, REPRESENTATIVE, lookup.id, "R1", "her own word", lookup.version)
        desk.outbox.leave()
        corrected = replace(AOIFE, names=(PersonName("O'Brian", "Aoife"),))
        receipt = receive(desk, listed(replace(FAMILY, people=(replace(FAMILY.people[0], person=corrected), *FAMILY.people[1:]))))
        assert receipt.changes == Changes(changed=1, unchanged=2)
        now = desk.lookups.get(lookup.id)
        assert (now.subject_id, now.outcome, now.reason, now.graded, now.decision) == (lookup.subject_id, NO_ANSWER, Code.AWAITED, (), None)
        [message] = [m for m in desk.outbox.waiting("lookup") if m.release.lookup_id == lookup.id]  # type: ignore[attr-defined]
        assert message.release.names == corrected.names  # type: ignore[attr-defined]

    def test_a_new_address_asks_again_and_keeps_what_is_known_meanwhile(self, desk: Desk) -> None:
        received(desk)
        lookup = known(desk, TRUST, AOIFE)
        moved = replace(AOIFE, addresses=(Address(("1 Vetch Street",), "ZZ9 2AB"),))
        receive(desk, listed(replace(FAMILY, people=(replace(FAMILY.people[0], person=moved), *FAMILY.people[1:]))))
        now = desk.lookups.get(lookup.id)
        assert (now.outcome, now.reason, now.record) == (KNOWN, Code.ASKED_AGAIN, lookup.record)

    def test_somebody_with_nothing_in_common_is_another_person(self, desk: Desk) -> None:
        received(desk)
        old = lookup_at(desk, TRUST, "Aoife").subject_id
        swapped = replace(FAMILY, people=(replace(FAMILY.people[0], person=OTHER), *FAMILY.people[1:]))
        receipt = receive(desk, listed(swapped))
        assert receipt.changes == Changes(added=1, withdrawn=1, unchanged=2)
        assert lookup_at(desk, TRUST, "Stacey").subject_id != old

    def test_another_number_is_another_person_though_the_name_is_the_same(self, desk: Desk) -> None:
        received(desk)
        namesake = replace(AOIFE, nhs_number=NhsNumber(NUMBERS[3]))
        receipt = receive(desk, listed(replace(FAMILY, people=(replace(FAMILY.people[0], person=namesake), *FAMILY.people[1:]))))
        assert receipt.changes == Changes(added=1, withdrawn=1, unchanged=2)

    def test_the_same_person_in_another_part_is_added_and_withdrawn(self, desk: Desk) -> None:
        received(desk)
        receipt = receive(desk, listed(case("NM-1", (Role.PERPETRATOR, AOIFE), (Role.VICTIM, DECLAN), (Role.CHILD, NIAMH))))
        assert receipt.changes == Changes(added=2, withdrawn=2, unchanged=1)
        assert desk.tasks.kinds(OFFICE).count(TaskKind.BOTH_ROLES) == 2


class TestWithdrawn:
    def test_questions_that_have_not_left_are_stopped_and_late_answers_are_not_kept(self, desk: Desk) -> None:
        received(desk)
        lookup = lookup_at(desk, TRUST, "Declan")
        gone = lookup_at(desk, POLICE, "Declan")
        receive(desk, listed(replace(FAMILY, people=(FAMILY.people[0], FAMILY.people[2]))))
        stopped = [m for m in desk.outbox.messages if m.withdrawn]
        assert {m.release.lookup_id for m in stopped} >= {lookup.id, gone.id}  # type: ignore[attr-defined]
        answer(desk, lookup, found(record_of(DECLAN, "R2")))
        now = desk.lookups.get(lookup.id)
        assert (now.outcome, now.reason, now.graded) == (NO_ANSWER, Code.SUBJECT_WITHDRAWN, ())
        assert TaskKind.SETTLE_MATCH not in desk.tasks.kinds()

    def test_their_open_tasks_end_and_they_leave_the_report(self, desk: Desk) -> None:
        list_id = received(desk)
        answer(desk, lookup_at(desk, TRUST, "Declan"), found(record_of(DECLAN, "R2", nhs_number=None, addresses=())))
        assert TaskKind.SETTLE_MATCH in desk.tasks.kinds(TRUST)
        receive(desk, listed(replace(FAMILY, people=(FAMILY.people[0], FAMILY.people[2]))))
        assert desk.tasks.kinds(TRUST) == []
        assert len(desk.tasks.open_of(HOMES)) == 2
        assert len(hits.compile_report(desk, COORDINATOR, list_id).rows) == 2

    def test_an_alert_that_stands_is_reviewed_by_a_person_and_never_silently_undone(self, desk: Desk) -> None:
        received(desk)
        known(desk, TRUST, AOIFE)
        flag = flagging.propose(desk, REPRESENTATIVE, lookup_at(desk, TRUST, "Aoife").subject_id, TRUST).flag
        assert flag is not None
        flagging.approve(desk, LEAD, flag.id, flag.content_hash, flag.version)
        [message] = [m for m in desk.outbox.leave() if m.kind == "flag.place"]
        results.handle(desk, [arrived(message, FlagReport(FlagFinding.PLACED, "remote", "1"))])
        receive(desk, listed(replace(FAMILY, people=FAMILY.people[1:])))
        assert desk.flags.get(flag.id).state is FlagState.PLACED
        assert not desk.outbox.waiting("flag.end")
        [task] = [t for t in desk.tasks.open_of(TRUST) if t.kind is TaskKind.REVIEW_FLAG]
        assert (task.about, task.reason) == (str(flag.id), Code.SUBJECT_WITHDRAWN)


class TestTwoParts:
    BOTH = (FAMILY, case("NM-2", (Role.VICTIM, OTHER), (Role.PERPETRATOR, AOIFE)))

    def test_a_person_in_two_parts_is_a_task_for_the_coordinator_for_each_of_them(self, desk: Desk) -> None:
        received(desk, *self.BOTH)
        tasks = [t for t in desk.tasks.open_of(OFFICE) if t.kind is TaskKind.BOTH_ROLES]
        assert len(tasks) == 2

    def test_an_earlier_list_counts(self, desk: Desk) -> None:
        received(desk)
        assert TaskKind.BOTH_ROLES not in desk.tasks.kinds()
        intake.receive_case_list(desk, COORDINATOR, MARAC, listed(self.BOTH[1], meeting=date(2026, 12, 14)))
        assert desk.tasks.kinds(OFFICE) == [TaskKind.BOTH_ROLES]

    def test_an_alert_on_its_way_is_stopped_and_one_that_stands_is_reviewed(self, desk: Desk) -> None:
        received(desk)
        known(desk, TRUST, AOIFE)
        flag = flagging.propose(desk, REPRESENTATIVE, lookup_at(desk, TRUST, "Aoife").subject_id, TRUST).flag
        assert flag is not None
        flagging.approve(desk, LEAD, flag.id, flag.content_hash, flag.version)
        intake.receive_case_list(desk, COORDINATOR, MARAC, listed(self.BOTH[1], meeting=date(2026, 12, 14)))
        assert desk.flags.get(flag.id).state is FlagState.WITHDRAWING
        assert not desk.outbox.waiting("flag.place")
        assert len(desk.outbox.waiting("flag.end")) == 1

    def test_the_task_goes_to_the_maracs_own_desk_where_it_has_no_case_system(self) -> None:
        desk = Desk(everybody()[0])
        received(desk, *self.BOTH)
        assert {t.agency_id for t in desk.tasks.open_of(None)} == {MARAC}


def test_a_purpose_that_is_not_agreed_withholds_everything() -> None:
    trust = everybody()[0]
    desk = Desk(replace(trust, purposes=frozenset({Purpose.FLAG})))
    received(desk)
    assert {k.reason for k in desk.lookups.held.values()} == {Code.PURPOSE_NOT_AGREED}
    assert not desk.outbox.messages


def test_not_known_people_are_asked_about_once(desk: Desk) -> None:
    received(desk)
    lookup = lookup_at(desk, TRUST, "Niamh")
    answer(desk, lookup, NOBODY)
    assert desk.lookups.get(lookup.id).outcome is NOT_KNOWN
    assert len([m for m in desk.outbox.messages if m.release.lookup_id == lookup.id]) == 1  # type: ignore[attr-defined]
