"""The hit report: every person of a list at every agency of the Marac, each cell in exactly one of six states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from gateway.domain.case_list import BirthDate, PersonName, Role
from gateway.domain.identifiers import AgencyId, CaseListId, LookupId, MaracId, SubjectId, SystemKey, UserId
from gateway.domain.lookup import GradedCandidate, LookupOutcome
from gateway.domain.sealed import Sealed


@dataclass(frozen=True, slots=True, repr=False)
class CellDetail(Sealed):
    """What one record system of the agency answered; for the agency's own people only."""

    lookup_id: LookupId
    system: SystemKey
    outcome: LookupOutcome
    reason: str
    record_id: str | None = None
    open_to_service: bool | None = None
    candidates: tuple[GradedCandidate, ...] = ()
    decided_by: UserId | None = None
    decided_at: datetime | None = None
    version: int = 1
    model: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class HitCell(Sealed):
    """One person at one agency. ``reason`` is "" and ``details`` empty where the reader may see only the state."""

    agency_id: AgencyId
    outcome: LookupOutcome
    reason: str = ""
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    details: tuple[CellDetail, ...] = ()

    @property
    def held(self) -> bool:
        """Whether the agency holds a record that is this person's."""
        return self.outcome is LookupOutcome.KNOWN


@dataclass(frozen=True, slots=True, repr=False)
class HitRow(Sealed):
    """One person in one role. ``role`` is None for a reader who may not see it. ``cells`` stand in the order of the agencies."""

    subject_id: SubjectId
    case_number: str
    role: Role | None
    name: PersonName
    birth_date: BirthDate | None
    cells: tuple[HitCell, ...]


@dataclass(frozen=True, slots=True)
class ReportAgency:
    """A column of the report."""

    id: AgencyId
    name: str


@dataclass(frozen=True, slots=True, repr=False)
class HitReport(Sealed):
    """A whole report, as one reader may see it. ``matching_version`` says which models graded the answers."""

    list_id: CaseListId
    marac_id: MaracId
    meeting_date: date
    issue: int
    compiled_at: datetime
    agencies: tuple[ReportAgency, ...]
    rows: tuple[HitRow, ...]
    matching_version: str = ""
    complete: bool = False
    """Whether no cell still waits for an answer."""
    states: Mapping[LookupOutcome, int] = field(default_factory=dict)
    """How many of the cells shown stand in each state; the states sum to people times agencies."""


def counted(rows: tuple[HitRow, ...]) -> Mapping[LookupOutcome, int]:
    """How many cells of the rows stand in each of the six states."""
    found = Counter(cell.outcome for row in rows for cell in row.cells)
    return {outcome: found[outcome] for outcome in LookupOutcome}
