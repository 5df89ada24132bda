"""Case lists, their hit reports and possible matches."""

from __future__ import annotations

from datetime import date
from pathlib import PurePosixPath
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, File, Form, Response, UploadFile

from gateway.api.caller import Calling, Writing
from gateway.api.problems import FileRefused
from gateway.api.schemas import (
    AnswerIn,
    CaseIn,
    DecisionIn,
    ListOut,
    LookupOut,
    OpenIn,
    PossibleOut,
    ProblemRow,
    ReceiptOut,
    ReportOut,
    StartedOut,
)
from gateway.domain.identifiers import CaseListId, LookupId, MaracId
from gateway.policy import permissions
from gateway.services import closing, hits, intake, lookups
from gateway.store.unit_of_work import SqlWork

router = APIRouter(tags=["case lists"])


@router.post("/case-lists", response_model=ReceiptOut, status_code=201)
def receive(
    caller: Writing, file: Annotated[UploadFile, File()], marac: Annotated[str, Form(max_length=100)],
    meeting_date: Annotated[date | None, Form()] = None,
) -> Response:  # fmt: skip
    """Hand in a case list (.xlsx or .csv). The same list again changes nothing; a corrected one is taken as the next issue."""
    permissions.check_can(caller.actor, permissions.Act.RECEIVE_LIST, marac_id=MaracId(marac))
    parsed = caller.gateway.read_case_list(file.file.read(), PurePosixPath(file.filename or "").suffix)
    if parsed.refused:
        raise FileRefused(parsed.problems)
    return caller.write(
        lambda work: ReceiptOut.of(intake.receive_case_list(work, caller.actor, MaracId(marac), parsed, meeting_date)), status=201
    )


@router.get("/case-lists/template", response_class=Response)
def template(
    caller: Calling, kind: Literal["xlsx", "csv"] = "xlsx", layout: Literal["row-per-case", "row-per-person"] = "row-per-case"
) -> Response:
    """A blank list to fill in."""
    permissions.check_can(caller.actor, permissions.Act.VIEW_LIST)
    media = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv"}[kind]
    headers = {"Content-Disposition": f'attachment; filename="list.{kind}"'}
    return Response(caller.gateway.case_list_template(f"{layout}.{kind}"), media_type=media, headers=headers)


@router.get("/case-lists")
def overview(caller: Calling) -> list[ListOut]:
    """The lists of the caller's Maracs: dates and counts."""
    permissions.check_can(caller.actor, permissions.Act.VIEW_LIST)
    return [ListOut.of(s) for s in caller.read(lambda work: work.case_lists.summaries(caller.actor.marac_ids))]


@router.get("/case-lists/{list_id}/problems")
def problems(caller: Calling, list_id: UUID) -> list[ProblemRow]:
    """What was wrong in the file, by row and column."""
    return [ProblemRow.of(p) for p in caller.read(lambda work: intake.problems(work, caller.actor, CaseListId(list_id)))]


@router.get("/case-lists/{list_id}/report")
def report(caller: Calling, list_id: UUID) -> ReportOut:
    """The hit report, as this caller may see it."""
    return ReportOut.of(caller.read(lambda work: hits.compile_report(work, caller.actor, CaseListId(list_id))))


@router.get("/case-lists/{list_id}/possible-matches")
def possible(caller: Calling, list_id: UUID) -> list[PossibleOut]:
    """What is still to be settled at the caller's agency."""
    return [PossibleOut.of(m) for m in caller.read(lambda work: hits.possible_matches(work, caller.actor, CaseListId(list_id)))]


@router.get("/look-ups/{lookup_id}")
def explained(caller: Calling, lookup_id: UUID) -> PossibleOut:
    """One look-up of the caller's agency, whatever its state: the person, the records, and why each was linked, left to a person or left out."""
    return PossibleOut.of(caller.read(lambda work: hits.possible_match(work, caller.actor, LookupId(lookup_id))))


@router.post("/look-ups/{lookup_id}/decision", response_model=LookupOut)
def decide(caller: Writing, lookup_id: UUID, given: DecisionIn) -> Response:
    """Settle a possible match: this record, or none of those offered."""
    return caller.write(
        lambda work: LookupOut.of(
            hits.settle_match(work, caller.actor, LookupId(lookup_id), given.record_id, given.note, given.version)
        )
    )


@router.post("/look-ups/{lookup_id}/answer", response_model=StartedOut)
def answer_by_hand(caller: Writing, lookup_id: UUID, given: AnswerIn) -> Response:
    """Say what was found by looking in the agency's own system."""

    def act(work: SqlWork) -> StartedOut:
        lookups.record_by_hand(work, caller.actor, LookupId(lookup_id), given.known, given.note, given.version)
        return StartedOut(started=0)

    return caller.write(act)


@router.post("/look-ups/{lookup_id}/open-to-service", response_model=StartedOut)
def open_to_service(caller: Writing, lookup_id: UUID, given: OpenIn) -> Response:
    """Say whether the person is open to the agency's services."""

    def act(work: SqlWork) -> StartedOut:
        lookups.record_open_to_service(work, caller.actor, LookupId(lookup_id), given.open_to_service, given.note, given.version)
        return StartedOut(started=0)

    return caller.write(act)


@router.post("/look-ups/{lookup_id}/ask-again", response_model=StartedOut)
def ask_again(caller: Writing, lookup_id: UUID) -> Response:
    """Ask the system once more, under the agreement as it is today."""

    def act(work: SqlWork) -> StartedOut:
        lookups.ask_again(work, caller.actor, LookupId(lookup_id))
        return StartedOut(started=1)

    return caller.write(act)


@router.post("/case-lists/{list_id}/ask-missing", response_model=StartedOut)
def ask_missing(caller: Writing, list_id: UUID) -> Response:
    """Ask the agencies and systems that joined after the list came."""
    return caller.write(lambda work: StartedOut(started=lookups.ask_missing(work, caller.actor, CaseListId(list_id))))


@router.post("/case-lists/{list_id}/cases/close", response_model=StartedOut)
def close_case(caller: Writing, list_id: UUID, given: CaseIn) -> Response:
    """Close a case: its alerts are removed at every agency, and each removal is read back. ``started`` counts the removals."""

    return caller.write(
        lambda work: StartedOut(started=closing.close_case(work, caller.actor, CaseListId(list_id), given.case_number))
    )
