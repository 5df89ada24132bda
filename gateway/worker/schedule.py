"""The scheduler: rings for a sweep every two seconds. Any number may run; each ring is taken by one of them, in the database."""

from __future__ import annotations

import threading
from datetime import timedelta

from gateway.bootstrap import Gateway
from gateway.broker import SWEEP
from gateway.domain.errors import GatewayError
from gateway.telemetry import log
from gateway.worker.jobs import learn, take

EVERY = timedelta(seconds=2)
BEAT = "scheduler"
"""The row of ``jobs`` whose ``done_at`` is the scheduler's heartbeat; silence there is an alarm."""

_log = log("gateway.worker")


def run_scheduler(gateway: Gateway, stop: threading.Event, every: timedelta = EVERY) -> int:
    """Rings until told to stop. Returns the exit status."""
    _log.info("scheduler starts")
    while not stop.wait(every.total_seconds() / 4):
        try:
            tick(gateway, every)
        except GatewayError as error:
            _log.warning("the scheduler cannot reach the database", code=error.code)
    return 0


def tick(gateway: Gateway, every: timedelta = EVERY) -> bool:
    """One look: whether a sweep was due and has been rung for. A sweep that nobody takes in time is forgotten, so none pile up."""
    learn(gateway.engine, [BEAT])
    with gateway.engine.begin() as connection:
        due = take(connection, BEAT, every)
    return due and gateway.bell.ring(SWEEP, expires_s=5 * every.total_seconds())
