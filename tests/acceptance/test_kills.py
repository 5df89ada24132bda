"""The worker killed with SIGKILL at random moments of a cycle, twenty times: nothing is lost, nothing is done twice.

The witnesses are the agencies' ledgers: files that the stand-ins write before they answer, which no fault of ours can change.
"""

from __future__ import annotations

import io
import random
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from gateway.demo.cycle import Cycle
from gateway.demo.stage import Stage, Wishes, set_stage
from gateway.demo.teller import Teller
from gateway.services import reconcile

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

BUDGET = {"wait_for_answers": 7, "place_alerts": 4, "assign": 4, "complete": 5}
"""Kills in each part of the cycle, from its beginning on; twenty in all."""
EFFECTS = ("flag.create", "task.create", "work-item.create", "completion.take")


class Killer:
    """Kills the worker at moments drawn by chance, each time after it has begun to work, and starts another."""

    def __init__(self, stage: Stage, chance: random.Random) -> None:
        self._stage, self._chance = stage, chance
        self.kills = 0
        self._budget = threading.Semaphore(0)
        self._over = False
        # The thread outlives the last worker that it starts: the kernel ends a child with the thread that started it.
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def may_kill(self, times: int) -> None:
        """So many more, from now on."""
        if times:
            self._budget.release(times)

    def _run(self) -> None:
        while True:
            self._budget.acquire()
            if self._over:
                return
            self._wait_until_it_works()
            time.sleep(self._chance.uniform(0.0, 0.8))
            self._stage.children["worker"].kill()
            self._stage.start_process("worker", "worker")
            self.kills += 1

    def _wait_until_it_works(self) -> None:
        log = self._stage.children["worker"].log
        until = time.monotonic() + 30
        while log.read_text(encoding="utf-8").count("worker starts") <= self.kills and time.monotonic() < until:
            time.sleep(0.02)

    def stop(self) -> None:
        """Ends it, after the stage has been taken down."""
        self._over = True
        self._budget.release()
        self._thread.join()


def _ask_until_all_were_killed(stage: Stage, killer: Killer) -> None:
    """A quick cycle ends before its kills are spent: the rest fall while every agency is asked again what stands there."""
    until = time.monotonic() + 240
    while killer.kills < sum(BUDGET.values()) and time.monotonic() < until:
        with stage.gateway.transaction() as work:
            reconcile.start(work)
        time.sleep(0.3)


def test_a_worker_killed_twenty_times_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    words = io.StringIO()
    teller = Teller(Console(file=words, width=200))
    killer = None
    try:
        with set_stage(Wishes(data=tmp_path / "data", port=0, web=False), teller.starting) as stage:
            killer = Killer(stage, random.Random(seed))
            cycle = Cycle(stage, teller, patience=5)
            *steps, last = cycle.steps(tmp_path / "out")
            for step in steps:
                killer.may_kill(BUDGET.get(step.__name__, 0))
                step()
            _ask_until_all_were_killed(stage, killer)
            last()
            entries = [entry for played in stage.neighbourhood.played.values() for entry in played.entries()]
    finally:
        if killer:
            killer.stop()
    assert killer.kills == sum(BUDGET.values()) == 20, f"seed {seed}"
    assert not teller.failures, f"seed {seed}: {teller.failures}\n{words.getvalue()}"
    for what in EFFECTS:
        done = Counter(entry["key"] for entry in entries if entry["what"] == what)
        assert done, f"seed {seed}: no {what} at all"
        assert set(done.values()) == {1}, f"seed {seed}: {what} done twice"
