"""Nominals: how the force writes a person down, and how its search finds one."""

import re
import zlib
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from contracts.stubs.card_index import CardIndex, found_by_name, uprn_of
from contracts.stubs.people import AgencyPerson
from contracts.stubs.places import Address
from contracts.stubs.rest.bodies import Record

_LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"
RECORDED_AT = "2026-09-01T00:00:00.000000Z"


class NameQuery(Record, frozen=True):
    """A name to search for."""

    family_name: Annotated[str, Meta(min_length=1, max_length=70)]
    given_name: Annotated[str, Meta(min_length=1, max_length=35)] | UnsetType = UNSET
    middle_names: Annotated[str, Meta(max_length=70)] | UnsetType = UNSET


class Identifier(Record, frozen=True):
    """A number of the force's own, or the PNC's or CRO's."""

    type: Literal["pncId", "croNumber", "nominalId"]
    value: Annotated[str, Meta(min_length=3, max_length=20)]


class PersonSearch(Record, frozen=True):
    """What a caller may search by."""

    names: Annotated[list[NameQuery], Meta(min_length=1, max_length=10)] | UnsetType = UNSET
    date_of_birth: date | UnsetType = UNSET
    other_dates_of_birth: Annotated[tuple[date, ...], Meta(max_length=5)] = ()
    identifiers: Annotated[list[Identifier], Meta(min_length=1, max_length=10)] | UnsetType = UNSET


class Nominals:
    """The force's index of persons."""

    def __init__(self, people: Iterable[AgencyPerson]) -> None:
        self.cards = CardIndex(people, parts=True)
        self.by_id = self.cards.by_local_id
        self._by_pnc = {pnc_id(person): person for person in self.by_id.values() if is_on_pnc(person)}
        self._by_cro = {cro_number(person): person for person in self.by_id.values() if is_on_pnc(person)}

    def find(self, search: PersonSearch) -> list[AgencyPerson]:
        """Everybody found, restricted ones too, each once."""
        found = {person.local_id: person for person in map(self._identified, search.identifiers or []) if person}
        born = [day for day in (search.date_of_birth, *search.other_dates_of_birth) if day]
        names = [(name.family_name, name.given_name or None) for name in search.names or []]
        found |= {person.local_id: person for person in found_by_name(self.cards, names, born, by_name_alone=True)}
        return list(found.values())

    def _identified(self, identifier: Identifier) -> AgencyPerson | None:
        held = {"pncId": self._by_pnc, "croNumber": self._by_cro, "nominalId": self.by_id}[identifier.type]
        return held.get(identifier.value.strip().upper())


def is_on_pnc(person: AgencyPerson) -> bool:
    """Adults known to this force have been through custody once or not; about half have."""
    return person.birth_date.year < 2008 and _serial(person) % 2 == 0


def pnc_id(person: AgencyPerson) -> str:
    """A PNC id that is its person's for ever: year, serial, letter (year digits and serial modulo 23)."""
    year, serial = 2009 + _serial(person) % 15, _serial(person) % 10_000_000
    return f"{year}/{serial:07d}{_LETTERS[int(f'{year % 100:02d}{serial:07d}') % 23]}"


def cro_number(person: AgencyPerson) -> str:
    """A CRO number to go with it."""
    year, serial = (2009 + _serial(person) % 15) % 100, _serial(person) % 1_000_000
    return f"{serial}/{year:02d}{_LETTERS[int(f'{year:02d}{serial:06d}') % 23]}"


def shown(person: AgencyPerson, version: int = 1) -> dict[str, object]:
    """A nominal as the interface writes it."""
    nominal: dict[str, object] = {
        "nominalId": person.local_id,
        "names": _names(person),
        "dateOfBirth": person.birth_date,
        "sex": person.sex,
        "addresses": _addresses(person),
        "telephones": _telephones(person),
        "openMatters": 1 + _serial(person) % 3 if person.open_to_services else 0,
        "version": version,
        "updatedAt": RECORDED_AT,
    }
    if is_on_pnc(person):
        nominal |= {"pncId": pnc_id(person), "croNumber": cro_number(person)}
    return nominal


def _serial(person: AgencyPerson) -> int:
    return zlib.crc32(re.sub(r"\D", "", person.local_id).encode())


def _names(person: AgencyPerson) -> list[dict[str, str]]:
    legal = {"use": "legal", "givenName": person.given, "familyName": person.family}
    if person.middle:
        legal["middleNames"] = " ".join(person.middle)
    others = [
        {"use": "previous" if name.given == person.given else "alias", "givenName": name.given, "familyName": name.family}
        for name in person.aliases
    ]
    return [legal, *others]


def _addresses(person: AgencyPerson) -> list[dict[str, object]]:
    current = [_address(person.address, "current")] if person.address else []
    return current + [_address(place, "previous") for place in person.previous_addresses]


def _address(place: Address, use: str) -> dict[str, object]:
    *lines, town = place.lines if len(place.lines) > 1 else (*place.lines, "")
    return {"use": use, "lines": lines, "town": town, "postcode": place.postcode, "uprn": uprn_of(place)}


def _telephones(person: AgencyPerson) -> list[dict[str, str]]:
    if not person.phone:
        return []
    return [{"use": "mobile" if person.phone.startswith("07") else "home", "number": person.phone}]
