"""The relay on real PostgreSQL: what becomes of a message. Order, expiry, doubt, poison."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from outbox import lanes
from outbox.messages import Delivery, Outcome
from outbox.relay import RelaySettings
from outbox.schedule import Pace, Schedule
from outbox.writer import Writer
from tests.integration.postbox import DONE, LANE, OTHER_LANE, RETRY, Keeper, Office, office


@pytest.fixture
def desk(database_url):
    with office(database_url) as opened:
        yield opened


def refuses(_):
    return Delivery(Outcome.REFUSED, reason="NOT_ACCEPTED")


def times(*deliveries):
    """A script that gives each message these answers in turn, the last one for ever."""
    seen = Counter()

    def script(message):
        seen[message.id] += 1
        return deliveries[min(seen[message.id], len(deliveries)) - 1]

    return script


UNSURE = Delivery(Outcome.UNSURE, reason="TIMEOUT")


def test_everything_due_is_delivered_handled_once_and_the_body_erased(desk: Office):
    ids = desk.send(150) + desk.send(150, OTHER_LANE)
    report = desk.run()
    assert (report.delivered, report.lanes, report.fenced, report.next_due_s) == (300, 2, 0, None)
    assert desk.states() == {"delivered": 300}
    assert sorted(desk.ask("SELECT id FROM handled WHERE final")) == sorted((one,) for one in ids)
    assert desk.ask("SELECT count(*) FROM outbox_messages WHERE body <> '' OR lease_token IS NOT NULL") == [(0,)]
    assert desk.ask("SELECT count(*), count(DISTINCT message_id) FROM outbox_attempts WHERE outcome = 'delivered'") == [(300, 300)]
    assert {message.body for message in desk.post.lanes[LANE].came} == {f"body {n}".encode() for n in range(150)}


def test_results_are_written_in_batches(desk: Office):
    desk.post.lanes[LANE].script = lambda _: 0.005
    desk.send(200)
    desk.run(settings=RelaySettings(look_s=0.02))
    assert sum(desk.keeper.calls) == 200
    assert len(desk.keeper.calls) < 80


def test_no_more_are_under_way_than_the_lane_bears(desk: Office):
    desk.post.limit = 3
    desk.post.lanes[LANE].script = lambda _: 0.01
    desk.send(30)
    desk.run()
    assert desk.post.lanes[LANE].most_under_way == 3


def test_an_idle_outbox_ends_a_run_at_once(desk: Office):
    began = time.monotonic()
    report = desk.run()
    assert time.monotonic() - began < 2
    assert report.delivered == report.lanes == 0


def test_what_is_due_later_is_left_and_told(desk: Office):
    (one,) = desk.send()
    desk.ask("UPDATE outbox_messages SET due_at = now() + interval '1 hour' WHERE id = :id", id=one)
    report = desk.run()
    assert 3500 < report.next_due_s <= 3600
    assert desk.states() == {"pending": 1}


def test_retried_until_delivered_with_the_attempts_kept(desk: Office):
    desk.post.lanes[LANE].script = times(RETRY, RETRY, DONE)
    (one,) = desk.send()
    report = desk.run()
    assert (report.retried, report.delivered) == (2, 1)
    assert desk.row(one)["attempts"] == 3
    assert desk.ask("SELECT outcome, reason FROM outbox_attempts ORDER BY at") == [("retry", "BUSY"), ("retry", "BUSY"), ("delivered", "")]
    assert [r.final for r in desk.keeper.results] == [False, False, True]
    assert [m.unsure for m in desk.post.lanes[LANE].came] == [False, False, False]


def test_given_up_after_the_last_attempt_and_told_as_final(desk: Office):
    desk.post.lanes[LANE].script = times(RETRY)
    (one,) = desk.send()
    desk.run()
    row = desk.row(one)
    assert (row["state"], row["reason"], row["attempts"]) == ("dead", "BUSY", 5)
    assert row["body"] != b""
    assert [r.final for r in desk.keeper.results] == [False] * 4 + [True]


def test_refused_is_final_at_once(desk: Office):
    desk.post.lanes[LANE].script = refuses
    (one,) = desk.send()
    assert desk.run().dead == 1
    assert desk.row(one)["reason"] == "NOT_ACCEPTED"
    assert [(r.final, r.delivery.reason) for r in desk.keeper.results] == [(True, "NOT_ACCEPTED")]


def test_after_doubt_every_further_attempt_says_so(desk: Office):
    desk.post.lanes[LANE].script = times(UNSURE, RETRY, DONE)
    desk.send()
    desk.run()
    assert [m.unsure for m in desk.post.lanes[LANE].came] == [False, True, True]
    assert [m.attempts for m in desk.post.lanes[LANE].came] == [0, 1, 2]


def test_a_transport_that_raises_leaves_doubt_and_does_not_stop_others(desk: Office):
    def script(message):
        if message.body == b"body 0" and not message.unsure:
            raise RuntimeError("a fault of the transport")
        return DONE

    desk.post.lanes[LANE].script = script
    desk.send(5)
    assert desk.run().delivered == 5
    assert desk.ask("SELECT outcome, reason FROM outbox_attempts WHERE outcome <> 'delivered'") == [("unsure", "TRANSPORT_FAILED")]


def test_retry_after_is_kept(desk: Office):
    desk.post.lanes[LANE].script = times(Delivery(Outcome.RETRY, reason="BUSY", retry_after_s=50))
    (one,) = desk.send()
    report = desk.run()
    assert 45 < report.next_due_s <= 50
    assert desk.row(one)["state"] == "pending"


class TestOrder:
    def test_messages_of_one_key_leave_one_after_the_other(self, desk: Office):
        sent = [desk.send(1, order_key="flag 1")[0] for _ in range(8)]
        desk.post.lanes[LANE].script = lambda _: 0.005
        desk.run()
        assert [m.id for m in desk.post.lanes[LANE].came] == sent
        assert desk.post.lanes[LANE].most_under_way == 1

    def test_a_later_one_waits_for_the_retries_of_an_earlier_one(self, desk: Office):
        desk.post.lanes[LANE].script = times(RETRY, RETRY, DONE)
        first, second = desk.send(1, order_key="flag 1") + desk.send(1, order_key="flag 1")
        desk.run()
        assert [m.id for m in desk.post.lanes[LANE].came] == [first] * 3 + [second] * 3

    def test_order_holds_across_lanes(self, desk: Office):
        desk.post.lanes[OTHER_LANE].script = times(RETRY, DONE)
        (first,) = desk.send(1, OTHER_LANE, order_key="action 1")
        (second,) = desk.send(1, LANE, order_key="action 1")
        desk.run()
        assert [r.message.id for r in desk.keeper.results] == [first, first, second]

    def test_other_keys_and_none_do_not_wait(self, desk: Office):
        desk.post.lanes[LANE].script = lambda m: RETRY if m.kind == "stuck" else DONE
        desk.send(1, kind="stuck", order_key="flag 1")
        free = desk.send(1, order_key="flag 2") + desk.send(3)
        desk.run(schedule=Schedule(Pace(first_s=60)))
        assert {m.id for m in desk.post.lanes[LANE].came if m.kind != "stuck"} == set(free)

    def test_what_ended_otherwise_lets_the_next_go(self, desk: Office):
        desk.post.lanes[LANE].script = lambda m: refuses(m) if m.kind == "bad" else DONE
        desk.send(1, kind="bad", order_key="flag 1")
        (second,) = desk.send(1, order_key="flag 1")
        desk.run()
        assert desk.row(second)["state"] == "delivered"

    def test_a_message_behind_one_in_a_paused_lane_waits_and_the_run_ends(self, desk: Office):
        desk.send(1, OTHER_LANE, order_key="a")
        (second,) = desk.send(1, LANE, order_key="a")
        with desk.engine.begin() as connection:
            lanes.pause(connection, OTHER_LANE, "someone", "MAINTENANCE")
        assert desk.run().delivered == 0
        assert desk.row(second)["state"] == "pending"


class TestExpiry:
    def test_an_expired_message_never_leaves_and_is_told_as_final(self, desk: Office):
        (one,) = desk.send(1, not_after=datetime.now(UTC) - timedelta(seconds=1))
        report = desk.run()
        assert report.withdrawn == 1
        assert desk.post.lanes[LANE].came == []
        assert [(r.final, r.delivery.outcome, r.delivery.reason, r.left_at) for r in desk.keeper.results] == [
            (True, Outcome.REFUSED, "EXPIRED", None)
        ]
        assert (desk.row(one)["state"], desk.row(one)["body"]) == ("withdrawn", b"")

    def test_a_retry_after_its_time_does_not_leave_and_doubt_stays(self, desk: Office):
        desk.post.lanes[LANE].script = times(UNSURE)
        (one,) = desk.send(1, not_after=datetime.now(UTC) + timedelta(seconds=0.4))
        desk.run(schedule=Schedule(Pace(first_s=60)))
        time.sleep(0.5)
        desk.run()
        assert len(desk.post.lanes[LANE].came) == 1
        assert (desk.row(one)["state"], desk.row(one)["reason"], desk.row(one)["unsure"]) == ("dead", "EXPIRED", True)
        assert (desk.keeper.results[-1].final, desk.keeper.results[-1].delivery.outcome) == (True, Outcome.UNSURE)

    def test_a_message_that_expires_while_it_waits_at_hand_does_not_leave(self, desk: Office):
        desk.post.limit = 1
        desk.post.lanes[LANE].script = lambda _: 0.03
        desk.send(10)
        late = desk.send(10, not_after=datetime.now(UTC) + timedelta(seconds=0.2))
        desk.run()
        came = {m.id for m in desk.post.lanes[LANE].came}
        assert not came.issuperset(late)
        assert {desk.row(one)["state"] for one in late if one not in came} == {"withdrawn"}

    def test_expires_in_a_paused_lane_too(self, desk: Office):
        with desk.engine.begin() as connection:
            lanes.pause(connection, LANE, "someone", "MAINTENANCE")
        desk.send(1, not_after=datetime.now(UTC) - timedelta(seconds=1))
        assert desk.run().withdrawn == 1


class TestWithdrawal:
    def test_withdrawn_never_leaves(self, desk: Office):
        ids = desk.send(2, order_key="flag 1")
        with desk.engine.begin() as connection:
            assert Writer(connection, desk.vault).withdraw("flag 1") == 2
        assert desk.run().delivered == 0
        assert desk.post.lanes[LANE].came == []
        assert {desk.row(one)["state"] for one in ids} == {"withdrawn"}

    def test_no_key_withdraws_nothing(self, desk: Office):
        desk.send(2)
        with desk.engine.begin() as connection:
            assert Writer(connection, desk.vault).withdraw("") == 0

    def test_what_may_have_left_is_not_withdrawn(self, desk: Office):
        desk.post.lanes[LANE].script = times(UNSURE)
        desk.send(1, order_key="flag 1")
        desk.run(schedule=Schedule(Pace(first_s=60)))
        with desk.engine.begin() as connection:
            assert Writer(connection, desk.vault).withdraw("flag 1") == 0


class TestPoison:
    def test_one_result_that_cannot_be_handled_is_parked_and_the_rest_kept(self, desk: Office):
        ids = desk.send(20)
        desk.keeper.poison = {ids[7]}
        report = desk.run()
        assert (report.delivered, report.parked) == (19, 1)
        row = desk.row(ids[7])
        assert (row["state"], row["reason"], row["unsure"]) == ("dead", "HANDLER_FAILED", True)
        assert row["body"] != b""
        assert sorted(desk.ask("SELECT id FROM handled")) == sorted((one,) for one in ids if one != ids[7])

    def test_where_only_the_reply_was_the_fault_the_handler_hears_that_it_was_lost(self, desk: Office):
        class ReplyShy(Keeper):
            def __call__(self, connection, results):
                if any(r.delivery.outcome is Outcome.DELIVERED for r in results):
                    raise ValueError("a fault of the handler")
                super().__call__(connection, results)

        desk.keeper = ReplyShy()
        [one] = desk.send(1)
        assert desk.run().parked == 1
        assert desk.row(one)["reason"] == "HANDLER_FAILED"
        [told] = desk.keeper.results
        assert (told.message.id, told.final, told.message.unsure, told.delivery.reason) == (one, True, True, "HANDLER_FAILED")
        assert desk.ask("SELECT id, outcome FROM handled") == [(one, "unsure")]

    def test_a_body_that_cannot_be_opened_waits_for_the_right_key(self, desk: Office):
        good, bad = desk.send(2)
        desk.ask("UPDATE outbox_messages SET body = 'x' WHERE id = :id", id=bad)
        desk.run(schedule=Schedule(Pace(first_s=60)))
        assert desk.row(good)["state"] == "delivered"
        assert (desk.row(bad)["state"], desk.row(bad)["reason"]) == ("pending", "BODY_UNREADABLE")

    def test_a_lane_whose_transport_cannot_be_made_does_not_stop_the_others(self, desk: Office):
        make = desk.post.open

        def open_lane(lane):
            if lane == LANE:
                raise KeyError(lane)
            return make(lane)

        desk.post.open = open_lane
        (stuck,), (free,) = desk.send(), desk.send(1, OTHER_LANE)
        desk.run(schedule=Schedule(Pace(first_s=60)))
        assert desk.row(free)["state"] == "delivered"
        assert desk.row(stuck)["reason"] == "NO_TRANSPORT"
