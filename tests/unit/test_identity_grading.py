"""Answers of record systems, graded by the model as the hit report needs them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.domain.case_list import Address, BirthDate, Person, PersonName, Sex
from gateway.domain.errors import Code
from gateway.domain.identifiers import NhsNumber
from gateway.domain.lookup import Agreement, Answer, AnswerKind, Candidate, LookupOutcome
from gateway.policy.identity.deciding import Stop
from gateway.policy.identity.explaining import CODE_OF, comparisons
from gateway.policy.identity.grading import grade
from gateway.policy.identity.model import current
from gateway.policy.identity.scoring import Scorer

SCORER = Scorer(current())
HOME = Address(("12 Mill Lane", "Northmoor"), "ZZ1 1AA")
ASKED = Person((PersonName("Webber", "Adrian"),), (BirthDate(1980, 10, 12),), Sex.MALE, addresses=(HOME,))
RECORD = Candidate("a", ASKED.names, ASKED.birth_dates, Sex.MALE, addresses=(HOME,))


def outcome(*candidates, kind=AnswerKind.CANDIDATES, reason="", person=ASKED):
    graded = grade(person, Answer(kind, candidates, reason), SCORER)
    return graded.outcome, graded.reason


def test_one_record_that_agrees_is_known():
    assert outcome(RECORD) == (LookupOutcome.KNOWN, Code.ONE_RECORD_CERTAIN)


def test_an_answer_that_could_not_be_trusted_is_never_not_known():
    assert outcome(kind=AnswerKind.FAILED, reason="TIMEOUT") == (LookupOutcome.NO_ANSWER, "TIMEOUT")
    assert outcome()[0] is LookupOutcome.NO_ANSWER
    assert outcome(kind=AnswerKind.NOBODY) == (LookupOutcome.NOT_KNOWN, Code.NOBODY_HELD)


@pytest.mark.parametrize("kind", [AnswerKind.TOO_MANY, AnswerKind.PROTECTED, AnswerKind.MAYBE_HIDDEN])
def test_what_hides_something_is_for_a_person_whatever_it_shows(kind):
    assert outcome(RECORD, kind=kind)[0] is LookupOutcome.POSSIBLE
    assert outcome(kind=kind)[0] is LookupOutcome.POSSIBLE


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"restricted": True}, Code.RESTRICTED), ({"deceased": True}, Code.DECEASED), ({"superseded_by": "b"}, Code.SUPERSEDED)],
)
def test_a_record_of_a_special_kind_is_for_a_person(change, reason):
    assert outcome(replace(RECORD, **change)) == (LookupOutcome.POSSIBLE, reason)


def test_a_restricted_record_is_shown_even_when_little_agrees():
    hidden = Candidate("a", (PersonName("Oakley", "Rosalind"),), restricted=True)
    assert outcome(hidden) == (LookupOutcome.POSSIBLE, Code.RESTRICTED)


def test_others_only_is_not_known():
    sister = replace(RECORD, names=(PersonName("Webber", "Elena"),), birth_dates=(BirthDate(1984, 2, 3),), sex=Sex.FEMALE)
    assert outcome(sister) == (LookupOutcome.NOT_KNOWN, Code.OTHERS_ONLY)


def test_father_and_son_of_one_name_are_two_people():
    father = replace(RECORD, record_id="f", birth_dates=(BirthDate(1955, 3, 4),))
    assert outcome(RECORD, father) == (LookupOutcome.KNOWN, Code.ONE_RECORD_CERTAIN)
    assert outcome(father)[0] is not LookupOutcome.KNOWN


def test_a_twin_is_for_a_person():
    twin = replace(RECORD, names=(PersonName("Webber", "Adam"),), nhs_number=None)
    assert outcome(twin)[0] is not LookupOutcome.KNOWN


def test_the_number_of_somebody_else_is_for_a_person():
    asked = replace(ASKED, nhs_number=NhsNumber("9990000018"))
    other = replace(RECORD, names=(PersonName("Webber", "Boris"),), nhs_number=NhsNumber("9990000018"), birth_dates=(BirthDate(1971, 1, 2),))
    assert outcome(other, person=asked) == (LookupOutcome.POSSIBLE, Code.IDENTIFIER_OF_ANOTHER)


def test_the_explanation_says_how_each_field_compares_and_no_value():
    graded = grade(ASKED, Answer(AnswerKind.CANDIDATES, (replace(RECORD, birth_dates=(BirthDate(1980, 12, 10),)),)), SCORER).candidates[0]
    told = {c.field: (c.agreement, c.sentence) for c in comparisons(graded)}
    assert told["birth_date"] == (Agreement.NEAR, "day and month swapped")
    assert told["given_name"] == (Agreement.AGREES, "same")
    assert told["nhs_number"][0] is Agreement.MISSING
    assert not any("1980" in c.sentence or "Webber" in c.sentence for c in comparisons(graded))


def test_every_rule_has_a_code_of_the_hit_report():
    assert set(CODE_OF) == set(Stop) - {Stop.NONE, Stop.UNSETTLED}
