"""The two tasks. Each argument is an opaque id made for the message; whatever there is to do stands in the database."""

from __future__ import annotations

from datetime import timedelta

from celery import Celery

from gateway.bootstrap import Gateway
from gateway.broker import SWEEP, WAKE
from gateway.worker.delivery import DeliveryRunner
from gateway.worker.jobs import Job, jobs_of, run_due

SWEPT = "worker"
"""The row of ``jobs`` whose ``done_at`` says when a worker last swept to the end."""


def register(app: Celery, gateway: Gateway, runner: DeliveryRunner) -> None:
    """Makes the tasks known to the application."""
    jobs = (*jobs_of(gateway), Job(SWEPT, timedelta(), lambda _: 0))

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
