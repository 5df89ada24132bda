"""Strategies for synthetic people: any letters that a name may hold, any dates, 999-range NHS numbers."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from contracts.stubs.people import nhs_number_999
from gateway.domain.agreements import Purpose
from gateway.domain.case_list import BirthDate, PersonName
from gateway.domain.identifiers import AgencyId, LocalIdentifier, LookupId, NhsNumber, SystemKey
from gateway.domain.releases import LookupRelease

_C1 = [chr(code) for code in range(0x7F, 0xA0)]
texts = st.text(st.characters(codec="utf-8", categories=("L", "M", "N", "P", "S", "Zs"), exclude_characters=_C1), min_size=1, max_size=40)
words = texts.map(lambda text: "".join(text.split()) or "x")
names = st.builds(PersonName, family=words, given=st.just("") | words, middle=st.lists(words, max_size=2).map(tuple))
whole_dates = st.dates(date(1900, 1, 1), date(2026, 1, 1)).map(BirthDate.of)
dates = whole_dates | whole_dates.map(lambda born: BirthDate(born.year)) | whole_dates.map(lambda born: BirthDate(born.year, born.month))
nhs_numbers = st.integers(0, 999_998).map(nhs_number_999).filter(bool).map(lambda text: NhsNumber(str(text)))
identifiers = st.builds(LocalIdentifier, system=st.sampled_from(["ashby", "pnc", "cro number"]), value=words)
releases = st.builds(
    LookupRelease,
    agency_id=st.just(AgencyId("ashby")),
    system=st.just(SystemKey("ashby/record")),
    purpose=st.just(Purpose.LOOKUP),
    agreement_version=st.just("v1"),
    lookup_id=st.uuids().map(LookupId),
    names=st.lists(names, max_size=14).map(tuple),
    birth_dates=st.lists(dates, max_size=9).map(tuple),
    own_identifiers=st.lists(identifiers, max_size=3).map(tuple),
    nhs_number=st.none() | nhs_numbers,
)
