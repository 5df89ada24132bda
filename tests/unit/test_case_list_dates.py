"""Dates as people write them: each row of a table is a situation."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gateway.domain.case_list import Role
from mappings.case_list.dates import Order, Reader, dates_within, order_of_file
from mappings.case_list.grid import Cell
from tests.unit.case_list_sheets import TODAY, codes, from_rows, from_sheet, names

READER = Reader(TODAY, 1900)


def read(text: str, role: Role | None = Role.VICTIM) -> tuple[list[str], set[str]]:
    found = READER.birth_dates(Cell("text", text), role)
    return [born.iso() for born in found.dates], {code.value for code in found.codes}


@pytest.mark.parametrize(
    "written",
    ["01/02/1980", "1/2/1980", "01-02-1980", "01.02.1980", "01 02 1980", "1980-02-01", "1980/02/01", "1 Feb 1980", "1st February 1980",
     "01-Feb-1980", "Feb 1, 1980", "1 Chwefror 1980", "Friday 1 February 1980", "DOB: 01/02/1980", "1980-02-01T00:00:00", "01/02/1980 00:00",
     " 01/02/1980 "],
)  # fmt: skip
def test_one_day_written_in_many_ways(written: str) -> None:
    assert read(written) == (["1980-02-01"], set())


@pytest.mark.parametrize(
    ("written", "dates", "found"),
    [
        ("1984", ["1984"], {"DATE_PARTIAL"}),
        ("c.1980", ["1980"], {"DATE_PARTIAL"}),
        ("c1980", ["1980"], {"DATE_PARTIAL"}),
        ("circa 1984", ["1984"], {"DATE_PARTIAL"}),
        ("approx 1984", ["1984"], {"DATE_PARTIAL"}),
        ("01/02/1980?", ["1980"], {"DATE_PARTIAL"}),
        ("approx. 01/02/1980", ["1980"], {"DATE_PARTIAL"}),
        ("Nov 1984", ["1984-11"], {"DATE_PARTIAL"}),
        ("02/1980", ["1980-02"], {"DATE_PARTIAL"}),
        ("Nov-84", ["1984-11"], {"DATE_PARTIAL", "DATE_TWO_DIGIT_YEAR"}),
        ("01/02/80", ["1980-02-01"], {"DATE_TWO_DIGIT_YEAR"}),
        ("31/04/1985", [], {"DATE_IMPOSSIBLE"}),
        ("29/02/1981", [], {"DATE_IMPOSSIBLE"}),
        ("29/02/1980", ["1980-02-29"], set()),
        ("00/00/0000", [], {"DATE_IMPOSSIBLE"}),
        ("32/13/1980", [], {"DATE_IMPOSSIBLE"}),
        ("01/01/1899", [], {"DATE_IMPOSSIBLE"}),
        ("28/02/1900", [], {"DATE_IMPOSSIBLE"}),
        ("01/03/1910", ["1910-03-01"], {"DATE_UNLIKELY"}),
        ("21/11/2026", ["2026-11-21"], {"DATE_IN_FUTURE"}),
        ("20/11/2026", ["2026-11-20"], set()),
        ("1980-02-01T23:00:00", [], {"DATE_HAS_TIME"}),
        ("last spring", [], {"DATE_NOT_READ"}),
        ("Blah 1984", [], {"DATE_NOT_READ"}),
        ("010280", [], {"DATE_NOT_READ"}),
        ("\uff10\uff11/02/1980", ["1980-02-01"], set()),
        ("01/02/1980 or 02/01/1980", ["1980-02-01", "1980-01-02"], set()),
        ("01/02/1980; 02/01/1980", ["1980-02-01", "1980-01-02"], set()),
        ("01/02/1980\n02/01/1981", ["1980-02-01", "1981-01-02"], set()),
        ("01/02/1980 / 31/04/1981", ["1980-02-01"], {"DATE_IMPOSSIBLE"}),
        ("unknown", [], set()),
        ("N/K", [], set()),
        ("", [], set()),
    ],
)  # fmt: skip
def test_what_is_made_of_it(written: str, dates: list[str], found: set[str]) -> None:
    assert read(written) == (dates, found)


@pytest.mark.parametrize(
    ("written", "role", "year"),
    [
        ("05/05/25", Role.CHILD, "2025"),  # a child of one
        ("05/05/25", Role.VICTIM, "1925"),  # nobody of one is listed as victim
        ("05/05/12", Role.VICTIM, "2012"),  # fourteen: under 16, but possible
        ("05/05/17", Role.PERPETRATOR, "1917"),
        ("05/05/99", Role.CHILD, "1999"),
        ("21/11/26", Role.CHILD, "1926"),  # tomorrow
        ("20/11/26", Role.CHILD, "2026"),
    ],
)
def test_the_century_of_two_digits(written: str, role: Role, year: str) -> None:
    dates, found = read(written, role)
    assert dates[0][:4] == year
    assert "DATE_TWO_DIGIT_YEAR" in found


@pytest.mark.parametrize(
    ("number", "year_zero", "dates", "found"),
    [
        ("29221", 1900, ["1980-01-01"], {"DATE_FROM_NUMBER"}),
        ("27759", 1904, ["1980-01-01"], {"DATE_FROM_NUMBER"}),  # the same day in the other calendar
        ("1984", 1900, ["1984"], {"DATE_PARTIAL"}),
        ("60", 1900, [], {"DATE_NOT_READ"}),  # the 29 February 1900 that never was
        ("29221", 0, [], {"DATE_NOT_READ"}),  # a CSV file has no calendar
        ("29221.5", 1900, [], {"DATE_NOT_READ"}),
        ("99999999999", 1900, [], {"DATE_NOT_READ"}),
    ],
)
def test_serial_numbers(number: str, year_zero: int, dates: list[str], found: set[str]) -> None:
    result = Reader(TODAY, year_zero).birth_dates(Cell("number", number), None)
    assert ([d.iso() for d in result.dates], {c.value for c in result.codes}) == (dates, found)


@pytest.mark.parametrize(
    ("moment", "shows", "dates", "found"),
    [
        ("1980-02-01T00:00:00", "ymd", ["1980-02-01"], set()),
        ("1984-11-01T00:00:00", "ym", ["1984-11"], {"DATE_PARTIAL"}),  # typed as Nov-84
        ("1984-01-01T00:00:00", "y", ["1984"], {"DATE_PARTIAL"}),
        ("2026-02-01T00:00:00", "md", [], {"DATE_NOT_READ"}),  # typed as 1-Feb: the year is an invention
        ("1980-01-31T23:00:00", "ymd", [], {"DATE_HAS_TIME"}),  # slipped over midnight between time zones
        ("1900-01-05T00:00:00", "ymd", [], {"DATE_IMPOSSIBLE"}),
    ],
)
def test_true_date_cells(moment: str, shows: str, dates: list[str], found: set[str]) -> None:
    result = READER.birth_dates(Cell("date", moment, shows), None)
    assert ([d.iso() for d in result.dates], {c.value for c in result.codes}) == (dates, found)


@pytest.mark.parametrize(
    ("orders", "code"),
    [
        ([], None),
        ([Order.DAY_FIRST, Order.EITHER], None),
        ([Order.EITHER], "DATES_ORDER_ASSUMED"),
        ([Order.EITHER, Order.CELL_HIGH], "DATES_ORDER_ASSUMED"),
        ([Order.DAY_FIRST, Order.MONTH_FIRST], "DATES_MIXED"),
        ([Order.MONTH_FIRST], "DATES_MIXED"),
        ([Order.DAY_FIRST, Order.CELL_LOW, Order.CELL_LOW], "DATES_MIXED"),  # what American settings leave: low days turned into cells
        ([Order.DAY_FIRST, Order.CELL_LOW, Order.CELL_LOW, Order.EITHER], None),  # a low day left as text: no machine was at work
        ([Order.DAY_FIRST, Order.CELL_LOW, Order.CELL_HIGH], None),
        ([Order.CELL_LOW, Order.CELL_LOW], None),
    ],
)
def test_the_order_of_a_whole_file(orders: list[Order], code: str | None) -> None:
    found = order_of_file(orders)
    assert (found.value if found else None) == code


def test_one_american_date_stops_the_file() -> None:
    parsed = from_rows(
        ("Case no", "Role", "Surname", "First name", "DOB"),
        ("1", "V", "Smith", "Jane", "04/25/1980"),
        ("1", "P", "Jones", "Tom", "01/02/1979"),
    )
    assert [(p.row, p.column, p.severity) for p in parsed.problems if p.code == "DATES_MIXED"] == [(2, "date of birth", "error")]
    assert parsed.refused
    assert not parsed.cases


def test_a_spreadsheet_that_turned_days_and_months_round_stops_the_file() -> None:
    rows = [("Case no", "Role", "Surname", "First name", "DOB"), ("1", "V", "Smith", "Jane", date(1980, 3, 2)),
            ("1", "P", "Jones", "Tom", date(1979, 5, 11)), ("1", "C", "Jones", "Ann", "25/12/2015")]  # fmt: skip
    assert "DATES_MIXED" in codes(from_sheet(rows))


def test_days_of_both_kinds_in_one_file_are_fine_when_nothing_was_turned_round() -> None:
    rows = [("Case no", "Role", "Surname", "First name", "DOB"), ("1", "V", "Smith", "Jane", date(1980, 3, 2)),
            ("1", "P", "Jones", "Tom", date(1979, 5, 31)), ("1", "C", "Jones", "Ann", "25/12/2015")]  # fmt: skip
    parsed = from_sheet(rows)
    assert not codes(parsed)
    assert names(parsed) == ["victim Jane Smith", "perpetrator Tom Jones", "child Ann Jones"]


def test_moments_are_read_with_or_without_a_time() -> None:
    assert READER.moment(Cell("text", "18/11/2026 14:30")) == datetime(2026, 11, 18, 14, 30)  # noqa: DTZ001
    assert READER.moment(Cell("text", "2026-11-18T14:30:05")) == datetime(2026, 11, 18, 14, 30, 5)  # noqa: DTZ001
    assert READER.moment(Cell("text", "18/11/2026")) == datetime(2026, 11, 18)  # noqa: DTZ001
    assert READER.moment(Cell("text", "18/11/26")) is None
    assert READER.moment(Cell("text", "yesterday")) is None
    assert datetime.now(UTC).tzinfo is not None


def test_dates_inside_a_text_are_found_in_order() -> None:
    assert dates_within("Tom 01/02/2015, Ann 3 April 2017 (b. 2019)") == ["01/02/2015", "3 April 2017"]
