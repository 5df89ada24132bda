"""How agencies get people wrong: the errors found in real records, drawn one by one from a seed."""

import random
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from contracts.stubs.people import AgencyPerson, Resident, exactly_held

Change = Callable[[AgencyPerson, Resident, random.Random], AgencyPerson | None]
"""Makes one error in a record, or None where it cannot be made."""

_SHORT_FORMS = {
    "Michael": "Mick", "Robert": "Bob", "William": "Bill", "Christopher": "Chris", "Andrew": "Andy", "Stephen": "Steve",
    "Matthew": "Matt", "Daniel": "Dan", "Thomas": "Tom", "Samantha": "Sam", "Rebecca": "Becky", "Victoria": "Vicky",
    "Margaret": "Maggie", "Patricia": "Pat", "Susan": "Sue", "Katarzyna": "Kasia", "Małgorzata": "Gosia", "Joanna": "Asia",
    "Jakub": "Kuba", "Tomasz": "Tomek", "Patrick": "Paddy", "Kathleen": "Kath", "Alexandru": "Alex", "Jessica": "Jess",
    "Mohammed": "Muhammad", "Muhammad": "Mohammad", "Mohammad": "Mohammed", "Ayesha": "Aisha", "Aisha": "Aysha",
    "Hussain": "Hussein", "Yusuf": "Yousuf", "Fatima": "Fatema", "Maryam": "Mariam", "Leyla": "Laila",
}  # fmt: skip
_LETTERS_APART = str.maketrans({"ł": "l", "Ł": "L", "ı": "i", "ø": "o", "đ": "d"})


def as_held(resident: Resident, local_id: str, rng: random.Random) -> AgencyPerson:
    """The resident as one agency wrote them down, with the errors agencies make (named in ``noise``)."""
    record = exactly_held(resident, local_id, open_to_services=rng.random() < 0.3)
    for noise, chance, change in _ERRORS:
        if rng.random() < chance and (changed := change(record, resident, rng)):
            record = replace(changed, noise=(*record.noise, noise))
    return record


def without_marks(text: str) -> str:
    """Letters without their marks (``Łukasz`` to ``Lukasz``), as a keyboard without them leaves names."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS_APART))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def under_birth_name(record: AgencyPerson, resident: Resident, _rng: random.Random) -> AgencyPerson | None:
    """Held under the family name of birth."""
    if resident.birth_family == resident.family:
        return None
    return replace(record, family=resident.birth_family, aliases=())


def mistyped_family(record: AgencyPerson, _resident: Resident, rng: random.Random) -> AgencyPerson | None:
    """One slip of the keyboard in the family name: two letters swapped, one doubled or one lost."""
    name = record.family
    if len(name) < 4:
        return None
    at = rng.randrange(1, len(name) - 1)
    slips = (name[:at] + name[at + 1] + name[at] + name[at + 2 :], name[:at] + name[at] + name[at:], name[:at] + name[at + 1 :])
    slip = rng.choice(slips)
    return replace(record, family=slip) if slip != name else None


def swapped_day_and_month(record: AgencyPerson, _resident: Resident, _rng: random.Random) -> AgencyPerson | None:
    """A date of birth read in the American order."""
    born = record.birth_date
    if born.day > 12 or born.day == born.month:
        return None
    return replace(record, birth_date=date(born.year, born.day, born.month))


def at_old_address(record: AgencyPerson, resident: Resident, _rng: random.Random) -> AgencyPerson | None:
    """Moved, and nobody told the agency."""
    if not resident.previous_addresses:
        return None
    return replace(record, address=resident.previous_addresses[0], previous_addresses=())


def _slipped_year(record: AgencyPerson, _resident: Resident, rng: random.Random) -> AgencyPerson | None:
    born = record.birth_date
    if (born.month, born.day) == (2, 29):
        return None
    return replace(record, birth_date=born.replace(year=min(2026, born.year + rng.choice((-10, -1, 1)))))


def _short_given(record: AgencyPerson, _resident: Resident, _rng: random.Random) -> AgencyPerson | None:
    short = _SHORT_FORMS.get(record.given)
    return replace(record, given=short) if short else None


def _marks_lost(record: AgencyPerson, _resident: Resident, _rng: random.Random) -> AgencyPerson | None:
    given, family = without_marks(record.given), without_marks(record.family)
    if (given, family) == (record.given, record.family):
        return None
    return replace(record, given=given, family=family, middle=tuple(map(without_marks, record.middle)))


def _without(**missing: object) -> Change:
    return lambda record, _resident, _rng: replace(record, **missing)  # type: ignore[arg-type]


_ERRORS: tuple[tuple[str, float, Change], ...] = (
    ("aliases unknown", 0.7, _without(aliases=())),
    ("former addresses unknown", 0.5, _without(previous_addresses=())),
    ("birth name", 0.25, under_birth_name),
    ("marks lost", 0.75, _marks_lost),
    ("short given name", 0.08, _short_given),
    ("mistyped family name", 0.025, mistyped_family),
    ("day and month swapped", 0.015, swapped_day_and_month),
    ("year slipped", 0.01, _slipped_year),
    ("old address", 0.4, at_old_address),
    ("no middle name", 0.35, _without(middle=())),
    ("no NHS number", 0.12, _without(nhs_number=None)),
    ("no telephone", 0.3, _without(phone=None)),
)
