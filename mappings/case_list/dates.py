"""Dates as people and spreadsheets write them in the United Kingdom. Nothing is guessed: what is not certain is a finding.

One cell may hold several dates ("01/02/1980 or 02/01/1980"). Whether the file as a whole may be read day first is judged from the
marks that every date leaves (``Order``), in ``order_of_file``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from gateway.domain.case_list import BirthDate, Role
from gateway.domain.errors import Code
from gateway.domain.sealed import Sealed
from mappings.case_list.grid import Cell

OLDEST_YEARS = 110
_LONGEST = 120
"""Characters of a cell of dates; longer ones are something else."""
_EARLIEST = date(1900, 3, 1)
"""Before this day Excel's two calendars disagree with the world (it has a 29 February 1900), and nobody on a list was born."""
_ANY_DAY = date(2099, 12, 31)
"""Days that are no dates of birth may lie ahead, so two digits of their year mean this century."""
_YOUNGEST_ADULT = 10
"""Below the age of criminal responsibility nobody is listed as victim or perpetrator; used only to choose a century."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan ionawr ion", "february feb chwefror chwef", "march mar mawrth maw", "april apr ebrill ebr", "may mai",
            "june jun mehefin meh", "july jul gorffennaf gorff", "august aug awst", "september sep sept medi", "october oct hydref hyd",
            "november nov tachwedd tach", "december dec rhagfyr rhag",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_SEVERAL = re.compile(r"\s+or\s+|\s*[;\n&,]\s*|\s+and\s+|\s+/\s+", re.IGNORECASE)
_APPROXIMATE = re.compile(
    r"^(?:circa\b|ca?\b\.?|c(?=\d)|approx(?:imately)?\b\.?|about\b|around\b|est(?:imated)?\b\.?|~)\s*|\s*\?+$|\s*\((?:approx\.?|est\.?)\)$",
    re.IGNORECASE,
)
_DECORATION = re.compile(
    r"^(?:d\.?o\.?b\.?|born)\s*[:\-]?\s*|\b(?:mon|tues?|wed(?:nes)?|thur?s?|fri|sat(?:ur)?|sun)(?:day)?\b,?\s*|(?<=\d)(?:st|nd|rd|th)\b",
    re.IGNORECASE,
)
_MIDNIGHT = re.compile(r"[t\s]+0?0:00(?::00(?:\.0+)?)?$", re.IGNORECASE)
_TIME = re.compile(r"[t\s]\d{1,2}:\d{2}", re.IGNORECASE)
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_NUMERIC = re.compile(r"(\d{1,2})\s*[-/.\s]\s*(\d{1,2})\s*[-/.\s]\s*(\d{4}|\d{2})")
_WORDED = re.compile(r"(\d{1,2})[\s\-/.,]*([a-z]+)[\s\-/.,]*(\d{4}|\d{2})", re.IGNORECASE)
_WORDED_US = re.compile(r"([a-z]+)\.?\s*(\d{1,2}),?\s+(\d{4})", re.IGNORECASE)
_MONTH_YEAR = re.compile(r"([a-z]+)[\s\-/.,']*(\d{4}|\d{2})", re.IGNORECASE)
_MONTH_YEAR_NUMERIC = re.compile(r"(\d{1,2})[/\-.](\d{4})")
_YEAR = re.compile(r"\d{4}")
NOT_KNOWN = frozenset({"unknown", "not known", "n/k", "nk", "n/a", "na", "none", "tbc", "-", "?", "??", "not available", "not recorded", "not stated", "nil", "x"})  # fmt: skip


class Order(StrEnum):
    """What one written date says about the order of day and month in its file."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"
    EITHER = "either"
    CELL_LOW = "cell_low"
    """A true date cell with a day up to 12: as a wrongly set spreadsheet would have made of either order."""
    CELL_HIGH = "cell_high"
    """A true date cell with a day above 12."""


@dataclass(frozen=True, slots=True, repr=False)
class DatesRead(Sealed):
    """The dates of one cell in its order, what was found, and what they say about the file."""

    dates: tuple[BirthDate, ...] = ()
    codes: tuple[Code, ...] = ()
    orders: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """How dates of one file are read: ``today`` for what lies in the future, ``year_zero`` for serial numbers (0: there are none)."""

    today: date
    year_zero: int = 0

    def birth_dates(self, cell: Cell, role: Role | None) -> DatesRead:
        """All dates of birth in a cell; a date that holds the person back leaves no value."""
        if is_blank(cell):
            return DatesRead()
        parts = [self._date(part, role) for part in _parts(cell)]
        dates = tuple(d for part in parts for d in part.dates)
        codes = [code for part in parts for code in part.codes] + [code for d in dates for code in self._unlikely(d)]
        return DatesRead(tuple(dict.fromkeys(dates)), tuple(dict.fromkeys(codes)), tuple(o for part in parts for o in part.orders))

    def day(self, cell: Cell) -> DatesRead:
        """One whole day (a meeting, a referral, a due date), past or future."""
        return replace(self, today=_ANY_DAY).birth_dates(cell, None)

    def moment(self, cell: Cell) -> datetime | None:
        """A day with or without a time of day, without a zone; None when it cannot be read."""
        if cell.kind == "date":
            return cell.moment
        day, _, clock = cell.text.strip().replace("T", " ").rpartition(" ")
        timed = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", clock)
        read = self.day(Cell("text", day if timed else cell.text))
        whole = read.dates[0].whole if len(read.dates) == 1 else None
        at = time(int(timed[1]), int(timed[2]), int(timed[3] or 0)) if timed else time()
        return datetime.combine(whole, at) if whole and Code.DATE_TWO_DIGIT_YEAR not in read.codes else None

    def _date(self, cell: Cell, role: Role | None) -> DatesRead:
        if cell.kind == "date":
            return self._of_date_cell(cell)
        if cell.kind == "number":
            return self._of_number(cell.text)
        return self._of_text(cell.text, role) if cell.kind == "text" else DatesRead(codes=(Code.DATE_NOT_READ,))

    def _of_date_cell(self, cell: Cell) -> DatesRead:
        moment = datetime.fromisoformat(cell.text)
        if moment.time() != time():
            return DatesRead(codes=(Code.DATE_HAS_TIME,))
        if cell.shows and "y" not in cell.shows:
            return DatesRead(codes=(Code.DATE_NOT_READ,))
        if moment.date() < _EARLIEST:
            return DatesRead(codes=(Code.DATE_IMPOSSIBLE,))
        if cell.shows and "d" not in cell.shows:
            return DatesRead((BirthDate(moment.year, moment.month if "m" in cell.shows else None),), (Code.DATE_PARTIAL,))
        order = Order.CELL_LOW if moment.day <= 12 else Order.CELL_HIGH
        return DatesRead((BirthDate.of(moment.date()),), (), (order,))

    def _of_number(self, text: str) -> DatesRead:
        """A year, or the serial number of a day in the workbook's calendar (1900: day 1 is 1 January; 1904: day 0 is)."""
        number = int(text) if re.fullmatch(r"\d{1,6}", text) else 0
        if _EARLIEST.year <= number <= self.today.year:
            return DatesRead((BirthDate(number),), (Code.DATE_PARTIAL,))
        if not (self.year_zero and number > self.today.year):
            return DatesRead(codes=(Code.DATE_NOT_READ,))
        start = date(1904, 1, 1) if self.year_zero == 1904 else date(1899, 12, 30)
        return DatesRead((BirthDate.of(start + timedelta(days=number)),), (Code.DATE_FROM_NUMBER,))

    def _of_text(self, written: str, role: Role | None) -> DatesRead:
        if len(written) > _LONGEST:
            return DatesRead(codes=(Code.DATE_NOT_READ,))
        text = _DECORATION.sub("", written.strip()).strip()
        plain = _APPROXIMATE.sub("", text).strip()
        read = self._of_plain(_MIDNIGHT.sub("", plain), role)
        if plain == text or not read.dates:
            return read
        return DatesRead(tuple(BirthDate(d.year) for d in read.dates), (*read.codes, Code.DATE_PARTIAL))

    def _of_plain(self, text: str, role: Role | None) -> DatesRead:
        if match := _ISO.fullmatch(text):
            return self._built(match[1], match[2], match[3], role)
        if match := _NUMERIC.fullmatch(text):
            return self._numeric(match, role)
        if (match := _WORDED.fullmatch(text)) and match[2].lower() in _MONTHS:
            return self._built(match[3], _MONTHS[match[2].lower()], match[1], role)
        if (match := _WORDED_US.fullmatch(text)) and match[1].lower() in _MONTHS:
            return self._built(match[3], _MONTHS[match[1].lower()], match[2], role)
        if _YEAR.fullmatch(text) or _MONTH_YEAR_NUMERIC.fullmatch(text) or _MONTH_YEAR.fullmatch(text):
            return self._partial(text, role)
        return DatesRead(codes=(Code.DATE_HAS_TIME if _TIME.search(text) else Code.DATE_NOT_READ,))

    def _numeric(self, match: re.Match[str], role: Role | None) -> DatesRead:
        first, second = int(match[1]), int(match[2])
        if first <= 12 < second and _exists(2000, first, second):
            return DatesRead(orders=(Order.MONTH_FIRST,))
        order = Order.DAY_FIRST if first > 12 >= second else Order.EITHER
        read = self._built(match[3], second, first, role)
        return DatesRead(read.dates, read.codes, (order,) if read.dates and first != second else ())

    def _partial(self, text: str, role: Role | None) -> DatesRead:
        month: int | None = None
        year = text
        if match := _MONTH_YEAR_NUMERIC.fullmatch(text):
            month, year = int(match[1]), match[2]
        elif match := _MONTH_YEAR.fullmatch(text):
            month, year = _MONTHS.get(match[1].lower(), 0), match[2]
        if month is not None and not 1 <= month <= 12:
            return DatesRead(codes=(Code.DATE_NOT_READ,))
        whole_year, codes = self._year(year, month or 1, 1, role)
        if not _EARLIEST.year <= whole_year:
            return DatesRead(codes=(Code.DATE_IMPOSSIBLE,))
        return DatesRead((BirthDate(whole_year, month),), (*codes, Code.DATE_PARTIAL))

    def _built(self, year: str, month: str | int, day: str | int, role: Role | None) -> DatesRead:
        whole_year, codes = self._year(year, int(month), int(day), role)
        if not _exists(whole_year, int(month), int(day)) or date(whole_year, int(month), int(day)) < _EARLIEST:
            return DatesRead(codes=(Code.DATE_IMPOSSIBLE,))
        return DatesRead((BirthDate(whole_year, int(month), int(day)),), codes)

    def _year(self, year: str, month: int, day: int, role: Role | None) -> tuple[int, tuple[Code, ...]]:
        """Four digits as they are. Two: the latest year that is not in the future, and makes an adult of the list at least ten."""
        if len(year) == 4:
            return int(year), ()
        latest = self.today.year - (_YOUNGEST_ADULT if role in (Role.VICTIM, Role.PERPETRATOR) else 0)
        century = latest // 100 * 100
        whole = century + int(year)
        if whole > latest or (whole == self.today.year and (month, day) > (self.today.month, self.today.day)):
            whole -= 100
        return whole, (Code.DATE_TWO_DIGIT_YEAR,)

    def _unlikely(self, born: BirthDate) -> tuple[Code, ...]:
        first_possible = (born.year, born.month or 1, born.day or 1)
        if first_possible > (self.today.year, self.today.month, self.today.day):
            return (Code.DATE_IN_FUTURE,)
        return (Code.DATE_UNLIKELY,) if born.year < self.today.year - OLDEST_YEARS else ()


def order_of_file(orders: Iterable[Order]) -> Code | None:
    """Whether day first is certain for the whole file.

    ``DATES_MIXED``: some date can only be month first; or the file shows what a spreadsheet with American settings leaves behind,
    true dates wherever the day is at most 12 and text wherever it is more. ``DATES_ORDER_ASSUMED``: nothing proves the order.
    """
    found = list(orders)
    text_high, text_either = found.count(Order.DAY_FIRST), found.count(Order.EITHER)
    cells_low, cells_high = found.count(Order.CELL_LOW), found.count(Order.CELL_HIGH)
    turned_round = text_high and cells_low > 1 and not text_either and not cells_high
    if Order.MONTH_FIRST in found or turned_round:
        return Code.DATES_MIXED
    return Code.DATES_ORDER_ASSUMED if text_either and not text_high else None


def is_blank(cell: Cell | None) -> bool:
    """Whether the cell is empty, or says in words that nothing is known."""
    return cell is None or (cell.kind == "text" and (not cell.text.strip() or cell.text.strip().lower() in NOT_KNOWN))


def dates_within(text: str) -> list[str]:
    """The pieces of a text that look like whole dates, in order: for cells that hold a name and a date of birth together."""
    return [match[0] for match in re.finditer(_DATE_INSIDE, text)]


_DATE_INSIDE = re.compile(
    rf"\b(?:{_ISO.pattern}|\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d{{4}}|\d{{2}})|\d{{1,2}}(?:st|nd|rd|th)?[\s\-]+(?:{'|'.join(_MONTHS)})[\s\-]+\d{{2,4}})\b",
    re.IGNORECASE,
)


def _parts(cell: Cell) -> list[Cell]:
    if cell.kind != "text" or len(cell.text) > _LONGEST:
        return [cell]
    return [
        Cell("text", part)
        for part in _SEVERAL.split(_US_COMMA.sub(r"\1 \2", cell.text))
        if part.strip() and part.strip().lower() not in NOT_KNOWN
    ]


_US_COMMA = re.compile(r"([a-z]+\.?\s*\d{1,2}),\s+(\d{4})", re.IGNORECASE)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
