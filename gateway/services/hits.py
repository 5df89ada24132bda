"""The hit report, and a person's decisions on possible matches."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.domain.actors import Actor
from gateway.domain.case_list import Case, CaseList, Subject
from gateway.domain.errors import Code, InvalidInput, Refused
from gateway.domain.events import EventKind
from gateway.domain.identifiers import AgencyId, CaseListId, LookupId, SubjectId
from gateway.domain.lookup import Decision, Lookup, LookupOutcome, LookupState
from gateway.domain.reports import CellDetail, HitCell, HitReport, HitRow, ReportAgency, counted
from gateway.domain.sealed import Sealed
from gateway.domain.tasks import TaskKind
from gateway.policy import disclosure
from gateway.policy.identity import remembering
from gateway.policy.permissions import Act
from gateway.services import asking, grading, lookups, reaching
from gateway.services.ports import Work
from gateway.services.recording import end_task, noted

# ------------------------------------------------------------------------------------------------------------- report


def compile_report(work: Work, actor: Actor, list_id: CaseListId) -> HitReport:
    """Every person of the list at every agency of the Marac, as this reader may see it. The view is recorded before it is given."""
    case_list = reaching.list_for(work, actor, Act.VIEW_REPORT, list_id)
    report = disclosure.view_report(whole_report(work, case_list, work.lookups.states(list_id, opened_for=actor.agency_id)), actor)
    facts = {"rows": len(report.rows), "agencies": len(report.agencies), "issue": report.issue}
    work.audit.record(noted(EventKind.REPORT_VIEWED, actor, list_id, actor.agency_id, **facts))
    return report


def whole_report(work: Work, case_list: CaseList, found: Sequence[LookupState]) -> HitReport:
    """The report before it is cut to a reader. An agency that was never asked stands in it as NOT_ASKED: no cell is left out. Of ``found``
    only what the reader may see need be opened; a cell of other answers has the state alone."""
    cells: dict[tuple[SubjectId, AgencyId], list[LookupState]] = {}
    for lookup in found:
        cells.setdefault((lookup.subject_id, lookup.agency_id), []).append(lookup)
    agencies = _columns(work, case_list, cells)
    versions = sorted({lookup.model for lookup in found if lookup.model})
    rows = tuple(_row(case, s, agencies, cells) for case in case_list.cases for s in case.subjects)
    return HitReport(
        list_id=case_list.id,
        marac_id=case_list.marac_id,
        meeting_date=case_list.meeting_date,
        issue=case_list.issue,
        compiled_at=work.now(),
        agencies=agencies,
        rows=rows,
        matching_version=", ".join(versions),
        complete=not any(lookup.reason in _WAITING for lookup in found),
        states=counted(rows),
    )


_WAITING = frozenset({Code.AWAITED, Code.ASKED_AGAIN})


def _columns(work: Work, case_list: CaseList, cells: Iterable[tuple[SubjectId, AgencyId]]) -> tuple[ReportAgency, ...]:
    """The agencies round the table, and any that was asked although its agreement is gone since."""
    names = {a.agency_id: a.name for a in asking.at_the_table(work, case_list.marac_id)}
    return tuple(ReportAgency(id_, names.get(id_, id_)) for id_ in sorted({*names, *(agency for _, agency in cells)}))


def _row(
    case: Case, subject: Subject, agencies: Sequence[ReportAgency], cells: Mapping[tuple[SubjectId, AgencyId], Sequence[LookupState]]
) -> HitRow:
    person = subject.person
    return HitRow(
        subject_id=subject.id,
        case_number=case.number,
        role=subject.role,
        name=person.main_name,
        birth_date=person.birth_dates[0] if person.birth_dates else None,
        cells=tuple(_cell(agency.id, cells.get((subject.id, agency.id), ())) for agency in agencies),
    )


_STRENGTH = (
    LookupOutcome.KNOWN,
    LookupOutcome.POSSIBLE,
    LookupOutcome.NO_ANSWER,
    LookupOutcome.WITHHELD,
    LookupOutcome.NOT_ASKED,
    LookupOutcome.NOT_KNOWN,
)
"""Of several systems of one agency the first of these tells the state: an agency knows nobody only when all its systems say so."""


def _cell(agency_id: AgencyId, found: Sequence[LookupState]) -> HitCell:
    if not found:
        return HitCell(agency_id, LookupOutcome.NOT_ASKED, Code.NOT_YET_ASKED)
    leading = min(found, key=lambda lookup: _STRENGTH.index(lookup.outcome))
    details = tuple([_detail(lookup) for lookup in found if isinstance(lookup, Lookup)])
    return HitCell(agency_id, leading.outcome, leading.reason, leading.asked_at, leading.answered_at, details)


def _detail(lookup: Lookup) -> CellDetail:
    record, decision = lookup.record, lookup.decision
    return CellDetail(
        lookup_id=lookup.id,
        system=lookup.system,
        outcome=lookup.outcome,
        reason=lookup.reason,
        record_id=record.record_id if record else None,
        open_to_service=record.open_to_service if record else None,
        candidates=lookup.offered,
        decided_by=decision.decided_by if decision else None,
        decided_at=decision.decided_at if decision else None,
        version=lookup.version,
        model=lookup.model,
    )


COLUMNS = ("case", "role", "family_name", "given_name", "birth_date", "agency", "state", "reason", "record", "open", "asked", "answered")
"""The columns of an exported report, in order."""


def rows(report: HitReport) -> Sequence[dict[str, str]]:
    """The report as flat rows (person x agency) with ``COLUMNS``, for CSV and JSON; no cell starts a formula in a spreadsheet."""
    return [{k: _inert(v) for k, v in _flat(row, cell).items()} for row in report.rows for cell in row.cells]


def _flat(row: HitRow, cell: HitCell) -> dict[str, str]:
    known = next((d for d in cell.details if d.record_id), None)
    opened = {None: "", True: "yes", False: "no"}[known.open_to_service if known else None]
    values = (
        row.case_number, row.role or "", row.name.family, " ".join((row.name.given, *row.name.middle)).strip(),
        row.birth_date.iso() if row.birth_date else "", cell.agency_id, cell.outcome, cell.reason,
        (known.record_id if known else "") or "", opened,
        cell.asked_at.isoformat(timespec="seconds") if cell.asked_at else "",
        cell.answered_at.isoformat(timespec="seconds") if cell.answered_at else "",
    )  # fmt: skip
    return dict(zip(COLUMNS, map(str, values), strict=True))


_STARTS_A_FORMULA = ("=", "+", "-", "@", "|", "%")


def _inert(text: str) -> str:
    """A cell that a spreadsheet takes for text: also behind spaces, controls and quotation marks, and in full-width letters."""
    begins = unicodedata.normalize("NFKC", text).lstrip(" \t\r\n\v\f\0\ufeff\u200b\"'")
    return "'" + text if begins.startswith(_STARTS_A_FORMULA) or text[:1] in ("\t", "\r", "\n") else text


# ---------------------------------------------------------------------------------------------------- possible matches


@dataclass(frozen=True, slots=True, repr=False)
class PossibleMatch(Sealed):
    """A person beside the records that may be theirs, for somebody of the agency to compare."""

    subject: Subject
    case_number: str
    lookup: Lookup


def possible_matches(work: Work, actor: Actor, list_id: CaseListId) -> Sequence[PossibleMatch]:
    """What is still to be settled at the reader's own agency; the view of each person is recorded."""
    case_list = reaching.list_for(work, actor, Act.SETTLE_MATCH, list_id)
    people = {s.id: (s, case.number) for case in case_list.cases for s in case.subjects}
    open_ = [
        lookup
        for lookup in work.lookups.of_list(list_id)
        if lookup.outcome is LookupOutcome.POSSIBLE and lookup.agency_id == actor.agency_id and lookup.subject_id in people
    ]
    if open_:
        work.audit.record(*(noted(EventKind.PERSON_VIEWED, actor, lookup.id, lookup.agency_id) for lookup in open_))
    return [PossibleMatch(*people[lookup.subject_id], lookup) for lookup in open_]


def possible_match(work: Work, actor: Actor, lookup_id: LookupId) -> PossibleMatch:
    """One look-up of the reader's agency with its records, whatever its state; the view is recorded."""
    lookup, subject, _ = reaching.lookup_for(work, actor, Act.SETTLE_MATCH, lookup_id)
    work.audit.record(noted(EventKind.PERSON_VIEWED, actor, lookup.id, lookup.agency_id))
    return PossibleMatch(subject, work.case_lists.case(subject.case_id).number, lookup)


def settle_match(work: Work, actor: Actor, lookup_id: LookupId, record_id: str | None, note: str, version: int) -> Lookup:
    """Decide: this record, or (None) none of those offered. It lasts until the records change.

    Raises ``Conflict(STALE_VERSION)``, ``InvalidInput(RECORD_NOT_OFFERED)``, ``Refused(RECORD_TAKEN)`` when the record is another
    person's of the same case, ``Refused(MATCH_NOT_SETTLED)`` when there is no answer to decide on, ``InvalidInput(RECEIPT_REQUIRED)``
    for "none" without a word of who looked, where the answer hid something.
    """
    lookup, subject, _ = reaching.lookup_for(work, actor, Act.SETTLE_MATCH, lookup_id)
    reaching.check_version(lookup.version, version)
    work.lookups.hold([subject.case_id])
    _check_decidable(work, lookup, subject, record_id)
    if record_id is None and _may_hide(lookup) and not note.strip():
        raise InvalidInput(Code.RECEIPT_REQUIRED)
    decision = Decision(record_id, actor.user_id, work.now(), note.strip(), remembering.digest(lookup.graded))
    outcome = LookupOutcome.KNOWN if record_id is not None else LookupOutcome.NOT_KNOWN
    settled = replace(lookup, outcome=outcome, reason=Code.DECIDED_BY_PERSON, decision=decision)
    work.lookups.save([settled], [noted(EventKind.MATCH_SETTLED, actor, lookup.id, lookup.agency_id, outcome=outcome)])
    grading.remember(work, subject.person, lookup, decision)
    end_task(work, TaskKind.SETTLE_MATCH, lookup.id, actor, lookup.agency_id)
    if lookup.record and lookup.record != settled.record:
        lookups.review_flags(work, lookup, Code.RECORDS_CHANGED)
    return work.lookups.get(lookup_id)


_HIDING = frozenset({Code.TOO_MANY_MATCHES, Code.RECORD_PROTECTED, Code.RECORD_MAYBE_HIDDEN, Code.NOT_ALL_ASKED, Code.ANSWER_INCOMPLETE})


def _may_hide(lookup: Lookup) -> bool:
    """Whether there may be records that were not offered: "none of these" then needs somebody who looked."""
    told = {lookup.reason, *(g.stopped_by for g in lookup.offered)}
    return lookup.outcome is LookupOutcome.POSSIBLE and (not lookup.offered or bool(told & _HIDING))


_DECIDABLE = frozenset({LookupOutcome.POSSIBLE, LookupOutcome.KNOWN, LookupOutcome.NOT_KNOWN})


def _check_decidable(work: Work, lookup: Lookup, subject: Subject, record_id: str | None) -> None:
    if lookup.outcome not in _DECIDABLE:
        raise Refused(Code.MATCH_NOT_SETTLED)
    if record_id is None:
        return
    if all(g.candidate.record_id != record_id for g in lookup.offered):
        raise InvalidInput(Code.RECORD_NOT_OFFERED)
    if another_of_the_case(work, subject, lookup, record_id):
        raise Refused(Code.RECORD_TAKEN)


def another_of_the_case(work: Work, subject: Subject, lookup: Lookup, record_id: str) -> bool:
    """Whether another person of the same case is known as this record."""
    others = {o.subject_id for o in work.lookups.known_as([(lookup.system, record_id)])} - {subject.id}
    return any(s.case_id == subject.case_id for s in work.case_lists.subjects(list(others)).values()) if others else False
