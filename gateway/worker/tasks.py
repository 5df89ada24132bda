"""The two tasks. Each argument is an opaque id made for the message; whatever there is to do stands in the database."""

from __future__ import annotations

from celery import Celery

from gateway.bootstrap import Gateway
from gateway.broker import SWEEP, WAKE
from gateway.telemetry import log
from gateway.worker.delivery import DeliveryRunner
from gateway.worker.jobs import jobs_of, run_due

_log = log("gateway.worker")


def register(app: Celery, gateway: Gateway, runner: DeliveryRunner) -> None:
    """Makes the tasks known to the application."""
    jobs = jobs_of(gateway)

    @app.task(name=WAKE)  # type: ignore[untyped-decorator]
    def wake(nudge: str) -> None:
        """Something was put into the outbox."""
        del nudge
        runner.deliver()

    @app.task(name=SWEEP)  # type: ignore[untyped-decorator]
    def sweep(nudge: str) -> None:
        """Look for everything that is due, rung for or not."""
        del nudge
        run_due(gateway, jobs)
        runner.deliver()
