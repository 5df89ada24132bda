"""How quick: raw candidates to an explained decision, and one person against a whole extract; Splink beside both in the same run.

    PYTHONPATH=. python -m tests.benchmarks.matching.speed [PEOPLE]

Splink's is wall time, and it may use every core; ours is CPU and wall time of one.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from multiprocessing import get_context

import numpy as np
import pandas as pd
from splink import DuckDBAPI, Linker

from gateway import collector
from gateway.bulk.columns import Extract
from gateway.bulk.exporting import prepared, splink_settings, with_forms
from gateway.bulk.rows import Row, describe
from gateway.bulk.scanning import Scan
from gateway.policy.identity.deciding import Offered, ruled
from gateway.policy.identity.explaining import explained, text
from gateway.policy.identity.model import current
from gateway.policy.identity.scoring import Scorer
from tests.benchmarks.matching.generator import make

SCORER = Scorer(current())
CANDIDATES = 20


def decided(asked: Row, held: list[Row]) -> str:
    """From rows as they came to the words of the best one."""
    question = SCORER.question(describe(asked))
    offered = [Offered(r["rec_id"], one, SCORER.score(question, one)) for r in held for one in (describe(r),)]
    found = ruled(offered, SCORER.model.thresholds)
    return text(explained(found[0], found[1:]))


Times = list[tuple[int, int]]
"""Nanoseconds of CPU, which the goals are in, and on the wall, where other programs count too."""


def timed(call: Callable[[], object]) -> tuple[int, int]:
    """One of ``Times``."""
    started, began = time.perf_counter_ns(), time.thread_time_ns()
    call()
    return time.thread_time_ns() - began, time.perf_counter_ns() - started


def told(times: Times) -> str:
    """Their percentiles, in milliseconds."""
    cpu, wall = (np.percentile(column, [50, 95, 99]) / 1e6 for column in zip(*times, strict=True))
    return " and ".join(f"{name} p50 {p[0]:.3f}, p95 {p[1]:.3f}, p99 {p[2]:.3f} ms" for name, p in (("CPU", cpu), ("wall", wall)))


Offers = list[tuple[Row, list[Row]]]
"""People, each with the records to decide on."""
YARDSTICK = json.dumps([dict.fromkeys(map(str, range(20)), "x" * 20)] * 70)
"""40 kB. Virtual machines run at little more than half their speed now and then, for a moment or for minutes; a figure in milliseconds says
little without what this takes beside it."""
AT_SPEED = 1.15
"""A decision was taken at full speed if reading the yardstick took at most so many times its shortest, before it and after it."""


def all_decided(offers: Offers) -> list[str]:
    """Everybody decided on, again and again, with the collector as a worker has it: at the machine's full speed, below it, and all in all."""
    collector.settle()
    found = []
    for q, h in offers * 40:
        before, taken, after = timed(lambda: json.loads(YARDSTICK)), timed(lambda q=q, h=h: decided(q, h)), timed(lambda: json.loads(YARDSTICK))
        found.append((max(before[0], after[0]), taken))
    shortest = min(speed for speed, _ in found)
    sides = {"full speed": [], "below it": [], "all": [taken for _, taken in found]}
    for speed, taken in found:
        sides["full speed" if speed <= AT_SPEED * shortest else "below it"].append(taken)
    return [f"{name}, {len(times)}: {told(times)}" for name, times in sides.items() if times] + [f"yardstick {shortest / 1e6:.3f} ms"]


def wall_p50(times: Times) -> float:
    """Milliseconds."""
    return float(np.percentile([wall for _, wall in times], 50)) / 1e6


def by_splink(left: list[Row], right: pd.DataFrame) -> float:
    """Wall milliseconds of one prediction by Splink with the exported settings, from tables that were made ready."""
    asked = pd.DataFrame([with_forms(prepared(r["query_id"], describe(r)), SCORER.model) for r in left])
    started = time.perf_counter()
    database = DuckDBAPI()
    Linker([database.register(asked), database.register(right)], splink_settings(SCORER.model)).inference.predict().as_pandas_dataframe()
    return 1000 * (time.perf_counter() - started)


def table(rows: list[Row]) -> pd.DataFrame:
    """Records as Splink takes them."""
    return pd.DataFrame([with_forms(prepared(r["rec_id"], describe(r)), SCORER.model) for r in rows])


def main(people: int) -> None:
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    made = make(77, people, min(600, people // 30))
    records = {r["rec_id"]: r for r in made.index}
    started = time.process_time()
    scan = Scan(Extract.of((r["rec_id"], describe(r)) for r in made.index), SCORER)
    print(f"{len(records)} records in columns: {time.process_time() - started:.1f} s", flush=True)
    asked = made.queries[:1000]
    offers = {q["query_id"]: [records[o.record] for o in scan.offered(scan.question(describe(q)), CANDIDATES, -60.0)] for q in asked[:60]}
    full = [(q, offers[q["query_id"]]) for q in asked[:60] if len(offers[q["query_id"]]) == CANDIDATES]
    with get_context("spawn").Pool(1) as worker:
        for number in range(1, 4):
            print(f"{CANDIDATES} raw candidates to an explained decision, as in a worker, round {number}:", *worker.apply(all_decided, (full,)), sep="\n  ")
    print("the same in the process that holds the extract:", *all_decided(full), sep="\n  ")
    ours = wall_p50([timed(lambda q=q, h=h: decided(q, h)) for q, h in full * 5])
    theirs = float(np.median([by_splink([q], table(h)) for q, h in full[:8]]))
    print(f"Splink from tables to weights {theirs:.0f} ms: {theirs / ours:.0f} times as long", flush=True)
    scans = [timed(lambda q=q: scan.offered(scan.question(describe(q)))) for q in asked]
    print(f"one person against all: {told(scans)}", flush=True)
    hits = [(made.truth[q["query_id"]], {o.record for o in scan.offered(scan.question(describe(q)))}) for q in asked]
    print(f"true pairs among the top 50: {sum(len(t & f) for t, f in hits)} of {sum(len(t) for t, _ in hits)}", flush=True)
    whole = table(made.index)
    theirs = float(np.median([by_splink([q], whole) for q in asked[:3]]))
    print(f"Splink, one person against all from tables: {theirs:.0f} ms: {theirs / wall_p50(scans):.0f} times as long")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
