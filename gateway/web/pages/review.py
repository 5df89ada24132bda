"""Possible matches: a person beside the records that may be theirs, and the decision."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import Response

from gateway.domain.errors import CATALOGUE, Code, InvalidInput
from gateway.domain.identifiers import CaseListId, LookupId
from gateway.services import hits, lookups
from gateway.web.reader import Posting, Reading

router = APIRouter(include_in_schema=False)

THIS, NOBODY = "this:", "nobody"


@router.get("/lists/{list_id}/review")
def work_list(reader: Reading, list_id: UUID) -> Response:
    """What is still to be settled at the reader's agency, one after the other."""
    found = reader.do(lambda work: hits.possible_matches(work, reader.actor, CaseListId(list_id)))
    return reader.page("review.html", list_id=list_id, matches=found, catalogue=CATALOGUE, codes=Code.__members__)


@router.post("/lists/{list_id}/review")
def decide(
    reader: Posting, list_id: UUID, lookup_id: Annotated[UUID, Form()], version: Annotated[int, Form()],
    record: Annotated[str, Form()], note: Annotated[str, Form(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """This record (``this:`` and its number), or ``nobody``. A form without a choice decides nothing."""
    if record != NOBODY and not record.startswith(THIS):
        raise InvalidInput(Code.REQUEST_MALFORMED)
    chosen = None if record == NOBODY else record.removeprefix(THIS)
    reader.do(lambda work: hits.settle_match(work, reader.actor, LookupId(lookup_id), chosen, note, version))
    return reader.back_to(f"/lists/{list_id}/review", "settled" if chosen else "none")


@router.post("/lists/{list_id}/answer")
def by_hand(
    reader: Posting, list_id: UUID, lookup_id: Annotated[UUID, Form()], version: Annotated[int, Form()],
    known: Annotated[bool, Form()], note: Annotated[str, Form(max_length=2000)], *, from_review: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """What a person found by looking in their own system."""
    reader.do(lambda work: lookups.record_by_hand(work, reader.actor, LookupId(lookup_id), known, note, version))
    return reader.back_to(f"/lists/{list_id}/review" if from_review else f"/lists/{list_id}", "answered")


@router.post("/lists/{list_id}/ask-again")
def ask_again(reader: Posting, list_id: UUID, lookup_id: Annotated[UUID, Form()]) -> Response:
    """Ask the system once more."""
    reader.do(lambda work: lookups.ask_again(work, reader.actor, LookupId(lookup_id)))
    return reader.back_to(f"/lists/{list_id}", "asked")


@router.post("/lists/{list_id}/ask-missing")
def ask_missing(reader: Posting, list_id: UUID) -> Response:
    """Ask the agencies and systems that joined after the list came."""
    reader.do(lambda work: lookups.ask_missing(work, reader.actor, CaseListId(list_id)))
    return reader.back_to(f"/lists/{list_id}", "asked_missing")
