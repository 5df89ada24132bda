"""Person search and person records of a housing system. The search is a POST; nothing identifying is ever put in an address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import msgspec

from gateway.domain.case_list import Address, BirthDate, PersonName, Phone, Sex
from gateway.domain.error_codes import Code
from gateway.domain.identifiers import LocalIdentifier
from gateway.domain.lookup import Answer, AnswerKind, Candidate
from gateway.domain.releases import LookupRelease
from gateway.domain.sealed import Sealed
from mappings import strict_json
from mappings.portions import MOST_SEARCHES, Portion, Sizes, portions

SIZES = Sizes(names=11, dates=6, family=100, given=100)
PAGE_SIZE = 50
MOST_PAGES = 3
"""The system gives nobody when it found more than 100."""
RECORD_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_SEXES = {"F": Sex.FEMALE, "M": Sex.MALE, "O": Sex.OTHER}


class _OtherName(msgspec.Struct, rename="camel", omit_defaults=True):
    surname: str
    first_name: str = ""


class _Search(msgspec.Struct, rename="camel", omit_defaults=True):
    surname: str = ""
    first_name: str = ""
    other_names: list[_OtherName] = []
    date_of_birth: date | None = None
    other_dates_of_birth: list[date] = []
    person_id: str = ""
    page: int = 1
    page_size: int = 12


class _Tenure(msgspec.Struct, rename="camel"):
    asset_full_address: str
    is_active: bool
    postcode: str = ""
    uprn: str = ""


class _Person(msgspec.Struct, rename="camel"):
    id: str
    first_name: str
    surname: str
    tenures: list[_Tenure]
    middle_name: str = ""
    preferred_first_name: str = ""
    preferred_surname: str = ""
    former_names: list[_OtherName] = []
    date_of_birth: str = ""
    gender: str = ""
    contact_numbers: list[str] = []


class _Results(msgspec.Struct):
    persons: list[_Person]


class _SearchAnswer(msgspec.Struct, rename="camel"):
    results: _Results
    total: int
    total_withheld: int


class _Merged(msgspec.Struct, rename="camel"):
    id: str
    merged_into: str


_encoder = msgspec.json.Encoder()
_answers = msgspec.json.Decoder(_SearchAnswer)
_persons = msgspec.json.Decoder(_Person)
_merged = msgspec.json.Decoder(_Merged)


@dataclass(frozen=True, slots=True, repr=False)
class Page(Sealed):
    """What one page says; ``more`` when further pages hold persons that were counted."""

    answer: Answer
    more: bool = False


def build_searches(release: LookupRelease, page: int = 1) -> tuple[tuple[bytes, ...], bool]:
    """The bodies of the searches about one person at one page, numbers first, and whether they cover every name and date.

    A surname goes only with a first name or a date of birth; the interface refuses it alone. Of numbers only the person's own is asked
    for: a tenancy's payment number belongs to everybody in the home.
    """
    by_number = [_Search(person_id=i.value) for i in release.own_identifiers if _is_person_id(i.value)]
    found, complete = portions(release, SIZES)
    askable = [Portion(tuple(n for n in portion.names if n.given or portion.dates), portion.dates) for portion in found]
    searches = [*by_number, *(_by_name(portion) for portion in askable if portion.names)]
    complete = complete and askable == list(found) and len(searches) <= MOST_SEARCHES
    for search in searches:
        search.page, search.page_size = page, PAGE_SIZE
    return tuple(_encoder.encode(search) for search in searches[:MOST_SEARCHES]), complete


def _is_person_id(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


def _by_name(portion: Portion) -> _Search:
    first, *others = portion.names
    search = _Search(first.family, first.given, [_OtherName(name.family, name.given) for name in others])
    if portion.dates:
        search.date_of_birth, search.other_dates_of_birth = portion.dates[0], list(portion.dates[1:])
    return search


def read_search(content: bytes, release: LookupRelease, page: int = 1) -> Page:
    """The answer to one page of a search. ``FAILED`` for whatever is not such an answer, or contradicts itself."""
    try:
        told = strict_json.read(content, _answers)
    except strict_json.Unreadable as fault:
        return Page(Answer.failed(fault.code))
    candidates = tuple(_candidate(person, release) for person in told.results.persons)
    if min(told.total, told.total_withheld) < 0 or not all(RECORD_ID.fullmatch(c.record_id) for c in candidates):
        return Page(Answer.failed(Code.REPLY_UNEXPECTED))
    if len(candidates) > told.total or (told.total and not candidates and page > 1):
        return Page(Answer.failed(Code.REPLY_UNEXPECTED))
    if told.total and not candidates:
        return Page(Answer(AnswerKind.TOO_MANY, (), Code.TOO_MANY_MATCHES))
    kind = AnswerKind.CANDIDATES if candidates else AnswerKind.NOBODY
    answer = Answer(AnswerKind.PROTECTED, candidates, Code.RECORD_PROTECTED) if told.total_withheld else Answer(kind, candidates)
    return Page(answer, told.total > (page - 1) * PAGE_SIZE + len(candidates))


def read_person(content: bytes, release: LookupRelease) -> Candidate | None:
    """One record as it is read by its number; None when it is not one."""
    try:
        return _candidate(strict_json.read(content, _persons), release)
    except strict_json.Unreadable:
        return None


def read_merged(content: bytes, record_id: str) -> str | None:
    """The number of the record into which this one went, from the body of a 301; None when it does not say so of this record."""
    try:
        told = strict_json.read(content, _merged)
    except strict_json.Unreadable:
        return None
    return told.merged_into if told.id == record_id and RECORD_ID.fullmatch(told.merged_into) else None


def _candidate(person: _Person, release: LookupRelease) -> Candidate:
    """The record with its homes: those of active tenures are current, and one of them makes the person open to the service."""
    return Candidate(
        record_id=person.id,
        names=_names(person),
        birth_dates=_birth_date(person.date_of_birth),
        sex=_SEXES.get(person.gender),
        identifiers=_identifiers(person, release),
        addresses=tuple(_address(tenure) for tenure in person.tenures),
        phones=tuple(Phone(number) for number in person.contact_numbers if number),
        open_to_service=any(tenure.is_active for tenure in person.tenures),
    )


def _names(person: _Person) -> tuple[PersonName, ...]:
    names = [PersonName(person.surname, person.first_name, tuple(person.middle_name.split()))]
    if person.preferred_first_name or person.preferred_surname:
        names.append(PersonName(person.preferred_surname or person.surname, person.preferred_first_name or person.first_name))
    names += [PersonName(name.surname, name.first_name) for name in person.former_names]
    return tuple(dict.fromkeys(names))


def _identifiers(person: _Person, release: LookupRelease) -> tuple[LocalIdentifier, ...]:
    """The person's own number, under the names that the case list has for it."""
    schemes = dict.fromkeys(listed.system for listed in release.own_identifiers if _is_person_id(listed.value))
    return tuple(LocalIdentifier(scheme, person.id) for scheme in schemes)


def _birth_date(text: str) -> tuple[BirthDate, ...]:
    try:
        return (BirthDate.from_iso(text),)
    except (ValueError, TypeError):
        return ()


def _address(tenure: _Tenure) -> Address:
    lines = tuple(line.strip() for line in tenure.asset_full_address.split(",") if line.strip())
    return Address(lines, tenure.postcode or None, tenure.uprn or None, current=tenure.is_active)
