"""A file of cells as a case list: everything read, every doubt named with its place, and nothing let in that is in doubt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from gateway.domain.case_list import RowProblem
from gateway.domain.case_list_reading import Layout, ParsedList
from gateway.domain.errors import Code
from mappings.case_list.cases import Draft, check_case, check_list, settle, to_cases
from mappings.case_list.columns import Field, recognise
from mappings.case_list.dates import Order, Reader, dates_within, order_of_file
from mappings.case_list.grid import Book, Cell, Sheet
from mappings.case_list.headings import Headings, heading_row, read_headings
from mappings.case_list.people import Mark
from mappings.case_list.problems import problem, stops
from mappings.case_list.rows import CaseRow, read_rows

MAX_CASES = 500
NOTES_SHEET = "How to fill in this list"
"""First cell of the template's second sheet; a sheet that begins so is not reported as left out."""


def read_list(book: Book, today: date) -> ParsedList:
    """The list in a file. ``today`` tells what lies in the future. With an error in ``problems`` no case is given at all."""
    found = [problem(Code(code)) for code in book.codes] + [problem(Code(code), row) for row, code in book.faults]
    sheet, row, about_sheets = _choose_sheet(book)
    found.extend(about_sheets)
    if sheet is None or stops(found):
        return _refused(found)
    headings = read_headings(sheet, row)
    found.extend(headings.problems)
    if stops(found):
        return _refused(found, headings.layout)
    return _read(book, sheet, headings, found, Reader(today, book.year_zero))


def _refused(found: Iterable[RowProblem], layout: Layout = Layout.ROW_PER_PERSON) -> ParsedList:
    return ParsedList(None, (), _in_order(found), (), layout)


def _in_order(found: Iterable[RowProblem]) -> tuple[RowProblem, ...]:
    """Each finding once, by row and column."""
    return tuple(sorted(dict.fromkeys(found), key=lambda p: (p.row, p.column, p.code)))


def _choose_sheet(book: Book) -> tuple[Sheet | None, int, list[RowProblem]]:
    """The one visible sheet with known headings, and what is said of the others."""
    found: list[RowProblem] = []
    lists: list[tuple[Sheet, int]] = []
    for sheet in filter(_has_content, book.sheets):
        row = heading_row(sheet)
        if sheet.hidden:
            found.append(problem(Code.SHEET_HIDDEN))
        elif row is None:
            found.append(problem(Code.SHEET_NOT_READ))
        else:
            lists.append((sheet, row))
    if len(lists) == 1:
        return *lists[0], found
    seen = any(_has_content(sheet) for sheet in book.sheets)
    code = Code.SEVERAL_LISTS_IN_FILE if lists else Code.HEADINGS_NOT_FOUND if seen else Code.LIST_EMPTY
    return None, 0, [*found, problem(code)]


def _has_content(sheet: Sheet) -> bool:
    first = next((cell for row in sheet.rows.values() for cell in row if cell), None)
    return first is not None and first.text != NOTES_SHEET


def _read(book: Book, sheet: Sheet, headings: Headings, found: list[RowProblem], dates: Reader) -> ParsedList:
    rows = read_rows(sheet, headings, dates, delimited=not book.year_zero)
    found.extend(rows.problems)
    meeting_date, about_meeting = _meeting_date(rows.rows, sheet, headings, dates)
    drafts = to_cases(rows.rows, headings.layout)
    if len(drafts) > MAX_CASES:
        return _refused([*found, problem(Code.LIST_TOO_LONG)], headings.layout)
    for draft in drafts:
        check_case(draft)
    found.extend([*about_meeting, *_about_dates(rows.rows), *check_list(drafts), *_about_size(drafts, rows.rows, headings)])
    found.extend(problem(Code.TOTAL_DIFFERS, row) for row, total in rows.totals if total not in (len(drafts), len(rows.rows)))
    found.extend(p for draft in drafts for p in [*draft.problems, *(p for entry in draft.entries for p in entry.problems)])
    if stops(found):
        return _refused(found, headings.layout)
    settled = [settle(draft) for draft in drafts]
    cases = tuple(case for case, _ in settled if case)
    return ParsedList(meeting_date, cases, _in_order(found), tuple(h for _, held in settled for h in held), headings.layout)


def _about_size(drafts: list[Draft], rows: list[CaseRow], headings: Headings) -> Iterator[RowProblem]:
    if not drafts:
        yield problem(Code.LIST_EMPTY)
    numbered = any(row.number for row in rows)
    if headings.layout is Layout.ROW_PER_PERSON and not numbered and drafts and not _begins_with_victim(drafts):
        yield problem(Code.CASES_NOT_SEPARATED)


def _begins_with_victim(drafts: list[Draft]) -> bool:
    """Whether the first row that names somebody names a victim; only then may cases be told by their victims."""
    entries = [entry for draft in drafts for row in draft.rows for entry in row.entries]
    return bool(entries) and entries[0].role is not None and entries[0].role.value == "victim"


def _about_dates(rows: Iterable[CaseRow]) -> Iterator[RowProblem]:
    """What the dates of the file together say about the order of day and month."""
    marks = [mark for row in rows for mark in [*row.marks, *(m for entry in row.entries for m in entry.marks)]]
    code = order_of_file(mark.order for mark in marks)
    against = [mark for mark in marks if mark.order is Order.MONTH_FIRST]
    if code:
        yield from (problem(code, mark.row, mark.column) for mark in (against or [Mark(0, "", Order.EITHER)]))


def _meeting_date(rows: Iterable[CaseRow], sheet: Sheet, headings: Headings, dates: Reader) -> tuple[date | None, list[RowProblem]]:
    """The date of the meeting, from its column or from a title above the headings; several are an error."""
    found = {row.meeting_date: row.row for row in rows if row.meeting_date}
    titles = [day for number, row in sheet.rows.items() if number < headings.row for day in _dates_of_title(row, dates)]
    every = {**dict.fromkeys(titles, 0), **found}
    if len(every) > 1:
        return None, [problem(Code.MEETING_DATES_DIFFER, max(every.values()), Field.MEETING_DATE.value)]
    return next(iter(every), None), []


def _dates_of_title(row: Iterable[Cell | None], dates: Reader) -> Iterator[date]:
    """Dates in a title row: in a text that speaks of a meeting, or in the cell after the label."""
    labelled = False
    for cell in filter(None, row):
        column = recognise(cell.text) if cell.kind == "text" else None
        if labelled or (cell.kind == "text" and re.search(r"\bmeeting\b|\bmarac\b|\bconference\b", cell.text, re.IGNORECASE)):
            inside = dates_within(cell.text) if cell.kind == "text" else []
            read = dates.day(Cell("text", inside[0]) if len(inside) == 1 else cell) if inside or labelled else None
            whole = read.dates[0].whole if read and len(read.dates) == 1 else None
            yield from [whole] if whole else []
        labelled = column is not None and column.field is Field.MEETING_DATE
