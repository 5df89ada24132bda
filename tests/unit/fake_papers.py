"""Models, alerts, actions, tasks, proofs and stops in memory, with the promises of their ports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from gateway.domain.actions import Action
from gateway.domain.errors import Code, Conflict, NotFound
from gateway.domain.events import AuditEvent
from gateway.domain.flags import LIVE_FLAG_STATES, Flag
from gateway.domain.identifiers import (
    ActionId,
    AgencyId,
    CaseListId,
    FlagId,
    SubjectId,
    SystemKey,
    TaskId,
    UserId,
)
from gateway.domain.models import MatchingModel
from gateway.domain.proofs import EVERYWHERE, HandCheck, Observation, Probe, Seen, WriteStop
from gateway.domain.register import Canary, Output
from gateway.domain.tasks import PersonTask, TaskKind
from gateway.policy.identity.model import current, read, shipped_file
from gateway.policy.identity.scoring import Scorer
from tests.unit.fake_lists import MemoryAudit, MemoryCaseLists


class MemoryModels:
    """Models by version, the release's first."""

    def __init__(self, audit: MemoryAudit) -> None:
        self._audit = audit
        self.held = {current().version: MatchingModel(current().version, "", UserId("release"))}
        self.scorers = {current().version: Scorer(current())}
        self.files = {current().version: shipped_file()}
        self.version = current().version

    def all(self) -> Sequence[MatchingModel]:
        return list(self.held.values())

    def get(self, version: str) -> MatchingModel:
        if version not in self.held:
            raise NotFound(Code.NOT_FOUND)
        return self.held[version]

    def content(self, version: str) -> bytes:
        return self.files[self.get(version).version]

    def add(self, model: MatchingModel, content: bytes, at: datetime, audit: AuditEvent) -> None:
        if model.version in self.held:
            raise Conflict(Code.MODEL_EXISTS)
        self.held[model.version] = replace(model, offered_at=at)
        self.scorers[model.version] = Scorer(read(content.decode()))
        self.files[model.version] = content
        self._audit.record(audit)

    def approve(self, version: str, by: UserId, at: datetime, audit: AuditEvent) -> None:
        self.held[version] = replace(self.held[version], approved_by=by, approved_at=at)
        self.version = version
        self._audit.record(audit)


class MemoryFlags:
    """Alerts; one live one per record, role and agency."""

    def __init__(self, audit: MemoryAudit, lists: MemoryCaseLists) -> None:
        self._audit, self._lists = audit, lists
        self.held: dict[FlagId, Flag] = {}

    def add(self, flag: Flag, audit: AuditEvent) -> None:
        place = (flag.agency_id, flag.system, flag.record_id, flag.role)
        live = [f for f in self.held.values() if f.state in LIVE_FLAG_STATES]
        if any((f.agency_id, f.system, f.record_id, f.role) == place for f in live):
            raise Conflict(Code.FLAG_EXISTS)
        self.held[flag.id] = flag
        self._audit.record(audit)

    def get(self, flag_id: FlagId) -> Flag:
        if flag_id not in self.held:
            raise NotFound(Code.NOT_FOUND)
        return self.held[flag_id]

    def save(self, flag: Flag, audit: AuditEvent) -> None:
        if self.held[flag.id].version != flag.version:
            raise Conflict(Code.STALE_VERSION)
        self.held[flag.id] = replace(flag, version=flag.version + 1)
        self._audit.record(audit)

    def of_list(self, list_id: CaseListId) -> Sequence[Flag]:
        return self.of_subjects([s.id for s in self._lists.get(list_id).subjects])

    def of_agency(self, agency_id: AgencyId) -> Sequence[Flag]:
        return [f for f in self.held.values() if f.agency_id == agency_id]

    def of_subjects(self, ids: Sequence[SubjectId]) -> Sequence[Flag]:
        return [f for f in self.held.values() if f.subject_id in set(ids)]

    def review_due(self, today: date) -> Sequence[Flag]:
        return [f for f in self.held.values() if f.state in LIVE_FLAG_STATES and f.review_on and f.review_on <= today]


class MemoryActions:
    """Actions by id and reference."""

    def __init__(self, audit: MemoryAudit, lists: MemoryCaseLists) -> None:
        self._audit, self._lists = audit, lists
        self.held: dict[ActionId, Action] = {}

    def add(self, actions: Sequence[Action], audit: Sequence[AuditEvent]) -> None:
        self.held |= {a.id: a for a in actions}
        self._audit.record(*audit)

    def get(self, action_id: ActionId) -> Action:
        if action_id not in self.held:
            raise NotFound(Code.NOT_FOUND)
        return self.held[action_id]

    def by_reference(self, reference: str) -> Action:
        found = next((a for a in self.held.values() if a.reference == reference), None)
        if found is None:
            raise NotFound(Code.NOT_FOUND)
        return found

    def save(self, action: Action, audit: AuditEvent) -> None:
        if self.held[action.id].version != action.version:
            raise Conflict(Code.STALE_VERSION)
        self.held[action.id] = replace(action, version=action.version + 1)
        self._audit.record(audit)

    def of_list(self, list_id: CaseListId) -> Sequence[Action]:
        cases = {c.id for c in self._lists.get(list_id).cases}
        return [a for a in self.held.values() if a.case_id in cases]

    def of_agency(self, agency_id: AgencyId) -> Sequence[Action]:
        return [a for a in self.held.values() if a.agency_id == agency_id]

    def open_with(self, system: SystemKey) -> Sequence[Action]:
        return [a for a in self.held.values() if a.system == system and a.closed_at is None]


class MemoryTasks:
    """One open task per agency, kind and thing."""

    def __init__(self, audit: MemoryAudit, now: Callable[[], datetime]) -> None:
        self._audit, self._now = audit, now
        self.held: dict[TaskId, PersonTask] = {}

    def open(self, task: PersonTask, audit: AuditEvent) -> PersonTask:
        for other in self.held.values():
            if other.closed_at is None and (other.agency_id, other.kind, other.about) == (task.agency_id, task.kind, task.about):
                return other
        self.held[task.id] = task
        self._audit.record(audit)
        return task

    def open_all(self, tasks: Sequence[PersonTask], audit: Sequence[AuditEvent]) -> None:
        for task, event in zip(tasks, audit, strict=True):
            self.open(task, event)

    def get(self, task_id: TaskId) -> PersonTask:
        if task_id not in self.held:
            raise NotFound(Code.NOT_FOUND)
        return self.held[task_id]

    def close(self, task: PersonTask, audit: AuditEvent) -> None:
        if self.held[task.id].version != task.version:
            raise Conflict(Code.STALE_VERSION)
        self.held[task.id] = replace(task, version=task.version + 1)
        self._audit.record(audit)

    def close_about(self, kind: TaskKind, about: str, audit: AuditEvent) -> None:
        for task in list(self.held.values()):
            if task.closed_at is None and (task.kind, task.about) == (kind, about):
                self.held[task.id] = replace(task, closed_at=self._now(), version=task.version + 1)
                self._audit.record(audit)

    def last_closed(self, kind: TaskKind, about: str) -> PersonTask | None:
        closed = [t for t in self.held.values() if (t.kind, t.about) == (kind, about) and t.closed_at is not None]
        return max(closed, key=lambda t: t.closed_at or t.opened_at, default=None)

    def open_of(self, agency_id: AgencyId | None) -> Sequence[PersonTask]:
        return [t for t in self.held.values() if t.closed_at is None and agency_id in (None, t.agency_id)]

    def kinds(self, agency_id: AgencyId | None = None) -> list[TaskKind]:
        """Kinds of the open tasks, for assertions."""
        return [t.kind for t in self.open_of(agency_id)]


class MemoryProofs:
    """Every system counts as probed just now with good result, until a test says otherwise (``found``)."""

    def __init__(self, audit: MemoryAudit, now: Callable[[], datetime]) -> None:
        self._audit, self._now = audit, now
        self.found: dict[SystemKey, Probe | None] = {}
        self.signed: list[HandCheck] = []
        self.begun: list[tuple[SystemKey, UUID, datetime]] = []
        self.releases: dict[SystemKey, str] = {}

    def last(self, system: SystemKey) -> Probe | None:
        return self.found[system] if system in self.found else good_probe(system, self._now())

    def add(self, probe: Probe, audit: AuditEvent) -> None:
        self.found[probe.system] = probe
        self.tell_release(probe.system, probe.system_version)
        self._audit.record(audit)

    def begin(self, system: SystemKey, probe_id: UUID, audit: AuditEvent) -> None:
        self.begun.append((system, probe_id, self._now()))
        self._audit.record(audit)

    def under_way(self, system: SystemKey) -> Sequence[tuple[UUID, datetime]]:
        return [(id_, at) for key, id_, at in self.begun if key == system]

    def end(self, system: SystemKey, probe_ids: Sequence[UUID]) -> None:
        self.begun = [one for one in self.begun if one[1] not in probe_ids]

    def checks(self, system: SystemKey) -> Sequence[HandCheck]:
        return [check for check in self.signed if check.system == system]

    def check(self, check_id: UUID) -> HandCheck:
        return next(check for check in self.signed if check.id == check_id)

    def sign(self, check: HandCheck, audit: AuditEvent) -> None:
        self.signed.append(check)
        self._audit.record(audit)

    def countersign(self, check: HandCheck, audit: AuditEvent) -> None:
        self.signed = [check if one.id == check.id else one for one in self.signed]
        self._audit.record(audit)

    def release(self, system: SystemKey) -> str:
        return self.releases.get(system, "")

    def tell_release(self, system: SystemKey, release: str) -> None:
        if release:
            self.releases[system] = release


def good_probe(system: SystemKey, at: datetime, digest: str = "", version: str = "7.4.1", seen: Seen = Seen.SAME) -> Probe:
    """A probe with one observation."""
    observation = Observation(Output.PORTAL, Canary.VICTIM, 0, seen, ("00", "00", "00", "00"))
    return Probe(UUID(int=7), system, digest, version, at, at, UserId("somebody"), (observation,))


class MemoryStops:
    """Nothing is stopped until somebody stops it."""

    def __init__(self, audit: MemoryAudit) -> None:
        self._audit = audit
        self.held: dict[SystemKey, WriteStop] = {}

    def of(self, system: SystemKey) -> WriteStop | None:
        return self.held.get(system) or self.held.get(EVERYWHERE)

    def only(self, system: SystemKey) -> WriteStop | None:
        return self.held.get(system)

    def open(self) -> Sequence[WriteStop]:
        return list(self.held.values())

    def add(self, stop: WriteStop, audit: AuditEvent) -> bool:
        if stop.system in self.held:
            return False
        self.held[stop.system] = stop
        self._audit.record(audit)
        return True

    def ask_restart(self, stop: WriteStop, audit: AuditEvent) -> None:
        self.held[stop.system] = stop
        self._audit.record(audit)

    def end(self, stop: WriteStop, ended_by: UserId, ended_at: datetime, audit: AuditEvent) -> None:
        assert ended_by != stop.restart_by
        del self.held[stop.system]
        self._audit.record(audit)
