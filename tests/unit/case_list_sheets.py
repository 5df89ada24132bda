"""Small case lists for tests, written as the lines of a CSV file or the rows of a sheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date

from gateway.domain.case_list_reading import ParsedList
from mappings.case_list.delimited import read_delimited
from mappings.case_list.grid import Book, Cell, Sheet
from mappings.case_list.reading import read_list

TODAY = date(2026, 11, 20)
PER_PERSON = ("Case no", "Role", "Surname", "First name", "DOB")
PER_CASE = ("Case no", "Victim name", "Victim DOB", "Perpetrator name", "Perpetrator DOB", "Children")


def from_csv(text: str) -> ParsedList:
    """The list in a CSV text."""
    return read_list(read_delimited(text.encode()), TODAY)


def from_rows(*rows: Sequence[str]) -> ParsedList:
    """The list in rows of texts, through CSV."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return from_csv(text.getvalue())


def from_sheet(rows: Iterable[Sequence[object]], **about: object) -> ParsedList:
    """The list in a sheet: texts, numbers, dates and ``None``, as a workbook would give them."""
    cells = {n: tuple(map(_cell, row)) for n, row in enumerate(rows, start=1) if any(c is not None for c in row)}
    year_zero = about.pop("year_zero", 1900)
    return read_list(Book(sheets=(Sheet(rows=cells, **about),), year_zero=year_zero), TODAY)  # type: ignore[arg-type]


def _cell(value: object) -> Cell | None:
    if value is None or isinstance(value, Cell):
        return value
    if isinstance(value, date):
        return Cell("date", f"{value:%Y-%m-%d}T00:00:00", "ymd")
    return Cell("number", str(value)) if isinstance(value, int) else Cell("text", str(value))


def one_case(*people: Sequence[str], headings: Sequence[str] = PER_PERSON) -> ParsedList:
    """One case, a row for each person; each row without its case number."""
    return from_rows(headings, *(("C1", *person) for person in people))


def codes(parsed: ParsedList) -> set[str]:
    """The codes of all findings."""
    return {p.code for p in parsed.problems}


def names(parsed: ParsedList) -> list[str]:
    """Everybody who was let in, as "role given family"."""
    return [f"{p.role.value} {p.person.names[0].given} {p.person.names[0].family}" for p in parsed.people]


def held(parsed: ParsedList) -> dict[int, tuple[str, ...]]:
    """What is held: row and codes."""
    return {row.row: row.codes for row in parsed.held}
