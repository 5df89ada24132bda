"""The worker process: Celery with threads, so that one process holds one connection pool and one island."""

from __future__ import annotations

import warnings

from celery import signals

from gateway.bootstrap import Gateway
from gateway.broker import build_celery
from gateway.telemetry import log
from gateway.worker.delivery import DeliveryRunner
from gateway.worker.tasks import register

THREADS = 2
"""One for the island, one so that a sweep's periodic work does not wait for it."""


def run_worker(gateway: Gateway) -> int:
    """Works until SIGTERM or SIGINT; what is under way is finished first. Returns the exit status."""
    runner = DeliveryRunner(gateway)
    app = build_celery(gateway.settings.redis_url.get_secret_value())
    register(app, gateway, runner)
    signals.setup_logging.connect(lambda **_: None, weak=False)  # ours is set up already; Celery's would print arguments
    signals.worker_shutting_down.connect(lambda **_: runner.stop(), weak=False)
    warnings.filterwarnings("ignore", message=r"\s*You're running the worker with superuser")  # only ids are unpacked, from JSON
    gateway.ready_to_deliver()
    log("gateway.worker").info("worker starts")
    worker = app.Worker(
        pool="threads", concurrency=THREADS, without_gossip=True, without_mingle=True, without_heartbeat=True, quiet=True, loglevel="WARNING"
    )
    worker.start()
    return int(worker.exitcode or 0)
