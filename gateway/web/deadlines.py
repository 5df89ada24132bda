"""The two days that hang on a meeting: when its list is due to be out, and when its actions fall due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gateway.domain.calendar import Deadline, list_due, meeting_week_end
from gateway.domain.identifiers import MaracId
from gateway.services.asking import at_the_table
from gateway.services.ports import HolidayBook, Work

ELSEWHERE = "england-wales"
"""The calendar of a Marac at whose table nobody sits yet."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """``list_out``: eight working days before the meeting. ``actions``: the end of the meeting's week."""

    list_out: Deadline
    actions: Deadline


def of_meeting(work: Work, holidays: HolidayBook, marac_id: MaracId, meeting: date) -> Deadlines:
    """By the bank holidays of the agencies at the table; where they differ, by those that leave the least time."""
    calendars = [holidays.of(j) for j in sorted({a.jurisdiction for a in at_the_table(work, marac_id)} or {ELSEWHERE})]
    return Deadlines(_earliest([list_due(meeting, c) for c in calendars]), _earliest([meeting_week_end(meeting, c) for c in calendars]))


def _earliest(found: list[Deadline]) -> Deadline:
    """One that cannot be told leaves them all untold: a day is never guessed."""
    return min(found, key=lambda deadline: (deadline.day is not None, deadline.day or date.min))
