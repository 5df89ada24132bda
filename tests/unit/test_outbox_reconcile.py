"""Expected against observed: nothing of either side is left out, whatever they hold."""

from hypothesis import given
from hypothesis import strategies as st

from outbox.reconcile import Verdict, compare, totals


def test_each_verdict():
    rows = compare({"a": 1, "b": 2, "c": 3, "d": 4}, [("a", 1), ("b", 9), ("d", 4), ("d", 4), ("e", 5)])
    assert [(row.key, row.verdict) for row in rows] == [
        ("a", Verdict.SAME),
        ("b", Verdict.DIFFERENT),
        ("c", Verdict.MISSING),
        ("d", Verdict.DOUBLED),
        ("e", Verdict.UNEXPECTED),
    ]
    assert rows[3].observed == (4, 4)


def test_sameness_may_be_the_callers():
    rows = compare({"a": "Words"}, [("a", "words")], same=lambda one, other: one.lower() == other.lower())
    assert rows[0].verdict is Verdict.SAME


@given(st.dictionaries(st.integers(0, 20), st.integers(0, 3)), st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3))))
def test_every_key_has_one_row_and_every_sighting_stands_in_it(expected, observed):
    rows = compare(expected, observed)
    assert sorted(row.key for row in rows) == sorted({*expected, *(key for key, _ in observed)})
    assert sorted((row.key, value) for row in rows for value in row.observed) == sorted(observed)
    assert sum(totals(rows).values()) == len(rows)
    assert set(totals(rows)) == set(Verdict)
    for row in rows:
        assert (row.verdict is Verdict.SAME) == (row.observed == (row.expected,))
