"""When an alert falls due: twelve months from a date that is named."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.policy.retention import Basis, months_after, renewed, review_date

REFERRED, MEETING = date(2026, 10, 19), date(2026, 11, 16)


def test_counted_from_the_referral_where_the_list_names_it_else_from_the_meeting() -> None:
    from_referral = review_date(REFERRED, MEETING, 12)
    assert (from_referral.on, from_referral.basis, from_referral.counted_from) == (date(2027, 10, 19), Basis.REFERRAL, REFERRED)
    from_meeting = review_date(None, MEETING, 12)
    assert (from_meeting.on, from_meeting.basis) == (date(2027, 11, 16), Basis.MEETING)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 5, 5), 24, date(2028, 5, 5)),
        (date(2026, 5, 5), 0, date(2026, 5, 5)),
    ],
)
def test_months_end_on_a_day_that_exists(start: date, months: int, end: date) -> None:
    assert months_after(start, months) == end


def test_a_repeat_counts_anew_and_never_shortens() -> None:
    later = renewed(date(2027, 10, 19), date(2027, 3, 1), 12)
    assert (later.on, later.basis, later.counted_from) == (date(2028, 3, 1), Basis.REPEAT, date(2027, 3, 1))
    assert renewed(date(2028, 6, 1), date(2027, 3, 1), 12).on == date(2028, 6, 1)
    assert renewed(None, date(2027, 3, 1), 6).on == date(2027, 9, 1)
