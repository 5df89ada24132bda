"""Runs the scorer and its rules over made-up lists and counts what it got right, by kind of look-alike and by naming group."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.bulk.columns import Extract
from gateway.bulk.rows import describe
from gateway.bulk.scanning import Scan
from gateway.policy.identity.deciding import Offered, Outcome, Ruled, settle
from gateway.policy.identity.scoring import Question, Scorer
from tests.benchmarks.matching.generator import Made

Case = dict[str, tuple[Question, list[Offered]]]


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


def offers(made: Made, scorer: Scorer, top: int = 50) -> dict[str, Case]:
    """Every query of a made-up list with the records that an unblocked scan of the whole index offers, case by case."""
    scan = Scan(Extract.of((r["rec_id"], describe(r)) for r in made.index), scorer)
    cases: dict[str, Case] = defaultdict(dict)
    for row in made.queries:
        question = scan.question(describe(row))
        cases[row["case_id"]][row["query_id"]] = (question, scan.offered(question, top))
    return cases


def run(made: Made, scorer: Scorer, tally: Tally, seed: int, cases: Mapping[str, Case] | None = None) -> None:
    """Decides every case of a made-up list and adds what came of it."""
    for case in (offers(made, scorer) if cases is None else cases).values():
        for query_id, ruled in settle(scorer, case).items():
            count(tally, made, query_id, ruled, seed)
    for kind in made.look_alikes.values():
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
