"""People as they are, and people as an agency holds them.

NHS numbers come from the 999 range, which is never issued.
"""

from dataclasses import dataclass
from datetime import date

from contracts.stubs.places import Address


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name by which somebody is or was known."""

    given: str
    family: str


@dataclass(frozen=True, slots=True)
class Resident:
    """One person of the town as they are: the truth which each agency knows a part of."""

    id: str
    given: str
    middle: tuple[str, ...]
    family: str
    aliases: tuple[PersonName, ...]
    sex: str
    """``female`` or ``male``."""
    birth_date: date
    nhs_number: str
    address: Address
    previous_addresses: tuple[Address, ...]
    phone: str
    household_id: str
    tradition: str
    birth_family: str
    parents: tuple[str, ...] = ()
    partner: str | None = None
    twin: str | None = None


@dataclass(frozen=True, slots=True)
class AgencyPerson:
    """One record of one agency: what that agency believes, under a number of its own."""

    local_id: str
    resident_id: str
    """Whom the record is really about. Ground truth for tests; never on the wire."""
    given: str
    middle: tuple[str, ...]
    family: str
    aliases: tuple[PersonName, ...]
    sex: str
    birth_date: date
    nhs_number: str | None
    address: Address | None
    previous_addresses: tuple[Address, ...]
    phone: str | None
    household_id: str
    parents: tuple[str, ...] = ()
    """Residents, not local ids: an agency may hold a child and not its parents."""
    restricted: bool = False
    open_to_services: bool = False
    noise: tuple[str, ...] = ()
    """What differs from the resident, in words of this module; ground truth for tests, never on the wire."""
    persona: str | None = None
    """What happens when somebody touches this record; None for an ordinary one."""


def modulus_11(nine_digits: str) -> int:
    """The check digit of an NHS number (NHS Data Dictionary); 10 means that no number starts with these nine digits."""
    total = sum(int(digit) * weight for digit, weight in zip(nine_digits, range(10, 1, -1), strict=True))
    return (11 - total % 11) % 11


def nhs_number_999(serial: int) -> str | None:
    """The NHS number of the 999 test range with this serial (0..999999), or None where the check digit would be 10."""
    stem = f"999{serial:06d}"
    check = modulus_11(stem)
    return None if check == 10 else f"{stem}{check}"


def exactly_held(resident: Resident, local_id: str, *, open_to_services: bool = False) -> AgencyPerson:
    """The resident as an agency holds them that knows everything and made no mistake."""
    return AgencyPerson(
        local_id=local_id, resident_id=resident.id, given=resident.given, middle=resident.middle, family=resident.family,
        aliases=resident.aliases, sex=resident.sex, birth_date=resident.birth_date, nhs_number=resident.nhs_number,
        address=resident.address, previous_addresses=resident.previous_addresses, phone=resident.phone,
        household_id=resident.household_id, parents=resident.parents, open_to_services=open_to_services,
    )  # fmt: skip
