"""Northmoor, a synthetic town: the same people for every stub, so that five systems hold different pictures of one truth.

Everything is drawn from a seed; nobody real is meant. NHS numbers come from the 999 range, which is never issued.
"""

import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from contracts.stubs.hearsay import as_held
from contracts.stubs.people import AgencyPerson, PersonName, Resident, nhs_number_999
from contracts.stubs.places import Address, Gazetteer

__all__ = ["TODAY", "TOWN_SEED", "TOWN_SIZE", "AgencyPerson", "PersonName", "Resident", "Town", "build_town"]

TOWN_SEED = 1974
TOWN_SIZE = 6000
TODAY = date(2026, 9, 1)
"""The day the town is looked at; ages are counted to it, so the same seed gives the same people for ever."""


@dataclass(frozen=True, slots=True)
class Town:
    """All residents, and the samples of them that agencies hold."""

    seed: int
    residents: tuple[Resident, ...]

    def households(self) -> dict[str, tuple[Resident, ...]]:
        """Who lives together: household id to its residents."""
        homes: dict[str, list[Resident]] = {}
        for resident in self.residents:
            homes.setdefault(resident.household_id, []).append(resident)
        return {household: tuple(members) for household, members in homes.items()}

    def sample(self, agency_seed: int, share: float, local_id: str = "P{:07d}") -> list[AgencyPerson]:
        """What an agency holds: ``share`` (0..1) of the town, with its own errors, under its own numbers (a format string).

        One in a hundred is held twice, as agencies do. Same seed and share: the same records.
        """
        rng = random.Random(f"{self.seed}/{agency_seed}")
        held = [resident for resident in self.residents if rng.random() < share]
        held += [resident for resident in held if rng.random() < 0.01]
        numbers = rng.sample(range(1_000_000, 8_000_000), len(held))
        return [as_held(resident, local_id.format(number), rng) for resident, number in zip(held, numbers, strict=True)]


@cache
def build_town(seed: int = TOWN_SEED, size: int = TOWN_SIZE) -> Town:
    """The town of ``size`` people (about) that this seed gives; under two seconds for 6,000."""
    builder = _Builder(seed)
    while len(builder.people) < size:
        builder.household()
    return Town(seed, tuple(builder.people))


@dataclass(frozen=True, slots=True)
class _Tradition:
    name: str
    male: list[str]
    female: list[str]
    family: list[str]
    wives_take_name: float
    joined: float
    feminine: list[list[str]]
    women_second: list[str]

    def given(self, sex: str, rng: random.Random) -> str:
        return rng.choice(self.female if sex == "female" else self.male)

    def family_for(self, family: str, sex: str) -> str:
        """The form of a family name which a woman or a man of the tradition bears."""
        if sex == "male":
            return family
        for masculine, feminine in self.feminine:
            if family.endswith(masculine):
                return family.removesuffix(masculine) + feminine
        return family


@cache
def _traditions() -> tuple[list[_Tradition], list[int]]:
    tables = tomllib.loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))
    return [_read_tradition(name, table) for name, table in tables.items()], [table["weight"] for table in tables.values()]


def _read_tradition(name: str, table: dict[str, Any]) -> _Tradition:
    lists = {key: str(table.get(key, "")).split() for key in ("male", "female", "family", "women_second")}
    # Frequencies fall off like real ones: the first names of each list are common, the last rare.
    families = [family for place, family in enumerate(lists["family"]) for _ in range(1 + 24 // (place + 1))]
    return _Tradition(
        name, lists["male"], lists["female"], families, table["wives_take_name"], table["joined"],
        table.get("feminine", []), lists["women_second"],
    )  # fmt: skip


class _Builder:
    """Grows the town household by household."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.people: list[Resident] = []
        self._places = Gazetteer(self.rng)
        self._households = 0
        # Serials below 100,000 are kept for the demonstration's people.
        self._numbers = self._nhs_numbers()

    def _nhs_numbers(self) -> Iterator[str]:
        for serial in self.rng.sample(range(100_000, 1_000_000), 60_000):
            if number := nhs_number_999(serial):
                yield number

    def household(self) -> None:
        """One more home with the people in it."""
        traditions, weights = _traditions()
        tradition = self.rng.choices(traditions, weights)[0]
        self._households += 1
        home = _Home(f"H{self._households:05d}", self._places.home(), self._former_homes())
        shape = self.rng.choices((self._single, self._couple, self._family, self._lone_parent, self._sharers), (28, 24, 33, 12, 3))[0]
        shape(tradition, home)

    def _former_homes(self) -> tuple[Address, ...]:
        return tuple(self._places.home() for _ in range(self.rng.choices((0, 1, 2), (62, 30, 8))[0]))

    def _single(self, tradition: _Tradition, home: "_Home") -> None:
        self._adult(tradition, home, self.rng.choice(("female", "male")), self.rng.randint(18, 90))

    def _sharers(self, _tradition: _Tradition, home: "_Home") -> None:
        traditions, weights = _traditions()
        for tradition in self.rng.choices(traditions, weights, k=self.rng.randint(3, 5)):
            self._adult(tradition, home, self.rng.choice(("female", "male")), self.rng.randint(18, 45))

    def _couple(self, tradition: _Tradition, home: "_Home", youngest: int = 20, oldest: int = 88) -> tuple[Resident, Resident]:
        age = self.rng.randint(youngest, oldest)
        man = self._adult(tradition, home, "male", age)
        woman = self._adult(tradition, home, "female", max(18, age - self.rng.randint(-4, 8)))
        married = self.rng.random() < tradition.wives_take_name
        family = tradition.family_for(_masculine(tradition, man.birth_family), "female") if married else woman.family
        aliases = (PersonName(woman.given, woman.birth_family),) if family != woman.birth_family else ()
        woman = replace(woman, family=family, aliases=aliases, partner=man.id)
        man = replace(man, partner=woman.id)
        self.people[-2:] = [man, woman]
        return man, woman

    def _family(self, tradition: _Tradition, home: "_Home") -> None:
        man, woman = self._couple(tradition, home, 22, 56)
        self._children(tradition, home, (woman, man), man.family)
        if self.rng.random() < 0.08:
            self._grandparent(tradition, home, man)

    def _lone_parent(self, tradition: _Tradition, home: "_Home") -> None:
        parent = self._adult(tradition, home, self.rng.choice(("female", "female", "female", "male")), self.rng.randint(19, 52))
        self._children(tradition, home, (parent,), parent.family)

    def _grandparent(self, tradition: _Tradition, home: "_Home", child: Resident) -> None:
        age = min(90, _age(child) + self.rng.randint(20, 38))
        sex = self.rng.choice(("female", "male"))
        elder = self._adult(tradition, home, sex, age, family=tradition.family_for(child.family, sex))
        # A father and son of one name under one roof: the oldest trap of record matching.
        if sex == "male" and self.rng.random() < 0.4:
            self.people[-1] = replace(elder, given=child.given)
        self._change(child, parents=(elder.id,))

    def _change(self, person: Resident, **changes: Any) -> None:
        at = next(place for place in range(len(self.people) - 1, -1, -1) if self.people[place].id == person.id)
        self.people[at] = replace(self.people[at], **changes)

    def _children(self, tradition: _Tradition, home: "_Home", parents: tuple[Resident, ...], family: str) -> None:
        youngest_parent = min(_age(parent) for parent in parents)
        for _ in range(self.rng.choices((1, 2, 3, 4, 5), (34, 38, 18, 7, 3))[0]):
            age = self.rng.randint(0, max(0, min(21, youngest_parent - 17)))
            child = self._child(tradition, home, parents, family, self._born(age))
            if self.rng.random() < 0.03:
                twin = self._child(tradition, home, parents, family, child.birth_date)
                self.people[-2:] = [replace(child, twin=twin.id), replace(twin, twin=child.id)]

    def _child(
        self, tradition: _Tradition, home: "_Home", parents: tuple[Resident, ...], family: str, born: date
    ) -> Resident:
        sex = self.rng.choice(("female", "male"))
        name = tradition.family_for(_masculine(tradition, family), sex)
        if len(parents) == 2 and self.rng.random() < tradition.joined:
            name = f"{parents[0].birth_family} {family}" if tradition.joined > 0.5 else f"{parents[0].birth_family}-{family}"
        given = self._given_apart_from_siblings(tradition, sex, home)
        if sex == "male" and parents[-1].sex == "male" and self.rng.random() < 0.03:
            given = parents[-1].given
        child = self._person(tradition, home, sex, born, given, name)
        child = replace(child, parents=tuple(parent.id for parent in parents))
        self.people[-1] = child
        return child

    def _given_apart_from_siblings(self, tradition: _Tradition, sex: str, home: "_Home") -> str:
        taken = {person.given for person in self.people[-8:] if person.household_id == home.id}
        return next(name for name in iter(lambda: tradition.given(sex, self.rng), "") if name not in taken)

    def _adult(self, tradition: _Tradition, home: "_Home", sex: str, age: int, family: str | None = None) -> Resident:
        family = family or self.rng.choice(tradition.family)
        if sex == "female" and tradition.women_second and self.rng.random() < 0.5:
            family = self.rng.choice(tradition.women_second)
        return self._person(
            tradition, home, sex, self._born(age), tradition.given(sex, self.rng), tradition.family_for(family, sex)
        )

    def _person(self, tradition: _Tradition, home: "_Home", sex: str, born: date, given: str, family: str) -> Resident:
        middle = (tradition.given(sex, self.rng),) if self.rng.random() < 0.45 else ()
        person = Resident(
            id=f"N{len(self.people) + 1:05d}", given=given, middle=middle, family=family, aliases=(), sex=sex, birth_date=born,
            nhs_number=next(self._numbers), address=home.address, previous_addresses=home.former, phone=self._places.phone(),
            household_id=home.id, tradition=tradition.name, birth_family=family,
        )  # fmt: skip
        self.people.append(person)
        return person

    def _born(self, age: int) -> date:
        """A birthday of somebody of this age; one in fifty immigrants' papers say 1 January, which is kept rare here."""
        if self.rng.random() < 0.01:
            return date(TODAY.year - age, 1, 1)
        return TODAY - timedelta(days=age * 365 + age // 4 + self.rng.randrange(365))


@dataclass(frozen=True, slots=True)
class _Home:
    id: str
    address: Address
    former: tuple[Address, ...]


def _masculine(tradition: _Tradition, family: str) -> str:
    """The dictionary form of a family name, from which both forms are made."""
    for masculine, feminine in tradition.feminine:
        if family.endswith(feminine):
            return family.removesuffix(feminine) + masculine
    return family


def _age(person: Resident) -> int:
    return (TODAY - person.birth_date).days // 365
