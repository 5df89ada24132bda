"""Tasks for people: what is open, and closing one with what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from gateway.domain.actors import Actor
from gateway.domain.errors import Code, Conflict, NotFound
from gateway.domain.events import EventKind
from gateway.domain.identifiers import AgencyId, SubjectId, TaskId
from gateway.domain.tasks import PersonTask, TaskKind
from gateway.policy import permissions
from gateway.policy.permissions import Act
from gateway.services import flag_receipts, gate, own_maracs, reaching, record_changes
from gateway.services.ports import Work
from gateway.services.recording import desk_of, noted

WITH_RECEIPT = frozenset({TaskKind.PLACE_FLAG_BY_HAND, TaskKind.REMOVE_FLAG_BY_HAND, TaskKind.CHECK_UNSURE_FLAG, TaskKind.RECORD_CHANGED})
"""Tasks whose receipt also moves an alert: closed through ``flagging.record_receipt`` and in no other way."""


def open_tasks(work: Work, actor: Actor) -> Sequence[PersonTask]:
    """Open tasks of the reader's own agency, oldest first; the coordinator's are those of the Marac's desk."""
    return [
        task
        for agency_id in sorted(_desks(work, actor))
        for task in own_maracs.tasks(work, actor, agency_id, work.tasks.open_of(agency_id))
    ]


def close_task(work: Work, actor: Actor, task_id: TaskId, receipt: str, version: int) -> PersonTask:
    """Close with a few words of what was done. Raises ``Conflict`` for a task of ``WITH_RECEIPT``, one closed or changed since;
    ``InvalidInput(RECEIPT_REQUIRED)``."""
    task = own_task(work, actor, task_id)
    if task.kind in WITH_RECEIPT:
        raise Conflict(Code.TRANSITION_NOT_ALLOWED)
    flag_receipts.check_open(task, receipt)
    reaching.check_version(task.version, version)
    closed = replace(task, closed_at=work.now(), closed_by=actor.user_id, receipt=receipt.strip())
    work.tasks.close(closed, noted(EventKind.TASK_CLOSED, actor, task.id, task.agency_id, task=task.kind.value))
    return work.tasks.get(task_id)


def decide_parts(work: Work, actor: Actor, task_id: TaskId, go_on: bool, reason: str, version: int) -> PersonTask:
    """Close a ``BOTH_ROLES`` task with a decision, taken with the chair and the advocate: may an alert for this entry go on, though the
    same person has another part? It frees nothing by itself: the alert is still proposed, and approved by a second person. It holds
    until the person stands in one entry more. Raises as ``close_task``, and ``Conflict`` for a task of another kind."""
    permissions.check_can(actor, Act.DECIDE_PARTS)
    task = own_task(work, actor, task_id)
    if task.kind is not TaskKind.BOTH_ROLES:
        raise Conflict(Code.TRANSITION_NOT_ALLOWED)
    flag_receipts.check_open(task, reason)
    reaching.check_version(task.version, version)
    subject = work.case_lists.subjects([SubjectId(UUID(task.about))])[SubjectId(UUID(task.about))]
    covers = tuple(sorted(str(id_) for id_ in gate.entries_of(work, subject))) if go_on else ()
    closed = replace(task, closed_at=work.now(), closed_by=actor.user_id, receipt=reason.strip(), covers=covers)
    facts: dict[str, str | int | bool] = {"task": task.kind.value, "thing": task.about, "go_on": go_on, "entries": len(covers)}
    work.tasks.close(closed, noted(EventKind.TASK_CLOSED, actor, task.id, task.agency_id, **facts))
    return work.tasks.get(task_id)


def close_with_answer(work: Work, actor: Actor, task_id: TaskId, done: bool, receipt: str, version: int) -> None:
    """Close a task that asks yes or no: about an alert by hand (``flagging.record_receipt``), or somebody in two parts."""
    kind = own_task(work, actor, task_id).kind
    if kind is TaskKind.BOTH_ROLES:
        decide_parts(work, actor, task_id, done, receipt, version)
    elif kind is TaskKind.RECORD_CHANGED:
        record_changes.decide(work, actor, task_id, done, receipt)
    else:
        flag_receipts.record_receipt(work, actor, task_id, receipt, done)


def own_task(work: Work, actor: Actor, task_id: TaskId) -> PersonTask:
    """A task that the actor may work on, whatever its kind. Raises ``NotFound`` for a task of another agency or another Marac."""
    reaching.check_reach(work, actor, Act.WORK_ON_TASKS, task_id)
    desks = _desks(work, actor)
    task = work.tasks.get(task_id)
    if task.agency_id not in desks or not own_maracs.tasks(work, actor, task.agency_id, [task]):
        raise NotFound(Code.NOT_FOUND)
    return task


def _desks(work: Work, actor: Actor) -> frozenset[AgencyId]:
    """The agencies whose tasks are the actor's: their own, or for the coordinator the desk of each of their Maracs."""
    own = permissions.reach(actor, Act.WORK_ON_TASKS)
    return frozenset({own}) if own is not None else frozenset(desk_of(work, marac_id) for marac_id in actor.marac_ids)
