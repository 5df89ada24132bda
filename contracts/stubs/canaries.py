"""The test people whom every agency of the demonstration keeps for probes: nobody real, nobody of the town, on no case list.

A couple whose child each of them may see, and who share their home with a fourth.
"""

from dataclasses import replace
from datetime import date

from contracts.stubs.people import AgencyPerson
from contracts.stubs.places import Address

FIRST_NUMBER = 9_100_001
"""Local numbers from here on are theirs."""
_HOME = Address(("1 Trial Place", "Northmoor"), "ZZ9 9ZZ")
PROBE_HOUSEHOLD = "probe household"


def canaries(pattern: str) -> list[AgencyPerson]:
    """The four, under an agency's own pattern of numbers (a format string)."""
    first = _person("probe-perpetrator", "Probeone", "male", date(1985, 2, 3), "9990990018")
    second = _person("probe-victim", "Probetwo", "female", date(1987, 4, 5), "9990990026")
    child = _person("probe-child", "Probethree", "female", date(2018, 6, 7), "9990990034")
    fourth = _person("probe-joint-tenant", "Probefour", "female", date(1960, 8, 9), "9990990042")
    everybody = (first, second, replace(child, parents=(first.resident_id, second.resident_id)), fourth)
    return [replace(person, local_id=pattern.format(FIRST_NUMBER + place)) for place, person in enumerate(everybody)]


def _person(key: str, given: str, sex: str, born: date, nhs_number: str) -> AgencyPerson:
    return AgencyPerson(
        local_id="", resident_id=key, given=given, middle=(), family="Zzprobe", aliases=(), sex=sex, birth_date=born,
        nhs_number=nhs_number, address=_HOME, previous_addresses=(), phone=None, household_id=PROBE_HOUSEHOLD, open_to_services=True,
    )  # fmt: skip
