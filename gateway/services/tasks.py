"""Tasks for people: what is open, and closing one with what was done."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.domain.actors import Actor
from gateway.domain.identifiers import TaskId
from gateway.domain.tasks import PersonTask
from gateway.services.ports import Work


def open_tasks(work: Work, actor: Actor) -> Sequence[PersonTask]:
    """Open tasks of the reader's own agency; the coordinator's are those of the Marac's own case system."""
    raise NotImplementedError


def close_task(work: Work, actor: Actor, task_id: TaskId, receipt: str, version: int) -> PersonTask:
    """Close with a few words of what was done. Tasks about alerts by hand go through ``flagging.record_receipt`` instead."""
    raise NotImplementedError
