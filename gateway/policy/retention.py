"""How long an alert lasts: twelve months, counted from a date that is stored with its name and never inferred later."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Basis(StrEnum):
    """From which event the months are counted: practice differs, so it is always said which."""

    REFERRAL = "referral"
    MEETING = "meeting"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class ReviewDate:
    """When an alert falls due for removal unless renewed, and what that was counted from."""

    on: date
    basis: Basis
    counted_from: date


def review_date(referred: date | None, meeting: date, months: int) -> ReviewDate:
    """Counted from the last referral where the list names it (SafeLives), else from the meeting."""
    basis, start = (Basis.REFERRAL, referred) if referred else (Basis.MEETING, meeting)
    return ReviewDate(months_after(start, months), basis, start)


def renewed(current: date | None, repeat: date, months: int) -> ReviewDate:
    """Counted anew from a repeat; never earlier than it was."""
    new = months_after(repeat, months)
    return ReviewDate(max(new, current) if current else new, Basis.REPEAT, repeat)


def months_after(start: date, months: int) -> date:
    """The same day so many months later; the last of the month where that day does not exist."""
    years, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))
