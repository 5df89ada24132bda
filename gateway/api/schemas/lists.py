"""Case lists, hit reports and possible matches."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from gateway.api.schemas.base import ProblemRow, Schema, Words
from gateway.api.schemas.people import CandidateOut, NameOut, PersonOut, iso
from gateway.domain.lookup import Lookup
from gateway.domain.reports import CellDetail, HitCell, HitReport, HitRow
from gateway.services.hits import PossibleMatch
from gateway.services.intake import ListReceipt
from gateway.services.ports import CaseListSummary


class ReceiptOut(Schema):
    """What became of a list. ``repeated``: the same content had been received before and nothing was done."""

    list_id: UUID
    repeated: bool
    issue: int
    cases: int
    people: int
    held: int
    added: int
    changed: int
    withdrawn: int
    problems: list[ProblemRow]

    @classmethod
    def of(cls, receipt: ListReceipt) -> ReceiptOut:
        """From the use case's receipt."""
        changes = receipt.changes
        return cls(
            list_id=receipt.list_id, repeated=receipt.repeated, issue=receipt.issue, cases=receipt.cases, people=receipt.people,
            held=receipt.held, added=changes.added, changed=changes.changed, withdrawn=changes.withdrawn,
            problems=[ProblemRow.of(p) for p in receipt.problems],
        )  # fmt: skip


class ListOut(Schema):
    """A line of the list of lists."""

    list_id: UUID
    marac: str
    meeting_date: date
    issue: int
    received_at: datetime
    cases: int
    people: int
    problems: int

    @classmethod
    def of(cls, summary: CaseListSummary) -> ListOut:
        """From the store's summary."""
        return cls(
            list_id=summary.id, marac=summary.marac_id, meeting_date=summary.meeting_date, issue=summary.issue,
            received_at=summary.received_at, cases=summary.cases, people=summary.people, problems=summary.problems,
        )  # fmt: skip


class DetailOut(Schema):
    """What one record system of the reader's own agency answered."""

    lookup_id: UUID
    system: str
    outcome: str
    reason: str
    record_id: str | None
    open_to_service: bool | None
    decided_by: str | None
    decided_at: datetime | None
    version: int
    model: str
    candidates: list[CandidateOut]

    @classmethod
    def of(cls, detail: CellDetail) -> DetailOut:
        """From the report's detail."""
        return cls(
            lookup_id=detail.lookup_id, system=detail.system, outcome=detail.outcome, reason=detail.reason, record_id=detail.record_id,
            open_to_service=detail.open_to_service, decided_by=detail.decided_by, decided_at=detail.decided_at, version=detail.version,
            model=detail.model, candidates=[CandidateOut.of(c) for c in detail.candidates],
        )  # fmt: skip


class CellOut(Schema):
    """One person at one agency: exactly one of the six states."""

    agency: str
    outcome: str
    reason: str
    asked_at: datetime | None
    answered_at: datetime | None
    details: list[DetailOut]

    @classmethod
    def of(cls, cell: HitCell) -> CellOut:
        """From the report's cell."""
        return cls(
            agency=cell.agency_id, outcome=cell.outcome, reason=cell.reason, asked_at=cell.asked_at, answered_at=cell.answered_at,
            details=[DetailOut.of(d) for d in cell.details],
        )  # fmt: skip


class RowOut(Schema):
    """One person of the list."""

    subject_id: UUID
    case_number: str
    role: str | None
    name: NameOut
    birth_date: str | None
    cells: list[CellOut]

    @classmethod
    def of(cls, row: HitRow) -> RowOut:
        """From the report's row."""
        return cls(
            subject_id=row.subject_id, case_number=row.case_number, role=row.role, name=NameOut.of(row.name),
            birth_date=iso(row.birth_date), cells=[CellOut.of(c) for c in row.cells],
        )  # fmt: skip


class ReportOut(Schema):
    """A hit report as this reader may see it. ``states`` counts the cells in each state; they sum to people times agencies."""

    list_id: UUID
    marac: str
    meeting_date: date
    issue: int
    compiled_at: datetime
    complete: bool
    matching_version: str
    agencies: dict[str, str]
    states: dict[str, int]
    rows: list[RowOut]

    @classmethod
    def of(cls, report: HitReport) -> ReportOut:
        """From the compiled report."""
        return cls(
            list_id=report.list_id, marac=report.marac_id, meeting_date=report.meeting_date, issue=report.issue,
            compiled_at=report.compiled_at, complete=report.complete, matching_version=report.matching_version,
            agencies={a.id: a.name for a in report.agencies}, states={k.value: v for k, v in report.states.items()},
            rows=[RowOut.of(r) for r in report.rows],
        )  # fmt: skip


class PossibleOut(Schema):
    """A person beside the records that may be theirs. ``model``: the version of the matching model that graded them."""

    lookup_id: UUID
    case_number: str
    person: PersonOut
    outcome: str
    reason: str
    version: int
    model: str
    candidates: list[CandidateOut]

    @classmethod
    def of(cls, match: PossibleMatch) -> PossibleOut:
        """From the work-list."""
        lookup = match.lookup
        return cls(
            lookup_id=lookup.id, case_number=match.case_number, person=PersonOut.of(match.subject.person), outcome=lookup.outcome,
            reason=lookup.reason, version=lookup.version, model=lookup.model, candidates=[CandidateOut.of(c) for c in lookup.offered],
        )  # fmt: skip


class DecisionIn(Schema):
    """``record_id`` of the record that is this person's, or null: none of those offered."""

    record_id: Annotated[str, Field(max_length=200)] | None
    note: Words = ""
    version: int


class AnswerIn(Schema):
    """What a representative found in their own system."""

    known: bool
    note: Words
    version: int


class OpenIn(Schema):
    """Whether the person is open to the agency's services."""

    open_to_service: bool
    note: Words = ""
    version: int


class LookupOut(Schema):
    """A look-up after a decision."""

    lookup_id: UUID
    outcome: str
    reason: str
    version: int

    @classmethod
    def of(cls, lookup: Lookup) -> LookupOut:
        """State only."""
        return cls(lookup_id=lookup.id, outcome=lookup.outcome, reason=lookup.reason, version=lookup.version)


class CaseIn(Schema):
    """Which case of a list, by the coordinator's own number."""

    case_number: Annotated[str, Field(max_length=100)]
