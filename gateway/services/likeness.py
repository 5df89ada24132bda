"""Whether an entry of a corrected list is still the person of the issue before."""

from __future__ import annotations

from gateway.domain.case_list import Person
from gateway.policy.names import folded


def word_for_word(one: Person, other: Person) -> bool:
    """Everything said of them is the same."""
    return one == other


def identified(one: Person, other: Person) -> bool:
    """Still the same person though something was corrected: the same NHS number, the same name, or the same date of birth with one name
    the same. With less in common it is somebody else: withdrawn, and added."""
    if one.nhs_number and other.nhs_number:
        return one.nhs_number == other.nhs_number
    names = [(folded(x), folded(y)) for x in one.names for y in other.names]
    if any(x.family == y.family and x.given == y.given for x, y in names):
        return not (one.birth_dates and other.birth_dates) or one.birth_dates[0].year == other.birth_dates[0].year
    half = any(x.family == y.family or x.given == y.given for x, y in names)
    return half and bool(set(one.birth_dates) & set(other.birth_dates))


def other_number(one: Person, other: Person) -> bool:
    """Whether both have an NHS number and they differ: then they are two people, whatever else agrees."""
    return one.nhs_number is not None and other.nhs_number is not None and one.nhs_number != other.nhs_number


def says_who(person: Person) -> tuple[object, ...]:
    """What identifies a person, without where they live and how to reach them: a change of it undoes decisions about matches."""
    return person.names, person.birth_dates, person.sex, person.nhs_number, person.identifiers
