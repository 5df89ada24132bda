"""The demonstration Marac's people, and how each agency holds them."""

from contracts.stubs.people import AgencyPerson


def held_by(agency: str, pattern: str) -> list[AgencyPerson]:
    """The records of the demonstration's people at this agency, numbered by its pattern."""
    del agency, pattern
    return []


def resembles_a_listed_person(person: AgencyPerson) -> bool:
    """Whether a record of the town could be taken for somebody of the demonstration; such records are left out."""
    del person
    return False
