"""When a message is tried again, and what becomes of it: every situation a row."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbox.messages import Delivery, Message, MessageState, Outcome
from outbox.schedule import Pace, Schedule
from outbox.settlement import BODY_UNREADABLE, EXPIRED, INTERRUPTED, Claimed, expired, settle, unreadable

NOW = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)
SCHEDULE = Schedule(Pace(first_s=10, factor=2, longest_s=100, attempts=4, patience_s=600), {"lookup": Pace(first_s=1, attempts=2)})


@given(st.uuids(), st.integers(1, 200), st.floats(0, 1e9), st.sampled_from(["lookup", "other"]))
def test_a_delay_is_bounded_repeatable_and_never_shorter_than_asked(message_id, attempts, asked, kind):
    delay = SCHEDULE.next_attempt(kind, message_id, attempts, asked)
    pace = SCHEDULE.by_kind.get(kind, SCHEDULE.default)
    assert (delay is None) == (attempts >= pace.attempts)
    if delay is not None:
        grown = min(pace.first_s * pace.factor ** (attempts - 1), pace.longest_s)
        assert delay == SCHEDULE.next_attempt(kind, message_id, attempts, asked)
        assert delay.total_seconds() >= min(asked, pace.patience_s) - 1e-6
        assert delay.total_seconds() <= max(grown * 1.2, min(asked, pace.patience_s)) + 1e-6
        assert delay.total_seconds() >= grown * 0.8 - 1e-6


def test_messages_that_failed_together_do_not_come_back_together():
    delays = {SCHEDULE.next_attempt("other", UUID(int=n), 1) for n in range(50)}
    assert len(delays) == 50


def test_a_long_row_of_failures_does_not_overflow():
    assert Schedule(Pace(attempts=10_000)).next_attempt("x", uuid4(), 9_000) <= timedelta(hours=1.2)


def claimed(attempts=0, unsure=False, interruptions=0, kind="other"):
    return Claimed(Message(uuid4(), "agency/system", kind, b"", NOW, attempts, unsure), 7, interruptions=interruptions)


SITUATIONS = [
    # what was known before        what came                                               state after             final  unsure
    (claimed(), Delivery(Outcome.DELIVERED), MessageState.DELIVERED, True, False),
    (claimed(unsure=True), Delivery(Outcome.DELIVERED), MessageState.DELIVERED, True, False),
    (claimed(attempts=3), Delivery(Outcome.DELIVERED), MessageState.DELIVERED, True, False),
    (claimed(), Delivery(Outcome.REFUSED, reason="NO"), MessageState.DEAD, True, False),
    (claimed(unsure=True), Delivery(Outcome.REFUSED, reason="NO"), MessageState.DEAD, True, True),
    (claimed(), Delivery(Outcome.RETRY, reason="BUSY"), MessageState.PENDING, False, False),
    (claimed(unsure=True), Delivery(Outcome.RETRY, reason="BUSY"), MessageState.PENDING, False, True),
    (claimed(attempts=3), Delivery(Outcome.RETRY, reason="BUSY"), MessageState.DEAD, True, False),
    (claimed(), Delivery(Outcome.UNSURE, reason="TIMEOUT"), MessageState.PENDING, False, True),
    (claimed(attempts=3), Delivery(Outcome.UNSURE, reason="TIMEOUT"), MessageState.DEAD, True, True),
    (claimed(), expired(claimed().message), MessageState.WITHDRAWN, True, False),
    (claimed(unsure=True), expired(claimed(unsure=True).message), MessageState.DEAD, True, True),
    (claimed(attempts=9), Delivery(Outcome.UNSURE, reason=INTERRUPTED), MessageState.PENDING, False, True),
    (claimed(interruptions=4), Delivery(Outcome.UNSURE, reason=INTERRUPTED), MessageState.DEAD, True, True),
    (claimed(), unreadable(), MessageState.PENDING, False, False),
]


@pytest.mark.parametrize(("before", "delivery", "state", "final", "unsure"), SITUATIONS)
def test_what_becomes_of_a_message(before, delivery, state, final, unsure):
    after = settle(before, delivery, SCHEDULE, NOW, most_interruptions=5)
    assert (after.state, after.result.final) == (state, final)
    assert after.unsure == unsure or state is MessageState.DELIVERED
    assert (after.delay > timedelta()) == (state is MessageState.PENDING)
    assert after.result.message is before.message
    assert after.interrupted == (delivery.reason == INTERRUPTED)


def test_every_outcome_ends_or_waits_and_nothing_else():
    for outcome in Outcome:
        assert settle(claimed(), Delivery(outcome, reason="X"), SCHEDULE, None, 5).state in MessageState


def test_codes_that_people_see_are_fixed():
    assert (EXPIRED, INTERRUPTED, BODY_UNREADABLE) == ("EXPIRED", "INTERRUPTED", "BODY_UNREADABLE")


def test_retry_after_of_the_destination_is_kept():
    after = settle(claimed(kind="lookup"), Delivery(Outcome.RETRY, reason="BUSY", retry_after_s=300), SCHEDULE, NOW, 5)
    assert after.delay == timedelta(seconds=300)
