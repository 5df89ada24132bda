"""What a lane fetches and what it lets go, by the situation it is in."""

import time
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from outbox.lane import Lane, NoTransport
from outbox.messages import Message
from outbox.settlement import Claimed


def lane(**changes):
    made = Lane("agency/system", NoTransport(), 10, time.monotonic() + 60)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def claimed(expires_in_s=None):
    return Claimed(Message(uuid4(), "agency/system", "lookup", b"", datetime.now(UTC)), 1, expires_in_s=expires_in_s)


def stocked(made, *items):
    for item in items:
        made.stock(item, time.monotonic())
    return made


@pytest.mark.parametrize(
    ("situation", "room", "hungry"),
    [
        ({}, 20, True),
        ({"pace_s": 0.02}, 30, True),
        ({"pace_s": 0.2}, 20, True),
        ({"pace_s": 3.0}, 10, True),
        ({"pace_s": 3.0, "under_way": 10}, 0, False),
        ({"pace_s": 3.0, "under_way": 9}, 1, True),
        ({"pace_s": 0.02, "under_way": 10}, 20, True),
        ({"pace_s": 0.02, "under_way": 20}, 10, False),
        ({"dry": True}, 0, False),
        ({"paused": True}, 0, False),
    ],
)
def test_how_many_are_fetched_and_when(situation, room, hungry):
    made = lane(**situation)
    assert (made.room, made.hungry) == (room, hungry)


@pytest.mark.parametrize(("pace_s", "patience_s"), [(0.02, 0.004), (0.2, 0.04), (0.4, 0.05)])
def test_a_lane_waits_to_be_fetched_for_while_something_is_at_hand_and_not_otherwise(pace_s, patience_s):
    made = lane(pace_s=pace_s)
    assert made.patience_s == 0
    assert stocked(made, claimed()).patience_s == pytest.approx(patience_s)


@pytest.mark.parametrize("situation", [{"paused": True}, {"under_way": 10}, {"lease_over": time.monotonic() - 1}])
def test_nothing_is_sent_while_it_may_not_be(situation):
    assert stocked(lane(**situation), claimed()).next() is None


def test_what_may_leave_and_what_may_not_any_more():
    made = stocked(lane(), claimed(), claimed(60.0), claimed(0.0), claimed(-5.0))
    assert [made.next()[1] for _ in range(4)] == [True, True, False, False]
    assert made.next() is None
    assert not made.busy


def test_what_lies_at_hand_while_the_destination_is_busy_is_put_back_and_no_more_is_kept():
    made = stocked(lane(under_way=10), claimed())
    assert not made.stuck
    made.moved -= 1
    assert made.stuck
    assert made.room == -1
    assert not lane(under_way=10, moved=0.0).stuck
