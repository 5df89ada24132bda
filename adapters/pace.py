"""Keeping to an agreed rate: so many exchanges a second with one system, evenly spaced, never in bursts."""

from __future__ import annotations

import asyncio
import time


class Pace:
    """Gives turns, at most ``per_second`` of them; 0 means that no rate was agreed. One per lane and event loop.

    The first turn is a gap after the beginning: another process may have had its last one just before it gave the lane up.
    """

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second if per_second > 0 else 0.0
        self._next = time.monotonic()

    async def turn(self) -> None:
        """Returns when the next exchange may begin."""
        if not self._gap:
            return
        now = time.monotonic()
        self._next = max(self._next + self._gap, now)
        if self._next > now:
            await asyncio.sleep(self._next - now)
