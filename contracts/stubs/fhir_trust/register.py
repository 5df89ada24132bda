"""Finding patients: the Patient search parameters this trust supports, as R4 defines them."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache

from contracts.stubs.fhir_trust.patients import NHS_NUMBER
from contracts.stubs.fhir_trust.wire import Refusal
from contracts.stubs.hearsay import without_marks
from contracts.stubs.people import AgencyPerson

REVEALING = frozenset({"address", "address-postalcode", "address-city", "general-practitioner", "phone", "telecom"})
"""A search with one of these never finds a restricted patient: it would tell where they are (as PDS)."""


@lru_cache(maxsize=65_536)
def folded(text: str) -> str:
    """A string as R4 string search compares it: without case, marks, punctuation and spaces."""
    return "".join(letter for letter in without_marks(text).casefold() if letter.isalnum())


def families_of(person: AgencyPerson) -> tuple[str, ...]:
    """Family names on the record, folded."""
    return (folded(person.family), *(folded(alias.family) for alias in person.aliases))


def givens_of(person: AgencyPerson) -> tuple[str, ...]:
    """Given names on the record, folded."""
    return tuple(map(folded, (person.given, *person.middle, *(alias.given for alias in person.aliases))))


class Register:
    """The trust's patients, indexed for search."""

    def __init__(self, people: Sequence[AgencyPerson], hospital_number: str) -> None:
        self._systems = {NHS_NUMBER: "nhs", hospital_number: "own"}
        self.by_id = {person.local_id: person for person in people}
        self._by_number: dict[str, list[AgencyPerson]] = {}
        self._by_family: dict[str, list[AgencyPerson]] = {}
        self.born: dict[date, list[AgencyPerson]] = {}
        for person in people:
            self._by_number.setdefault(person.nhs_number or "", []).append(person)
            self.born.setdefault(person.birth_date, []).append(person)
            for family in dict.fromkeys(families_of(person)):
                self._by_family.setdefault(family, []).append(person)
        self._families = sorted(self._by_family)

    def search(self, asked: Iterable[tuple[str, str]]) -> list[AgencyPerson]:
        """Patients for whom every parameter holds; refuses parameters and forms it does not know (400)."""
        tests = [(self._test(name, value), name, value) for name, value in asked]
        if not tests:
            raise Refusal(400, "required", "NO_CRITERION")
        found = [person for person in self._start(asked) if all(test(person) for test, _, _ in tests)]
        if any(name.partition(":")[0] in REVEALING for _, name, _ in tests):
            found = [person for person in found if not person.restricted]
        return sorted(found, key=lambda person: person.local_id)

    def with_identifier(self, token: str) -> list[AgencyPerson]:
        """``system|value``, ``|value`` or ``value``; none for a system that is not kept here."""
        system, bar, value = token.rpartition("|")
        kind = self._systems.get(system, "none") if bar and system else "any"
        found = list(self._by_number.get(value, ())) if kind in ("nhs", "any") and value else []
        if kind in ("own", "any") and value in self.by_id and self.by_id[value] not in found:
            found.append(self.by_id[value])
        return found

    def under(self, family: str) -> list[AgencyPerson]:
        """Everybody with exactly this family name, folded or not."""
        return self._by_family.get(folded(family), [])

    def _start(self, asked: Iterable[tuple[str, str]]) -> Iterable[AgencyPerson]:
        """The smallest set an index gives to start from; everybody where no index helps."""
        given = dict(asked)
        if "identifier" in given:
            return self._distinct(self.with_identifier(token) for token in _alternatives(given["identifier"]))
        if family := given.get("family") or given.get("family:exact"):
            return self._distinct(self._beginning(folded(name)) for name in _alternatives(family))
        return self.by_id.values()

    def _beginning(self, start: str) -> list[AgencyPerson]:
        found: list[AgencyPerson] = []
        for place in range(bisect_left(self._families, start), len(self._families)):
            if not self._families[place].startswith(start):
                break
            found += self._by_family[self._families[place]]
        return found

    @staticmethod
    def _distinct(groups: Iterable[Iterable[AgencyPerson]]) -> list[AgencyPerson]:
        return list({person.local_id: person for group in groups for person in group}.values())

    def _test(self, name: str, value: str) -> Callable[[AgencyPerson], bool]:
        if not value:
            raise Refusal(400, "value", "EMPTY_PARAMETER")
        if name == "identifier":
            wanted = {person.local_id for token in _alternatives(value) for person in self.with_identifier(token)}
            return lambda person: person.local_id in wanted
        if name not in _TESTS:
            raise Refusal(400, "not-supported", "UNKNOWN_PARAMETER")
        alternatives = [_TESTS[name](option) for option in _alternatives(value)]
        return lambda person: any(test(person) for test in alternatives)


def _alternatives(value: str) -> list[str]:
    """The options of an OR list; a comma escaped by a backslash is part of the value."""
    return [option.replace("\\,", ",") for option in re.split(r"(?<!\\),", value)]


def _date_test(value: str) -> Callable[[AgencyPerson], bool]:
    found = re.fullmatch(r"(eq|ge|le|gt|lt)?(\d{4}(?:-\d\d){0,2})", value)
    if not found:
        raise Refusal(400, "value", "DATE_FORM")
    prefix, day = found[1] or "eq", found[2]

    def holds(person: AgencyPerson) -> bool:
        born = person.birth_date.isoformat()[: len(day)]
        return {"eq": born == day, "ge": born >= day, "le": born <= day, "gt": born > day, "lt": born < day}[prefix]

    return holds


def _starts(value: str, names: Callable[[AgencyPerson], tuple[str, ...]]) -> Callable[[AgencyPerson], bool]:
    start = folded(value)
    return lambda person: any(name.startswith(start) for name in names(person))


def _name_test(value: str) -> Callable[[AgencyPerson], bool]:
    return _starts(value, lambda person: families_of(person) + givens_of(person))


def _postcode_test(value: str) -> Callable[[AgencyPerson], bool]:
    start = folded(value)
    return lambda person: person.address is not None and folded(person.address.postcode).startswith(start)


def _phone_test(value: str) -> Callable[[AgencyPerson], bool]:
    return lambda person: person.phone is not None and folded(person.phone) == folded(value)


_TESTS: dict[str, Callable[[str], Callable[[AgencyPerson], bool]]] = {
    "_id": lambda value: lambda person: person.local_id == value,
    "family": lambda value: _starts(value, families_of),
    "family:exact": lambda value: lambda person: value in (person.family, *(alias.family for alias in person.aliases)),
    "given": lambda value: _starts(value, givens_of),
    "given:exact": lambda value: lambda person: value in (person.given, *person.middle),
    "name": _name_test,
    "birthdate": _date_test,
    "gender": lambda value: lambda person: person.sex == value,
    "address-postalcode": _postcode_test,
    "phone": _phone_test,
    "telecom": _phone_test,
    "general-practitioner": lambda value: lambda _person: value.rpartition("|")[2] == "Z9900",
    "active": lambda value: lambda person: (person.persona != "superseded") == (value == "true"),
}
