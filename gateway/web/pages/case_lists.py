"""Case lists: hand one in, see what became of it, and its hit report."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import PurePosixPath
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import RedirectResponse, Response

from gateway.domain.errors import CATALOGUE, Code, InvalidInput
from gateway.domain.identifiers import CaseListId, MaracId
from gateway.domain.lookup import LookupOutcome
from gateway.policy.permissions import Act, check_can
from gateway.services import hits, intake
from gateway.web.reader import Posting, Reader, Reading

router = APIRouter(include_in_schema=False)


@router.get("/")
def start(reader: Reading) -> Response:
    """The first page that the reader may open."""
    if reader.may(Act.VIEW_LIST):
        return RedirectResponse("/lists")
    return RedirectResponse("/queue" if reader.may(Act.VIEW_QUEUE) else "/audit")


@router.get("/lists")
def overview(reader: Reading) -> Response:
    """All lists of the reader's Maracs, newest meeting first."""
    check_can(reader.actor, Act.VIEW_LIST)
    found = reader.do(lambda work: work.case_lists.summaries(reader.actor.marac_ids))
    lists = sorted(found, key=lambda s: (s.meeting_date, s.issue), reverse=True)
    return reader.page("lists.html", lists=lists, maracs=sorted(reader.actor.marac_ids), problems=())


@router.post("/lists")
def hand_in(
    reader: Posting, file: Annotated[UploadFile, File()], marac: Annotated[str, Form()], meeting_date: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Take a list; errors in it are shown by row and column, without its values."""
    check_can(reader.actor, Act.RECEIVE_LIST, marac_id=MaracId(marac))
    parsed = reader.gateway.read_case_list(file.file.read(), PurePosixPath(file.filename or "").suffix)
    if parsed.refused:
        return _refused(reader, parsed.problems)
    when = _date(meeting_date)
    receipt = reader.do(lambda work: intake.receive_case_list(work, reader.actor, MaracId(marac), parsed, when))
    return reader.back_to(f"/lists/{receipt.list_id}", "repeated" if receipt.repeated else "received")


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput(Code.REQUEST_MALFORMED) from None


def _refused(reader: Reader, problems: object) -> Response:
    found = reader.do(lambda work: work.case_lists.summaries(reader.actor.marac_ids))
    told = [(p, CATALOGUE[Code(p.code)]) for p in problems]  # type: ignore[attr-defined]
    return reader.page(
        "lists.html", status=422, lists=found, maracs=sorted(reader.actor.marac_ids), problems=told
    )


@router.get("/lists/template.{kind}")
def template(reader: Reading, kind: Literal["xlsx", "csv"]) -> Response:
    """A blank list to fill in."""
    check_can(reader.actor, Act.VIEW_LIST)
    headers = {"Content-Disposition": f'attachment; filename="list.{kind}"'}
    return Response(reader.gateway.case_list_template(kind), media_type="application/octet-stream", headers=headers)


@router.get("/lists/{list_id}")
def report(reader: Reading, list_id: UUID, state: str = "", agency: str = "") -> Response:
    """The hit report: every person, every agency, one of six states."""
    made = reader.do(lambda work: hits.compile_report(work, reader.actor, CaseListId(list_id)))
    wrong = reader.do(lambda work: intake.problems(work, reader.actor, CaseListId(list_id)))
    told = [(p, CATALOGUE[Code(p.code)]) for p in wrong]
    shown = [row for row in made.rows if any(_wanted(cell, state, agency) for cell in row.cells)]
    total = sum(made.states.values()) or 1
    bars = [(outcome, made.states.get(outcome, 0), 100 * made.states.get(outcome, 0) / total) for outcome in LookupOutcome]
    return reader.page(
        "report.html", report=made, rows=shown, problems=told, bars=bars, state=state, agency=agency, outcomes=list(LookupOutcome),
        waiting=0 if made.complete else made.states.get(LookupOutcome.NOT_ASKED, 0), catalogue=CATALOGUE, codes=Code.__members__,
    )  # fmt: skip


def _wanted(cell: object, state: str, agency: str) -> bool:
    return (not state or cell.outcome == state) and (not agency or cell.agency_id == agency)  # type: ignore[attr-defined]


@router.post("/lists/{list_id}/export")
def export(reader: Posting, list_id: UUID) -> Response:
    """The report as CSV: fixed columns, inert cells, a neutral file name."""
    made = reader.do(lambda work: hits.compile_report(work, reader.actor, CaseListId(list_id)))
    rows = hits.rows(made)
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]) if rows else ["case"])
    writer.writeheader()
    writer.writerows(rows)
    return Response(
        out.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="report.csv"'},
    )  # fmt: skip
