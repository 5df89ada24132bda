"""Case lists: hand one in, see what became of it, and its hit report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import PurePosixPath
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import JSONResponse, Response

from gateway.domain.case_list import RowProblem
from gateway.domain.errors import CATALOGUE, Code, InvalidInput
from gateway.domain.identifiers import CaseListId, MaracId
from gateway.domain.lookup import LookupOutcome
from gateway.domain.reports import HitReport, HitRow
from gateway.policy import permissions
from gateway.policy.permissions import Act, check_can
from gateway.presenting import report_csv
from gateway.services import hits, intake, reaching
from gateway.services.ports import CaseListSummary
from gateway.store.unit_of_work import SqlWork
from gateway.web import deadlines
from gateway.web.deadlines import Deadlines
from gateway.web.reader import Posting, Reader, Reading, Watching

router = APIRouter(include_in_schema=False)


@router.get("/lists")
def overview(reader: Reading) -> Response:
    """All lists of the reader's Maracs, newest meeting first."""
    return _overview(reader)


def _overview(reader: Reader, problems: Sequence[RowProblem] = (), status: int = 200) -> Response:
    check_can(reader.actor, Act.VIEW_LIST)
    lists = reader.do(lambda work: _with_deadlines(work, reader))
    told = [(p, CATALOGUE[Code(p.code)]) for p in problems]
    return reader.page(
        "lists.html", status=status, lists=lists, maracs=sorted(reader.actor.marac_ids), problems=told, today=reader.gateway.today()
    )


def _with_deadlines(work: SqlWork, reader: Reader) -> list[tuple[CaseListSummary, Deadlines]]:
    found = sorted(work.case_lists.summaries(reader.actor.marac_ids), key=lambda s: (s.meeting_date, s.issue), reverse=True)
    return [(s, deadlines.of_meeting(work, reader.gateway.holidays, s.marac_id, s.meeting_date)) for s in found]


@router.post("/lists")
def hand_in(
    reader: Posting, file: Annotated[UploadFile, File()], marac: Annotated[str, Form()], meeting_date: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Take a list; errors in it are shown by row and column, without its values."""
    check_can(reader.actor, Act.RECEIVE_LIST, marac_id=MaracId(marac))
    try:
        parsed = reader.gateway.read_case_list(file.file.read(), PurePosixPath(file.filename or "").suffix)
        if parsed.refused:
            return _overview(reader, parsed.problems, 422)
        when = _date(meeting_date)
        receipt = reader.do(lambda work: intake.receive_case_list(work, reader.actor, MaracId(marac), parsed, when))
    except InvalidInput as fault:
        return _overview(reader, [RowProblem(0, "", fault.code)], 422)
    done = "repeated" if receipt.repeated else "received" if receipt.issue == 1 else "corrected"
    return reader.back_to(f"/lists/{receipt.list_id}", done)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput(Code.REQUEST_MALFORMED) from None


@router.get("/lists/template.{kind}")
def template(reader: Reading, kind: Literal["xlsx", "csv"]) -> Response:
    """A blank list to fill in."""
    check_can(reader.actor, Act.VIEW_LIST)
    headers = {"Content-Disposition": f'attachment; filename="list.{kind}"'}
    return Response(reader.gateway.case_list_template(kind), media_type="application/octet-stream", headers=headers)


@router.get("/lists/{list_id}")
def report(reader: Reading, list_id: UUID, state: str = "", agency: str = "") -> Response:
    """The hit report: every person, every agency, one of six states."""
    made, wrong, asked, left = reader.do(lambda work: _made(work, reader, CaseListId(list_id)))
    wanted = LookupOutcome(state) if state in LookupOutcome.__members__ else None
    at = next((a for a in made.agencies if a.id == agency), None)
    shown = [row for row in made.rows if _wanted(row, wanted, at.id if at else "")]
    return reader.page(
        "report.html", report=made, cases=_by_case(shown), shown=len(shown), problems=[(p, CATALOGUE[Code(p.code)]) for p in wrong],
        bars=_bars(made), state=wanted, agency=at, asked=asked, left=left, mine=reader.actor.agency_id, not_yet=_not_yet_asked(made), catalogue=CATALOGUE, codes=Code.__members__,
    )  # fmt: skip


def _made(work: SqlWork, reader: Reader, list_id: CaseListId) -> tuple[HitReport, Sequence[RowProblem], int, int]:
    """The progress is read first: an answer that comes meanwhile leaves the page waiting for it, never final without it."""
    asked, left = _progress(work, reader, list_id)
    return hits.compile_report(work, reader.actor, list_id), intake.problems(work, reader.actor, list_id), asked, left


def _wanted(row: HitRow, state: LookupOutcome | None, agency: str) -> bool:
    return any((not state or cell.outcome is state) and (not agency or cell.agency_id == agency) for cell in row.cells)


def _not_yet_asked(made: HitReport) -> bool:
    """Whether an agency sits at the table that no question was ever made for."""
    return any(cell.reason == Code.NOT_YET_ASKED for row in made.rows for cell in row.cells)


def _by_case(rows: Sequence[HitRow]) -> dict[str, list[HitRow]]:
    cases: dict[str, list[HitRow]] = {}
    for row in rows:
        cases.setdefault(row.case_number, []).append(row)
    return cases


def _bars(made: HitReport) -> list[tuple[LookupOutcome, int, float]]:
    total = sum(made.states.values()) or 1
    return [(outcome, made.states.get(outcome, 0), 100 * made.states.get(outcome, 0) / total) for outcome in LookupOutcome]


_WAITING = frozenset({Code.AWAITED, Code.ASKED_AGAIN})


def _progress(work: SqlWork, reader: Reader, list_id: CaseListId) -> tuple[int, int]:
    """Of the systems that the reader may see: how many were asked, and how many of them have not answered yet."""
    reaching.list_for(work, reader.actor, Act.VIEW_REPORT, list_id)
    others = bool(permissions.roles_granting(reader.actor, Act.VIEW_OTHER_AGENCIES))
    found = [k for k in work.lookups.states(list_id) if others or k.agency_id == reader.actor.agency_id]
    return len(found), sum(k.reason in _WAITING for k in found)


@router.get("/lists/{list_id}/progress")
def progress(reader: Watching, list_id: UUID) -> Response:
    """How far the asking is: two numbers, for the page's own script. Nobody's session lasts longer for it."""
    asked, left = reader.do(lambda work: _progress(work, reader, CaseListId(list_id)))
    return JSONResponse({"asked": asked, "left": left})


@router.post("/lists/{list_id}/export")
def export(reader: Posting, list_id: UUID) -> Response:
    """The report as CSV: fixed columns, inert cells, a neutral file name."""
    made = reader.do(lambda work: hits.compile_report(work, reader.actor, CaseListId(list_id)))
    headers = {"Content-Disposition": 'attachment; filename="report.csv"'}
    return Response(report_csv(hits.rows(made)), media_type="text/csv; charset=utf-8", headers=headers)
