"""Working days before a meeting, against a table of bank holidays typed by hand and not from the library that we use."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.domain.calendar import BankHolidays, list_due, meeting_week_end, working_days_before
from gateway.domain.errors import InvalidInput
from mappings.bank_holidays import JURISDICTIONS, KNOWN_YEARS, bank_holidays, read_overrides

# Source: GOV.UK, "UK bank holidays" (gov.uk/bank-holidays), as published for each year; substitute days where the holiday falls on a
# weekend. Only days that fall from Monday to Friday stand here.
ENGLAND_WALES = {
    2023: "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26",
    2024: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
}
SCOTLAND = {
    2023: "01-02 01-03 04-07 05-01 05-08 05-29 08-07 11-30 12-25 12-26",
    2024: "01-01 01-02 03-29 05-06 05-27 08-05 12-02 12-25 12-26",
    2025: "01-01 01-02 04-18 05-05 05-26 08-04 12-01 12-25 12-26",
    2026: "01-01 01-02 04-03 05-04 05-25 06-15 08-03 11-30 12-25 12-28",
    2027: "01-01 01-04 03-26 05-03 05-31 08-02 11-30 12-27 12-28",
}
NORTHERN_IRELAND = {
    2023: "01-02 03-17 04-07 04-10 05-01 05-08 05-29 07-12 08-28 12-25 12-26",
    2024: "01-01 03-18 03-29 04-01 05-06 05-27 07-12 08-26 12-25 12-26",
    2025: "01-01 03-17 04-18 04-21 05-05 05-26 07-14 08-25 12-25 12-26",
    2026: "01-01 03-17 04-03 04-06 05-04 05-25 07-13 08-31 12-25 12-28",
    2027: "01-01 03-17 03-26 03-29 05-03 05-31 07-12 08-30 12-27 12-28",
}
PUBLISHED = {"england-wales": ENGLAND_WALES, "scotland": SCOTLAND, "northern-ireland": NORTHERN_IRELAND}


def published(jurisdiction: str, year: int) -> list[date]:
    return [date.fromisoformat(f"{year}-{day}") for day in PUBLISHED[jurisdiction][year].split()]


@pytest.mark.parametrize("year", range(2023, 2028))
@pytest.mark.parametrize("jurisdiction", sorted(PUBLISHED))
def test_the_library_says_what_gov_uk_published(jurisdiction: str, year: int) -> None:
    known = bank_holidays(jurisdiction).days
    assert sorted(day for day in known if day.year == year and day.weekday() < 5) == published(jurisdiction, year)


@pytest.mark.parametrize(
    ("meeting", "england_wales", "scotland", "northern_ireland"),
    [
        ("2026-12-03", "2026-11-23", "2026-11-20", "2026-11-23"),  # St Andrew's Day between
        ("2026-01-15", "2026-01-05", "2026-01-05", "2026-01-05"),  # 8 working days reach just to the fifth
        ("2026-01-13", "2025-12-31", "2025-12-30", "2025-12-31"),  # 2 January
        ("2026-04-14", "2026-03-31", "2026-04-01", "2026-03-31"),  # Easter Monday is no holiday in Scotland
        ("2026-07-20", "2026-07-08", "2026-07-08", "2026-07-07"),  # the Twelfth, kept on the thirteenth
        ("2027-01-08", "2026-12-24", "2026-12-23", "2026-12-24"),  # Christmas, Boxing Day's substitute, New Year
        ("2026-08-10", "2026-07-29", "2026-07-28", "2026-07-29"),  # Scotland's summer holiday is at the start of August
        ("2026-09-07", "2026-08-25", "2026-08-26", "2026-08-25"),  # the others' at its end
    ],
)
def test_eight_working_days_before(meeting: str, england_wales: str, scotland: str, northern_ireland: str) -> None:
    due = [list_due(date.fromisoformat(meeting), bank_holidays(name)).day for name in ("england-wales", "scotland", "northern-ireland")]
    assert [str(day) for day in due] == [england_wales, scotland, northern_ireland]


@pytest.mark.parametrize("jurisdiction", sorted(PUBLISHED))
def test_twenty_years_of_meetings_counted_in_another_way(jurisdiction: str) -> None:
    holidays = bank_holidays(jurisdiction)
    first = date(2015, 2, 1)
    for meeting in (first + timedelta(days=n) for n in range(20 * 365)):
        due = list_due(meeting, holidays).day
        assert due is not None
        between = [due + timedelta(days=n) for n in range((meeting - due).days)]
        assert sum(day.weekday() < 5 and day not in holidays.days for day in between) == 8
        assert due.weekday() < 5
        assert due not in holidays.days


@pytest.mark.parametrize(
    ("meeting", "due"),
    [
        ("2026-11-23", "2026-11-27"),  # a Monday: the Friday of that week
        ("2026-11-27", "2026-11-27"),
        ("2026-03-31", "2026-04-02"),  # Good Friday is the third
        ("2026-12-22", "2026-12-24"),
        ("2026-11-28", "2026-11-28"),  # a Saturday: never before the meeting itself
    ],
)
def test_actions_fall_due_with_the_week_of_the_meeting(meeting: str, due: str) -> None:
    assert str(meeting_week_end(date.fromisoformat(meeting), bank_holidays("england-wales")).day) == due


def test_a_year_without_known_holidays_is_told_and_not_guessed() -> None:
    holidays = bank_holidays("scotland")
    beyond = date(max(KNOWN_YEARS) + 1, 1, 6)
    assert list_due(beyond, holidays).day is None
    assert list_due(beyond, holidays).warning == "HOLIDAYS_NOT_KNOWN"
    assert meeting_week_end(beyond, holidays).warning == "HOLIDAYS_NOT_KNOWN"
    none_known = BankHolidays("scotland", frozenset(), frozenset())
    assert list_due(date(2026, 5, 5), none_known).day is None


def test_the_override_file_adds_and_removes_days() -> None:
    overrides = read_overrides("[england-wales]\nadd = [2026-11-24]\nremove = [2026-12-28]\n")
    changed, untouched = bank_holidays("england-wales", overrides), bank_holidays("scotland", overrides)
    assert str(list_due(date(2026, 12, 3), changed).day) == "2026-11-20"
    assert date(2026, 12, 28) not in changed.days
    assert date(2026, 12, 28) in untouched.days
    later = bank_holidays("england-wales", read_overrides("[england-wales]\nadd = [2051-01-02]"))
    assert list_due(date(2051, 1, 20), later).day == working_days_before(date(2051, 1, 20), 8, later)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not toml", "HOLIDAY_FILE_INVALID"),
        ("england-wales = 1", "HOLIDAY_FILE_INVALID"),
        ("[england-wales]\nadded = [2026-01-01]", "HOLIDAY_FILE_INVALID"),
        ('[england-wales]\nadd = ["2026-01-01"]', "HOLIDAY_FILE_INVALID"),
        ("[england-wales]\nadd = [2026-01-01T00:00:00]", "HOLIDAY_FILE_INVALID"),
        ("[england-wales]\nadd = 2026-01-01", "HOLIDAY_FILE_INVALID"),
        ("[england]\nadd = [2026-01-01]", "JURISDICTION_UNKNOWN"),
    ],
)
def test_an_override_file_that_is_not_understood_is_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        bank_holidays("scotland", read_overrides(text))
    assert refused.value.code == code


def test_only_three_jurisdictions_are_known() -> None:
    assert sorted(JURISDICTIONS) == ["england-wales", "northern-ireland", "scotland"]
    with pytest.raises(InvalidInput) as refused:
        bank_holidays("wales")
    assert refused.value.code == "JURISDICTION_UNKNOWN"
