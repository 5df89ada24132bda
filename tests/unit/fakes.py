"""In-memory parts for use cases, written by hand to the same promises as the store: versions, uniqueness, one open task per thing.

``Desk`` is the whole ``Work``. Nothing here patches anything; a use case cannot tell it from the real one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from gateway.domain.agreements import SharingAgreement
from gateway.domain.calendar import BankHolidays
from gateway.domain.identifiers import (
    ActionId,
    AgencyId,
    FlagId,
    LookupId,
    TaskId,
    UserId,
)
from gateway.policy.identity.scoring import Scorer
from gateway.services.ports import NOWHERE, Place, Work
from tests.unit.fake_delivery import MemoryInbox, MemoryOutbox
from tests.unit.fake_lists import MemoryAudit, MemoryCaseLists, MemoryDecisions, MemoryLookups
from tests.unit.fake_papers import MemoryActions, MemoryFlags, MemoryModels, MemoryProofs, MemoryStops, MemoryTasks

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@dataclass
class MemoryAgreements:
    """Agreements by agency; a test may replace one."""

    held: dict[AgencyId, SharingAgreement] = field(default_factory=dict)

    def of(self, agency_id: AgencyId) -> SharingAgreement | None:
        return self.held.get(agency_id)

    def all(self) -> Sequence[SharingAgreement]:
        return list(self.held.values())


class MemoryHolidays:
    """No bank holidays in the years around the tests."""

    def of(self, jurisdiction: str) -> BankHolidays:
        return BankHolidays(jurisdiction, frozenset(), frozenset({2025, 2026, 2027}))


class MemorySignIns:
    """How many sessions each person has."""

    def __init__(self) -> None:
        self.held: dict[UserId, int] = {}

    def end_all_of(self, user_id: UserId) -> int:
        return self.held.pop(user_id, 0)


class Desk:
    """One transaction after another on the same memory; time moves only when a test says so."""

    def __init__(self, *agreements: SharingAgreement) -> None:
        self.moment = NOON
        self._ids = 0
        self.audit = MemoryAudit(self.now)
        self.case_lists = MemoryCaseLists(self.audit)
        self.lookups = MemoryLookups(self.audit, self.case_lists)
        self.decisions = MemoryDecisions()
        self.models = MemoryModels(self.audit)
        self.flags = MemoryFlags(self.audit, self.case_lists)
        self.actions = MemoryActions(self.audit, self.case_lists)
        self.tasks = MemoryTasks(self.audit, self.now)
        self.proofs = MemoryProofs(self.audit, self.now)
        self.stops = MemoryStops(self.audit)
        self.outbox = MemoryOutbox(self.new_id)
        self.inbox = MemoryInbox()
        self.sign_ins = MemorySignIns()
        self.agreements = MemoryAgreements({a.agency_id: a for a in agreements})

    def now(self) -> datetime:
        return self.moment

    @property
    def scorer(self) -> Scorer:
        return self.models.scorers[self.models.version]

    def pass_time(self, **ago: float) -> None:
        self.moment += timedelta(**ago)

    def place_of(self, thing: UUID) -> Place:
        if task := self.tasks.held.get(TaskId(thing)):
            return Place(None, task.agency_id)
        about = self.lookups.held.get(LookupId(thing)) or self.flags.held.get(FlagId(thing)) or self.actions.held.get(ActionId(thing))
        whose = (getattr(about, "subject_id", None) or about.case_id) if about else thing
        marac_id = self.case_lists.maracs_of([whose]).get(whose)
        return Place(marac_id, about.agency_id if about else None) if marac_id else NOWHERE

    def new_id(self) -> UUID:
        self._ids += 1
        return UUID(int=self._ids)


def _is_a_work(desk: Desk) -> Work:
    """For the type checker: the desk keeps every promise of the port."""
    return desk
