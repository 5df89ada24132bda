"""Splink as the independent check: the exported settings, run on DuckDB, must weigh every pair as the scorer does, to 1e-6 bits.

    PYTHONPATH=. python -m tests.benchmarks.matching.splink_check [SEED]
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections import Counter

import pandas as pd
from splink import DuckDBAPI, Linker

from gateway.bulk.exporting import EXPORTED, prepared, splink_settings, with_forms
from gateway.bulk.rows import describe
from gateway.policy.identity.comparing import FIELDS, LEVELS, MISSING
from gateway.policy.identity.model import current
from gateway.policy.identity.persons import Described
from gateway.policy.identity.scoring import Scorer
from tests.benchmarks.matching.generator import make


def first_only(one: Described) -> Described:
    """The description with one name and one date, as Splink sees it."""
    return one._replace(names=one.names[:1], births=one.births[:1])


def differences(seed: int) -> tuple[int, Counter[str], float]:
    """Pairs compared, fields on which the two disagree about the level, and the largest difference in bits where they agree."""
    made, model = make(seed, people=4_000, cases=300), current()
    left = {q["query_id"]: first_only(describe(q)) for q in made.queries}
    right = {r["rec_id"]: first_only(describe(r)) for r in made.index}
    database = DuckDBAPI()
    tables = [database.register(pd.DataFrame([with_forms(prepared(k, one), model) for k, one in side.items()])) for side in (left, right)]
    predicted = Linker(tables, splink_settings(model)).inference.predict().as_pandas_dataframe()
    scorer, questions, apart, largest = Scorer(model), {k: Scorer(model).question(one) for k, one in left.items()}, Counter[str](), 0.0
    for row in predicted.to_dict("records"):
        query, record = sorted((row["unique_id_l"], row["unique_id_r"]))
        levels = scorer.score(questions[query], right[record]).levels
        for field in EXPORTED:
            number = FIELDS.index(field)
            ours = 0.0 if levels[number] == MISSING else model.bits[0][number][levels[number]]
            theirs = row[f"mw_{field}"]
            gamma = -1 if levels[number] == MISSING else len(LEVELS[field]) - 1 - levels[number]
            if gamma != row[f"gamma_{field}"]:
                apart[f"{field}: {levels[number]} and gamma {row[f'gamma_{field}']}"] += 1
            else:
                largest = max(largest, abs(ours - theirs))
    return len(predicted), apart, largest


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    count, apart, largest = differences(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    print(f"{count} pairs x {len(EXPORTED)} fields; levels that differ: {dict(apart) or 'none'}; largest difference in bits: {largest:.2e}")
