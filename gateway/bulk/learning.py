"""What an index teaches without any labels: how strangers, relatives and twins compare, and how common each name is.

Relatives are pairs of records at one home with different NHS numbers; twins those among them with one date of birth. Strangers are pairs
drawn at random.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

from gateway.bulk.weighing import Counts, counted
from gateway.policy.identity.comparing import (
    MISSING,
    Variants,
    address_level,
    birth_level,
    middle_level,
    name_levels,
    number_level,
    phone_level,
    sex_level,
)
from gateway.policy.identity.persons import Described

Pair = tuple[Described, Described]
Levels = tuple[int, ...]
_STRANGER_PAIRS = 400_000
_CROWD = 12
"""More records than this at one home are an institution, not a household."""
_SEEN_OFTEN = 3
"""A name or a pair of names needs to be seen so often before its frequency is believed."""
_FORMS = "forms.txt"


def compared(a: Described, b: Described, variants: Variants) -> Levels:
    """Levels of a pair, from the best pairing of names; numbers of agencies and context are left to be set by hand."""
    given = family = middle = MISSING
    for x in a.names:
        for y in b.names:
            g, f = name_levels(x, y, variants)
            if g + f < given + family:
                given, family, middle = g, f, (middle_level(x, y) if g < 4 else MISSING)
    return (
        given, family, middle, birth_level(a.births, b.births), sex_level(a.sex, b.sex, given), number_level(a.nhs, b.nhs), MISSING,
        address_level(a.homes, b.homes), phone_level(a.phones, b.phones), MISSING,
    )  # fmt: skip


def strangers(index: Sequence[Described], rng: random.Random) -> Iterator[Pair]:
    """Pairs drawn at random; a few of them by accident the same person, which does not matter at this number."""
    for _ in range(_STRANGER_PAIRS):
        a, b = rng.randrange(len(index)), rng.randrange(len(index))
        if a != b:
            yield index[a], index[b]


def relatives(index: Sequence[Described]) -> Iterator[Pair]:
    """Pairs at one home, told apart by their NHS numbers."""
    homes: dict[tuple[str, tuple[str, ...]], list[Described]] = defaultdict(list)
    for one in index:
        for h in one.homes[:1]:
            if h.postcode and h.numbers and one.nhs:
                homes[h.postcode, h.numbers].append(one)
    for members in homes.values():
        if len(members) <= _CROWD:
            yield from ((a, b) for i, a in enumerate(members) for b in members[i + 1 :] if a.nhs != b.nhs)


def are_twins(pair: Pair) -> bool:
    """One date of birth, wholly known, and two given names."""
    a, b = pair
    return bool(a.births and a.births == b.births and a.births[0][2]) and a.names[:1] != b.names[:1]


def nulls(index: Sequence[Described], variants: Variants, seed: int = 0) -> tuple[Counts, Counts, Counts]:
    """Counts of levels among strangers, relatives and twins of an index."""
    homely = list(relatives(index))
    return (
        counted(compared(*p, variants) for p in strangers(index, random.Random(seed))),
        counted(compared(*p, variants) for p in homely if not are_twins(p)),
        counted(compared(*p, variants) for p in homely if are_twins(p)),
    )


def frequencies(index: Sequence[Described]) -> dict[str, Any]:
    """``names`` of a model file: shares of given, family and whole names; the joint ones as a ratio to what their parts suggest."""
    main = [one.names[0] for one in index if one.names]
    given, family = Counter(n.given for n in main if n.given), Counter(n.family for n in main if n.family)
    both = Counter((n.given, n.family) for n in main if n.given and n.family)
    size = len(main)
    return {
        "given": _shares(given, size),
        "family": _shares(family, size),
        "joint": {
            f"{g} {f}": round(ratio, 2)
            for (g, f), n in sorted(both.items())
            if n >= _SEEN_OFTEN and (ratio := n * size / (given[g] * family[f])) > 1.5
        },
        "rare_given": 1.5 / size,
        "rare_family": 1.5 / size,
    }


def _shares(counts: Counter[str], size: int) -> dict[str, float]:
    return {name: round(n / size, 7) for name, n in sorted(counts.items()) if n >= _SEEN_OFTEN}


def forms() -> list[str]:
    """Lines of given names that may stand for one person: short forms, other spellings, other languages."""
    return files("gateway.policy.identity").joinpath(_FORMS).read_text(encoding="utf-8").split("\n")


def assembled(version: str, fields: Mapping[str, Any], names: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """A model file, ready to be written as JSON. ``settings``: population, relatives, twins, thresholds."""
    return {"version": version, **settings, "fields": {**fields, **BY_HAND}, "names": names, "forms": [f for f in forms() if f]}


BY_HAND: Mapping[str, Any] = {
    "number": {
        "same": {"chance": 0.97, "stranger": 16.0, "relative": 8.0, "twin": 8.0},
        "slip": {"chance": 0.01, "stranger": 6.0, "relative": 2.0, "twin": 2.0},
        "different": {"chance": 0.02, "stranger": -5.0, "relative": -5.0, "twin": -5.0},
    },
    "context": {"same": {"chance": 1.0, "stranger": 8.0, "relative": 0.0, "twin": 0.0}},
}
"""Set by hand, since no index shows them: an agency's own number, and another person of the case at the same home."""


