"""Person search and person records of a police records system. Nothing identifying is ever put in an address."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

import msgspec

from gateway.domain.case_list import Address, BirthDate, PersonName, Phone, Sex
from gateway.domain.error_codes import Code
from gateway.domain.identifiers import LocalIdentifier
from gateway.domain.lookup import Answer, AnswerKind, Candidate
from gateway.domain.releases import LookupRelease
from mappings import strict_json
from mappings.portions import Portion, Sizes, portions

SIZES = Sizes(names=10, dates=6, family=70, given=35)
MOST_IDENTIFIERS = 10
RECORD_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
"""What may stand in an address; the contract's own numbers are narrower."""

_SEXES = {"female": Sex.FEMALE, "male": Sex.MALE, "other": Sex.OTHER}


class _NameQuery(msgspec.Struct, rename="camel", omit_defaults=True):
    family_name: str
    given_name: str = ""


class _Identifier(msgspec.Struct):
    type: Literal["pncId", "croNumber", "nominalId"]
    value: str


class _Search(msgspec.Struct, rename="camel", omit_defaults=True):
    names: list[_NameQuery] = []
    date_of_birth: date | None = None
    other_dates_of_birth: list[date] = []
    identifiers: list[_Identifier] = []


class _Name(msgspec.Struct, rename="camel"):
    family_name: str
    given_name: str = ""
    middle_names: str = ""
    use: str = ""


class _Address(msgspec.Struct):
    use: str
    lines: list[str]
    town: str = ""
    postcode: str = ""
    uprn: str = ""


class _Telephone(msgspec.Struct):
    number: str


class _Nominal(msgspec.Struct, rename="camel"):
    nominal_id: str
    names: list[_Name]
    sex: str
    addresses: list[_Address]
    telephones: list[_Telephone]
    open_matters: int
    pnc_id: str = ""
    cro_number: str = ""
    date_of_birth: str = ""
    other_dates_of_birth: list[str] = []


class _SearchAnswer(msgspec.Struct, rename="camel"):
    outcome: Literal["matches", "none", "too-many", "protected"]
    candidates: list[_Nominal]
    some_withheld: bool


class _Merged(msgspec.Struct, rename="camel"):
    nominal_id: str
    merged_into: str


_encoder = msgspec.json.Encoder()
_answers = msgspec.json.Decoder(_SearchAnswer)
_nominals = msgspec.json.Decoder(_Nominal)
_merged = msgspec.json.Decoder(_Merged)


def build_searches(release: LookupRelease) -> tuple[tuple[bytes, ...], bool]:
    """The bodies of the searches about one person, and whether they cover all that is known."""
    identifiers = [_Identifier(_type_of(i.system), i.value) for i in release.own_identifiers if 3 <= len(i.value) <= 20]
    found, complete = portions(release, SIZES)
    searches = [_of_portion(portion) for portion in found]
    if identifiers and searches:
        searches[0].identifiers = identifiers[:MOST_IDENTIFIERS]
    elif identifiers:
        searches = [_Search(identifiers=identifiers[:MOST_IDENTIFIERS])]
    complete = complete and len(identifiers) == len(release.own_identifiers) and len(identifiers) <= MOST_IDENTIFIERS
    return tuple(_encoder.encode(search) for search in searches), complete


def _of_portion(portion: Portion) -> _Search:
    names = [_NameQuery(name.family, name.given) for name in portion.names]
    return _Search(names, portion.dates[0] if portion.dates else None, list(portion.dates[1:]))


def _type_of(scheme: str) -> Literal["pncId", "croNumber", "nominalId"]:
    """The kind of number that a scheme of the case list names; the force's own number unless it says otherwise."""
    words = scheme.casefold()
    return "pncId" if "pnc" in words else "croNumber" if "cro" in words else "nominalId"


def read_search(content: bytes, release: LookupRelease) -> Answer:
    """The answer to one search. ``FAILED`` for whatever is not such an answer, or contradicts itself."""
    try:
        told = strict_json.read(content, _answers)
    except strict_json.Unreadable as fault:
        return Answer.failed(fault.code)
    candidates = tuple(_candidate(nominal, release) for nominal in told.candidates)
    if not all(RECORD_ID.fullmatch(candidate.record_id) for candidate in candidates):
        return Answer.failed(Code.REPLY_UNEXPECTED)
    if bool(candidates) != (told.outcome == "matches"):
        return Answer.failed(Code.REPLY_UNEXPECTED)
    if told.some_withheld or told.outcome == "protected":
        return Answer(AnswerKind.PROTECTED, candidates, Code.RECORD_PROTECTED)
    if told.outcome == "too-many":
        return Answer(AnswerKind.TOO_MANY, (), Code.TOO_MANY_MATCHES)
    return Answer(AnswerKind.CANDIDATES if candidates else AnswerKind.NOBODY, candidates)


def read_person(content: bytes, release: LookupRelease) -> Candidate | None:
    """One record as it is read by its number; None when it is not one."""
    try:
        return _candidate(strict_json.read(content, _nominals), release)
    except strict_json.Unreadable:
        return None


def read_merged(content: bytes, record_id: str) -> str | None:
    """The number of the record into which this one went, from the body of a 301; None when it does not say so of this record."""
    try:
        told = strict_json.read(content, _merged)
    except strict_json.Unreadable:
        return None
    return told.merged_into if told.nominal_id == record_id and RECORD_ID.fullmatch(told.merged_into) else None


def _candidate(nominal: _Nominal, release: LookupRelease) -> Candidate:
    return Candidate(
        record_id=nominal.nominal_id,
        names=tuple(PersonName(n.family_name, n.given_name, tuple(n.middle_names.split())) for n in nominal.names),
        birth_dates=_birth_dates([nominal.date_of_birth, *nominal.other_dates_of_birth]),
        sex=_SEXES.get(nominal.sex),
        identifiers=_identifiers(nominal, release),
        addresses=tuple(_address(a) for a in nominal.addresses),
        phones=tuple(Phone(t.number) for t in nominal.telephones if t.number),
        open_to_service=nominal.open_matters > 0,
    )


def _identifiers(nominal: _Nominal, release: LookupRelease) -> tuple[LocalIdentifier, ...]:
    """The force's numbers, under their own names and under the names that the case list has for them."""
    held = {"pncId": nominal.pnc_id, "croNumber": nominal.cro_number, "nominalId": nominal.nominal_id}
    schemes = dict.fromkeys(["pncId", "croNumber", *(identifier.system for identifier in release.own_identifiers)])
    return tuple(LocalIdentifier(scheme, held[_type_of(scheme)]) for scheme in schemes if held[_type_of(scheme)])


def _birth_dates(texts: list[str]) -> tuple[BirthDate, ...]:
    """Those that are dates."""
    found: dict[BirthDate, None] = {}
    for text in texts:
        try:
            found[BirthDate.from_iso(text)] = None
        except (ValueError, TypeError):
            continue
    return tuple(found)


def _address(address: _Address) -> Address:
    lines = tuple(line for line in (*address.lines, address.town) if line)
    return Address(lines, address.postcode or None, address.uprn or None, current=address.use == "current")
