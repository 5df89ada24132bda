"""An alert from proposal to approval: two people, the exact words, and who sees it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date

import pytest

from gateway.domain.case_list import Role
from gateway.domain.errors import Code, Conflict, NotFound, Refused
from gateway.domain.events import EventKind
from gateway.domain.flags import ALERT_TEXT
from gateway.domain.identifiers import FlagId, MaracId
from gateway.domain.releases import FlagRelease
from gateway.domain.tasks import TaskKind
from gateway.policy.placement import Verdict
from gateway.services import flagging, hits
from tests.unit.alert_steps import S, approved, desk, proposed, task
from tests.unit.fakes import Desk
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
    actor,
    answer,
    case,
    everybody,
    found,
    known,
    lookup_at,
    received,
    record_of,
)

__all__ = ["desk"]


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
        changed = replace(flag, **{field: other})
        assert content_hash(changed, changed.role, "v1") != flag.content_hash
        assert content_hash(flag, flag.role, "v2") != flag.content_hash
        assert content_hash(flag, flag.role, "v1") == flag.content_hash

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
