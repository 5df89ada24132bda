"""After placing: a record that changes freezes its alert, a person decides, and a recall takes an alert from every place it went."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.domain.errors import Code, Conflict, NotFound, Refused
from gateway.domain.events import EventKind
from gateway.domain.flags import Flag, FlagState
from gateway.domain.identifiers import SystemKey
from gateway.domain.receipts import FlagFinding, FlagReport, Footing
from gateway.domain.releases import FlagCheckRelease, FlagRemovalRelease, MessageKind
from gateway.domain.tasks import PersonTask, TaskKind
from gateway.services import flag_recall, flagging, record_changes, results, tasks
from tests.unit.fakes import Desk
from tests.unit.scenes import (
    AOIFE,
    CHAIR,
    COORDINATOR,
    LEAD,
    OLD_TRUST,
    OLD_TRUST_LEAD,
    OLD_TRUST_REPRESENTATIVE,
    POLICE_REPRESENTATIVE,
    REPRESENTATIVE,
    TRUST,
    arrived,
    everybody,
    known,
    lookup_at,
    received,
)

KEY = SystemKey("trust/record")
BEFORE = Footing("who", "links", "practice", "access")


@pytest.fixture
def desk() -> Desk:
    desk = Desk(*everybody())
    received(desk)
    known(desk, TRUST, AOIFE)
    known(desk, OLD_TRUST, AOIFE, "OLD-1")
    return desk


def approve(desk: Desk, agency: str = TRUST) -> Flag:
    proposer, approver = (REPRESENTATIVE, LEAD) if agency == TRUST else (OLD_TRUST_REPRESENTATIVE, OLD_TRUST_LEAD)
    flag = flagging.propose(desk, proposer, lookup_at(desk, agency, "Aoife").subject_id, agency).flag  # type: ignore[arg-type]
    assert flag is not None
    return flagging.approve(desk, approver, flag.id, flag.content_hash, flag.version)


def report(desk: Desk, finding: FlagFinding, footing: Footing | None = None) -> None:
    """The newest message comes back with this finding."""
    results.handle(desk, [arrived(desk.outbox.messages[-1], FlagReport(finding, "remote", "1", footing=footing))])


@pytest.fixture
def flag(desk: Desk) -> Flag:
    """Placed, with what the record said."""
    found = approve(desk)
    report(desk, FlagFinding.PLACED, BEFORE)
    return desk.flags.get(found.id)


def checked(desk: Desk, now: Footing | None) -> None:
    """The nightly reading finds this on the record."""
    flagging.start_checks(desk)
    check = next(m for m in reversed(desk.outbox.messages) if isinstance(m.release, FlagCheckRelease))
    results.handle(desk, [arrived(check, FlagReport(FlagFinding.PLACED, "remote", "1", footing=now))])


def task_of(desk: Desk, kind: TaskKind) -> PersonTask:
    return next(task for task in desk.tasks.open_of(TRUST) if task.kind is kind)


# --------------------------------------------------------------------------------------------------------------- frozen


@pytest.mark.parametrize(("now", "code"), [
    (Footing("who", "links", "practice", "access"), ""),
    (Footing("other", "links", "practice", "access"), Code.RECORD_IDENTITY_CHANGED),
    (Footing("who", "other", "practice", "access"), Code.RECORD_LINKS_CHANGED),
    (Footing("who", "links", "other", "access"), Code.PRACTICE_CHANGED),
    (Footing("who", "links", "practice", "other"), Code.ACCESS_CHANGED),
    (Footing("other", "other", "other", "other"), Code.RECORD_LINKS_CHANGED),
    (Footing("who", "links", "practice", ""), Code.ACCESS_CHANGED),
    (None, ""),
])  # fmt: skip
def test_a_record_that_changed_freezes_its_alert_and_nothing_follows(desk: Desk, flag: Flag, now: Footing | None, code: str) -> None:
    sent = len(desk.outbox.messages)
    checked(desk, now)
    found = desk.flags.get(flag.id)
    assert (found.state, found.frozen) == (FlagState.PLACED, code)
    assert (TaskKind.RECORD_CHANGED in desk.tasks.kinds(TRUST)) is bool(code)
    assert len(desk.outbox.messages) == sent + 1, "but for the question itself nothing was sent"


def test_a_frozen_alert_is_not_renewed_until_a_person_decided(desk: Desk, flag: Flag) -> None:
    checked(desk, Footing("other", "links", "practice", "access"))
    with pytest.raises(Conflict) as held:
        flagging.renew(desk, LEAD, flag.id, date(2026, 11, 1))
    assert held.value.code is Code.FLAG_FROZEN
    task = task_of(desk, TaskKind.RECORD_CHANGED)
    tasks.close_with_answer(desk, REPRESENTATIVE, task.id, True, "Married name; the same person.", task.version)
    kept = desk.flags.get(flag.id)
    assert (kept.state, kept.frozen, kept.footing) == (FlagState.PLACED, "", None)
    checked(desk, Footing("other", "links", "practice", "access"))
    assert desk.flags.get(flag.id).frozen == "", "what the person accepted is what later is compared with"
    flagging.renew(desk, LEAD, flag.id, date(2026, 11, 1))


def test_the_other_answer_recalls_it(desk: Desk, flag: Flag) -> None:
    checked(desk, Footing("other", "links", "practice", "access"))
    task = task_of(desk, TaskKind.RECORD_CHANGED)
    tasks.close_with_answer(desk, LEAD, task.id, False, "Somebody else's record now.", task.version)
    assert desk.flags.get(flag.id).state is FlagState.WITHDRAWING
    removal = desk.outbox.messages[-1].release
    assert isinstance(removal, FlagRemovalRelease)
    assert removal.error


def test_a_merge_that_the_agency_tells_freezes_whoever_placed_it(desk: Desk, flag: Flag) -> None:
    by_hand = approve(desk, OLD_TRUST)
    assert record_changes.take_merge(desk, REPRESENTATIVE, KEY, {"R1", "R9"}) == 1
    assert record_changes.take_merge(desk, REPRESENTATIVE, KEY, {"R1"}) == 0, "it is frozen already"
    assert desk.flags.get(flag.id).frozen == Code.RECORD_LINKS_CHANGED
    assert record_changes.take_merge(desk, OLD_TRUST_REPRESENTATIVE, SystemKey("old-trust/record"), {"OLD-1"}) == 1
    assert desk.flags.get(by_hand.id).frozen == Code.RECORD_LINKS_CHANGED
    with pytest.raises(NotFound):
        record_changes.take_merge(desk, POLICE_REPRESENTATIVE, KEY, {"R1"})


# --------------------------------------------------------------------------------------------------------------- recall


def test_a_recall_is_over_when_it_is_read_back(desk: Desk, flag: Flag) -> None:
    flag_recall.recall(desk, REPRESENTATIVE, flag.id)
    place = flag_recall.proof(desk, REPRESENTATIVE, flag.id)
    assert (place.state, place.proved, place.gone_at) == (FlagState.WITHDRAWING, False, None)
    report(desk, FlagFinding.ENDED)
    place = flag_recall.proof(desk, REPRESENTATIVE, flag.id)
    assert (place.state, place.proved, place.by) == (FlagState.WITHDRAWN, True, "read back")
    assert EventKind.FLAG_RECALLED in desk.audit.kinds()


def test_what_was_typed_by_hand_needs_a_receipt(desk: Desk) -> None:
    flag = approve(desk, OLD_TRUST)
    assert flag.state is FlagState.WITH_REPRESENTATIVE
    flag_recall.recall(desk, OLD_TRUST_LEAD, flag.id)
    assert desk.tasks.kinds(OLD_TRUST) == [TaskKind.REMOVE_FLAG_BY_HAND]
    place = flag_recall.proof(desk, OLD_TRUST_LEAD, flag.id)
    assert (place.proved, place.open_task) == (False, True)


def test_the_wrong_person_is_recalled_everywhere_by_the_coordinator(desk: Desk, flag: Flag) -> None:
    by_hand = approve(desk, OLD_TRUST)
    assert flag_recall.recall_person(desk, COORDINATOR, flag.subject_id) == 2
    places = {place.agency_id: place for place in flag_recall.proof_of_person(desk, COORDINATOR, flag.subject_id)}
    assert set(places) == {TRUST, OLD_TRUST}
    assert not any(place.proved for place in places.values())
    report_ended = next(m for m in desk.outbox.messages if m.kind == MessageKind.FLAG_END)
    results.handle(desk, [arrived(report_ended, FlagReport(FlagFinding.ENDED))])
    assert flag_recall.proof(desk, REPRESENTATIVE, flag.id).proved
    assert not flag_recall.proof(desk, OLD_TRUST_LEAD, by_hand.id).proved
    assert flag_recall.recall_person(desk, COORDINATOR, flag.subject_id) == 0


def test_who_may_not_recall(desk: Desk, flag: Flag) -> None:
    with pytest.raises(NotFound):
        flag_recall.recall(desk, POLICE_REPRESENTATIVE, flag.id)
    for nobody in (CHAIR, COORDINATOR):
        with pytest.raises(Refused):
            flag_recall.recall(desk, nobody, flag.id)
    with pytest.raises(Refused):
        flag_recall.recall_person(desk, REPRESENTATIVE, flag.subject_id)
