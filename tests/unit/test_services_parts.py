"""Somebody in two parts: what a person's decision lets go on, and what it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from gateway.domain.case_list import Role
from gateway.domain.errors import Code, Conflict, InvalidInput, NotFound, Refused
from gateway.domain.flags import FlagState
from gateway.domain.lookup import Lookup
from gateway.domain.tasks import PersonTask, TaskKind
from gateway.services import flagging, gate, intake, tasks
from gateway.services.flagging import FlagPreview
from tests.unit.fakes import Desk
from tests.unit.scenes import (
    AOIFE,
    COORDINATOR,
    DECLAN,
    FAMILY,
    HOMES,
    LEAD,
    MARAC,
    OFFICE,
    OTHER,
    REPRESENTATIVE,
    TRUST,
    answer,
    case,
    everybody,
    found,
    listed,
    lookup_at,
    received,
    record_of,
)

S = FlagState


class TestTwoPartsDecided:
    """A coordinator's decision lets the placement go on, for the entries there were; nothing else of the way to an alert changes."""

    BOTH = (FAMILY, case("NM-2", (Role.VICTIM, OTHER), (Role.PERPETRATOR, AOIFE)))

    @pytest.fixture
    def desk(self) -> Desk:
        desk = Desk(*everybody())
        received(desk, *self.BOTH)
        answer(desk, self.victim(desk), found(record_of(AOIFE, "R1")))
        return desk

    def victim(self, desk: Desk) -> Lookup:
        return next(
            k for k in desk.lookups.held.values()
            if k.agency_id == TRUST and desk.case_lists.subjects([k.subject_id])[k.subject_id].role is Role.VICTIM
            and desk.case_lists.subjects([k.subject_id])[k.subject_id].person == AOIFE
        )  # fmt: skip

    def task(self, desk: Desk) -> PersonTask:
        about = str(self.victim(desk).subject_id)
        return next(t for t in desk.tasks.open_of(OFFICE) if (t.kind, t.about) == (TaskKind.BOTH_ROLES, about))

    def propose(self, desk: Desk) -> FlagPreview:
        return flagging.propose(desk, REPRESENTATIVE, self.victim(desk).subject_id, TRUST)

    def test_it_can_be_proposed_then_and_still_needs_a_second_person(self, desk: Desk) -> None:
        task = self.task(desk)
        closed = tasks.decide_parts(
            desk, COORDINATOR, task.id, True, "Decided with the chair: the other entry is a counter-claim", task.version
        )
        assert (closed.closed_by, closed.receipt[:7]) == (COORDINATOR.user_id, "Decided")
        flag = self.propose(desk).flag
        assert flag is not None
        with pytest.raises(Refused) as alone:
            flagging.approve(desk, REPRESENTATIVE, flag.id, flag.content_hash, flag.version)
        assert alone.value.code is Code.APPROVER_IS_PROPOSER
        assert flagging.approve(desk, LEAD, flag.id, flag.content_hash, flag.version).state is S.PLACING
        [message] = desk.outbox.waiting("flag.place")
        assert gate.may_leave(desk, message.release) == ""
        assert next(e for _, e in desk.audit.events if e.facts.get("go_on") is True).actor == COORDINATOR.user_id

    @pytest.mark.parametrize("go_on", [False, None])
    def test_a_no_or_a_task_closed_without_a_decision_releases_nothing(self, desk: Desk, go_on: bool | None) -> None:
        task = self.task(desk)
        if go_on is None:
            tasks.close_task(desk, COORDINATOR, task.id, "spoken about", task.version)
        else:
            tasks.decide_parts(desk, COORDINATOR, task.id, go_on, "Not clear who is at risk", task.version)
        assert self.propose(desk).placement.reason is Code.BOTH_ROLES
        assert self.task(desk).id != task.id

    def test_the_other_entry_stays_held(self, desk: Desk) -> None:
        task = self.task(desk)
        tasks.decide_parts(desk, COORDINATOR, task.id, True, "Decided", task.version)
        [other] = [t for t in desk.tasks.open_of(OFFICE) if t.kind is TaskKind.BOTH_ROLES]
        assert other.about != task.about

    def test_one_entry_more_opens_it_again_and_stops_what_is_under_way(self, desk: Desk) -> None:
        task = self.task(desk)
        tasks.decide_parts(desk, COORDINATOR, task.id, True, "Decided", task.version)
        flag = self.propose(desk).flag
        assert flag is not None
        flagging.approve(desk, LEAD, flag.id, flag.content_hash, flag.version)
        later = replace(listed(case("NM-9", (Role.PERPETRATOR, AOIFE), (Role.VICTIM, OTHER))), meeting_date=date(2026, 12, 14))
        intake.receive_case_list(desk, COORDINATOR, MARAC, later)
        assert desk.flags.get(flag.id).state is S.WITHDRAWING
        assert (
            gate.placement_of(desk, desk.case_lists.subjects([flag.subject_id])[flag.subject_id], self.victim(desk)).reason
            is Code.BOTH_ROLES
        )

    def test_a_later_record_shared_with_somebody_else_opens_it_again(self, desk: Desk) -> None:
        task = self.task(desk)
        tasks.decide_parts(desk, COORDINATOR, task.id, True, "Decided", task.version)
        theirs = lookup_at(desk, TRUST, "Declan")
        desk.lookups.held[theirs.id] = replace(desk.lookups.held[self.victim(desk).id], id=theirs.id, subject_id=theirs.subject_id)
        assert Code.BOTH_ROLES in self.propose(desk).placement.findings

    def test_a_part_corrected_in_a_later_issue_is_released_by_a_decision_too(self) -> None:
        desk = Desk(*everybody())
        received(desk, case("NM-1", (Role.PERPETRATOR, AOIFE), (Role.VICTIM, DECLAN)))
        intake.receive_case_list(desk, COORDINATOR, MARAC, listed(case("NM-1", (Role.VICTIM, AOIFE), (Role.PERPETRATOR, DECLAN))))
        answer(desk, self.victim(desk), found(record_of(AOIFE, "R1")))
        assert self.propose(desk).placement.reason is Code.BOTH_ROLES
        task = self.task(desk)
        tasks.decide_parts(desk, COORDINATOR, task.id, True, "The first list had the parts the wrong way round", task.version)
        assert self.propose(desk).flag is not None

    def test_only_the_coordinator_with_a_reason_the_version_seen_and_the_right_task(self, desk: Desk) -> None:
        task = self.task(desk)
        for wrong in (REPRESENTATIVE, LEAD):
            with pytest.raises(Refused):
                tasks.decide_parts(desk, wrong, task.id, True, "Decided", task.version)
        with pytest.raises(InvalidInput):
            tasks.decide_parts(desk, COORDINATOR, task.id, True, " ", task.version)
        with pytest.raises(Conflict):
            tasks.decide_parts(desk, COORDINATOR, task.id, True, "Decided", task.version + 1)
        with pytest.raises(NotFound):
            tasks.decide_parts(desk, replace(COORDINATOR, marac_ids=frozenset()), task.id, True, "Decided", task.version)
        assert self.propose(desk).placement.reason is Code.BOTH_ROLES

    def test_a_yes_or_no_goes_where_its_task_belongs(self, desk: Desk) -> None:
        task = self.task(desk)
        tasks.close_with_answer(desk, COORDINATOR, task.id, True, "Decided", task.version)
        assert self.propose(desk).flag is not None
        with pytest.raises(NotFound):
            tasks.close_with_answer(desk, COORDINATOR, desk.tasks.open_of(HOMES)[0].id, True, "Decided", 1)
