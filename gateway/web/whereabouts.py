"""Whom a task is about, and the page where it is done; for those who may see both. Whom a page names is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from gateway.domain.actors import Actor
from gateway.domain.case_list import PersonName, Subject
from gateway.domain.errors import GatewayError
from gateway.domain.events import EventKind
from gateway.domain.identifiers import ActionId, FlagId, LookupId, SubjectId
from gateway.domain.lookup import LookupOutcome
from gateway.domain.sealed import Sealed
from gateway.domain.tasks import PersonTask
from gateway.policy.permissions import Act
from gateway.services import reaching
from gateway.services.ports import Work
from gateway.services.recording import noted


@dataclass(frozen=True, slots=True, repr=False)
class Whereabouts(Sealed):
    """``name`` is None where a task is about an action: actions name nobody."""

    href: str
    label: str
    case_number: str
    name: PersonName | None = None


def of_task(work: Work, actor: Actor, task: PersonTask) -> Whereabouts | None:
    """Where the task leads, or None: the thing is gone, or is not this reader's."""
    try:
        about = UUID(task.about)
    except ValueError:
        return None
    for find in (_lookup, _flag, _action, _subject):
        try:
            found = find(work, actor, task, about)
        except GatewayError:
            continue
        if found.name:
            work.audit.record(noted(EventKind.PERSON_VIEWED, actor, task.about, task.agency_id))
        return found
    return None


def _lookup(work: Work, actor: Actor, task: PersonTask, about: UUID) -> Whereabouts:
    lookup, subject, case_list = reaching.lookup_for(work, actor, Act.VIEW_LIST, LookupId(about))
    if lookup.outcome is LookupOutcome.POSSIBLE:
        return _person(work, subject, f"/lists/{case_list.id}/review#h-{lookup.id}", "Compare and decide")
    return _person(work, subject, f"/lists/{case_list.id}#p-{subject.id}", "Open in the hit report")


def _flag(work: Work, actor: Actor, task: PersonTask, about: UUID) -> Whereabouts:
    flag, subject, case_list = reaching.flag_for(work, actor, Act.VIEW_LIST, FlagId(about))
    return _person(work, subject, f"/lists/{case_list.id}/alerts/{flag.id}", "Open the alert")


def _action(work: Work, actor: Actor, task: PersonTask, about: UUID) -> Whereabouts:
    action, case_list = reaching.action_for(work, actor, Act.VIEW_LIST, ActionId(about))
    return Whereabouts(f"/lists/{case_list.id}/actions#a-{action.id}", "Open the action", work.case_lists.case(action.case_id).number)


def _subject(work: Work, actor: Actor, task: PersonTask, about: UUID) -> Whereabouts:
    subject, case_list = reaching.subject_for(work, actor, Act.VIEW_LIST, SubjectId(about), task.agency_id)
    return _person(work, subject, f"/lists/{case_list.id}#p-{subject.id}", "Open in the hit report")


def _person(work: Work, subject: Subject, href: str, label: str) -> Whereabouts:
    return Whereabouts(href, label, work.case_lists.case(subject.case_id).number, subject.person.main_name)
