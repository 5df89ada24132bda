"""An agreed rate, kept also when what is paced goes from one process to another."""

import asyncio
import time
from itertools import pairwise

from adapters.pace import Pace


def test_turns_are_a_gap_apart_whoever_gives_them() -> None:
    """Each turn by a new owner, as if the lane changed hands between any two."""

    async def turns() -> list[float]:
        moments = []
        for _ in range(5):
            await Pace(50).turn()
            moments.append(time.monotonic())
        return moments

    began = time.monotonic()
    moments = [began, *asyncio.run(turns())]
    assert min(after - before for before, after in pairwise(moments)) >= 0.0199


def test_without_an_agreed_rate_nobody_waits() -> None:
    async def hundred() -> None:
        pace = Pace(0)
        for _ in range(100):
            await pace.turn()

    began = time.monotonic()
    asyncio.run(asyncio.wait_for(hundred(), 5))
    assert time.monotonic() - began < 5
