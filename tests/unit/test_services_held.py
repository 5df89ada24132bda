"""Who is held in a list: never taken for gone, never missing from the report, asked about once a corrected list lets them in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.domain.case_list import BirthDate, Person, PersonName, Role, RowProblem, Subject
from gateway.domain.case_list_reading import HeldRow, ParsedCase, ParsedList, ParsedPerson
from gateway.domain.errors import Code, Refused
from gateway.domain.flags import FlagState
from gateway.domain.identifiers import AgencyId, CaseListId, NhsNumber
from gateway.domain.lookup import LookupOutcome
from gateway.domain.tasks import TaskKind
from gateway.policy.placement import Verdict
from gateway.services import flagging, hits, intake, lookups
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
    NIAMH,
    NUMBERS,
    OFFICE,
    OLD_TRUST,
    OTHER,
    POLICE,
    REPRESENTATIVE,
    TRUST,
    actor,
    case,
    everybody,
    known,
    listed,
    lookup_at,
    person,
    received,
)

LIAM = person("Liam", "O'Brien", "2017-01-02")
REST = replace(FAMILY, people=FAMILY.people[1:])
"""The family without the victim."""


@pytest.fixture
def desk() -> Desk:
    return Desk(*everybody())


def held(
    role: Role, who: Person, *, number: str = "NM-1", codes: tuple[str, ...] = (Code.DATE_IMPOSSIBLE,), whole: bool = False
) -> HeldRow:
    return HeldRow(2, number, codes, (ParsedPerson(role, who, 2),), whole)


def undated(who: Person, **more: object) -> Person:
    return replace(who, birth_dates=(), **more)  # type: ignore[arg-type]


def receive(desk: Desk, *cases: ParsedCase, held: tuple[HeldRow, ...] = ()) -> intake.ListReceipt:
    parsed: ParsedList = replace(listed(*cases), held=held, problems=tuple(RowProblem(h.row, "", h.codes[0], "held") for h in held))
    return intake.receive_case_list(desk, COORDINATOR, MARAC, parsed)


def people(desk: Desk, list_id: CaseListId) -> dict[str, Subject]:
    return {s.person.main_name.given: s for s in desk.case_lists.get(list_id).subjects}


def to_correct(desk: Desk) -> set[tuple[str, str]]:
    return {(t.about, t.reason) for t in desk.tasks.open_of(OFFICE) if t.kind is TaskKind.HELD_ON_LIST}


AS_HELD = {
    "a date of birth mistyped": held(Role.VICTIM, undated(AOIFE, nhs_number=None)),
    "another year of birth": held(Role.VICTIM, replace(AOIFE, birth_dates=(BirthDate(2088, 3, 14),), nhs_number=None)),
    "no name left": held(Role.VICTIM, undated(AOIFE, names=(), nhs_number=None), codes=(Code.NAME_MISSING,)),
    "one word of the name": held(Role.VICTIM, undated(AOIFE, names=(PersonName("Aoife"),), nhs_number=None), codes=(Code.NAME_ONE_WORD,)),
    "the part not read": held(Role.OTHER, AOIFE, codes=(Code.ROLE_NOT_READ,)),
    "under another case number": held(Role.VICTIM, AOIFE, number="NM-7"),
}


class TestNobodyHeldIsTakenForGone:
    @pytest.mark.parametrize("row", AS_HELD.values(), ids=AS_HELD)
    def test_who_was_let_in_before_stays_as_they_were(self, desk: Desk, row: HeldRow) -> None:
        list_id = received(desk)
        lookup = known(desk, TRUST, AOIFE)
        receipt = receive(desk, REST, held=(row,))
        assert (receipt.changes, receipt.people, receipt.held) == (Changes(unchanged=2), 2, 1)
        now = people(desk, list_id)["Aoife"]
        assert (now.id, now.person, now.role, now.held, now.let_in) == (lookup.subject_id, AOIFE, Role.VICTIM, row.codes, True)
        assert desk.lookups.get(lookup.id) == lookup
        assert to_correct(desk) == {(str(now.id), row.codes[0])}

    def test_questions_under_way_and_alerts_stay_but_nothing_new_is_placed(self, desk: Desk) -> None:
        received(desk)
        known(desk, TRUST, AOIFE)
        subject_id = lookup_at(desk, TRUST, "Aoife").subject_id
        flag = flagging.propose(desk, REPRESENTATIVE, subject_id, TRUST).flag
        assert flag is not None
        receive(desk, REST, held=(AS_HELD["a date of birth mistyped"],))
        assert desk.flags.get(flag.id).state is FlagState.PROPOSED
        assert any(m.release.lookup_id == lookup_at(desk, POLICE, "Aoife").id for m in desk.outbox.waiting("lookup"))  # type: ignore[attr-defined]
        assert flagging.preview(desk, REPRESENTATIVE, flag.id).placement.verdict is Verdict.HELD
        with pytest.raises(Refused) as refused:
            flagging.approve(desk, LEAD, flag.id, flag.content_hash, flag.version)
        assert refused.value.code is Code.HELD_ON_LIST

    def test_of_several_in_one_part_the_name_decides(self, desk: Desk) -> None:
        siblings = replace(FAMILY, people=(*FAMILY.people, ParsedPerson(Role.CHILD, LIAM, 5)))
        list_id = received(desk, siblings)
        before = people(desk, list_id)
        receive(desk, FAMILY, held=(held(Role.CHILD, undated(LIAM)),))
        now = people(desk, list_id)
        assert {name: s.id for name, s in now.items()} == {name: s.id for name, s in before.items()}
        assert [name for name, s in now.items() if s.held] == ["Liam"]

    def test_where_it_cannot_be_said_who_is_meant_both_stay(self, desk: Desk) -> None:
        siblings = replace(FAMILY, people=(*FAMILY.people, ParsedPerson(Role.CHILD, LIAM, 5)))
        list_id = received(desk, siblings)
        garbled = person("N??mh", "O'Brien")
        receipt = receive(desk, replace(FAMILY, people=FAMILY.people[:2]), held=(held(Role.CHILD, garbled, codes=(Code.NAME_GARBLED,)),))
        assert (receipt.changes.withdrawn, receipt.held) == (0, 3)
        assert [name for name, s in people(desk, list_id).items() if s.held and not s.let_in] == ["N??mh"]

    def test_somebody_else_in_the_part_is_not_hidden_behind_the_one_before(self, desk: Desk) -> None:
        list_id = received(desk)
        receive(desk, REST, held=(held(Role.VICTIM, undated(OTHER)),))
        now = people(desk, list_id)
        assert (now["Aoife"].let_in, bool(now["Aoife"].held)) == (True, True)
        assert (now["Stacey"].let_in, bool(now["Stacey"].held)) == (False, True)

    def test_another_nhs_number_is_another_person(self, desk: Desk) -> None:
        list_id = received(desk)
        receipt = receive(desk, REST, held=(held(Role.VICTIM, undated(AOIFE, nhs_number=NhsNumber(NUMBERS[3]))),))
        assert receipt.held == 2
        assert len(desk.case_lists.get(list_id).subjects) == 4

    def test_a_whole_case_keeps_everybody_of_it(self, desk: Desk) -> None:
        list_id = received(desk, FAMILY, case("NM-2", (Role.VICTIM, OTHER)))
        before = people(desk, list_id)
        row = HeldRow(2, "NM-1", (Code.ROW_SHIFTED,), FAMILY.people[:1], whole_case=True)
        receipt = receive(desk, case("NM-2", (Role.VICTIM, OTHER)), held=(row,))
        assert (receipt.changes, receipt.people, receipt.held, receipt.cases) == (Changes(unchanged=1), 1, 3, 2)
        assert {n: s.id for n, s in people(desk, list_id).items()} == {n: s.id for n, s in before.items()}

    @pytest.mark.parametrize("number", ["NM-1", ""])
    def test_a_row_in_which_nobody_can_be_read_may_be_any_of_its_case_and_without_a_number_anybody(self, desk: Desk, number: str) -> None:
        list_id = received(desk)
        receipt = receive(desk, REST, held=(HeldRow(2, number, (Code.ROW_WITHOUT_PEOPLE,)),))
        assert (receipt.changes, receipt.held) == (Changes(unchanged=2), 1)
        assert people(desk, list_id)["Aoife"].let_in
        assert (str(list_id), Code.ROW_WITHOUT_PEOPLE) in to_correct(desk)

    def test_who_is_in_no_row_at_all_is_gone(self, desk: Desk) -> None:
        received(desk, FAMILY, case("NM-2", (Role.VICTIM, OTHER)))
        receipt = receive(desk, REST, held=(AS_HELD["a date of birth mistyped"],))
        assert receipt.changes == Changes(withdrawn=1, unchanged=2)

    def test_who_stands_in_another_part_now_and_is_held_there_stays_in_both(self, desk: Desk) -> None:
        list_id = received(desk)
        receipt = receive(desk, REST, held=(held(Role.PERPETRATOR, AOIFE),))
        assert (receipt.changes.withdrawn, receipt.held) == (0, 2)
        assert {s.role for s in desk.case_lists.get(list_id).subjects if s.person == AOIFE} == {Role.VICTIM, Role.PERPETRATOR}
        assert TaskKind.BOTH_ROLES in desk.tasks.kinds(OFFICE)

    def test_let_in_again_their_decisions_stay_and_the_task_ends(self, desk: Desk) -> None:
        received(desk)
        lookup = known(desk, TRUST, AOIFE)
        settled = hits.settle_match(desk, REPRESENTATIVE, lookup.id, "R1", "her own word", lookup.version)
        receive(desk, REST, held=(AS_HELD["a date of birth mistyped"],))
        receipt = receive(desk, replace(FAMILY, notes="corrected"))
        assert receipt.changes == Changes(changed=1, unchanged=2)
        now = desk.lookups.get(lookup.id)
        assert (now.outcome, now.decision, now.reason) == (settled.outcome, settled.decision, Code.ASKED_AGAIN)
        assert to_correct(desk) == set()


class TestNobodyIsMissing:
    def test_a_held_person_is_not_asked_at_every_agency_with_the_reason(self, desk: Desk) -> None:
        receipt = receive(desk, REST, held=(held(Role.VICTIM, undated(AOIFE)),))
        assert (receipt.people, receipt.held, receipt.cases) == (2, 1, 1)
        report = hits.compile_report(desk, COORDINATOR, receipt.list_id)
        assert len(report.rows) == 3
        [row] = [r for r in report.rows if r.name.given == "Aoife"]
        told = {(c.agency_id, c.outcome, c.reason) for c in row.cells}
        assert told == {(a, LookupOutcome.NOT_ASKED, Code.DATE_IMPOSSIBLE) for a in (TRUST, OLD_TRUST, POLICE, HOMES)}
        assert sum(report.states.values()) == 3 * 4
        assert {r["state"] for r in hits.rows(report) if r["given_name"] == "Aoife"} == {"NOT_ASKED"}

    def test_nothing_about_them_leaves_and_the_coordinator_has_the_task(self, desk: Desk) -> None:
        list_id = receive(desk, REST, held=(held(Role.VICTIM, undated(AOIFE)),)).list_id
        subject = people(desk, list_id)["Aoife"]
        ids = {k.id for k in desk.lookups.of_subjects([subject.id])}
        assert not any(m.release.lookup_id in ids for m in desk.outbox.messages)  # type: ignore[attr-defined]
        assert to_correct(desk) == {(str(subject.id), Code.DATE_IMPOSSIBLE)}
        assert not {t.about for t in desk.tasks.open_of(HOMES)} & {str(id_) for id_ in ids}

    def test_asked_again_or_by_hand_they_stay_not_asked(self, desk: Desk) -> None:
        receive(desk, REST, held=(held(Role.VICTIM, undated(AOIFE)),))
        lookup = lookup_at(desk, TRUST, "Aoife")
        again = lookups.ask_again(desk, REPRESENTATIVE, lookup.id)
        assert (again.outcome, again.reason) == (LookupOutcome.NOT_ASKED, Code.DATE_IMPOSSIBLE)
        with pytest.raises(Refused) as refused:
            lookups.record_by_hand(desk, REPRESENTATIVE, lookup.id, False, "looked", again.version)
        assert refused.value.code is Code.HELD_ON_LIST
        assert not any(m.release.lookup_id == lookup.id for m in desk.outbox.messages)  # type: ignore[attr-defined]

    def test_a_person_without_any_name_has_a_row(self, desk: Desk) -> None:
        nameless = held(Role.VICTIM, Person(()), codes=(Code.NAME_MISSING,))
        report = hits.compile_report(desk, COORDINATOR, receive(desk, REST, held=(nameless,)).list_id)
        assert [r.name for r in report.rows if not r.name.family] == [PersonName("")]

    def test_a_whole_case_held_is_in_the_report_and_a_list_of_nobody_else_is_taken(self, desk: Desk) -> None:
        row = HeldRow(2, "NM-1", (Code.ROW_SHIFTED,), FAMILY.people, whole_case=True)
        receipt = receive(desk, held=(row,))
        assert (receipt.cases, receipt.people, receipt.held) == (1, 0, 3)
        report = hits.compile_report(desk, COORDINATOR, receipt.list_id)
        assert {(r.case_number, c.outcome) for r in report.rows for c in r.cells} == {("NM-1", LookupOutcome.NOT_ASKED)}
        assert len(report.rows) == 3

    def test_a_row_without_people_is_a_task_and_a_finding_until_it_is_gone(self, desk: Desk) -> None:
        receipt = receive(desk, FAMILY, held=(HeldRow(9, "", (Code.ROW_WITHOUT_PEOPLE,)),))
        assert [p.row for p in receipt.problems] == [9]
        assert to_correct(desk) == {(str(receipt.list_id), Code.ROW_WITHOUT_PEOPLE)}
        receive(desk, FAMILY)
        assert to_correct(desk) == set()

    def test_a_corrected_list_asks_about_them_everywhere(self, desk: Desk) -> None:
        receive(desk, REST, held=(held(Role.VICTIM, undated(AOIFE)),))
        subject_id = lookup_at(desk, TRUST, "Aoife").subject_id
        receipt = receive(desk, FAMILY)
        assert (receipt.changes, receipt.held) == (Changes(changed=1, unchanged=2), 0)
        cells = {(k.agency_id, k.outcome, k.reason) for k in desk.lookups.of_subjects([subject_id])}
        assert cells == {
            *((AgencyId(a), LookupOutcome.NO_ANSWER, Code.AWAITED) for a in (TRUST, OLD_TRUST, POLICE)),
            (HOMES, LookupOutcome.NOT_ASKED, Code.NO_LOOKUP_SYSTEM),
        }
        sent = [m.release for m in desk.outbox.waiting("lookup") if m.release.lookup_id == lookup_at(desk, TRUST, "Aoife").id]  # type: ignore[attr-defined]
        assert [r.birth_dates for r in sent] == [AOIFE.birth_dates]  # type: ignore[attr-defined]
        assert str(lookup_at(desk, HOMES, "Aoife").id) in {t.about for t in desk.tasks.open_of(HOMES)}
        assert to_correct(desk) == set()

    def test_let_in_as_written_before_they_are_asked_about_too(self, desk: Desk) -> None:
        receive(desk, REST, held=(held(Role.VICTIM, AOIFE, codes=(Code.NHS_NUMBER_SHARED,)),))
        receive(desk, FAMILY)
        assert lookup_at(desk, TRUST, "Aoife").reason == Code.AWAITED

    def test_held_again_the_newest_reading_is_shown(self, desk: Desk) -> None:
        list_id = receive(desk, REST, held=(held(Role.VICTIM, undated(AOIFE)),)).list_id
        before = people(desk, list_id)["Aoife"]
        better = replace(AOIFE, names=(*AOIFE.names, PersonName("Brennan", "Aoife")))
        receipt = receive(desk, REST, held=(held(Role.VICTIM, better),))
        now = people(desk, list_id)["Aoife"]
        assert not receipt.repeated
        assert (now.id, now.person, now.let_in) == (before.id, better, False)

    def test_the_same_list_with_held_people_again_changes_nothing(self, desk: Desk) -> None:
        rows = (held(Role.VICTIM, undated(AOIFE)),)
        first = receive(desk, REST, held=rows)
        again = receive(desk, REST, held=rows)
        assert (again.repeated, again.people, again.held) == (True, 2, 1)
        assert Code.LIST_OLDER_ISSUE not in [p.code for p in again.problems]
        assert first.list_id == again.list_id

    def test_other_agencies_do_not_learn_why(self, desk: Desk) -> None:
        list_id = receive(desk, REST, held=(held(Role.VICTIM, undated(AOIFE)),)).list_id
        chairless = actor("police", *REPRESENTATIVE.roles, agency=POLICE)
        report = hits.compile_report(desk, chairless, list_id)
        [row] = [r for r in report.rows if r.name.given == "Aoife"]
        assert {c.agency_id for c in row.cells if c.reason} == {POLICE}


def test_declan_and_niamh_are_not_touched_by_the_doubt_about_another(desk: Desk) -> None:
    received(desk)
    before = [desk.lookups.of_subjects([lookup_at(desk, TRUST, n.names[0].given).subject_id]) for n in (DECLAN, NIAMH)]
    receive(desk, REST, held=(AS_HELD["no name left"],))
    assert before == [desk.lookups.of_subjects([lookup_at(desk, TRUST, n.names[0].given).subject_id]) for n in (DECLAN, NIAMH)]
