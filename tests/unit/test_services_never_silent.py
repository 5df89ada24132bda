"""What could pass without a word does not: people left out of a list, polls that fail for good, words of people in the audit."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.domain.agreements import Purpose
from gateway.domain.case_list import Role
from gateway.domain.errors import Code
from gateway.domain.events import EventKind
from gateway.domain.receipts import PollReport
from gateway.domain.releases import PollRelease
from gateway.domain.tasks import TaskKind
from gateway.services import intake, results
from gateway.services.recording import NOT_A_CODE, noted
from tests.unit.fakes import Desk
from tests.unit.scenes import COORDINATOR, FAMILY, MARAC, OFFICE, OTHER, TRUST, TRUST_SYSTEM, arrived, case, everybody, listed, received

POLL = PollRelease(agency_id=TRUST, system=TRUST_SYSTEM.key, purpose=Purpose.ACTION, agreement_version="v1", references=("a",))
SECOND = case("NM-2", (Role.VICTIM, OTHER))


@pytest.fixture
def desk() -> Desk:
    return Desk(*everybody())


class TestLeftOut:
    def test_part_of_a_list_sent_again_is_told_with_how_many_it_leaves_out(self, desk: Desk) -> None:
        list_id = received(desk, FAMILY, SECOND)
        receipt = intake.receive_case_list(desk, COORDINATOR, MARAC, listed(SECOND))
        assert receipt.changes.withdrawn == 3
        warned = [(p.code, p.severity) for p in receipt.problems]
        assert warned == [(p.code, p.severity) for p in intake.problems(desk, COORDINATOR, list_id)] == [(Code.LIST_LEAVES_OUT, "warning")]
        [task] = [t for t in desk.tasks.open_of(OFFICE) if t.kind is TaskKind.PEOPLE_LEFT_OUT]
        assert (task.words, task.reason) == ("3", Code.LIST_LEAVES_OUT)

    def test_each_issue_that_leaves_people_out_has_its_own(self, desk: Desk) -> None:
        received(desk, FAMILY, SECOND)
        intake.receive_case_list(desk, COORDINATOR, MARAC, listed(SECOND))
        intake.receive_case_list(desk, COORDINATOR, MARAC, listed(FAMILY))
        assert [t.words for t in desk.tasks.open_of(OFFICE) if t.kind is TaskKind.PEOPLE_LEFT_OUT] == ["3", "1"]

    def test_a_list_that_only_adds_says_nothing(self, desk: Desk) -> None:
        received(desk, FAMILY)
        receipt = intake.receive_case_list(desk, COORDINATOR, MARAC, listed(FAMILY, SECOND))
        assert (receipt.problems, desk.tasks.kinds(OFFICE)) == ((), [])


class TestPolls:
    def failed(self, desk: Desk, *, final: bool = True) -> None:
        results.handle(desk, [arrived(POLL, None, kind="action.poll", reason=Code.AGENCY_REFUSED, final=final)])

    def test_one_that_fails_for_good_is_told_once(self, desk: Desk) -> None:
        self.failed(desk, final=False)
        assert desk.tasks.kinds(TRUST) == []
        self.failed(desk)
        self.failed(desk)
        [task] = desk.tasks.open_of(TRUST)
        assert (task.kind, task.about, task.reason) == (TaskKind.MESSAGE_STUCK, TRUST_SYSTEM.key, Code.AGENCY_REFUSED)

    def test_the_next_one_that_comes_through_ends_it(self, desk: Desk) -> None:
        self.failed(desk)
        results.handle(desk, [arrived(POLL, PollReport((), frozenset({"a"})), kind="action.poll")])
        assert desk.tasks.kinds(TRUST) == []


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        ("reason", "FLAG_REFUSED", "FLAG_REFUSED"),
        ("reason", "", ""),
        ("reason", "Aoife", NOT_A_CODE),
        ("reason", "Aoife O'Brien moved", NOT_A_CODE),
        ("system", "trust/record", "trust/record"),
        ("system", "3 Cornflower Walk", NOT_A_CODE),
        ("review_on", date(2027, 10, 19).isoformat(), "2027-10-19"),
        ("rows", 7, 7),
        ("done", True, True),
    ],
)
def test_the_audit_takes_codes_ids_and_counts_only(key: str, value: str | int | bool, kept: str | int | bool) -> None:
    assert noted(EventKind.TASK_OPENED, COORDINATOR, "x", TRUST, **{key: value}).facts == {key: kept}
