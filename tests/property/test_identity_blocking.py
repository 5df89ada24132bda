"""Index against index: the compiled pass bounds every score from above, and what comes out is the scorer's."""

from __future__ import annotations

from dataclasses import replace
from string import digits

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.bulk import pairing
from gateway.bulk.blocking import RULES, decided, passed, weights
from gateway.bulk.columns import Extract
from gateway.bulk.numbering import Words, numbered
from gateway.bulk.rows import INDEX_COLUMNS, describe
from gateway.policy.identity.comparing import birth_level, near, number_level
from gateway.policy.identity.deciding import Outcome
from gateway.policy.identity.model import current
from gateway.policy.identity.scoring import Scorer
from tests.benchmarks.matching.generator import make

WORD = st.sampled_from(["Anna", "Ann", "Hanna", "Lee", "Leigh", "Chen", "Xiao Ming", "Ming", "Al-Hassan", "Hassan", "O", "de Sousa Lopes", "Lopes", "", "Unknown", "Bob", "Robert"])
ROW = st.fixed_dictionaries(
    {"given_name": WORD, "family_name": WORD, "middle_names": WORD, "alias": st.sampled_from(["", "Ann Lee", "Lopes"]), "sex": st.sampled_from("FM "),
     "dob": st.sampled_from(["1980-03-04", "1980-04-03", "1980-03-05", "1990-03-04", "1980", "1980-03", "1980-01-01", "1940-01-02", ""]),
     "address": st.sampled_from(["1 Mill Lane", "Flat 2, 1 Mill Lane", "3 Mill Lane", ""]), "postcode": st.sampled_from(["ZZ1 1AA", "ZZ1 1AB", "ZZ2 2BB", ""]),
     "nhs_number": st.sampled_from(["9990000018", "9990000019", "9990000108", "9990000026", ""]), "phone": st.sampled_from(["07700900123", "07700900124", ""]), "town": st.just("")}
)  # fmt: skip
TINY = 1e-3
"""Bounds are worked out in numbers of four bytes."""


def _extract(rows):
    return Extract.of((f"r{n}", describe(dict.fromkeys(INDEX_COLUMNS, "") | row)) for n, row in enumerate(rows))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROW, min_size=2, max_size=5))
def test_no_pair_can_score_more_than_the_pass_allows(rows):
    scorer, extract = Scorer(replace(current(), population=5)), _extract(rows)
    numbers = numbered(extract, scorer.model, Words())
    bits, priors = weights(scorer, len(extract))
    for a, one in enumerate(extract.described):
        for b, other in enumerate(extract.described):
            if a != b:
                score = scorer.score(scorer.question(one, len(extract)), other).total
                pairs = [(x, y) for x in numbers[numbers["record"] == a].view(np.recarray) for y in numbers[numbers["record"] == b].view(np.recarray)]
                assert score <= max(pairing.most(x, y, bits, priors, np.float32(-1e9)) for x, y in pairs) + TINY


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROW, min_size=2, max_size=8))
def test_of_all_pairs_that_share_a_key_none_is_lost(rows):
    scorer, extract, least = Scorer(replace(current(), population=8)), _extract(rows), -6.0
    found = passed(extract, None, scorer, least)
    numbers = numbered(extract, scorer.model, Words())
    keys = [rule(numbers) for rule in RULES]
    for a in range(len(extract)):
        for b in range(a + 1, len(extract)):
            shares = any(k != 0 and k in key[numbers["record"] == b] for key in keys for k in key[numbers["record"] == a])
            score = scorer.score(scorer.question(extract.described[a], len(extract)), extract.described[b]).total
            if shares and score >= least:
                assert (a, b) in set(zip(found.left.tolist(), found.right.tolist(), strict=True))


@given(st.text(digits, min_size=10, max_size=10), st.text(digits, min_size=10, max_size=10), st.integers(0, 9), st.sampled_from(digits))
def test_numbers_compare_as_the_scorer_compares_them(one, other, place, digit):
    for changed in (other, one[:place] + digit + one[place + 1 :], one[: max(0, place - 1)] + one[place : place + 1] + one[max(0, place - 1) : place] + one[place + 1 :]):
        if len(changed) == 10:
            packed = [np.uint64(int(n, 16) | 1 << 40) for n in (one, changed)]
            assert pairing.nhs_level(*packed) == number_level(one, changed)


DATE = st.tuples(st.integers(1930, 2000), st.sampled_from([0, 1, 3, 12]), st.sampled_from([0, 1, 3, 13, 12]))


@given(DATE, DATE)
def test_dates_compare_as_the_scorer_compares_them(one, other):
    pair = [np.array([date], [("year", np.int16), ("month", np.int8), ("day", np.int8)]).view(np.recarray)[0] for date in (one, other)]
    assert pairing.birth_level(*pair) == birth_level([one], [other])


@given(st.text("abcdehimnorst", min_size=1, max_size=9), st.text("abcdehimnorst", min_size=1, max_size=9))
def test_what_is_near_may_be_near(one, other):
    words = Words()
    pair = [np.array([words.spelt(word, 0)], numbered(_extract([{}]), current(), words).dtype["given"]).view(np.recarray)[0] for word in (one, other)]
    assert pairing.maybe_near(*pair) or not near(one, other)


@pytest.fixture(scope="module")
def town():
    made = make(33, people=900, cases=30)
    return _extract(made.index)


def test_records_of_one_person_are_found_in_one_index_and_in_two(town):
    scorer = Scorer(current())
    one = list(decided(town, None, scorer, passed(town, None, scorer, scorer.model.thresholds.review)))
    links = {(d.left, d.right) for d in one if d.outcome is Outcome.LINK}
    assert len(links) > 3
    assert all(town.keys.index(a) < town.keys.index(b) for a, b in links)
    halves = [_extract_of(town, start) for start in (0, 1)]
    two = list(decided(*halves, scorer, passed(*halves, scorer, scorer.model.thresholds.review)))
    apart = {frozenset(pair) for pair in links if _half(town, pair[0]) != _half(town, pair[1])}
    assert apart
    linked_or_seen = {frozenset((d.left, d.right)) for d in two}
    assert apart <= linked_or_seen


def _half(town, key):
    return town.keys.index(key) % 2


def _extract_of(town, start):
    return Extract.of((town.keys[n], town.described[n]) for n in range(start, len(town), 2))
