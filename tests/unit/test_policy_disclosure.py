"""What leaves: only what the agreement lists, only with a valid agreement; what a reader sees of a report."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from gateway.domain.actions import Action, ActionState
from gateway.domain.agreements import Capability, Field, Purpose, SharingAgreement
from gateway.domain.case_list import Address, Person, Role, Sex, Subject
from gateway.domain.errors import Code, InvalidInput
from gateway.domain.flags import ALERT_TEXT, Flag, FlagState
from gateway.domain.identifiers import ActionId, CaseId, CaseListId, FlagId, LocalIdentifier, LookupId, SubjectId, UserId
from gateway.domain.lookup import LookupOutcome
from gateway.domain.releases import (
    ActionRelease,
    CompletionRelease,
    FlagCheckRelease,
    FlagRelease,
    FlagRemovalRelease,
    LookupRelease,
    MessageKind,
    PollRelease,
    Release,
)
from gateway.domain.reports import CellDetail, HitCell, HitReport, HitRow, ReportAgency, counted
from gateway.policy import disclosure
from gateway.policy.disclosure import Withheld
from tests.unit.scenes import (
    ADMINISTRATOR,
    AOIFE,
    AUDITOR,
    CHAIR,
    COORDINATOR,
    LEAD,
    MARAC,
    MEETING,
    OFFICE,
    OFFICE_SYSTEM,
    POLICE,
    REPRESENTATIVE,
    SYSTEM,
    TRUST,
    TRUST_SYSTEM,
    agreement,
    own_number,
    record_of,
)

TODAY = date(2026, 11, 2)
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
AGREED = agreement(TRUST, TRUST_SYSTEM)
RICH = replace(
    AOIFE,
    identifiers=(own_number("NM8000000"), LocalIdentifier("https://police.example/nominal", "P-77"), LocalIdentifier(str(TRUST), "X1")),
    addresses=(Address(("1 Vetch Street",), "ZZ9 2AB", current=False), *AOIFE.addresses),
)
SUBJECT = Subject(SubjectId(UUID(int=1)), CaseId(UUID(int=2)), Role.VICTIM, RICH)
LOOKUP = LookupId(UUID(int=3))
ALL_FIELDS = frozenset(Field)


def released(agreed: SharingAgreement = AGREED, subject: Subject = SUBJECT) -> LookupRelease:
    release = disclosure.release_lookup(subject, agreed, TRUST_SYSTEM, LOOKUP, TODAY)
    assert isinstance(release, LookupRelease)
    return release


def filled(release: LookupRelease) -> set[str]:
    mine = {f.name for f in dataclasses.fields(LookupRelease)} - {f.name for f in dataclasses.fields(Release)} - {"lookup_id"}
    return {name for name in mine if getattr(release, name)}


class TestAskingAboutSomebody:
    @pytest.mark.parametrize(
        ("field", "filled_with"),
        [
            (Field.NAMES, "names"),
            (Field.BIRTH_DATES, "birth_dates"),
            (Field.OWN_IDENTIFIERS, "own_identifiers"),
            (Field.NHS_NUMBER, "nhs_number"),
            (Field.SEX, "sex"),
            (Field.POSTCODE, "postcode"),
        ],
    )
    def test_each_category_leaves_only_when_listed(self, field: Field, filled_with: str) -> None:
        assert filled_with in filled(released(replace(AGREED, lookup_fields=ALL_FIELDS)))
        assert filled_with not in filled(released(replace(AGREED, lookup_fields=ALL_FIELDS - {field})))

    def test_every_category_of_an_agreement_is_in_the_test_above(self) -> None:
        assert len(ALL_FIELDS) == 6

    def test_by_default_names_dates_and_own_numbers_and_no_more(self) -> None:
        agreed = replace(AGREED, lookup_fields=frozenset({Field.NAMES, Field.BIRTH_DATES, Field.OWN_IDENTIFIERS}))
        assert filled(released(agreed)) == {"names", "birth_dates", "own_identifiers"}

    def test_a_number_that_another_agency_issued_stays_here(self) -> None:
        assert [i.value for i in released().own_identifiers] == ["NM8000000", "X1"]

    def test_the_postcode_is_of_the_current_address(self) -> None:
        assert released(replace(AGREED, lookup_fields=ALL_FIELDS)).postcode == "ZZ9 1AB"

    def test_there_is_no_place_for_a_role_a_case_or_another_person(self) -> None:
        names = {f.name for f in dataclasses.fields(LookupRelease)}
        assert not names & {"role", "case_id", "subject_id", "case_number", "address", "phone"}

    @pytest.mark.parametrize("role", list(Role))
    def test_the_release_is_the_same_whatever_the_role(self, role: Role) -> None:
        assert released(subject=replace(SUBJECT, role=role)) == released()

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"valid_from": date(2026, 11, 3)}, Code.AGREEMENT_NOT_YET_VALID),
            ({"valid_until": date(2026, 11, 1)}, Code.AGREEMENT_EXPIRED),
            ({"purposes": frozenset({Purpose.ACTION})}, Code.PURPOSE_NOT_AGREED),
            ({"roles": frozenset({Role.CHILD})}, Code.ROLE_NOT_COVERED),
            ({"lookup_fields": frozenset()}, Code.NOTHING_TO_ASK_WITH),
            ({"lookup_fields": frozenset({Field.BIRTH_DATES, Field.SEX, Field.POSTCODE})}, Code.NOTHING_TO_ASK_WITH),
        ],
    )
    def test_withheld(self, change: dict[str, object], code: Code) -> None:
        agreed = replace(AGREED, **change)  # type: ignore[arg-type]
        assert disclosure.release_lookup(SUBJECT, agreed, TRUST_SYSTEM, LOOKUP, TODAY) == Withheld(code)

    def test_withheld_without_an_agreement(self) -> None:
        assert disclosure.release_lookup(SUBJECT, None, TRUST_SYSTEM, LOOKUP, TODAY) == Withheld(Code.AGREEMENT_MISSING)

    def test_the_first_and_the_last_day_count(self) -> None:
        for day in ("valid_from", "valid_until"):
            assert filled(released(replace(AGREED, **{day: TODAY})))

    def test_a_person_of_whom_only_a_date_is_known_is_not_asked_about(self) -> None:
        nobody = replace(SUBJECT, person=Person(names=(), birth_dates=AOIFE.birth_dates, sex=Sex.FEMALE))
        assert disclosure.release_lookup(nobody, AGREED, TRUST_SYSTEM, LOOKUP, TODAY) == Withheld(Code.NOTHING_TO_ASK_WITH)


FLAG = Flag(
    FlagId(UUID(int=4)), SUBJECT.id, TRUST, TRUST_SYSTEM.key, "R1", Role.VICTIM, ALERT_TEXT[Role.VICTIM], "opaque", FlagState.APPROVED,
    UserId("a"), NOW, "hash",
)  # fmt: skip


class TestAlerts:
    def test_the_exact_words_of_the_role_leave_and_nothing_about_the_person(self) -> None:
        release = disclosure.release_flag(FLAG, AGREED, TODAY)
        assert isinstance(release, FlagRelease)
        assert release.text == "high risk victim of domestic abuse"
        assert release.record_id == "R1"

    @pytest.mark.parametrize(
        "text", ["", "High risk victim of domestic abuse", "high risk victim of domestic abuse ", ALERT_TEXT[Role.PERPETRATOR]]
    )
    def test_any_other_words_are_withheld(self, text: str) -> None:
        assert disclosure.release_flag(replace(FLAG, text=text), AGREED, TODAY) == Withheld(Code.APPROVED_WORDS_ONLY)

    def test_placing_needs_a_valid_agreement_but_taking_away_does_not(self) -> None:
        expired = replace(AGREED, valid_until=date(2026, 11, 1), purposes=frozenset())
        assert disclosure.release_flag(FLAG, expired, TODAY) == Withheld(Code.AGREEMENT_EXPIRED)
        assert isinstance(disclosure.release_flag_removal(FLAG, expired, error=True), FlagRemovalRelease)
        assert isinstance(disclosure.release_flag_check(FLAG, expired), FlagCheckRelease)

    def test_without_any_agreement_there_is_no_way_to_reach_the_system(self) -> None:
        missing = Withheld(Code.AGREEMENT_MISSING)
        assert disclosure.release_flag_removal(FLAG, None) == disclosure.release_flag_check(FLAG, None) == missing


ACTION = Action(
    ActionId(UUID(int=5)),
    SUBJECT.case_id,
    TRUST,
    "REF",
    "Do it",
    "Somebody",
    MEETING,
    ActionState.ASSIGNED,
    NOW,
    closed_at=NOW,
    detail="Done",
)


class TestActions:
    def test_an_action_names_no_record_and_no_case(self) -> None:
        release = disclosure.release_action(ACTION, AGREED, TRUST_SYSTEM, (), TODAY)
        assert isinstance(release, ActionRelease)
        assert not {f.name for f in dataclasses.fields(release)} & {"record_id", "case_id", "case_number", "subject_id"}

    def test_a_poll_carries_only_our_references(self) -> None:
        release = disclosure.release_poll(AGREED, TRUST_SYSTEM.key, ("REF",), None, TODAY)
        assert isinstance(release, PollRelease)
        assert release.references == ("REF",)

    def test_a_completion_goes_under_the_case_systems_agreement(self) -> None:
        office = agreement(OFFICE, OFFICE_SYSTEM, purposes=frozenset({Purpose.COMPLETION}))
        release = disclosure.release_completion(ACTION, "NM-1", "completed", office, OFFICE_SYSTEM, TODAY)
        assert isinstance(release, CompletionRelease)
        assert (release.agency_id, release.agency, release.detail) == (OFFICE, TRUST, "Done")
        assert disclosure.release_completion(ACTION, "NM-1", "completed", AGREED, TRUST_SYSTEM, TODAY) == Withheld(Code.PURPOSE_NOT_AGREED)


class TestRestoring:
    def test_every_kind_of_release_comes_back_as_it_was(self) -> None:
        made = {
            MessageKind.LOOKUP: released(),
            MessageKind.FLAG_PLACE: disclosure.release_flag(FLAG, AGREED, TODAY),
            MessageKind.FLAG_CHECK: disclosure.release_flag_check(FLAG, AGREED),
            MessageKind.FLAG_END: disclosure.release_flag_removal(FLAG, AGREED),
            MessageKind.ACTION_SEND: disclosure.release_action(ACTION, AGREED, TRUST_SYSTEM, (), TODAY),
            MessageKind.ACTION_POLL: disclosure.release_poll(AGREED, TRUST_SYSTEM.key, (), NOW, TODAY),
        }
        for kind, release in made.items():
            fields = {f.name: getattr(release, f.name) for f in dataclasses.fields(release)}  # type: ignore[arg-type]
            assert disclosure.restore(kind.value, fields) == release

    def test_tampered_words_an_unknown_kind_and_other_fields_are_refused(self) -> None:
        fields = {f.name: getattr(released(), f.name) for f in dataclasses.fields(LookupRelease)}
        flag = disclosure.release_flag(FLAG, AGREED, TODAY)
        tampered = {f.name: getattr(flag, f.name) for f in dataclasses.fields(FlagRelease)} | {"text": "high risk victim"}
        for kind, given, code in (
            ("lookup.again", fields, Code.ENVELOPE_UNREADABLE),
            ("lookup", fields | {"role": "victim"}, Code.ENVELOPE_UNREADABLE),
            ("flag.place", tampered, Code.APPROVED_WORDS_ONLY),
        ):
            with pytest.raises(InvalidInput) as refused:
                disclosure.restore(kind, given)
            assert refused.value.code is code


# --------------------------------------------------------------------------------------------------------------- views

DETAIL = CellDetail(LOOKUP, TRUST_SYSTEM.key, LookupOutcome.KNOWN, Code.ONE_RECORD_CERTAIN, "R1", True)


def cell(agency: str, outcome: LookupOutcome, reason: Code) -> HitCell:
    return HitCell(agency, outcome, reason, NOW, NOW, (DETAIL,))  # type: ignore[arg-type]


ROW = HitRow(
    SUBJECT.id, "NM-1", Role.VICTIM, AOIFE.names[0], AOIFE.birth_dates[0],
    (
        cell(TRUST, LookupOutcome.POSSIBLE, Code.RESTRICTED),
        cell(POLICE, LookupOutcome.POSSIBLE, Code.RESTRICTED),
        cell("probation", LookupOutcome.WITHHELD, Code.AGREEMENT_EXPIRED),
    ),
)  # fmt: skip
REPORT = HitReport(
    CaseListId(UUID(int=9)), MARAC, MEETING, 1, NOW, tuple(ReportAgency(c.agency_id, c.agency_id) for c in ROW.cells), (ROW,),
    states=counted((ROW,)),
)  # fmt: skip


class TestViews:
    @pytest.mark.parametrize(
        ("reader", "agencies", "own_detail", "role", "withheld_reason"),
        [
            (REPRESENTATIVE, 3, True, True, ""),
            (LEAD, 1, True, True, None),
            (ADMINISTRATOR, 1, True, False, None),
            (COORDINATOR, 3, False, True, Code.AGREEMENT_EXPIRED),
            (CHAIR, 3, False, True, Code.AGREEMENT_EXPIRED),
        ],
        ids=["representative", "lead", "administrator", "coordinator", "chair"],
    )
    def test_who_sees_what(self, reader, agencies, own_detail, role, withheld_reason) -> None:
        seen = disclosure.view_report(REPORT, reader)
        row = seen.rows[0]
        assert len(seen.agencies) == len(row.cells) == agencies == sum(seen.states.values())
        assert (row.role is not None) == role
        own = [c for c in row.cells if c.agency_id == reader.agency_id]
        assert bool([c for c in own if c.details and c.reason]) == own_detail
        for other in (c for c in row.cells if c.agency_id != reader.agency_id):
            assert other.details == ()
            assert other.reason == (withheld_reason if other.outcome is LookupOutcome.WITHHELD else "")

    @pytest.mark.parametrize("reader", [SYSTEM, AUDITOR])
    def test_who_runs_or_audits_the_gateway_sees_nobody(self, reader) -> None:
        seen = disclosure.view_report(REPORT, reader)
        assert (seen.rows, seen.agencies) == ((), ())

    def test_an_own_agency_never_shows_anothers_record(self) -> None:
        from tests.unit.scenes import POLICE_REPRESENTATIVE

        seen = disclosure.view_report(REPORT, POLICE_REPRESENTATIVE).rows[0].cells
        assert [bool(c.details) for c in seen] == [False, True, False]

    def test_what_is_kept_of_a_record_says_nothing_of_where_they_live(self) -> None:
        candidate = disclosure.kept(record_of(AOIFE, "R1"))
        assert (candidate.addresses, candidate.phones) == ((), ())
        assert candidate.names == AOIFE.names


def test_which_agencies_are_asked() -> None:
    office = agreement(OFFICE, OFFICE_SYSTEM)
    assert not disclosure.sits_at_the_table(office)
    assert disclosure.sits_at_the_table(AGREED)
    assert disclosure.sits_at_the_table(agreement(POLICE))
    assert disclosure.covers(AGREED, MARAC)
    assert not disclosure.covers(replace(AGREED, maracs=frozenset({MARAC + "-east"})), MARAC)  # type: ignore[arg-type]
    assert disclosure.lookup_systems(AGREED) == (TRUST_SYSTEM,)
    assert disclosure.system_with(AGREED, Capability.COMPLETIONS) is None
