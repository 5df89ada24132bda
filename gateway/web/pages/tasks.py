"""Tasks for people: what the gateway could not do safely by itself."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import Response

from gateway.domain.errors import CATALOGUE, Code
from gateway.domain.identifiers import TaskId
from gateway.domain.tasks import TaskKind
from gateway.services import flagging, task_words, tasks
from gateway.web.reader import Posting, Reading

router = APIRouter(include_in_schema=False)

BY_HAND = frozenset({TaskKind.PLACE_FLAG_BY_HAND, TaskKind.REMOVE_FLAG_BY_HAND, TaskKind.CHECK_UNSURE_FLAG})
"""Tasks whose receipt also moves the alert."""


@router.get("/tasks")
def overview(reader: Reading) -> Response:
    """Open tasks of the reader's agency, oldest first, each with what to do."""
    found = reader.do(lambda work: tasks.open_tasks(work, reader.actor))
    told = [(task, task_words.words_for(task.kind)) for task in found]
    return reader.page("tasks.html", tasks=told, by_hand=BY_HAND, catalogue=CATALOGUE, codes=Code.__members__)


@router.post("/tasks/{task_id}")
def close(
    reader: Posting, task_id: UUID, receipt: Annotated[str, Form(max_length=2000)], version: Annotated[int, Form()],
    by_hand: Annotated[bool, Form()] = False, done: Annotated[bool, Form()] = True,
) -> Response:  # fmt: skip
    """Say what was done."""
    if by_hand:
        reader.do(lambda work: flagging.record_receipt(work, reader.actor, TaskId(task_id), receipt, done))
    else:
        reader.do(lambda work: tasks.close_task(work, reader.actor, TaskId(task_id), receipt, version))
    return reader.back_to("/tasks", "task")
