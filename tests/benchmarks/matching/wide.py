"""The same method over the columns that a set of somebody else's has: levels, expectation-maximisation without labels, every pair compared.

The product's model knows the fields of British records. Sets that others wrote have others (suburb, occupation, race), so each is described
here as ``Field`` columns; distinct values are compared once with all others, and all pairs are weighed from those tables in compiled code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Levels = npt.NDArray[np.uint8]
_STEP = 1000


@dataclass(frozen=True)
class Field:
    """``table[a, b]``: the level of two codes, best first; the last code and the last level say nothing. ``rare``: a rare value says more."""

    name: str
    left: Ints
    right: Ints
    table: Levels
    rare: bool

    @property
    def levels(self) -> int:
        """How many levels say something; the next one is "missing"."""
        return int(self.table[-1, -1])


Compare = Callable[[list[str], list[str]], Levels]
"""Levels of some values with all values; the same value becomes level 0 afterwards."""


def field(name: str, left: Sequence[str], right: Sequence[str], compare: Compare, levels: int, rare: bool = False) -> Field:
    """A field of two files, or of one given twice; "" says nothing. ``levels``: how many the comparison tells apart, the last one "different"."""
    number: dict[str, int] = {}
    for value in (*left, *right):
        if value:
            number.setdefault(value, len(number))
    values, size = list(number), len(number)
    table = np.full((size + 1, size + 1), levels, np.uint8)
    for start in range(0, size, _STEP):
        some = values[start : start + _STEP]
        table[start : start + len(some), :size] = compare(some, values)
    table[np.arange(size), np.arange(size)] = 0
    codes = [np.array([number.get(v, size) for v in side], np.int64) for side in (left, right)]
    return Field(name, codes[0], codes[1], table, rare)


# -------------------------------------------------------------------------------------------------------------- comparisons


def words(*cuts: float) -> Compare:
    """Level 1 from the first Jaro-Winkler similarity or one keystroke, 2 from the second, and so on; then different."""

    def compare(some: list[str], values: list[str]) -> Levels:
        alike = process.cdist(some, values, scorer=JaroWinkler.similarity, dtype=np.float32, score_cutoff=min(cuts) - 0.001)
        slips = process.cdist(some, values, scorer=OSA.distance, dtype=np.uint8, score_cutoff=1)
        levels = np.full(alike.shape, len(cuts) + 1, np.uint8)
        for n in range(len(cuts), 0, -1):
            levels[alike >= cuts[n - 1]] = n
        long_enough = np.array([len(v) for v in values]) >= 3
        levels[(slips <= 1) & long_enough] = 1
        return levels

    return compare


def same(some: list[str], values: list[str]) -> Levels:
    """The same or different."""
    return np.ones((len(some), len(values)), np.uint8)


def first_letter(some: list[str], values: list[str]) -> Levels:
    """By the first letter alone."""
    a, b = (np.array([ord(v[0]) for v in side]) for side in (some, values))
    return (a[:, None] != b).astype(np.uint8)


DATE_LEVELS = 7


def dates(parts: Callable[[str], tuple[int, int, int] | None]) -> Compare:
    """Same, one keystroke, day and month swapped, two parts the same, two keystrokes, twelve years, different."""

    def compare(some: list[str], values: list[str]) -> Levels:
        a, b = (np.array([parts(v) or (-99, -99, -99) for v in side]) for side in (some, values))
        slips = process.cdist(some, values, scorer=OSA.distance, dtype=np.uint8, score_cutoff=2)
        year, month, day = (a[:, None, n] == b[:, n] for n in range(3))
        levels = np.where(np.abs(a[:, None, 0] - b[:, 0]) <= 12, 5, 6).astype(np.uint8)
        levels[slips == 2] = 4
        levels[year.astype(np.int8) + month + day == 2] = 3
        levels[slips == 1] = 1
        levels[year & (a[:, None, 1] == b[:, 2]) & (a[:, None, 2] == b[:, 1])] = 2
        return levels

    return compare


def jointly(name: str, one: Field, other: Field) -> Field:
    """Two fields that hang together as one: each pair of their levels is a level of its own."""
    wide = int(other.table[-1, -1]) + 1
    sides = [np.stack([a, b], axis=1) for a, b in ((one.left, other.left), (one.right, other.right))]
    both = np.concatenate(sides)
    silent = (both[:, 0] == len(one.table) - 1) & (both[:, 1] == len(other.table) - 1)
    distinct, codes = np.unique(both[~silent], axis=0, return_inverse=True)
    size = len(distinct)
    table = np.full((size + 1, size + 1), (one.levels + 1) * wide - 1, np.uint8)
    for start in range(0, size, _STEP):
        some = distinct[start : start + _STEP]
        table[start : start + len(some), :size] = one.table[some[:, 0]][:, distinct[:, 0]] * wide + other.table[some[:, 1]][:, distinct[:, 1]]
    whole = np.full(len(both), size, np.int64)
    whole[~silent] = codes
    return Field(name, whole[: len(one.left)], whole[len(one.left) :], table, rare=False)


# ------------------------------------------------------------------------------------------------------------- every pair


@njit  # type: ignore[untyped-decorator]
def _histogram(left, right, flat, offsets, sizes, radix, one_file, silent, by, room):
    counts = np.zeros(room, np.int64)
    for i in range(left.shape[1]):
        for j in range(i + 1 if one_file else 0, right.shape[1]):
            quiet = by >= 0 and flat[offsets[by] + left[by, i] * sizes[by] + right[by, j]] != radix[by] - 1
            cell = 0
            for f in range(left.shape[0]):
                level = radix[f] - 1 if quiet and f == silent else flat[offsets[f] + left[f, i] * sizes[f] + right[f, j]]
                cell = cell * radix[f] + level
            counts[cell] += 1
    return counts


@njit  # type: ignore[untyped-decorator]
def _weighed(left, right, flat, offsets, sizes, bits, rarity, places, one_file, silent, by, nothing, least, room):
    found, scores, count = np.empty((room, 2), np.int32), np.empty(room, np.float32), 0
    for i in range(left.shape[1]):
        for j in range(i + 1 if one_file else 0, right.shape[1]):
            quiet = by >= 0 and flat[offsets[by] + left[by, i] * sizes[by] + right[by, j]] != nothing
            total = 0.0
            for f in range(left.shape[0]):
                if quiet and f == silent:
                    continue
                level = flat[offsets[f] + left[f, i] * sizes[f] + right[f, j]]
                total += bits[f, level]
                if level == 0:
                    total += rarity[places[f] + left[f, i]]
            if total >= least and count < room:
                found[count, 0], found[count, 1], scores[count] = i, j, total
                count += 1
    return found[:count], scores[:count]


@dataclass
class Wide:
    """All pairs of two files, or of one with itself. ``silent``: (field, other): the field says nothing where the other says something."""

    fields: Sequence[Field]
    one_file: bool
    silent: tuple[int, int] = (-1, -1)

    def __post_init__(self) -> None:
        self._sizes = np.array([len(f.table) for f in self.fields], np.int64)
        self._offsets = np.concatenate([[0], np.cumsum(self._sizes**2)[:-1]]).astype(np.int64)
        self._flat = np.concatenate([f.table.ravel() for f in self.fields])
        self.left, self.right = (np.ascontiguousarray(np.stack(side)) for side in zip(*[(f.left, f.right) for f in self.fields], strict=True))
        self.share = 0.0
        self.matches: list[Floats] = []
        self.strangers: list[Floats] = []

    def learn(self, start: Sequence[Floats] | None = None, rounds: int = 60) -> Wide:
        """Expectation-maximisation over all pairs, no labels. Strangers are all pairs; ``start``: a first guess of how matches agree."""
        levels, counts = self._cells()
        self.strangers = [_shares(np.bincount(levels[:, n], weights=counts, minlength=f.levels + 1)[: f.levels], 0.5) for n, f in enumerate(self.fields)]
        self.matches = list(start or [_falling(f.levels) for f in self.fields])
        self.share = 1e-4
        for _ in range(rounds):
            odds = np.log(self.share / (1 - self.share)) + sum(
                np.append(np.log(m / u), 0.0)[levels[:, n]] for n, (m, u) in enumerate(zip(self.matches, self.strangers, strict=True))
            )
            weights = counts / (1 + np.exp(-odds))
            before, self.share = self.share, float(weights.sum() / counts.sum())
            for n, f in enumerate(self.fields):
                self.matches[n] = np.maximum(_shares(np.bincount(levels[:, n], weights=weights, minlength=f.levels + 1)[: f.levels], 0.01), 1e-5)
            if abs(self.share - before) < 1e-9:
                break
        return self

    def _cells(self) -> tuple[Ints, Floats]:
        radix = np.array([f.levels + 1 for f in self.fields], np.int64)
        counts = _histogram(self.left, self.right, self._flat, self._offsets, self._sizes, radix, self.one_file, *self.silent, int(radix.prod()))
        cells = np.flatnonzero(counts)
        levels, left = np.empty((len(cells), len(radix)), np.int64), cells.copy()
        for n in range(len(radix) - 1, -1, -1):
            left, levels[:, n] = np.divmod(left, radix[n])
        return levels, counts[cells].astype(np.float64)

    def prior(self) -> float:
        """Bits before anything is compared, as learned."""
        return float(np.log2(self.share / (1 - self.share)))

    def bits(self, others: Sequence[Floats] | None = None) -> Floats:
        """Bits by field and level against strangers, or against ``others``."""
        table = np.zeros((len(self.fields), max(f.levels for f in self.fields) + 1))
        for n, (m, u) in enumerate(zip(self.matches, others or self.strangers, strict=True)):
            table[n, : len(m)] = np.log2(m / u)
        return table

    def pairs(self, least: float, rarity: float = 1.0, room: int = 30_000_000) -> tuple[npt.NDArray[np.int32], Floats]:
        """Pairs of at least ``least`` bits, prior included. ``rarity``: how much the frequency of an equal value counts."""
        places = np.concatenate([[0], np.cumsum(self._sizes)[:-1]]).astype(np.int64)
        rare = np.concatenate([rarity * self._rarity(n) for n in range(len(self.fields))])
        nothing = self.fields[self.silent[1]].levels if self.silent[1] >= 0 else -1
        found, scores = _weighed(
            self.left, self.right, self._flat, self._offsets, self._sizes, self.bits(), rare, places, self.one_file, *self.silent, nothing,
            least - self.prior(), room,
        )  # fmt: skip
        if len(found) == room:
            raise MemoryError("more pairs than there is room for")
        return found, scores + self.prior()

    def _rarity(self, number: int) -> Floats:
        one, size = self.fields[number], int(self._sizes[number])
        told = np.zeros(size)
        if one.rare:
            counts = np.bincount(np.concatenate([one.left, one.right]), minlength=size)[:-1].astype(float)
            shares = np.maximum(counts, 2) / counts.sum()
            told[:-1] = np.log2((shares**2).sum() / shares)
        return told

    def levels(self, left: Ints, right: Ints, within: int = 0) -> Ints:
        """Levels of pairs by field; ``within``: 0 between the files, 1 and 2 within the first and the second."""
        sides = {0: (self.left, self.right), 1: (self.left, self.left), 2: (self.right, self.right)}[within]
        return np.stack([f.table[sides[0][n, left], sides[1][n, right]] for n, f in enumerate(self.fields)], axis=1).astype(np.int64)


def _falling(size: int) -> Floats:
    return np.concatenate([[0.9], np.full(size - 1, 0.1 / max(1, size - 1))])


def _shares(counts: Floats, belief: float) -> Floats:
    return (counts + belief) / (counts.sum() + belief * len(counts))
