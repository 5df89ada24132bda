"""Index against index: pairs per second of the compiled pass, what blocking loses, and Splink with the exported settings on the same index.

    PYTHONPATH=. python -m tests.benchmarks.matching.blocked [PEOPLE]

Splink has one block for each of its three rules; ours has those and two more. Weights are compared on every pair that both have.
"""

from __future__ import annotations

import logging
import sys
import time
import warnings

import pandas as pd
from splink import DuckDBAPI, Linker

from gateway.bulk.blocking import compared, laid_out, passed
from gateway.bulk.columns import Extract
from gateway.bulk.compiling import COMPILED
from gateway.bulk.exporting import EXPORTED, prepared, splink_settings, with_forms
from gateway.bulk.rows import describe
from gateway.bulk.scanning import Scan
from gateway.policy.identity.comparing import FIELDS, MISSING
from gateway.policy.identity.model import current
from gateway.policy.identity.persons import Described
from gateway.policy.identity.scoring import Scorer
from tests.benchmarks.matching.generator import make

SCORER = Scorer(current())
LEAST = SCORER.model.thresholds.review
SPLINK_RECORDS = 200_000
SCANNED = 20_000


def timed_pass(index: Extract) -> None:
    """The pass, compiled beforehand on a few records; turning values into numbers is told apart."""
    passed(Extract.of(zip(index.keys[:200], index.described[:200], strict=True)), None, SCORER, LEAST)
    started = time.process_time()
    rows = laid_out(index, None, SCORER)
    numbered = time.process_time()
    found = compared(rows, SCORER, len(index), LEAST, two_sides=False)
    spent = time.process_time() - numbered
    print(f"{len(index)} records as numbers: {numbered - started:.1f} s")
    print(f"compiled: {COMPILED}: {found.compared} pairs in {spent:.1f} s of one core, {found.compared / spent / 1e6:.1f} million a second", flush=True)
    print(f"of these {len(found.left)} could reach {LEAST:g} bits and go to the scorer", flush=True)


def lost(index: Extract) -> None:
    """Pairs that the scan without blocking finds for some records, and how many of them the pass has too."""
    scan, found = Scan(index, SCORER), passed(index, None, SCORER, LEAST)
    ours = set(zip(found.left.tolist(), found.right.tolist(), strict=True))
    for least in (LEAST, SCORER.model.thresholds.link):
        wanted = {tuple(sorted((n, o))) for n, one in enumerate(index.described) for o, _ in scan.ranked(scan.question(one), 50, least) if o != n}
        print(f"pairs from {least:g} bits without blocking: {len(wanted)}; under no block: {len(wanted - ours)}")


def first_only(one: Described) -> Described:
    """One name and one date, as Splink sees it."""
    return one._replace(names=one.names[:1], births=one.births[:1])


def beside_splink(index: Extract) -> None:
    """Splink's time for its own pairs of one half with the other, and the largest difference of its weights from the scorer's."""
    halves = [range(0, len(index), 2), range(1, len(index), 2)]
    tables = [pd.DataFrame([with_forms(prepared(index.keys[n], index.described[n]), SCORER.model) for n in half]) for half in halves]
    started, wall = time.process_time(), time.perf_counter()
    database = DuckDBAPI()
    linker = Linker([database.register(t) for t in tables], splink_settings(SCORER.model))
    predicted = linker.inference.predict(threshold_match_weight=-20.0).as_pandas_dataframe()
    spent, waited = time.process_time() - started, time.perf_counter() - wall
    count = _pairs_under_its_rules(index, halves)
    print(f"Splink: {count} pairs of two halves in {spent:.1f} s of CPU ({waited:.1f} s), {count / spent / 1e6:.2f} million a second and core")
    _ours_on_halves(index, halves)
    _weights_apart(index, predicted)


def _pairs_under_its_rules(index: Extract, halves: list[range]) -> int:
    """How many pairs its three rules make, each counted once for each rule, as ours are."""
    keys = [[], [], []]
    for one in index.described:
        name, born = (one.names or (None,))[0], (one.births or (None,))[0]
        keys[0].append(one.nhs or None)
        keys[1].append(born)
        keys[2].append((name.given, name.family) if name and name.given and name.family else None)
    sums = 0
    for column in keys:
        counts = [pd.Series([column[n] for n in half]).dropna().value_counts() for half in halves]
        sums += int((counts[0] * counts[1]).dropna().sum())
    return sums


def _ours_on_halves(index: Extract, halves: list[range]) -> None:
    sides = [Extract.of((index.keys[n], index.described[n]) for n in half) for half in halves]
    started = time.process_time()
    found = passed(*sides, SCORER, LEAST)
    spent = time.process_time() - started
    print(f"ours on the same halves: {found.compared} pairs in {spent:.1f} s of CPU, {found.compared / spent / 1e6:.2f} million a second and core")


def _weights_apart(index: Extract, predicted: pd.DataFrame) -> None:
    number = {key: n for n, key in enumerate(index.keys)}
    apart, largest = 0, 0.0
    some = predicted.sample(min(len(predicted), 20_000), random_state=0)
    for row in some.to_dict("records"):
        left, right = (first_only(index.described[number[row[f"unique_id_{side}"]]]) for side in "lr")
        levels = SCORER.score(SCORER.question(left), right).levels
        ours = sum(0.0 if levels[FIELDS.index(f)] == MISSING else SCORER.model.bits[0][FIELDS.index(f)][levels[FIELDS.index(f)]] for f in EXPORTED)
        difference = abs(ours - sum(row[f"mw_{f}"] for f in EXPORTED))
        apart += difference > 1e-6
        largest = max(largest, difference)
    print(f"weights of {len(some)} of Splink's {len(predicted)} pairs from -20 bits: {apart} differ from the scorer's by more than 1e-6, the most by {largest:.1e}")


def main(people: int) -> None:
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    made = make(77, people, min(600, people // 30))
    index = Extract.of((r["rec_id"], describe(r)) for r in made.index)
    timed_pass(index)
    part = [Extract.of(zip(index.keys[:size], index.described[:size], strict=True)) for size in (SCANNED, SPLINK_RECORDS)]
    lost(part[0])
    beside_splink(part[1])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
