"""Index against index: every pair that shares a number, telephone, date, home or whole name, compared in compiled code.

The pass works out for each pair the most that it can score: exact where numbers tell, and the best level that the letters of two names still
allow. Whatever can reach the wanted score is then scored by the scorer itself, so no pair of a block is lost and every score is the scorer's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from gateway.bulk.columns import Extract
from gateway.bulk.compiling import COMPILED
from gateway.bulk.numbering import Rows, Words, numbered
from gateway.bulk.pairing import block_pairs
from gateway.policy.identity.deciding import Offered, Outcome, Ruled, ruled
from gateway.policy.identity.scoring import Scorer

Keys = npt.NDArray[np.int64]
Bits = npt.NDArray[np.float32]
_ROOM = 1 << 20


def _nhs(rows: Rows) -> Keys:
    return rows["nhs"].astype(np.int64)


def _phone(rows: Rows) -> Keys:
    return rows["phone"].astype(np.int64) + 1


def _date(rows: Rows) -> Keys:
    """Day and month in either order."""
    month, day = np.minimum(rows["month"], rows["day"]).astype(np.int64), np.maximum(rows["month"], rows["day"]).astype(np.int64)
    return np.where(rows["day"] > 0, rows["year"].astype(np.int64) * 10_000 + month * 100 + day, 0)


def _home(rows: Rows) -> Keys:
    return np.where((rows["postcode"] >= 0) & (rows["numbers"] >= 0), _joined(rows["postcode"], rows["numbers"]), 0)


def _name(rows: Rows) -> Keys:
    """Both names, in either order."""
    given, family = rows["given"]["id"], rows["family"]["id"]
    return np.where((given >= 0) & (family >= 0), _joined(np.minimum(given, family), np.maximum(given, family)), 0)


def _joined(a: npt.NDArray[np.int32], b: npt.NDArray[np.int32]) -> Keys:
    return (a.astype(np.int64) + 1) << 32 | (b.astype(np.int64) + 1)


RULES: tuple[Callable[[Rows], Keys], ...] = (_nhs, _phone, _date, _home, _name)
"""What two rows must share; 0 is shared with nobody. A pair that shares several is compared under each and comes out once."""


@dataclass(frozen=True)
class Passed:
    """What came of a pass: how many pairs of rows were compared, and the pairs of records, by number, that could reach the wanted score."""

    compared: int
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]


def passed(left: Extract, right: Extract | None, scorer: Scorer, least: float) -> Passed:
    """Compares two extracts, or one with itself when ``right`` is None; in the latter, each pair stands once and nobody beside themselves."""
    return compared(laid_out(left, right, scorer), scorer, len(left if right is None else right), least, two_sides=right is not None)


def laid_out(left: Extract, right: Extract | None, scorer: Scorer) -> Rows:
    """The rows of one or two extracts as numbers, left ones first."""
    words = Words()
    rows = numbered(left, scorer.model, words)
    return rows if right is None else np.concatenate([rows, numbered(right, scorer.model, words, side=1)])


def compared(rows: Rows, scorer: Scorer, population: int, least: float, *, two_sides: bool) -> Passed:
    """The pass itself. ``population``: how many records are asked among."""
    bits, priors = weights(scorer, population)
    found, count = [np.empty((0, 2), np.int32)], 0
    for rule in RULES:
        some, pairs = _under(rule(rows), rows, bits, priors, least, two_sides)
        found.append(some)
        count += pairs
    together = np.unique(np.concatenate(found), axis=0)
    return Passed(count, together[:, 0], together[:, 1])


def weights(scorer: Scorer, population: int) -> tuple[Bits, Bits]:
    """Bits by null, field and level, and the priors of the three nulls."""
    model = scorer.model
    priors = [model.prior(null, population) for null in ("stranger", "relative", "twin")]
    return np.array(model.bits, np.float32), np.array(priors, np.float32)


def _under(key: Keys, rows: Rows, bits: Bits, priors: Bits, least: float, two_sides: bool) -> tuple[npt.NDArray[np.int32], int]:
    """The pairs of one rule. Rows lie in the order of its key, so that a block is one stretch of memory."""
    order, starts, stops = _blocks(key)
    if not len(starts):
        return np.empty((0, 2), np.int32), 0
    together = _in_order(rows, order) if COMPILED else _in_order(rows, order).view(np.recarray)
    found, done, at = [], 0, 0
    room = np.empty((_ROOM, 2), np.int32)
    while at < len(starts):
        at_next, count, pairs = block_pairs(together, starts, stops, at, bits, priors, np.float32(least), two_sides, room)
        if at_next == at:
            room = np.empty((2 * len(room), 2), np.int32)
            continue
        found.append(room[:count].copy())
        done, at = done + pairs, at_next
    return np.concatenate(found), done


def _in_order(rows: Rows, order: Keys) -> Rows:
    """``rows[order]``, copied as words of eight bytes, which is several times as quick as field by field."""
    words = rows.view(np.uint64).reshape(len(rows), -1)
    return words[order].view(rows.dtype).ravel()


def _blocks(key: Keys) -> tuple[Keys, Keys, Keys]:
    """Rows that share a key with another, in the order of keys, left ones first in each; and where each block starts and stops."""
    order = np.argsort(key, kind="stable")
    order = order[np.searchsorted(key[order], 1) :]
    starts = np.flatnonzero(np.diff(key[order], prepend=0))
    sizes = np.diff(starts, append=len(order))
    order = order[np.repeat(sizes > 1, sizes)]
    sizes = sizes[sizes > 1]
    stops = np.cumsum(sizes)
    return order, stops - sizes, stops


# ------------------------------------------------------------------------------------------------------------------ deciding


Offers = dict[int, dict[int, Offered]]
"""Record to the records beside it, by their numbers."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Two records that are, or could be, one person's."""

    left: str
    right: str
    score: float
    outcome: Outcome


def decided(left: Extract, right: Extract | None, scorer: Scorer, pairs: Passed) -> Iterator[Decided]:
    """Scores and rules for the pairs of a pass, those of one left record together, best first.

    Rules see the rivals of both sides: a pair is linked only if it would be linked from either.
    """
    other = left if right is None else right
    ways = [(pairs.left, pairs.right), *([(pairs.right, pairs.left)] if right is None else [])]
    offers = _offers(np.concatenate([w[0] for w in ways]), np.concatenate([w[1] for w in ways]), left, other, scorer)
    forward = {a: _ruled(some, scorer) for a, some in offers.items()}
    backward = forward if right is None else {b: _ruled(some, scorer) for b, some in _turned(offers, left).items()}
    for a, found in forward.items():
        for b, one in found.items():
            if one.outcome is not Outcome.NO and (right is not None or a < b):
                linked = one.outcome is Outcome.LINK and backward[b][a].outcome is Outcome.LINK
                yield Decided(left.keys[a], other.keys[b], one.score.total, Outcome.LINK if linked else Outcome.REVIEW)


def _offers(some: npt.NDArray[np.int32], others: npt.NDArray[np.int32], left: Extract, right: Extract, scorer: Scorer) -> Offers:
    offers: Offers = {}
    order = np.lexsort((others, some))
    for a, group in groupby(zip(some[order].tolist(), others[order].tolist(), strict=True), key=itemgetter(0)):
        question = scorer.question(left.described[a], len(right))
        beside = [(b, right.described[b]) for _, b in group]
        offers[a] = {b: Offered(right.keys[b], one, scorer.score(question, one)) for b, one in beside}
    return offers


def _turned(offers: Offers, left: Extract) -> Offers:
    turned: Offers = {}
    for a, some in offers.items():
        for b, one in some.items():
            turned.setdefault(b, {})[a] = Offered(left.keys[a], left.described[a], one.score)
    return turned


def _ruled(offered: Mapping[int, Offered], scorer: Scorer) -> dict[int, Ruled]:
    """Each record with what the rules made of it, best first."""
    numbers = {o.record: b for b, o in offered.items()}
    return {numbers[r.record]: r for r in ruled(list(offered.values()), scorer.model.thresholds)}
