"""Rows of an extract as plain numbers of fixed size, for a pass that must not touch a Python object for each pair.

What can be told by comparing numbers is exact (dates, NHS numbers, homes, telephones, equal names). Whether two spellings are near is only
bounded here, by the letters they share; what passes the bound is compared by the scorer.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from gateway.bulk.columns import Column, Extract
from gateway.bulk.tables import letters
from gateway.policy.identity.comparing import sound
from gateway.policy.identity.model import Model, ModelRefused
from gateway.policy.identity.persons import PARTICLES, Birth, Home

Rows = npt.NDArray[np.void]
GROUPS = 4
SEVERAL, BARE, MIDDLE = 1, 2, 4
"""Marks: a name of several parts; one that begins with a particle; a row with middle names."""
_SPELT = [("id", np.int32), ("letters", np.uint64), ("further", np.int16), ("length", np.int16), ("first", np.int32), ("sound", np.int32), ("marks", np.int8)]
NUMBERED = np.dtype(
    [("record", np.int32), ("side", np.int8), ("sex", np.int8), ("middle", np.int8), ("whole", np.int32), ("year", np.int16), ("month", np.int8), ("day", np.int8),
     ("nhs", np.uint64), ("postcode", np.int32), ("district", np.int32), ("numbers", np.int32), ("last", np.int32), ("several", np.int8), ("street", np.int32),
     ("phone", np.int32), ("groups", np.int16, GROUPS), ("given_bits", np.float32), ("family_bits", np.float32), ("given", np.dtype(_SPELT, align=True)), ("family", np.dtype(_SPELT, align=True))],
    align=True,
)  # fmt: skip
NONE = -1


class Words:
    """Spellings, values and sounds by number; one numbering for given and family names of all sides, since names are swapped."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def number(self, value: Hashable) -> int:
        """The number of a value; ``NONE`` of an empty one."""
        return NONE if value is None or value == "" else self._numbers.setdefault(value, len(self._numbers))

    def spelt(self, word: str, marks: int) -> tuple[int, int, int, int, int, int, int]:
        """A spelling as numbers, in the order of the fields of a name."""
        bits, further = letters(word)
        first = ord(word[0]) if word else 0
        return self.number(word), bits, further, len(word), first, self.number(("sound", word[:1], sound(word))), marks


def numbered(extract: Extract, model: Model, words: Words, side: int = 0) -> Rows:
    """Every row of the extract. ``words`` must be the same for all extracts that are compared."""
    rows = np.zeros(len(extract.record), NUMBERED)
    rows["record"], rows["side"] = extract.record, side
    _take(rows, extract.given, "given", [_given(words, cast("str", v)) for v in extract.given.values], _given(words, ""))
    _take(rows, extract.family, "family", [_family(words, *cast("tuple[str, tuple[str, ...]]", v)) for v in extract.family.values], _family(words, "", ()))
    _names(rows, extract, words, model)
    _several(rows, extract)
    _dates(rows, extract.birth)
    _homes(rows, extract.home, words)
    _take(rows, extract.nhs, "nhs", [_nibbles(cast("str", v)) for v in extract.nhs.values], 0)
    _take(rows, extract.phone, "phone", [words.number(("phone", v)) for v in extract.phone.values], NONE)
    _take(rows, extract.sex, "sex", [1 if v == "f" else 2 for v in extract.sex.values], 0)
    return rows


def _take(rows: Rows, column: Column, field: str, values: Sequence[object], nothing: object) -> None:
    """Each row gets the number of its value."""
    table = np.array([*values, nothing], rows.dtype[field])
    rows[field] = table[column.codes]


def _given(words: Words, value: str) -> tuple[int, ...]:
    return words.spelt(value, 0)


def _family(words: Words, value: str, parts: tuple[str, ...]) -> tuple[int, ...]:
    return words.spelt(value, (SEVERAL if parts else 0) | (BARE if any(value.startswith(p) for p in PARTICLES) else 0))


def _names(rows: Rows, extract: Extract, words: Words, model: Model) -> None:
    """Bits of equal names, groups of forms, and given names run together."""
    givens, families = cast("list[str]", extract.given.values), cast("list[tuple[str, tuple[str, ...]]]", extract.family.values)
    _take(rows, extract.given, "given_bits", [model.given_bits(v) for v in givens], 0.0)
    _take(rows, extract.family, "family_bits", [model.family_bits(v) for v, _ in families], 0.0)
    if any(len(model.variants.get(v, ())) > GROUPS for v in givens):
        raise ModelRefused(f"a given name is in more than {GROUPS} groups of forms")
    groups = [(sorted(model.variants.get(v, ())) + [NONE] * GROUPS)[:GROUPS] for v in givens]
    rows["groups"] = np.array([*groups, [NONE] * GROUPS], np.int16)[extract.given.codes]
    tokens = cast("list[tuple[str, ...]]", extract.tokens.values)
    _take(rows, extract.tokens, "whole", [words.number("".join(t)) for t in tokens], NONE)


def _several(rows: Rows, extract: Extract) -> None:
    tokens = cast("list[tuple[str, ...]]", extract.tokens.values)
    flags = np.array([*(SEVERAL if len(t) > 1 else 0 for t in tokens), 0], np.int8)
    rows["given"]["marks"] = flags[extract.tokens.codes]
    rows["middle"] = extract.middles[0].codes >= 0


def _dates(rows: Rows, column: Column) -> None:
    dates = np.array([*cast("list[Birth]", column.values), (0, 0, 0)], np.int16).reshape(-1, 3)[column.codes]
    rows["year"], rows["month"], rows["day"] = dates.T


def _homes(rows: Rows, column: Column, words: Words) -> None:
    homes = cast("list[Home]", column.values)
    for field, values in {
        "postcode": [words.number(("postcode", h.postcode) if h.postcode else None) for h in homes],
        "district": [words.number(("district", h.postcode[:-3]) if h.postcode else None) for h in homes],
        "numbers": [words.number(("numbers", *h.numbers) if h.numbers else None) for h in homes],
        "last": [words.number(("last", h.numbers[-1]) if h.numbers else None) for h in homes],
        "street": [words.number(("street", h.street) if h.street else None) for h in homes],
    }.items():
        _take(rows, column, field, values, NONE)
    _take(rows, column, "several", [len(h.numbers) > 1 for h in homes], 0)


def _nibbles(number: str) -> int:
    """Ten digits as four bits each, and a bit beyond them so that no number is 0."""
    return int(number, 16) | 1 << 40


