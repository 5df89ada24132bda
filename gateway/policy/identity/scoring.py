"""The score: how many bits the agreement of two descriptions speaks for one person, against the best other explanation.

Score = log2 of the odds of "the same person" against "a stranger, or a relative, or a twin" together. It is the sum of its bars: the prior,
one bar for each field against a stranger, the bar of the joint name, and the bar that relatives and twins take off.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log2
from operator import getitem
from typing import NamedTuple

from gateway.domain.lookup import Bar, Evidence
from gateway.domain.sealed import SEALED
from gateway.policy.identity.comparing import (
    FIELDS,
    LEVELS,
    MISSING,
    address_level,
    birth_level,
    middle_level,
    name_levels,
    number_level,
    own_number_level,
    phone_level,
    sex_level,
)
from gateway.policy.identity.model import Model
from gateway.policy.identity.persons import Described

GIVEN, FAMILY, MIDDLE, BIRTH, SEX, NHS, NUMBER, ADDRESS, PHONE, CONTEXT = range(len(FIELDS))
Levels = tuple[int, ...]
"""A level for each of ``FIELDS``."""
BEFORE, WHOLE_NAME, RELATIVE = "before", "whole_name", "relative"
"""What the bars are called that are of no field: the prior, the joint name, relatives and twins."""


class Question(NamedTuple):
    """The person asked about, with the weights of each of their names; made once for all the records offered."""

    described: Described
    given_bits: tuple[float, ...]
    family_bits: tuple[float, ...]
    joint_bits: tuple[float, ...]
    priors: tuple[float, float, float]

    def __repr__(self) -> str:
        return f"Question{SEALED}"


class Score(NamedTuple):
    """``bars``: prior, one for each of ``FIELDS``, joint name, relative or twin; ``total`` is their sum. ``mixed``: alphabets differ."""

    total: float
    levels: Levels
    bars: tuple[float, ...]
    sex_differs: bool
    mixed: bool
    hidden: bool


_MOST_SUMS = 50_000


class Scorer:
    """Scores descriptions with one model. Holds no state about people; sums of levels, which are nobody's, are kept."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._bits = model.bits
        self._sums: dict[Levels, tuple[tuple[float, ...], float, float, float]] = {}
        self._kin = (model.prior("relative", model.population), model.prior("twin", model.population))

    def question(self, asked: Described, population: int | None = None) -> Question:
        """Prepares a person; ``population`` is the number of records asked among (the model's own if unknown)."""
        model = self.model
        size = population or model.population
        return Question(
            asked,
            tuple([model.given_bits(n.given) for n in asked.names]),
            tuple([model.family_bits(n.family) for n in asked.names]),
            tuple([model.joint_bits(n.given, n.family) for n in asked.names]),
            (model.prior("stranger", size), *self._kin),
        )

    def score(self, question: Question, held: Described, context: bool = False) -> Score:
        """One record beside the person. ``context``: another person of the case is held at the home that this record names."""
        given, family, middle, name_bits = self._names(question, held)
        _, births, sex, nhs, numbers, homes, phones, _, mixed = question.described
        _, their_births, their_sex, their_nhs, their_numbers, their_homes, their_phones, hidden, their_mixed = held
        levels = (
            given,
            family,
            middle,
            birth_level(births, their_births),
            sex_level(sex, their_sex, given),
            number_level(nhs, their_nhs) if nhs and their_nhs else MISSING,
            own_number_level(numbers, their_numbers) if numbers and their_numbers else MISSING,
            address_level(homes, their_homes),
            phone_level(phones, their_phones) if phones and their_phones else MISSING,
            0 if context else MISSING,
        )
        differs = sex != their_sex and bool(sex and their_sex)
        return self._weigh(question.priors, levels, name_bits, (differs, mixed or their_mixed, hidden))

    def again(self, score: Score, context: bool = True) -> Score:
        """The same comparison with context, or without it."""
        levels = (*score.levels[:CONTEXT], 0 if context else MISSING)
        names = (score.bars[1 + GIVEN], score.bars[1 + FAMILY], score.bars[1 + len(FIELDS)])
        return self._weigh((score.bars[0], *self._kin), levels, names, (score.sex_differs, score.mixed, score.hidden))

    def _names(self, question: Question, held: Described) -> tuple[int, int, int, tuple[float, float, float]]:
        """The pairing of names that says most: levels of given, family and middle, and their bits with the joint one."""
        best, found = -1e9, (MISSING, MISSING, MISSING, (0.0, 0.0, 0.0))
        variants, table, theirs = self.model.variants, self._bits[0], held.names
        for i, a in enumerate(question.described.names):
            for b in theirs:
                given, family = name_levels(a, b, variants)
                g = table[GIVEN][given] if given else question.given_bits[i]
                f = table[FAMILY][family] if family else question.family_bits[i]
                j = question.joint_bits[i] if given == 0 and family == 0 else 0.0
                middle = middle_level(a, b) if given < 4 and a.middle and b.middle else MISSING
                worth = g + f + j + table[MIDDLE][middle]
                if worth > best:
                    best, found = worth, (given, family, middle, (g, f, j))
        return found

    def _weigh(self, priors: Sequence[float], levels: Levels, names: tuple[float, float, float], facts: tuple[bool, bool, bool]) -> Score:
        given, family, joint = names
        rest, told, kin, pair = self._sums.get(levels) or self._summed(levels)
        plain = priors[0] + given + family + told + joint
        bars = (priors[0], given, family, *rest, joint, -_also(plain - priors[1] - kin, plain - priors[2] - pair))
        return Score(sum(bars), levels, bars, *facts)

    def _summed(self, levels: Levels) -> tuple[tuple[float, ...], float, float, float]:
        """Bits of the fields after the names against a stranger, one by one and together; of all fields against a relative and a twin."""
        stranger, relative, twin = self._bits
        rest = tuple(map(getitem, stranger, levels))[FAMILY + 1 :]
        if len(self._sums) >= _MOST_SUMS:
            self._sums.clear()
        self._sums[levels] = found = (rest, sum(rest), sum(map(getitem, relative, levels)), sum(map(getitem, twin, levels)))
        return found


def _also(kin: float, pair: float) -> float:
    """log2(1 + 2**kin + 2**pair), for numbers of any size."""
    most = max(kin, pair, 0.0)
    return most + log2(2.0**-most + 2.0 ** (kin - most) + 2.0 ** (pair - most))


# --------------------------------------------------------------------------------------------------- as it is kept

_LEVEL = tuple(dict(enumerate(LEVELS[f])) for f in FIELDS)
_NUMBER = tuple({name: number for number, name in enumerate(LEVELS[f])} for f in FIELDS)


def evidence(score: Score, places: tuple[int, ...] = (), next_best: float | None = None, *, fits: bool = True) -> Evidence:
    """The score as it is kept: fields about which nothing is said are left out, levels stand by name."""
    prior, *fields, joint, kin = score.bars
    bars = [Bar(BEFORE, "", prior)]
    bars += [Bar(f, names[lv], b) for f, names, lv, b in zip(FIELDS, _LEVEL, score.levels, fields, strict=True) if lv != MISSING]
    if joint:
        bars.append(Bar(WHOLE_NAME, "", joint))
    bars.append(Bar(RELATIVE, "", kin))
    return Evidence(tuple(bars), score.sex_differs, score.mixed, places, next_best, fits)


def restored(kept: Evidence, hidden: bool) -> Score:
    """Inverse of ``evidence``, under the model version that made it. ``hidden``: the record is restricted."""
    told = {bar.what: bar for bar in kept.bars}
    levels = tuple(_NUMBER[n][told[f].level] if f in told else MISSING for n, f in enumerate(FIELDS))
    bars = tuple(told[what].bits if what in told else 0.0 for what in (BEFORE, *FIELDS, WHOLE_NAME, RELATIVE))
    return Score(sum(bars), levels, bars, kept.sex_differs, kept.mixed, hidden)
