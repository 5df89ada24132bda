"""A card index of persons: found by a number, by a whole family name, or by how one begins, as older record systems do."""

import re
import zlib
from bisect import bisect_left
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from contracts.stubs.hearsay import without_marks
from contracts.stubs.people import AgencyPerson, PersonName
from contracts.stubs.places import Address, postcode_of


@lru_cache(maxsize=65_536)
def key(text: str) -> str:
    """Text as it is compared: without case, marks, apostrophes, hyphens and spaces."""
    return re.sub(r"[\s'’`.-]", "", without_marks(text)).casefold()


def names_of(person: AgencyPerson) -> list[PersonName]:
    """Every name on the card, the main one first."""
    return [PersonName(person.given, person.family), *person.aliases]


class CardIndex:
    """The cards of one agency, kept by local id and by every family name on them."""

    def __init__(self, people: Iterable[AgencyPerson], *, parts: bool = False) -> None:
        """``parts``: also file a card under each part of a joined family name (``Begum-Khan`` under Khan)."""
        self.by_local_id = {person.local_id: person for person in people}
        self._by_family: dict[str, dict[str, None]] = {}
        for person in self.by_local_id.values():
            for name in names_of(person):
                for family in _families(name.family, parts):
                    self._by_family.setdefault(family, {})[person.local_id] = None
        self._families = sorted(self._by_family)

    def under(self, family: str) -> list[AgencyPerson]:
        """Cards filed under this family name."""
        return [self.by_local_id[local_id] for local_id in self._by_family.get(key(family), ())]

    def beginning(self, start: str) -> list[AgencyPerson]:
        """Cards with a family name that begins like this."""
        wanted, found = key(start), dict[str, None]()
        for place in range(bisect_left(self._families, wanted), len(self._families)):
            if not self._families[place].startswith(wanted):
                break
            found |= self._by_family[self._families[place]]
        return [self.by_local_id[local_id] for local_id in found]


def near_dates(held: date, asked: date) -> bool:
    """Equal, or with day and month swapped: what a clerk still takes for the same date of birth."""
    return held == asked or (held.year, held.month, held.day) == (asked.year, asked.day, asked.month)


def found_by_name(
    index: CardIndex, names: Iterable[tuple[str, str | None]], born: list[date], *, by_name_alone: bool
) -> list[AgencyPerson]:
    """Cards under one of these (family, given or None) names, whose date of birth is near one sent.

    The same year will do where the given name is the same too. With no date sent, the given name decides, and none is
    found by family name alone unless ``by_name_alone``.
    """
    found: dict[str, AgencyPerson] = {}
    for family, given in names:
        for person in index.under(family):
            same_given = given is not None and any(key(name.given) == key(given) for name in names_of(person))
            if _agrees(person.birth_date, born, same_given=same_given, by_name_alone=by_name_alone and given is None):
                found[person.local_id] = person
    return list(found.values())


def _agrees(held: date, asked: list[date], *, same_given: bool, by_name_alone: bool) -> bool:
    if not asked:
        return same_given or by_name_alone
    return any(near_dates(held, born) or (same_given and held.year == born.year) for born in asked)


def _families(family: str, parts: bool) -> set[str]:
    whole = {key(family)}
    return whole | {key(part) for part in re.split(r"[\s-]+", family) if len(part) > 1} if parts else whole


def uprn_of(place: Address) -> str:
    """The property's UPRN: the same for everybody, and in a range that stands for no real property."""
    return str(999_000_000_000 + zlib.crc32(f"{key(place.first_line)}/{postcode_of(place)}".encode()) % 1_000_000_000)
