"""Judges the approved model on the JUDGING seeds: pooled figures only, beside the goals.

    PYTHONPATH=. python -m tests.benchmarks.matching.judging [FIRST LAST] > report.md

Whoever reads this report may not change weights, rules or thresholds because of it and then judge on the same seeds again.
"""

from __future__ import annotations

import sys
from math import exp, lgamma, log

from gateway.policy.identity.model import current
from gateway.policy.identity.scoring import Scorer
from tests.benchmarks.matching.generator import JUDGING_SEEDS, make
from tests.benchmarks.matching.measuring import Tally, run

GOALS = {
    "auto precision": (">=", 0.9995),
    "auto recall": (">=", 0.80),
    "auto+review recall": (">=", 0.998),
    "review pairs per query": ("<=", 0.25),
    "gap between naming groups": ("<=", 0.005),
    **{f"wrong per 1,000: {kind}": ("<=", 0.0) for kind in ("sibling", "partner", "parent_child", "same_name_parent_child", "neighbour")},
    "wrong per 1,000: twin": ("<=", 1.0),
    "wrong per 1,000: namesake": ("<=", 1.0),
    "95% bound on false links": ("<=", 0.001),
}


def bound(wrong: int, linked: int) -> float:
    """The share of false links that would show so few of them with a chance of one in twenty (one-sided, exact binomial)."""
    low, high = 0.0, 1.0
    for _ in range(60):
        share = (low + high) / 2
        low, high = (share, high) if _at_most(wrong, linked, share) > 0.05 else (low, share)
    return high


def _at_most(wrong: int, linked: int, share: float) -> float:
    terms = (lgamma(linked + 1) - lgamma(k + 1) - lgamma(linked - k + 1) + k * log(share) + (linked - k) * log(1 - share) for k in range(wrong + 1))
    return sum(map(exp, terms))


def judged(seeds: tuple[int, ...]) -> Tally:
    """The tally over all the seeds."""
    tally, scorer = Tally(), Scorer(current())
    for seed in seeds:
        run(make(seed), scorer, tally, seed)
        print(f"seed {seed}: {tally.linked} links so far", file=sys.stderr)
    return tally


def report(tally: Tally) -> str:
    """Markdown: each figure, its goal, and whether it holds."""
    figures = tally.figures() | {"95% bound on false links": bound(tally.linked - tally.linked_right, tally.linked)}
    lines = [f"{tally.queries} people asked about, {tally.true} true pairs, {tally.linked} links ({tally.linked - tally.linked_right} wrong)", ""]
    lines += ["| figure | reached | goal | |", "|---|---|---|---|"]
    for name, value in figures.items():
        sign, goal = GOALS.get(name, ("", 0.0))
        holds = {">=": value >= goal, "<=": value <= goal}.get(sign)
        lines.append(f"| {name} | {value:.5f} | {sign} {goal:g} | {'' if holds is None else 'holds' if holds else 'NOT REACHED'} |")
    lines += ["", "| naming group | true pairs | linked | linked or reviewed |", "|---|---|---|---|"]
    lines += [f"| {g} | {n} | {tally.group_linked[g] / n:.4f} | {tally.group_found[g] / n:.4f} |" for g, n in sorted(tally.group_true.items())]
    lines += ["", "| why true pairs waited for a person | share of true pairs |", "|---|---|"]
    lines += [f"| {stop} | {n / tally.true:.4f} |" for stop, n in tally.stops.most_common()]
    lines += ["", "| look-alike | pairs | wrong links |", "|---|---|---|"]
    return "\n".join([*lines, *[f"| {kind} | {n} | {tally.wrong[kind]} |" for kind, n in sorted(tally.pairs.items())]])


def main(arguments: list[str]) -> None:
    first, last = map(int, arguments or (JUDGING_SEEDS[0], JUDGING_SEEDS[-1]))
    print(report(judged(tuple(range(first, last + 1)))))


if __name__ == "__main__":
    main(sys.argv[1:])
