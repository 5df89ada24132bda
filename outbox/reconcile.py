"""Expected against observed, row by row. Pure: two sets of keyed values in, one verdict per key out, nothing left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Verdict(StrEnum):
    """``DOUBLED``: seen more than once, whatever it says."""

    SAME = "same"
    MISSING = "missing"
    UNEXPECTED = "unexpected"
    DIFFERENT = "different"
    DOUBLED = "doubled"


@dataclass(frozen=True, slots=True)
class Row(Generic[K, V]):
    """One key. ``observed`` holds every value seen under it, in the order seen."""

    key: K
    expected: V | None
    observed: tuple[V, ...]
    verdict: Verdict


def compare(
    expected: Mapping[K, V], observed: Iterable[tuple[K, V]], same: Callable[[V, V], bool] = lambda a, b: a == b
) -> Sequence[Row[K, V]]:
    """A row for every key of either side: what is expected in its order, then what nobody expected in the order seen."""
    seen: dict[K, list[V]] = {}
    for key, value in observed:
        seen.setdefault(key, []).append(value)
    known = [Row(key, value, tuple(seen.get(key, ())), _verdict(value, seen.get(key, []), same)) for key, value in expected.items()]
    strays = [Row(key, None, tuple(values), Verdict.UNEXPECTED) for key, values in seen.items() if key not in expected]
    return [*known, *strays]


def totals(rows: Iterable[Row[K, V]]) -> Mapping[Verdict, int]:
    """How many of each verdict, zeros included: the control total of a comparison."""
    counted = Counter(row.verdict for row in rows)
    return {verdict: counted[verdict] for verdict in Verdict}


def _verdict(expected: V, seen: list[V], same: Callable[[V, V], bool]) -> Verdict:
    if not seen:
        return Verdict.MISSING
    if len(seen) > 1:
        return Verdict.DOUBLED
    return Verdict.SAME if same(expected, seen[0]) else Verdict.DIFFERENT
