"""Whatever comes, the outcome is one of three: a list, a list with findings, or a refusal with a code; and no value is ever shown."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.case_list import RowProblem
from gateway.domain.case_list_reading import ParsedList
from gateway.domain.errors import Code, InvalidInput
from mappings.case_list.actions_csv import ActionField, CompletionField, read_actions, read_completions
from mappings.case_list.columns import CASE_FIELDS, ROLE_WORDS, SYNONYMS, Column, Field, recognise
from mappings.case_list.delimited import read_delimited
from mappings.case_list.grid import Book, Cell, Sheet, read_reply
from mappings.case_list.package import check_start, check_workbook
from mappings.case_list.problems import SEVERITY
from mappings.case_list.reading import read_list
from mappings.case_list.rows import MAX_TEXT
from tests.growth import grows_with_its_size_only

TODAY = date(2026, 11, 20)
NASTY = ["", " ", "\u00a0", "(", ")", "a", "A", "1", "-", "/", ",", ";", "\n", "'", '"', "&", "=", "+", "[", "\u0301", "\u200b", "\u202e", "\U0001f600", "aka", "nee ", "or ",
         "and ", "no ", "01/02/1980 ", "1/1/80", "c.1980", "ZZ1 1AA ", "baby of ", "1 jan ", "Unknown", "None", "yes/no", "Smith, ", "O\u2019Brien", "31/04/1985"]  # fmt: skip
texts = st.lists(st.sampled_from(NASTY), max_size=12).map("".join) | st.text(max_size=40)
cells = (
    st.none()
    | st.builds(Cell, st.just("text"), texts)
    | st.builds(Cell, st.just("number"), st.integers(-(10**12), 10**12).map(str) | st.floats().map(repr))
)
more_cells = (
    cells
    | st.builds(lambda m: Cell("date", m.isoformat(), "ymd"), st.datetimes())
    | st.sampled_from([Cell("error", ""), Cell("uncalculated", ""), Cell("yes_no", "1")])
)
heading_words = st.sampled_from([h for headings in SYNONYMS.values() for h in headings])
role_words = st.sampled_from(["", *(w for words in ROLE_WORDS.values() for w in words)])
headings = (
    st.builds(lambda role, number, word: f"{role} {number} {word}".strip(), role_words, st.sampled_from(["", "2"]), heading_words) | texts
)


@st.composite
def books(draw: st.DrawFn) -> Book:
    top = draw(st.lists(headings, min_size=1, max_size=8))
    rows = draw(st.lists(st.lists(more_cells, max_size=9), max_size=6))
    table = [tuple(Cell("text", h) for h in top), *map(tuple, rows)]
    first = draw(st.integers(1, 9))
    merged = draw(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 8), st.integers(1, 12), st.integers(0, 8)), max_size=2).map(tuple))
    sheet = Sheet(
        rows={first + n: row for n, row in enumerate(table)},
        hidden_rows=frozenset(draw(st.lists(st.integers(1, 9), max_size=1))),
        merged=merged,
    )
    return Book(sheets=(sheet,), year_zero=draw(st.sampled_from([0, 1900, 1904])))


LABEL = re.compile(r"((victim|perpetrator|child|other) )?(\d+ )?(" + "|".join(map(re.escape, Field)) + r")|column [A-Z]{1,3}|")


def check_outcome(parsed: ParsedList) -> None:
    check_problems(parsed.problems)
    assert not (parsed.refused and (parsed.cases or parsed.held))
    for person in parsed.people:
        assert person.person.names
        assert len(person.person.names[0].family) >= 1
    numbers = [case.number.casefold() for case in parsed.cases]
    assert len(numbers) == len(set(numbers))
    assert all(set(row.codes) <= set(Code) and row.codes for row in parsed.held)
    assert "(sealed)" in repr(parsed)


def check_problems(problems: tuple[RowProblem, ...]) -> None:
    for problem in problems:
        assert SEVERITY[Code(problem.code)] == problem.severity
        assert all(LABEL.fullmatch(part.rstrip(")")) for part in problem.column.split(" ("))
        assert problem.row >= 0


@settings(max_examples=400, deadline=None)
@given(books())
def test_any_sheet_of_cells(book: Book) -> None:
    check_outcome(read_list(book, TODAY))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(more_cells, min_size=13, max_size=13), min_size=1, max_size=5), st.booleans())
def test_any_cells_under_good_headings(rows: list[list[Cell | None]], per_case: bool) -> None:
    top = (
        "Case no",
        "Victim",
        "DOB",
        "Victim NHS no",
        "Victim phone",
        "Safe to call",
        "Victim address",
        "Perpetrator",
        "DOB",
        "Children",
        "Children DOB",
        "Repeat",
        "Meeting date",
    )
    other = (
        "Case no",
        "Role",
        "Surname",
        "First name",
        "Middle names",
        "aka",
        "DOB",
        "NHS no",
        "Sex",
        "Address",
        "Postcode",
        "Previous addresses",
        "Maiden name",
    )
    table = {1: tuple(Cell("text", h) for h in (top if per_case else other)), **{n: tuple(row) for n, row in enumerate(rows, start=2)}}
    parsed = read_list(Book(sheets=(Sheet(rows=table),), year_zero=1900), TODAY)
    check_outcome(parsed)
    named = [row for row in table.values() if row[0 if per_case else 2] is not None]
    assert parsed.refused or parsed.problems or parsed.cases or not named


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=300)
    | texts.map(str.encode)
    | st.lists(texts, max_size=9).map(lambda lines: ("Case no,Victim,DOB\n" + "\n".join(lines)).encode("utf-8", "replace"))
)
def test_any_bytes_as_csv(data: bytes) -> None:
    try:
        check_start(data, ".csv")
        book = read_delimited(data)
    except InvalidInput:
        return  # with a code: there is no other way to make one
    check_outcome(read_list(book, TODAY))
    check_actions(book)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([f.value for f in ActionField] + [f.value for f in CompletionField]), max_size=6),
    st.lists(st.lists(more_cells, max_size=6), max_size=5),
)
def test_any_cells_as_actions_and_completions(top: list[str], rows: list[list[Cell | None]]) -> None:
    table = {1: tuple(Cell("text", h) for h in top), **{n: tuple(row) for n, row in enumerate(rows, start=2)}}
    check_actions(Book(sheets=(Sheet(rows=table),)))


def check_actions(book: Book) -> None:
    actions = read_actions(book, TODAY)
    completions = read_completions(book, datetime(2026, 11, 20, tzinfo=UTC))
    assert not (actions.refused and actions.actions)
    assert not (completions.refused and completions.completions)
    assert all(action.text and action.owner and action.case_number for action in actions.actions)
    assert all(answer.reference and answer.detail and answer.completed_at.tzinfo for answer in completions.completions)


@given(st.binary(max_size=200))
def test_any_bytes_as_a_package_or_a_reply(data: bytes) -> None:
    for read in (check_workbook, read_reply):
        with pytest.raises(InvalidInput):
            read(data)


@given(texts)
def test_any_heading(text: str) -> None:
    column = recognise(text)
    assert column is None or (isinstance(column, Column) and LABEL.fullmatch(column.label))
    assert column is None or column.role is None or column.field not in CASE_FIELDS


@pytest.mark.parametrize("unit", NASTY[1:])
def test_the_longest_cells_that_are_read_take_a_time_that_grows_with_their_length_only(unit: str) -> None:
    top = (
        "Case no",
        "Victim",
        "Victim DOB",
        "Victim phone",
        "Victim aka",
        "Victim address",
        "Perpetrator surname",
        "Children",
        "Victim previous address",
    )

    def read_cells(length: int) -> None:
        cell = Cell("text", (unit * length)[: length - 1])
        check_outcome(read_list(Book(sheets=(Sheet(rows={1: tuple(Cell("text", h) for h in top), 2: (cell,) * len(top)}),), year_zero=1900), TODAY))

    assert grows_with_its_size_only(read_cells, MAX_TEXT)
