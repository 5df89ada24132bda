"""The people of a world: families, households, tenancies, parental responsibility, look-alikes. All invented; NHS numbers of the 999 range."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

from contracts.stubs.people import Resident, nhs_number_999
from contracts.stubs.places import Address

_FIRST = ("Bra", "Cor", "Dev", "Fen", "Gil", "Hol", "Jan", "Kel", "Lor", "Mab", "Nor", "Orl", "Pen", "Quil", "Ros", "Sel", "Tam", "Vel", "Wyn", "Yol")
_MIDDLE = ("ba", "do", "fi", "ga", "ke", "lu", "mi", "no", "pa", "ri", "so", "tu", "ve", "za")
_LAST = ("lind", "mere", "nock", "quist", "rell", "stow", "thorpe", "vane", "wick", "yard", "zell", "brook")
_WALKS = ("Cornflower", "Bittern", "Tansy", "Juniper", "Plover", "Sorrel")
_KINDS = ("couple with children", "parted parents", "couple", "alone", "three generations", "sharers")


def a_name(rng: random.Random) -> str:
    """A word that is nobody's name and stands in no text of ours, so that one look finds it wherever it leaks."""
    return rng.choice(_FIRST) + rng.choice(_MIDDLE) + rng.choice(_LAST)


class Village:
    """Makes households until there are enough."""

    def __init__(self, rng: random.Random, households: int, look_alikes: bool) -> None:
        self._rng = rng
        self.residents: list[Resident] = []
        self._serials = iter(rng.sample(range(1_000, 900_000), 400))
        for number in range(households):
            self._household(number)
        if look_alikes:
            self._add_look_alike()

    def parents_of(self, resident: Resident) -> list[Resident]:
        """Those who hold parental responsibility."""
        return [r for r in self.residents if r.id in resident.parents]

    def children_of(self, resident: Resident) -> list[Resident]:
        """Everybody for whom this person holds it."""
        return [r for r in self.residents if resident.id in r.parents]

    def _household(self, number: int) -> None:
        kind = _KINDS[0] if number == 0 else self._rng.choice(_KINDS)
        home, family = self._home(number), a_name(self._rng)
        adults = [self._adult(home, number, family if i == 0 or self._rng.random() < 0.6 else a_name(self._rng)) for i in range(1 if kind == "alone" else 2)]
        if kind in ("couple with children", "parted parents", "three generations"):
            if kind == "parted parents":
                adults[1] = replace(adults[1], address=self._home(number + 40), household_id=f"h{number + 40}")
            holders = [a.id for a in adults]
            if kind == "three generations":
                elder = self._adult(home, number, family, born_before=1962)
                self.residents.append(elder)
                holders.append(elder.id)
            self.residents += [self._child(home, number, family, holders[: self._rng.randint(1, 3)]) for _ in range(self._rng.randint(1, 3))]
        self.residents += adults

    def _home(self, number: int) -> Address:
        place = f"{self._rng.randint(1, 90)} {self._rng.choice(_WALKS)} Walk"
        return Address((place, "Northmoor"), f"ZZ{number % 9 + 1} {self._rng.randint(1, 9)}{self._rng.choice('ABDEFGHJ')}{self._rng.choice('LNPQRSTU')}")

    def _adult(self, home: Address, household: int, family: str, born_before: int = 2005) -> Resident:
        born = date(self._rng.randint(born_before - 45, born_before), self._rng.randint(1, 12), self._rng.randint(1, 28))
        return self._person(home, household, family, born, ())

    def _child(self, home: Address, household: int, family: str, holders: list[str]) -> Resident:
        born = date(self._rng.randint(2016, 2030), self._rng.randint(1, 12), self._rng.randint(1, 28))
        return self._person(home, household, family, born, tuple(holders))

    def _person(self, home: Address, household: int, family: str, born: date, parents: tuple[str, ...]) -> Resident:
        number = next(n for serial in self._serials if (n := nhs_number_999(serial)))
        return Resident(
            id=f"r{number}", given=a_name(self._rng), middle=(), family=family, aliases=(), sex=self._rng.choice(("female", "male")), birth_date=born,
            nhs_number=number, address=home, previous_addresses=(), phone=f"07700 900{self._rng.randint(0, 999):03d}", household_id=f"h{household}",
            tradition="none", birth_family=family, parents=parents,
        )  # fmt: skip

    def _add_look_alike(self) -> None:
        """Somebody with the same name and nearly, or wholly, the same date of birth: another person, elsewhere."""
        model = self._rng.choice([r for r in self.residents if not r.parents])
        other = self._person(self._home(80), 80, model.family, model.birth_date + timedelta(days=self._rng.choice((0, 1, 30, 366))), ())
        self.residents.append(replace(other, given=model.given, sex=model.sex))
