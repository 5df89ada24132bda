"""A person as one side describes them, made ready for comparison. Nothing is repaired; what says nothing is left out.

The original stays where it was. These values live only as long as a comparison, but for those in caches of this process: dates by themselves here,
words by their sound (``comparing``), and the last people asked about (``services.grading``).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from gateway.domain.case_list import Person
from gateway.domain.lookup import Candidate
from gateway.domain.sealed import SEALED
from gateway.policy.names import LATIN, dialled, fold, scripts

_APART = re.compile(r"[\s\-‐‑‒–—_,/]+")
_ASCII_APART = str.maketrans("-_,/\t\r\n\x00", "        ", "'`.\"()*?")
_NUMBERS = re.compile(r"[0-9]+[a-z]?(?![0-9a-z])")
_POSTCODE = re.compile(r"[a-z]{1,2}[0-9][0-9a-z]? ?[0-9][a-z]{2}\b")
_STREET = re.compile(r"\b(?!(?:flat|apartment|apt|unit|room|floor|ground|first|top|the|house|care)\b)[^\W\d_]{3,}")
"""The first word of an address that names something."""
_SAYS_NOTHING = frozenset(
    {"unknown", "unk", "nk", "notknown", "notgiven", "notprovided", "none", "na", "nil", "null", "tbc", "tba", "baby", "babyof", "infant",
     "unborn", "male", "female", "mr", "mrs", "miss", "ms", "surname", "name", "forename", "x", "xx", "xxx", "anon", "anonymous"}
)  # fmt: skip
"""What people write where they know no name. No such word is ever compared."""
PARTICLES = frozenset({"al", "el", "abu", "bin", "ben", "ibn", "de", "da", "do", "dos", "das", "del", "di", "la", "le", "van", "von", "der", "den", "ul", "ur"})
_OLDEST_YEAR, _LATEST_YEAR = 1900, 2100
_MOST_MIDDLE = 3
"""Middle names after the third say nothing more."""

Birth = tuple[int, int, int]
"""Year, month and day; 0 where unknown."""


class Name(NamedTuple):
    """``given`` is the given-name field run together, ``tokens`` every given and middle name in order, ``parts`` of the family name."""

    given: str
    tokens: tuple[str, ...]
    middle: tuple[str, ...]
    family: str
    parts: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Name{SEALED}"


class Home(NamedTuple):
    """``numbers``: every number of the address in order (flat, house); ``lines``: the address in small letters, without its postcode."""

    postcode: str
    numbers: tuple[str, ...]
    lines: str
    current: bool

    @property
    def street(self) -> str:
        """The first word of the address that names something. Only few comparisons ask for it."""
        found = _STREET.search(self.lines)
        return found[0] if found else ""

    def __repr__(self) -> str:
        return f"Home{SEALED}"


class Described(NamedTuple):
    """One side of a comparison. ``mixed``: letters of several alphabets in one name, or of another than Latin."""

    names: tuple[Name, ...]
    births: tuple[Birth, ...]
    sex: str
    nhs: str
    numbers: tuple[tuple[str, str], ...]
    homes: tuple[Home, ...]
    phones: frozenset[str]
    hidden: bool
    mixed: bool

    def __repr__(self) -> str:
        return f"Described{SEALED}"


# -------------------------------------------------------------------------------------------------------------- names


def words(text: str) -> list[str]:
    """The words of a name, folded (case, marks, apostrophes, width, invisible characters); joined names come apart."""
    if text.isascii():
        if text.isalpha():
            return [text.lower()]
        return text.lower().translate(_ASCII_APART).split()
    return [w for w in map(fold, _APART.split(text)) if w]


def name(given: str, middle: str, family: str) -> Name:
    """A name made ready; words that only say "not known" are left out."""
    first, last = words(given), words(family)
    second = words(middle)[:_MOST_MIDDLE] if middle else []
    together = "".join(first)
    if together in _SAYS_NOTHING:
        first, together = [], ""
    whole = "".join(last)
    if whole in _SAYS_NOTHING:
        last, whole = [], ""
    parts = tuple([w for w in last if w not in PARTICLES and len(w) > 1]) if len(last) > 1 else ()
    return Name(together, (*first, *second), tuple(second), whole, parts)


# --------------------------------------------------------------------------------------------------------- other fields


@lru_cache(maxsize=65536)
def birth(text: str) -> Birth | None:
    """From ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``; None when it says nothing or no such day exists."""
    try:
        parts = text.split("-")
        return _possible(*map(int, parts)) if len(parts) <= 3 else None
    except ValueError:
        return None


def _possible(year: int, month: int = 0, day: int = 0) -> Birth | None:
    if not _OLDEST_YEAR <= year <= _LATEST_YEAR:
        return None
    if not 0 <= month <= 12 or not 0 <= day <= 31 or (day > 28 and month and not _exists(year, month, day)):
        return None
    return year, month, day if month else 0


def _exists(year: int, month: int, day: int) -> bool:
    return day <= monthrange(year, month)[1]


def home(lines: str, postcode: str, current: bool = True) -> Home | None:
    """None when neither a postcode nor a numbered street is known. A postcode among the lines is no number of a house."""
    low = lines.lower()
    code = postcode.lower().replace(" ", "")
    if code[-3:] in low and (found := _POSTCODE.search(low)) and code in ("", written := found[0].replace(" ", "")):
        code, low = written, low.replace(found[0], " ")
    numbers = tuple(_NUMBERS.findall(low))
    if not code and not numbers:
        return None
    return Home(code, numbers, low, current)


def digits(text: str) -> str:
    """The ten digits of an NHS number as people write it; "" when it is not ten digits, or one digit ten times."""
    only = text if text.isdigit() else text.replace(" ", "").replace("-", "")
    return only if len(only) == 10 and only.isascii() and only.isdigit() and only != only[0] * 10 else ""


def described(
    names: Iterable[tuple[str, str, str]],
    births: Iterable[Birth | None] = (),
    *,
    sex: str = "",
    nhs: str = "",
    numbers: Iterable[tuple[str, str]] = (),
    homes: Iterable[Home | None] = (),
    phones: Iterable[str] = (),
    hidden: bool = False,
) -> Described:
    """From raw text. ``names``: (given, middle, family), the main one first; ``sex`` by its first letter; doubtful parts are dropped."""
    ready, mixed = [], False
    for given, middle, family in names:
        made = name(given, middle, family)
        if made.tokens or made.family:
            ready.append(made)
        mixed = mixed or not ((given.isascii() and family.isascii() and middle.isascii()) or scripts(given + middle + family) <= LATIN)
    return Described(
        tuple(ready),
        tuple(filter(None, births)),
        sex[:1].lower() if sex[:1] in "fFmM" else "",
        digits(nhs) if nhs else "",
        tuple(numbers),
        tuple(filter(None, homes)),
        frozenset(filter(None, map(dialled, phones))),
        hidden,
        mixed,
    )


NOBODY = described(())
"""A description that says nothing."""


def of_person(person: Person) -> Described:
    """What a case list says."""
    return _of_domain(person, hidden=False)


def of_candidate(candidate: Candidate) -> Described:
    """What a record system says; a restricted record's gaps are hidden, which counts as missing, never as different."""
    return _of_domain(candidate, hidden=candidate.restricted)


def _of_domain(one: Person | Candidate, *, hidden: bool) -> Described:
    return described(
        [(n.given, " ".join(n.middle), n.family) for n in one.names],
        [_possible(b.year, b.month or 0, b.day or 0) for b in one.birth_dates],
        sex=one.sex or "",
        nhs=one.nhs_number.value if one.nhs_number else "",
        numbers=[(i.system, i.value) for i in one.identifiers],
        homes=[home(" ".join(a.lines), a.postcode or "", a.current) for a in one.addresses],
        phones=[p.number for p in one.phones],
        hidden=hidden,
    )
