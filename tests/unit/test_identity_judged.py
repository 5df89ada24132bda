"""A small judging in every run: families, namesakes and neighbours of seeds that are for building. The figures of record are in docs/matching.md."""

from __future__ import annotations

import pytest

from gateway.policy.identity.model import current
from gateway.policy.identity.scoring import Scorer
from tests.benchmarks.matching.generator import make
from tests.benchmarks.matching.judging import bound
from tests.benchmarks.matching.measuring import Tally, run


@pytest.fixture(scope="module")
def tally():
    pooled = Tally()
    for seed in (41, 42):
        run(make(seed, people=3_000, cases=160), Scorer(current()), pooled, seed)
    return pooled


def test_nobody_is_linked_to_somebody_else(tally):
    assert tally.linked > 300
    assert tally.mistaken == []


def test_most_are_linked_and_nearly_all_are_seen(tally):
    figures = tally.figures()
    assert figures["auto recall"] >= 0.75
    assert figures["auto+review recall"] >= 0.99
    assert figures["review pairs per query"] <= 0.35


def test_there_was_something_to_go_wrong(tally):
    assert {"twin", "sibling", "partner", "namesake", "neighbour", "same_name_parent_child"} <= set(tally.pairs)


def test_the_bound_on_false_links_is_the_exact_binomial_one():
    assert bound(0, 3_000) == pytest.approx(1 - 0.05 ** (1 / 3_000), rel=1e-6)
    assert bound(1, 10) == pytest.approx(0.3942, abs=1e-4)
