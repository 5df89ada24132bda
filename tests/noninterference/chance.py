"""Clock and chance of a run: both come from its seed and the label of the step, so that two runs that take the same step draw the same.

What a step of the secret draws changes nothing for the steps after it, because every step begins anew from its own label; within a step each
agency's deliveries, and whatever is proposed or approved, draw for themselves (``turn_to``). Else one alert less, at an agency of two tables,
would move the ids of what comes after it, and by these what was begun in one moment is put in order. Drawing is put below everything
(``os.urandom`` and the name that ``random.SystemRandom`` holds for it), so that ids, tokens, nonces and cookies of the product, of its
libraries and of the stand-ins all follow.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine

BEGIN = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)
"""A Monday. Later than any day on which this is run: the database's own clock goes on, and nothing of the list may be over for it."""


class Chance:
    """One at a time in a process. ``begin`` is called at each step."""

    def __init__(self) -> None:
        self._drawing, self._label, self._apart = random.Random(0), "", dict[str, random.Random]()
        self._traveller: Any = None
        self.now = BEGIN

    @contextmanager
    def governing(self) -> Iterator[None]:
        """Governs the process until the end of the block."""
        urandom, system = os.urandom, random._urandom  # type: ignore[attr-defined]
        travel = time_machine.travel(BEGIN, tick=False)
        self._traveller = travel.start()
        os.urandom = random._urandom = self._draw  # type: ignore[attr-defined]
        try:
            yield
        finally:
            os.urandom, random._urandom = urandom, system  # type: ignore[attr-defined]
            travel.stop()

    def begin(self, seed: int, label: str, after: timedelta = timedelta()) -> None:
        """From here on everything is drawn by seed and label; the clock stands at this long after the beginning."""
        self._label, self._apart = f"{seed}/{label}", {}
        self.turn_to("")
        self.now = BEGIN + after
        self._traveller.move_to(self.now, tick=False)

    def turn_to(self, whose: str) -> None:
        """From here on everything is drawn for this alone, where it was left off; "" for the step itself."""
        self._drawing = self._apart.setdefault(whose, random.Random(f"{self._label}/{whose}" if whose else self._label))

    def clock(self) -> datetime:
        """The moment of the step."""
        return self.now

    def _draw(self, count: int, /) -> bytes:
        return self._drawing.randbytes(count)
