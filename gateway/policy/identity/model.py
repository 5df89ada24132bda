"""The model: one versioned JSON file that holds weights, frequencies, forms of names and the thresholds of the rules.

Weights are in bits, one for each of three explanations other than "the same person": a stranger, a relative of the household, a twin.
A model whose weights are not in the order of agreement is refused, so that more agreement can never lower a score.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import log2
from types import MappingProxyType
from typing import Any

from gateway.policy.identity.comparing import FIELDS, LEVELS, MISSING, Variants

NULLS = ("stranger", "relative", "twin")
Bits = tuple[float, ...]
"""Bits by level; index ``MISSING`` is 0."""


class ModelRefused(ValueError):
    """The file is not a model that may be used. The text names the field, never a person."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """In bits. ``link``: from here a record may be linked, if no rule stops it. ``review``: below, it is nobody's business.

    ``rival``: a record so close behind the best one stops the link. ``anchor``: from here a relative's record can be context.
    """

    link: float
    review: float
    rival: float
    anchor: float


@dataclass(frozen=True, slots=True)
class Model:
    """``bits[null][field number][level]``. ``relatives`` and ``twins``: how many such people stand beside each person in an index."""

    version: str
    bits: tuple[tuple[Bits, ...], ...]
    chances: Mapping[str, Mapping[str, float]]
    population: int
    relatives: float
    twins: float
    given: Mapping[str, float]
    family: Mapping[str, float]
    joint: Mapping[str, float]
    rare_given: float
    rare_family: float
    variants: Variants
    thresholds: Thresholds

    @property
    def reach(self) -> float:
        """Below this not even the other people of the case can bring a record before a person."""
        return self.thresholds.review - self.bits[0][FIELDS.index("context")][0]

    def prior(self, null: str, population: int) -> float:
        """Bits before anything is compared: one record in ``population`` is this person's, and so many are of relatives and twins."""
        return -log2({"stranger": population, "relative": self.relatives, "twin": self.twins}[null])

    def given_bits(self, folded: str) -> float:
        """Bits against a stranger for the same given name: rarer names say more."""
        return self._frequency_bits(0, self.given.get(folded, self.rare_given), self.chances["given"]["same"])

    def family_bits(self, folded: str) -> float:
        """Bits against a stranger for the same family name."""
        return self._frequency_bits(1, self.family.get(folded, self.rare_family), self.chances["family"]["same"])

    def _frequency_bits(self, field: int, frequency: float, chance: float) -> float:
        return max(log2(chance / frequency), self.bits[0][field][1], self.bits[0][field][2])

    def joint_bits(self, given: str, family: str) -> float:
        """Bits to take off when both names are the same: how much commoner the whole name is than its parts suggest. Never so much that the pair would say less than a nearly equal one."""
        ratio = self.joint.get(f"{given} {family}", 1.0)
        spare = min(self.given_bits(given) - max(self.bits[0][0][1:3]), self.family_bits(family) - max(self.bits[0][1][1:3]))
        return -min(log2(ratio), max(spare, 0.0))


def read(text: str) -> Model:
    """A model from its file. Raises ``ModelRefused``."""
    raw: dict[str, Any] = json.loads(text)
    fields = raw["fields"]
    bits = tuple(tuple(_bits(fields[f], f, n) for f in FIELDS) for n in NULLS)
    names = raw["names"]
    return Model(
        version=raw["version"],
        bits=bits,
        chances=MappingProxyType({f: MappingProxyType({lv: fields[f][lv]["chance"] for lv in LEVELS[f]}) for f in FIELDS}),
        population=raw["population"],
        relatives=raw["relatives"],
        twins=raw["twins"],
        given=MappingProxyType(names["given"]),
        family=MappingProxyType(names["family"]),
        joint=MappingProxyType(names["joint"]),
        rare_given=names["rare_given"],
        rare_family=names["rare_family"],
        variants=read_variants(raw["forms"]),
        thresholds=Thresholds(**raw["thresholds"]),
    )


def _bits(levels: Mapping[str, Any], field: str, null: str) -> Bits:
    values = [float(levels[level][null]) for level in LEVELS[field]]
    if any(a < b for a, b in pairwise(values)) or values[0] < 0 or (len(values) > 1 and values[-1] > 0):
        raise ModelRefused(f"the weights of {field} against {null} are not in the order of agreement")
    return tuple(values + [0.0] * (MISSING + 1 - len(values)))


def read_variants(forms: Iterable[str]) -> Variants:
    """From lines of given names that may stand for one person; a name may be on several lines."""
    groups: dict[str, set[int]] = {}
    for number, line in enumerate(forms):
        for form in line.split():
            groups.setdefault(form, set()).add(number)
    return MappingProxyType({form: frozenset(numbers) for form, numbers in groups.items()})


def shipped_file() -> bytes:
    """The file that this release brings."""
    return files(__package__).joinpath("model.json").read_bytes()


@cache
def current() -> Model:
    """The model of this release, which grades until another is approved by name."""
    return read(shipped_file().decode("utf-8"))
