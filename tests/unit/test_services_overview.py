"""Tasks and their words, the queue, reconciliation, the audit: what people who watch over the gateway see and may do."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from gateway.domain.actions import ActionState
from gateway.domain.errors import Code, Conflict, InvalidInput, NotFound, Refused
from gateway.domain.events import EventKind
from gateway.domain.flags import ALERT_TEXT, FlagState
from gateway.domain.identifiers import SystemKey
from gateway.domain.receipts import FlagFinding, FlagReport, PollReport, WorkItemReport
from gateway.domain.releases import MessageKind, Release
from gateway.domain.tasks import TaskKind
from gateway.services import actions, audit, flagging, queue, reconcile, results, task_words, tasks
from gateway.services.queue import DeadLetter, LaneSummary
from tests.unit.fakes import Desk, MemoryHolidays
from tests.unit.scenes import (
    AOIFE,
    AUDITOR,
    COORDINATOR,
    HOMES,
    LEAD,
    OFFICE,
    POLICE,
    REPRESENTATIVE,
    SYSTEM,
    TRUST,
    TRUST_SYSTEM,
    arrived,
    everybody,
    known,
    lookup_at,
    received,
)


@pytest.fixture
def desk() -> Desk:
    desk = Desk(*everybody())
    received(desk)
    known(desk, TRUST, AOIFE)
    desk.outbox.leave()
    return desk


class TestWords:
    def test_every_kind_of_task_says_what_happened_and_what_to_do(self) -> None:
        for kind in TaskKind:
            words = task_words.words_for(kind)
            assert all(len(part) > 10 for part in words)
            assert words.what.endswith(".")
            assert words.to_do.endswith(".")

    def test_no_words_name_a_part_or_quote_an_alert(self) -> None:
        told = " ".join(" ".join(w) for w in task_words.WORDS.values()).lower()
        assert not any(text in told for text in ALERT_TEXT.values())
        assert "perpetrator" not in told
        assert not re.search(r"\{|%s|<", told)

    def test_placing_by_hand_warns_of_every_reader_who_is_not_staff(self) -> None:
        to_do = task_words.words_for(TaskKind.PLACE_FLAG_BY_HAND).to_do
        assert all(word in to_do for word in ("proxy", "joint tenant", "household", "letter", "open to your service"))


class TestTasks:
    def test_an_agency_sees_its_own_and_the_coordinator_the_maracs_desk(self, desk: Desk) -> None:
        homes = replace(REPRESENTATIVE, agency_id=HOMES)
        assert len(tasks.open_tasks(desk, homes)) == 3
        assert tasks.open_tasks(desk, REPRESENTATIVE) == []
        assert tasks.open_tasks(desk, COORDINATOR) == []
        flagging.hold_for_both_roles(desk, [])
        with pytest.raises(Refused):
            tasks.open_tasks(desk, SYSTEM)

    def test_closing_needs_words_the_right_desk_and_the_version_seen(self, desk: Desk) -> None:
        homes = replace(REPRESENTATIVE, agency_id=HOMES)
        task = tasks.open_tasks(desk, homes)[0]
        with pytest.raises(NotFound):
            tasks.close_task(desk, REPRESENTATIVE, task.id, "done", 1)
        with pytest.raises(InvalidInput):
            tasks.close_task(desk, homes, task.id, "", 1)
        with pytest.raises(Conflict):
            tasks.close_task(desk, homes, task.id, "done", 7)
        closed = tasks.close_task(desk, homes, task.id, " done ", 1)
        assert (closed.receipt, closed.closed_by, closed.closed_at) == ("done", homes.user_id, desk.now())
        with pytest.raises(Conflict) as twice:
            tasks.close_task(desk, homes, task.id, "done", closed.version)
        assert twice.value.code is Code.TASK_CLOSED

    @pytest.mark.parametrize("kind", sorted(tasks.WITH_RECEIPT))
    def test_tasks_about_alerts_by_hand_close_only_with_their_receipt(self, desk: Desk, kind: TaskKind) -> None:
        from gateway.services.recording import give_task

        task = give_task(desk, TRUST, kind, UUID(int=7))
        with pytest.raises(Conflict):
            tasks.close_task(desk, REPRESENTATIVE, task.id, "done", 1)


LANES = [LaneSummary(SystemKey(f"{agency}/x"), 3, 1, 1, oldest=datetime(2026, 11, 2, 9, 38, 17, 5, tzinfo=UTC)) for agency in (TRUST, POLICE, OFFICE)]
LETTER = DeadLetter(UUID(int=1), LANES[0].lane, "lookup", Code.AGENCY_TIMEOUT, 8, datetime(2026, 11, 2, 0, 3, 9, tzinfo=UTC))


class MemoryQueue:
    """One dead message with its release; ``replay`` asks the gate as the real one does."""

    def __init__(self, kind: str, release: Release) -> None:
        self.kind, self.release = kind, release
        self.done: list[tuple[str, object]] = []

    def lanes(self) -> Sequence[LaneSummary]:
        return LANES

    def dead(self) -> Sequence[DeadLetter]:
        return [LETTER]

    def pause(self, lane: SystemKey) -> None:
        self.done.append(("pause", lane))

    def resume(self, lane: SystemKey) -> None:
        self.done.append(("resume", lane))

    def replay(self, message_id: UUID, gate: Callable[[str, Release], str]) -> str:
        stopped = gate(self.kind, self.release)
        if not stopped:
            self.done.append(("replay", message_id))
        return stopped

    def withdraw(self, message_id: UUID) -> None:
        self.done.append(("withdraw", message_id))


class TestTheQueue:
    @pytest.fixture
    def dead(self, desk: Desk) -> MemoryQueue:
        return MemoryQueue("lookup", desk.outbox.messages[0].release)

    def test_who_sees_which_lanes(self, desk: Desk, dead: MemoryQueue) -> None:
        assert len(queue.summary(desk, SYSTEM, dead)) == 3
        assert [lane.lane for lane in queue.summary(desk, REPRESENTATIVE, dead)] == [LANES[0].lane]
        assert queue.dead_letters(desk, replace(REPRESENTATIVE, agency_id=POLICE), dead) == []
        with pytest.raises(Refused):
            queue.summary(desk, LEAD, dead)

    def test_only_the_system_administrator_changes_it_and_each_change_is_recorded(self, desk: Desk, dead: MemoryQueue) -> None:
        queue.pause(desk, SYSTEM, dead, LANES[0].lane)
        queue.resume(desk, SYSTEM, dead, LANES[0].lane)
        queue.withdraw(desk, SYSTEM, dead, LETTER.message_id)
        assert [what for what, _ in dead.done] == ["pause", "resume", "withdraw"]
        assert desk.audit.kinds()[-3:] == [EventKind.QUEUE_CHANGED] * 3
        for act in (queue.pause, queue.resume):
            with pytest.raises(Refused):
                act(desk, COORDINATOR, dead, LANES[0].lane)

    def test_who_runs_the_gateway_reads_no_count_under_five_and_no_moment(self, desk: Desk, dead: MemoryQueue) -> None:
        [lane, *_], [letter] = queue.summary(desk, SYSTEM, dead), queue.dead_letters(desk, SYSTEM, dead)
        assert (lane.waiting, lane.overdue, lane.oldest) == (5, 5, datetime(2026, 11, 2, 9, 35, tzinfo=UTC))
        assert letter.created_at == datetime(2026, 11, 2, tzinfo=UTC)
        [own] = queue.summary(desk, REPRESENTATIVE, dead)
        assert own == LANES[0]

    def test_what_is_no_destination_is_not_written_down(self, desk: Desk, dead: MemoryQueue) -> None:
        for act in (queue.pause, queue.resume):
            with pytest.raises(NotFound):
                act(desk, SYSTEM, dead, SystemKey("Aoife O'Brien"))
        assert dead.done == []

    def test_a_replay_passes_the_same_gate_as_the_first_sending(self, desk: Desk, dead: MemoryQueue) -> None:
        assert queue.replay(desk, SYSTEM, dead, LETTER.message_id) == ""
        desk.agreements.held.clear()
        assert queue.replay(desk, SYSTEM, dead, LETTER.message_id) == Code.AGREEMENT_MISSING
        assert dead.done == [("replay", LETTER.message_id)]

    def test_a_closed_action_is_not_sent_again(self, desk: Desk) -> None:
        [list_id] = desk.case_lists.issues
        [action] = actions.assign(desk, COORDINATOR, list_id, [actions.NewAction("NM-1", TRUST, "Do it")], MemoryHolidays())
        dead = MemoryQueue("action.send", desk.outbox.waiting("action.send")[0].release)
        actions.complete(desk, REPRESENTATIVE, action.id, "completed", "Done", action.version)
        assert queue.replay(desk, SYSTEM, dead, LETTER.message_id) == Code.ACTION_ALREADY_CLOSED


class TestReconciliation:
    def stand(self, desk: Desk) -> None:
        """One alert placed, one action with the agency."""
        [list_id] = desk.case_lists.issues
        flag = flagging.propose(desk, REPRESENTATIVE, lookup_at(desk, TRUST, "Aoife").subject_id, TRUST).flag
        assert flag is not None
        flagging.approve(desk, LEAD, flag.id, flag.content_hash, flag.version)
        actions.assign(desk, COORDINATOR, list_id, [actions.NewAction("NM-1", TRUST, "Do it")], MemoryHolidays())
        for message in desk.outbox.leave():
            reply = FlagReport(FlagFinding.PLACED, "r") if message.kind == "flag.place" else WorkItemReport(True, "t")
            results.handle(desk, [arrived(message, reply)])

    def seen(self, desk: Desk) -> dict[str, tuple[str, str]]:
        return {row.kind: (row.expected, row.observed) for row in reconcile.compare(desk, REPRESENTATIVE)}

    def test_row_by_row_what_should_stand_and_what_was_seen(self, desk: Desk) -> None:
        self.stand(desk)
        assert self.seen(desk) == {"flag": ("present", "present"), "action": ("with_agency", "with_agency")}
        assert reconcile.start(desk) == 2
        for message in desk.outbox.leave():
            reply = FlagReport(FlagFinding.NOT_THERE) if message.kind == "flag.check" else PollReport()
            results.handle(desk, [arrived(message, reply)])
        assert self.seen(desk) == {"flag": ("absent", "on_its_way"), "action": ("with_agency", "missing")}
        assert sorted(desk.tasks.kinds(TRUST)) == [TaskKind.DIFFERENCE_FOUND, TaskKind.FLAG_CHANGED]

    def test_a_check_that_could_not_be_made_shows_as_not_seen(self, desk: Desk) -> None:
        self.stand(desk)
        flagging.start_checks(desk)
        [check] = desk.outbox.leave()
        results.handle(desk, [arrived(check, None, reason=Code.AGENCY_UNREACHABLE)])
        row = next(r for r in reconcile.compare(desk, REPRESENTATIVE) if r.kind == "flag")
        assert (row.observed, row.reason, row.agrees) == ("not_seen", Code.AGENCY_UNREACHABLE, False)

    def test_what_is_on_its_way_for_too_long_becomes_a_task(self, desk: Desk) -> None:
        [list_id] = desk.case_lists.issues
        actions.assign(desk, COORDINATOR, list_id, [actions.NewAction("NM-1", TRUST, "Do it")], MemoryHolidays())
        reconcile.compare(desk, SYSTEM)
        assert TaskKind.MESSAGE_STUCK not in desk.tasks.kinds(TRUST)
        desk.pass_time(days=2)
        [row] = [r for r in reconcile.compare(desk, SYSTEM) if not r.agrees]
        assert row.reason == Code.TAKES_TOO_LONG
        assert desk.tasks.kinds(TRUST) == [TaskKind.MESSAGE_STUCK]

    def test_who_sees_which_rows(self, desk: Desk) -> None:
        self.stand(desk)
        assert [row.kind for row in reconcile.compare(desk, SYSTEM)] == ["flag", "action"]
        assert [row.kind for row in reconcile.compare(desk, COORDINATOR)] == ["action"]
        assert reconcile.compare(desk, replace(REPRESENTATIVE, agency_id=POLICE)) == []
        with pytest.raises(Refused):
            reconcile.compare(desk, AUDITOR)
        assert desk.audit.kinds()[-1] is EventKind.RECONCILED

    def test_every_state_of_an_alert_and_of_an_action_has_its_row(self) -> None:
        assert set(reconcile._FLAG_WORDS) == set(FlagState)
        assert set(reconcile._ACTION_WORDS) == set(ActionState)


class TestTheAudit:
    def test_only_auditors_and_each_look_is_recorded(self, desk: Desk) -> None:
        lookup = lookup_at(desk, TRUST, "Aoife")
        told = [e.kind for _, e in audit.about(desk, AUDITOR, str(lookup.id))]
        assert told == [EventKind.LOOKUP_RELEASED, EventKind.LOOKUP_ANSWERED, EventKind.AUDIT_VIEWED]
        for who in (COORDINATOR, REPRESENTATIVE, SYSTEM):
            with pytest.raises(Refused):
                audit.about(desk, who, str(lookup.id))

    def test_what_was_typed_is_written_down_only_where_it_is_an_id_that_is_known(self, desk: Desk) -> None:
        assert list(audit.about(desk, AUDITOR, "Aoife O'Brien 9990000018")) == []
        assert desk.audit.events[-1][1].about == audit.NOTHING

    def test_no_event_of_a_whole_cycle_holds_anything_about_anybody(self, desk: Desk) -> None:
        TestReconciliation().stand(desk)
        flag = next(iter(desk.flags.held.values()))
        flagging.end(desk, LEAD, flag.id, "Aoife moved away")
        told = repr([(e.kind, e.actor, e.about, e.agency_id, dict(e.facts)) for _, e in desk.audit.events])
        for word in ("Aoife", "O'Brien", "victim", "perpetrator", "999000", "1988", "R1", *ALERT_TEXT.values()):
            assert word not in told


def test_every_kind_of_message_has_somebody_who_records_its_result() -> None:
    assert set(results._ONE_BY_ONE) | {MessageKind.LOOKUP} == set(MessageKind)


def test_a_result_that_does_not_fit_its_kind_is_harmless(desk: Desk) -> None:
    """A hostile or confused far side: the wrong reply for the question never crashes the batch and never counts as good news."""
    lookup = desk.outbox.messages[1].release
    results.handle(desk, [arrived(lookup, FlagReport(FlagFinding.PLACED), kind="lookup")])
    assert not any(k.reason == Code.ONE_RECORD_CERTAIN for k in desk.lookups.held.values() if k.id == lookup.lookup_id)  # type: ignore[attr-defined]
    for kind in MessageKind:
        if kind is not MessageKind.LOOKUP:
            results.handle(desk, [arrived(lookup, WorkItemReport(True), kind=kind.value)])
    assert not desk.flags.held
    assert TRUST_SYSTEM.key in {k.system for k in desk.lookups.held.values()}
