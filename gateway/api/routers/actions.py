"""Actions set at the meeting, their completions, and tasks for people."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Response, UploadFile

from gateway.api.caller import Caller, Calling, Writing
from gateway.api.problems import FileRefused
from gateway.api.schemas import ActionIn, ActionOut, CompletionIn, FileOut, FileRowOut, ProblemRow, ReceiptIn, TaskOut
from gateway.domain.identifiers import ActionId, AgencyId, CaseListId, TaskId
from gateway.domain.tasks import TaskKind
from gateway.policy import permissions
from gateway.services import actions, flagging, tasks
from gateway.services.actions import NewAction
from gateway.store.unit_of_work import SqlWork

router = APIRouter()

BY_HAND = frozenset({TaskKind.PLACE_FLAG_BY_HAND, TaskKind.REMOVE_FLAG_BY_HAND, TaskKind.CHECK_UNSURE_FLAG})
"""Tasks whose receipt also moves the alert."""


@router.get("/case-lists/{list_id}/actions", tags=["actions"])
def of_list(caller: Calling, list_id: UUID) -> list[ActionOut]:
    """The actions of a list: all for the coordinator, their own for an agency."""
    return [ActionOut.of(a) for a in caller.read(lambda work: actions.of_list(work, caller.actor, CaseListId(list_id)))]


@router.post("/case-lists/{list_id}/actions", tags=["actions"], response_model=list[ActionOut], status_code=201)
def assign(caller: Writing, list_id: UUID, given: list[ActionIn]) -> Response:
    """Assign actions; each goes to the agency's own system. All or none."""
    new = [NewAction(a.case_number, AgencyId(a.agency), a.text, a.owner, a.due_on) for a in given]
    return caller.write(lambda work: _assigned(work, caller, list_id, new), status=201)


@router.post("/case-lists/{list_id}/actions/file", tags=["actions"], response_model=FileOut, status_code=201)
def assign_file(caller: Writing, list_id: UUID, file: Annotated[UploadFile, File()]) -> Response:
    """Assign actions from a CSV file (case number, agency, owner, text, due date)."""
    permissions.check_can(caller.actor, permissions.Act.ASSIGN_ACTION)
    read = caller.gateway.read_actions(file.file.read(), _ending(file))
    if read.refused:
        raise FileRefused(read.problems)
    new = [NewAction(a.case_number, a.agency_id, a.text, a.owner, a.due_on) for a in read.actions]

    def act(work: SqlWork) -> FileOut:
        done = _assigned(work, caller, list_id, new)
        rows = [FileRowOut(row=a.row, result="assigned") for a in read.actions]
        return FileOut(accepted=len(done), rows=rows, problems=[ProblemRow.of(p) for p in read.problems])

    return caller.write(act, status=201)


def _ending(file: UploadFile) -> str:
    return PurePosixPath(file.filename or "").suffix


def _assigned(work: SqlWork, caller: Caller, list_id: UUID, new: list[NewAction]) -> list[ActionOut]:
    assigned = actions.assign(work, caller.actor, CaseListId(list_id), new, caller.gateway.holidays)
    return [ActionOut.of(a) for a in assigned]


@router.post("/actions/{action_id}/completion", tags=["actions"], response_model=ActionOut)
def complete(caller: Writing, action_id: UUID, given: CompletionIn) -> Response:
    """Close an action of the caller's agency, with what was done or why it could not be."""
    return caller.write(
        lambda work: ActionOut.of(
            actions.complete(work, caller.actor, ActionId(action_id), given.outcome, given.detail, given.version)
        )
    )


@router.post("/completions/file", tags=["actions"], response_model=FileOut)
def completions_file(caller: Writing, agency: str, file: Annotated[UploadFile, File()]) -> Response:
    """Completions of one agency from a CSV file (reference, outcome, detail, completed at). Rows sent before change nothing."""
    permissions.check_can(caller.actor, permissions.Act.COMPLETE_ACTION, agency_id=AgencyId(agency))
    read = caller.gateway.read_completions(file.file.read(), _ending(file))
    if read.refused:
        raise FileRefused(read.problems)

    def act(work: SqlWork) -> FileOut:
        results = actions.record_file(work, caller.actor, AgencyId(agency), read.completions)
        rows = [FileRowOut(row=number, result=result) for number, result in enumerate(results, 1)]
        return FileOut(accepted=sum(r != "unknown" for r in results), rows=rows, problems=[ProblemRow.of(p) for p in read.problems])

    return caller.write(act)


@router.get("/tasks", tags=["tasks"])
def open_tasks(caller: Calling) -> list[TaskOut]:
    """Open tasks of the caller's agency, oldest first."""
    return [TaskOut.of(t) for t in caller.read(lambda work: tasks.open_tasks(work, caller.actor))]


@router.post("/tasks/{task_id}/receipt", tags=["tasks"], status_code=204)
def close(caller: Writing, task_id: UUID, given: ReceiptIn) -> Response:
    """Say what was done; the task is closed. For an alert by hand this also records that it stands, or is gone."""

    def act(work: SqlWork) -> list[TaskOut]:
        task = tasks.own_task(work, caller.actor, TaskId(task_id))
        if task.kind in BY_HAND:
            flagging.record_receipt(work, caller.actor, task.id, given.receipt, given.done)
        elif task.kind is TaskKind.BOTH_ROLES and "done" in given.model_fields_set:  # a decision is said, never assumed
            tasks.decide_parts(work, caller.actor, task.id, given.done, given.receipt, given.version)
        else:
            tasks.close_task(work, caller.actor, task.id, given.receipt, given.version)
        return []

    caller.write(act)
    return Response(status_code=204)
