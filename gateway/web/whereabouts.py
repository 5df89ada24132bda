"""Whom a task is about, and the page where it is done; for those who may see both. Whom a page names is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.domain.actors import Actor
from gateway.domain.case_list import Case, PersonName
from gateway.domain.errors import NotFound
from gateway.domain.events import EventKind
from gateway.domain.identifiers import ActionId, CaseId, FlagId, LookupId, SubjectId, TaskId
from gateway.domain.lookup import Lookup, LookupOutcome
from gateway.domain.sealed import Sealed
from gateway.domain.tasks import PersonTask
from gateway.policy.permissions import Act, can
from gateway.services.ports import Work
from gateway.services.recording import noted


@dataclass(frozen=True, slots=True, repr=False)
class Whereabouts(Sealed):
    """``name`` is None where a task is about an action: actions name nobody."""

    href: str
    label: str
    case_number: str
    name: PersonName | None = None


def of_tasks(work: Work, actor: Actor, tasks: Sequence[PersonTask]) -> Mapping[TaskId, Whereabouts]:
    """Where each task of the reader leads; none for a thing that is gone, or that stands on no list of the reader's."""
    if not can(actor, Act.VIEW_LIST):
        return {}
    finder = _Finder(work, actor, [id_ for task in tasks if (id_ := _id(task)) is not None])
    found = {task.id: place for task in tasks if (place := finder.place(task)) is not None}
    named = [task for task in tasks if task.id in found and found[task.id].name]
    work.audit.record(*(noted(EventKind.PERSON_VIEWED, actor, task.about, task.agency_id) for task in named))
    return found


def _id(task: PersonTask) -> UUID | None:
    try:
        return UUID(task.about)
    except ValueError:
        return None


class _Finder:
    """Reads look-ups and people at once, and each case once."""

    def __init__(self, work: Work, actor: Actor, about: Sequence[UUID]) -> None:
        self._work, self._actor = work, actor
        self._lists = {summary.id for summary in work.case_lists.summaries(actor.marac_ids)}
        self._lookups = work.lookups.many([LookupId(id_) for id_ in about])
        subjects = [SubjectId(id_) for id_ in about] + [lookup.subject_id for lookup in self._lookups.values()]
        self._subjects = dict(work.case_lists.subjects(subjects))
        self._cases: dict[CaseId, Case] = {}

    def place(self, task: PersonTask) -> Whereabouts | None:
        about = _id(task)
        if about is None:
            return None
        lookup = self._lookups.get(LookupId(about))
        if lookup is not None:
            return self._lookup(lookup)
        if SubjectId(about) in self._subjects:
            return self._person(SubjectId(about), f"#p-{about}", "Open in the hit report")
        return self._flag(FlagId(about)) or self._action(ActionId(about))

    def _lookup(self, lookup: Lookup) -> Whereabouts | None:
        if lookup.outcome is LookupOutcome.POSSIBLE and can(self._actor, Act.SETTLE_MATCH):
            return self._person(lookup.subject_id, f"/review#h-{lookup.id}", "Compare and decide")
        return self._person(lookup.subject_id, f"#p-{lookup.subject_id}", "Open in the hit report")

    def _flag(self, flag_id: FlagId) -> Whereabouts | None:
        try:
            flag = self._work.flags.get(flag_id)
        except NotFound:
            return None
        self._subjects |= self._work.case_lists.subjects([flag.subject_id])
        return self._person(flag.subject_id, f"/alerts/{flag.id}", "Open the alert")

    def _action(self, action_id: ActionId) -> Whereabouts | None:
        try:
            case = self._case(self._work.actions.get(action_id).case_id)
        except NotFound:
            return None
        return Whereabouts(f"/lists/{case.list_id}/actions#a-{action_id}", "Open the action", case.number) if case.list_id in self._lists else None

    def _person(self, subject_id: SubjectId, path: str, label: str) -> Whereabouts | None:
        subject = self._subjects.get(subject_id)
        case = self._case(subject.case_id) if subject else None
        if subject is None or case is None or case.list_id not in self._lists:
            return None
        return Whereabouts(f"/lists/{case.list_id}{path}", label, case.number, subject.person.names[0])

    def _case(self, case_id: CaseId) -> Case:
        if case_id not in self._cases:
            self._cases[case_id] = self._work.case_lists.case(case_id)
        return self._cases[case_id]
