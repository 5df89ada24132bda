"""The anchors on the same lists in the same run: Splink 5 with its own training, at an hmpps-like threshold and twin rule, and recordlinkage.

    PYTHONPATH=. python -m tests.benchmarks.matching.anchors SEED ...

Needs splink, duckdb, pandas and recordlinkage beside the project. All thresholds are the anchors' own or, where it says "best", chosen
afterwards with labels in the anchor's favour.
"""

from __future__ import annotations

import logging
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import recordlinkage
import splink.comparison_library as cl
from rapidfuzz.distance import JaroWinkler
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from tests.benchmarks.matching.generator import Made, make

FIELDS = ["nhs_number", "family_name", "given_name", "sex", "dob", "postcode", "phone"]
Scored = list[tuple[str, str, float]]


def frames(made: Made) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lists and index as both anchors take them: lower case, empty is null."""
    left = pd.DataFrame(made.queries).rename(columns={"query_id": "unique_id"})
    right = pd.DataFrame(made.index).rename(columns={"rec_id": "unique_id"})
    return tuple(_plain(frame[["unique_id", *FIELDS]]) for frame in (left, right))  # type: ignore[return-value]


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.apply(lambda column: column.str.lower() if column.name != "unique_id" else column).replace("", None)
    return frame.assign(outcode=frame["postcode"].str.split(" ").str[0])


def splink_scores(left: pd.DataFrame, right: pd.DataFrame) -> Scored:
    """Ready-made comparisons, term frequencies, EM on two blockings; match weights of all pairs above -10."""
    settings = SettingsCreator(
        link_type="link_only",
        blocking_rules_to_generate_predictions=[
            block_on("nhs_number"), block_on("dob"), block_on("postcode", "given_name"), block_on("phone"),
            block_on("family_name", "given_name"), block_on("postcode", "family_name"),
        ],
        comparisons=[
            cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("family_name").configure(term_frequency_adjustments=True),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.PostcodeComparison("postcode"),
            cl.ExactMatch("nhs_number"),
            cl.ExactMatch("phone"),
            cl.ExactMatch("sex"),
        ],
    )  # fmt: skip
    database = DuckDBAPI()
    linker = Linker([database.register(left), database.register(right)], settings)
    linker.training.estimate_probability_two_random_records_match([block_on("nhs_number"), block_on("given_name", "family_name", "dob")], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("dob"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("given_name", "family_name"))
    out = linker.inference.predict(threshold_match_weight=-10).as_pandas_dataframe()
    return [_oriented(row) for row in out[["unique_id_l", "unique_id_r", "match_weight"]].itertuples(index=False)]


def _oriented(row: Sequence[object]) -> tuple[str, str, float]:
    a, b, weight = row
    return (str(a), str(b), float(weight)) if str(a).startswith("q") else (str(b), str(a), float(weight))  # type: ignore[arg-type]


def twin_rule(made: Made, scored: Scored) -> Scored:
    """The published rule of a core person record: same surname, date and postcode but dissimilar first names, no number: never a match."""
    left = {q["query_id"]: q for q in made.queries}
    right = {r["rec_id"]: r for r in made.index}
    return [(q, r, -5.0 if _twins(left[q], right[r]) else w) for q, r, w in scored]


def _twins(a: dict[str, str], b: dict[str, str]) -> bool:
    alike = JaroWinkler.similarity(a["given_name"].lower(), b["given_name"].lower()) >= 0.9
    same = a["family_name"].lower() == b["family_name"].lower() and a["dob"] == b["dob"] != "" and a["postcode"] == b["postcode"]
    return same and not alike and not (a["nhs_number"] and a["nhs_number"] == b["nhs_number"])


def ecm_scores(left: pd.DataFrame, right: pd.DataFrame) -> Scored:
    """recordlinkage: binary comparisons, unsupervised ECM."""
    left, right = left.set_index("unique_id"), right.set_index("unique_id")
    indexer = recordlinkage.Index()
    for fields in (["dob"], ["nhs_number"], ["phone"], ["postcode", "given_name"], ["family_name", "given_name"], ["postcode", "family_name"]):
        indexer.block(fields)
    pairs = indexer.index(left, right)
    compare = recordlinkage.Compare()
    compare.string("given_name", "given_name", method="jarowinkler", threshold=0.9)
    compare.string("family_name", "family_name", method="jarowinkler", threshold=0.9)
    compare.exact("dob", "dob")
    compare.exact("postcode", "postcode")
    vectors = compare.compute(pairs, left, right)
    model = recordlinkage.ECMClassifier()
    model.fit(vectors)
    chances = model.prob(vectors)
    return [(str(q), str(r), float(p)) for (q, r), p in zip(chances.index, chances, strict=True)]


# ---------------------------------------------------------------------------------------------------------------- figures


def best_f1(made: Made, scored: Scored) -> tuple[float, float, float]:
    """F1, precision and recall at the threshold that suits the anchor best."""
    ordered, right, true = _ordered(made, scored)
    precision, recall = right / np.arange(1, len(ordered) + 1), right / true
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    n = int(f1.argmax())
    return float(f1[n]), float(precision[n]), float(recall[n])


def recall_at(made: Made, scored: Scored, wanted: float) -> float:
    """Recall at the best threshold with at least this precision."""
    ordered, right, true = _ordered(made, scored)
    fine = right / np.arange(1, len(ordered) + 1) >= wanted
    return float(right[fine].max() / true) if fine.any() else 0.0


def _ordered(made: Made, scored: Scored) -> tuple[Scored, np.ndarray, int]:
    ordered = sorted(scored, key=lambda s: -s[2])
    return ordered, np.cumsum([r in made.truth[q] for q, r, _ in ordered]), sum(map(len, made.truth.values()))


def at(made: Made, scored: Scored, link: float, review: float) -> dict[str, float]:
    """What an anchor would link from ``link`` and put before a person from ``review``."""
    linked = [(q, r) for q, r, w in scored if w >= link]
    shown = [(q, r) for q, r, w in scored if review <= w < link]
    true = sum(map(len, made.truth.values()))
    right = [p for p in linked if p[1] in made.truth[p[0]]]
    kinds = Counter(made.look_alikes.get(p, "stranger") for p in linked if p[1] not in made.truth[p[0]])
    pairs = Counter(made.look_alikes.values())
    return {
        "auto precision": len(right) / max(1, len(linked)),
        "auto recall": len(right) / true,
        "auto+review recall": (len(right) + sum(r in made.truth[q] for q, r in shown)) / true,
        "review pairs per query": len(shown) / len(made.queries),
        **{f"wrong per 1,000: {k}": 1000 * kinds[k] / n for k, n in sorted(pairs.items())},
    }


def pooled(seeds: Iterable[int]) -> Made:
    """Several lists as one, ids told apart by seed; each is scored on its own."""
    whole = Made([], [])
    for seed in seeds:
        made = make(seed)
        whole.queries += [{**q, "query_id": f"q{seed}{q['query_id']}"} for q in made.queries]
        whole.index += [{**r, "rec_id": f"r{seed}{r['rec_id']}"} for r in made.index]
        whole.truth |= {f"q{seed}{q}": {f"r{seed}{r}" for r in rs} for q, rs in made.truth.items()}
        whole.look_alikes |= {(f"q{seed}{q}", f"r{seed}{r}"): k for (q, r), k in made.look_alikes.items()}
    return whole


def main(seeds: list[int]) -> None:
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    whole, splink, ecm, spent = pooled(seeds), [], [], Counter[str]()
    for seed in seeds:
        left, right = frames(make(seed))
        for name, score, into in (("Splink", splink_scores, splink), ("recordlinkage", ecm_scores, ecm)):
            started = time.process_time()
            into += [(f"q{seed}{q}", f"r{seed}{r}", w) for q, r, w in score(left, right)]
            spent[name] += int(time.process_time() - started)
    for name, scored in (("Splink", splink), ("recordlinkage ECM", ecm)):
        f1, precision, recall = best_f1(whole, scored)
        print(f"{name}: best F1 {f1:.4f} (P {precision:.4f} R {recall:.4f}), R@P.99 {recall_at(whole, scored, 0.99):.4f}, R@P.999 {recall_at(whole, scored, 0.999):.4f}")
    print("Splink p>=.999, review from 0 bits:", _rounded(at(whole, splink, 9.96, 0.0)))
    print("hmpps-like: Splink weights, 20 / -10, twin rule:", _rounded(at(whole, twin_rule(whole, splink), 20.0, -10.0)))
    print("CPU seconds:", dict(spent))


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {k: round(v, 4) for k, v in figures.items()}


if __name__ == "__main__":
    main([int(a) for a in sys.argv[1:]])
