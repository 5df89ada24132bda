"""Learning a model from an index without any labels.

Relatives, twins and strangers are counted (``learning``). How one person's two records agree is found by expectation-maximisation in two
sessions: among pairs of one date of birth, for everything but the date; among pairs of one full name, for the date. Each session knows three
kinds of pair: one person, relatives (or twins), strangers. The model in use stands in as so many pairs already seen, so that an index with
few repeated people changes little. Recorded sex is not fed: it makes namesakes look like matches.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import combinations, islice
from typing import Any

import numpy as np
import numpy.typing as npt

from gateway.bulk.learning import Levels, assembled, compared, forms, frequencies, nulls
from gateway.bulk.reporting import Calibration, Taught, Training
from gateway.bulk.weighing import Counts, chances, weighed
from gateway.policy.identity.comparing import FIELDS, LEVELS, MISSING
from gateway.policy.identity.model import Model, read_variants
from gateway.policy.identity.persons import Described
from gateway.policy.identity.scoring import BIRTH, FAMILY, GIVEN, SEX

Table = npt.NDArray[np.float64]
_ROUNDS = 40
_STILL = 1e-5
_SEEN_BEFORE = 200.0
"""The model in use counts as so many matched pairs."""
_MOST_PAIRS = 300_000
_BANDS = ((0.0, 0.01), (0.01, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 0.95), (0.95, 0.99), (0.99, 1.01))
_CROWD = 60
"""A date or a name that more records share than this makes too many pairs that teach nothing."""


def trained(index: Sequence[Described], version: str, before: Model) -> tuple[dict[str, Any], Training]:
    """A model file learned from an index, and how it came about, which the file tells under ``training``. ``before``: the model in use.

    Holds nothing of anybody but frequencies of names.
    """
    variants = read_variants(forms())
    strangers, relatives, twins = nulls(index, variants)
    by_date = [compared(*p, variants) for p in _pairs(index, _date)]
    by_name = [compared(*p, variants) for p in _pairs(index, _name)]
    everything = Session(before, strangers, twins, {BIRTH, SEX}).fitted(by_date)
    dates = Session(before, strangers, relatives, {GIVEN, FAMILY, SEX}).fitted(by_name)
    matches = everything.matches(by_date) | {"birth": dates.matches(by_name)["birth"]} | {"sex": _as_before(before, "sex")}
    fields = weighed(matches, strangers, relatives, twins)
    settings = {
        "population": len(index), "relatives": before.relatives, "twins": before.twins,
        "thresholds": {"link": before.thresholds.link, "review": before.thresholds.review, "rival": before.thresholds.rival, "anchor": before.thresholds.anchor},
    }  # fmt: skip
    model = assembled(version, fields, frequencies(index), settings)
    sessions = [s.told(name) for name, s in (("one date of birth", everything), ("one full name", dates))]
    training = Training(len(index), before.version, sessions, everything.calibration(by_date))
    return model | {"training": training.filed()}, training


def _pairs(index: Sequence[Described], key: Callable[[Described], Hashable | None]) -> Iterator[tuple[Described, Described]]:
    groups: dict[Hashable, list[Described]] = defaultdict(list)
    for one in index:
        if (found := key(one)) is not None:
            groups[found].append(one)
    pairs = (pair for members in groups.values() if len(members) <= _CROWD for pair in combinations(members, 2))
    return islice(pairs, _MOST_PAIRS)


def _date(one: Described) -> Hashable | None:
    return one.births[0] if one.births and one.births[0][2] and one.births[0][1:] != (1, 1) else None


def _name(one: Described) -> Hashable | None:
    return one.names[0][:1] + one.names[0][3:4] if one.names and one.names[0].given and one.names[0].family else None


def _as_before(before: Model, field: str) -> Counter[int]:
    return Counter({n: _SEEN_BEFORE * before.chances[field][level] for n, level in enumerate(LEVELS[field])})


class Session:
    """One run of expectation-maximisation. ``left_out``: fields that the session may not use, as its pairs were chosen by them."""

    def __init__(self, before: Model, strangers: Counts, relatives: Counts, left_out: set[int]) -> None:
        self._used = [n for n in range(len(FIELDS)) if n not in left_out and FIELDS[n] not in ("number", "context")]
        self._before = before
        self._kin, self._strange = _table(relatives), _table(strangers)
        self._match = np.ones((len(FIELDS), MISSING + 1))
        for n, field in enumerate(FIELDS):
            self._match[n, : len(LEVELS[field])] = [max(before.chances[field][level], 1e-6) for level in LEVELS[field]]
        self.shares = np.array([0.05, 0.15, 0.80])
        self.rounds = self.pairs = 0

    def fitted(self, pairs: Sequence[Levels]) -> Session:
        """Runs until nothing changes any more."""
        rows = np.array(pairs, np.int64).reshape(-1, len(FIELDS))
        self.pairs = len(rows)
        for _ in range(_ROUNDS if len(rows) else 0):
            self.rounds += 1
            chance, before = self.chance(rows), self.shares
            self.shares = (chance.sum(axis=0) + 1) / (len(rows) + 3)
            self._learn(rows, chance[:, 0])
            if np.abs(self.shares - before).max() < _STILL:
                break
        return self

    def chance(self, rows: npt.NDArray[np.int64], but: int | None = None) -> Table:
        """For each pair the chance of one person, of relatives and of strangers; ``but`` leaves one more field out."""
        used = [n for n in self._used if n != but]
        logs = [sum(np.log(table[n][rows[:, n]]) for n in used) for table in (self._match, self._kin, self._strange)]
        weights = np.stack(logs, axis=1) + np.log(self.shares)
        odds = np.exp(weights - weights.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def _learn(self, rows: npt.NDArray[np.int64], chance: Table) -> None:
        for n in self._used:
            size = len(LEVELS[FIELDS[n]])
            seen = np.bincount(rows[:, n], weights=chance, minlength=MISSING + 1)[:size]
            prior = np.array([self._before.chances[FIELDS[n]][level] for level in LEVELS[FIELDS[n]]])
            self._match[n, :size] = np.maximum((seen + _SEEN_BEFORE * prior) / (seen.sum() + _SEEN_BEFORE), 1e-6)

    def matches(self, pairs: Sequence[Levels]) -> dict[str, Counter[int]]:
        """What it learned of one person's two records, as counts that include what was known before."""
        rows = np.array(pairs, np.int64).reshape(-1, len(FIELDS))
        weight = _SEEN_BEFORE + (float(self.chance(rows)[:, 0].sum()) if len(rows) else 0.0)
        return {f: Counter({lv: weight * self._match[n, lv] for lv in range(len(LEVELS[f]))}) for n, f in enumerate(FIELDS)}

    def told(self, name: str) -> Taught:
        """For the report. ``name``: what its pairs have in common."""
        return Taught(name, self.pairs, self.rounds, float(self.shares[0]))

    def calibration(self, pairs: Sequence[Levels]) -> list[Calibration]:
        """How well the chances hold, judged by NHS numbers that were kept aside."""
        nhs = FIELDS.index("nhs")
        rows = np.array([p for p in pairs if p[nhs] != MISSING], np.int64).reshape(-1, len(FIELDS))
        chance = self.chance(rows, but=nhs)[:, 0] if len(rows) else np.empty(0)
        told = []
        for low, high in _BANDS:
            here = (chance >= low) & (chance < high)
            if here.any():
                told.append(Calibration(f"{low:g} to {min(high, 1):g}", int(here.sum()), float(chance[here].mean()), float((rows[here, nhs] == 0).mean())))
        return told


def _table(counts: Counts) -> Table:
    table = np.ones((len(FIELDS), MISSING + 1))
    for n, field in enumerate(FIELDS):
        table[n, : len(LEVELS[field])] = np.maximum(chances(counts[field], field), 1e-9)
    return table
