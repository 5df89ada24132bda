"""Actions of a list: assigned at the meeting, closed by the agency's own answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import PurePosixPath
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import Response

from gateway.domain.actions import ACTION_MACHINE
from gateway.domain.calendar import Deadline
from gateway.domain.case_list import CaseList, RowProblem
from gateway.domain.errors import CATALOGUE, Code, InvalidInput
from gateway.domain.identifiers import ActionId, AgencyId, CaseId, CaseListId
from gateway.policy.permissions import Act, check_can
from gateway.services import actions, closing, reaching
from gateway.services.actions import NewAction
from gateway.services.asking import at_the_table
from gateway.services.ports import Work
from gateway.web import deadlines
from gateway.web.reader import Posting, Reader, Reading

router = APIRouter(include_in_schema=False)


@router.get("/lists/{list_id}/actions")
def overview(reader: Reading, list_id: UUID) -> Response:
    """Who has to do what by when, and how it ended."""
    return _overview(reader, list_id)


def _overview(reader: Reader, list_id: UUID, problems: Sequence[RowProblem] = (), status: int = 200) -> Response:
    found = reader.do(lambda work: actions.of_list(work, reader.actor, CaseListId(list_id)))
    case_list, numbers, due = reader.do(lambda work: _around(work, reader, CaseListId(list_id)))
    agencies = reader.do(lambda work: {a.agency_id: a.name for a in at_the_table(work, case_list.marac_id)})
    told = [(p, CATALOGUE[Code(p.code)]) for p in problems]
    return reader.page(
        "actions.html", status=status, list_id=list_id, actions=found, agencies=agencies, numbers=numbers, due=due, owners=ACTION_MACHINE.owners,
        ends=ACTION_MACHINE.ends(), today=reader.gateway.today(), problems=told,
    )  # fmt: skip


def _around(work: Work, reader: Reader, list_id: CaseListId) -> tuple[CaseList, Mapping[CaseId, str], Deadline]:
    """The list, the number of each of its cases, and when actions fall due that name no day."""
    found = reaching.list_for(work, reader.actor, Act.VIEW_ACTION, list_id)
    due = deadlines.of_meeting(work, reader.gateway.holidays, found.marac_id, found.meeting_date).actions
    return found, {case.id: case.number for case in found.cases}, due


@router.post("/lists/{list_id}/actions")
def assign(
    reader: Posting, list_id: UUID, *, case_number: Annotated[str, Form(max_length=100)], agency: Annotated[str, Form(max_length=100)],
    text: Annotated[str, Form(max_length=2000)], owner: Annotated[str, Form(max_length=200)] = "", due_on: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """One action, typed."""
    try:
        due = date.fromisoformat(due_on) if due_on else None
    except ValueError:
        raise InvalidInput(Code.REQUEST_MALFORMED) from None
    new = [NewAction(case_number, AgencyId(agency), text, owner, due)]
    reader.do(lambda work: actions.assign(work, reader.actor, CaseListId(list_id), new, reader.gateway.holidays))
    return reader.back_to(f"/lists/{list_id}/actions", "assigned")


@router.post("/lists/{list_id}/actions/file")
def assign_file(reader: Posting, list_id: UUID, file: Annotated[UploadFile, File()]) -> Response:
    """Many, from a CSV file; all or none."""
    check_can(reader.actor, Act.ASSIGN_ACTION)
    try:
        read = reader.gateway.read_actions(file.file.read(), PurePosixPath(file.filename or "").suffix)
    except InvalidInput as fault:
        return _overview(reader, list_id, [RowProblem(0, "", fault.code)], 422)
    if read.refused or not read.actions:
        return _overview(reader, list_id, read.problems, 422)
    new = [NewAction(a.case_number, a.agency_id, a.text, a.owner, a.due_on) for a in read.actions]
    reader.do(lambda work: actions.assign(work, reader.actor, CaseListId(list_id), new, reader.gateway.holidays))
    if read.problems:
        return _overview(reader, list_id, read.problems)
    return reader.back_to(f"/lists/{list_id}/actions", "assigned")


@router.post("/lists/{list_id}/actions/{action_id}/completion")
def complete(
    reader: Posting, list_id: UUID, action_id: UUID, outcome: Annotated[str, Form()], detail: Annotated[str, Form(max_length=4000)],
    version: Annotated[int, Form()],
) -> Response:  # fmt: skip
    """Close an action of the reader's agency, with what was done or why it could not be."""
    reader.do(lambda work: actions.complete(work, reader.actor, ActionId(action_id), outcome, detail, version))
    return reader.back_to(f"/lists/{list_id}/actions", "completed")


@router.post("/lists/{list_id}/close")
def close_case(reader: Posting, list_id: UUID, case_number: Annotated[str, Form(max_length=100)]) -> Response:
    """Close a case: its alerts are removed at every agency."""
    reader.do(lambda work: closing.close_case(work, reader.actor, CaseListId(list_id), case_number))
    return reader.back_to(f"/lists/{list_id}/actions", "case_closed")
