"""The benchmarks do the work that they time: a small share of each, without looking at the clock."""

from __future__ import annotations

import gc

from tests.benchmarks.hit_report import run


def test_the_headline_benchmark_answers_everybody_on_both_sides() -> None:
    """The gateway runs prepared as a worker; what that changes in the process is undone before the peer runs."""
    before = gc.get_threshold()
    (row,) = run(rounds=1, count=8, latencies=[1])
    assert row["lookups"] == 64
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
