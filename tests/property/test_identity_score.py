"""What must hold for every pair of descriptions, whatever was typed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policy.identity.comparing import FIELDS, LEVELS, MISSING
from gateway.policy.identity.deciding import Offered, Outcome, ruled
from gateway.policy.identity.explaining import explained
from gateway.policy.identity.model import current
from gateway.policy.identity.persons import birth, described, home
from gateway.policy.identity.scoring import Scorer

SCORER = Scorer(current())
NAMES = st.sampled_from(
    ["Anna", "Ana", "Hannah", "John", "Jon", "Mohammed", "Muhammad", "Mo", "O'Brien", "Al-Hassan", "Hassan", "da Silva Santos", "Silva",
     "Wójcik", "Wojcik", "Smith", "Smyth", "Xiao Ming", "Ming Xiao", "J", "", "Unknown", "Baby of", "Анна", "李娜", "e\u0301\u200b", "\u202eanna"]
)  # fmt: skip
ANYTHING = st.one_of(NAMES, st.text(max_size=12))
DATES = st.sampled_from(["1980-03-04", "1980-04-03", "1980-03-14", "1990-03-04", "1955-07-09", "1980-01-01", "1980", "1980-03", "", "1979-02-31", "0000-00-00", "x"])
NUMBERS = st.sampled_from(["9990000018", "9990000026", "999 000 0018", "9990000081", "", "1111111111", "abc"])
PLACES = st.sampled_from([("12 Mill Lane", "ZZ1 1AA"), ("Flat 3, 12 Mill Ln", "ZZ1 1AA"), ("14 Mill Lane", "ZZ1 1AA"), ("12 Mill Lane", ""), ("", "ZZ1 1AB"), ("9 Elm Grove", "ZZ2 3CD"), ("", "")])
PHONES = st.sampled_from(["07700 900123", "+44 7700 900123", "01632 960001", ""])


@st.composite
def people(draw, names=ANYTHING):
    count = draw(st.integers(1, 2))
    return described(
        [(draw(names), draw(names), draw(names)) for _ in range(count)],
        [birth(draw(DATES)) for _ in range(draw(st.integers(0, 2)))],
        sex=draw(st.sampled_from(["female", "male", "other", ""])),
        nhs=draw(NUMBERS),
        homes=[home(*draw(PLACES), current=draw(st.booleans())) for _ in range(draw(st.integers(0, 2)))],
        phones=[draw(PHONES)],
        hidden=draw(st.booleans()),
    )


@given(people(), people())
def test_bars_add_up_to_the_score(a, b):
    score = SCORER.score(SCORER.question(a), b)
    assert sum(score.bars) == score.total
    shown = explained(ruled([Offered("r", b, score)], SCORER.model.thresholds)[0])
    assert abs(sum(bar.bits for bar in shown.bars) - score.total) < 1e-9


@given(people(), people())
def test_the_same_question_has_the_same_answer(a, b):
    assert SCORER.score(SCORER.question(a), b) == SCORER.score(SCORER.question(a), b)


@given(people(), people())
def test_it_does_not_matter_who_asks_about_whom(a, b):
    there, back = SCORER.score(SCORER.question(a), b), SCORER.score(SCORER.question(b), a)
    if len(a.names) <= 1 and len(b.names) <= 1:
        assert there.levels == back.levels
    assert abs(there.total - back.total) < 1e-6


LEVEL_ROWS = st.tuples(*[st.sampled_from([*range(len(LEVELS[f])), MISSING]) for f in FIELDS])


def _total(levels, rare=0.0):
    """The weight of levels as if the names had these frequencies."""
    given_bits = SCORER.model.given_bits("anna") + rare if levels[0] == 0 else SCORER.model.bits[0][0][levels[0]]
    family_bits = SCORER.model.family_bits("smith") + rare if levels[1] == 0 else SCORER.model.bits[0][1][levels[1]]
    joint = SCORER.model.joint_bits("anna", "smith") if levels[0] == 0 == levels[1] else 0.0
    return SCORER._weigh(SCORER.question(described([("Anna", "", "Smith")])).priors, levels, (given_bits, family_bits, joint), (False, False, False)).total


@settings(max_examples=400)
@given(LEVEL_ROWS, st.integers(0, len(FIELDS) - 1), st.data())
def test_more_agreement_never_lowers_a_score(levels, field, data):
    size = len(LEVELS[FIELDS[field]])
    worse = data.draw(st.integers(0, size - 1))
    better = data.draw(st.integers(0, worse))
    low, high = [(*levels[:field], level, *levels[field + 1 :]) for level in (worse, better)]
    assert _total(low) <= _total(high) + 1e-9


@settings(max_examples=400)
@given(LEVEL_ROWS, st.integers(0, len(FIELDS) - 1))
def test_a_conflict_never_raises_a_score_and_full_agreement_never_lowers_it(levels, field):
    size = len(LEVELS[FIELDS[field]])
    best, silent, worst = [(*levels[:field], level, *levels[field + 1 :]) for level in (0, MISSING, size - 1)]
    assert _total(silent) <= _total(best) + 1e-9
    if size > 1:
        assert _total(worst) <= _total(silent) + 1e-9


@given(people(), people(names=st.sampled_from(["Анна", "Смит", "李娜", "محمد", "Αννα", "Аnna"])))
def test_another_alphabet_is_never_linked_without_a_person(a, b):
    if not any(n.tokens or n.family for n in b.names):
        return
    verdict = ruled([Offered("r", b, SCORER.score(SCORER.question(a), b))], SCORER.model.thresholds)[0]
    assert verdict.outcome is not Outcome.LINK


@given(people(), people())
def test_nothing_shows_itself(a, b):
    for value in (a, b, *a.names, *b.homes, SCORER.question(a)):
        assert repr(value).endswith("(sealed)")
