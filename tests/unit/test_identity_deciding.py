"""Rules as situations: who is linked, who waits for a person, and why."""

from __future__ import annotations

import pytest

from gateway.policy.identity.deciding import Offered, Outcome, Stop, ruled, settle
from gateway.policy.identity.model import current
from gateway.policy.identity.persons import birth, described, home
from gateway.policy.identity.scoring import Scorer

SCORER = Scorer(current())
HERE, NEXT_DOOR, ELSEWHERE = ("12 Mill Lane", "ZZ1 1AA"), ("14 Mill Lane", "ZZ1 1AA"), ("9 Elm Grove", "ZZ2 3CD")
NUMBER, OTHER_NUMBER, MISTYPED = "9990000018", "9990000026", "9990000019"


def person(given="Adrian", family="Webber", born="1980-10-12", at=HERE, nhs="", middle="", sex="male", phone="", before=None, hidden=False, alias=()):
    homes = [home(*at) if at else None, home(*before, current=False) if before else None]
    return described([(given, middle, family), *alias], [birth(born)], sex=sex, nhs=nhs, homes=homes, phones=[phone], hidden=hidden)


def verdict(asked, *held):
    question = SCORER.question(asked)
    offered = [Offered(f"r{n}", one, SCORER.score(question, one)) for n, one in enumerate(held)]
    return ruled(offered, SCORER.model.thresholds)


LINKED = {
    "all the same": (person(), person()),
    "a short form of the name": (person(given="Mike"), person(given="Michael")),
    "another spelling": (person(given="Mohammed", family="Khan"), person(given="Muhammad", family="Khan")),
    "order swapped": (person(given="Wei", family="Zhang"), person(given="Zhang", family="Wei")),
    "moved, and the old home is known": (person(at=ELSEWHERE, before=HERE), person(at=HERE)),
    "moved, with the same telephone": (person(at=ELSEWHERE, phone="07700 900123"), person(phone="+44 7700 900123")),
    "in a refuge, with the NHS number": (person(at=None, nhs=NUMBER), person(nhs=NUMBER)),
    "married name, same home": (person(family="Oakley"), person(family="Webber")),
    "a mistyped NHS number and all else the same": (person(nhs=MISTYPED), person(nhs=NUMBER)),
    "day and month swapped at the same home": (person(born="1980-12-10"), person(born="1980-10-12")),
    "the alias is the name": (person(family="Oakley"), person(alias=[("Adrian", "", "Oakley")])),
}
WAITING = {
    "twin": (person(given="Elena", sex="female"), person(given="Elsa", sex="female"), Stop.TWIN_OR_SIBLING),
    "twin whose name is a keystroke away": (person(given="Jane"), person(given="Jade"), Stop.TWIN_OR_SIBLING),
    "name and date alone": (person(at=ELSEWHERE), person(), Stop.NAME_AND_DATE_ONLY),
    "name, date and a postcode without a house": (person(at=("Mill Lane", "ZZ1 1AA")), person(), Stop.NAME_AND_DATE_ONLY),
    "the neighbour's date slipped": (person(at=NEXT_DOOR, born="1980-10-13"), person(), Stop.DATE_DIFFERS),
    "NHS number of somebody else": (person(given="Boris", nhs=NUMBER, born="1971-02-03"), person(nhs=NUMBER), Stop.IDENTIFIER_OF_ANOTHER),
    "two NHS numbers": (person(nhs=OTHER_NUMBER), person(nhs=NUMBER), Stop.IDENTIFIER_DIFFERS),
    "the namesake's number was copied": (person(at=ELSEWHERE, nhs=NUMBER, born="1980-10-13"), person(nhs=NUMBER), Stop.DATE_DIFFERS),
    "sex differs": (person(sex="female"), person(sex="male"), Stop.SEX_CONFLICT),
    "another middle name": (person(middle="John"), person(middle="Peter"), Stop.MIDDLE_NAME_DIFFERS),
    "no date of birth": (person(born=""), person(), Stop.DATE_MISSING),
    "restricted": (person(), person(hidden=True), Stop.RESTRICTED),
    "another alphabet": (person(given="Анна", family="Webber"), person(given="Анна", family="Webber"), Stop.MIXED_SCRIPT),
    "a look-alike letter": (person(given="Аdrian"), person(), Stop.MIXED_SCRIPT),
}


@pytest.mark.parametrize(("asked", "held"), LINKED.values(), ids=LINKED)
def test_linked_without_a_person(asked, held):
    assert verdict(asked, held)[0][1:3] == (Outcome.LINK, Stop.NONE)


@pytest.mark.parametrize(("asked", "held", "why"), WAITING.values(), ids=WAITING)
def test_never_linked_without_a_person(asked, held, why):
    found = verdict(asked, held)[0]
    assert found.outcome is not Outcome.LINK
    assert found.stop in (why, Stop.TOO_WEAK)


def test_father_of_the_same_name_at_the_same_address_is_not_linked():
    assert verdict(person(born="1980-10-12"), person(born="1958-07-09"))[0].outcome is not Outcome.LINK


def test_no_role_can_be_given():
    assert "role" not in Offered._fields + tuple(SCORER.score(SCORER.question(person()), person())._fields)


def test_a_close_rival_stops_the_link():
    assert [r.outcome for r in verdict(person(), person(), person())] == [Outcome.REVIEW, Outcome.REVIEW]
    assert verdict(person(), person(), person())[0].stop is Stop.RIVAL


def test_a_second_record_with_the_same_number_is_shown_beside_the_link():
    found = verdict(person(nhs=NUMBER), person(nhs=NUMBER), person(nhs=NUMBER, at=ELSEWHERE))
    assert [(r.outcome, r.stop) for r in found] == [(Outcome.LINK, Stop.NONE), (Outcome.REVIEW, Stop.DUPLICATE)]


def test_a_restricted_record_that_could_be_theirs_stops_the_link_to_another():
    hidden = person(born="", at=None, hidden=True)
    somebody_else = person(given="Rosalind", born="", at=None, sex="", hidden=True)
    assert verdict(person(), person(), hidden)[0][1:3] == (Outcome.REVIEW, Stop.RIVAL)
    assert verdict(person(), person(), somebody_else)[0].outcome is Outcome.LINK


def test_a_household_beside_the_link_is_nobodys_business():
    found = verdict(person(), person(), person(given="Elena", born="1982-01-05", sex="female"), person(given="Tom", born="2011-05-06"))
    assert [r.outcome for r in found] == [Outcome.LINK, Outcome.NO, Outcome.NO]


def case(**people):
    """Each value: who is asked about, and the records offered by key."""
    asked = {}
    for name, (one, records) in people.items():
        question = SCORER.question(one)
        asked[name] = (question, [Offered(key, held, SCORER.score(question, held)) for key, held in records.items()])
    return {name: [(r.record, r.outcome, r.stop) for r in found] for name, found in settle(SCORER, asked).items()}


def test_another_person_of_the_case_at_the_same_home_is_evidence():
    his, hers = person(at=HERE), person(given="Rosalind", family="Oakley", born="1983-04-05", at=HERE, sex="female")
    moved = person(given="Rosalind", family="Oakley", born="1983-04-05", at=ELSEWHERE, sex="female")
    alone = case(victim=(moved, {"hers": hers}))
    together = case(victim=(moved, {"hers": hers}), perpetrator=(person(), {"his": his}))
    assert alone["victim"] == [("hers", Outcome.REVIEW, Stop.NAME_AND_DATE_ONLY)]
    assert together["victim"] == [("hers", Outcome.LINK, Stop.NONE)]


def test_one_record_is_never_linked_to_two_people_of_a_case():
    found = case(victim=(person(), {"r": person()}), perpetrator=(person(), {"r": person()}))
    assert found["victim"] == found["perpetrator"] == [("r", Outcome.REVIEW, Stop.CLAIMED_TWICE)]


def test_nobody_offered_is_nothing_decided():
    assert verdict(person()) == []
