"""What a representative did by hand about an alert, in their own words, and what that makes of it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from gateway.domain.actors import Actor
from gateway.domain.errors import Code, Conflict, InvalidInput
from gateway.domain.events import EventKind
from gateway.domain.flags import Flag, FlagEvent, FlagState
from gateway.domain.identifiers import FlagId, TaskId
from gateway.domain.tasks import PersonTask, TaskKind
from gateway.policy.permissions import Act
from gateway.services import flag_reports, flag_sending, gate, reaching
from gateway.services.ports import Work
from gateway.services.recording import give_task, noted


def record_receipt(work: Work, actor: Actor, task_id: TaskId, receipt: str, done: bool) -> Flag:
    """Close a task about an alert by hand. ``done``: for placing, it stands where the person cannot see it; for removing, it is gone; for
    looking, it is there. Raises ``InvalidInput(RECEIPT_REQUIRED)``, ``Conflict`` for another kind of task or one that is closed."""
    reaching.check_reach(work, actor, Act.WORK_ON_TASKS, task_id)
    task = work.tasks.get(task_id)
    if task.kind not in _MOVES:
        raise Conflict(Code.TRANSITION_NOT_ALLOWED)
    flag, _, _ = reaching.flag_for(work, actor, Act.WORK_ON_TASKS, FlagId(UUID(task.about)))
    check_open(task, receipt)
    closed = replace(task, closed_at=work.now(), closed_by=actor.user_id, receipt=receipt.strip())
    work.tasks.close(closed, noted(EventKind.TASK_CLOSED, actor, task.id, task.agency_id, task=task.kind.value, done=done))
    moved = _moved(work, task, flag, done)
    if moved != flag:
        event = noted(EventKind.FLAG_REPORTED, actor, flag.id, flag.agency_id, finding="receipt", done=done, state=moved.state.value)
        work.flags.save(moved, event)
    return work.flags.get(flag.id)


def check_open(task: PersonTask, receipt: str) -> None:
    """Raises ``Conflict(TASK_CLOSED)`` or ``InvalidInput(RECEIPT_REQUIRED)``."""
    if task.closed_at is not None:
        raise Conflict(Code.TASK_CLOSED)
    if not receipt.strip():
        raise InvalidInput(Code.RECEIPT_REQUIRED)


def _moved(work: Work, task: PersonTask, flag: Flag, done: bool) -> Flag:
    """A person's word never makes an alert ``PLACED``: that needs read-back. It is ``RECORDED``, or ended.

    Of one that the gateway wrote, "it is there" proves no hiding, so that the system is asked; "it is not there" may be so only yet.
    """
    if flag.state not in _MOVES[task.kind]:
        return flag
    if task.kind is TaskKind.REMOVE_FLAG_BY_HAND:
        return flag_reports.removed(work, flag) if done else _still_to_remove(work, task, flag)
    if task.kind is TaskKind.CHECK_UNSURE_FLAG:
        return _looked_for(work, flag, done)
    if done:
        _review_unless_allowed(work, flag)
    return flag_sending.moved(flag, FlagEvent.RECORD_RECEIPT if done else FlagEvent.END)


def _looked_for(work: Work, flag: Flag, there: bool) -> Flag:
    if there:
        flag_sending.look(work, flag)
        return flag
    flag_sending.take_back(work, flag)
    return flag_sending.moved(flag_sending.moved(flag, FlagEvent.HAND_OVER), FlagEvent.END)


def _review_unless_allowed(work: Work, flag: Flag) -> None:
    """It stands now, though since the words were given it may have become wrong."""
    subject = work.case_lists.subjects([flag.subject_id])[flag.subject_id]
    found = gate.placement_of(work, subject, gate.lookup_behind(work, flag))
    if not found.allowed:
        give_task(work, flag.agency_id, TaskKind.REVIEW_FLAG, flag.id, found.reason or Code.MATCH_NOT_SETTLED)


def _still_to_remove(work: Work, task: PersonTask, flag: Flag) -> Flag:
    """An alert that is to go is somebody's task until it is gone."""
    give_task(work, flag.agency_id, TaskKind.REMOVE_FLAG_BY_HAND, flag.id, task.reason)
    return flag


_MOVES = {
    TaskKind.PLACE_FLAG_BY_HAND: frozenset({FlagState.WITH_REPRESENTATIVE}),
    TaskKind.REMOVE_FLAG_BY_HAND: frozenset({FlagState.WITHDRAWING, FlagState.ENDING}),
    TaskKind.CHECK_UNSURE_FLAG: frozenset({FlagState.UNSURE}),
}
"""The tasks that a receipt closes, and the states of the alert that it then moves; in any other state only the task is closed."""
