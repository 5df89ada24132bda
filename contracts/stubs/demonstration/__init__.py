"""The demonstration Marac's people (contracts/demonstration/), and how each agency holds them."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from contracts.stubs.hearsay import without_marks
from contracts.stubs.people import AgencyPerson, PersonName
from contracts.stubs.places import Address

FOLDER = Path(__file__).parents[2] / "demonstration"
FIRST_NUMBER = 8_000_000
"""Local numbers from here on are the demonstration's: 8,000,000 and the person's place in people.toml."""
_HERE = "Northmoor"


@dataclass(frozen=True, slots=True)
class CastMember:
    """One person of the demonstration as they are, with what the case list says differently."""

    key: str
    number: int
    """Place in people.toml, from 0."""
    given: tuple[str, ...]
    family: str
    birth_family: str
    aliases: tuple[PersonName, ...]
    sex: str
    birth_date: date
    also_born: date | None
    """A second date of birth that the list names."""
    nhs_number: str
    listed_number: str | None
    """The NHS number on the list: the true one, a mistyped one, or None."""
    home: Address
    previous: tuple[Address, ...]
    """Former homes that the list names."""
    former: Address | None
    """A former home that the list does not name."""
    phone: str | None
    household: str
    parents: tuple[str, ...]
    namesake_of: str | None

    @property
    def full_name(self) -> str:
        """Given names and family name."""
        return " ".join((*self.given, self.family))


@dataclass(frozen=True, slots=True)
class DemonstrationCase:
    """One row of the case list; people by key."""

    number: str
    victim: str
    perpetrator: str
    children: tuple[str, ...]
    told: Mapping[str, Any]
    """The rest of the row: referred, referrer, repeat, relationship, safe_to_call, language, notes."""

    @property
    def roles(self) -> list[tuple[str, str]]:
        """(role, person's key), in the order of the list."""
        return [("victim", self.victim), ("perpetrator", self.perpetrator), *(("child", child) for child in self.children)]


@cache
def cast() -> dict[str, CastMember]:
    """Everybody of the demonstration, listed or not, by key."""
    tables = _read("people.toml")
    places = {key: Address(tuple(lines[:-1]), lines[-1]) for key, lines in tables["addresses"].items()}
    return {key: _member(key, number, entry, places) for number, (key, entry) in enumerate(tables["people"].items())}


@cache
def cases() -> tuple[DemonstrationCase, ...]:
    """The cases in the order of the list."""
    return tuple(
        DemonstrationCase(entry["number"], entry["victim"], entry["perpetrator"], tuple(entry["children"]), entry)
        for entry in _read("cases.toml")["cases"]
    )


@cache
def holdings() -> dict[str, dict[str, tuple[str, ...]]]:
    """Agency to person to the words that say how they are held (vocabulary: head of holdings.toml)."""
    held = _read("holdings.toml")["held"]
    return {agency: {key: tuple(words.split()) for key, words in people.items()} for agency, people in held.items()}


@cache
def withheld_roles() -> dict[str, tuple[str, ...]]:
    """Agency to the roles about which its agreement lets nothing be asked."""
    return {agency: tuple(roles) for agency, roles in _read("holdings.toml")["withheld"].items()}


def held_by(agency: str, pattern: str) -> list[AgencyPerson]:
    """The records of the demonstration's people at this agency, numbered by its own pattern (a format string)."""
    records: list[AgencyPerson] = []
    for key, words in holdings().get(agency, {}).items():
        record = _record(cast()[key], words, pattern)
        records.append(record)
        if "twice" in words:
            number = pattern.format(FIRST_NUMBER + 500 + cast()[key].number)
            records.append(replace(record, local_id=number, nhs_number=None, address=None, phone=None, previous_addresses=()))
    return records


def local_id(key: str, pattern: str) -> str:
    """The number under which an agency with this pattern holds a person of the demonstration."""
    return pattern.format(FIRST_NUMBER + cast()[key].number)


def resembles_a_listed_person(person: AgencyPerson) -> bool:
    """Whether a record of the town could be taken for somebody of the demonstration; such records are left out of every agency.

    A record does when a family name and the year of birth are the same, or the whole name is.
    """
    names = {_folded(name) for name in (person.family, *(alias.family for alias in person.aliases))}
    years, pairs = _lookalikes()
    return any((name, person.birth_date.year) in years or (_folded(person.given), name) in pairs for name in names)


@cache
def _lookalikes() -> tuple[set[tuple[str, int]], set[tuple[str, str]]]:
    years: set[tuple[str, int]] = set()
    pairs: set[tuple[str, str]] = set()
    for member in cast().values():
        families = {_folded(name) for name in (member.family, member.birth_family, *(alias.family for alias in member.aliases))}
        givens = {_folded(name) for name in (*member.given, *(alias.given for alias in member.aliases))}
        years |= {(family, member.birth_date.year) for family in families}
        pairs |= {(given, family) for given in givens for family in families}
    return years, pairs


def _folded(name: str) -> str:
    return "".join(letter for letter in without_marks(name).casefold() if letter.isalpha())


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def _member(key: str, number: int, entry: Mapping[str, Any], places: Mapping[str, Address]) -> CastMember:
    listed = entry.get("listed_number", entry["number"]) if entry.get("number_on_list", True) else None
    return CastMember(
        key=key, number=number, given=tuple(entry["given"].split()), family=entry["family"],
        birth_family=entry.get("birth_family", entry["family"]), aliases=tuple(map(_name, entry.get("aliases", ()))),
        sex=entry["sex"], birth_date=entry["born"], also_born=entry.get("also_born"), nhs_number=entry["number"],
        listed_number=listed, home=places[entry["home"]], previous=tuple(places[place] for place in entry.get("previous", ())),
        former=places[entry["former"]] if "former" in entry else None, phone=entry.get("phone"), household=entry["household"],
        parents=tuple(entry.get("parents", ())), namesake_of=entry.get("namesake_of"),
    )  # fmt: skip


def _name(text: str) -> PersonName:
    given, _, family = text.partition(" ")
    return PersonName(given, family)


def _record(member: CastMember, words: tuple[str, ...], pattern: str) -> AgencyPerson:
    record = AgencyPerson(
        local_id=local_id(member.key, pattern), resident_id=member.key, given=member.given[0], middle=member.given[1:],
        family=member.family, aliases=(), sex=member.sex, birth_date=member.birth_date, nhs_number=member.nhs_number,
        address=member.home, previous_addresses=(), phone=member.phone, household_id=f"{_HERE}/{member.household}",
        parents=member.parents, restricted="restricted" in words, open_to_services="open" in words,
        noise=tuple(word for word in words if word in _WAYS),
        persona=next((word.partition(":")[2] for word in words if word.startswith("misbehaves:")), None),
    )  # fmt: skip
    for word in words:
        record = replace(record, **_WAYS.get(word, _as_it_is)(member))
    return record


def _as_it_is(_member: CastMember) -> dict[str, Any]:
    return {}


def _elsewhere(member: CastMember) -> dict[str, Any]:
    return {"address": member.former, "phone": None}


def _unmarked(member: CastMember) -> dict[str, Any]:
    given = tuple(map(without_marks, member.given))
    return {"given": given[0], "middle": given[1:], "family": without_marks(member.family)}


def _swapped(member: CastMember) -> dict[str, Any]:
    born = member.birth_date
    return {"birth_date": date(born.year, born.day, born.month)}


_WAYS: dict[str, Callable[[CastMember], dict[str, Any]]] = {
    "elsewhere": _elsewhere,
    "no_number": lambda _member: {"nhs_number": None},
    "no_address": lambda _member: {"address": None},
    "no_phone": lambda _member: {"phone": None},
    "no_marks": _unmarked,
    "birth_name": lambda member: {"family": member.birth_family},
    "also_born": lambda member: {"birth_date": member.also_born},
    "swapped_date": _swapped,
}
