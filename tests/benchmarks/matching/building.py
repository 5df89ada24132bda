"""Builds a model from the BUILDING seeds: weights from their truth and homes, frequencies of names from their indexes.

    PYTHONPATH=. python -m tests.benchmarks.matching.building OUT.json VERSION
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from gateway.bulk.learning import Levels, assembled, compared, forms, frequencies, nulls
from gateway.bulk.rows import describe
from gateway.bulk.weighing import counted, weighed
from gateway.policy.identity.comparing import Variants
from gateway.policy.identity.model import read_variants
from gateway.policy.identity.persons import Described
from tests.benchmarks.matching.generator import BUILDING_SEEDS, Made, make

SETTINGS = {
    "population": 20_000,
    "relatives": 4.0,
    "twins": 0.1,
    "thresholds": {"link": 6.0, "review": -6.0, "rival": 7.0, "anchor": 4.0},
}


def true_pairs(made: Made, variants: Variants) -> Iterator[Levels]:
    """Levels of every pair that is one person."""
    index = {r["rec_id"]: r for r in made.index}
    for query in made.queries:
        for rec_id in made.truth[query["query_id"]]:
            yield compared(describe(query), describe(index[rec_id]), variants)


def main(out: str, version: str) -> None:
    variants = read_variants(forms())
    matches: list[Levels] = []
    index: list[Described] = []
    for seed in BUILDING_SEEDS:
        made = make(seed)
        matches += true_pairs(made, variants)
        index += [describe(r) for r in made.index]
    rng = random.Random(0)
    fields = weighed(counted(matches), *nulls(index, variants, rng.randrange(1000)))
    model = assembled(version, fields, frequencies(index), SETTINGS)
    Path(out).write_text(json.dumps(model, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(len(matches), "true pairs;", Counter(m[3] for m in matches))


if __name__ == "__main__":
    main(*sys.argv[1:3])
