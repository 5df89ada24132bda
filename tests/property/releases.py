"""Hypothesis strategies for releases and what they are made of: everything the types allow."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from gateway.domain.agreements import Purpose
from gateway.domain.case_list import BirthDate, PersonName, Sex
from gateway.domain.flags import ALERT_TEXT
from gateway.domain.identifiers import ActionId, AgencyId, FlagId, LocalIdentifier, LookupId, NhsNumber, SystemKey
from gateway.domain.releases import (
    ActionRelease,
    CompletionRelease,
    FlagCheckRelease,
    FlagRelease,
    FlagRemovalRelease,
    LookupRelease,
    PollRelease,
)


def _with_check_digit(nine: str) -> str | None:
    check = 11 - sum(int(d) * w for d, w in zip(nine, range(10, 1, -1), strict=True)) % 11
    return None if check == 10 else f"{nine}{check % 11}"


TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
NHS_NUMBERS = (
    st.integers(0, 999_999).map(lambda n: _with_check_digit(f"999{n:06d}")).filter(lambda n: n is not None and len(set(n)) > 1)
    .map(lambda n: NhsNumber(n or ""))
)  # fmt: skip
NAMES = st.builds(PersonName, TEXT, TEXT, st.lists(TEXT, max_size=2).map(tuple))
DAYS = st.dates(date(1900, 1, 1), date(2026, 12, 31))
BIRTH_DATES = st.one_of(
    DAYS.map(BirthDate.of), st.builds(BirthDate, st.integers(1900, 2026)), st.builds(BirthDate, st.integers(1900, 2026), st.integers(1, 12))
)
IDENTIFIERS = st.builds(LocalIdentifier, TEXT, TEXT)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  the bounds are naive by design
OPTIONAL = st.none() | TEXT

_COMMON = {
    "agency_id": TEXT.map(AgencyId),
    "system": TEXT.map(SystemKey),
    "purpose": st.sampled_from(Purpose),
    "agreement_version": TEXT,
}
_WORDS = st.sampled_from(sorted(ALERT_TEXT.values()))

LOOKUPS = st.builds(
    LookupRelease, **_COMMON, lookup_id=st.uuids().map(LookupId), names=st.lists(NAMES, max_size=3).map(tuple),
    birth_dates=st.lists(BIRTH_DATES, max_size=3).map(tuple), own_identifiers=st.lists(IDENTIFIERS, max_size=2).map(tuple),
    nhs_number=st.none() | NHS_NUMBERS, sex=st.none() | st.sampled_from(Sex), postcode=OPTIONAL,
)  # fmt: skip
FLAGS = st.builds(FlagRelease, **_COMMON, flag_id=st.uuids().map(FlagId), record_id=TEXT, text=_WORDS, identifier=TEXT)
ACTIONS = st.builds(ActionRelease, **_COMMON, action_id=st.uuids().map(ActionId), reference=TEXT, text=TEXT, owner=TEXT, due_on=DAYS)
RELEASES = st.one_of(
    LOOKUPS,
    FLAGS,
    st.builds(FlagCheckRelease, **_COMMON, flag_id=st.uuids().map(FlagId), record_id=TEXT, text=_WORDS, identifier=TEXT, remote_id=OPTIONAL),
    st.builds(
        FlagRemovalRelease, **_COMMON, flag_id=st.uuids().map(FlagId), record_id=TEXT, identifier=TEXT, remote_id=OPTIONAL,
        error=st.booleans(),
    ),
    ACTIONS,
    st.builds(PollRelease, **_COMMON, since=st.none() | MOMENTS, references=st.lists(TEXT, max_size=3).map(tuple)),
    st.builds(
        CompletionRelease, **_COMMON, action_id=st.uuids().map(ActionId), reference=TEXT, case_number=TEXT, agency=TEXT.map(AgencyId),
        outcome=TEXT, detail=TEXT, completed_at=MOMENTS,
    ),
)  # fmt: skip
