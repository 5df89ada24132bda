"""Patient/$match: how this trust's master index scores a person against a record. Its own rule, with its own faults."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from contracts.stubs.fhir_trust.register import Register, families_of, folded, givens_of
from contracts.stubs.fhir_trust.wire import Refusal, Resource
from contracts.stubs.people import AgencyPerson

GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"


@dataclass(frozen=True, slots=True)
class Scored:
    """A record with its score (0..1) and its grade: certain, probable or possible."""

    person: AgencyPerson
    score: float
    grade: str


@dataclass(frozen=True, slots=True)
class _Asked:
    families: tuple[str, ...]
    givens: tuple[tuple[str, ...], ...]
    born: date | None
    identifiers: tuple[str, ...]
    postcodes: tuple[str, ...]
    phones: tuple[str, ...]
    sex: str


def match(register: Register, resource: Resource, *, certain_only: bool, count: int) -> list[Scored]:
    """Records like the Patient given, best first. One with an address never finds a restricted record."""
    asked = _read(resource)
    scored = [scored for person in _candidates(register, asked) if (scored := _scored(person, asked))]
    if asked.postcodes or asked.phones:
        scored = [found for found in scored if not found.person.restricted]
    scored.sort(key=lambda found: (-found.score, found.person.local_id))
    if certain_only:
        certain = [found for found in scored if found.grade == "certain"]
        return certain if len(certain) == 1 else []
    return scored[:count]


def _read(resource: Resource) -> _Asked:
    names, born = resource.get("name", []), resource.get("birthDate", "")
    if not names and not resource.get("identifier"):
        raise Refusal(422, "required", "NAME_OR_IDENTIFIER_NEEDED", "Patient.name")
    return _Asked(
        families=tuple(folded(name["family"]) for name in names if "family" in name),
        givens=tuple(tuple(map(folded, name.get("given", ()))) for name in names),
        born=_day(born),
        identifiers=tuple(f"{found.get('system', '')}|{found['value']}" for found in resource.get("identifier", ()) if "value" in found),
        postcodes=tuple(folded(home["postalCode"]) for home in resource.get("address", ()) if "postalCode" in home),
        phones=tuple(folded(point["value"]) for point in resource.get("telecom", ()) if "value" in point),
        sex=resource.get("gender", ""),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        raise Refusal(422, "value", "NO_SUCH_DAY", "Patient.birthDate") from None


def _candidates(register: Register, asked: _Asked) -> Iterable[AgencyPerson]:
    found = {person.local_id: person for token in asked.identifiers for person in register.with_identifier(token)}
    for family in asked.families:
        found |= {person.local_id: person for person in register.under(family)}
    if asked.born:
        found |= {person.local_id: person for day in _near_days(asked.born) for person in register.born.get(day, ())}
    return found.values()


def _near_days(born: date) -> list[date]:
    days = [born]
    if born.day <= 12 and born.day != born.month:
        days.append(date(born.year, born.day, born.month))
    return days


def _scored(person: AgencyPerson, asked: _Asked) -> Scored | None:
    """None for a record that is not offered: neither its number agrees, nor its name with a date of birth that is near."""
    number, born = _number(person, asked), _born(person.birth_date, asked.born)
    if number <= 0 and born == 0:
        return None
    family, given = _family(person, asked), _given(person, asked)
    if number <= 0 and family + given < 0.3:
        return None
    where = 0.1 * _at(person, asked) + 0.05 * bool(person.phone and folded(person.phone) in asked.phones)
    other_sex = 0.1 * bool(asked.sex and asked.sex != person.sex)
    score = round(max(0.0, min(1.0, family + given + born + number + where - other_sex)), 3)
    if score < 0.5:
        return None
    certain = number > 0 and born == 0.35 and family >= 0.3
    return Scored(person, score, "certain" if certain else "probable" if score >= 0.8 else "possible")


def _number(person: AgencyPerson, asked: _Asked) -> float:
    """+0.3 where an identifier agrees, -0.25 where both have an NHS number and they differ."""
    for token in asked.identifiers:
        _system, _, value = token.rpartition("|")
        if value in (person.nhs_number, person.local_id):
            return 0.3
        if person.nhs_number and "nhs-number" in token:
            return -0.25
    return 0.0


def _family(person: AgencyPerson, asked: _Asked) -> float:
    held = families_of(person)
    if any(family in held for family in asked.families):
        return 0.3
    return 0.2 if any(_one_slip(family, name) for family in asked.families for name in held) else 0.0


def _given(person: AgencyPerson, asked: _Asked) -> float:
    held = givens_of(person)
    firsts = [given[0] for given in asked.givens if given]
    if any(first in held for first in firsts) or any(held[0] in given for given in asked.givens):
        return 0.2
    return 0.1 if any(first[:3] == held[0][:3] for first in firsts) else 0.0


def _born(held: date, asked: date | None) -> float:
    if asked is None:
        return 0.0
    if held == asked:
        return 0.35
    if held in _near_days(asked):
        return 0.2
    parts = zip((held.year, held.month, held.day), (asked.year, asked.month, asked.day), strict=True)
    return 0.15 if sum(one == other for one, other in parts) == 2 and abs(held.year - asked.year) in (0, 1, 10) else 0.0


def _at(person: AgencyPerson, asked: _Asked) -> bool:
    return any(folded(home.postcode) in asked.postcodes for home in (person.address, *person.previous_addresses) if home)


def _one_slip(one: str, other: str) -> bool:
    """One letter more, less or other, or two neighbours swapped."""
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < 4:
        return False
    at = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rests = (one[at:], other[at:])
    return (
        rests[0][1:] == rests[1][1:]
        or rests[0][1:] == rests[1]
        or rests[0] == rests[1][1:]
        or (rests[0][2:] == rests[1][2:] and rests[0][:2] == rests[1][:2][::-1])
    )
