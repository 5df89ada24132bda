"""Several replies made one: nothing grave is lost, "nobody" needs every reply, and somebody else's record is no answer."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.domain.case_list import BirthDate, PersonName
from gateway.domain.error_codes import Code
from gateway.domain.identifiers import LocalIdentifier, NhsNumber
from gateway.domain.lookup import Answer, AnswerKind, Candidate
from mappings.answers import about_the_person, merge
from mappings.portions import Sizes, portions
from tests.contract.asked import about

ONE, TWO = Candidate("1"), Candidate("2")
K = AnswerKind
SOME, NOBODY = Answer(K.CANDIDATES, (ONE,)), Answer(K.NOBODY)
HIDDEN = Answer(K.PROTECTED, (), Code.RECORD_PROTECTED)
MANY = Answer(K.TOO_MANY, (), Code.TOO_MANY_MATCHES)
MAYBE = Answer(K.MAYBE_HIDDEN, (), Code.RECORD_MAYBE_HIDDEN)
FAILED = Answer.failed(Code.AGENCY_REFUSED)


@pytest.mark.parametrize(
    ("answers", "complete", "kind", "reason", "records"),
    [
        ([NOBODY], True, K.NOBODY, "", []),
        ([NOBODY, NOBODY], True, K.NOBODY, "", []),
        ([NOBODY, SOME], True, K.CANDIDATES, "", ["1"]),
        ([SOME, SOME, Answer(K.CANDIDATES, (TWO, ONE))], True, K.CANDIDATES, "", ["1", "2"]),
        ([SOME, HIDDEN], True, K.PROTECTED, Code.RECORD_PROTECTED, ["1"]),
        ([HIDDEN, MANY, SOME], True, K.PROTECTED, Code.RECORD_PROTECTED, ["1"]),
        ([NOBODY, MANY], True, K.TOO_MANY, Code.TOO_MANY_MATCHES, []),
        ([NOBODY, MAYBE], True, K.MAYBE_HIDDEN, Code.RECORD_MAYBE_HIDDEN, []),
        ([NOBODY, FAILED], True, K.FAILED, Code.AGENCY_REFUSED, []),
        ([SOME, FAILED], True, K.MAYBE_HIDDEN, Code.ANSWER_INCOMPLETE, ["1"]),
        ([NOBODY], False, K.TOO_MANY, Code.NOT_ALL_ASKED, []),
        ([SOME], False, K.TOO_MANY, Code.NOT_ALL_ASKED, ["1"]),
        ([HIDDEN], False, K.PROTECTED, Code.RECORD_PROTECTED, []),
        ([], True, K.FAILED, Code.NOTHING_TO_ASK_WITH, []),
        ([], False, K.FAILED, Code.NOTHING_TO_ASK_WITH, []),
    ],
)
def test_the_gravest_reply_decides_and_everybody_offered_is_kept(
    answers: list[Answer], complete: bool, kind: AnswerKind, reason: str, records: list[str]
) -> None:
    merged = merge(answers, complete)
    assert (merged.kind, merged.reason, [c.record_id for c in merged.candidates]) == (kind, reason, records)


def test_only_nobody_from_every_reply_is_nobody() -> None:
    kinds = [SOME, NOBODY, HIDDEN, MANY, MAYBE, FAILED]
    for first in kinds:
        for second in kinds:
            assert (merge([first, second]).kind is K.NOBODY) == (first is NOBODY and second is NOBODY)


ASKED = about(
    "Gonçalves Ribeiro", "Inês", date(1990, 10, 21), numbers=(LocalIdentifier("ashby", "C1"),), nhs_number="9990035547",
    aliases=(PersonName("O'Brien", "Inês"),),
)  # fmt: skip


def named(*families: str, **more: object) -> Candidate:
    return Candidate("9", names=tuple(PersonName(family, "X") for family in families), birth_dates=(BirthDate(1950, 1, 1),), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("candidate", "about_them"),
    [
        pytest.param(named("Blenkinsop"), False, id="nothing in common"),
        pytest.param(named("Goncalves-Ribeiro"), True, id="the family name without marks"),
        pytest.param(named("RIBEIRO"), True, id="a part of it"),
        pytest.param(named("OBrien"), True, id="an alias without its apostrophe"),
        pytest.param(named("Blenkinsop", "ribeiro"), True, id="a former name"),
        pytest.param(Candidate("9", (PersonName("Blenkinsop"),), (BirthDate(1990, 10, 21),)), True, id="the date of birth"),
        pytest.param(named("Blenkinsop", nhs_number=NhsNumber("9990035547")), True, id="the NHS number"),
        pytest.param(named("Blenkinsop", nhs_number=NhsNumber("9990022224")), False, id="another NHS number"),
        pytest.param(named("Blenkinsop", identifiers=(LocalIdentifier("CBNT", "C1"),)), True, id="the agency's number"),
        pytest.param(Candidate("C1"), True, id="the record asked for by number"),
        pytest.param(Candidate("9"), False, id="nothing told and nothing said to be hidden"),
        pytest.param(Candidate("9", restricted=True), True, id="everything hidden"),
    ],
)
def test_a_reply_about_somebody_else_is_no_answer(candidate: Candidate, about_them: bool) -> None:
    answer = about_the_person(Answer(K.CANDIDATES, (candidate,)), ASKED)
    assert (answer.kind, answer.reason) == ((K.CANDIDATES, "") if about_them else (K.FAILED, Code.REPLY_OTHER_RECORD))
    beside = about_the_person(Answer(K.CANDIDATES, (candidate, Candidate("C1"))), ASKED)
    assert len(beside.candidates) == 2


SIZES = Sizes(names=2, dates=2, family=10, given=5)


@pytest.mark.parametrize(
    ("names", "born", "searches", "complete"),
    [
        (1, ["1990-01-01"], [(1, 1)], True),
        (2, ["1990-01-01", "1990-01-02"], [(2, 2)], True),
        (3, ["1990-01-01"], [(2, 1), (1, 1)], True),
        (1, ["1990-01-01", "1990-01-02", "1990-01-03"], [(1, 2), (1, 1)], True),
        (1, [], [(1, 0)], True),
        (1, ["1990"], [(1, 0)], True),
        (1, ["1990-01-01", "1990"], [(1, 1), (1, 0)], True),
        (14, ["1990-01-01"], [(2, 1)] * 6, False),
        (0, ["1990-01-01"], [], True),
    ],
)
def test_portions(names: int, born: list[str], searches: list[tuple[int, int]], complete: bool) -> None:
    release = about("", "", None, aliases=())
    release = type(release)(
        agency_id=release.agency_id, system=release.system, purpose=release.purpose, agreement_version="v1", lookup_id=release.lookup_id,
        names=tuple(PersonName(f"F{n}", "G") for n in range(names)), birth_dates=tuple(map(BirthDate.from_iso, born)),
    )  # fmt: skip
    found, whole = portions(release, SIZES)
    assert ([(len(p.names), len(p.dates)) for p in found], whole) == (searches, complete)


def test_a_name_is_never_cut() -> None:
    found, complete = portions(about("Short", "Longer-than-five", None), SIZES)
    assert ([(n.family, n.given) for n in found[0].names], complete) == ([("Short", "")], True)
    assert portions(about("Longer-than-ten", "G", None), SIZES) == ((), False)
