"""Runs the scorer and its rules over made-up lists and counts what it got right, by kind of look-alike and by naming group."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gateway.bulk.rows import describe
from gateway.policy.identity.deciding import Offered, Outcome, Ruled, settle
from gateway.policy.identity.persons import Described
from gateway.policy.identity.scoring import Question, Scorer
from tests.benchmarks.matching.generator import Made


@dataclass
class Tally:
    """Sums over seeds; every figure of the report is made from these counts."""

    queries: int = 0
    true: int = 0
    linked: int = 0
    linked_right: int = 0
    found: int = 0
    reviews: int = 0
    pairs: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    group_true: Counter[str] = field(default_factory=Counter)
    group_found: Counter[str] = field(default_factory=Counter)
    group_linked: Counter[str] = field(default_factory=Counter)
    stops: Counter[str] = field(default_factory=Counter)
    review_stops: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[int, str, str]] = field(default_factory=list)
    mistaken: list[tuple[int, str, str]] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """The goals' figures."""
        shares = {g: self.group_found[g] / n for g, n in self.group_true.items()}
        return {
            "auto precision": self.linked_right / max(1, self.linked),
            "auto recall": self.linked_right / self.true,
            "auto+review recall": self.found / self.true,
            "review pairs per query": self.reviews / self.queries,
            "gap between naming groups": max(shares.values()) - min(shares.values()),
            **{f"wrong per 1,000: {k}": 1000 * self.wrong[k] / n for k, n in sorted(self.pairs.items())},
        }


class Blocks:
    """Records that share something with a query; for building only, judging looks at every record."""

    def __init__(self, index: Iterable[tuple[str, Described]]) -> None:
        self.records = dict(index)
        self._by: dict[tuple[object, ...], list[str]] = defaultdict(list)
        for rec_id, one in self.records.items():
            for key in set(_keys(one)):
                self._by[key].append(rec_id)

    def near(self, one: Described) -> set[str]:
        """Ids of the records that share a key."""
        return {r for key in _keys(one) for r in self._by.get(key, ()) if len(self._by[key]) < 400}


def _keys(one: Described) -> Iterator[tuple[object, ...]]:
    yield from ((b, "b") for b in one.births)
    yield from ((b[0], b[2], b[1], "b") for b in one.births)
    yield from ((h.postcode, h.numbers, "h") for h in one.homes)
    yield from ((p, "p") for p in one.phones)
    yield ("n", one.nhs or id(one))
    for n in one.names:
        yield from (("g", n.given, b[0]) for b in one.births)
        yield from (("f", n.family, b[0]) for b in one.births)
        yield ("gf", *sorted((n.given, n.family)))


def run(made: Made, scorer: Scorer, tally: Tally, seed: int, keep: float = -12.0) -> None:
    """Decides every case of a made-up list and adds what came of it."""
    blocks = Blocks((r["rec_id"], describe(r)) for r in made.index)
    cases: dict[str, dict[str, tuple[Question, list[Offered]]]] = defaultdict(dict)
    for row in made.queries:
        asked = describe(row)
        question = scorer.question(asked, len(made.index))
        offered = [Offered(r, blocks.records[r], scorer.score(question, blocks.records[r])) for r in blocks.near(asked)]
        cases[row["case_id"]][row["query_id"]] = (question, [o for o in offered if o.score.total > keep])
    for case in cases.values():
        for query_id, ruled in settle(scorer, case).items():
            count(tally, made, query_id, ruled, seed)
    for (_, rec_id), kind in made.look_alikes.items():
        tally.pairs[kind] += 1


def count(tally: Tally, made: Made, query_id: str, ruled: Iterable[Ruled], seed: int) -> None:
    """Adds one query."""
    truth, group = made.truth[query_id], made.groups[query_id]
    tally.queries += 1
    tally.true += len(truth)
    tally.group_true[group] += len(truth)
    seen = set()
    for r in ruled:
        right = r.record in truth
        if r.outcome is Outcome.LINK:
            tally.linked += 1
            tally.linked_right += right
            tally.group_linked[group] += right
            if not right:
                tally.wrong[made.look_alikes.get((query_id, r.record), "stranger")] += 1
                tally.mistaken.append((seed, query_id, r.record))
        if r.outcome is Outcome.REVIEW:
            tally.reviews += 1
            tally.review_stops[f"{r.stop} {'right' if right else made.look_alikes.get((query_id, r.record), 'stranger')}"] += 1
            if right:
                tally.stops[r.stop] += 1
        if right and r.outcome is not Outcome.NO:
            seen.add(r.record)
    tally.found += len(seen)
    tally.group_found[group] += len(seen)
    tally.missed += [(seed, query_id, r) for r in truth - seen]
