"""The benchmarks do the work that they time: a small share of each, without looking at the clock."""

from __future__ import annotations

from tests.benchmarks.hit_report import run


def test_the_headline_benchmark_answers_everybody_on_all_sides() -> None:
    (row,) = run(rounds=1, count=8, latencies=[1], workers=[2])
    assert row["lookups"] == 64
