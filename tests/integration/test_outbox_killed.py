"""A relay killed or frozen at random moments loses nothing and doubles nothing; a file that every process appends to is the witness."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from gateway.store.crypto import Vault
from gateway.store.keys import create_key_file, load_key_file
from tests.integration.postbox import LANE, OTHER_LANE, Office, office

PROGRAM = Path(__file__).with_name("relay_process.py")


class Relays:
    """Starts relays on one database and reads what they did."""

    def __init__(self, desk: Office, url: str, folder: Path) -> None:
        self.desk, self._url, self._folder = desk, url, folder
        create_key_file(folder / "keys", development=True)
        self.witness = folder / "witness"
        self.witness.touch()
        desk.vault = Vault(load_key_file(folder / "keys", production=False))

    def start(self, latency_s: float = 0.03, lease_s: float = 5.0) -> subprocess.Popen[str]:
        command = [sys.executable, PROGRAM, self._url, self._folder / "keys", self.witness, str(latency_s), str(lease_s)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def finish(self) -> None:
        until = time.monotonic() + 60
        while self.desk.states().keys() != {"delivered"} and time.monotonic() < until:
            assert self.run()[0] == 0

    def run(self) -> tuple[int, str]:
        return ended(self.start())

    def effects(self) -> Counter[str]:
        return Counter(self.witness.read_text().split())


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit status and output, once it has ended."""
    with process:
        output, _ = process.communicate(timeout=60)
    return process.returncode, output


@pytest.fixture
def relays(database_url, tmp_path):
    with office(database_url) as desk:
        yield Relays(desk, database_url, tmp_path)


def everything_once(relays, ids):
    assert relays.desk.states() == {"delivered": len(ids)}
    assert relays.effects() == dict.fromkeys(map(str, ids), 1)
    assert sorted(relays.desk.ask("SELECT id FROM handled WHERE final")) == sorted((one,) for one in ids)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "together"), [(0, 1), (1, 2)])
def test_killed_again_and_again_nothing_is_lost_or_doubled(relays, seed, together):
    """One at a time, and two that share the lanes: then it is the older one that dies, and the other has its lanes as well until a third comes."""
    chance = random.Random(seed)
    ids = [one for lane in (LANE, OTHER_LANE, "a/b", "c/d") for one in relays.desk.send(400, lane)]
    ordered = [relays.desk.send(1, LANE, order_key="flag 1")[0] for _ in range(10)]
    running = []
    for _ in range(8):
        running.append(relays.start())
        before = len(relays.witness.read_text())
        until = time.monotonic() + 5
        while len(relays.witness.read_text()) == before and time.monotonic() < until and running[-1].poll() is None:
            time.sleep(0.005)  # past its start, so that it is the work which is killed
        time.sleep(chance.uniform(0, 0.35))
        if len(running) >= together:
            running[-together].kill()
    for process in running:
        process.kill()
        ended(process)
    interrupted = relays.desk.ask("SELECT count(*) FROM outbox_messages WHERE state = 'pending' AND (lease_token IS NOT NULL OR unsure)")[
        0
    ][0]
    relays.finish()
    everything_once(relays, ids + ordered)
    doubted = relays.desk.ask("SELECT count(*) FROM outbox_attempts WHERE reason = 'INTERRUPTED'")[0][0]
    assert interrupted + doubted > 0, "no kill hit a message under way"
    arrival = [line for line in relays.witness.read_text().split() if line in set(map(str, ordered))]
    assert arrival == [str(one) for one in ordered]


@pytest.mark.slow
def test_frozen_past_its_lease_a_relay_sends_nothing_more_and_its_results_are_fenced(relays):
    ids = relays.desk.send(300)
    frozen = relays.start(latency_s=0.1, lease_s=1.0)
    while len(relays.effects()) < 20:
        time.sleep(0.01)
    frozen.send_signal(signal.SIGSTOP)
    time.sleep(1.3)
    frozen_with = relays.desk.ask("SELECT count(*) FROM outbox_messages WHERE lease_token IS NOT NULL")[0][0]
    assert frozen_with > 0
    relays.finish()
    everything_once(relays, ids)
    frozen.send_signal(signal.SIGCONT)
    status, output = ended(frozen)
    assert status == 0
    assert int(output.split()[1]) > 0, "the frozen relay's late results were not fenced"
    everything_once(relays, ids)


@pytest.mark.slow
def test_while_its_lease_holds_a_frozen_relay_keeps_its_lane(relays):
    relays.desk.send(200)
    frozen = relays.start(latency_s=0.1, lease_s=30.0)
    while len(relays.effects()) < 10:
        time.sleep(0.01)
    frozen.send_signal(signal.SIGSTOP)
    assert relays.run()[0] == 0
    assert relays.desk.states()["pending"] > 0
    frozen.send_signal(signal.SIGCONT)
    assert ended(frozen)[0] == 0
    assert relays.desk.states() == {"delivered": 200}
    assert set(relays.effects().values()) == {1}
