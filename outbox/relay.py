"""The relay: takes what is due from the outbox, delivers it, and hands over what came of it.

Killed at any point, it loses nothing: a message is marked before it is sent, its result is written in one transaction with what the handler makes
of it, and what a killed run had in hand is found again and treated as perhaps sent.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

from sqlalchemy import Engine

from outbox.island import Island, RelaySettings
from outbox.ledger import Ledger
from outbox.report import RelayReport
from outbox.schedule import Schedule
from outbox.transport import Cipher, Handler, Transports

__all__ = ["Relay", "RelayReport", "RelaySettings"]


class Relay:
    """Any number of runs, also at once and in several processes: each serves the lanes that no other is serving."""

    def __init__(
        self,
        engine: Engine,
        cipher: Cipher,
        transports: Transports,
        handler: Handler,
        schedule: Schedule,
        settings: RelaySettings | None = None,
    ) -> None:
        self._engine, self._cipher, self._transports = engine, cipher, transports
        self._handler, self._schedule, self._settings = handler, schedule, settings or RelaySettings()
        self._running: set[tuple[asyncio.AbstractEventLoop, Island]] = set()

    async def run(self, stop: threading.Event | None = None, *, idle_exit: bool = True) -> RelayReport:
        """Delivers until nothing is due, or until ``stop`` is set; without ``idle_exit`` only then."""
        ledger = Ledger(self._engine, self._cipher, self._handler, self._settings.lease_s)
        running = (asyncio.get_running_loop(), Island(ledger, self._transports, self._schedule, self._settings))
        self._running.add(running)
        try:
            return await running[1].run(stop or threading.Event(), idle_exit)
        finally:
            self._running.discard(running)

    def look_now(self) -> None:
        """Tells runs under way, from any thread, that something may have come: they look at once, and not at their next turn."""
        for loop, island in tuple(self._running):
            with suppress(RuntimeError):  # that run has just ended, and its loop with it
                loop.call_soon_threadsafe(island.look_now)
