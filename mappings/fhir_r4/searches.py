"""What is asked about one person: ``$match`` where the server offers it, else searches by POST, so that no address holds a name.

R4 joins search parameters with AND and not every server knows OR lists, so each name and date is a question of its own; $match takes
all names at once. A number is also searched for by itself where that is possible: a master index that weighs everything may find a
number alone too light to offer anybody. Neither postcode nor sex is sent, whatever the agreement allows: the one hides restricted people from the answer,
the other those who are recorded otherwise, and a name with a date of birth finds no fewer without them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import quote_plus

import msgspec

from gateway.domain.case_list import BirthDate, PersonName
from gateway.domain.identifiers import LocalIdentifier
from gateway.domain.releases import LookupRelease
from gateway.domain.sealed import Sealed
from mappings.fhir_r4.codes import FHIR_JSON
from mappings.fhir_r4.profile import Profile, escaped

MOST_QUESTIONS = 6
"""In one round about one person."""
PAGE = 20
"""Candidates asked for at a time."""
MATCH = "Patient/$match"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, repr=False)
class Question(Sealed):
    """One exchange: where it goes (relative to the base), what kind of body, and the body."""

    path: str
    content_type: str
    body: bytes

    @property
    def is_match(self) -> bool:
        """Whether it is a $match, whose answer is scored and not paged."""
        return self.path == MATCH


@dataclass(frozen=True, slots=True, repr=False)
class Questions(Sealed):
    """One round. ``complete`` False: there was more than may be asked, or something that cannot be asked."""

    asked: tuple[Question, ...]
    complete: bool = True


def plan(release: LookupRelease, profile: Profile) -> Questions:
    """The questions about one person; none where nothing is known to ask with."""
    if not (release.names or release.own_identifiers or release.nhs_number):
        return Questions(())
    return _plan_match(release, profile) if profile.match else _plan_search(release, profile)


def plan_again(release: LookupRelease, profile: Profile) -> Questions:
    """A second round, for when the first found nobody: full names with the year of birth, which finds a date that was mistyped. Empty
    where $match is offered, which sees to that itself, and where it would only ask the same again."""
    if profile.match:
        return Questions(())
    known = {*_by_number(release, profile), *_by_date(release)}
    return _round([asked for asked in dict.fromkeys(_by_year(release)) if asked not in known], profile)


# -------------------------------------------------------------------------------------------------------------- $match


def _plan_match(release: LookupRelease, profile: Profile) -> Questions:
    dates: tuple[BirthDate | None, ...] = release.birth_dates or (None,)
    questions = [_search_question(asked, profile) for asked in _by_number(release, profile)] if profile.search else []
    if release.names or not questions:
        questions += [_match_question(_patient(release, date, profile)) for date in dates]
    return Questions(tuple(questions[:MOST_QUESTIONS]), complete=len(questions) <= MOST_QUESTIONS)


def _match_question(patient: dict[str, Any]) -> Question:
    parameters = [
        {"name": "resource", "resource": patient},
        {"name": "onlyCertainMatches", "valueBoolean": False},
        {"name": "count", "valueInteger": PAGE},
    ]
    body = msgspec.json.encode({"resourceType": "Parameters", "parameter": parameters})
    return Question(MATCH, FHIR_JSON, body)


def _patient(release: LookupRelease, date: BirthDate | None, profile: Profile) -> dict[str, Any]:
    """A Patient with what is known and nothing else; elements that would be empty are left out, as R4 demands."""
    patient: dict[str, Any] = {"resourceType": "Patient"}
    if identifiers := [_written(system, value) for system, value in _numbers(release, profile)]:
        patient["identifier"] = identifiers
    if names := [_human_name(name) for name in release.names if name.family or name.given]:
        patient["name"] = names
    if date:
        patient["birthDate"] = date.iso()
    return patient


def _human_name(name: PersonName) -> dict[str, Any]:
    written: dict[str, Any] = {"family": name.family} if name.family else {}
    given = [part for part in (name.given, *name.middle) if part]
    return {**written, "given": given} if given else written


def _written(system: str, value: str) -> dict[str, str]:
    return {"system": system, "value": value} if system else {"value": value}


def _numbers(release: LookupRelease, profile: Profile) -> list[tuple[str, str]]:
    """(system, value) of every number that may be asked with."""
    asked = [(_system_of(identifier, profile), identifier.value) for identifier in release.own_identifiers]
    if release.nhs_number:
        asked.append((profile.nhs_number_system, release.nhs_number.value))
    return asked


def _system_of(identifier: LocalIdentifier, profile: Profile) -> str:
    """The scheme as the server knows it: a URI stays, our own name for the agency's scheme becomes the agreed one."""
    if identifier.system in profile.identifier_system or ":" in identifier.system:
        return identifier.system
    return profile.identifier_system[0] if profile.identifier_system else ""


# -------------------------------------------------------------------------------------------------------------- _search


_Criteria = tuple[tuple[str, str], ...]


def _plan_search(release: LookupRelease, profile: Profile) -> Questions:
    """By number; and by family name and date of birth, which finds the person under any given name, and twins beside each other."""
    found = _round(list(dict.fromkeys([*_by_number(release, profile), *_by_date(release)])), profile)
    return Questions(found.asked, found.complete and not _unaskable(release))


def _round(criteria: list[_Criteria], profile: Profile) -> Questions:
    asked = tuple(_search_question(each, profile) for each in criteria[:MOST_QUESTIONS])
    return Questions(asked, complete=len(criteria) <= MOST_QUESTIONS)


def _search_question(criteria: _Criteria, profile: Profile) -> Question:
    episodes = "&_revinclude=EpisodeOfCare%3Apatient" if profile.open_to_service else ""
    return Question("Patient/_search", FORM, f"{_form(criteria)}&_count={PAGE}{episodes}".encode())


def _form(fields: Iterable[tuple[str, str]]) -> str:
    """Form-encoded; most values need no encoding at all."""
    return "&".join([f"{name}={value if value.isalnum() and value.isascii() else quote_plus(value)}" for name, value in fields])


def _by_number(release: LookupRelease, profile: Profile) -> list[_Criteria]:
    return [
        (("identifier", f"{escaped(system)}|{escaped(value)}" if system else escaped(value)),)
        for system, value in _numbers(release, profile)
    ]


def _by_date(release: LookupRelease) -> list[_Criteria]:
    """One question for each name and date; with only a part of a date, or none, the given name must narrow it."""
    if not release.birth_dates:
        return [_named(name) for name in release.names if name.family and name.given]
    return [_named_and_born(name, date) for name, date in product(release.names, release.birth_dates) if name.family]


def _named_and_born(name: PersonName, date: BirthDate) -> _Criteria:
    born = (("birthdate", date.iso()),)
    return (("family", escaped(name.family)), *born) if date.whole or not name.given else _named(name) + born


def _named(name: PersonName) -> _Criteria:
    return (("family", escaped(name.family)), ("given", escaped(name.given.split(" ", 1)[0])))


def _by_year(release: LookupRelease) -> list[_Criteria]:
    years = dict.fromkeys(f"{date.year:04d}" for date in release.birth_dates)
    names = [name for name in release.names if name.family and name.given]
    return [(*_named(name), ("birthdate", year)) for name, year in product(names, years)]


def _unaskable(release: LookupRelease) -> bool:
    """Whether some name cannot stand in any question: no family name, or neither given name nor date."""
    return any(not name.family or not (name.given or release.birth_dates) for name in release.names)


def build_episode_search(record_id: str) -> Question:
    """Which episodes of care one record has."""
    form = _form((("patient", record_id), ("_count", "50")))
    return Question("EpisodeOfCare/_search", FORM, form.encode())


def build_identifier_search(resource_type: str, tokens: tuple[str, ...]) -> Question:
    """What carries one of our identifiers (``Profile.token``)."""
    form = _form((("identifier", ",".join(tokens)), ("_count", "50")))
    return Question(f"{resource_type}/_search", FORM, form.encode())
