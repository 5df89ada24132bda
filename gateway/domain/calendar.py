"""Working days, and the two deadlines of a meeting that hang on them.

Source: RDaSH procedure 4.1 (the list goes out eight working days before the meeting) and 4.5 (actions are done within the week of
the meeting unless the agenda says otherwise).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.domain.error_codes import Code

LIST_WORKING_DAYS = 8
_SATURDAY = 5
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BankHolidays:
    """The bank holidays of one jurisdiction, and the years for which they are known. A day of another year is never guessed."""

    jurisdiction: str
    days: frozenset[date]
    years: frozenset[int]


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day, or None with the code that says why it cannot be told (shown to people as a warning)."""

    day: date | None
    warning: Code | None = None


FAR_AHEAD, FAR_BACK = timedelta(days=2 * 365), timedelta(days=10 * 365)
"""No meeting is set, and no repeat counted, further from today: the year was mistyped, and alerts would stand for as long."""


def is_far(day: date, today: date) -> bool:
    """Whether a day that somebody typed lies where no meeting does."""
    return day - today > FAR_AHEAD or today - day > FAR_BACK


def is_working_day(day: date, holidays: BankHolidays) -> bool:
    """Monday to Friday and not a bank holiday. Raises ``LookupError`` when the holidays of that year are not known."""
    if day.year not in holidays.years:
        raise LookupError(Code.HOLIDAYS_NOT_KNOWN)
    return day.weekday() < _SATURDAY and day not in holidays.days


def working_days_before(day: date, count: int, holidays: BankHolidays) -> date:
    """The ``count``-th working day before ``day``, which itself does not count. Raises ``LookupError`` as ``is_working_day``."""
    while count:
        day -= _ONE_DAY
        count -= is_working_day(day, holidays)
    return day


def list_due(meeting: date, holidays: BankHolidays) -> Deadline:
    """The last day on which the case list should go out: eight working days before the meeting."""
    return _deadline(lambda: working_days_before(meeting, LIST_WORKING_DAYS, holidays))


def meeting_week_end(meeting: date, holidays: BankHolidays) -> Deadline:
    """When actions fall due unless the agenda says otherwise: the last working day of the meeting's week, never before the meeting."""
    return _deadline(lambda: _last_working_day_of_week(meeting, holidays))


def _last_working_day_of_week(meeting: date, holidays: BankHolidays) -> date:
    sunday = meeting + timedelta(days=6 - meeting.weekday())
    return max(meeting, working_days_before(sunday + _ONE_DAY, 1, holidays))


def _deadline(reckon: Callable[[], date]) -> Deadline:
    try:
        return Deadline(reckon())
    except LookupError:
        return Deadline(None, Code.HOLIDAYS_NOT_KNOWN)
