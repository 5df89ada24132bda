"""Rows under known headings: merged cells filled in, totals and repeated headings set aside, and what each row says of its case."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from gateway.domain.case_list import Role, RowProblem
from gateway.domain.case_list_reading import Layout
from gateway.domain.errors import Code
from gateway.domain.sealed import Sealed
from mappings.case_list.columns import CASE_FIELDS, ROLE_WORDS, Column, Field, words_of
from mappings.case_list.contact import read_yes_no
from mappings.case_list.dates import Reader, is_blank
from mappings.case_list.grid import Cell, Row, Sheet
from mappings.case_list.headings import Headings, column_letter, is_heading_again, is_other_table
from mappings.case_list.names import tidy
from mappings.case_list.people import Entry, Mark, read_people
from mappings.case_list.problems import problem

_TOTAL = re.compile(
    r"(?:grand |sub ?)?totals?\b.*|(?:total )?(?:number|no\.?|count) of (?:cases|victims|people)\b.*|(?:cases|count)\s*[:=].*",
    re.IGNORECASE,
)
_MOST_TOTAL_CELLS = 4
MAX_TEXT = 1_000
"""Characters in a cell that is read; notes may be longer."""
_ROLE_LETTERS = {"v": Role.VICTIM, "p": Role.PERPETRATOR, "c": Role.CHILD, "o": Role.OTHER, "other": Role.OTHER, "others": Role.OTHER}
_ROLE_OF = _ROLE_LETTERS | {word: role for role, words in ROLE_WORDS.items() for word in words}
_ROLE_FILLER = frozenset({"alleged", "the", "adult", "person", "of", "case", "primary", "main", "s"})


@dataclass(frozen=True, slots=True, repr=False)
class CaseRow(Sealed):
    """What one row says: the case number as written ("" if none), the people, and the case's own cells."""

    row: int
    number: str
    entries: tuple[Entry, ...]
    referral_date: date | None = None
    repeat: bool | None = None
    notes: str = ""
    meeting_date: date | None = None
    problems: tuple[RowProblem, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(slots=True, repr=False)
class RowsRead(Sealed):
    """All rows of a sheet, the totals found in it, and findings that belong to no case."""

    rows: list[CaseRow] = field(default_factory=list)
    totals: list[tuple[int, int]] = field(default_factory=list)
    """(row, number) of each totals row that gives a number."""
    problems: list[RowProblem] = field(default_factory=list)


def read_rows(sheet: Sheet, headings: Headings, dates: Reader, *, delimited: bool) -> RowsRead:
    """Every row below the headings."""
    read = RowsRead()
    below = {number: row for number, row in sheet.rows.items() if number > headings.row}
    usual = Counter(len(row) for row in below.values() if any(row)).most_common(1)
    width = max(headings.width, usual[0][0] if usual else 0)
    for number, row in sorted(_merges_filled(below, sheet).items()):
        if is_heading_again(headings, row):
            continue
        if is_other_table(row):
            read.problems.append(problem(Code.SEVERAL_TABLES_ON_SHEET, number))
        elif _is_total(row):
            _set_aside(number, row, read)
        else:
            shifted = delimited and _is_shifted(row, headings, width, usual[0][1] * 3 >= len(below) * 2)
            found = [Code.ROW_HIDDEN] * (number in sheet.hidden_rows) + [Code.ROW_SHIFTED] * shifted
            read.rows.append(_read_row(number, row, headings, dates, found))
    read.problems.extend(_cells_without_heading(below, headings))
    return read


def _merges_filled(rows: Mapping[int, Row], sheet: Sheet) -> dict[int, Row]:
    """The rows with the value of a cell that is merged downwards in every row it covers; rows of nothing else stay out."""
    filled = {number: list(row) for number, row in rows.items() if any(row)}
    for top, left, bottom, _ in sheet.merged:
        first = rows.get(top, ())
        value = first[left] if left < len(first) else None
        for number in range(top + 1, bottom + 1) if value else ():
            if number in filled:
                filled[number].extend([None] * (left + 1 - len(filled[number])))
                filled[number][left] = filled[number][left] or value
    return {number: tuple(row) for number, row in filled.items()}


def _is_total(row: Row) -> bool:
    filled = [cell for cell in row if cell]
    return 0 < len(filled) <= _MOST_TOTAL_CELLS and filled[0].kind == "text" and bool(_TOTAL.fullmatch(tidy(filled[0].text)))


def _set_aside(number: int, row: Row, read: RowsRead) -> None:
    read.problems.append(problem(Code.TOTAL_ROW_LEFT_OUT, number))
    numbers = re.findall(r"\d+", " ".join(cell.text for cell in row if cell and cell.kind in ("text", "number")))
    if len(numbers) == 1:
        read.totals.append((number, int(numbers[0])))


def _is_shifted(row: Row, headings: Headings, width: int, regular: bool) -> bool:
    """More cells than the other rows, filled cells beyond the headings, or fewer where nearly all rows are alike (a cut-off row)."""
    return len(row) > width or any(row[headings.width :]) or (regular and len(row) < headings.width)


def _cells_without_heading(rows: Mapping[int, Row], headings: Headings) -> Iterator[RowProblem]:
    first: dict[int, int] = {}
    for number, row in sorted(rows.items(), reverse=True):
        first.update({at: number for at, cell in enumerate(row) if cell})
    unheaded = [at for at in sorted(first) if at not in headings.columns and column_letter(at) not in {p.column for p in headings.problems}]
    return (problem(Code.COLUMN_WITHOUT_HEADING, first[at], column_letter(at)) for at in unheaded)


def _read_row(number: int, row: Row, headings: Headings, dates: Reader, found: Sequence[Code]) -> CaseRow:
    cells: dict[Column, list[Cell]] = {}
    for at, cell in enumerate(row):
        column = headings.columns.get(at)
        if cell and column and column.field is not Field.NOT_TAKEN:
            cells.setdefault(column, []).append(cell if column.field is Field.NOTES else _squeezed(cell))
    case = {column.field: of_column for column, of_column in cells.items() if column.field in CASE_FIELDS}
    per_person = headings.layout is Layout.ROW_PER_PERSON
    entries = _by_role_column(number, cells, dates) if per_person else _by_headings(number, cells, dates)
    return _with_case_cells(number, entries, case, dates, [problem(code, number) for code in found])


def _squeezed(cell: Cell) -> Cell:
    """The cell with each run of spaces as one, and of line ends as one; a text far too long is a finding of its own."""
    if cell.kind != "text":
        return cell
    text = "\n".join(filter(None, map(tidy, cell.text.splitlines())))
    return Cell("text", text) if len(text) <= MAX_TEXT else Cell("too_long", "")


def _by_role_column(number: int, cells: Mapping[Column, Sequence[Cell]], dates: Reader) -> tuple[Entry, ...]:
    person = {column: of_column for column, of_column in cells.items() if column.field not in CASE_FIELDS}
    role_cells = [cell for column, of_column in person.items() if column.field is Field.ROLE for cell in of_column]
    return read_people(person, read_role(role_cells[0].plain()) if role_cells else None, number, dates)


def read_role(text: str) -> Role | None:
    """The part that a cell of the role column names; None for none or several."""
    roles = {_ROLE_OF.get(word) for word in words_of(text) if word not in _ROLE_FILLER and not word.isdigit()}
    return roles.pop() if len(roles) == 1 else None


def _by_headings(number: int, cells: Mapping[Column, Sequence[Cell]], dates: Reader) -> tuple[Entry, ...]:
    """The people of each role and number, adults first: children in one cell are told apart with the adults' surnames."""
    entries: list[Entry] = []
    for role in Role:
        for which in sorted({column.number for column in cells if column.role is role}):
            theirs = {column: of for column, of in cells.items() if column.role is role and column.number == which}
            surnames = {name.family.casefold() for entry in entries for name in entry.person.names}
            entries.extend(read_people(theirs, role, number, dates, surnames))
    return tuple(entries)


def _with_case_cells(
    number: int, entries: tuple[Entry, ...], case: Mapping[Field, Sequence[Cell]], dates: Reader, found: list[RowProblem]
) -> CaseRow:
    marks: list[Mark] = []

    def day(wanted: Field, otherwise: Code) -> date | None:
        cell = case.get(wanted, [Cell("text", "")])[0]
        read = dates.day(cell)
        marks.extend(Mark(number, wanted.value, order) for order in read.orders)
        whole = read.dates[0].whole if len(read.dates) == 1 else None
        if whole is None and not is_blank(cell) and not read.orders:
            found.append(problem(otherwise, number, wanted.value))
        return whole

    name = case.get(Field.CASE_NUMBER, [Cell("text", "")])[0]
    if name.kind == "date":
        found.append(problem(Code.CASE_NUMBER_IS_DATE, number, Field.CASE_NUMBER.value))
    repeat = read_yes_no(case[Field.REPEAT][0], Code.REPEAT_NOT_READ) if Field.REPEAT in case else None
    found.extend(problem(code, number, Field.REPEAT.value) for code in (repeat.codes if repeat else ()))
    return CaseRow(
        row=number,
        number="" if is_blank(name) else tidy(name.plain()),
        entries=entries,
        referral_date=day(Field.REFERRAL_DATE, Code.REFERRAL_DATE_NOT_READ),
        repeat=repeat.value if repeat else None,
        notes="\n".join(cell.plain().strip() for cell in case.get(Field.NOTES, ())),
        meeting_date=day(Field.MEETING_DATE, Code.MEETING_DATE_NOT_READ),
        problems=tuple(found),
        marks=tuple(marks),
    )
