"""How two descriptions agree, field by field: the level of each, best first, as a small number.

The order of the levels of a field is the order of agreement; ``MISSING`` stands outside it and always weighs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from rapidfuzz.distance import OSA, JaroWinkler

from gateway.policy.identity.persons import PARTICLES, Birth, Home, Name

LEVELS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "given": ("same", "swapped", "variant", "near", "part", "initial", "different"),
        "family": ("same", "swapped", "near", "part", "different"),
        "middle": ("same", "initial", "different"),
        "birth": ("same", "same_january", "swapped", "one_digit", "one_part", "partial", "decade", "different", "generation"),
        "sex": ("same", "different"),
        "nhs": ("same", "slip", "different"),
        "number": ("same", "slip", "different"),
        "address": ("same", "previous", "near", "postcode", "neighbour", "district", "different"),
        "phone": ("same", "different"),
        "context": ("same",),
    }
)
FIELDS = tuple(LEVELS)
MISSING = 15
"""The level of a field about which one side says nothing."""

GENERATION_YEARS = 12
"""Dates of birth further apart than this are a parent's and a child's rather than a slip."""
NEAR_LETTERS = 3
LONG_LETTERS = 4
"""Two spellings are near only if both have ``NEAR_LETTERS`` and one has ``LONG_LETTERS``."""
ALIKE = 0.92
"""Jaro-Winkler similarity from which two spellings count as near."""
YEARS_SLIPPED = (1, 10, 20)
"""The same day and month, and the year wrong by a key or by a decade."""

Variants = Mapping[str, frozenset[int]]
"""A folded given name to the numbers of the groups of forms that it belongs to."""


# -------------------------------------------------------------------------------------------------------------- names

_SOUNDS = (
    ("sch", "s"), ("tsch", "c"), ("sh", "s"), ("sz", "s"), ("cz", "c"), ("ch", "c"), ("ph", "f"), ("kh", "h"), ("gh", "g"), ("th", "t"),
    ("dh", "d"), ("bh", "b"), ("zh", "z"), ("ck", "k"), ("qu", "k"), ("q", "k"), ("x", "ks"), ("w", "v"), ("ou", "u"), ("oo", "u"),
    ("ee", "i"), ("y", "i"), ("ij", "i"), ("j", "i"), ("ah", "a"), ("eh", "e"),
)  # fmt: skip


@lru_cache(maxsize=65536)
def sound(word: str) -> str:
    """A key that other ways to write the same sounds share: spellings folded, vowels after the first letter and doubles dropped."""
    for written, heard in _SOUNDS:
        word = word.replace(written, heard)
    kept = word[:1] + "".join([c for c in word[1:] if c not in "aeiou"])
    return "".join([c for i, c in enumerate(kept) if i == 0 or c != kept[i - 1]])


def near(a: str, b: str) -> bool:
    """One keystroke apart, much alike, or the same sounds. Short names are never near."""
    if len(a) < NEAR_LETTERS or len(b) < NEAR_LETTERS or (len(a) < LONG_LETTERS and len(b) < LONG_LETTERS):
        return False
    if JaroWinkler.similarity(a, b, score_cutoff=ALIKE) or OSA.distance(a, b, score_cutoff=1) <= 1:
        return True
    return a[0] == b[0] and len(sound(a)) > 1 and sound(a) == sound(b)


def given_level(a: Name, b: Name, variants: Variants) -> int:
    """A level of ``given``; the second given name used as the first is ``part``."""
    x, y = a.given, b.given
    if not x or not y:
        return MISSING
    if x == y:
        return 5 if len(x) == 1 else 0
    several = len(a.tokens) > 1 or len(b.tokens) > 1
    if several and len(x) > 1 and "".join(a.tokens) == "".join(b.tokens):
        return 0
    if len(x) == 1 or len(y) == 1:
        return 5 if x[0] == y[0] else 6
    return _given_otherwise(a, b, variants, several)


_NO_GROUP: frozenset[int] = frozenset()


def _given_otherwise(a: Name, b: Name, variants: Variants, several: bool) -> int:
    x, y = a.given, b.given
    if not variants.get(x, _NO_GROUP).isdisjoint(variants.get(y, _NO_GROUP)):
        return 2
    if near(x, y):
        return 3
    return 4 if several and (x in b.tokens or y in a.tokens or a.tokens[0] == b.tokens[0]) else 6


def family_level(a: Name, b: Name) -> int:
    """A level of ``family``; particles (al, de, van) may come and go."""
    x, y = a.family, b.family
    if not x or not y:
        return MISSING
    if x == y:
        return 0
    if near(x, y) or _but_for_particles(x, y):
        return 2
    if (a.parts or b.parts) and not {*a.parts, x}.isdisjoint((*b.parts, y)):
        return 3
    return 4


def _but_for_particles(x: str, y: str) -> bool:
    shorter, longer = (x, y) if len(x) < len(y) else (y, x)
    return len(shorter) > 2 and longer.endswith(shorter) and longer[: -len(shorter)] in PARTICLES


def name_levels(a: Name, b: Name, variants: Variants) -> tuple[int, int]:
    """The levels of given and family name of one pair of names; ``swapped`` is one level of both, where neither is the same as it stands."""
    levels = given_level(a, b, variants), family_level(a, b)
    if (a.given == b.family or a.family == b.given) and 0 not in levels and MISSING not in levels and _swapped(a, b):
        return 1, 1
    return levels


def _swapped(a: Name, b: Name) -> bool:
    """Each name stands in the other's place, and one of them to the letter."""
    if a.given == b.family:
        return a.family == b.given or near(a.family, b.given)
    return near(a.given, b.family)


def middle_level(a: Name, b: Name) -> int:
    """The best level of ``middle`` of any middle name with any other; a list that gives fewer of them does not differ."""
    if not a.middle or not b.middle:
        return MISSING
    if not set(a.middle).isdisjoint(b.middle):
        return 0
    return min([middle_pair(x, y) for x in a.middle for y in b.middle])


def middle_pair(x: str, y: str) -> int:
    """The level of one middle name with another."""
    if x == y or near(x, y):
        return 0
    return 1 if x[0] == y[0] and (len(x) == 1 or len(y) == 1) else 2


# --------------------------------------------------------------------------------------------------------- date of birth


def birth_level(ours: Sequence[Birth], theirs: Sequence[Birth]) -> int:
    """The best level of any date of birth with any other."""
    best = MISSING
    for a in ours:
        for b in theirs:
            level = _birth(a, b)
            best = min(best, level)
    return best


def _birth(a: Birth, b: Birth) -> int:
    gap = abs(a[0] - b[0])
    if a[2] and b[2]:
        if a == b:
            return 1 if a[1] == 1 and a[2] == 1 else 0
        if gap == 0:
            return _in_one_year(a, b)
        if gap in YEARS_SLIPPED and a[1:] == b[1:]:
            return 3 if gap == 1 else 6
    elif gap == 0 and (not a[1] or not b[1] or a[1] == b[1]):
        return 5
    return 8 if gap > GENERATION_YEARS else 7


def _in_one_year(a: Birth, b: Birth) -> int:
    if a[1] == b[2] and a[2] == b[1]:
        return 2
    if (a[2] == b[2] and _one_digit(a[1], b[1])) or (a[1] == b[1] and _one_digit(a[2], b[2])):
        return 3
    return 4 if a[1] == b[1] or a[2] == b[2] else 7


def _one_digit(x: int, y: int) -> bool:
    return x % 10 == y % 10 or x // 10 == y // 10


# ------------------------------------------------------------------------------------------------------------- the rest


def address_level(ours: Sequence[Home], theirs: Sequence[Home]) -> int:
    """The best level of any of our addresses with any of theirs; an agreement with a former one is ``previous``."""
    best = MISSING
    for a in ours:
        for b in theirs:
            level = home_pair(a, b)
            best = min(best, level)
    return best


def home_pair(a: Home, b: Home) -> int:
    """The level of one address with another."""
    if a.postcode == b.postcode and a.postcode:
        if a.numbers == b.numbers:
            return (0 if a.current and b.current else 1) if a.numbers or a.street == b.street else 3
        if not a.numbers or not b.numbers:
            return 3
        return 2 if a.numbers[-1] == b.numbers[-1] and (len(a.numbers) == 1 or len(b.numbers) == 1) else 4
    if a.numbers == b.numbers and a.numbers and a.street == b.street and a.street and _postcode_slipped(a.postcode, b.postcode):
        return 2
    if not a.postcode or not b.postcode:
        return MISSING
    return 5 if a.postcode[:-3] == b.postcode[:-3] else 6


def _postcode_slipped(a: str, b: str) -> bool:
    return not a or not b or OSA.distance(a, b, score_cutoff=1) <= 1


def number_level(a: str, b: str) -> int:
    """A level of ``nhs``: a slip is one digit changed, lost, added, or two swapped."""
    if not a or not b:
        return MISSING
    if a == b:
        return 0
    return 1 if OSA.distance(a, b, score_cutoff=1) <= 1 else 2


def own_number_level(ours: Sequence[tuple[str, str]], theirs: Sequence[tuple[str, str]]) -> int:
    """A level of ``number``: identifiers of one scheme only (CHI, police, tenancy)."""
    levels = [number_level(a, b) for scheme, a in ours for other, b in theirs if scheme == other]
    return min(levels, default=MISSING)


def phone_level(a: frozenset[str], b: frozenset[str]) -> int:
    """A level of ``phone``."""
    if not a or not b:
        return MISSING
    return 1 if a.isdisjoint(b) else 0


def sex_level(a: str, b: str, given: int) -> int:
    """A level of ``sex``, which says something only where the given names are not the same."""
    if not a or not b or given == 0:
        return MISSING
    return 0 if a == b else 1
