"""Alerts by hand, their end, and the gate before each delivery."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from gateway.domain.agreements import Purpose
from gateway.domain.case_list import Role
from gateway.domain.errors import Code, Conflict, InvalidInput, NotFound, Refused
from gateway.domain.flags import ALERT_TEXT, LIVE_FLAG_STATES, Flag, FlagState
from gateway.domain.identifiers import CaseId
from gateway.domain.tasks import TaskKind
from gateway.services import flagging, gate
from tests.unit.alert_steps import F, S, approved, desk, placed, report, task
from tests.unit.fakes import Desk
from tests.unit.scenes import (
    AOIFE,
    COORDINATOR,
    LEAD,
    OLD_TRUST,
    OLD_TRUST_LEAD,
    OLD_TRUST_REPRESENTATIVE,
    REPRESENTATIVE,
    TRUST,
    TRUST_SYSTEM,
    known,
    lookup_at,
)

__all__ = ["desk"]


class TestByHand:
    def handed(self, desk: Desk) -> Flag:
        known(desk, OLD_TRUST, AOIFE, "MRN1", open_to_service=None)
        preview = flagging.propose(desk, OLD_TRUST_REPRESENTATIVE, lookup_at(desk, OLD_TRUST, "Aoife").subject_id, OLD_TRUST)
        assert preview.flag is not None
        assert preview.placement.findings == (Code.SYSTEM_CANNOT_HIDE, Code.OPEN_TO_SERVICE_UNKNOWN)
        return flagging.approve(desk, OLD_TRUST_LEAD, preview.flag.id, preview.flag.content_hash, preview.flag.version)

    def test_a_system_that_cannot_hide_is_never_written_to_its_representative_gets_the_words(self, desk: Desk) -> None:
        flag = self.handed(desk)
        assert flag.state is S.WITH_REPRESENTATIVE
        assert not [m for m in desk.outbox.messages if m.kind == "flag.place"]
        by_hand = task(desk, TaskKind.PLACE_FLAG_BY_HAND)
        assert (by_hand.agency_id, by_hand.words) == (OLD_TRUST, ALERT_TEXT[Role.VICTIM])

    @pytest.mark.parametrize(("done", "state"), [(True, S.RECORDED), (False, S.ENDED)])
    def test_the_receipt_is_recorded_and_never_called_placed(self, desk: Desk, done: bool, state: FlagState) -> None:
        flag = self.handed(desk)
        by_hand = task(desk, TaskKind.PLACE_FLAG_BY_HAND)
        after = flagging.record_receipt(desk, OLD_TRUST_REPRESENTATIVE, by_hand.id, "on the safeguarding tab", done)
        assert (after.id, after.state) == (flag.id, state)
        closed = desk.tasks.get(by_hand.id)
        assert (closed.closed_by, closed.receipt) == (OLD_TRUST_REPRESENTATIVE.user_id, "on the safeguarding tab")

    def test_a_receipt_needs_words_the_right_agency_and_an_open_task(self, desk: Desk) -> None:
        self.handed(desk)
        by_hand = task(desk, TaskKind.PLACE_FLAG_BY_HAND)
        with pytest.raises(InvalidInput):
            flagging.record_receipt(desk, OLD_TRUST_REPRESENTATIVE, by_hand.id, "  ", True)
        with pytest.raises(NotFound):
            flagging.record_receipt(desk, REPRESENTATIVE, by_hand.id, "placed", True)
        flagging.record_receipt(desk, OLD_TRUST_REPRESENTATIVE, by_hand.id, "placed", True)
        with pytest.raises(Conflict) as refused:
            flagging.record_receipt(desk, OLD_TRUST_REPRESENTATIVE, by_hand.id, "placed", True)
        assert refused.value.code is Code.TASK_CLOSED

    def test_what_was_placed_by_hand_is_removed_by_hand(self, desk: Desk) -> None:
        flag = self.handed(desk)
        flagging.record_receipt(desk, OLD_TRUST_REPRESENTATIVE, task(desk, TaskKind.PLACE_FLAG_BY_HAND).id, "placed", True)
        flagging.end(desk, OLD_TRUST_LEAD, flag.id, "closed")
        assert desk.flags.get(flag.id).state is S.ENDING
        assert not desk.outbox.waiting("flag.end")
        flagging.record_receipt(desk, OLD_TRUST_REPRESENTATIVE, task(desk, TaskKind.REMOVE_FLAG_BY_HAND).id, "not yet", False)
        assert desk.flags.get(flag.id).state is S.ENDING
        assert flagging.start_checks(desk) == 0
        assert not desk.outbox.waiting("flag.end")
        flagging.record_receipt(desk, OLD_TRUST_REPRESENTATIVE, task(desk, TaskKind.REMOVE_FLAG_BY_HAND).id, "gone now", True)
        assert desk.flags.get(flag.id).state is S.ENDED

    def test_one_that_ends_before_its_receipt_may_have_been_placed_so_somebody_looks(self, desk: Desk) -> None:
        flag = self.handed(desk)
        flagging.end(desk, OLD_TRUST_LEAD, flag.id, "closed")
        assert desk.flags.get(flag.id).state is S.ENDED
        assert desk.tasks.kinds(OLD_TRUST) == [TaskKind.REMOVE_FLAG_BY_HAND]
        by_hand = task(desk, TaskKind.REMOVE_FLAG_BY_HAND)
        assert flagging.record_receipt(desk, OLD_TRUST_LEAD, by_hand.id, "never placed", True).state is S.ENDED

    @pytest.mark.parametrize(("there", "state"), [(True, S.UNSURE), (False, S.ENDED)])
    def test_a_look_at_an_unsure_alert_settles_it_without_calling_it_placed(self, desk: Desk, there: bool, state: FlagState) -> None:
        flag = approved(desk)
        report(desk, F.UNSURE)
        flagging.record_receipt(desk, REPRESENTATIVE, task(desk, TaskKind.CHECK_UNSURE_FLAG).id, "looked", there)
        assert desk.flags.get(flag.id).state is state


class TestEnding:
    def test_it_ends_when_read_back_as_gone(self, desk: Desk) -> None:
        flag = placed(desk)
        flagging.end(desk, LEAD, flag.id, "moved away")
        [message] = desk.outbox.waiting("flag.end")
        assert message.release.error is False  # type: ignore[attr-defined]
        report(desk, F.ENDED, "flag.end")
        assert desk.flags.get(flag.id).state is S.ENDED

    def test_one_that_has_not_left_never_leaves(self, desk: Desk) -> None:
        flag = approved(desk)
        flagging.end(desk, LEAD, flag.id, "a mistake")
        assert not desk.outbox.waiting("flag.place")
        assert desk.flags.get(flag.id).state is S.WITHDRAWING

    def test_after_twelve_months_and_not_a_day_before(self, desk: Desk) -> None:
        flag = placed(desk)
        desk.pass_time(days=(date(2027, 10, 18) - desk.now().date()).days)
        assert flagging.end_expired(desk) == 0
        desk.pass_time(days=1)
        assert flagging.end_expired(desk) == 1
        assert (desk.flags.get(flag.id).state, desk.flags.get(flag.id).reason) == (S.ENDING, Code.FLAG_EXPIRED)
        assert flagging.end_expired(desk) == 0

    def test_a_repeat_counts_anew(self, desk: Desk) -> None:
        flag = placed(desk)
        assert flagging.renew(desk, LEAD, flag.id, date(2027, 3, 1)).review_on == date(2028, 3, 1)

    @pytest.mark.parametrize("mistyped", [date(3027, 3, 1), date(9999, 12, 31), date(27, 3, 1)])
    def test_a_year_that_was_mistyped_renews_nothing(self, desk: Desk, mistyped: date) -> None:
        flag = placed(desk)
        with pytest.raises(InvalidInput):
            flagging.renew(desk, LEAD, flag.id, mistyped)
        assert desk.flags.held[flag.id] == flag

    def test_when_the_case_closes(self, desk: Desk) -> None:
        flag = placed(desk)
        case_id = desk.case_lists.subjects([flag.subject_id])[flag.subject_id].case_id
        with pytest.raises(Refused):
            flagging.end_for_case(desk, REPRESENTATIVE, case_id)
        with pytest.raises(NotFound):
            flagging.end_for_case(desk, COORDINATOR, CaseId(desk.new_id()))
        assert flagging.end_for_case(desk, COORDINATOR, case_id) == 1
        assert desk.flags.get(flag.id).state is S.ENDING
        assert flagging.end_for_case(desk, COORDINATOR, case_id) == 0

    @pytest.mark.parametrize("state", sorted(LIVE_FLAG_STATES - {S.APPROVED, S.WITHDRAWING, S.ENDING}))
    def test_closing_a_case_leaves_no_alert_live_without_a_removal_under_way(self, desk: Desk, state: FlagState) -> None:
        flag = approved(desk)
        desk.flags.held[flag.id] = replace(desk.flags.get(flag.id), state=state)
        case_id = desk.case_lists.subjects([flag.subject_id])[flag.subject_id].case_id
        flagging.end_for_case(desk, COORDINATOR, case_id)
        assert desk.flags.get(flag.id).state in {S.REFUSED, S.WITHDRAWING, S.ENDING, S.ENDED}

    def test_an_expired_agreement_does_not_keep_an_alert_standing(self, desk: Desk) -> None:
        flag = placed(desk)
        desk.agreements.held[TRUST] = replace(desk.agreements.held[TRUST], valid_until=date(2026, 10, 1))
        flagging.end(desk, LEAD, flag.id, "closed")
        assert len(desk.outbox.waiting("flag.end")) == 1

    def test_without_any_agreement_a_person_removes_it(self, desk: Desk) -> None:
        flag = placed(desk)
        del desk.agreements.held[TRUST]
        flagging.end(desk, LEAD, flag.id, "closed")
        assert task(desk, TaskKind.REMOVE_FLAG_BY_HAND).about == str(flag.id)

    def test_a_removal_that_was_lost_is_sent_again_by_the_nightly_check(self, desk: Desk) -> None:
        flag = placed(desk)
        flagging.end(desk, LEAD, flag.id, "closed")
        desk.outbox.leave()
        assert flagging.start_checks(desk) == 1
        assert len(desk.outbox.waiting("flag.end")) == 1
        report(desk, F.ENDED, "flag.end")
        assert desk.flags.get(flag.id).state is S.ENDED

    def test_a_write_that_never_came_back_is_looked_after(self, desk: Desk) -> None:
        flag = approved(desk)
        desk.outbox.leave()
        assert flagging.start_checks(desk) == 0
        desk.pass_time(days=1, hours=1)
        assert flagging.start_checks(desk) == 1
        report(desk, F.PLACED, "flag.check")
        assert desk.flags.get(flag.id).state is S.PLACED


class TestTheGate:
    def test_it_opens_for_what_may_still_leave_and_closes_when_anything_changed(self, desk: Desk) -> None:
        flag = approved(desk)
        [message] = desk.outbox.waiting("flag.place")
        assert gate.may_leave(desk, message.release) == ""
        agreed = desk.agreements.held[TRUST]
        desk.agreements.held[TRUST] = replace(agreed, purposes=frozenset({Purpose.LOOKUP}))
        assert gate.may_leave(desk, message.release) == Code.PURPOSE_NOT_AGREED
        desk.agreements.held[TRUST] = replace(agreed, systems=(replace(TRUST_SYSTEM, capabilities=frozenset()),))
        assert gate.may_leave(desk, message.release) == Code.SYSTEM_CANNOT_HIDE
        desk.agreements.held[TRUST] = agreed
        flagging.end(desk, LEAD, flag.id, "closed")
        assert gate.may_leave(desk, message.release) == Code.TRANSITION_NOT_ALLOWED

    @pytest.mark.parametrize("field", ["agency_id", "system", "record_id", "text", "identifier", "agreement_version"])
    def test_it_lets_out_exactly_what_was_approved_and_nothing_like_it(self, desk: Desk, field: str) -> None:
        approved(desk)
        [message] = desk.outbox.waiting("flag.place")
        assert gate.may_leave(desk, message.release) == ""
        assert gate.may_leave(desk, replace(message.release, **{field: "other"})) == Code.APPROVAL_CONTENT_CHANGED

    def test_questions_about_somebody_withdrawn_or_under_a_lapsed_agreement_stay(self, desk: Desk) -> None:
        message = desk.outbox.messages[0]
        assert gate.may_leave(desk, message.release) == ""
        [list_id] = desk.case_lists.issues
        newest = desk.case_lists.get(list_id)
        desk.case_lists.issues[list_id].append(replace(newest, issue=2, cases=()))
        assert gate.may_leave(desk, message.release) == Code.SUBJECT_WITHDRAWN
        desk.case_lists.issues[list_id].pop()
        desk.agreements.held.clear()
        assert gate.may_leave(desk, message.release) == Code.AGREEMENT_MISSING
