"""Schedulers: any number may run, each period is rung for once, and silence is seen."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
import redis
from sqlalchemy import text

from gateway.bootstrap import Gateway
from gateway.worker.jobs import Job, jobs_of, last_done, learn, run_due
from gateway.worker.schedule import BEAT, run_scheduler, tick

EVERY = timedelta(milliseconds=400)


class SilentBell:
    """Counts rings."""

    def __init__(self, answers: bool = True) -> None:
        self.rings, self._answers, self._lock = 0, answers, threading.Lock()

    def ring(self, task: str = "", expires_s: float | None = None) -> bool:
        with self._lock:
            self.rings += 1
        return self._answers


@pytest.fixture
def bell(gateway: Gateway) -> SilentBell:
    gateway.bell = SilentBell()  # type: ignore[assignment]
    return gateway.bell  # type: ignore[return-value]


def test_three_schedulers_ring_once_in_each_period(gateway: Gateway, bell: SilentBell) -> None:
    stop = threading.Event()
    runners = [threading.Thread(target=run_scheduler, args=(gateway, stop, EVERY)) for _ in range(3)]
    began = time.monotonic()
    for runner in runners:
        runner.start()
    time.sleep(2.5)
    stop.set()
    for runner in runners:
        runner.join()
    periods = (time.monotonic() - began) / EVERY.total_seconds()
    assert 3 <= bell.rings <= periods + 1


def test_one_goes_on_when_the_other_is_gone(gateway: Gateway, bell: SilentBell) -> None:
    assert tick(gateway, EVERY)
    assert not tick(gateway, EVERY), "the other one has rung in this period"
    time.sleep(EVERY.total_seconds() + 0.05)
    assert tick(gateway, EVERY)
    assert bell.rings == 2


def test_the_heartbeat_is_in_the_database(gateway: Gateway, bell: SilentBell) -> None:
    assert last_done(gateway.engine, BEAT) is None
    tick(gateway, EVERY)
    beat = last_done(gateway.engine, BEAT)
    assert beat is not None
    assert abs((gateway.clock() - beat).total_seconds()) < 10


def test_a_sweep_that_nobody_takes_is_forgotten(gateway: Gateway, redis_url: str) -> None:
    assert tick(gateway, EVERY)
    with redis.Redis.from_url(redis_url) as client:
        [message] = client.lrange("gateway", 0, -1)
    assert b'"expires": "' in message


def test_due_work_is_done_once_by_two_sweeps_at_once(gateway: Gateway) -> None:
    done: list[int] = []

    def work(_: object) -> int:
        time.sleep(0.2)
        done.append(1)
        return 1

    jobs = (Job("counted", timedelta(hours=1), work),)
    sweeps = [threading.Thread(target=run_due, args=(gateway, jobs)) for _ in range(4)]
    for sweep in sweeps:
        sweep.start()
    for sweep in sweeps:
        sweep.join()
    assert done == [1]


def test_work_that_fails_is_put_off_and_the_rest_is_done(gateway: Gateway) -> None:
    def fail(_: object) -> int:
        raise ValueError("never shown")

    jobs = (Job("fails", timedelta(hours=1), fail), Job("works", timedelta(hours=1), lambda _: 7))
    assert run_due(gateway, jobs) == {"works": 7}
    with gateway.engine.connect() as connection:
        rows = {row.name: row for row in connection.execute(text("SELECT name, due_at > now() AS later, done_at FROM jobs"))}
    assert rows["fails"].later
    assert rows["fails"].done_at is None, "what was not done does not say that it was"
    assert rows["works"].done_at is not None


def test_paused_work_is_left_alone(gateway: Gateway) -> None:
    learn(gateway.engine, ["paused"])
    with gateway.engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET paused = true WHERE name = 'paused'"))
    assert run_due(gateway, (Job("paused", timedelta(hours=1), lambda _: 1),)) == {}


def test_every_periodic_work_of_the_gateway_runs_on_an_empty_database(gateway: Gateway, bell: SilentBell) -> None:
    jobs = jobs_of(gateway)
    assert run_due(gateway, jobs) == {job.name: 0 for job in jobs}
    assert run_due(gateway, jobs) == {}, "nothing is due again so soon"
