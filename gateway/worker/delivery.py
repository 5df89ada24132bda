"""Runs the relay's asynchronous island, one at a time in a process, from Celery's threads."""

from __future__ import annotations

import threading

import uvloop

from gateway.bootstrap import Gateway
from gateway.telemetry import log

_log = log("gateway.worker")


class DeliveryRunner:
    """Many wakes, one island: a wake during a run asks for one more look afterwards and returns at once."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._running = threading.Lock()
        self._wanted = threading.Event()
        self._stop = threading.Event()

    def deliver(self) -> None:
        """Delivers until nothing is due."""
        self._wanted.set()
        while self._wanted.is_set() and not self._stop.is_set() and self._running.acquire(blocking=False):
            try:
                self._wanted.clear()
                report = uvloop.run(self._gateway.relay().run(stop=self._stop))
                if attempts := report.delivered + report.retried + report.dead:
                    _log.info("delivered", count=attempts)
            finally:
                self._running.release()

    def stop(self) -> None:
        """Lets what is under way finish, and begins nothing more."""
        self._stop.set()
