"""How quick: raw candidates to an explained decision, and one person against a whole extract; Splink beside both in the same run.

    PYTHONPATH=. python -m tests.benchmarks.matching.speed [PEOPLE]

Splink's is wall time, and it may use every core; ours is CPU and wall time of one.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import timeit
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


def timed(calls: list[Callable[[], object]]) -> tuple[str, float]:
    """p50, p95 and p99 in ms of CPU time, which the goals are in, and of wall time, in which other programs count too; and the p50 on the wall."""
    spent = []
    for call in calls:
        started, began = time.perf_counter_ns(), time.thread_time_ns()
        call()
        spent.append((time.thread_time_ns() - began, time.perf_counter_ns() - started))
    cpu, wall = (np.percentile(times, [50, 95, 99]) / 1e6 for times in zip(*spent, strict=True))
    return " and ".join(f"{name} p50 {p[0]:.3f}, p95 {p[1]:.3f}, p99 {p[2]:.3f} ms" for name, p in (("CPU", cpu), ("wall", wall))), float(wall[0])


Offers = list[tuple[Row, list[Row]]]
"""People, each with the records to decide on."""


def yardstick() -> float:
    """Milliseconds that this machine takes at this moment for ``json.loads`` of 40 kB: it runs at little more than half its speed for minutes
    at a time, and a figure in milliseconds says little without this."""
    content = json.dumps([dict.fromkeys(map(str, range(20)), "x" * 20)] * 70)
    return 1000 * min(timeit.repeat(lambda: json.loads(content), number=1, repeat=50))


def all_decided(offers: Offers) -> tuple[str, float]:
    """Everybody decided on, five times over, with the collector as a worker has it; the machine's speed beside it."""
    collector.settle()
    told, p50 = timed([lambda q=q, h=h: decided(q, h) for q, h in offers * 5])
    return f"{told}; 40 kB of JSON {yardstick():.3f} ms", p50


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
        rounds = [worker.apply(all_decided, (full,))[0] for _ in range(8)]
    print(f"{CANDIDATES} raw candidates to an explained decision, in a process that holds no extract, as a worker does:", *rounds, sep="\n  ")
    told, ours = all_decided(full)
    theirs = float(np.median([by_splink([q], table(h)) for q, h in full[:8]]))
    print(f"the same in the process that holds the extract: {told}; Splink from tables to weights {theirs:.0f} ms: {theirs / ours:.0f} times as long", flush=True)
    told, ours = timed([lambda q=q: scan.offered(scan.question(describe(q))) for q in asked])
    print(f"one person against all: {told}", flush=True)
    hits = [(made.truth[q["query_id"]], {o.record for o in scan.offered(scan.question(describe(q)))}) for q in asked]
    print(f"true pairs among the top 50: {sum(len(t & f) for t, f in hits)} of {sum(len(t) for t, _ in hits)}", flush=True)
    whole = table(made.index)
    theirs = float(np.median([by_splink([q], whole) for q in asked[:3]]))
    print(f"Splink, one person against all from tables: {theirs:.0f} ms: {theirs / ours:.0f} times as long")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
