"""Persons of the association and the tenures that join them: who lives where, and which of them are joint tenants."""

import uuid
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from contracts.stubs.card_index import CardIndex, found_by_name, uprn_of
from contracts.stubs.people import AgencyPerson
from contracts.stubs.places import Address
from contracts.stubs.rest.bodies import Record
from contracts.stubs.town import TODAY

_NAMESPACE = uuid.UUID("5b0f6c1e-7a55-4b2e-9c3d-0e6d2f1a9b77")
_MOST_TENANTS = 2
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Uuid = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class OtherName(Record, frozen=True):
    """Another name to search under."""

    surname: Name
    first_name: Name | UnsetType = UNSET


class PersonSearch(Record, frozen=True):
    """What a caller may search by."""

    first_name: Name | UnsetType = UNSET
    middle_name: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET
    surname: Name | UnsetType = UNSET
    other_names: Annotated[tuple[OtherName, ...], Meta(max_length=10)] = ()
    date_of_birth: date | UnsetType = UNSET
    other_dates_of_birth: Annotated[tuple[date, ...], Meta(max_length=5)] = ()
    person_id: Uuid | UnsetType = UNSET
    payment_reference: Annotated[str, Meta(pattern=r"^[0-9]{10}$")] | UnsetType = UNSET
    page: Annotated[int, Meta(ge=1)] = 1
    page_size: Annotated[int, Meta(ge=1, le=50)] = 12

    @property
    def is_enough(self) -> bool:
        """Whether the interface searches by this."""
        named = self.surname and (self.first_name or self.date_of_birth)
        return bool(named or self.person_id or self.payment_reference)


@dataclass(frozen=True, slots=True)
class Tenure:
    """One home let to one household; ended ones stay."""

    id: str
    place: Address
    tenants: tuple[AgencyPerson, ...]
    """Joint tenants; one, when there is only one."""
    others: tuple[AgencyPerson, ...]
    active: bool

    @property
    def property_reference(self) -> str:
        """The association's number of the home, eight digits."""
        return f"{zlib.crc32(uprn_of(self.place).encode()) % 100_000_000:08d}"

    @property
    def payment_reference(self) -> str:
        """The number rent is paid under, ten digits."""
        return f"{zlib.crc32(self.id.encode()) % 10_000_000_000:010d}"

    @property
    def members(self) -> tuple[AgencyPerson, ...]:
        """Everybody of the household."""
        return self.tenants + self.others


class Register:
    """Who the association knows and where they live."""

    def __init__(self, people: Iterable[AgencyPerson]) -> None:
        self.cards = CardIndex(people, parts=True)
        self.by_id = self.cards.by_local_id
        self.tenures: dict[str, Tenure] = {}
        self._of: dict[str, list[Tenure]] = {}
        for place, household in _homes(self.by_id.values()).items():
            self._add(_tenure(place, household))
        for person in self.by_id.values():
            for place in person.previous_addresses:
                self._add(Tenure(_id("former", person.local_id, uprn_of(place)), place, (person,), (), active=False))

    def of(self, person: AgencyPerson) -> list[Tenure]:
        """The tenures of a person, the active one first."""
        return self._of.get(person.local_id, [])

    def household(self, person: AgencyPerson) -> tuple[AgencyPerson, ...]:
        """Everybody who lives with this person, the person too."""
        return next((tenure.members for tenure in self.of(person) if tenure.active), (person,))

    def of_property(self, reference: str) -> list[Tenure]:
        """Tenures of one home."""
        return [tenure for tenure in self.tenures.values() if tenure.property_reference == reference]

    def find(self, search: PersonSearch) -> list[AgencyPerson]:
        """Everybody found, restricted ones too, each once."""
        found: dict[str, AgencyPerson] = {}
        if search.person_id in self.by_id:
            found[search.person_id or ""] = self.by_id[search.person_id or ""]
        if search.payment_reference:
            paying = [tenure for tenure in self.tenures.values() if tenure.payment_reference == search.payment_reference]
            found |= {person.local_id: person for tenure in paying for person in tenure.members}
        names = [(search.surname, search.first_name or None)] if search.surname else []
        names += [(name.surname, name.first_name or None) for name in search.other_names]
        born = [day for day in (search.date_of_birth, *search.other_dates_of_birth) if day]
        found |= {person.local_id: person for person in found_by_name(self.cards, names, born, by_name_alone=False)}
        return list(found.values())

    def _add(self, tenure: Tenure) -> None:
        self.tenures[tenure.id] = tenure
        for person in tenure.members:
            self._of.setdefault(person.local_id, []).append(tenure)


def is_a_minor(person: AgencyPerson) -> bool:
    """Under 18 on the town's day."""
    born = person.birth_date
    return (TODAY.year - born.year - ((TODAY.month, TODAY.day) < (born.month, born.day))) < 18


def shown_person(person: AgencyPerson, register: Register, preferred: dict[str, str], version: int) -> dict[str, object]:
    """A person as the interface writes them."""
    tenures = register.of(person)
    shown: dict[str, object] = {
        "id": person.local_id, "firstName": person.given, "surname": person.family, "dateOfBirth": person.birth_date,
        "gender": {"female": "F", "male": "M"}.get(person.sex, "O"), "personTypes": _person_types(person, tenures),
        "formerNames": [{"firstName": name.given, "surname": name.family} for name in person.aliases],
        "contactNumbers": [person.phone] if person.phone else [], "tenures": [_person_tenure(tenure) for tenure in tenures],
        "isAMinor": is_a_minor(person), "versionNumber": version,
    }  # fmt: skip
    if person.middle:
        shown["middleName"] = " ".join(person.middle)
    return shown | preferred


def shown_tenure(tenure: Tenure) -> dict[str, object]:
    """A tenure as the interface writes it, with its household."""
    return {
        "id": tenure.id, "tenureType": "Secure", "paymentReference": tenure.payment_reference, "isActive": tenure.active,
        "tenuredAsset": _asset(tenure), "householdMembers": [_member(person, tenure) for person in tenure.members],
        "versionNumber": 1, **_dates(tenure, "startOfTenureDate", "endOfTenureDate"),
    }  # fmt: skip


def full_address(place: Address) -> str:
    """One line with the postcode."""
    return ", ".join((*place.lines, place.postcode))


def _homes(people: Iterable[AgencyPerson]) -> dict[Address, list[AgencyPerson]]:
    homes: dict[Address, list[AgencyPerson]] = {}
    for person in people:
        if person.address:
            homes.setdefault(person.address, []).append(person)
    return homes


def _tenure(place: Address, household: list[AgencyPerson]) -> Tenure:
    """Up to two adults, the oldest, hold the tenancy together; the rest are members of the household."""
    by_age = sorted(household, key=lambda person: (person.birth_date, person.local_id))
    tenants = tuple(person for person in by_age if not is_a_minor(person))[:_MOST_TENANTS]
    return Tenure(_id("tenure", uprn_of(place)), place, tenants, tuple(person for person in by_age if person not in tenants), active=True)


def _id(*parts: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


def _dates(tenure: Tenure, start: str, end: str) -> dict[str, object]:
    """A start, and an end where it is over; stable for each tenure."""
    year = 2004 + zlib.crc32(tenure.id.encode()) % 15
    dates: dict[str, object] = {start: date(year, 4, 1)}
    return dates if tenure.active else dates | {end: date(year + 5, 3, 31)}


def _person_types(person: AgencyPerson, tenures: list[Tenure]) -> list[str]:
    if not tenures:
        return ["Applicant"]
    kinds = ["HouseholdMember" if person in tenure.others else "Tenant" if tenure.active else "FormerTenant" for tenure in tenures]
    return list(dict.fromkeys(kinds))


def _person_tenure(tenure: Tenure) -> dict[str, object]:
    return {
        "id": tenure.id, "type": "Secure", "assetId": _id("asset", uprn_of(tenure.place)),
        "assetFullAddress": full_address(tenure.place), "postcode": tenure.place.postcode, "uprn": uprn_of(tenure.place),
        "propertyReference": tenure.property_reference, "paymentReference": tenure.payment_reference, "isActive": tenure.active,
        **_dates(tenure, "startDate", "endDate"),
    }  # fmt: skip


def _asset(tenure: Tenure) -> dict[str, object]:
    return {
        "id": _id("asset", uprn_of(tenure.place)), "fullAddress": full_address(tenure.place), "postcode": tenure.place.postcode,
        "uprn": uprn_of(tenure.place), "propertyReference": tenure.property_reference,
    }  # fmt: skip


def _member(person: AgencyPerson, tenure: Tenure) -> dict[str, object]:
    tenant = person in tenure.tenants
    return {
        "id": person.local_id, "type": "person", "fullName": " ".join((person.given, *person.middle, person.family)),
        "isResponsible": tenant, "dateOfBirth": person.birth_date, "personTenureType": "Tenant" if tenant else "HouseholdMember",
    }  # fmt: skip
