"""Two small files of the days after a meeting: the actions that were set, and the agencies' answers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from gateway.domain.actions import CLOSED_BY, Completion
from gateway.domain.case_list import RowProblem
from gateway.domain.case_list_reading import ParsedAction, ParsedActions, ParsedCompletions
from gateway.domain.errors import Code
from gateway.domain.identifiers import AgencyId
from mappings.case_list.columns import words_of
from mappings.case_list.dates import Order, Reader, is_blank, order_of_file
from mappings.case_list.grid import Book, Cell, Row
from mappings.case_list.headings import column_letter, texts_of
from mappings.case_list.names import tidy
from mappings.case_list.people import Mark
from mappings.case_list.problems import holding, problem, stops

LOCAL_TIME = ZoneInfo("Europe/London")
MAX_ACTIONS = 5_000
_HORIZON = timedelta(days=730)
_AGENCY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class ActionField(StrEnum):
    """Columns of an actions file; the value is how a problem names them."""

    CASE_NUMBER = "case number"
    AGENCY = "agency"
    OWNER = "owner"
    TEXT = "action"
    DUE_ON = "due date"


class CompletionField(StrEnum):
    """Columns of a completions file."""

    REFERENCE = "reference"
    OUTCOME = "outcome"
    DETAIL = "detail"
    COMPLETED_AT = "completed at"


ACTION_HEADINGS: Mapping[ActionField, tuple[str, ...]] = {
    ActionField.CASE_NUMBER: ("case number", "case no", "case ref", "case reference", "case", "marac number", "marac no"),
    ActionField.AGENCY: ("agency", "agency id", "lead agency", "responsible agency", "organisation", "organization"),
    ActionField.OWNER: ("owner", "action owner", "who", "by whom", "lead", "responsible", "responsible person", "assigned to"),
    ActionField.TEXT: ("action", "action text", "text", "description", "actions", "what", "task"),
    ActionField.DUE_ON: ("due date", "due", "due on", "due by", "by when", "deadline", "target date", "complete by"),
}
COMPLETION_HEADINGS: Mapping[CompletionField, tuple[str, ...]] = {
    CompletionField.REFERENCE: ("reference", "ref", "action reference", "action ref", "action number", "action no", "action id"),
    CompletionField.OUTCOME: ("outcome", "result", "status", "answer"),
    CompletionField.DETAIL: ("detail", "details", "what was done", "comment", "comments", "notes", "reason"),
    CompletionField.COMPLETED_AT: ("completed at", "completed on", "completed", "date completed", "completion date", "done on", "date"),
}
OUTCOMES: Mapping[str, tuple[str, ...]] = {
    "completed": ("completed", "complete", "done", "yes"),
    "not_possible": ("not possible", "impossible", "not possible circumstances changed", "circumstances changed"),
    "not_done": ("not done", "not completed", "incomplete", "outstanding"),
}
_OUTCOME_OF = {frozenset(words_of(text)): outcome for outcome, texts in OUTCOMES.items() for text in texts}
_F = TypeVar("_F", bound=StrEnum)
_T = TypeVar("_T")
_RowReader = Callable[[int, Mapping[_F, Cell], list[RowProblem], list[Mark]], _T | None]


def read_actions(book: Book, today: date) -> ParsedActions:
    """The actions of a file. An empty due date is allowed; a row with any other gap is held and stands only in the problems."""

    def one(row: int, cells: Mapping[ActionField, Cell], found: list[RowProblem], marks: list[Mark]) -> ParsedAction:
        return ParsedAction(
            case_number=_required(row, cells, ActionField.CASE_NUMBER, Code.CASE_NUMBER_MISSING, found),
            agency_id=_agency(row, cells, found),
            owner=_required(row, cells, ActionField.OWNER, Code.OWNER_MISSING, found),
            text=_required(row, cells, ActionField.TEXT, Code.TEXT_REQUIRED, found),
            due_on=_due(row, cells, today, Reader(today, book.year_zero), found, marks),
            row=row,
        )

    actions, problems = _read(book, ACTION_HEADINGS, frozenset({ActionField.DUE_ON}), one)
    return ParsedActions(actions, problems)


def read_completions(book: Book, now: datetime) -> ParsedCompletions:
    """The answers of a file. Times without a zone are London's; an empty time is the time of reading, ``now`` (with a zone)."""

    def one(row: int, cells: Mapping[CompletionField, Cell], found: list[RowProblem], marks: list[Mark]) -> Completion:
        del marks  # a day that is over is near enough to now for its order to show
        reference = _required(row, cells, CompletionField.REFERENCE, Code.REFERENCE_MISSING, found)
        detail = _required(row, cells, CompletionField.DETAIL, Code.DETAIL_REQUIRED, found)
        outcome = _outcome(row, cells, found)
        at, given = _completed_at(row, cells, now, Reader(now.date(), book.year_zero), found)
        return Completion(reference, outcome, detail, at, source="csv", key=_key(reference, outcome, detail, given))

    completions, problems = _read(book, COMPLETION_HEADINGS, frozenset({CompletionField.COMPLETED_AT}), one)
    return ParsedCompletions(completions, problems)


def _read(
    book: Book, headings: Mapping[_F, tuple[str, ...]], optional: frozenset[_F], one: _RowReader[_F, _T]
) -> tuple[tuple[_T, ...], tuple[RowProblem, ...]]:
    """The rows that are let in, and every finding; with an error, no row."""
    found = [problem(Code(code)) for code in book.codes] + [problem(Code(code), row) for row, code in book.faults]
    rows = next((sheet.rows for sheet in book.sheets if not sheet.hidden and sheet.rows), {})
    first = min(rows, default=0)
    columns, about_headings = _columns(rows.get(first, ()), first, headings, optional)
    found.extend(about_headings)
    marks: list[Mark] = []
    values: list[_T] = []
    for number, row in sorted(rows.items()) if not stops(found) else ():
        of_row: list[RowProblem] = []
        value = one(number, _cells(row, columns), of_row, marks) if number > first and any(row) else None
        found.extend(of_row)
        if value is not None and not holding(of_row):
            values.append(value)
    found.extend(_about_dates(marks))
    if not stops(found) and (not columns or len(rows) < 2 or len(values) > MAX_ACTIONS):
        found.append(problem(Code.LIST_TOO_LONG if len(values) > MAX_ACTIONS else Code.LIST_EMPTY))
    return (() if stops(found) else tuple(values)), tuple(dict.fromkeys(found))


def _columns(
    row: Row, number: int, headings: Mapping[_F, tuple[str, ...]], optional: frozenset[_F]
) -> tuple[dict[int, _F], list[RowProblem]]:
    meaning = {frozenset(words_of(text)): field for field, texts in headings.items() for text in texts}
    columns: dict[int, _F] = {}
    found: list[RowProblem] = []
    for at, text in texts_of(row).items():
        field = meaning.get(frozenset(words_of(text)))
        if field is None:
            found.append(problem(Code.HEADING_UNKNOWN, number, column_letter(at)))
        elif field in columns.values():
            found.append(problem(Code.HEADING_AMBIGUOUS, number, f"{field.value} ({column_letter(at)})"))
        else:
            columns[at] = field
    missing = [field for field in headings if field not in columns.values() and field not in optional]
    if row and missing:
        found.append(problem(Code.HEADINGS_NOT_FOUND, number, missing[0].value))
    return columns, found


def _cells(row: Row, columns: Mapping[int, _F]) -> dict[_F, Cell]:
    return {columns[at]: cell for at, cell in enumerate(row) if cell and at in columns and not is_blank(cell)}


def _required(row: int, cells: Mapping[_F, Cell], field: _F, missing: Code, found: list[RowProblem]) -> str:
    cell = cells.get(field)
    if cell is None or cell.kind in ("error", "uncalculated"):
        found.append(problem(missing, row, field.value))
        return ""
    return tidy(cell.plain()) if field is not CompletionField.DETAIL else cell.plain().strip()


def _agency(row: int, cells: Mapping[ActionField, Cell], found: list[RowProblem]) -> AgencyId:
    """The agency's id; "Northmoor Police" is taken for ``northmoor-police``. Whether it sits at the table, the service knows."""
    cell = cells.get(ActionField.AGENCY)
    name = re.sub(r"[\s_]+", "-", cell.plain().strip().lower()) if cell else ""
    if not _AGENCY.fullmatch(name):
        found.append(problem(Code.AGENCY_NOT_READ, row, ActionField.AGENCY.value))
    return AgencyId(name)


def _due(
    row: int, cells: Mapping[ActionField, Cell], today: date, dates: Reader, found: list[RowProblem], marks: list[Mark]
) -> date | None:
    cell = cells.get(ActionField.DUE_ON)
    if cell is None:
        return None
    read = dates.day(cell)
    marks.extend(Mark(row, ActionField.DUE_ON.value, order) for order in read.orders)
    day = read.dates[0].whole if len(read.dates) == 1 else None
    if day is None or abs(day - today) > _HORIZON:
        found.append(problem(Code.DUE_DATE_NOT_READ, row, ActionField.DUE_ON.value))
    return day


def _outcome(row: int, cells: Mapping[CompletionField, Cell], found: list[RowProblem]) -> str:
    cell = cells.get(CompletionField.OUTCOME)
    outcome = _OUTCOME_OF.get(frozenset(words_of(cell.plain()))) if cell else None
    if outcome not in CLOSED_BY:
        found.append(problem(Code.OUTCOME_UNKNOWN, row, CompletionField.OUTCOME.value))
    return outcome or ""


def _completed_at(
    row: int, cells: Mapping[CompletionField, Cell], now: datetime, dates: Reader, found: list[RowProblem]
) -> tuple[datetime, str]:
    """When it was completed, and the time as it counts for the key ("" where none was given)."""
    cell = cells.get(CompletionField.COMPLETED_AT)
    if cell is None:
        return now, ""
    moment = dates.moment(cell)
    local = moment.replace(tzinfo=LOCAL_TIME) if moment else None
    if local is None or local > now + timedelta(days=1) or local < now - _HORIZON:
        found.append(problem(Code.COMPLETED_AT_NOT_READ, row, CompletionField.COMPLETED_AT.value))
        return now, ""
    return min(local, now), local.isoformat()


def _key(*parts: str) -> str:
    """The same for the same answer, so that a row that comes again counts once."""
    return "csv:" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _about_dates(marks: list[Mark]) -> Iterator[RowProblem]:
    """Only what makes the dates uncertain stops the file: a few due dates rarely prove their order, and a person sees them."""
    code = order_of_file(mark.order for mark in marks)
    against = [mark for mark in marks if mark.order is Order.MONTH_FIRST]
    if code:
        yield from (problem(code, mark.row, mark.column) for mark in (against or [Mark(0, "", Order.EITHER)]))
