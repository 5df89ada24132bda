"""What people who run lanes see and may do: health with its reason, pauses, and messages that wait for a person."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from outbox import dead_letters, lanes
from outbox.lanes import WaitsFor
from outbox.messages import Delivery, Outcome
from outbox.schedule import Pace, Schedule
from tests.integration.postbox import LANE, OTHER_LANE, Office, office

LATER = Schedule(Pace(first_s=600))


@pytest.fixture
def desk(database_url):
    with office(database_url) as opened:
        yield opened


def health(desk, lane=LANE):
    with desk.engine.connect() as connection:
        return next(one for one in lanes.health(connection) if one.lane == lane)


def queue(desk, lane=LANE):
    with desk.engine.connect() as connection:
        return lanes.queue(connection, lane)


def always(outcome, reason="BUSY"):
    return lambda _: Delivery(outcome, reason=reason)


class TestHealth:
    def test_an_empty_outbox_has_no_lanes(self, desk: Office):
        with desk.engine.connect() as connection:
            assert lanes.health(connection) == []
            assert lanes.queue(connection, LANE) == []

    def test_due_and_nobody_serves(self, desk: Office):
        desk.send(3)
        found = health(desk)
        assert (found.waiting, found.due, found.failing, found.dead) == (3, 3, 0, 0)
        assert found.waits_for is WaitsFor.WORKER
        assert found.oldest <= datetime.now(UTC)
        assert {one.waits_for for one in queue(desk)} == {WaitsFor.WORKER}

    def test_failed_and_waiting_for_the_next_attempt(self, desk: Office):
        desk.post.lanes[LANE].script = always(Outcome.RETRY)
        desk.send(2)
        desk.run(schedule=LATER)
        found = health(desk)
        assert (found.waiting, found.due, found.failing, found.reason, found.waits_for) == (2, 0, 2, "BUSY", WaitsFor.RETRY)
        assert found.next_due > datetime.now(UTC) + timedelta(minutes=5)
        (first, _) = queue(desk)
        assert (first.attempts, first.reason, first.waits_for, first.due_at) == (1, "BUSY", WaitsFor.RETRY, found.next_due)

    def test_paused_says_by_whom_and_why(self, desk: Office):
        desk.send(1)
        desk.send(1, OTHER_LANE)
        with desk.engine.begin() as connection:
            lanes.pause(connection, LANE, "somebody", "UPGRADE")
        found = health(desk)
        assert (found.waits_for, found.paused_by, found.paused_why) == (WaitsFor.RESUME, "somebody", "UPGRADE")
        assert health(desk, OTHER_LANE).waits_for is WaitsFor.WORKER
        assert queue(desk)[0].waits_for is WaitsFor.RESUME

    @pytest.mark.parametrize("words", ["because of Mrs Canarywell", "canarywell", "A" * 41, "A B"])
    def test_words_are_not_kept_as_a_reason(self, desk: Office, words):
        with desk.engine.begin() as connection, pytest.raises(ValueError, match="by a code"):
            lanes.pause(connection, LANE, "somebody", words)

    def test_everything_stopped_says_so_and_a_lane_paused_by_itself_stays_paused(self, desk: Office):
        desk.send(1)
        desk.send(1, OTHER_LANE)
        with desk.engine.begin() as connection:
            lanes.pause(connection, LANE, "somebody", "UPGRADE")
            assert lanes.stop_everything(connection, "other", "DOUBT")
        assert (health(desk, OTHER_LANE).waits_for, health(desk, OTHER_LANE).paused_by) == (WaitsFor.RESTART, "other")
        assert desk.run().delivered == 0
        with desk.engine.begin() as connection:
            assert lanes.restart(connection)
        assert desk.run().delivered == 1
        assert health(desk).waits_for is WaitsFor.RESUME

    def test_behind_another_about_the_same_thing(self, desk: Office):
        desk.send(2, order_key="flag 1")
        assert [one.waits_for for one in queue(desk)] == [WaitsFor.WORKER, WaitsFor.TURN]

    def test_not_due_yet(self, desk: Office):
        desk.send(1)
        desk.ask("UPDATE outbox_messages SET due_at = now() + interval '1 hour'")
        assert health(desk).waits_for is queue(desk)[0].waits_for is WaitsFor.TIME

    def test_under_way(self, desk: Office):
        desk.send(2)
        desk.ask("UPDATE outbox_messages SET lease_token = 1 WHERE seq = (SELECT min(seq) FROM outbox_messages)")
        desk.ask("INSERT INTO outbox_lanes (lane, token, lease_until) VALUES (:lane, 1, now() + interval '1 minute')", lane=LANE)
        assert (health(desk).under_way, health(desk).waits_for) == (1, WaitsFor.ANSWER)
        assert queue(desk)[0].waits_for is WaitsFor.ANSWER

    def test_all_delivered(self, desk: Office):
        desk.send(2)
        desk.run()
        assert (health(desk).waiting, health(desk).waits_for) == (0, WaitsFor.NOTHING)


class TestDeadLetters:
    @pytest.fixture
    def dead(self, desk: Office):
        for lane in (LANE, OTHER_LANE):
            desk.post.lanes[lane].script = always(Outcome.REFUSED, "NOT_ACCEPTED")
        ids = desk.send(3) + desk.send(1, OTHER_LANE, kind="flag.place")
        desk.run()
        return ids

    def replay(self, desk, ids, gate=lambda _: "", **more):
        with desk.engine.begin() as connection:
            return dead_letters.replay(connection, desk.vault, ids, gate, **more)

    def test_are_counted_and_listed_with_their_reason(self, desk: Office, dead):
        with desk.engine.connect() as connection:
            assert dead_letters.count(connection) == 4
            assert dead_letters.count(connection, LANE) == 3
            assert dead_letters.count(connection, LANE, "flag.place") == 0
            (letter,) = dead_letters.dead_letters(connection, kind="flag.place")
            assert len(dead_letters.dead_letters(connection, most=2)) == 2
        assert (letter.id, letter.lane, letter.reason, letter.attempts) == (dead[3], OTHER_LANE, "NOT_ACCEPTED", 1)

    def test_are_sent_again_through_the_gate(self, desk: Office, dead):
        seen = []

        def gate(message):
            seen.append((message.id, message.body))
            return "MATCH_NOT_SETTLED" if message.id == dead[1] else ""

        done = self.replay(desk, dead[:3], gate)
        assert (set(done.replayed), done.refused, done.skipped) == ({dead[0], dead[2]}, {dead[1]: "MATCH_NOT_SETTLED"}, ())
        assert seen == [(one, f"body {n}".encode()) for n, one in enumerate(dead[:3])]
        desk.post.lanes[LANE].script = always(Outcome.DELIVERED, "")
        desk.run()
        assert [desk.row(one)["state"] for one in dead] == ["delivered", "dead", "delivered", "dead"]

    def test_what_is_dead_no_more_is_skipped(self, desk: Office, dead):
        self.replay(desk, dead[:1])
        stranger = uuid4()
        assert self.replay(desk, [dead[0], stranger]).skipped == (dead[0], stranger)

    def test_whoever_was_in_doubt_stays_so(self, desk: Office):
        desk.post.lanes[LANE].script = always(Outcome.UNSURE)
        (one,) = desk.send()
        desk.run()
        assert desk.row(one)["state"] == "dead"
        self.replay(desk, [one])
        desk.run()
        assert desk.post.lanes[LANE].came[-1].unsure

    def test_a_passed_limit_is_set_anew_and_another_is_kept(self, desk: Office, dead):
        soon = datetime.now(UTC) + timedelta(hours=1)
        desk.ask("UPDATE outbox_messages SET not_after = now() - interval '1 day' WHERE id = :id", id=dead[0])
        desk.ask("UPDATE outbox_messages SET not_after = now() + interval '1 day' WHERE id = :id", id=dead[1])
        self.replay(desk, dead[:3], not_after=soon)
        assert desk.row(dead[0])["not_after"] == soon
        assert desk.row(dead[1])["not_after"] > soon
        assert desk.row(dead[2])["not_after"] is None

    def test_withdrawn_they_end_and_hold_nothing(self, desk: Office, dead):
        with desk.engine.begin() as connection:
            assert dead_letters.withdraw(connection, dead[:2]) == 2
            assert dead_letters.withdraw(connection, dead[:2]) == 0
        assert {(desk.row(one)["state"], desk.row(one)["body"]) for one in dead[:2]} == {("withdrawn", b"")}
        assert self.replay(desk, dead[:2]).replayed == ()

    def test_two_who_replay_at_once_send_it_once(self, desk: Office, dead):
        done = []
        threads = [threading.Thread(target=lambda: done.append(self.replay(desk, dead[:1]))) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(20)
        assert sorted(len(one.replayed) for one in done) == [0, 0, 0, 1]
