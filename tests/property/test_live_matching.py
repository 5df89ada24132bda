"""The live path, whatever stands on a list or in a record: never a crash, never a link across alphabets, the same end in any order."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.case_list import Address, BirthDate, Person, PersonName, Phone, Role, Sex
from gateway.domain.identifiers import LocalIdentifier, NhsNumber
from gateway.domain.lookup import Answer, AnswerKind, Candidate, LookupOutcome
from gateway.policy.identity.comparing import LEVELS
from gateway.policy.identity.explaining import comparisons, explained_again, picture, text
from gateway.policy.identity.grading import grade
from gateway.policy.identity.model import current
from gateway.policy.identity.scoring import Scorer
from gateway.services import results
from mappings.answers import about_the_person
from tests.unit.fakes import Desk
from tests.unit.scenes import TRUST, arrived, case, everybody, received

SCORER = Scorer(current())
ODD = [
    "", " ", "A", "x", "Unknown", "UNKNOWN", "Baby of", "Baby of Aoife", "N/K", "Not known", "O'Brien", "O’BRIEN", "obrien", "Ｏ＇Ｂｒｉｅｎ", "Aoife\u200b",
    "\u202eefioA", "A\u0301oife", "Аoife", "Анна", "李娜", "محمد", "Αννα", "ß", "İ", "ﬁ", "Hargreaves-Whitlock", "de la Cruz", "Wiśniewska", "Wisniewska",
    "9990000018", "1988-03-14", "<script>", "=1+1", "\x00", "\ud7ff", "𝔄𝔬𝔦𝔣𝔢", "😀", "a" * 300, "Aoife Mary Ruth Anne Grace Elizabeth",
]  # fmt: skip
WORDS = st.one_of(st.sampled_from(ODD), st.text(max_size=15))
NAMES = st.builds(PersonName, WORDS, WORDS, st.lists(WORDS, max_size=4).map(tuple))
BIRTHS = st.builds(BirthDate, st.sampled_from([1, 1066, 1900, 1988, 1989, 2016, 2200, 9999]), st.sampled_from([None, 0, 1, 2, 3, 12, 13]), st.sampled_from([None, 0, 1, 14, 29, 31, 77]))
NUMBERS = st.sampled_from([None, NhsNumber("9990000018"), NhsNumber("9990000026")])
HOMES = st.builds(Address, st.lists(WORDS, max_size=3).map(tuple), st.one_of(st.none(), st.sampled_from(["ZZ9 1AB", "zz91ab", "", "?", "NFA"])), st.none(), st.booleans())
SHARED = {
    "birth_dates": st.lists(BIRTHS, max_size=3).map(tuple), "sex": st.sampled_from([None, *Sex]), "nhs_number": NUMBERS,
    "identifiers": st.lists(st.builds(LocalIdentifier, st.sampled_from(["a", "b"]), WORDS), max_size=2).map(tuple),
    "addresses": st.lists(HOMES, max_size=2).map(tuple), "phones": st.lists(st.builds(Phone, WORDS), max_size=2).map(tuple),
}  # fmt: skip
PEOPLE = st.builds(Person, st.lists(NAMES, max_size=3).map(tuple), **SHARED)
RECORDS = st.builds(
    Candidate, st.sampled_from(["R1", "R2", "R3", ""]), st.lists(NAMES, max_size=3).map(tuple), **SHARED, restricted=st.booleans(),
    deceased=st.booleans(), superseded_by=st.sampled_from([None, None, "R1", "R9"]),
)  # fmt: skip
ANSWERS = st.builds(Answer, st.sampled_from(AnswerKind), st.lists(RECORDS, max_size=4).map(tuple), st.sampled_from(["", "NOT_ALL_ASKED"]))


@settings(max_examples=300, deadline=None)
@given(PEOPLE, ANSWERS)
def test_whatever_is_written_ends_in_a_state_with_its_reason(person: Person, answer: Answer) -> None:
    graded = grade(person, answer, SCORER)
    assert graded == grade(person, answer, SCORER)
    assert graded.reason
    for one in graded.candidates:
        assert one.candidate in answer.candidates  # as it came: nothing of it was repaired
        told = explained_again(one)
        assert sum(bar.bits for bar in told.bars) == told.total
        assert text(told)
        assert "<script" not in picture(told)
        assert comparisons(one)
    if graded.outcome is LookupOutcome.KNOWN:
        assert answer.kind is AnswerKind.CANDIDATES
        assert not answer.reason
        assert [c.certain for c in graded.candidates].count(True) == 1
    if answer.kind is AnswerKind.FAILED:
        assert graded.outcome is LookupOutcome.NO_ANSWER
    if graded.outcome is LookupOutcome.NOT_KNOWN:
        assert answer.kind is AnswerKind.CANDIDATES or (answer.kind is AnswerKind.NOBODY and not answer.candidates)
        assert not any(c.restricted for c in answer.candidates)


FOREIGN = st.sampled_from(["Анна", "Смит", "李娜", "محمد", "Αννα", "Аnna", "Αnna"])
LATIN = st.sampled_from(["Anna", "Smith", "A", "Al-Hassan"])
EVERYTHING = {
    "birth_dates": (BirthDate(1988, 3, 14),), "sex": Sex.FEMALE, "nhs_number": NhsNumber("9990000018"),
    "addresses": (Address(("3 Cornflower Walk",), "ZZ9 1AB"),), "phones": (Phone("07700 900701"),),
}  # fmt: skip


@given(LATIN, LATIN, FOREIGN, FOREIGN, st.booleans())
def test_nobody_is_linked_across_alphabets_whatever_else_agrees(given_name: str, family: str, other: str, another: str, both: bool) -> None:
    person = Person((PersonName(another if both else family, given_name),), **EVERYTHING)  # type: ignore[arg-type]
    record = Candidate("R1", (PersonName(another, other),), **EVERYTHING)  # type: ignore[arg-type]
    assert grade(person, Answer(AnswerKind.CANDIDATES, (record,)), SCORER).outcome is LookupOutcome.POSSIBLE


@given(PEOPLE, RECORDS)
def test_an_explanation_never_quotes_anybody(person: Person, record: Candidate) -> None:
    graded = grade(person, Answer(AnswerKind.CANDIDATES, (record,)), SCORER)
    words = {level for levels in LEVELS.values() for level in levels} | {""}
    for one in graded.candidates:
        assert {bar.level for bar in one.evidence.bars} <= words


# ----------------------------------------------------------------------------------------------------------- any order

PLACES = [Address(("5 Campion Court",), "ZZ9 5LN"), Address(("28 Vetch Street",), "ZZ9 2AB")]
CAST = [
    Person((PersonName("Oakley", "Rosalind"),), (BirthDate(1983, 4, 5),), Sex.FEMALE, addresses=(PLACES[0],)),
    Person((PersonName("Oakley", "Wilfred"),), (BirthDate(2014, 2, 3),), Sex.MALE, addresses=(PLACES[0],)),
    Person((PersonName("Oakley", "Rosalyn"),), (BirthDate(1983, 4, 5),), Sex.FEMALE),
]  # fmt: skip
HELD = [
    Candidate(f"R{n}", (name,), (born,), addresses=homes)
    for n, (name, born, homes) in enumerate(
        (p.names[0], born, homes)
        for p in CAST for born in (p.birth_dates[0], replace(p.birth_dates[0], day=9)) for homes in ((), (PLACES[0],), (PLACES[1],))
    )
]  # fmt: skip
REPLIES = st.one_of(
    st.lists(st.sampled_from(HELD), min_size=1, max_size=3, unique=True).map(lambda held: Answer(AnswerKind.CANDIDATES, tuple(held))),
    st.just(Answer(AnswerKind.NOBODY)), st.just(Answer(AnswerKind.TOO_MANY)),
)  # fmt: skip


def ended(replies: list[Answer], order: list[int], cuts: list[int]) -> list[tuple[LookupOutcome, str, str | None]]:
    desk = Desk(everybody()[0])
    received(desk, case("NM-1", *zip((Role.VICTIM, Role.CHILD, Role.OTHER), CAST, strict=True)))
    messages = [m for m in desk.outbox.leave() if m.release.agency_id == TRUST]
    back = [arrived(messages[n], about_the_person(replies[n], messages[n].release)) for n in order]  # type: ignore[arg-type]
    for start, stop in zip([0, *cuts], [*cuts, len(back)], strict=True):
        results.handle(desk, back[start:stop])
    held = [desk.lookups.get(m.release.lookup_id) for m in messages]  # type: ignore[attr-defined]
    return [(k.outcome, k.reason, k.record.record_id if k.record else None) for k in held]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(REPLIES, min_size=3, max_size=3), st.permutations([0, 1, 2]), st.lists(st.integers(0, 3), max_size=2).map(sorted), st.data())
def test_a_case_ends_the_same_in_whatever_order_and_company_its_answers_come(
    replies: list[Answer], order: list[int], cuts: list[int], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from([0, 1, 2]), max_size=2))
    assert ended(replies, [0, 1, 2], []) == ended(replies, [*order, *again], cuts)
