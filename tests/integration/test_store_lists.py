"""Case lists in the database: issues, whoever stayed and whoever left, and the same person met again."""

import threading
from dataclasses import replace
from uuid import uuid4

import pytest

from gateway.domain.case_list import Role
from gateway.domain.errors import Code, Conflict, NotFound
from gateway.domain.identifiers import CaseId, CaseListId, SubjectId
from tests.integration.cabinet import (
    FAMILY,
    MARAC,
    MEETING,
    NEIGHBOURS,
    NOW,
    OTHER_MARAC,
    PROBLEM,
    added,
    cabinet,
    case_list,
    corrected,
    note,
    person,
)


@pytest.fixture
def store(database_url):
    with cabinet(database_url) as opened:
        yield opened


def test_a_list_comes_back_as_it_went_in(store):
    paper = added(store)
    with store.work() as work:
        assert work.case_lists.get(paper.id) == paper
        assert work.case_lists.latest(MARAC, MEETING) == paper
        assert work.case_lists.latest(OTHER_MARAC, MEETING) is None
        assert work.case_lists.problems(paper.id) == [PROBLEM]
        assert work.case_lists.case(paper.cases[1].id) == paper.cases[1]
        assert work.case_lists.subjects([s.id for s in paper.subjects]) == {s.id: s for s in paper.subjects}


def test_counts_for_the_list_of_lists(store):
    paper = added(store)
    added(store, case_list(FAMILY, marac=OTHER_MARAC))
    with store.work() as work:
        (line,) = work.case_lists.summaries(frozenset({MARAC}))
        assert (line.id, line.issue, line.cases, line.people, line.problems, line.received_at) == (paper.id, 1, 2, 5, 1, NOW)
        assert work.case_lists.summaries(frozenset()) == []


def test_what_is_not_there(store):
    with store.work() as work:
        assert work.case_lists.subjects([SubjectId(uuid4())]) == {}
        for ask in (
            lambda: work.case_lists.get(CaseListId(uuid4())),
            lambda: work.case_lists.case(CaseId(uuid4())),
            lambda: work.case_lists.is_current(SubjectId(uuid4())),
        ):
            with pytest.raises(NotFound):
                ask()


class TestIssues:
    def test_a_corrected_list_keeps_ids_and_marks_whoever_left(self, store):
        first = added(store)
        family, neighbours = first.cases
        gone, stays = family.subjects[1], family.subjects[0]
        second = corrected(first, replace(family, subjects=(stays, family.subjects[2]), notes="now with other notes"))
        with store.work() as work:
            work.case_lists.add(second, b"other", [], note(second.id))
        with store.work() as work:
            assert work.case_lists.get(first.id) == second
            assert work.case_lists.problems(first.id) == []
            assert [line.issue for line in work.case_lists.summaries(frozenset({MARAC}))] == [2]
            assert work.case_lists.is_current(stays.id)
            assert not work.case_lists.is_current(gone.id)
            assert not any(work.case_lists.is_current(s.id) for s in neighbours.subjects)
            assert work.case_lists.subjects([gone.id]) == {gone.id: gone}
            assert work.case_lists.case(neighbours.id) == neighbours
            assert work.case_lists.case(family.id).notes == "now with other notes"

    def test_whoever_comes_back_is_current_again(self, store):
        first = added(store)
        second = corrected(first, first.cases[0])
        third = corrected(second, *first.cases)
        with store.work() as work:
            work.case_lists.add(second, b"2", [], note())
            work.case_lists.add(third, b"3", [], note())
        with store.work() as work:
            assert work.case_lists.get(first.id) == third
            assert all(work.case_lists.is_current(s.id) for s in first.subjects)

    @pytest.mark.parametrize("issue", [1, 3])
    def test_an_issue_that_is_not_the_next_is_refused(self, store, issue):
        first = added(store)
        with pytest.raises(Conflict, match="STALE_VERSION"), store.work() as work:
            work.case_lists.add(replace(first, issue=issue), b"2", [], note())

    def test_a_second_list_for_the_same_meeting_is_refused(self, store):
        added(store)
        with pytest.raises(Conflict, match="STALE_VERSION"):
            added(store, case_list(NEIGHBOURS), b"2")

    def test_people_of_another_list_are_not_taken_over(self, store):
        first = added(store)
        other = case_list(FAMILY, meeting=MEETING.replace(day=28))
        with pytest.raises(Conflict):
            added(store, replace(other, cases=(replace(first.cases[0], list_id=other.id),)), b"2")

    def test_a_meeting_that_moves_takes_its_list_along(self, store):
        first = added(store)
        moved = replace(corrected(first, *first.cases), meeting_date=MEETING.replace(day=21))
        with store.work() as work:
            work.case_lists.add(moved, b"2", [], note())
            assert work.case_lists.latest(MARAC, MEETING) is None
            assert work.case_lists.latest(MARAC, MEETING.replace(day=21)).id == first.id


class TestTheSameListAgain:
    def test_is_found_by_its_content_whatever_issue_had_it(self, store):
        first = added(store, digest=b"one")
        with store.work() as work:
            work.case_lists.add(corrected(first, first.cases[0]), b"two", [], note())
        with store.work() as work:
            assert work.case_lists.find_same(MARAC, b"one") == first.id
            assert work.case_lists.find_same(MARAC, b"two") == first.id
            assert work.case_lists.find_same(MARAC, b"three") is None
            assert work.case_lists.find_same(OTHER_MARAC, b"one") is None

    def test_sent_twice_at_once_is_one_list(self, store):
        outcomes = []

        def send():
            paper = case_list(FAMILY)
            with store.work() as work:
                if work.case_lists.find_same(MARAC, b"same"):
                    outcomes.append("repeated")
                else:
                    work.case_lists.add(paper, b"same", [], note())
                    outcomes.append("new")

        threads = [threading.Thread(target=send) for _ in range(6)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(20)
        assert sorted(outcomes) == ["new"] + ["repeated"] * 5


class TestTheSamePersonAgain:
    def met(self, store, who, role=Role.PERPETRATOR, marac=MARAC):
        """The first subject of a stored family, and what is known after ``who`` came in another list."""
        first = added(store, case_list(FAMILY))
        second = added(store, case_list(((role, who),), marac=marac, meeting=MEETING.replace(day=28)), b"2")
        with store.work() as work:
            victim = first.subjects[0]
            return work.case_lists.roles_of(victim), work.case_lists.same_person(victim) - {victim.id}, {s.id for s in second.subjects}

    @pytest.mark.parametrize(
        "who",
        [
            person("Aoife", "O'Brien"),
            person("AOIFE", "O’BRIEN"),
            person("Aoífe", "OBrien"),
            person("O'Brien", "Aoife"),
            person("Somebody", "Else", "1960-01-01", number="9990000018"),
            replace(person("Anna", "Smith"), names=(*person("Anna", "Smith").names, *person("Aoife", "O'Brien").names)),
        ],
        ids=["same", "capitals", "accent", "order", "number", "alias"],
    )
    def test_is_met_in_every_part_they_stand_in(self, store, who):
        roles, others, expected = self.met(store, who)
        assert roles == {Role.VICTIM, Role.PERPETRATOR}
        assert others == expected

    @pytest.mark.parametrize(
        "who",
        [person("Aoife", "O'Brien", "1988-03-15"), person("Aoife", "Byrne"), person("Sorcha", "O'Brien"), person("Stacey", "Barraclough")],
    )
    def test_others_are_not(self, store, who):
        roles, others, _ = self.met(store, who)
        assert (roles, others) == ({Role.VICTIM}, set())

    def test_two_maracs_do_not_mix(self, store):
        roles, others, _ = self.met(store, person("Aoife", "O'Brien"), marac=OTHER_MARAC)
        assert (roles, others) == ({Role.VICTIM}, set())

    def test_a_part_in_an_earlier_issue_counts_still(self, store):
        first = added(store, case_list(FAMILY))
        case = first.cases[0]
        swapped = replace(case, subjects=(replace(case.subjects[0], role=Role.PERPETRATOR), *case.subjects[1:]))
        with store.work() as work:
            work.case_lists.add(corrected(first, swapped), b"2", [], note())
            assert work.case_lists.roles_of(swapped.subjects[0]) == {Role.VICTIM, Role.PERPETRATOR}

    def test_before_the_list_is_stored_is_a_fault_and_not_a_no(self, store):
        with store.work() as work, pytest.raises(NotFound) as absence:
            work.case_lists.roles_of(case_list(FAMILY).subjects[0])
        assert absence.value.code is Code.NOT_FOUND
