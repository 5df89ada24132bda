"""The hit report, and a person's decisions on possible matches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.actors import Actor
from gateway.domain.case_list import Subject
from gateway.domain.identifiers import CaseListId, LookupId
from gateway.domain.lookup import Lookup
from gateway.domain.reports import HitReport
from gateway.domain.sealed import Sealed
from gateway.services.ports import Work


@dataclass(frozen=True, slots=True, repr=False)
class PossibleMatch(Sealed):
    """A person beside the records that may be theirs, for somebody of the agency to compare."""

    subject: Subject
    case_number: str
    lookup: Lookup


def compile_report(work: Work, actor: Actor, list_id: CaseListId) -> HitReport:
    """Every person of the list at every agency of the Marac, as this reader may see it. The view is recorded before it is given."""
    raise NotImplementedError


def possible_matches(work: Work, actor: Actor, list_id: CaseListId) -> Sequence[PossibleMatch]:
    """What is still to be settled at the reader's own agency."""
    raise NotImplementedError


def settle_match(work: Work, actor: Actor, lookup_id: LookupId, record_id: str | None, note: str, version: int) -> Lookup:
    """Decide: this record, or (None) none of those offered. It lasts until the records change.

    Raises ``Conflict(STALE_VERSION)``, ``InvalidInput(RECORD_NOT_OFFERED)``, ``Refused(RECORD_TAKEN)`` when the record is another
    person's of the same case.
    """
    raise NotImplementedError


def rows(report: HitReport) -> Sequence[dict[str, str]]:
    """The report as flat rows with fixed columns (person x agency), for CSV and JSON; cells are inert in a spreadsheet."""
    raise NotImplementedError
