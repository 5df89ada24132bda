"""The timing benchmark's plumbing: every endpoint answers both classes alike, and a planted delay is found. No verdict on fine times is
given here, on a machine with other work; the benchmark itself gives it."""

from __future__ import annotations

import asyncio
import random

from tests.benchmarks.timing import ENDPOINTS, judged, run, timed


def test_every_endpoint_answers_what_is_not_there_and_what_is_not_theirs_alike() -> None:
    """``run`` holds each of the twelve to 404 for both before it measures."""
    assert len(asyncio.run(run(5, planted_s=0))) == len(ENDPOINTS) == 12


def test_a_planted_delay_is_found_and_none_where_none_is() -> None:
    async def delayed(which: int) -> None:
        await asyncio.sleep(0.1 * which)

    found = judged(*asyncio.run(timed(delayed, 2, 8)))
    assert not found.same
    assert found.difference_us > 50_000


def test_the_judgement_tells_a_small_difference_among_noise_and_none_where_there_is_none() -> None:
    noise = random.Random(7)
    one = [int(noise.gauss(500_000, 60_000)) for _ in range(20_000)]
    other = [int(noise.gauss(500_000, 60_000)) for _ in range(20_000)]
    assert judged(one, other).same
    assert not judged(one, [value + 5_000 for value in other]).same
    assert judged(one, other).could_see_us < 5
