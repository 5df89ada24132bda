"""A large match that is killed, shared and measured: real processes, real signals, a real Redis."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from base64 import b64decode
from pathlib import Path
from uuid import uuid4

import pytest
import redis

from gateway.bulk.jobs import Job
from gateway.bulk.rows import INDEX_COLUMNS, QUERY_COLUMNS
from gateway.bulk.running import match_files, working_folder
from gateway.bulk.sharing import QUEUE, shared
from gateway.policy.identity.model import current
from gateway.policy.identity.scoring import Scorer
from tests.benchmarks.matching.generator import make

SCORER = Scorer(current())
SIZES = (150, 40)
PATIENCE_S = 120


def _write(path: Path, columns, rows) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder, made = tmp_path_factory.mktemp("lists"), make(34, people=900, cases=60)
    index, queries = _write(folder / "index.csv", INDEX_COLUMNS, made.index), _write(folder / "queries.csv", QUERY_COLUMNS, made.queries)
    list(match_files(index, queries, folder / "whole.csv", SCORER))
    return index, queries, (folder / "whole.csv").read_bytes()


def _command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "gateway.cli", "match", *map(str, arguments)]


def _started(*arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(_command(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def _until(happened, what: str) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < limit, f"never happened: {what}"
        time.sleep(0.002)


def _results(folder: Path) -> int:
    return len(list(folder.glob("shard*.npy"))) if folder.exists() else 0


def test_killed_at_random_and_started_again_it_ends_with_the_same_bytes(files, tmp_path):
    index, queries, whole = files
    out, rng, kills = tmp_path / "matches.csv", random.Random(5), 0
    folder = working_folder(out)
    command = ("bulk", "--index", index, "--queries", queries, "--out", out, "--records", SIZES[0], "--people", SIZES[1])
    for _ in range(3):
        child, before, further = _started(*command), _results(folder), rng.randint(1, 6)
        _until(lambda child=child, before=before, further=further: child.poll() is not None or _results(folder) >= before + further, "progress")
        time.sleep(rng.random() * 0.05)
        child.send_signal(signal.SIGKILL)
        kills += child.wait() == -signal.SIGKILL
        child.stderr.close()
        if out.exists():
            break
    done = subprocess.run(_command(*command, "--json"), capture_output=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    assert kills >= 2
    assert out.read_bytes() == whole
    assert json.loads(done.stdout)["auto"] == whole.count(b",auto\r\n")
    assert not folder.exists()


def test_workers_share_the_shards_and_one_of_them_may_die(files, tmp_path, redis_url):
    index, queries, whole = files
    jobs = tmp_path / "jobs"
    job = Job.begun(jobs / str(uuid4()), index, queries, SCORER, SIZES)
    workers = [_started("work", "--jobs", jobs, "--redis", redis_url) for _ in range(2)]
    try:
        heard: list[int] = []

        def told(done: int, _: int) -> None:
            heard.append(done)
            if done >= 3 and workers[0].poll() is None:
                workers[0].kill()

        shared(job, redis_url, told, patience_s=3.0)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
            worker.stderr.close()
    assert workers[0].returncode == -signal.SIGKILL
    assert heard == sorted(heard)
    assert job.missing() == []
    out = tmp_path / "matches.csv"
    finished = subprocess.run(
        _command("bulk", "--index", index, "--queries", queries, "--out", out, "--records", SIZES[0], "--people", SIZES[1], "--jobs", jobs, "--job", job.folder.name, "--redis", redis_url),
        capture_output=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert out.read_bytes() == whole


def test_messages_hold_ids_and_numbers_only(files, tmp_path, redis_url):
    index, queries, _ = files
    job = Job.begun(tmp_path / str(uuid4()), index, queries, SCORER, (500, 1_000))

    class Enough(Exception):
        pass

    def stop(_: float) -> None:
        raise Enough

    with pytest.raises(Enough):
        shared(job, redis_url, pause=stop)
    with redis.Redis.from_url(redis_url) as client:
        messages = [json.loads(m) for m in client.lrange(QUEUE, 0, -1)]
    bodies = [json.loads(b64decode(m["body"])) for m in messages]
    assert sorted(body[:2] for body in bodies) == [[[job.folder.name, n], {}] for n in range(job.plan.shards)]
    assert len(bodies) == 2


MEASURED = """
import resource, sys
from pathlib import Path
from gateway.bulk.running import match_files
from gateway.policy.identity.model import current
from gateway.policy.identity.scoring import Scorer
folder, name = Path(sys.argv[1]), sys.argv[2]
for _ in match_files(folder / f"{name}.csv", folder / "asked.csv", folder / f"{name}.out.csv", Scorer(current()), sizes=(2_000, 50)):
    pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_is_that_of_a_part_whatever_the_index_holds(files, tmp_path):
    """Ten times the records, and the most that is held grows by less than a fifth of what they would take."""
    made = make(35, people=2_500, cases=10)
    _write(tmp_path / "asked.csv", QUERY_COLUMNS, made.queries[:20])
    once = [{**row, "rec_id": f"{n}-{row['rec_id']}"} for n in range(10) for row in made.index[:2_000]]
    _write(tmp_path / "small.csv", INDEX_COLUMNS, once[:2_000])
    _write(tmp_path / "large.csv", INDEX_COLUMNS, once)
    environment = {**os.environ, "MALLOC_ARENA_MAX": "1"}
    most = [int(subprocess.run([sys.executable, "-c", MEASURED, tmp_path, name], capture_output=True, check=True, env=environment).stdout) for name in ("small", "large")]
    held_whole = 18_000 * 2.6
    assert most[1] - most[0] < held_whole / 5, f"{most} KiB"
