"""Actions of a list: assigned at the meeting, closed by the agency's own answer."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import Response

from gateway.domain.actions import ACTION_MACHINE
from gateway.domain.errors import CATALOGUE, Code, InvalidInput
from gateway.domain.identifiers import ActionId, AgencyId, CaseListId
from gateway.services import actions
from gateway.services.actions import NewAction
from gateway.web.reader import Posting, Reader, Reading

router = APIRouter(include_in_schema=False)


@router.get("/lists/{list_id}/actions")
def overview(reader: Reading, list_id: UUID) -> Response:
    """Who has to do what by when, and how it ended."""
    return _overview(reader, list_id)


def _overview(reader: Reader, list_id: UUID, problems: object = (), status: int = 200) -> Response:
    found = reader.do(lambda work: actions.of_list(work, reader.actor, CaseListId(list_id)))
    agencies = {a.agency_id: a.name for a in reader.gateway.agreements.all()}
    told = [(p, CATALOGUE[Code(p.code)]) for p in problems]  # type: ignore[attr-defined]
    return reader.page(
        "actions.html", status=status, list_id=list_id, actions=found, agencies=agencies, ends=ACTION_MACHINE.ends(),
        today=reader.gateway.today(), problems=told,
    )  # fmt: skip


@router.post("/lists/{list_id}/actions")
def assign(
    reader: Posting, list_id: UUID, case_number: Annotated[str, Form(max_length=100)], agency: Annotated[str, Form(max_length=100)],
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
    read = reader.gateway.read_actions(file.file.read())
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
