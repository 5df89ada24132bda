"""The timing benchmark's plumbing: every endpoint answers both classes alike, and a delay of 20 ms is found. No verdict on fine times is
given here, on a machine with other work; the benchmark itself gives it."""

from __future__ import annotations

import asyncio
import random

from tests.benchmarks.timing import ENDPOINTS, judged, run


def test_every_endpoint_is_measured_and_a_planted_delay_is_found() -> None:
    verdicts = asyncio.run(run(10, planted_s=0.02))
    assert len(verdicts) == len(ENDPOINTS) == 12
    for name, (_, _, planted) in verdicts.items():
        assert planted.t > 4.5, name


def test_the_judgement_tells_a_small_difference_among_noise_and_none_where_there_is_none() -> None:
    noise = random.Random(7)
    one = [int(noise.gauss(500_000, 60_000)) for _ in range(20_000)]
    other = [int(noise.gauss(500_000, 60_000)) for _ in range(20_000)]
    assert judged(one, other).same
    assert not judged(one, [value + 5_000 for value in other]).same
    assert judged(one, other).could_see_us < 5
