"""The shards of a job worked out by Celery workers, on this machine or on others that see the same folder.

A message holds the id of a job and the number of a shard, nothing else; files are found by the job's folder. Redis is only a bell: what is done
is what has a result in the folder, so a lost message, a killed worker or a second one for the same shard cost time and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from celery import Celery
from kombu.exceptions import OperationalError

from gateway.broker import build_celery
from gateway.bulk.jobs import Job, Unlike
from gateway.bulk.running import Told
from gateway.policy.identity.scoring import Scorer

SHARD = "gateway.match.shard"
QUEUE = "matching"
"""Apart from the queue of deliveries: a back-file never stands in their way."""
PATIENCE_S = 60.0
"""Without a new result for so long, shards without one are sent for again."""
_LOOK_S = 0.2


def register(app: Celery, jobs: Path, scorer: Scorer) -> None:
    """Makes the one task known. ``jobs``: the folder that holds the folders of jobs."""
    last: dict[str, Job] = {}

    @app.task(name=SHARD)  # type: ignore[untyped-decorator]
    def work(job_id: str, shard: int) -> None:
        """Works out one shard; a job that is no longer there, or was planned with another model, is left alone."""
        folder = jobs / str(UUID(job_id))
        if not (folder / "plan.json").exists():
            return
        try:
            if job_id not in last:
                last.clear()
                last[job_id] = Job(folder, scorer)
            last[job_id].work(shard)
        except (Unlike, FileNotFoundError):
            last.clear()


def run_matcher(redis_url: str, jobs: Path, scorer: Scorer) -> int:
    """A worker for shards: one at a time, until SIGTERM or SIGINT. Returns the exit status."""
    app = build_celery(redis_url)
    register(app, jobs, scorer)
    worker = app.Worker(pool="solo", queues=[QUEUE], without_gossip=True, without_mingle=True, without_heartbeat=True, quiet=True, loglevel="WARNING")
    worker.start()
    return int(worker.exitcode or 0)


def shared(job: Job, redis_url: str, told: Told = lambda done, of: None, patience_s: float = PATIENCE_S, pause: Callable[[float], None] = time.sleep) -> None:
    """Sends for every shard that has no result and returns when all have one. The folder's name is the id of the job."""
    app, job_id = build_celery(redis_url, publishing=True), str(UUID(job.folder.name))
    left, heard_at = -1, float("-inf")
    while missing := job.missing():
        if len(missing) != left:
            heard_at = time.monotonic() if left >= 0 else heard_at
            left = len(missing)
            told(job.plan.shards - left, job.plan.shards + job.plan.parts_of_list)
        if time.monotonic() - heard_at > patience_s:
            _ask(app, job_id, missing)
            heard_at = time.monotonic()
        pause(_LOOK_S)


def _ask(app: Celery, job_id: str, shards: list[int]) -> None:
    for shard in shards:
        try:
            app.send_task(SHARD, args=[job_id, shard], queue=QUEUE, ignore_result=True, retry=False)
        except OperationalError:
            return
