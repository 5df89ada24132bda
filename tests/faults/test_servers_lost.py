"""Redis and PostgreSQL lost in the middle of a cycle: seconds are lost, and nothing else."""

from __future__ import annotations

import io
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis
from rich.console import Console

from gateway.demo.cycle import Cycle
from gateway.demo.stage import Stage, Wishes, set_stage
from gateway.demo.teller import Teller
from gateway.domain.errors import Unavailable

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

ONCE = ("flag.create", "task.create", "work-item.create", "completion.take")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A demonstration without web server."""
    with set_stage(Wishes(data=tmp_path / "data", port=0, web=False), lambda _: None) as running:
        yield running


@contextmanager
def meanwhile(disturb: Callable[[], object], every_s: float) -> Iterator[None]:
    """Does something again and again while the block runs. The thread starts no child: those of the servers come from the main thread."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(every_s):
            disturb()

    thread = threading.Thread(target=run)
    thread.start()
    yield
    over.set()
    thread.join()


def play(stage: Stage, out: Path) -> Teller:
    teller = Teller(Console(file=io.StringIO(), width=200))
    cycle = Cycle(stage, teller, patience=3)
    for step in cycle.steps(out):
        step()
    return teller


def done_twice(stage: Stage) -> dict[str, list[str]]:
    entries = [entry for played in stage.neighbourhood.played.values() for entry in played.entries()]
    counted = {what: Counter(e["key"] for e in entries if e["what"] == what) for what in ONCE}
    return {what: [key for key, times in keys.items() if times > 1] for what, keys in counted.items() if set(keys.values()) != {1}}


def test_redis_emptied_twice_a_second_costs_nothing_but_time(stage: Stage, tmp_path: Path) -> None:
    client = redis.Redis.from_url(stage.servers.redis_url)
    with client, meanwhile(client.flushall, 0.5):
        teller = play(stage, tmp_path / "out")
    assert not teller.failures
    assert not done_twice(stage)


def test_redis_killed_and_back_again_is_found_by_everybody(stage: Stage, tmp_path: Path) -> None:
    if stage.servers.redis is None:
        pytest.fail("this kills our own Redis: run it without REDIS_URL")
    teller = Teller(Console(file=io.StringIO(), width=200))
    cycle = Cycle(stage, teller, patience=3)
    stage.servers.redis.kill()
    began = time.monotonic()
    cycle.receive()
    assert time.monotonic() - began < 10, "a page must not wait for Redis"
    time.sleep(2)
    stage.servers.redis.start()
    for step in cycle.steps(tmp_path / "out")[1:]:
        step()
    assert not teller.failures
    assert not done_twice(stage)


def test_postgresql_crashing_in_the_middle_loses_nothing(stage: Stage, tmp_path: Path) -> None:
    if stage.servers.postgres is None:
        pytest.fail("this crashes our own PostgreSQL: run it without DATABASE_URL")
    teller = Teller(Console(file=io.StringIO(), width=200))
    cycle = Cycle(stage, teller, patience=3)
    cycle.receive()
    for _ in range(3):
        time.sleep(0.7)
        stage.servers.postgres.crash()
        with pytest.raises(Unavailable), stage.gateway.transaction():
            pass
        time.sleep(0.5)
        stage.servers.postgres.start()
    for step in cycle.steps(tmp_path / "out")[1:]:
        step()
    assert not teller.failures
    assert not done_twice(stage)
    stage.check_alive()


def test_a_dead_clients_transaction_does_not_hold_the_others_up(stage: Stage) -> None:
    """A machine that vanished keeps its connection open; the server ends an idle transaction by itself."""
    with psycopg.connect(stage.servers.database_url) as connection:
        limit = connection.execute("SELECT current_setting('idle_in_transaction_session_timeout')").fetchone()
    assert limit == ("30s",)
    with stage.gateway.engine.connect() as ours:
        assert ours.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar() not in (None, "0")
        assert ours.exec_driver_sql("SHOW lock_timeout").scalar() not in (None, "0")
        assert ours.exec_driver_sql("SHOW statement_timeout").scalar() not in (None, "0")
