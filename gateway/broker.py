"""Celery over Redis as a bell and nothing more: two tasks, an opaque id as the only argument, no results.

Losing all of Redis costs seconds: what is due stands in PostgreSQL, and the scheduler rings every two seconds anyway.
"""

from __future__ import annotations

import time
from uuid import uuid4

from celery import Celery

WAKE = "gateway.wake"
SWEEP = "gateway.sweep"
QUEUE = "gateway"
VISIBILITY_S = 900
"""After so long without an acknowledgement Redis gives a task to another worker. Longer than any task should run, and harmless when
one runs longer: a second one finds the lanes leased and ends. What a killed worker leaves behind is found by the next sweep at once."""
SILENCE_S = 5.0


def build_celery(redis_url: str, *, publishing: bool = False) -> Celery:
    """The application. For ``publishing`` it gives up within a second, because a page waits for it."""
    patience = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5, "max_retries": 0} if publishing else {}
    app = Celery("gateway", broker=redis_url, set_as_current=not publishing)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        result_backend=None,
        task_ignore_result=True,
        task_default_queue=QUEUE,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_publish_retry=False,
        task_send_sent_event=False,
        worker_send_task_events=False,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": VISIBILITY_S,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "socket_keepalive": True,
            **patience,
        },
    )
    return app


class Bell:
    """Rings for the worker after a commit. A bell that does not ring never fails anything; it is left alone for a while."""

    def __init__(self, redis_url: str) -> None:
        self._app = build_celery(redis_url, publishing=True)
        self._silent_until = 0.0

    def ring(self, task: str = WAKE, expires_s: float | None = None) -> bool:
        """Sends one task with a fresh opaque id; False when Redis did not take it."""
        if time.monotonic() < self._silent_until:
            return False
        try:
            self._app.send_task(task, args=[str(uuid4())], expires=expires_s, ignore_result=True, retry=False)
        except Exception:  # noqa: BLE001  kombu lets errors of several libraries through; the sweep finds what was not rung for
            self._silent_until = time.monotonic() + SILENCE_S
            return False
        return True
