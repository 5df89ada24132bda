"""Whether an entry of a corrected list is still the person of the issue before."""

from __future__ import annotations

from gateway.domain.case_list import Person, PersonName
from gateway.policy.identity.persons import Name, name


def word_for_word(one: Person, other: Person) -> bool:
    """Everything said of them is the same."""
    return one == other


def identified(one: Person, other: Person) -> bool:
    """Still the same person though something was corrected: the same NHS number, the same name, or the same date of birth with one name
    the same. With less in common it is somebody else: withdrawn, and added."""
    if one.nhs_number and other.nhs_number:
        return one.nhs_number == other.nhs_number
    alike = [_alike(_ready(x), _ready(y)) for x in one.names for y in other.names]
    if any(family and given for family, given in alike):
        return not (one.birth_dates and other.birth_dates) or one.birth_dates[0].year == other.birth_dates[0].year
    return any(family or given for family, given in alike) and bool(set(one.birth_dates) & set(other.birth_dates))


def _ready(written: PersonName) -> Name:
    return name(written.given, " ".join(written.middle), written.family)


def _alike(x: Name, y: Name) -> tuple[bool, bool]:
    """Whether the family name, and the first given name, are the same; what says nothing is not the same as anything but itself."""
    family, given = x.family == y.family, x.tokens[:1] == y.tokens[:1]
    return family and (bool(x.family) or given), given and (bool(x.tokens) or family)


def other_number(one: Person, other: Person) -> bool:
    """Whether both have an NHS number and they differ: then they are two people, whatever else agrees."""
    return one.nhs_number is not None and other.nhs_number is not None and one.nhs_number != other.nhs_number


def says_who(person: Person) -> tuple[object, ...]:
    """What identifies a person, without where they live and how to reach them: a change of it undoes decisions about matches."""
    return person.names, person.birth_dates, person.sex, person.nhs_number, person.identifiers
