"""The two things every use case leaves behind: an audit event with ids and codes only, and a task where a person is needed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.domain.actors import GATEWAY, Actor
from gateway.domain.agreements import Capability, SharingAgreement
from gateway.domain.events import AuditEvent, EventKind
from gateway.domain.identifiers import AgencyId, MaracId, TaskId
from gateway.domain.tasks import PersonTask, TaskKind
from gateway.policy import disclosure
from gateway.services.ports import Work


def noted(kind: EventKind, actor: Actor, about: object, agency_id: AgencyId | None = None, **facts: str | int | bool) -> AuditEvent:
    """An audit event by this actor about the thing with this id. Whatever is not a code, an id or a count is left out of its facts."""
    return AuditEvent(kind, actor.user_id, str(about), agency_id, {key: _plain(key, value) for key, value in facts.items()})


_ONE_WORD = re.compile(r"[\w.:/+-]{0,80}")
_CODE = re.compile(r"[A-Z0-9_]{0,64}")
NOT_A_CODE = "NOT_A_CODE"


def _plain(key: str, value: str | int | bool) -> str | int | bool:
    """Words that somebody wrote never get into the audit, whatever a caller hands over: names would stand there for good."""
    if not isinstance(value, str):
        return value
    allowed = _CODE if key == "reason" else _ONE_WORD
    return value if allowed.fullmatch(value) else NOT_A_CODE


def _task(work: Work, agency_id: AgencyId, kind: TaskKind, about: object, reason: str, words: str) -> tuple[PersonTask, AuditEvent]:
    task = PersonTask(TaskId(work.new_id()), agency_id, kind, str(about), work.now(), words, reason)
    return task, noted(EventKind.TASK_OPENED, GATEWAY, task.id, agency_id, task=kind.value, thing=str(about), reason=reason)


def give_task(work: Work, agency_id: AgencyId, kind: TaskKind, about: object, reason: str = "", words: str = "") -> PersonTask:
    """Open a task for the agency's people; the one already open about the same thing is kept."""
    return work.tasks.open(*_task(work, agency_id, kind, about, reason, words))


def give_tasks(work: Work, kind: TaskKind, things: Iterable[tuple[AgencyId, object, str]]) -> None:
    """As ``give_task`` for many at once: (agency, thing, reason) of each."""
    tasks = [_task(work, agency_id, kind, about, reason, "") for agency_id, about, reason in things]
    if tasks:
        work.tasks.open_all([task for task, _ in tasks], [event for _, event in tasks])


def end_task(work: Work, kind: TaskKind, about: object, actor: Actor = GATEWAY, agency_id: AgencyId | None = None) -> None:
    """Close the task that what has just happened makes pointless, if one is open."""
    work.tasks.close_about(kind, str(about), noted(EventKind.TASK_CLOSED, actor, about, agency_id, task=kind.value))


def case_system_of(work: Work, marac_id: MaracId) -> SharingAgreement | None:
    """The agreement of the coordinator's case system for this Marac."""
    systems = (a for a in work.agreements.all() if disclosure.covers(a, marac_id))
    return next((a for a in systems if disclosure.system_with(a, Capability.COMPLETIONS)), None)


def desk_of(work: Work, marac_id: MaracId) -> AgencyId:
    """Where tasks for the coordinator go: the agency of the case system, or the Marac itself where it has none."""
    agreement = case_system_of(work, marac_id)
    return agreement.agency_id if agreement else AgencyId(marac_id)
