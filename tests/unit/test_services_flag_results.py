"""What came back of an alert: placed only when read back and hidden, withdrawn and told otherwise; late and twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.domain.case_list import Role
from gateway.domain.errors import Code
from gateway.domain.flags import ALERT_TEXT, FLAG_MACHINE, FlagState
from gateway.domain.receipts import FlagFinding, FlagReport
from gateway.domain.releases import FlagCheckRelease, FlagRemovalRelease
from gateway.domain.tasks import TaskKind
from gateway.services import flagging, results
from tests.unit.alert_steps import F, S, approved, desk, placed, proposed, report, task
from tests.unit.fake_delivery import Sent
from tests.unit.fakes import Desk
from tests.unit.scenes import (
    AOIFE,
    LEAD,
    REPRESENTATIVE,
    TRUST,
    answer,
    arrived,
    found,
    lookup_at,
    record_of,
)

__all__ = ["desk"]


class TestWhatCameBack:
    def test_placed_only_when_read_back_and_hidden(self, desk: Desk) -> None:
        flag = placed(desk)
        assert (flag.state, flag.remote_id, flag.remote_version) == (S.PLACED, "remote-1", "1")
        assert desk.tasks.kinds(TRUST) == []

    @pytest.mark.parametrize(
        ("finding", "kind"),
        [
            (F.SEEN_BY_SUBJECT, TaskKind.FLAG_SEEN_BY_SUBJECT),
            (F.NOT_HIDDEN_PROVABLY, TaskKind.FLAG_SEEN_BY_SUBJECT),
            (F.ALTERED, TaskKind.FLAG_CHANGED),
            (F.WRONG_RECORD, TaskKind.FLAG_ON_WRONG_RECORD),
        ],
    )
    @pytest.mark.parametrize("later", [False, True], ids=["at once", "at a later check"])
    def test_anything_unsafe_is_withdrawn_as_an_error_and_told(self, desk: Desk, finding: FlagFinding, kind: TaskKind, later: bool) -> None:
        if later:
            placed(desk)
            flagging.start_checks(desk)
            report(desk, finding, "flag.check")
        else:
            approved(desk)
            report(desk, finding)
        [flag] = desk.flags.held.values()
        assert (flag.state, flag.reason) == (S.WITHDRAWING, f"FLAG_{finding.name}")
        [message] = desk.outbox.waiting("flag.end")
        assert isinstance(message.release, FlagRemovalRelease)
        assert (message.release.error, message.release.remote_id) == (True, "remote-1")
        assert task(desk, kind).about == str(flag.id)
        report(desk, F.ENDED, "flag.end")
        assert desk.flags.get(flag.id).state is S.WITHDRAWN

    def test_refused_goes_to_the_representative_with_the_words(self, desk: Desk) -> None:
        flag = approved(desk)
        report(desk, F.REFUSED)
        assert desk.flags.get(flag.id).state is S.WITH_REPRESENTATIVE
        by_hand = task(desk, TaskKind.PLACE_FLAG_BY_HAND)
        assert (by_hand.words, by_hand.reason) == (ALERT_TEXT[Role.VICTIM], Code.FLAG_REFUSED)

    def test_refused_at_the_gate_because_it_may_not_stand_any_more_gives_nobody_the_words(self, desk: Desk) -> None:
        flag = approved(desk)
        [message] = desk.outbox.leave()[-1:]
        answer(desk, lookup_at(desk, TRUST, "Aoife"), found(record_of(AOIFE, "R1", open_to_service=False)))
        results.handle(desk, [arrived(message, None, reason=Code.NOT_OPEN_TO_SERVICE)])
        assert desk.flags.get(flag.id).state is S.WITHDRAWING
        assert desk.tasks.kinds(TRUST) == [TaskKind.REVIEW_FLAG]
        assert not any(t.words for t in desk.tasks.open_of(TRUST))

    def test_sent_without_an_answer_is_not_known_to_a_person_at_once_and_told_when_the_outbox_gives_up(self, desk: Desk) -> None:
        flag = approved(desk)
        [message] = desk.outbox.leave()[-1:]
        results.handle(desk, [arrived(message, None, final=False, unsure=True, reason=Code.AGENCY_TIMEOUT)])
        assert (desk.flags.get(flag.id).state, desk.tasks.kinds(TRUST)) == (S.UNSURE, [])
        results.handle(desk, [arrived(message, None, reason=Code.AGENCY_UNREACHABLE)])
        assert desk.flags.get(flag.id).state is S.UNSURE
        assert desk.tasks.kinds(TRUST) == [TaskKind.CHECK_UNSURE_FLAG]
        [check] = desk.outbox.waiting("flag.check")
        assert isinstance(check.release, FlagCheckRelease)
        assert not desk.outbox.waiting("flag.place")

    def test_a_retry_that_found_it_there_confirms_it(self, desk: Desk) -> None:
        flag = approved(desk)
        [message] = desk.outbox.leave()[-1:]
        results.handle(desk, [arrived(message, None, final=False, unsure=True)])
        results.handle(desk, [arrived(message, FlagReport(F.PLACED, "remote-1"))])
        assert desk.flags.get(flag.id).state is S.PLACED

    @pytest.mark.parametrize("finding", [F.NOT_THERE, F.UNSURE, F.ENDED])
    def test_acknowledged_and_not_found_is_looked_at_before_anything_else(self, desk: Desk, finding: FlagFinding) -> None:
        flag = approved(desk)
        report(desk, finding)
        assert desk.flags.get(flag.id).state is S.UNSURE
        assert len(desk.outbox.waiting("flag.check")) == 1
        report(desk, F.PLACED, "flag.check")
        assert (desk.flags.get(flag.id).state, desk.tasks.kinds(TRUST)) == (S.PLACED, [])

    def test_not_found_by_the_check_either_goes_to_the_representative(self, desk: Desk) -> None:
        flag = approved(desk)
        report(desk, F.UNSURE)
        report(desk, F.NOT_THERE, "flag.check")
        assert desk.flags.get(flag.id).state is S.WITH_REPRESENTATIVE
        assert desk.tasks.kinds(TRUST) == [TaskKind.PLACE_FLAG_BY_HAND]

    def test_a_check_that_fails_concludes_nothing_and_is_told(self, desk: Desk) -> None:
        flag = placed(desk)
        flagging.start_checks(desk)
        [check] = desk.outbox.leave()[-1:]
        results.handle(desk, [arrived(check, None, reason=Code.AGENCY_UNREACHABLE)])
        assert desk.flags.get(flag.id).state is S.PLACED
        assert task(desk, TaskKind.DIFFERENCE_FOUND).reason == Code.AGENCY_UNREACHABLE
        flagging.start_checks(desk)
        report(desk, F.PLACED, "flag.check")
        assert desk.tasks.kinds(TRUST) == []

    def test_removed_by_somebody_else_is_told_and_what_is_left_removed(self, desk: Desk) -> None:
        flag = placed(desk)
        flagging.start_checks(desk)
        report(desk, F.NOT_THERE, "flag.check")
        assert desk.flags.get(flag.id).state is S.WITHDRAWING
        assert task(desk, TaskKind.FLAG_CHANGED).reason == Code.FLAG_NOT_THERE
        report(desk, F.NOT_THERE, "flag.end")
        assert desk.flags.get(flag.id).state is S.WITHDRAWN
        assert proposed(desk).id != flag.id

    def test_a_removal_that_fails_is_a_persons_and_the_alert_is_not_called_gone(self, desk: Desk) -> None:
        flag = placed(desk)
        flagging.end(desk, LEAD, flag.id, "moved away")
        report(desk, F.REFUSED, "flag.end")
        assert desk.flags.get(flag.id).state is S.ENDING
        by_hand = task(desk, TaskKind.REMOVE_FLAG_BY_HAND)
        flagging.record_receipt(desk, REPRESENTATIVE, by_hand.id, "removed and looked again", done=True)
        assert desk.flags.get(flag.id).state is S.ENDED


class TestLateAndTwice:
    def everything(self, desk: Desk) -> list[Sent]:
        return [m for m in desk.outbox.messages if m.kind.startswith("flag")]

    @pytest.mark.parametrize("finding", list(FlagFinding))
    @pytest.mark.parametrize("ended", [False, True])
    def test_a_report_that_comes_again_or_late_never_brings_back_or_doubles_anything(
        self, desk: Desk, finding: FlagFinding, ended: bool
    ) -> None:
        flag = placed(desk)
        [message] = self.everything(desk)
        if ended:
            flagging.end(desk, LEAD, flag.id, "closed")
            report(desk, F.ENDED, "flag.end")
        before = (desk.flags.get(flag.id).state, len(desk.outbox.messages), desk.tasks.kinds())
        results.handle(desk, [arrived(message, FlagReport(finding, "remote-1", "1"))])
        assert (desk.flags.get(flag.id).state, len(desk.outbox.messages), desk.tasks.kinds()) == before

    @pytest.mark.parametrize("state", list(FlagState))
    @pytest.mark.parametrize("kind", ["flag.place", "flag.check", "flag.end"])
    @pytest.mark.parametrize("finding", list(FlagFinding))
    def test_no_report_in_any_state_breaks_a_rule_of_the_machine(
        self, desk: Desk, state: FlagState, kind: str, finding: FlagFinding
    ) -> None:
        flag = approved(desk)
        [place] = self.everything(desk)
        desk.flags.held[flag.id] = replace(desk.flags.get(flag.id), state=state)
        release = {
            "flag.place": place.release,
            "flag.check": FlagCheckRelease(**_common(place.release), text=flag.text),
            "flag.end": FlagRemovalRelease(**_common(place.release)),
        }[kind]
        results.handle(desk, [arrived(release, FlagReport(finding), kind=kind)])
        after = desk.flags.get(flag.id).state
        reachable = {state} | {to for (source, _), to in FLAG_MACHINE.moves.items() if source is state}
        assert after in reachable
        if state in FLAG_MACHINE.ends():
            assert after is state
        if after is S.PLACED:
            assert state is S.PLACED or finding is F.PLACED


def _common(release: object) -> dict[str, object]:
    names = ("agency_id", "system", "purpose", "agreement_version", "flag_id", "record_id", "identifier")
    return {n: getattr(release, n) for n in names}
