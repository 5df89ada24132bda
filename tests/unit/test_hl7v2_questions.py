"""Which questions a look-up puts: few, none too wide, all that is needed, and it is said when something could not be asked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from gateway.domain.case_list import BirthDate, PersonName
from gateway.domain.identifiers import LocalIdentifier
from gateway.domain.releases import LookupRelease
from mappings.hl7v2.pdq import control_id
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.questions import MOST_QUESTIONS, Question, Questions, plan
from tests.contract.asked import about

TWO = tuple(PersonName(f"Other{n}", "Anna") for n in range(2))
MANY = tuple(PersonName(f"Other{n}", "Anna") for n in range(8))


def asked(questions: tuple[Question, ...]) -> list[str]:
    return [" ".join(f"{field.removeprefix('@PID.')}={value}" for field, value in question.criteria) for question in questions]


def plain(release: LookupRelease, **profile: str) -> tuple[list[str], list[str], bool]:
    found: Questions = plan(release, Profile(**profile))
    return asked(found.first), asked(found.second), found.complete


@pytest.mark.parametrize(
    ("release", "first", "second", "complete"),
    [
        pytest.param(
            about("Smith", "Anna", date(1980, 1, 2)),
            ["5.1.1=Smith 7=19800102"], ["5.1.1=Smith 5.2=Anna 7=1980"], True, id="name and date",
        ),
        pytest.param(about("Smith", "Anna", None), ["5.1.1=Smith 5.2=Anna"], [], True, id="no date"),
        pytest.param(about("Smith", "", date(1980, 1, 2)), ["5.1.1=Smith 7=19800102"], [], True, id="no given name"),
        pytest.param(about("Smith", "", None), [], [], False, id="a family name alone is not asked, and that is said"),
        pytest.param(about("", "Anna", date(1980, 1, 2)), [], [], True, id="no name at all"),
        pytest.param(
            about("Smith", "Anna", BirthDate(1980, 1)),
            ["5.1.1=Smith 5.2=Anna 7=198001"], ["5.1.1=Smith 5.2=Anna 7=1980"], True, id="a month",
        ),
        pytest.param(about("Smith", "Anna", BirthDate(1980)), ["5.1.1=Smith 5.2=Anna 7=1980"], [], True, id="a year: nothing wider is left"),
        pytest.param(
            about("Smith", "Anna", date(1980, 1, 2), also_born=(date(1980, 2, 1),)),
            ["5.1.1=Smith 7=19800102", "5.1.1=Smith 7=19800201"], ["5.1.1=Smith 5.2=Anna 7=1980"], True, id="two dates of one year",
        ),
        pytest.param(
            about("Smith", "Anna", date(1980, 1, 2), aliases=(PersonName("Smith", "Ann"),)),
            ["5.1.1=Smith 7=19800102"], ["5.1.1=Smith 5.2=Anna 7=1980", "5.1.1=Smith 5.2=Ann 7=1980"], True, id="an alias of the same family",
        ),
        pytest.param(
            about("Smith", "Anna", None, nhs_number="9990022224", numbers=(LocalIdentifier("ashby", "C1"),)),
            ["3.1=C1", "3.1=9990022224 3.4.1=NHS 3.4.2=2.16.840.1.113883.2.1.4.1 3.4.3=ISO", "5.1.1=Smith 5.2=Anna"], [], True, id="numbers",
        ),
    ],
)  # fmt: skip
def test_what_is_asked(release: LookupRelease, first: list[str], second: list[str], complete: bool) -> None:
    assert plain(release) == (first, second, complete)


def test_more_than_may_be_asked_is_said() -> None:
    first, second, complete = plain(about("Smith", "Anna", date(1980, 1, 2), aliases=MANY))
    assert (len(first), len(second), complete) == (MOST_QUESTIONS, MOST_QUESTIONS, False)
    assert first[0] == "5.1.1=Smith 7=19800102"


def test_a_system_may_do_without_the_second_question() -> None:
    assert plain(about("Smith", "Anna", date(1980, 1, 2), aliases=TWO), second_question="no")[1:] == ([], True)


def test_control_ids_fit_and_never_meet() -> None:
    at = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    lookups = [UUID(int=number) for number in range(20)]
    moments = [at + timedelta(microseconds=n) for n in range(5)]
    ids = {
        control_id(lookup, moment, question, page) for lookup in lookups for moment in moments for question in range(6) for page in range(5)
    }
    assert len(ids) == 20 * 5 * 6 * 5
    assert all(len(one) == 20 and one.isascii() and one.isalnum() for one in ids)
    assert control_id(lookups[0], at, 1, 2) == control_id(lookups[0], at, 1, 2)


def test_nothing_of_the_person_can_be_read_in_a_repr() -> None:
    found = plan(about("Smith", "Anna", date(1980, 1, 2)), Profile())
    assert "Smith" not in repr(found) + str(found.first[0]) + f"{found.first}"
