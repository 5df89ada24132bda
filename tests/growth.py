"""How work grows with its input, as a ratio taken in one run: no clock of this machine's is held against a figure."""

from __future__ import annotations

import time
import timeit
from collections.abc import Callable
from functools import partial

FACTOR = 8


def grows_with_its_size_only(work: Callable[[int], object], size: int) -> bool:
    """Whether ``work(size)`` takes about as many times the CPU of ``work(size / 8)``: eight, where sixty-four would be its square.

    The shortest of three counts for each, and 24 is still called eight: a busy machine is no finding.
    """
    large, small = (
        min(timeit.repeat(partial(work, many), number=1, repeat=3, timer=time.process_time))
        for many in (size, size // FACTOR)
    )
    return large < 3 * FACTOR * max(small, 1e-3)
