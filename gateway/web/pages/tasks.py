"""Tasks for people: what the gateway could not do safely by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import Response

from gateway.domain.errors import CATALOGUE, Code
from gateway.domain.identifiers import TaskId
from gateway.domain.tasks import PersonTask, TaskKind
from gateway.services import task_words, tasks
from gateway.services.task_words import TaskWords
from gateway.store.unit_of_work import SqlWork
from gateway.web import whereabouts
from gateway.web.reader import Posting, Reader, Reading
from gateway.web.whereabouts import Whereabouts

router = APIRouter(include_in_schema=False)

DONE_ELSEWHERE = frozenset({TaskKind.SETTLE_MATCH, TaskKind.ANSWER_BY_HAND, TaskKind.DO_ACTION})
"""Tasks that close by themselves when the thing itself is decided on its own page."""

RECEIPTS = {
    TaskKind.PLACE_FLAG_BY_HAND: ("It stands where only staff see it", "I did not place it"),
    TaskKind.REMOVE_FLAG_BY_HAND: ("It is gone", "It is still there"),
    TaskKind.CHECK_UNSURE_FLAG: ("It is there", "It is not there"),
    TaskKind.RECORD_CHANGED: ("It stands on the right person's record, where only staff see it", "It must go: recall it"),
    TaskKind.BOTH_ROLES: ("An alert for this entry may go on", "No alert for this entry"),
}
"""What a person may say of an alert after looking, or of somebody in two parts: yes and no."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Tasks of one kind, with their words."""

    kind: TaskKind
    said: TaskWords
    tasks: Sequence[tuple[PersonTask, Whereabouts | None]]


@router.get("/tasks")
def overview(reader: Reading) -> Response:
    """Open tasks of the reader's agency, kind by kind in the order of ``TaskKind``, the oldest first."""
    groups = reader.do(lambda work: _grouped(work, reader))
    return reader.page(
        "tasks.html", groups=groups, total=sum(len(g.tasks) for g in groups), receipts=RECEIPTS, elsewhere=DONE_ELSEWHERE,
        catalogue=CATALOGUE, codes=Code.__members__,
    )  # fmt: skip


_URGENT = (TaskKind.FLAG_SEEN_BY_SUBJECT, TaskKind.FLAG_ON_WRONG_RECORD, TaskKind.FLAG_CHANGED, TaskKind.PROBE_FAILED, TaskKind.RECORD_CHANGED, TaskKind.CHECK_UNSURE_FLAG, TaskKind.BOTH_ROLES)
"""These come first: somebody may be in danger while they wait."""


def _grouped(work: SqlWork, reader: Reader) -> list[Shown]:
    open_ = tasks.open_tasks(work, reader.actor)
    places = whereabouts.of_tasks(work, reader.actor, open_)
    found: dict[TaskKind, list[tuple[PersonTask, Whereabouts | None]]] = {}
    for task in open_:
        found.setdefault(task.kind, []).append((task, places.get(task.id)))
    order = sorted(found, key=lambda kind: (kind not in _URGENT, list(TaskKind).index(kind)))
    return [Shown(kind, task_words.words_for(kind), found[kind]) for kind in order]


@router.post("/tasks/{task_id}")
def close(
    reader: Posting, task_id: UUID, receipt: Annotated[str, Form(max_length=2000)], version: Annotated[int, Form()],
    done: Annotated[bool | None, Form()] = None,
) -> Response:  # fmt: skip
    """Say what was done; of an alert, with ``done``, whether it now is as ``RECEIPTS`` words it."""
    if done is not None:
        reader.do(lambda work: tasks.close_with_answer(work, reader.actor, TaskId(task_id), done, receipt, version))
    else:
        reader.do(lambda work: tasks.close_task(work, reader.actor, TaskId(task_id), receipt, version))
    return reader.back_to("/tasks", "task")
