"""Patients of the trust as the index knows them, and the Patient Demographics Query over them (profile.toml, [query])."""

import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from contracts.stubs.card_index import CardIndex, key, names_of
from contracts.stubs.hl7v2_trust.er7 import Message, Refused, Segment, component_of
from contracts.stubs.people import AgencyPerson
from contracts.stubs.places import postcode_of

QUERY_NAME = "IHE PDQ Query"
MOST_PER_PAGE, USUAL_PER_PAGE = 50, 20
NHS_OID, OWN_OID = "2.16.840.1.113883.2.1.4.1", "2.999.42.7"
_CRITERIA_PLACE, _POINTER_SECONDS = "QPD^1^3", 300

_FIELDS = {
    "@PID.3.1": "identifier", "@PID.3.4.1": "namespace", "@PID.3.4.2": "oid", "@PID.3.4.3": "oid_type", "@PID.5.1": "family",
    "@PID.5.1.1": "family", "@PID.5.2": "given", "@PID.7": "born", "@PID.7.1": "born", "@PID.8": "sex", "@PID.11.3": "town",
    "@PID.11.5": "postcode", "@PID.13.1": "phone",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Query:
    """A PDQ as it was asked; criteria by their word in ``_FIELDS``."""

    tag: str
    criteria: dict[str, str]
    domains: frozenset[str]
    """Namespaces wanted in PID-3; empty for all."""
    quantity: int
    pointer: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A patient found, how sure the trust is (0..100), and why (QRI-2)."""

    person: AgencyPerson
    confidence: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """What one answer carries."""

    status: str
    """QAK-2."""
    hits: tuple[Hit, ...]
    total: int
    remaining: int
    pointer: str


def read_query(message: Message) -> Query:
    """The query of a QBP^Q22. Raises Refused (101, 102, 103, 204) for one that the profile does not allow."""
    definition, control = message.find("QPD"), message.find("RCP")
    if definition is None or control is None:
        raise Refused("100", "QPD^1" if definition is None else "RCP^1")
    if definition.component(1) != QUERY_NAME:
        raise Refused("103", "QPD^1^1", outright=False)
    tag = definition.component(2)
    if not 0 < len(tag) <= 32:
        raise Refused("101", "QPD^1^2", outright=False)
    continuation = message.find("DSC")
    pointer = continuation.component(1) if continuation else ""
    return Query(tag, _read_criteria(definition), _read_domains(definition), _read_quantity(control), pointer)


@lru_cache(maxsize=65_536)
def written_date(day: date) -> str:
    """YYYYMMDD."""
    return day.strftime("%Y%m%d")


class PatientIndex:
    """The trust's index of patients, which answers queries page by page."""

    def __init__(self, people: Iterable[AgencyPerson], too_many: int, clock: Callable[[], float] = time.monotonic) -> None:
        """``too_many``: with more than this many found, none is given."""
        self.cards = CardIndex(people)
        self._by_nhs_number: dict[str, list[AgencyPerson]] = {}
        for person in self.cards.by_local_id.values():
            if person.nhs_number:
                self._by_nhs_number.setdefault(person.nhs_number, []).append(person)
        self._too_many, self._clock = too_many, clock
        self._held: dict[str, tuple[str, tuple[Hit, ...], int, float]] = {}

    def answer(self, query: Query) -> Page:
        """One page: the first, or the one that the pointer of an earlier answer names."""
        if query.pointer:
            return self._next_page(query)
        found = self.find(query.criteria)
        open_to_view = tuple(hit for hit in found if not hit.person.restricted)
        if len(open_to_view) > self._too_many:
            return Page("TM", (), 0, 0, "")
        status = "PD" if len(open_to_view) < len(found) else "OK" if found else "NF"
        return self._page(query, status, open_to_view, len(open_to_view))

    def cancel(self, tag: str) -> bool:
        """Forget what is held for a query; False when nothing is."""
        pointers = [pointer for pointer, held in self._held.items() if held[0] == tag]
        for pointer in pointers:
            del self._held[pointer]
        return bool(pointers)

    def find(self, criteria: dict[str, str]) -> list[Hit]:
        """Everybody who meets every criterion, protected records too; surest first."""
        hits = [_hit(person, criteria) for person in self._candidates(criteria) if _meets(person, criteria)]
        return sorted(hits, key=lambda hit: (-hit.confidence, hit.person.local_id))

    def _candidates(self, criteria: dict[str, str]) -> list[AgencyPerson]:
        if identifier := criteria.get("identifier"):
            own = self.cards.by_local_id.get(identifier)
            return self._by_nhs_number.get(identifier, []) + ([own] if own else [])
        family = criteria["family"]
        return self.cards.beginning(family[:-1]) if family.endswith("*") else self.cards.under(family)

    def _next_page(self, query: Query) -> Page:
        tag, hits, total, until = self._held.get(query.pointer, ("", (), 0, 0.0))
        if tag != query.tag or until < self._clock():
            raise Refused("204", "DSC^1^1", outright=False)
        return self._page(query, "OK", hits, total)

    def _page(self, query: Query, status: str, hits: tuple[Hit, ...], total: int) -> Page:
        shown, rest = hits[: query.quantity], hits[query.quantity :]
        pointer = ""
        if rest:
            pointer = secrets.token_hex(8)
            self._held[pointer] = (query.tag, rest, total, self._clock() + _POINTER_SECONDS)
        return Page(status, shown, total, len(rest), pointer)


def _read_criteria(definition: Segment) -> dict[str, str]:
    criteria: dict[str, str] = {}
    for repetition in definition.repetitions(3):
        name, value = component_of(repetition, 1), component_of(repetition, 2)
        if name not in _FIELDS or not value:
            raise Refused("102", _CRITERIA_PLACE, outright=False)
        criteria[_FIELDS[name]] = value
    if not ("identifier" in criteria or ("family" in criteria and criteria.keys() & {"given", "born"})):
        raise Refused("101", _CRITERIA_PLACE, outright=False)
    if not all(_well_formed(word, value) for word, value in criteria.items()):
        raise Refused("102", _CRITERIA_PLACE, outright=False)
    return criteria


def _well_formed(word: str, value: str) -> bool:
    if word == "born":
        return re.fullmatch(r"\d{4}(\d{2}(\d{2})?)?", value) is not None
    if word == "sex":
        return value in {"F", "M", "O", "U"}
    if word in {"family", "given"} and value.endswith("*"):
        return len(key(value[:-1])) >= 2
    return "*" not in value


def _read_domains(definition: Segment) -> frozenset[str]:
    known = {NHS_OID: "NHS", OWN_OID: "CBNT", "NHS": "NHS", "CBNT": "CBNT"}
    wanted = set()
    for repetition in definition.repetitions(8):
        named = component_of(repetition, 4, 2) or component_of(repetition, 4, 1)
        if named not in known:
            raise Refused("204", "QPD^1^8", outright=False)
        wanted.add(known[named])
    return frozenset(wanted)


def _read_quantity(control: Segment) -> int:
    amount, unit = control.component(2, 1), control.component(2, 2)
    if not amount:
        return USUAL_PER_PAGE
    if not amount.isdecimal() or int(amount) < 1 or unit not in {"", "RD"}:
        raise Refused("102", "RCP^1^2", outright=False)
    return min(int(amount), MOST_PER_PAGE)


def _meets(person: AgencyPerson, criteria: dict[str, str]) -> bool:
    return all(_TESTS[word](person, value, criteria) for word, value in criteria.items())


def _same_text(held: str, asked: str) -> bool:
    return key(held).startswith(key(asked[:-1])) if asked.endswith("*") else key(held) == key(asked)


def _digits(text: str | None) -> str:
    return re.sub(r"\D", "", text or "")


def _is_identified(person: AgencyPerson, value: str, criteria: dict[str, str]) -> bool:
    issuer = criteria.get("namespace") or {NHS_OID: "NHS", OWN_OID: "CBNT"}.get(criteria.get("oid", ""), "")
    if issuer:
        return value == (person.nhs_number if issuer == "NHS" else person.local_id)
    return value in (person.nhs_number, person.local_id)


def _addresses(person: AgencyPerson) -> list[str]:
    places = [person.address, *person.previous_addresses]
    return [postcode_of(place) for place in places if place]


_TESTS: dict[str, Callable[[AgencyPerson, str, dict[str, str]], bool]] = {
    "identifier": _is_identified,
    "namespace": lambda _person, value, _criteria: value in {"NHS", "CBNT"},
    "oid": lambda _person, value, _criteria: value in {NHS_OID, OWN_OID},
    "oid_type": lambda _person, value, _criteria: value == "ISO",
    "family": lambda person, value, _criteria: any(_same_text(name.family, value) for name in names_of(person)),
    "given": lambda person, value, _criteria: any(_same_text(name.given, value) for name in names_of(person)),
    "born": lambda person, value, _criteria: written_date(person.birth_date).startswith(value),
    "sex": lambda person, value, _criteria: person.sex[:1].upper() == value,
    "town": lambda person, value, _criteria: person.address is not None and key(person.address.lines[-1]) == key(value),
    "postcode": lambda person, value, _criteria: key(value).upper() in _addresses(person),
    "phone": lambda person, value, _criteria: bool(person.phone) and _digits(person.phone) == _digits(value),
}
_WEIGHTS = {"identifier": (60, "ID"), "family": (25, "NA"), "given": (15, "NA"), "born": (35, "DB"), "postcode": (15, "PC"), "phone": (10, "PN")}


def _hit(person: AgencyPerson, criteria: dict[str, str]) -> Hit:
    weighed = [_WEIGHTS[word] for word in criteria if word in _WEIGHTS]
    partial = 20 if any(value.endswith("*") for value in criteria.values()) else 0
    confidence = max(10, min(99, sum(points for points, _ in weighed)) - partial)
    return Hit(person, confidence, tuple(dict.fromkeys(reason for _, reason in weighed)))
