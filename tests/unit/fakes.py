"""In-memory parts for use cases, written by hand to the same promises as the store: versions, uniqueness, one open task per thing.

``Desk`` is the whole ``Work``. Nothing here patches anything; a use case cannot tell it from the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from gateway.domain.actions import Action
from gateway.domain.agreements import SharingAgreement
from gateway.domain.calendar import BankHolidays
from gateway.domain.case_list import Case, CaseList, Role, RowProblem, Subject
from gateway.domain.errors import Code, Conflict, NotFound
from gateway.domain.events import AuditEvent, EventKind
from gateway.domain.flags import LIVE_FLAG_STATES, Flag
from gateway.domain.identifiers import (
    ActionId,
    AgencyId,
    CaseId,
    CaseListId,
    FlagId,
    LookupId,
    MaracId,
    SubjectId,
    SystemKey,
    TaskId,
    UserId,
)
from gateway.domain.lookup import Lookup, LookupOutcome, Pairing, Remembered
from gateway.domain.models import MatchingModel
from gateway.domain.proofs import EVERYWHERE, HandCheck, Observation, Probe, Seen, WriteStop
from gateway.domain.register import Canary, Output
from gateway.domain.releases import Release
from gateway.domain.tasks import PersonTask, TaskKind
from gateway.policy.identity.model import current, read
from gateway.policy.identity.scoring import Scorer
from gateway.services.ports import CaseListSummary, ListHead, Place, Work

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


class MemoryAudit:
    """Everything recorded, in order."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.events: list[tuple[datetime, AuditEvent]] = []

    def record(self, *events: AuditEvent) -> None:
        self.events += [(self._now(), e) for e in events]

    def about(self, thing: str) -> Sequence[tuple[datetime, AuditEvent]]:
        return [(at, e) for at, e in self.events if e.about == thing]

    def kinds(self) -> list[EventKind]:
        return [e.kind for _, e in self.events]


class MemoryCaseLists:
    """Issues of lists; the newest counts."""

    def __init__(self, audit: MemoryAudit) -> None:
        self._audit = audit
        self.issues: dict[CaseListId, list[CaseList]] = {}
        self.digests: dict[tuple[MaracId, bytes], CaseListId] = {}
        self.newest_digest: dict[CaseListId, bytes] = {}
        self.wrong: dict[CaseListId, Sequence[RowProblem]] = {}

    def add(self, case_list: CaseList, digest: bytes, problems: Sequence[RowProblem], audit: AuditEvent) -> None:
        there = self.issues.setdefault(case_list.id, [])
        if case_list.issue != len(there) + 1:
            raise Conflict(Code.STALE_VERSION)
        there.append(case_list)
        self.digests[case_list.marac_id, digest] = case_list.id
        self.newest_digest[case_list.id] = digest
        self.wrong[case_list.id] = problems
        self._audit.record(audit)

    def find_same(self, marac_id: MaracId, digest: bytes) -> CaseListId | None:
        return self.digests.get((marac_id, digest))

    def is_newest(self, list_id: CaseListId, digest: bytes) -> bool:
        return self.newest_digest[list_id] == digest

    def get(self, list_id: CaseListId) -> CaseList:
        if list_id not in self.issues:
            raise NotFound(Code.NOT_FOUND)
        return self.issues[list_id][-1]

    def head_of(self, subject_id: SubjectId) -> ListHead:
        found = next((i for i in self._newest_first() if any(s.id == subject_id for s in i.subjects)), None)
        if found is None:
            raise NotFound(Code.NOT_FOUND)
        return ListHead(found.id, found.marac_id, found.meeting_date)

    def problems(self, list_id: CaseListId) -> Sequence[RowProblem]:
        return self.wrong[list_id]

    def latest(self, marac_id: MaracId, meeting_date: date) -> CaseList | None:
        return next((i[-1] for i in self.issues.values() if (i[-1].marac_id, i[-1].meeting_date) == (marac_id, meeting_date)), None)

    def summaries(self, marac_ids: frozenset[MaracId]) -> Sequence[CaseListSummary]:
        newest = [i[-1] for i in self.issues.values() if i[-1].marac_id in marac_ids]
        return [
            CaseListSummary(n.id, n.marac_id, n.meeting_date, n.issue, n.received_at, len(n.cases), len(n.subjects), len(self.wrong[n.id]))
            for n in newest
        ]

    def case(self, case_id: CaseId) -> Case:
        for issue in self._newest_first():
            for case in issue.cases:
                if case.id == case_id:
                    return case
        raise NotFound(Code.NOT_FOUND)

    def subjects(self, ids: Sequence[SubjectId]) -> Mapping[SubjectId, Subject]:
        found: dict[SubjectId, Subject] = {}
        for issue in self._newest_first():
            for subject in issue.subjects:
                found.setdefault(subject.id, subject)
        return {id_: found[id_] for id_ in ids if id_ in found}

    def roles_of(self, subject: Subject) -> frozenset[Role]:
        return frozenset({subject.role, *(s.role for s in self._same(subject))})

    def same_person(self, subject: Subject) -> frozenset[SubjectId]:
        return frozenset({subject.id, *(s.id for s in self._same(subject))})

    def maracs_of(self, ids: Sequence[UUID]) -> Mapping[UUID, MaracId]:
        found: dict[UUID, MaracId] = {}
        for issue in self._newest_first():
            found |= dict.fromkeys((issue.id, *(c.id for c in issue.cases), *(s.id for s in issue.subjects)), issue.marac_id)
        return {id_: found[id_] for id_ in ids if id_ in found}

    def is_current(self, subject_id: SubjectId) -> bool:
        return any(s.id == subject_id for issues in self.issues.values() for s in issues[-1].subjects)

    def _newest_first(self) -> list[CaseList]:
        return [issue for issues in self.issues.values() for issue in reversed(issues)]

    def _same(self, subject: Subject) -> list[Subject]:
        keys = _keys(subject)
        return [s for issue in self._newest_first() for s in issue.subjects if keys & _keys(s)]


def _keys(subject: Subject) -> set[object]:
    person = subject.person
    number = {person.nhs_number.value} if person.nhs_number else set()
    return number | {(n.family.lower(), n.given.lower(), b) for n in person.names for b in person.birth_dates}


class MemoryLookups:
    """Cells of reports, each with its version."""

    def __init__(self, audit: MemoryAudit, lists: MemoryCaseLists) -> None:
        self._audit, self._lists = audit, lists
        self.held: dict[LookupId, Lookup] = {}
        self.reads = 0
        self.saves = 0

    def add(self, lookups: Sequence[Lookup], audit: Sequence[AuditEvent]) -> None:
        self.held |= {k.id: k for k in lookups}
        self._audit.record(*audit)

    def get(self, lookup_id: LookupId) -> Lookup:
        if lookup_id not in self.held:
            raise NotFound(Code.NOT_FOUND)
        return self.held[lookup_id]

    def many(self, ids: Sequence[LookupId]) -> Mapping[LookupId, Lookup]:
        self.reads += 1
        return {id_: self.held[id_] for id_ in ids if id_ in self.held}

    def of_list(self, list_id: CaseListId) -> Sequence[Lookup]:
        return self.of_subjects([s.id for s in self._lists.get(list_id).subjects])

    def of_subjects(self, ids: Sequence[SubjectId]) -> Sequence[Lookup]:
        return [k for k in self.held.values() if k.subject_id in set(ids)]

    def known_as(self, records: Sequence[tuple[SystemKey, str]]) -> Sequence[Lookup]:
        return [k for k in self.held.values() if k.record and (k.system, k.record.record_id) in set(records)]

    def hold(self, cases: Collection[CaseId]) -> None: ...

    def hanging(self, places: Sequence[tuple[CaseId, SystemKey]], records: Sequence[tuple[SystemKey, str]]) -> frozenset[tuple[CaseId, SystemKey]]:
        by_case = (Code.OTHERS_ONLY, Code.ONE_RECORD_BY_CASE)
        return frozenset(
            place
            for place, lookups in self._at(places).items()
            for k in lookups
            if k.outcome is LookupOutcome.POSSIBLE or k.reason in by_case or (k.claim and (k.system, k.claim) in set(records))
        )

    def of_cases_at(self, places: Sequence[tuple[CaseId, SystemKey]]) -> Mapping[tuple[CaseId, SystemKey], Sequence[Lookup]]:
        said = (LookupOutcome.KNOWN, LookupOutcome.POSSIBLE, LookupOutcome.NOT_KNOWN)
        return {place: [k for k in lookups if k.outcome in said] for place, lookups in self._at(places).items()}

    def _at(self, places: Sequence[tuple[CaseId, SystemKey]]) -> dict[tuple[CaseId, SystemKey], list[Lookup]]:
        people = self._lists.subjects([k.subject_id for k in self.held.values()])
        current = {id_ for id_ in people if self._lists.is_current(id_)}
        return {
            (case_id, system): [
                k for k in self.held.values() if k.subject_id in current and (people[k.subject_id].case_id, k.system) == (case_id, system)
            ]
            for case_id, system in places
        }

    def save(self, lookups: Sequence[Lookup], audit: Sequence[AuditEvent]) -> None:
        self.saves += 1
        if any(self.held[k.id].version != k.version for k in lookups):
            raise Conflict(Code.STALE_VERSION)
        assert len(lookups) == len(audit)
        self.held |= {k.id: replace(k, version=k.version + 1) for k in lookups}
        self._audit.record(*audit)


class MemoryDecisions:
    """The newest word on each pairing."""

    def __init__(self) -> None:
        self.held: dict[Pairing, Remembered] = {}

    def recall(self, pairings: Sequence[Pairing]) -> Mapping[Pairing, Remembered]:
        return {p: self.held[p] for p in pairings if p in self.held}

    def remember(self, decided: Mapping[Pairing, Remembered]) -> None:
        self.held |= decided


class MemoryModels:
    """Models by version, the release's first."""

    def __init__(self, audit: MemoryAudit) -> None:
        self._audit = audit
        self.held = {current().version: MatchingModel(current().version, "", UserId("release"))}
        self.scorers = {current().version: Scorer(current())}
        self.version = current().version

    def all(self) -> Sequence[MatchingModel]:
        return list(self.held.values())

    def get(self, version: str) -> MatchingModel:
        if version not in self.held:
            raise NotFound(Code.NOT_FOUND)
        return self.held[version]

    def add(self, model: MatchingModel, content: bytes, at: datetime, audit: AuditEvent) -> None:
        if model.version in self.held:
            raise Conflict(Code.MODEL_EXISTS)
        self.held[model.version] = replace(model, offered_at=at)
        self.scorers[model.version] = Scorer(read(content.decode()))
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


@dataclass
class Sent:
    """A message as it waits to leave."""

    id: UUID
    kind: str
    release: Release
    order_key: str
    not_after: datetime | None
    withdrawn: bool = False


class MemoryOutbox:
    """What was sent in order; ``withdraw`` stops everything of a key that has not been taken out by ``leave``."""

    def __init__(self, new_id: Callable[[], UUID]) -> None:
        self._new_id = new_id
        self.messages: list[Sent] = []
        self._left: set[UUID] = set()
        self.let_gone: list[tuple[SystemKey, str]] = []

    def send(self, kind: str, release: Release, *, order_key: str = "", not_after: datetime | None = None) -> UUID:
        assert isinstance(release, Release)
        self.messages.append(Sent(self._new_id(), str(kind), release, order_key, not_after))
        return self.messages[-1].id

    def let_go(self, system: SystemKey, reason: str) -> int:
        self.let_gone.append((system, reason))
        return 0

    def withdraw(self, order_key: str) -> int:
        waiting = [m for m in self.messages if m.order_key == order_key and not m.withdrawn and m.id not in self._left]
        for message in waiting:
            message.withdrawn = True
        return len(waiting)

    def leave(self) -> list[Sent]:
        """Everything that waits, as the relay would take it; it cannot be withdrawn after."""
        going = [m for m in self.messages if not m.withdrawn and m.id not in self._left]
        self._left |= {m.id for m in going}
        return going

    def waiting(self, kind: str = "") -> list[Sent]:
        """What waits, of one kind if named."""
        return [m for m in self.messages if not m.withdrawn and m.id not in self._left and kind in ("", m.kind)]


class MemoryInbox:
    """Keys accepted, with their content."""

    def __init__(self) -> None:
        self.accepted: dict[tuple[str, str], bytes] = {}

    def accept_once(self, source: str, key: str, content: bytes) -> str:
        if (source, key) not in self.accepted:
            self.accepted[source, key] = content
            return "new"
        return "same" if self.accepted[source, key] == content else "different"


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
        self.agreements = MemoryAgreements({a.agency_id: a for a in agreements})

    def now(self) -> datetime:
        return self.moment

    @property
    def scorer(self) -> Scorer:
        return self.models.scorers[self.models.version]

    def pass_time(self, **ago: float) -> None:
        self.moment += timedelta(**ago)

    def place_of(self, thing: UUID) -> Place | None:
        if task := self.tasks.held.get(TaskId(thing)):
            return Place(None, task.agency_id)
        about = self.lookups.held.get(LookupId(thing)) or self.flags.held.get(FlagId(thing)) or self.actions.held.get(ActionId(thing))
        whose = (getattr(about, "subject_id", None) or about.case_id) if about else thing
        marac_id = self.case_lists.maracs_of([whose]).get(whose)
        return Place(marac_id, about.agency_id if about else None) if marac_id else None

    def new_id(self) -> UUID:
        self._ids += 1
        return UUID(int=self._ids)


def _is_a_work(desk: Desk) -> Work:
    """For the type checker: the desk keeps every promise of the port."""
    return desk
