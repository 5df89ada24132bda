"""An alert from proposal to removal: two people, the exact words, read-back, and what happens when anything is not as it should be."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date

import pytest

from gateway.domain.agreements import Purpose
from gateway.domain.case_list import Role
from gateway.domain.errors import Code, Conflict, InvalidInput, NotFound, Refused
from gateway.domain.events import EventKind
from gateway.domain.flags import ALERT_TEXT, FLAG_MACHINE, LIVE_FLAG_STATES, Flag, FlagState
from gateway.domain.identifiers import CaseId, FlagId, MaracId
from gateway.domain.receipts import FlagFinding, FlagReport
from gateway.domain.releases import FlagCheckRelease, FlagRelease, FlagRemovalRelease
from gateway.domain.tasks import PersonTask, TaskKind
from gateway.policy.placement import Verdict
from gateway.services import flagging, gate, hits, results
from tests.unit.fakes import Desk, Sent
from tests.unit.scenes import (
    ADMINISTRATOR,
    AOIFE,
    COORDINATOR,
    DECLAN,
    FAMILY,
    LEAD,
    NIAMH,
    OFFICE,
    OLD_TRUST,
    OLD_TRUST_LEAD,
    OLD_TRUST_REPRESENTATIVE,
    OTHER,
    REPRESENTATIVE,
    TRUST,
    TRUST_SYSTEM,
    actor,
    answer,
    arrived,
    case,
    everybody,
    found,
    known,
    lookup_at,
    received,
    record_of,
)

S = FlagState
F = FlagFinding


@pytest.fixture
def desk() -> Desk:
    desk = Desk(*everybody())
    received(desk)
    known(desk, TRUST, AOIFE)
    return desk


def proposed(desk: Desk, given: str = "Aoife") -> Flag:
    flag = flagging.propose(desk, REPRESENTATIVE, lookup_at(desk, TRUST, given).subject_id, TRUST).flag
    assert flag is not None
    return flag


def approved(desk: Desk) -> Flag:
    flag = proposed(desk)
    return flagging.approve(desk, LEAD, flag.id, flag.content_hash, flag.version)


def report(desk: Desk, finding: FlagFinding, kind: str = "flag.place", reason: str = "") -> None:
    """The newest message of the kind comes back with this finding."""
    message = [m for m in desk.outbox.messages if m.kind == kind][-1]
    desk.outbox.leave()
    results.handle(desk, [arrived(message, FlagReport(finding, "remote-1", "1", reason))])


def placed(desk: Desk) -> Flag:
    flag = approved(desk)
    report(desk, F.PLACED)
    return desk.flags.get(flag.id)


def task(desk: Desk, kind: TaskKind) -> PersonTask:
    [found] = [t for t in desk.tasks.open_of(None) if t.kind is kind]
    return found


class TestProposing:
    def test_the_preview_shows_the_words_the_record_and_the_labels_and_nothing_leaves(self, desk: Desk) -> None:
        subject_id = lookup_at(desk, TRUST, "Aoife").subject_id
        preview = flagging.propose(desk, REPRESENTATIVE, subject_id, TRUST)
        assert preview.flag is not None
        assert preview.record is not None
        assert (preview.flag.text, preview.record.record_id, preview.labels) == (
            "high risk victim of domestic abuse", "R1", ("V", "SDV", "NOPAT", "NOLIST"),
        )  # fmt: skip
        assert preview.placement.verdict is Verdict.PLACE
        assert preview.flag.state is S.PROPOSED
        assert not [m for m in desk.outbox.messages if m.kind.startswith("flag")]

    def test_one_live_alert_per_person_part_and_agency(self, desk: Desk) -> None:
        flag = proposed(desk)
        with pytest.raises(Conflict) as refused:
            proposed(desk)
        assert refused.value.code is Code.FLAG_EXISTS
        flagging.refuse(desk, LEAD, flag.id, "not now", 1)
        assert proposed(desk).id != flag.id

    @pytest.mark.parametrize(
        ("who", "person", "reason"),
        [("Declan", DECLAN, Code.PERPETRATOR_FLAGS_OFF), ("Niamh", NIAMH, Code.CHILD_RECORDS_NOT_FLAGGED)],
    )
    def test_where_the_rules_allow_none_the_preview_says_why(self, desk: Desk, who: str, person, reason: Code) -> None:
        known(desk, TRUST, person, "R5")
        preview = flagging.propose(desk, REPRESENTATIVE, lookup_at(desk, TRUST, who).subject_id, TRUST)
        assert (preview.flag, preview.placement.verdict, preview.placement.reason) == (None, Verdict.NONE, reason)
        assert not desk.flags.held

    def test_a_match_nobody_settled_gets_none(self, desk: Desk) -> None:
        preview = flagging.propose(desk, OLD_TRUST_REPRESENTATIVE, lookup_at(desk, TRUST, "Aoife").subject_id, OLD_TRUST)
        assert (preview.flag, preview.placement.reason) == (None, Code.MATCH_NOT_SETTLED)

    def test_somebody_in_two_parts_is_held_for_the_coordinator(self) -> None:
        desk = Desk(*everybody())
        received(desk, FAMILY, case("NM-2", (Role.VICTIM, OTHER), (Role.PERPETRATOR, AOIFE)))
        lookup = next(
            k for k in desk.lookups.held.values()
            if k.agency_id == TRUST and desk.case_lists.subjects([k.subject_id])[k.subject_id].role is Role.VICTIM
        )  # fmt: skip
        answer(desk, lookup, found(record_of(AOIFE, "R1")))
        preview = flagging.propose(desk, REPRESENTATIVE, lookup.subject_id, TRUST)
        assert (preview.flag, preview.placement.verdict, preview.placement.reason) == (None, Verdict.HELD, Code.BOTH_ROLES)
        assert TaskKind.BOTH_ROLES in desk.tasks.kinds(OFFICE)

    def test_two_parts_show_by_the_record_though_the_names_differ(self) -> None:
        """A counter-allegation under another name: the agency's own record gives it away."""
        desk = Desk(*everybody())
        stranger = replace(OTHER, nhs_number=None)
        received(desk, FAMILY, case("NM-2", (Role.VICTIM, DECLAN), (Role.PERPETRATOR, stranger)))
        ours = next(
            k for k in desk.lookups.held.values() if k.agency_id == TRUST and k.subject_id == lookup_at(desk, TRUST, "Aoife").subject_id
        )
        answer(desk, ours, found(record_of(AOIFE, "R1")))
        theirs = lookup_at(desk, TRUST, "Stacey")
        answer(desk, theirs, found(record_of(stranger, "R1", addresses=())))
        hits.settle_match(desk, REPRESENTATIVE, theirs.id, "R1", "known under both names", 2)
        preview = flagging.propose(desk, REPRESENTATIVE, ours.subject_id, TRUST)
        assert (preview.flag, preview.placement.reason) == (None, Code.BOTH_ROLES)

    def test_two_people_of_a_case_on_one_record_hold_each_other(self) -> None:
        desk = Desk(*everybody())
        received(desk, case("NM-1", (Role.VICTIM, AOIFE), (Role.VICTIM, OTHER)))
        first = known(desk, TRUST, AOIFE)
        other = lookup_at(desk, TRUST, "Stacey")
        desk.lookups.held[other.id] = replace(first, id=other.id, subject_id=other.subject_id)
        preview = flagging.propose(desk, REPRESENTATIVE, first.subject_id, TRUST)
        assert (preview.flag, preview.placement.reason) == (None, Code.MATCH_OF_ANOTHER)

    def test_a_protected_record_is_held_for_the_agency(self, desk: Desk) -> None:
        lookup = lookup_at(desk, TRUST, "Aoife")
        answer(desk, lookup, found(record_of(AOIFE, "R1", restricted=True)))
        hits.settle_match(desk, REPRESENTATIVE, lookup.id, "R1", "checked", desk.lookups.get(lookup.id).version)
        preview = flagging.propose(desk, REPRESENTATIVE, lookup.subject_id, TRUST)
        assert (preview.flag, preview.placement.reason) == (None, Code.RESTRICTED)
        assert task(desk, TaskKind.REVIEW_FLAG).about == str(lookup.subject_id)

    def test_only_by_those_who_may(self, desk: Desk) -> None:
        subject_id = lookup_at(desk, TRUST, "Aoife").subject_id
        for who, error in ((LEAD, Refused), (COORDINATOR, Refused), (OLD_TRUST_REPRESENTATIVE, NotFound)):
            with pytest.raises(error):
                flagging.propose(desk, who, subject_id, TRUST)
        assert flagging.propose(desk, ADMINISTRATOR, subject_id, TRUST).flag

    def test_not_by_the_same_agencys_people_of_another_marac(self, desk: Desk) -> None:
        elsewhere = replace(REPRESENTATIVE, marac_ids=frozenset({MaracId("southmoor")}))
        with pytest.raises(NotFound):
            flagging.propose(desk, elsewhere, lookup_at(desk, TRUST, "Aoife").subject_id, TRUST)


class TestApproving:
    def test_a_second_person_approves_exactly_what_was_shown_and_it_leaves(self, desk: Desk) -> None:
        flag = approved(desk)
        assert (flag.state, flag.approved_by) == (S.PLACING, LEAD.user_id)
        [message] = desk.outbox.waiting("flag.place")
        release = message.release
        assert isinstance(release, FlagRelease)
        assert (release.record_id, release.text, release.identifier) == ("R1", ALERT_TEXT[Role.VICTIM], flag.identifier)
        assert message.order_key == f"flag/{flag.id}"
        assert [k for k in desk.audit.kinds() if k.value.startswith("flag")] == [
            EventKind.FLAG_PROPOSED, EventKind.FLAG_APPROVED, EventKind.FLAG_SENT,
        ]  # fmt: skip

    def test_the_review_date_is_twelve_months_from_the_referral_and_kept(self, desk: Desk) -> None:
        assert approved(desk).review_on == date(2027, 10, 19)

    def test_the_proposer_cannot_approve_not_even_in_another_role(self, desk: Desk) -> None:
        flag = proposed(desk)
        for same in (REPRESENTATIVE, actor(REPRESENTATIVE.user_id, *LEAD.roles, agency=TRUST)):
            with pytest.raises(Refused) as refused:
                flagging.approve(desk, same, flag.id, flag.content_hash, flag.version)
            assert refused.value.code is Code.APPROVER_IS_PROPOSER

    @pytest.mark.parametrize("change", ["hash", "stored hash", "record", "agreement"])
    def test_nothing_but_what_was_shown_can_be_approved(self, desk: Desk, change: str) -> None:
        flag = proposed(desk)
        if change == "record":
            desk.flags.held[flag.id] = replace(flag, record_id="R2")
        if change == "stored hash":
            desk.flags.held[flag.id] = replace(flag, content_hash="0" * 64)
        if change == "agreement":
            desk.agreements.held[TRUST] = replace(desk.agreements.held[TRUST], version="v2")
        given = hashlib.sha256(b"other").hexdigest() if change == "hash" else flag.content_hash
        with pytest.raises(Conflict) as refused:
            flagging.approve(desk, LEAD, flag.id, given, flag.version)
        assert refused.value.code is Code.APPROVAL_CONTENT_CHANGED
        assert not desk.outbox.waiting("flag.place")

    def test_after_a_change_of_the_agreement_the_preview_binds_anew(self, desk: Desk) -> None:
        flag = proposed(desk)
        desk.agreements.held[TRUST] = replace(desk.agreements.held[TRUST], version="v2")
        again = flagging.preview(desk, LEAD, flag.id).flag
        assert again is not None
        assert again.content_hash != flag.content_hash
        assert flagging.approve(desk, LEAD, flag.id, again.content_hash, again.version).state is S.PLACING

    @pytest.mark.parametrize("field", ["agency_id", "system", "record_id", "text", "identifier", "role"])
    def test_the_hash_covers_every_part_of_the_content(self, desk: Desk, field: str) -> None:
        from gateway.services.flag_sending import content_hash

        flag = proposed(desk)
        other = Role.PERPETRATOR if field == "role" else "other"
        assert content_hash(replace(flag, **{field: other}), "v1") != flag.content_hash
        assert content_hash(flag, "v2") != flag.content_hash
        assert content_hash(flag, "v1") == flag.content_hash

    def test_placement_is_judged_again_at_approval(self, desk: Desk) -> None:
        flag = proposed(desk)
        answer(desk, lookup_at(desk, TRUST, "Aoife"), found(record_of(AOIFE, "R1", open_to_service=False)))
        with pytest.raises(Refused) as refused:
            flagging.approve(desk, LEAD, flag.id, flag.content_hash, flag.version)
        assert refused.value.code is Code.NOT_OPEN_TO_SERVICE
        assert desk.flags.get(flag.id).state is S.PROPOSED

    def test_another_record_since_the_proposal_is_never_written_to(self, desk: Desk) -> None:
        flag = proposed(desk)
        answer(desk, lookup_at(desk, TRUST, "Aoife"), found(record_of(AOIFE, "R8")))
        with pytest.raises(Refused) as refused:
            flagging.approve(desk, LEAD, flag.id, flag.content_hash, flag.version)
        assert refused.value.code is Code.MATCH_NOT_SETTLED

    def test_an_approval_of_an_older_version_is_stale_and_a_second_one_impossible(self, desk: Desk) -> None:
        flag = approved(desk)
        with pytest.raises(Conflict) as stale:
            flagging.approve(desk, LEAD, flag.id, flag.content_hash, 1)
        assert stale.value.code is Code.STALE_VERSION
        with pytest.raises(Conflict) as twice:
            flagging.approve(desk, LEAD, flag.id, flag.content_hash, flag.version)
        assert twice.value.code is Code.TRANSITION_NOT_ALLOWED
        assert len([m for m in desk.outbox.messages if m.kind == "flag.place"]) == 1

    def test_only_by_those_who_may(self, desk: Desk) -> None:
        flag = proposed(desk)
        for who, error in ((ADMINISTRATOR, Refused), (COORDINATOR, Refused), (OLD_TRUST_LEAD, NotFound)):
            with pytest.raises(error):
                flagging.approve(desk, who, flag.id, flag.content_hash, flag.version)


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


class TestViews:
    def test_an_agency_sees_its_own_alerts_only(self, desk: Desk) -> None:
        [list_id] = desk.case_lists.issues
        flag = proposed(desk)
        assert [f.id for f in flagging.of_list(desk, REPRESENTATIVE, list_id)] == [flag.id]
        assert flagging.of_list(desk, OLD_TRUST_REPRESENTATIVE, list_id) == []
        with pytest.raises(Refused):
            flagging.of_list(desk, COORDINATOR, list_id)
        with pytest.raises(NotFound):
            flagging.preview(desk, OLD_TRUST_REPRESENTATIVE, flag.id)
        with pytest.raises(NotFound):
            flagging.preview(desk, REPRESENTATIVE, FlagId(desk.new_id()))

    def test_each_preview_is_recorded(self, desk: Desk) -> None:
        flagging.preview(desk, LEAD, proposed(desk).id)
        assert desk.audit.kinds()[-1] is EventKind.PERSON_VIEWED


def test_the_words_are_those_of_the_procedure_to_the_letter() -> None:
    digests = {hashlib.sha256(text.encode()).hexdigest() for text in ALERT_TEXT.values()}
    assert digests == {
        "2203ce1b2a535b60fcec66dea2c14074535b3606c2164db93a306848ac483fc1",
        "2ced7f76279784767eee7723dd3dbbc14d345e80f9c1934f4adc969d0f24f5bb",
    }
