"""For each field: the level of one asked value with every distinct value of an extract, as an array of small numbers.

Each array has one place more than there are values, for records that say nothing: code -1 finds it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from string import digits
from typing import cast

import numpy as np
import numpy.typing as npt

from gateway.bulk.columns import Column
from gateway.policy.identity.comparing import (
    ALIKE,
    GENERATION_YEARS,
    LEVELS,
    MISSING,
    NEAR_LETTERS,
    Variants,
    home_pair,
    middle_pair,
    near,
    sound,
)
from gateway.policy.identity.persons import PARTICLES, Birth, Home, Name

Levels = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


def blank(size: int, level: int) -> Levels:
    """All values at one level, and nothing at ``MISSING``."""
    table = np.full(size + 1, level, np.uint8)
    table[-1] = MISSING
    return table


_MOST_KEPT = 20_000
"""Words whose neighbours are remembered; a list repeats its families' names."""


class Spellings:
    """Distinct words, to find those that are near another.

    Two words can only be near if they have enough letters in common, whatever their order; that is counted for all words at once, and
    the few that are left are compared by ``comparing.near`` itself.
    """

    def __init__(self, values: Sequence[str]) -> None:
        self.values = list(values)
        self._lengths = np.array([len(v) for v in values], np.int16)
        packed = [letters(v) for v in values]
        self._letters = np.array([bits for bits, _ in packed], np.uint64)
        self._further = np.array([further for _, further in packed], np.int16)
        self._sounds: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._known: dict[str, npt.NDArray[np.int64]] = {}
        for n, value in enumerate(values):
            if len(value) >= NEAR_LETTERS:
                self._sounds[value[0], sound(value)].append(n)

    def near(self, word: str) -> npt.NDArray[np.int64]:
        """Numbers of the words that ``comparing.near`` calls near."""
        if word not in self._known:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[word] = np.array(self._near(word), np.int64)
        return self._known[word]

    def _near(self, word: str) -> list[int]:
        if len(word) < NEAR_LETTERS or not self.values:
            return []
        maybe = {*self._with_letters(word), *self._sounds.get((word[0], sound(word)), ())}
        return [n for n in maybe if near(word, self.values[n])]

    def _with_letters(self, word: str) -> list[int]:
        """Words one keystroke away have all letters but one; Jaro-Winkler with its largest bonus needs a Jaro of ``least``."""
        bits, further = letters(word)
        shared = np.bitwise_count(self._letters & np.uint64(bits)) + np.minimum(self._further, further)
        least = 1 - (1 - ALIKE) / 0.6
        slipped = shared + 1 >= np.maximum(self._lengths, len(word))
        return np.flatnonzero(slipped | (shared * (self._lengths + len(word)) >= (3 * least - 1 - 1e-4) * len(word) * self._lengths)).tolist()


_PLACES = 32


def letters(word: str) -> tuple[int, int]:
    """Which letters stand in a word, and which twice, as bits; and how many letters there are beyond those. Letters share places."""
    counts = [0] * _PLACES
    for c in word:
        counts[ord(c) % _PLACES] += 1
    bits = sum(1 << n for n, count in enumerate(counts) if count) + sum(1 << (n + _PLACES) for n, count in enumerate(counts) if count > 1)
    return bits, sum(count - 2 for count in counts if count > 2)


_NONE = np.empty(0, np.int64)


def _arrays(lists: Mapping[str, list[int]]) -> dict[str, npt.NDArray[np.int64]]:
    return {key: np.array(numbers, np.int64) for key, numbers in lists.items()}


class Givens:
    """Given names."""

    def __init__(self, column: Column, tokens: Column, variants: Variants) -> None:
        self._values = cast("list[str]", column.values)
        self._number = column.number
        self._spellings = Spellings(self._values)
        self.single = np.array([len(value) == 1 for value in self._values] + [False])
        """Whether a given name is an initial only: then no other of the names stands for it."""
        self._variants = variants
        self._groups: dict[int, list[int]] = defaultdict(list)
        self._letters: dict[str, list[int]] = defaultdict(list)
        for n, value in enumerate(self._values):
            self._letters[value[0]].append(n)
            for group in variants.get(value, ()):
                self._groups[group].append(n)
        self._tokens(tokens)

    def _tokens(self, tokens: Column) -> None:
        self._token_values = len(tokens.values)
        containing, whole, first = (defaultdict[str, list[int]](list) for _ in range(3))
        for n, words in enumerate(cast("list[tuple[str, ...]]", tokens.values)):
            whole["".join(words)].append(n)
            first[words[0]].append(n)
            for word in set(words):
                containing[word].append(n)
        self._containing, self._whole, self._first = _arrays(containing), _arrays(whole), _arrays(first)

    def levels(self, asked: Name) -> Levels:
        """By the given names alone."""
        x = asked.given
        if not x:
            return np.full(len(self._values) + 1, MISSING, np.uint8)
        table = blank(len(self._values), 6)
        if len(x) == 1:
            table[self._letters.get(x, [])] = 5
            return table
        table[[self._number[t] for t in asked.tokens if t in self._number and len(t) > 1]] = 4
        table[self._spellings.near(x)] = 3
        for group in self._variants.get(x, ()):
            table[self._groups[group]] = 2
        if x[0] in self._number:
            table[self._number[x[0]]] = 5
        if x in self._number:
            table[self._number[x]] = 0
        return table

    def swapped(self, family: str) -> tuple[Flags, Flags]:
        """Which given names are this family name, and which are it or near it."""
        same = np.zeros(len(self._values) + 1, bool)
        if family in self._number:
            same[self._number[family]] = True
        fits = same.copy()
        fits[self._spellings.near(family)] = True
        return same, fits

    def across(self, asked: Name) -> Levels:
        """By all given and middle names together: ``same`` when they run together alike, ``part`` when one stands for another."""
        table = np.full(self._token_values + 1, MISSING, np.uint8)
        if len(asked.given) > 1:
            table[self._containing.get(asked.given, _NONE)] = 4
            table[self._first.get(asked.tokens[0], _NONE)] = 4
            table[self._whole.get("".join(asked.tokens), _NONE)] = 0
        return table


class Families:
    """Family names with their parts."""

    def __init__(self, column: Column) -> None:
        self._values = cast("list[tuple[str, tuple[str, ...]]]", column.values)
        self._spellings = Spellings([family for family, _ in self._values])
        self.spelt: dict[str, list[int]] = defaultdict(list)
        self._bare: dict[str, list[int]] = defaultdict(list)
        self._parts: dict[str, list[int]] = defaultdict(list)
        for n, (family, parts) in enumerate(self._values):
            self.spelt[family].append(n)
            for bare in _without_particles(family):
                self._bare[bare].append(n)
            for part in {*parts, family}:
                self._parts[part].append(n)

    def levels(self, asked: Name) -> Levels:
        """By family name; particles may come and go."""
        x = asked.family
        if not x:
            return np.full(len(self._values) + 1, MISSING, np.uint8)
        table = blank(len(self._values), 4)
        for part in {*asked.parts, x}:
            table[[n for n in self._parts.get(part, ()) if asked.parts or self._values[n][1]]] = 3
        table[self._spellings.near(x)] = 2
        table[self._bare.get(x, [])] = 2
        for bare in _without_particles(x):
            table[self.spelt.get(bare, [])] = 2
        table[self.spelt.get(x, [])] = 0
        return table

    def swapped(self, given: str) -> tuple[Flags, Flags]:
        """Which family names are this given name, and which are it or near it."""
        same = np.zeros(len(self._values) + 1, bool)
        same[self.spelt.get(given, [])] = True
        fits = same.copy()
        fits[self._spellings.near(given)] = True
        return same, fits


def _without_particles(family: str) -> list[str]:
    return [family[len(p) :] for p in PARTICLES if family.startswith(p) and len(family) - len(p) > 2]


class Middles:
    """Middle names, one column for each place."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._spellings = [Spellings(cast("list[str]", c.values)) for c in columns]
        self._known: dict[tuple[str, str], int] = {}

    def levels(self, asked: Name, rows: npt.NDArray[np.int32]) -> Levels:
        """Worked out for the rows only, each pair of words once."""
        best = np.full(len(rows), MISSING, np.uint8)
        for column in self._columns:
            codes = column.codes[rows]
            table = {c: self._best(asked.middle, cast("str", column.values[c])) for c in set(codes.tolist()) if c >= 0}
            best = np.minimum(best, np.array([table.get(c, MISSING) for c in codes.tolist()], np.uint8))
        return best if asked.middle else np.full(len(rows), MISSING, np.uint8)

    @staticmethod
    def _best(ours: Iterable[str], word: str) -> int:
        return min((middle_pair(x, word) for x in ours), default=MISSING)


class Births:
    """Dates of birth; the levels of ``comparing.birth_level`` for all at once."""

    def __init__(self, column: Column) -> None:
        dates = np.array(column.values or [(0, 0, 0)], np.int16).reshape(-1, 3)
        self._size = len(column.values)
        self._year, self._month, self._day = dates[:, 0], dates[:, 1], dates[:, 2]

    def levels(self, births: Sequence[Birth]) -> Levels:
        """The best level with any of the asked dates."""
        table = np.full(self._size + 1, MISSING, np.uint8)
        for one in births:
            np.minimum(table[:-1], self._one(*one)[: self._size], out=table[:-1])
        return table

    def _one(self, year: int, month: int, day: int) -> Levels:
        gap = np.abs(self._year - year)
        table = np.where(gap > GENERATION_YEARS, 8, 7).astype(np.uint8)
        if day:
            alike = (self._month == month) & (self._day == day)
            table[alike & ((gap == 10) | (gap == 20))] = 6
            table[alike & (gap == 1)] = 3
        here = np.flatnonzero(gap == 0)
        table[here] = self._in_year(here, month, day)
        return table

    def _in_year(self, here: npt.NDArray[np.int64], month: int, day: int) -> Levels:
        m, d = self._month[here], self._day[here]
        table = np.full(len(here), 7, np.uint8)
        table[(m == month) | (d == day)] = 4
        table[((d == day) & _one_digit(m, month)) | ((m == month) & _one_digit(d, day))] = 3
        table[(m == day) & (d == month)] = 2
        table[(m == month) & (d == day)] = 1 if (month, day) == (1, 1) else 0
        partial = (d == 0) | (day == 0)
        fits = (m == 0) | (month == 0) | (m == month)
        table[partial] = np.where(fits[partial], 5, 7)
        return table


def _one_digit(values: npt.NDArray[np.int16], one: int) -> Flags:
    return np.asarray((values % 10 == one % 10) | (values // 10 == one // 10))


class Homes:
    """Addresses; compared by the scorer's own words wherever postcode or house could be the same."""

    def __init__(self, column: Column) -> None:
        self._values = cast("list[Home]", column.values)
        self._postcodes: dict[str, list[int]] = defaultdict(list)
        self._houses: dict[tuple[tuple[str, ...], str], list[int] | npt.NDArray[np.int64]] = {}
        self._codes = np.array([_places(one.postcode) for one in self._values], np.uint64)
        districts: dict[str, list[int]] = defaultdict(list)
        for n, one in enumerate(self._values):
            self._postcodes[one.postcode].append(n)
            if one.numbers and one.street:
                cast("list[int]", self._houses.setdefault((one.numbers, one.street), [])).append(n)
            districts[one.postcode[:-3]].append(n)
        self._districts = {d: np.array(numbers) for d, numbers in districts.items()}
        self._apart = blank(len(self._values), LEVELS["address"].index("different"))
        self._apart[self._postcodes.get("", [])] = MISSING

    def levels(self, homes: Sequence[Home]) -> Levels:
        """The best level with any of the asked homes."""
        table = np.full(len(self._values) + 1, MISSING, np.uint8)
        for one in homes:
            np.minimum(table, self._one(one), out=table)
        return table

    def _one(self, one: Home) -> Levels:
        table = self._apart.copy() if one.postcode else np.full(len(self._values) + 1, MISSING, np.uint8)
        if one.postcode:
            district = self._districts.get(one.postcode[:-3])
            if district is not None:
                table[district] = np.minimum(table[district], 5)
        for n in {*(self._postcodes.get(one.postcode, ()) if one.postcode else ()), *self._same_house(one)}:
            table[n] = home_pair(one, self._values[n])
        return table

    def _same_house(self, one: Home) -> list[int]:
        """Homes of one number and street whose postcode could be the same but for a slip."""
        there = self._houses.get((one.numbers, one.street)) if one.numbers and one.street else None
        if there is None:
            return []
        if isinstance(there, list):
            there = self._houses[one.numbers, one.street] = np.array(there, np.int64)
        codes = self._codes[there]
        slipped = np.bitwise_count(codes ^ np.uint64(_places(one.postcode))) <= 2
        found: list[int] = there[slipped | (codes == 0) | (not one.postcode)].tolist()
        return found


def _places(postcode: str) -> int:
    """Which letters and digits stand in a postcode, as bits."""
    return sum({1 << (ord(c) % 64) for c in postcode})


class Numbers:
    """NHS numbers: the same, or a slip of one digit."""

    def __init__(self, column: Column) -> None:
        self._number = cast("dict[str, int]", column.number)
        self._size = len(column.values)

    def fitting(self, asked: str) -> tuple[list[int], list[int]]:
        """Codes of the same number, and of those a slip away."""
        if not asked:
            return [], []
        slips = (self._number.get(s) for s in _slips(asked))
        return [self._number[asked]] if asked in self._number else [], [n for n in slips if n is not None]


def _slips(number: str) -> set[str]:
    changed = {number[:i] + d + number[i + 1 :] for i in range(len(number)) for d in digits}
    swapped = {number[:i] + number[i + 1] + number[i] + number[i + 2 :] for i in range(len(number) - 1)}
    return (changed | swapped) - {number}


class Phones:
    """Telephone numbers."""

    def __init__(self, column: Column) -> None:
        self._number = cast("dict[str, int]", column.number)

    def fitting(self, asked: Iterable[str]) -> list[int]:
        """Codes of the same numbers."""
        return [self._number[p] for p in asked if p in self._number]
