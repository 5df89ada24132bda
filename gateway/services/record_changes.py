"""What people tell about records under alerts: that they were merged or taken apart, and whether an alert that was frozen stays."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from gateway.domain.actors import Actor
from gateway.domain.errors import Code, Conflict
from gateway.domain.events import EventKind
from gateway.domain.flags import LIVE_FLAG_STATES, Flag, FlagState
from gateway.domain.identifiers import AgencyId, FlagId, SystemKey, TaskId
from gateway.domain.tasks import TaskKind
from gateway.policy.permissions import Act
from gateway.services import flag_recall, flag_receipts, probing, reaching
from gateway.services.flag_freezing import frozen
from gateway.services.ports import Work
from gateway.services.recording import noted

_GOING = frozenset({FlagState.WITHDRAWING, FlagState.ENDING})


def take_merge(work: Work, actor: Actor, system: SystemKey, records: Collection[str]) -> int:
    """An agency says that these records were merged, linked or taken apart (HL7 A40, A24, A37 and their like): every alert that stands on
    one of them, whoever placed it, is frozen. Returns how many."""
    probing.system_for(work, actor, Act.RECONCILE, system)
    agency_id = AgencyId(system.partition("/")[0])
    hit = [
        flag for flag in work.flags.of_agency(agency_id)
        if flag.system == system and flag.record_id in records and flag.state in LIVE_FLAG_STATES - _GOING and not flag.frozen
    ]  # fmt: skip
    for flag in hit:
        event = noted(EventKind.FLAG_REPORTED, actor, flag.id, agency_id, finding="merge", reason=Code.RECORD_LINKS_CHANGED.value)
        work.flags.save(frozen(work, flag, Code.RECORD_LINKS_CHANGED), event)
    return len(hit)


def decide(work: Work, actor: Actor, task_id: TaskId, keep: bool, receipt: str) -> Flag:
    """Close a ``RECORD_CHANGED`` task. ``keep``: the alert stands on the right person's record, where only staff see it; what the record
    says next is what later is compared with. Otherwise it is recalled. Raises as ``flag_receipts.record_receipt``."""
    task = work.tasks.get(task_id)
    if task.kind is not TaskKind.RECORD_CHANGED:
        raise Conflict(Code.TRANSITION_NOT_ALLOWED)
    flag, _, _ = reaching.flag_for(work, actor, Act.APPROVE_FLAG if keep else Act.RECALL_FLAG, FlagId(UUID(task.about)))
    flag_receipts.check_open(task, receipt)
    closed = replace(task, closed_at=work.now(), closed_by=actor.user_id, receipt=receipt.strip())
    work.tasks.close(closed, noted(EventKind.TASK_CLOSED, actor, task.id, task.agency_id, task=task.kind.value, done=keep))
    freed = replace(flag, frozen="", footing=None)
    work.flags.save(freed, noted(EventKind.FLAG_FREED, actor, flag.id, flag.agency_id, keep=keep))
    return work.flags.get(flag.id) if keep else flag_recall.recall(work, actor, flag.id)
