"""An agency may sit at the tables of several Maracs; who serves one sees nothing of another's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.domain.actors import GATEWAY, UserRole
from gateway.domain.errors import Code, NotFound
from gateway.domain.events import EventKind
from gateway.domain.identifiers import MaracId
from gateway.domain.tasks import TaskKind
from gateway.services import flagging, own_maracs, reconcile, results, tasks
from gateway.services.recording import give_task
from tests.unit.fakes import Desk
from tests.unit.scenes import (
    AOIFE,
    COORDINATOR,
    LEAD,
    OFFICE,
    REPRESENTATIVE,
    SYSTEM,
    TRUST,
    TRUST_SYSTEM,
    actor,
    arrived,
    everybody,
    known,
    lookup_at,
    received,
)

ELSEWHERE = [MaracId("elsewhere")]
STRANGER = actor("stranger", UserRole.COORDINATOR, maracs=ELSEWHERE)
COLLEAGUE = actor("colleague", UserRole.REPRESENTATIVE, agency=TRUST, maracs=ELSEWHERE)


@pytest.fixture
def desk() -> Desk:
    """With an alert that its representative is to place, and a look-up without an answer."""
    desk = Desk(*everybody())
    received(desk)
    known(desk, TRUST, AOIFE)
    flag = flagging.propose(desk, REPRESENTATIVE, lookup_at(desk, TRUST, "Aoife").subject_id, TRUST).flag
    assert flag is not None
    flagging.approve(desk, LEAD, flag.id, flag.content_hash, flag.version)
    questions = [m for m in desk.outbox.leave() if m.release.agency_id == TRUST and m.kind in ("flag.place", "lookup")]
    results.handle(desk, [arrived(m, None, reason=Code.AGENCY_REFUSED) for m in questions])
    assert set(desk.tasks.kinds(TRUST)) == {TaskKind.PLACE_FLAG_BY_HAND, TaskKind.ANSWER_BY_HAND}
    return desk


def test_rows_of_another_maracs_things_are_not_compared_for_a_stranger(desk: Desk) -> None:
    assert reconcile.compare(desk, REPRESENTATIVE)
    assert reconcile.compare(desk, SYSTEM)
    assert list(reconcile.compare(desk, STRANGER)) == []
    assert list(reconcile.compare(desk, COLLEAGUE)) == []


def test_tasks_of_another_marac_are_neither_shown_nor_closed(desk: Desk) -> None:
    give_task(desk, TRUST, TaskKind.MESSAGE_STUCK, TRUST_SYSTEM.key, Code.AGENCY_REFUSED)
    assert len(tasks.open_tasks(desk, REPRESENTATIVE)) == len(desk.tasks.open_of(TRUST))
    assert [t.kind for t in tasks.open_tasks(desk, COLLEAGUE)] == [TaskKind.MESSAGE_STUCK]
    theirs = next(t for t in desk.tasks.open_of(TRUST) if t.kind is TaskKind.ANSWER_BY_HAND)
    with pytest.raises(NotFound):
        tasks.close_task(desk, COLLEAGUE, theirs.id, "done", theirs.version)
    assert tasks.close_task(desk, REPRESENTATIVE, theirs.id, "done", theirs.version).closed_at is not None


def test_an_answer_to_another_maracs_task_is_told_nothing_of_its_kind(desk: Desk) -> None:
    for theirs in desk.tasks.open_of(TRUST):
        for stranger in (STRANGER, COLLEAGUE):
            with pytest.raises(NotFound):
                tasks.close_with_answer(desk, stranger, theirs.id, True, "done", theirs.version)


def test_the_coordinators_own_desk_is_cut_to_the_marac_too(desk: Desk) -> None:
    [list_id] = desk.case_lists.issues
    give_task(desk, OFFICE, TaskKind.PEOPLE_LEFT_OUT, f"{list_id}/2", Code.LIST_LEAVES_OUT, "3")
    assert [t.kind for t in tasks.open_tasks(desk, COORDINATOR)] == [TaskKind.PEOPLE_LEFT_OUT]
    assert list(tasks.open_tasks(desk, STRANGER)) == []


def test_destinations_are_those_that_serve_the_reader(desk: Desk) -> None:
    desk.agreements.held[TRUST] = replace(desk.agreements.held[TRUST], maracs=frozenset(COORDINATOR.marac_ids))
    assert own_maracs.lane(desk, COORDINATOR, TRUST_SYSTEM.key)
    assert own_maracs.lane(desk, SYSTEM, TRUST_SYSTEM.key)
    assert not own_maracs.lane(desk, STRANGER, TRUST_SYSTEM.key)


def test_how_much_is_asked_again_is_told_of_ones_own_rows_only(desk: Desk) -> None:
    assert reconcile.start(desk, SYSTEM) == len(reconcile.compare(desk, SYSTEM)) > 0
    assert reconcile.start(desk, STRANGER) == reconcile.start(desk, COLLEAGUE) == 0


def test_who_asked_again_is_recorded(desk: Desk) -> None:
    reconcile.start(desk, COORDINATOR)
    reconcile.start(desk)
    assert [e.actor for _, e in desk.audit.events if e.kind is EventKind.RECONCILED] == [COORDINATOR.user_id, GATEWAY.user_id]
