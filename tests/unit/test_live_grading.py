"""Families of situations on the live path: who is linked without a person, who is put before one, who is left out. The role is nowhere."""

from __future__ import annotations

from cProfile import Profile
from dataclasses import replace

import pytest

from gateway.domain.case_list import Address, BirthDate, Person, PersonName, Phone, Role, Sex
from gateway.domain.errors import Code
from gateway.domain.identifiers import LocalIdentifier, NhsNumber
from gateway.domain.lookup import Answer, AnswerKind, Candidate, GradedAnswer, LookupOutcome
from gateway.policy.identity import grading, remembering
from gateway.policy.identity.explaining import SENTENCES, comparisons, explained_again
from gateway.policy.identity.model import current
from gateway.policy.identity.persons import of_person
from gateway.policy.identity.scoring import Scorer
from tests.unit.scenes import ADDRESS, AOIFE, DECLAN, NUMBERS, found, record_of

KNOWN, POSSIBLE, NOT_KNOWN, NO_ANSWER = (
    LookupOutcome.KNOWN, LookupOutcome.POSSIBLE, LookupOutcome.NOT_KNOWN, LookupOutcome.NO_ANSWER,
)  # fmt: skip

SCORER = Scorer(current())


def graded_as(who: Person, answer: Answer) -> GradedAnswer:
    return grading.grade(who, answer, SCORER)


EXACT = record_of(AOIFE, "R1")
BARE = replace(EXACT, nhs_number=None, addresses=(), phones=())
ELSEWHERE = (Address(("18 Teasel Mews", "Northmoor"), "ZZ9 7RS"),)


def named(family: str, given: str, *middle: str) -> tuple[PersonName, ...]:
    return (PersonName(family, given, middle),)


def born(text: str) -> tuple[BirthDate, ...]:
    return (BirthDate.from_iso(text),)


SITUATIONS = [
    # certain
    ("number, name and date agree", EXACT, KNOWN, Code.ONE_RECORD_CERTAIN),
    ("number, name and date agree, at another address", replace(EXACT, addresses=ELSEWHERE, phones=()), KNOWN, Code.ONE_RECORD_CERTAIN),
    ("name, date, house number and postcode", replace(EXACT, nhs_number=None, phones=()), KNOWN, Code.ONE_RECORD_CERTAIN),
    ("name, date and telephone, written abroad", replace(BARE, phones=(Phone("+44 7700 900 701"),)), KNOWN, Code.ONE_RECORD_CERTAIN),
    ("capitals and another apostrophe", replace(EXACT, names=named("O’BRIEN", "AOIFE")), KNOWN, Code.ONE_RECORD_CERTAIN),
    ("without the apostrophe", replace(EXACT, names=named("OBrien", "Aoife")), KNOWN, Code.ONE_RECORD_CERTAIN),
    ("an alias of the record is the listed name", replace(EXACT, names=(*named("Walsh", "Aoife"), *EXACT.names)), KNOWN, Code.ONE_RECORD_CERTAIN),
    # a person must look
    ("name and date alone", BARE, POSSIBLE, Code.NAME_AND_DATE_ONLY),
    ("name and date, other number in the same street", replace(BARE, addresses=(Address(("18 Cornflower Walk",), "ZZ9 1AB"),)), POSSIBLE, Code.NAME_AND_DATE_ONLY),
    ("the number is somebody else's: another name", replace(EXACT, names=named("Marsh", "Gwen")), POSSIBLE, Code.IDENTIFIER_OF_ANOTHER),
    ("the number is somebody else's: another birth", replace(EXACT, birth_dates=born("1961-07-30")), POSSIBLE, Code.IDENTIFIER_OF_ANOTHER),
    ("another number, all else the same", replace(EXACT, nhs_number=NhsNumber(NUMBERS[1])), POSSIBLE, Code.IDENTIFIER_DIFFERS),
    ("one digit of the year", replace(EXACT, nhs_number=None, birth_dates=born("1986-03-14")), POSSIBLE, Code.DATE_DIFFERS),
    ("day and month swapped", replace(EXACT, nhs_number=None, birth_dates=born("1988-03-11")), KNOWN, Code.ONE_RECORD_CERTAIN),
    ("only the year is known", replace(EXACT, birth_dates=born("1988")), KNOWN, Code.ONE_RECORD_CERTAIN),
    ("no date of birth on the record", replace(EXACT, birth_dates=()), POSSIBLE, Code.DATE_MISSING),
    ("recorded sex contradicts", replace(EXACT, sex=Sex.MALE), POSSIBLE, Code.SEX_CONFLICT),
    ("mother or daughter of one name", replace(EXACT, nhs_number=None, birth_dates=born("1960-03-14")), POSSIBLE, Code.GENERATION),
    ("twin at the same address", replace(EXACT, nhs_number=None, names=named("O'Brien", "Ciara")), POSSIBLE, Code.TWIN_OR_SIBLING),
    ("names swapped", replace(EXACT, names=named("Aoife", "O'Brien")), KNOWN, Code.ONE_RECORD_CERTAIN),
    ("a keystroke in the family name, without a number", replace(EXACT, nhs_number=None, names=named("O'Brein", "Aoife")), KNOWN, Code.ONE_RECORD_CERTAIN),
    ("a keystroke in the given name, without a number", replace(EXACT, nhs_number=None, names=named("O'Brien", "Aoifa")), POSSIBLE, Code.TWIN_OR_SIBLING),
    ("the number is somebody else's in everything", replace(record_of(DECLAN, "R9"), nhs_number=AOIFE.nhs_number, names=named("Holt", "Simon"), addresses=ELSEWHERE), POSSIBLE, Code.IDENTIFIER_OF_ANOTHER),
    ("a keystroke in the family name", replace(EXACT, names=named("O'Brein", "Aoife")), KNOWN, Code.ONE_RECORD_CERTAIN),
    ("only an initial", replace(EXACT, names=named("O'Brien", "A")), KNOWN, Code.ONE_RECORD_CERTAIN),
    ("protected", replace(EXACT, restricted=True), POSSIBLE, Code.RESTRICTED),
    ("protected, and everything hidden", Candidate("R1", restricted=True), POSSIBLE, Code.RESTRICTED),
    ("protected, though what can be seen differs", record_of(DECLAN, "R9", restricted=True), POSSIBLE, Code.RESTRICTED),
    ("only the given name, at the same address", replace(BARE, addresses=(ADDRESS,), names=named("Marsh", "Aoife"), birth_dates=born("1961-07-30")), NOT_KNOWN, Code.OTHERS_ONLY),
    ("died", replace(EXACT, deceased=True), POSSIBLE, Code.DECEASED),
    ("merged into another", replace(EXACT, superseded_by="R2"), POSSIBLE, Code.SUPERSEDED),
    ("a Cyrillic letter in the name", replace(EXACT, names=named("O'Brien", "Аoife")), POSSIBLE, Code.MIXED_SCRIPT),
    # plainly somebody else
    ("sister born another day", replace(EXACT, nhs_number=None, names=named("O'Brien", "Ciara"), birth_dates=born("1991-07-30")), NOT_KNOWN, Code.OTHERS_ONLY),
    ("twin with a number of her own", replace(EXACT, nhs_number=NhsNumber(NUMBERS[1]), names=named("O'Brien", "Ciara")), NOT_KNOWN, Code.OTHERS_ONLY),
    ("only the given name", replace(BARE, names=named("Marsh", "Aoife"), birth_dates=born("1961-07-30")), NOT_KNOWN, Code.OTHERS_ONLY),
    ("nothing agrees", record_of(DECLAN, "R9", addresses=ELSEWHERE, names=named("Holt", "Simon"), sex=None), NOT_KNOWN, Code.OTHERS_ONLY),
]  # fmt: skip


@pytest.mark.parametrize(("candidate", "outcome", "reason"), [s[1:] for s in SITUATIONS], ids=[s[0] for s in SITUATIONS])
def test_one_record_offered(candidate: Candidate, outcome: LookupOutcome, reason: Code) -> None:
    graded = graded_as(AOIFE, found(candidate))
    assert (graded.outcome, graded.reason) == (outcome, reason)
    assert all(g.certain == (outcome is KNOWN) for g in graded.candidates)


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (Answer(AnswerKind.NOBODY), NOT_KNOWN, Code.NOBODY_HELD),
        (Answer(AnswerKind.CANDIDATES), NO_ANSWER, Code.ANSWER_EMPTY),
        (Answer.failed(Code.AGENCY_TIMEOUT), NO_ANSWER, Code.AGENCY_TIMEOUT),
        (Answer.failed(""), NO_ANSWER, Code.NOT_ANSWERED),
        (Answer(AnswerKind.TOO_MANY), POSSIBLE, Code.TOO_MANY_MATCHES),
        (Answer(AnswerKind.PROTECTED), POSSIBLE, Code.RECORD_PROTECTED),
        (Answer(AnswerKind.MAYBE_HIDDEN), POSSIBLE, Code.RECORD_MAYBE_HIDDEN),
        (Answer(AnswerKind.TOO_MANY, (EXACT,)), POSSIBLE, Code.TOO_MANY_MATCHES),
        (Answer(AnswerKind.PROTECTED, (EXACT,)), POSSIBLE, Code.RECORD_PROTECTED),
        (Answer(AnswerKind.CANDIDATES, (EXACT,), Code.ANSWER_INCOMPLETE), POSSIBLE, Code.ANSWER_INCOMPLETE),
    ],
)
def test_only_a_clean_and_complete_answer_settles_anything(answer: Answer, outcome: LookupOutcome, reason: Code) -> None:
    graded = graded_as(AOIFE, answer)
    assert (graded.outcome, graded.reason) == (outcome, reason)
    assert not any(g.certain for g in graded.candidates)


def test_an_incomplete_list_of_others_is_never_not_known() -> None:
    other = record_of(DECLAN, "R9", names=named("Holt", "Simon"), addresses=ELSEWHERE)
    assert graded_as(AOIFE, found(other)).outcome is NOT_KNOWN
    assert graded_as(AOIFE, Answer(AnswerKind.CANDIDATES, (other,), Code.ANSWER_INCOMPLETE)).outcome is POSSIBLE


class TestRivals:
    def test_two_records_that_fit_are_both_possible(self) -> None:
        graded = graded_as(AOIFE, found(EXACT, replace(BARE, record_id="R2")))
        assert (graded.outcome, graded.reason) == (POSSIBLE, Code.SECOND_RECORD)
        assert [(g.candidate.record_id, g.stopped_by) for g in graded.candidates] == [("R1", Code.SECOND_RECORD), ("R2", Code.SECOND_RECORD)]

    def test_two_records_with_one_number_are_a_choice_of_where_the_alert_stands(self) -> None:
        graded = graded_as(AOIFE, found(EXACT, replace(EXACT, record_id="R2")))
        assert (graded.outcome, graded.reason) == (POSSIBLE, Code.SECOND_RECORD)

    def test_a_record_with_the_persons_number_beside_one_that_fits_without_it(self) -> None:
        other = replace(record_of(DECLAN, "R9"), nhs_number=AOIFE.nhs_number)
        assert graded_as(AOIFE, found(replace(EXACT, nhs_number=None), other)).reason == Code.RIVAL

    @pytest.mark.parametrize("number", [AOIFE.nhs_number, None])
    def test_beside_a_record_of_the_same_person_that_says_she_has_died_somebody_looks(self, number: NhsNumber | None) -> None:
        dead = replace(EXACT, record_id="R2", nhs_number=number, deceased=True)
        assert graded_as(AOIFE, found(EXACT, dead)).reason == Code.SECOND_RECORD

    def test_a_namesake_with_another_number_is_no_rival_of_the_record_with_the_listed_one(self) -> None:
        namesake = replace(BARE, record_id="R2", nhs_number=NhsNumber(NUMBERS[1]))
        assert graded_as(AOIFE, found(EXACT, namesake)).outcome is KNOWN

    def test_a_namesake_is_a_rival_where_no_number_tells_them_apart(self) -> None:
        by_address = replace(EXACT, nhs_number=None)
        namesake = replace(BARE, record_id="R2", addresses=ELSEWHERE)
        assert graded_as(AOIFE, found(by_address, namesake)).outcome is POSSIBLE

    def test_a_protected_record_beside_a_certain_one_could_be_hers_too(self) -> None:
        assert graded_as(AOIFE, found(EXACT, Candidate("R2", restricted=True))).reason == Code.RIVAL

    def test_a_record_merged_into_the_certain_one_is_no_rival(self) -> None:
        assert graded_as(AOIFE, found(EXACT, replace(EXACT, record_id="R0", superseded_by="R1"))).outcome is KNOWN

    def test_a_twin_and_a_son_beside_the_certain_record_do_not_stop_it(self) -> None:
        twin = replace(EXACT, record_id="R2", nhs_number=NhsNumber(NUMBERS[1]), names=named("O'Brien", "Ciara"))
        son = replace(EXACT, record_id="R3", nhs_number=NhsNumber(NUMBERS[2]), birth_dates=born("2012-03-14"))
        assert graded_as(AOIFE, found(son, twin, EXACT)).outcome is KNOWN

    def test_the_same_record_sent_twice_is_not_its_own_rival(self) -> None:
        assert graded_as(AOIFE, found(EXACT, EXACT)).outcome is KNOWN


class TestNames:
    @pytest.mark.parametrize(
        ("listed", "held"),
        [
            (("Wiśniewska", "Katarzyna"), ("Wisniewska", "Katarzyna")),
            (("Łukasiewicz", "Łukasz"), ("LUKASIEWICZ", "Lukasz")),
            (("Hargreaves-Whitlock", "Chloe"), ("Hargreaves Whitlock", "Chloe")),
            (("Gonçalves Ribeiro", "Inês"), ("Goncalves-Ribeiro", "Ines")),
            (("Wong", "Mei Ling"), ("Wong", "Mei-Ling")),
            (("Wong", "Mei Ling"), ("Wong", "Meiling")),
            (("O'Brien", "Aoife\u200b"), ("O Brien", "Aoife")),
            (("Ｏ＇Ｂｒｉｅｎ", "Aoife"), ("O'Brien", "Aoife")),
        ],
    )
    def test_spelled_the_same_for_us(self, listed: tuple[str, str], held: tuple[str, str]) -> None:
        who = replace(AOIFE, names=named(*listed))
        assert graded_as(who, found(replace(EXACT, names=named(*held)))).outcome is KNOWN

    def test_second_given_names_count_as_middle_names_wherever_they_stand(self) -> None:
        who = replace(AOIFE, names=named("O'Brien", "Aoife Mary"))
        assert graded_as(who, found(replace(EXACT, names=named("O'Brien", "Aoife", "Mary")))).outcome is KNOWN

    def test_other_middle_names_stop_a_link_without_a_number(self) -> None:
        who = replace(AOIFE, names=named("O'Brien", "Aoife Mary"))
        other = replace(EXACT, names=named("O'Brien", "Aoife", "Ruth"), nhs_number=None)
        assert graded_as(who, found(other)).outcome is POSSIBLE
        assert graded_as(who, found(replace(other, nhs_number=AOIFE.nhs_number))).outcome is KNOWN

    def test_held_under_a_listed_alias(self) -> None:
        who = replace(AOIFE, names=(*AOIFE.names, PersonName("Walsh", "Aoife")))
        assert graded_as(who, found(replace(EXACT, names=named("Walsh", "Aoife")))).outcome is KNOWN

    def test_one_part_of_a_joined_name_at_the_same_home(self) -> None:
        who = replace(AOIFE, names=named("Hargreaves-Whitlock", "Aoife"))
        assert graded_as(who, found(replace(EXACT, names=named("Whitlock", "Aoife")))).outcome is KNOWN


def test_any_listed_date_of_birth_will_do() -> None:
    who = replace(AOIFE, birth_dates=(*AOIFE.birth_dates, *born("1988-04-13")))
    assert graded_as(who, found(replace(EXACT, birth_dates=born("1988-04-13")))).outcome is KNOWN


def test_a_previous_address_of_the_list_is_evidence_too() -> None:
    moved = replace(AOIFE, addresses=(Address(("1 Vetch Street",), "ZZ9 2AB"), replace(ADDRESS, current=False)))
    assert graded_as(moved, found(replace(EXACT, nhs_number=None, phones=()))).outcome is KNOWN


def test_another_flat_in_the_same_house_is_not_the_same_home() -> None:
    who = replace(AOIFE, addresses=(Address(("Flat 5, 3 Cornflower Walk",), "ZZ9 1AB"),))
    flat = replace(EXACT, nhs_number=None, phones=(), addresses=(Address(("Flat 2, 3 Cornflower Walk",), "ZZ9 1AB"),))
    assert graded_as(who, found(flat)).reason == Code.NAME_AND_DATE_ONLY


def test_the_agencys_own_number_counts_within_its_scheme_only() -> None:
    who = replace(AOIFE, nhs_number=None, identifiers=(LocalIdentifier("scheme-a", "77"),))
    same = replace(BARE, identifiers=(LocalIdentifier("scheme-a", "77"),))
    other_scheme = replace(BARE, identifiers=(LocalIdentifier("scheme-b", "77"),))
    assert graded_as(who, found(same)).outcome is KNOWN
    assert graded_as(who, found(other_scheme)).reason == Code.NAME_AND_DATE_ONLY


def test_a_slip_in_the_agencys_own_number_is_told_and_stops_a_link() -> None:
    who = replace(AOIFE, nhs_number=None, identifiers=(LocalIdentifier("scheme-a", "1234567"),))
    slipped = replace(EXACT, nhs_number=None, identifiers=(LocalIdentifier("scheme-a", "1234561"),))
    graded = graded_as(who, found(slipped))
    assert (graded.outcome, graded.reason) == (POSSIBLE, Code.IDENTIFIER_DIFFERS)
    assert [c.sentence for c in comparisons(graded.candidates[0]) if c.field == "agency_number"] == ["one digit apart"]


def test_the_role_is_no_argument_of_grading() -> None:
    for module in (grading, remembering):
        assert not any(v is Role or isinstance(v, Role) for v in vars(module).values())
    assert "role" not in grading.grade.__code__.co_varnames


def test_every_line_of_an_explanation_is_in_words_without_a_value() -> None:
    graded = graded_as(AOIFE, found(EXACT)).candidates[0]
    assert [line.field for line in comparisons(graded)] == ["given_name", "family_name", "birth_date", "nhs_number", "address", "phone"]
    told = [bar.sentence for bar in explained_again(graded).bars]
    assert not any("Aoife" in sentence or any(c.isdigit() for c in sentence) for sentence in told)
    assert all(not any(c.isdigit() for c in sentence) for ways in SENTENCES.values() for sentence in ways)


def test_what_is_kept_adds_up_to_the_score_and_says_so_again() -> None:
    graded = graded_as(AOIFE, found(EXACT)).candidates[0]
    told = explained_again(graded)
    assert sum(bar.bits for bar in told.bars) == told.total == graded.evidence.total
    assert told.stopped_by == ""


def test_the_digest_of_what_was_decided_on_changes_with_who_the_records_say_they_are_and_with_nothing_else() -> None:
    graded = graded_as(AOIFE, found(EXACT, replace(BARE, record_id="R2"))).candidates
    moved = graded_as(AOIFE, found(replace(EXACT, addresses=ELSEWHERE), replace(BARE, record_id="R2"))).candidates
    renamed = graded_as(AOIFE, found(replace(EXACT, names=named("Walsh", "Aoife")), replace(BARE, record_id="R2"))).candidates
    digest = remembering.digest
    assert digest(graded) == digest(reversed(graded)) == digest(moved)
    assert digest(graded) != digest(renamed)
    assert digest(graded) != digest(graded[:1])


@pytest.mark.parametrize(("others", "many"), [(0, 300), (1, 400)])
def test_grading_the_usual_answer_takes_few_calls(others: int, many: int) -> None:
    """60 µs is the share of a look-up that the benchmark leaves. Functions called are counted here, which is the same on every machine."""
    question = SCORER.question(of_person(AOIFE))
    sister = replace(EXACT, record_id="R2", nhs_number=None, names=named("O'Brien", "Ciara"), birth_dates=born("1991-07-30"))
    answer = found(EXACT, *[sister] * others)

    def grade() -> GradedAnswer:
        compared = grading.compared(question, answer, SCORER)
        return grading.graded(grading.ruled(compared.offered, SCORER.model.thresholds), compared, SCORER)

    assert grade().outcome is KNOWN
    with Profile() as profile:
        grade()
    assert 0 < sum(entry.callcount for entry in profile.getstats()) < many
