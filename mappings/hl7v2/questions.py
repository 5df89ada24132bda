"""Which questions a patient demographics query puts about one person. ITI-21 joins criteria with AND, so each name and date is one question.

First by family name and date of birth: that finds the person under any given name, and twins beside each other. Where nobody was found,
once more by full name and year of birth, which finds a date that was mistyped. Nothing else that is known is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from gateway.domain.case_list import BirthDate, PersonName
from gateway.domain.releases import LookupRelease
from gateway.domain.sealed import Sealed
from mappings.hl7v2.profile import Profile

MOST_QUESTIONS = 6
"""In one round about one person."""


@dataclass(frozen=True, slots=True, repr=False)
class Question(Sealed):
    """Criteria as QPD-3 names them, e.g. ``("@PID.5.1.1", ...)``; a person found must meet all."""

    criteria: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Questions(Sealed):
    """``second`` is asked when the first round found nobody. ``complete`` False: there were more than may be asked."""

    first: tuple[Question, ...]
    second: tuple[Question, ...]
    complete: bool


def plan(release: LookupRelease, profile: Profile) -> Questions:
    """The questions about one person, those by number first."""
    first = [*_by_number(release, profile), *_by_date(release)]
    second = _by_year(release, profile) if profile.second_question == "yes" else []
    second = [question for question in dict.fromkeys(second) if question not in first]
    first = list(dict.fromkeys(first))
    complete = len(first) <= MOST_QUESTIONS and len(second) <= MOST_QUESTIONS and not _unaskable(release)
    return Questions(tuple(first[:MOST_QUESTIONS]), tuple(second[:MOST_QUESTIONS]), complete)


def _by_number(release: LookupRelease, profile: Profile) -> list[Question]:
    asked = [(identifier.value, profile.own_authority, profile.own_oid) for identifier in release.own_identifiers]
    if release.nhs_number:
        asked.append((release.nhs_number.value, profile.nhs_number_authority, profile.nhs_number_oid))
    return [_number_question(*numbers) for numbers in asked]


def _number_question(value: str, namespace: str, oid: str) -> Question:
    criteria = [("@PID.3.1", value)]
    if namespace:
        criteria.append(("@PID.3.4.1", namespace))
    if oid:
        criteria += [("@PID.3.4.2", oid), ("@PID.3.4.3", "ISO")]
    return Question(tuple(criteria))


def _by_date(release: LookupRelease) -> list[Question]:
    """One question for each name and date; with only a part of a date, or none, the given name must narrow it."""
    if not release.birth_dates:
        return [_name_question(name) for name in release.names if name.family and name.given]
    return [_pair_question(name, date) for name, date in product(release.names, release.birth_dates) if name.family]


def _pair_question(name: PersonName, date: BirthDate) -> Question:
    if date.whole or not name.given:
        return Question((("@PID.5.1.1", name.family), ("@PID.7", written(date))))
    return _name_question(name, written(date))


def _name_question(name: PersonName, date: str = "", wildcard: str = "") -> Question:
    given = name.given.split(" ", 1)[0] if wildcard else name.given
    if wildcard and len(given) > 1:
        given += wildcard
    criteria = (("@PID.5.1.1", name.family), ("@PID.5.2", given))
    return Question((*criteria, ("@PID.7", date)) if date else criteria)


def _by_year(release: LookupRelease, profile: Profile) -> list[Question]:
    years = dict.fromkeys(f"{date.year:04d}" for date in release.birth_dates)
    names = [name for name in release.names if name.family and name.given]
    return [_name_question(name, year, profile.given_wildcard) for name, year in product(names, years)]


def _unaskable(release: LookupRelease) -> bool:
    """Whether some name cannot stand in any question: no family name, or neither given name nor date."""
    return any(not name.family or not (name.given or release.birth_dates) for name in release.names)


def written(date: BirthDate) -> str:
    """A date of birth as TS: to the day, the month or the year, as far as it is known."""
    return date.iso().replace("-", "")
