"""The scan of an extract gives what the scorer gives, and leaves nobody out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.bulk.columns import Extract
from gateway.bulk.rows import describe
from gateway.bulk.scanning import Scan
from gateway.policy.identity.model import current
from gateway.policy.identity.scoring import Scorer
from tests.benchmarks.matching.generator import INDEX_COLUMNS, QUERY_COLUMNS, make


@pytest.fixture(scope="module")
def town():
    made = make(31, people=1_500, cases=60)
    return made, Scan(Extract.of((r["rec_id"], describe(r)) for r in made.index), Scorer(current()))


def _by_hand(scan, question, least):
    scores = [(scan.scorer.score(question, one), key) for key, one in zip(scan.extract.keys, scan.extract.described, strict=True)]
    return sorted([(-s.total, key) for s, key in scores if s.total >= least])


def test_every_row_weighs_what_the_scorer_says(town):
    made, scan = town
    rows = np.flatnonzero(np.bincount(scan.extract.record)[scan.extract.record] == 1).astype(np.int32)
    for query in made.queries[:40]:
        question = scan.question(describe(query))
        expected = [scan.scorer.score(question, scan.extract.described[n]).total for n in scan.extract.record[rows]]
        assert np.abs(scan.totals(question, rows) - expected).max() < 1e-6


def test_the_best_records_are_the_best_of_all(town):
    made, scan = town
    for query in made.queries[:60]:
        question = scan.question(describe(query))
        offered = [(-o.score.total, o.record) for o in scan.offered(question, top=20, least=-8.0)]
        assert offered == _by_hand(scan, question, -8.0)[:20]


WORDS = st.sampled_from(["Anna", "Ann", "Hanna", "Lee", "Leigh", "Chen", "Xiao Ming", "Ming", "Al-Hassan", "Hassan", "O", "de Sousa Lopes", "Lopes", "", "Unknown"])
ROW = st.fixed_dictionaries(
    {"given_name": WORDS, "family_name": WORDS, "middle_names": WORDS, "alias": st.sampled_from(["", "Ann Lee", "Lopes"]), "sex": st.sampled_from("FM "),
     "dob": st.sampled_from(["1980-03-04", "1980-04-03", "1980-03-05", "1990-03-04", "1980", "1980-03", "1980-01-01", "1940-01-02", ""]),
     "address": st.sampled_from(["1 Mill Lane", "Flat 2, 1 Mill Lane", "3 Mill Lane", ""]), "postcode": st.sampled_from(["ZZ1 1AA", "ZZ1 1AB", "ZZ2 2BB", ""]),
     "nhs_number": st.sampled_from(["9990000018", "9990000019", "9990000026", ""]), "phone": st.sampled_from(["07700900123", "07700900124", ""]), "town": st.just("")}
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROW, min_size=1, max_size=12), ROW)
def test_awkward_rows_weigh_the_same_and_are_found(index, query):
    scorer = Scorer(replace(current(), population=12))
    scan = Scan(Extract.of((f"r{n}", describe(dict.fromkeys(INDEX_COLUMNS, "") | row)) for n, row in enumerate(index)), scorer)
    question = scan.question(describe(dict.fromkeys(QUERY_COLUMNS, "") | query))
    assert [(-o.score.total, o.record) for o in scan.offered(question, top=20, least=-12.0)] == _by_hand(scan, question, -12.0)
    single = np.flatnonzero(np.bincount(scan.extract.record)[scan.extract.record] == 1).astype(np.int32)
    if len(single):
        expected = [scorer.score(question, scan.extract.described[n]).total for n in scan.extract.record[single]]
        assert np.abs(scan.totals(question, single) - expected).max() < 1e-6
