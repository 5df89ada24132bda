"""A made-up town: people in families and homes, with the look-alikes that make matching dangerous.

Everything follows from a seed. NHS numbers are from the 999 test range and each is given once; postcodes are of an area that does not
exist; telephone numbers are random and nothing dials them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.benchmarks.matching.naming import FEMALE, GROUPS, MALE, NamingGroup, gendered, pick

_NUMBERS = 800_000
TODAY = date(2025, 6, 1)
STREETS = ["Station Road", "High Street", "Church Lane", "Mill Lane", "Victoria Street", "Albert Road", "Park Avenue", "Queens Road", "Kings Street", "Green Lane", "Manor Close", "Orchard Way", "Windsor Drive", "Grove Street", "Chapel Hill", "Springfield Road", "North Street", "West End", "Bridge Street", "Elm Grove", "Canal Walk", "School Lane", "Meadow View", "Hawthorn Close", "Beech Avenue", "The Crescent", "Cavendish Street", "Derby Road", "Nelson Street", "Garden Court"]
TOWNS = ("Northmoor", "Calderbrook", "Easterby", "Haverley")


@dataclass(frozen=True)
class Home:
    """A dwelling; neighbours share ``postcode``, homes of one street and town share the first part of the line."""

    line: str
    town: str
    postcode: str


@dataclass
class Resident:
    """One true person. ``relations`` maps the number of another person to what that person is to this one."""

    number: int
    group: NamingGroup
    sex: str
    given: str
    middle: str
    family: str
    born: date
    nhs: str
    home: Home
    phone: str = ""
    landline: str = ""
    former_home: Home | None = None
    birth_family: str = ""
    relations: dict[int, str] = field(default_factory=dict)


class Town:
    """Grows people until ``size``; ``people[n].number == n``."""

    def __init__(self, seed: int, size: int) -> None:
        self.rng = random.Random(seed)
        self.people: list[Resident] = []
        self.homes: list[list[Resident]] = []
        self._numbers: set[str] = set()
        self._postcodes = 0
        self._street_left = 0
        while len(self.people) < size:
            self._household()

    # ---------------------------------------------------------------------------------------------------------- homes
    def new_home(self) -> Home:
        """The next house of the street; a new street, with its own postcode, when this one is full."""
        if self._street_left == 0:
            self._postcodes += 1
            self._street_left = self.rng.randint(8, 22)
            self._street = self.rng.choice(STREETS)
            self._town = self.rng.choice(TOWNS)
            self._code = self._postcode(self._postcodes)
        number = self._street_left
        self._street_left -= 1
        line = f"{number} {self._street}"
        if self.rng.random() < 0.12:
            line = f"Flat {self.rng.randint(1, 9)}, {line}"
        return Home(line, self._town, self._code)

    def _postcode(self, n: int) -> str:
        letters = "ABDEFGHJLNPQRSTUWXYZ"
        return f"ZZ{n // 3600 + n % 12 + 1} {n // 400 % 10}{letters[n % 20]}{letters[n // 20 % 20]}"

    # --------------------------------------------------------------------------------------------------------- people
    def person(self, group: NamingGroup, sex: str, born: date, home: Home, family: str = "") -> Resident:
        """A new resident with names of the group; a family name may be given."""
        rng = self.rng
        given = group.given(sex, rng)
        middle = " ".join(group.given(sex, rng) for _ in range(rng.choices((0, 1, 2), (0.45, 0.45, 0.1))[0]))
        name = family or self._family_name(group, sex)
        if rng.random() < group.first_of_january:
            born = date(born.year, 1, 1)
        phone = f"07700 9{rng.randint(0, 99999):05d}" if born.year < TODAY.year - 13 and rng.random() < 0.9 else ""
        made = Resident(len(self.people), group, sex, given, middle, name, born, self._nhs(), home, phone, birth_family=name)
        self.people.append(made)
        return made

    def _family_name(self, group: NamingGroup, sex: str) -> str:
        name = gendered(group.family(self.rng), sex) if group.rule == "gendered" else group.family(self.rng)
        if group.name == "South Asian" and self.rng.random() < 0.2:
            return self.rng.choice(("Kaur", "Begum", "Bibi")) if sex == FEMALE else self.rng.choice(("Singh", "Khan", "Miah"))
        return name

    def _nhs(self) -> str:
        """A number that nobody has yet; "" once the test range is nearly used up."""
        while len(self._numbers) < _NUMBERS:
            nine = f"999{self.rng.randint(0, 999999):06d}"
            check = 11 - sum(int(d) * w for d, w in zip(nine, range(10, 1, -1), strict=True)) % 11
            number = nine + str(check % 11)
            if check != 10 and number not in self._numbers:
                self._numbers.add(number)
                return number
        return ""

    def born(self, youngest: float, oldest: float) -> date:
        """A birthday of somebody between these ages, in years."""
        return TODAY - timedelta(days=int(self.rng.uniform(youngest, oldest) * 365.25))

    # ----------------------------------------------------------------------------------------------------- households
    def _household(self) -> None:
        rng = self.rng
        group = rng.choices(GROUPS, [g.share for g in GROUPS])[0]
        first = self.person(group, rng.choice((FEMALE, MALE)), self.born(19, 80), self.new_home())
        adults = [first] + ([self._partner(first, group)] if rng.random() < 0.62 else [])
        children = self._children(adults, group) if rng.random() < 0.62 else []
        landline = f"01632 960{rng.randint(0, 999):03d}" if rng.random() < 0.4 else ""
        for member in adults + children:
            member.landline = landline
        _relate(adults, children)
        self.homes.append(adults + children)

    def _partner(self, first: Resident, group: NamingGroup) -> Resident:
        rng = self.rng
        other = group if rng.random() < 0.85 else rng.choice(GROUPS)
        age = years_old(first)
        partner = self.person(other, MALE if first.sex == FEMALE else FEMALE, self.born(max(18, age - 6), age + 6), first.home)
        wife, husband = (first, partner) if first.sex == FEMALE else (partner, first)
        if group.rule != "personal" and rng.random() < 0.6:
            wife.family = gendered(husband.family, FEMALE) if group.rule == "gendered" else husband.family
        return partner

    def _children(self, adults: list[Resident], group: NamingGroup) -> list[Resident]:
        rng = self.rng
        oldest = min(min(map(years_old, adults)) - 17, 30)
        if oldest <= 0 or years_old(adults[0]) > 62:
            return []
        children: list[Resident] = []
        for _ in range(rng.choices((1, 2, 3, 4, 5), (0.35, 0.35, 0.18, 0.08, 0.04))[0]):
            child = self._child(adults, group, rng.uniform(0, oldest))
            children.append(child)
            if rng.random() < 0.06:
                children.append(self._twin(child))
        return children

    def _child(self, adults: list[Resident], group: NamingGroup, years: float) -> Resident:
        rng = self.rng
        sex = rng.choice((FEMALE, MALE))
        father = next((p for p in adults if p.sex == MALE), adults[0])
        mother = next((p for p in adults if p.sex == FEMALE), adults[0])
        family = self._child_family(father, mother, group, sex)
        child = self.person(group, sex, self.born(years, years + 0.01), adults[0].home, family)
        parent = father if sex == MALE else mother
        if rng.random() < 0.12 and parent.sex == sex:
            child.given = parent.given
            child.family = parent.family if rng.random() < 0.8 else child.family
        return child

    def _child_family(self, father: Resident, mother: Resident, group: NamingGroup, sex: str) -> str:
        chance = self.rng.random()
        if group.rule == "personal" and chance < 0.5:
            return father.given if chance < 0.12 else self._family_name(group, sex)
        if chance < 0.2 or father is mother:
            return mother.family
        if chance < 0.28 and father.family != mother.family:
            return f"{mother.family.split()[-1]}-{father.family.split()[-1]}"
        return gendered(father.family, sex) if group.rule == "gendered" else father.family

    def _twin(self, child: Resident) -> Resident:
        """Same day, same family name; three in ten have a given name with the same first letter."""
        rng = self.rng
        sex = child.sex if rng.random() < 0.7 else (MALE if child.sex == FEMALE else FEMALE)
        twin = self.person(child.group, sex, child.born, child.home, child.family)
        twin.born = child.born
        alike = rng.random() < 0.3
        names = child.group.female if sex == FEMALE else child.group.male
        choice = tuple(n for n in names if n != child.given and (not alike or n[0] == child.given[0]))
        twin.given = pick(choice or tuple(n for n in names if n != child.given), rng)
        return twin

    # ------------------------------------------------------------------------------------------------- look-alikes
    def namesake(self, of: Resident) -> Resident:
        """Somebody unrelated of the same given and family name, elsewhere, whose date of birth is the same or close."""
        rng = self.rng
        near = self.person(of.group, of.sex, of.born, self.new_home(), of.family)
        near.given = of.given
        near.born = _near_date(of.born, rng)
        return self._look_alike(of, near, "namesake")

    def neighbour(self, of: Resident) -> Resident:
        """Somebody unrelated of the same name in another house of the same street."""
        street = of.home.line.split(", ")[-1].split(" ", 1)[1]
        home = Home(f"{self.rng.randint(30, 90)} {street}", of.home.town, of.home.postcode)
        near = self.person(of.group, of.sex, of.born + timedelta(days=self.rng.randint(-4000, 4000)), home, of.family)
        near.given = of.given
        return self._look_alike(of, near, "neighbour")

    def _look_alike(self, of: Resident, near: Resident, kind: str) -> Resident:
        of.relations[near.number] = kind
        near.relations[of.number] = kind
        return near

    def separated(self, person: Resident) -> None:
        """The person has moved out; the records know the old home."""
        person.former_home = person.home
        person.home = self.new_home()


def years_old(person: Resident) -> float:
    """Age today, in years."""
    return (TODAY - person.born).days / 365.25


def _relate(adults: list[Resident], children: list[Resident]) -> None:
    members = adults + children
    for a in members:
        for b in members:
            if a is not b:
                a.relations[b.number] = _relation(a, b, adults)


def _relation(a: Resident, b: Resident, adults: list[Resident]) -> str:
    grown = [m in adults for m in (a, b)]
    if all(grown):
        return "partner"
    if any(grown):
        return "same_name_parent_child" if a.given == b.given else "parent_child"
    return "twin" if a.born == b.born else "sibling"


def _near_date(born: date, rng: random.Random) -> date:
    chance = rng.random()
    if chance < 0.3:
        return born
    if chance < 0.45 and born.day <= 12:
        return date(born.year, born.day, born.month)
    if chance < 0.7:
        return born + timedelta(days=rng.choice((-10, -1, 1, 10)))
    return born + timedelta(days=rng.randint(-700, 700))
