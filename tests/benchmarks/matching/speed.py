"""How quick: raw candidates to an explained decision, and one person against a whole extract; Splink beside both in the same run.

    PYTHONPATH=. python -m tests.benchmarks.matching.speed [PEOPLE]

CPU time of one thread, so that other work on the machine counts as little as it can; wall time is what Splink's threads leave.
"""

from __future__ import annotations

import logging
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from splink import DuckDBAPI, Linker

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


def timed(calls: list[Callable[[], object]]) -> str:
    """p50 and p95 in ms."""
    spent = []
    for call in calls:
        started = time.thread_time()
        call()
        spent.append(1000 * (time.thread_time() - started))
    return "p50 {:.3f} ms, p95 {:.3f} ms, p99 {:.3f} ms".format(*np.percentile(spent, [50, 95, 99]))


def by_splink(left: list[Row], right: list[Row]) -> float:
    """Wall milliseconds of one prediction by Splink with the exported settings, tables and all."""
    tables = [pd.DataFrame([with_forms(prepared(r[key], describe(r)), SCORER.model) for r in side]) for side, key in ((left, "query_id"), (right, "rec_id"))]
    started = time.perf_counter()
    database = DuckDBAPI()
    Linker([database.register(t) for t in tables], splink_settings(SCORER.model)).inference.predict().as_pandas_dataframe()
    return 1000 * (time.perf_counter() - started)


def main(people: int) -> None:
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    made = make(77, people, min(600, people // 30))
    records = {r["rec_id"]: r for r in made.index}
    started = time.thread_time()
    scan = Scan(Extract.of((r["rec_id"], describe(r)) for r in made.index), SCORER)
    print(f"{len(records)} records in columns: {time.thread_time() - started:.1f} s")
    asked = made.queries[:1000]
    offers = {q["query_id"]: [records[o.record] for o in scan.offered(scan.question(describe(q)), CANDIDATES, -60.0)] for q in asked[:300]}
    full = [(q, offers[q["query_id"]]) for q in asked[:300] if len(offers[q["query_id"]]) == CANDIDATES]
    print(f"{CANDIDATES} raw candidates to an explained decision:", timed([lambda q=q, h=h: decided(q, h) for q, h in full]))
    print("one person against all:", timed([lambda q=q: scan.offered(scan.question(describe(q))) for q in asked]))
    hits = [(made.truth[q["query_id"]], {o.record for o in scan.offered(scan.question(describe(q)))}) for q in asked]
    print(f"true pairs among the top 50: {sum(len(t & f) for t, f in hits)} of {sum(len(t) for t, _ in hits)}")
    print(f"Splink, {CANDIDATES} candidates: {np.median([by_splink([q], h) for q, h in full[:8]]):.0f} ms wall")
    if people <= 200_000:
        print(f"Splink, one person against all, tables and all: {by_splink(asked[:1], list(records.values())):.0f} ms wall")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
