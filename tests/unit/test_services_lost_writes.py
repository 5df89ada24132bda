"""Writes that may have left: never written again once they may not stand, ended by our identifier, and looked for until seen gone."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.bootstrap.relay import JudgedTransport
from gateway.domain.errors import Code, Conflict
from gateway.domain.flags import Flag
from gateway.domain.receipts import FlagFinding, FlagReport
from gateway.domain.tasks import TaskKind
from gateway.services import flagging, hits, results
from mappings.envelopes import seal_release
from outbox.messages import Delivery, Message, Outcome
from tests.unit.alert_steps import F, S, approved, desk
from tests.unit.fake_delivery import Sent
from tests.unit.fakes import Desk
from tests.unit.scenes import (
    AOIFE,
    LEAD,
    OLD_TRUST,
    OLD_TRUST_LEAD,
    OLD_TRUST_REPRESENTATIVE,
    REPRESENTATIVE,
    TRUST,
    answer,
    arrived,
    everybody,
    found,
    known,
    lookup_at,
    received,
    record_of,
)

__all__ = ["desk"]


def writing(desk: Desk) -> Sent:
    desk.outbox.leave()
    return [m for m in desk.outbox.messages if m.kind == "flag.place"][-1]


def lost(desk: Desk, *, final: bool = False) -> Flag:
    """Sent, and no answer came."""
    flag = approved(desk)
    results.handle(desk, [arrived(writing(desk), None, reason="INTERRUPTED", unsure=True, final=final)])
    return desk.flags.get(flag.id)


def report(desk: Desk, finding: FlagFinding, kind: str) -> None:
    message = [m for m in desk.outbox.messages if m.kind == kind][-1]
    desk.outbox.leave()
    results.handle(desk, [arrived(message, FlagReport(finding, "remote-1", "1"))])


def unsettle(desk: Desk, note: str = "not her") -> None:
    lookup = lookup_at(desk, TRUST, "Aoife")
    hits.settle_match(desk, REPRESENTATIVE, lookup.id, None, note, lookup.version)


class Wire:
    """Counts what reaches the connector."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def deliver(self, message: Message) -> Delivery:
        self.sent.append(message.kind)
        return Delivery(Outcome.DELIVERED)

    async def close(self) -> None: ...


def delivered(desk: Desk, sent: Sent, *, unsure: bool = False, attempts: int = 1) -> tuple[Delivery, list[str]]:
    @contextmanager
    def transaction() -> Iterator[Desk]:
        yield desk

    wire = Wire()
    message = Message(uuid.uuid4(), str(sent.release.system), sent.kind, seal_release(sent.release), datetime.now(UTC), attempts, unsure)
    return asyncio.run(JudgedTransport(wire, transaction, bytes).deliver(message)), wire.sent  # type: ignore[arg-type]


class TestNoLongerAllowed:
    @pytest.mark.parametrize("unsure", [False, True])
    def test_it_is_not_written_whatever_an_earlier_attempt_may_have_done(self, desk: Desk, unsure: bool) -> None:
        lost(desk)
        answer(desk, lookup_at(desk, TRUST, "Aoife"), found(record_of(AOIFE, "R1", open_to_service=False)))
        delivery, reached = delivered(desk, writing(desk), unsure=unsure)
        assert (delivery.outcome, reached) == (Outcome.REFUSED, [])

    def test_one_that_may_still_stand_is_tried_again(self, desk: Desk) -> None:
        lost(desk)
        assert delivered(desk, writing(desk), unsure=True)[1] == ["flag.place"]

    def test_an_undone_match_stops_what_is_on_its_way_and_what_it_left_is_ended(self, desk: Desk) -> None:
        flag = lost(desk)
        unsettle(desk)
        assert desk.flags.get(flag.id).state is S.WITHDRAWING
        assert desk.tasks.kinds(TRUST) == [TaskKind.REVIEW_FLAG]
        [removal] = desk.outbox.waiting("flag.end")
        assert removal.release.error is True  # type: ignore[attr-defined]

    def test_given_up_and_not_allowed_any_more_gives_nobody_the_words(self, desk: Desk) -> None:
        flag = lost(desk)
        known(desk, TRUST, AOIFE, open_to_service=False)
        results.handle(desk, [arrived(writing(desk), None, reason=Code.NOT_OPEN_TO_SERVICE, unsure=True)])
        assert desk.flags.get(flag.id).state is S.WITHDRAWING
        assert desk.tasks.kinds(TRUST) == [TaskKind.REVIEW_FLAG]
        assert not any(t.words for t in desk.tasks.open_of(TRUST))
        assert desk.outbox.waiting("flag.end")
        assert not desk.outbox.waiting("flag.check")


class TestHandedOver:
    @pytest.mark.parametrize("reason", ["REDIRECT_REFUSED", Code.AGENCY_REFUSED])
    def test_refused_after_a_write_that_may_have_left_it_is_ended_by_our_identifier(self, desk: Desk, reason: str) -> None:
        flag = approved(desk)
        results.handle(desk, [arrived(writing(desk), None, reason=reason)])
        assert desk.flags.get(flag.id).state is S.WITH_REPRESENTATIVE
        [removal] = desk.outbox.waiting("flag.end")
        assert removal.release.identifier == flag.identifier  # type: ignore[attr-defined]
        report(desk, F.ENDED, "flag.end")
        assert desk.flags.get(flag.id).state is S.WITH_REPRESENTATIVE
        assert desk.tasks.kinds(TRUST) == [TaskKind.PLACE_FLAG_BY_HAND]

    def test_it_is_looked_for_day_by_day_and_ended_if_it_comes_late(self, desk: Desk) -> None:
        flag = lost(desk, final=True)
        report(desk, F.NOT_THERE, "flag.check")
        assert desk.flags.get(flag.id).state is S.WITH_REPRESENTATIVE
        report(desk, F.NOT_THERE, "flag.end")
        assert flagging.start_checks(desk) == 1
        report(desk, F.PLACED, "flag.check")
        assert desk.flags.get(flag.id).state is S.WITH_REPRESENTATIVE
        assert len(desk.outbox.waiting("flag.end")) == 1
        [told] = [t for t in desk.tasks.open_of(TRUST) if t.kind is TaskKind.FLAG_CHANGED]
        assert told.reason == Code.FLAG_CAME_LATE

    def test_ended_by_a_person_it_still_is(self, desk: Desk) -> None:
        flag = approved(desk)
        results.handle(desk, [arrived(writing(desk), None, reason="REDIRECT_REFUSED")])
        desk.outbox.leave()
        flagging.end(desk, LEAD, flag.id, "over")
        assert desk.flags.get(flag.id).state is S.ENDED
        assert len(desk.outbox.waiting("flag.end")) == 1
        assert flagging.start_checks(desk) == 1

    def test_a_removal_that_fails_is_a_persons_and_it_stays_looked_for_until_seen_gone(self, desk: Desk) -> None:
        approved(desk)
        results.handle(desk, [arrived(writing(desk), None, reason="REDIRECT_REFUSED")])
        report(desk, F.REFUSED, "flag.end")
        assert TaskKind.DIFFERENCE_FOUND in desk.tasks.kinds(TRUST)
        desk.pass_time(days=30)
        assert flagging.start_checks(desk) == 1
        report(desk, F.NOT_THERE, "flag.check")
        assert TaskKind.DIFFERENCE_FOUND not in desk.tasks.kinds(TRUST)
        assert flagging.start_checks(desk) == 0

    def test_a_machine_never_says_that_what_a_person_placed_is_gone(self, desk: Desk) -> None:
        flag = approved(desk)
        results.handle(desk, [arrived(writing(desk), None, reason="REDIRECT_REFUSED")])
        [by_hand] = [t for t in desk.tasks.open_of(TRUST) if t.kind is TaskKind.PLACE_FLAG_BY_HAND]
        flagging.record_receipt(desk, REPRESENTATIVE, by_hand.id, "on the safeguarding tab", True)
        flagging.end(desk, LEAD, flag.id, "moved")
        report(desk, F.ENDED, "flag.end")
        assert desk.flags.get(flag.id).state is S.ENDING
        assert desk.tasks.kinds(TRUST) == [TaskKind.REMOVE_FLAG_BY_HAND]


class TestBelievedGone:
    def test_a_lost_write_that_was_ended_is_looked_for_again(self, desk: Desk) -> None:
        flag = lost(desk)
        flagging.end(desk, REPRESENTATIVE, flag.id, "x")
        report(desk, F.NOT_THERE, "flag.end")
        assert desk.flags.get(flag.id).state is S.WITHDRAWN
        assert flagging.start_checks(desk) == 1
        report(desk, F.SEEN_BY_SUBJECT, "flag.check")
        assert desk.tasks.kinds(TRUST) == [TaskKind.FLAG_SEEN_BY_SUBJECT]
        assert len(desk.outbox.waiting("flag.end")) == 1
        desk.pass_time(days=15)
        assert flagging.start_checks(desk) == 0

    def test_a_person_who_did_not_find_it_is_not_the_last_to_look(self, desk: Desk) -> None:
        lost(desk, final=True)
        [task] = desk.tasks.open_of(TRUST)
        desk.outbox.leave()
        assert flagging.record_receipt(desk, REPRESENTATIVE, task.id, "nothing there", False).state is S.ENDED
        assert len(desk.outbox.waiting("flag.end")) == 1
        assert flagging.start_checks(desk) == 1

    def test_a_person_who_saw_it_proves_no_hiding_so_the_system_is_asked(self, desk: Desk) -> None:
        lost(desk, final=True)
        [task] = desk.tasks.open_of(TRUST)
        desk.outbox.leave()
        assert flagging.record_receipt(desk, REPRESENTATIVE, task.id, "it is there", True).state is S.UNSURE
        assert len(desk.outbox.waiting("flag.check")) == 1
        report(desk, F.SEEN_BY_SUBJECT, "flag.check")
        assert [f.state for f in desk.flags.held.values()] == [S.WITHDRAWING]


class TestTheWords:
    def handed(self, desk: Desk) -> Flag:
        known(desk, OLD_TRUST, AOIFE, "MRN1")
        flag = flagging.propose(desk, OLD_TRUST_REPRESENTATIVE, lookup_at(desk, OLD_TRUST, "Aoife").subject_id, OLD_TRUST).flag
        assert flag is not None
        return flagging.approve(desk, OLD_TRUST_LEAD, flag.id, flag.content_hash, flag.version)

    def settle(self, desk: Desk, record: str | None) -> None:
        lookup = lookup_at(desk, OLD_TRUST, "Aoife")
        hits.settle_match(desk, OLD_TRUST_REPRESENTATIVE, lookup.id, record, "looked", lookup.version)

    def test_they_are_taken_back_when_the_match_is_undone_and_given_again_when_it_holds(self, desk: Desk) -> None:
        flag = self.handed(desk)
        self.settle(desk, None)
        assert desk.tasks.kinds(OLD_TRUST) == [TaskKind.REVIEW_FLAG]
        flagging.start_checks(desk)
        assert not any(t.words for t in desk.tasks.open_of(OLD_TRUST))
        self.settle(desk, "MRN1")
        [review] = desk.tasks.open_of(OLD_TRUST)
        desk.tasks.held[review.id] = replace(review, closed_at=desk.now())
        flagging.start_checks(desk)
        [again] = desk.tasks.open_of(OLD_TRUST)
        assert (again.kind, again.words, again.about) == (TaskKind.PLACE_FLAG_BY_HAND, flag.text, str(flag.id))

    def test_placed_in_the_meantime_it_is_reviewed(self, desk: Desk) -> None:
        self.handed(desk)
        [by_hand] = desk.tasks.open_of(OLD_TRUST)
        lookup = lookup_at(desk, OLD_TRUST, "Aoife")
        desk.lookups.held[lookup.id] = replace(lookup, graded=(), decision=None)
        after = flagging.record_receipt(desk, OLD_TRUST_REPRESENTATIVE, by_hand.id, "done", True)
        assert (after.state, desk.tasks.kinds(OLD_TRUST)) == (S.RECORDED, [TaskKind.REVIEW_FLAG])


def test_one_person_has_one_live_alert_at_an_agency_also_on_another_record() -> None:
    desk = Desk(*everybody())
    received(desk)
    lookup = lookup_at(desk, TRUST, "Aoife")
    answer(desk, lookup, found(record_of(AOIFE, "R1"), record_of(AOIFE, "R2")))
    lookup = desk.lookups.get(lookup.id)
    hits.settle_match(desk, REPRESENTATIVE, lookup.id, "R1", "x", lookup.version)
    approved(desk)
    report(desk, F.PLACED, "flag.place")
    lookup = desk.lookups.get(lookup.id)
    hits.settle_match(desk, REPRESENTATIVE, lookup.id, "R2", "y", lookup.version)
    with pytest.raises(Conflict) as refused:
        flagging.propose(desk, REPRESENTATIVE, lookup.subject_id, TRUST)
    assert refused.value.code is Code.FLAG_EXISTS


def test_what_a_person_wrote_goes_into_no_task_and_no_audit(desk: Desk) -> None:
    known(desk, OLD_TRUST, AOIFE, "MRN1")
    flag = TestTheWords().handed(desk)
    flagging.end(desk, OLD_TRUST_LEAD, flag.id, "O'Brien moved to 3 Cornflower Walk")
    assert desk.flags.get(flag.id).reason == "O'Brien moved to 3 Cornflower Walk"
    told = [str(dict(event.facts)) for _, event in desk.audit.events] + [t.reason for t in desk.tasks.held.values()]
    assert not [words for words in told if "Cornflower" in words]
