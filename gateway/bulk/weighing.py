"""From counted levels to weights: chances with a little smoothing, bits against each explanation, put in the order of agreement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import log2

from gateway.policy.identity.comparing import FIELDS, LEVELS, MISSING

Counts = Mapping[str, Counter[int]]
"""Field to level to how often it was seen."""
_BELIEF = 2.0
"""Pseudo-counts of each field, so that what was never seen is not impossible."""
_MOST = 14.0
"""Bits that one level may say at most: beyond, errors in the data decide and not the level."""
_AT_MOST = {("nhs", "same"): 18.0, ("nhs", "slip"): 10.0}
"""Valid numbers of two people never are one digit apart, so only this says what a slip is worth."""
_FLAT = {"relative": ("address", "phone"), "twin": ("address", "phone")}
"""Relatives and twins share homes and telephones, or have moved together: these say nothing between them and the person."""


def counted(levels: Iterable[Sequence[int]], weights: Iterable[float] | None = None) -> Counts:
    """Counts level by level; ``MISSING`` is not counted. ``weights``: how much each pair counts (from EM), 1 each if not given."""
    counts: dict[str, Counter[int]] = {f: Counter() for f in FIELDS}
    for row, weight in zip(levels, weights if weights is not None else _ones(), strict=weights is not None):
        for field, level in zip(FIELDS, row, strict=True):
            if level != MISSING:
                counts[field][level] += weight  # type: ignore[assignment]
    return counts


def _ones() -> Iterable[float]:
    while True:
        yield 1.0


def chances(counts: Counter[int], field: str, belief: Sequence[float] | None = None) -> list[float]:
    """How likely each level of a field is, smoothed towards ``belief`` (all levels alike if not given)."""
    size = len(LEVELS[field])
    towards = belief or [1.0 / size] * size
    total = sum(counts.values()) + _BELIEF
    return [(counts[level] + _BELIEF * towards[level]) / total for level in range(size)]


def weighed(matches: Counts, strangers: Counts, relatives: Counts, twins: Counts) -> dict[str, dict[str, dict[str, float]]]:
    """``fields`` of a model file: for each level its chance in a match and its bits against each explanation."""
    fields: dict[str, dict[str, dict[str, float]]] = {}
    for field in FIELDS:
        match = chances(matches[field], field)
        others = {"stranger": strangers, "relative": relatives, "twin": twins}
        bits = {null: _bits(field, null, match, counts) for null, counts in others.items()}
        fields[field] = {
            level: {"chance": round(match[n], 6), **{null: round(values[n], 4) for null, values in bits.items()}}
            for n, level in enumerate(LEVELS[field])
        }
    return fields


def _bits(field: str, null: str, match: Sequence[float], counts: Counts) -> list[float]:
    if field in _FLAT.get(null, ()):
        return [0.0] * len(match)
    other = chances(counts[field], field, match if null != "stranger" else None)
    limits = [_AT_MOST.get((field, level), _MOST) for level in LEVELS[field]]
    raw = [max(-limit, min(limit, log2(m / u))) for m, u, limit in zip(match, other, limits, strict=True)]
    ordered = falling(raw, match)
    ordered[0] = max(ordered[0], 0.0)
    if len(ordered) > 1:
        ordered[-1] = min(ordered[-1], 0.0)
    return ordered


def falling(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The nearest sequence that never rises (pool adjacent violators), each value as heavy as its weight."""
    pools: list[list[float]] = []
    for value, weight in zip(values, weights, strict=True):
        pools.append([value, weight, 1])
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            last, before = pools.pop(), pools.pop()
            heavy = last[1] + before[1]
            pools.append([(last[0] * last[1] + before[0] * before[1]) / heavy, heavy, last[2] + before[2]])
    return [pool[0] for pool in pools for _ in range(int(pool[2]))]
