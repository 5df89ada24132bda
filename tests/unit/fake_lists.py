"""The audit, lists, look-ups and decisions in memory, with the promises of their ports."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from uuid import UUID

from gateway.domain.case_list import Case, CaseList, Role, RowProblem, Subject
from gateway.domain.errors import Code, Conflict, NotFound
from gateway.domain.events import AuditEvent, EventKind
from gateway.domain.identifiers import (
    AgencyId,
    CaseId,
    CaseListId,
    LookupId,
    MaracId,
    SubjectId,
    SystemKey,
)
from gateway.domain.lookup import Lookup, LookupOutcome, LookupState, Pairing, Remembered
from gateway.services.ports import CaseListSummary, ListHead


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
        return ListHead(found.marac_id, found.meeting_date)

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

    def states(self, list_id: CaseListId, opened_for: AgencyId | None = None) -> Sequence[LookupState]:
        return [k if k.agency_id == opened_for else _state(k) for k in self.of_list(list_id)]

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


def _state(lookup: Lookup) -> LookupState:
    return LookupState(**{field.name: getattr(lookup, field.name) for field in fields(LookupState)})
