"""The relay on real PostgreSQL: who serves a lane, from when to when, and what others find of it. Pauses, fences, ends."""

import asyncio
import threading
import time
from collections import Counter

import pytest
from sqlalchemy import text

from outbox import lanes, statements
from outbox.ledger import Ledger
from outbox.messages import Delivery, MessageState, Outcome
from outbox.relay import RelaySettings
from outbox.settlement import settle
from tests.integration.postbox import DONE, LANE, OTHER_LANE, QUICK, RETRY, SOON, Office, office


@pytest.fixture
def desk(database_url):
    with office(database_url) as opened:
        yield opened


class TestPauses:
    def test_a_paused_lane_is_left_alone_until_it_is_resumed(self, desk: Office):
        desk.send(3)
        desk.send(3, OTHER_LANE)
        with desk.engine.begin() as connection:
            assert lanes.pause(connection, LANE, "someone", "MAINTENANCE")
            assert not lanes.pause(connection, LANE, "other", "AGAIN")
        assert desk.run().delivered == 3
        assert desk.post.lanes[LANE].came == []
        with desk.engine.begin() as connection:
            assert lanes.resume(connection, LANE)
            assert not lanes.resume(connection, LANE)
        assert desk.run().delivered == 3

    def test_stopping_everything_holds_while_a_hundred_are_under_way(self, desk: Office):
        desk.post.limit = 50
        for lane in (LANE, OTHER_LANE):
            desk.post.lanes[lane].script = lambda _: 0.05
            desk.send(1000, lane)
        with desk.running() as stop:
            desk.wait_until(lambda: bool(desk.keeper.results), stop)
            with desk.engine.begin() as connection:
                lanes.stop_everything(connection, "someone", "DOUBT")
            time.sleep(2)
            came = sum(len(d.came) for d in desk.post.lanes.values())
            time.sleep(0.5)
            assert sum(len(d.came) for d in desk.post.lanes.values()) == came < 2000
            with desk.engine.begin() as connection:
                lanes.restart(connection)
            desk.wait_until(lambda: desk.states()["delivered"] == 2000, stop)
        assert desk.ask("SELECT count(*), count(DISTINCT id) FROM handled") == [(2000, 2000)]
        assert max(Counter(m.id for d in desk.post.lanes.values() for m in d.came).values()) == 1


class TestServing:
    def test_a_stop_lets_what_is_under_way_end_and_puts_the_rest_back(self, desk: Office):
        desk.post.lanes[LANE].script = lambda _: 0.05
        desk.send(200)
        stop = threading.Event()
        threading.Timer(0.3, stop.set).start()
        report = asyncio.run(desk.relay().run(stop))
        came = len(desk.post.lanes[LANE].came)
        assert 0 < report.delivered == came < 200
        assert desk.states() == {"delivered": came, "pending": 200 - came}
        assert desk.ask("SELECT count(*) FROM outbox_messages WHERE lease_token IS NOT NULL OR unsure OR attempts > 1") == [(0,)]
        assert desk.ask("SELECT count(*) FROM outbox_lanes WHERE token IS NOT NULL") == [(0,)]

    def test_deliveries_that_outlast_a_stop_are_in_doubt(self, desk: Office):
        desk.post.lanes[LANE].script = lambda _: 30.0
        (one,) = desk.send()
        stop = threading.Event()
        threading.Timer(0.3, stop.set).start()
        asyncio.run(desk.relay(RelaySettings(look_s=0.02, drain_s=0.1)).run(stop))
        row = desk.row(one)
        assert (row["state"], row["unsure"], row["reason"], row["interruptions"], row["attempts"]) == ("pending", True, "INTERRUPTED", 1, 0)

    def test_two_at_once_share_the_work_and_double_nothing(self, desk: Office):
        for lane in (LANE, OTHER_LANE, "a/b", "c/d"):
            desk.post.lanes[lane].script = lambda _: 0.003
            desk.send(100, lane)

        async def both():
            return await asyncio.gather(*(desk.relay().run() for _ in range(3)))

        reports = asyncio.run(both())
        assert sum(r.delivered for r in reports) == 400
        assert sum(r.fenced for r in reports) == 0
        assert max(Counter(m.id for d in desk.post.lanes.values() for m in d.came).values()) == 1
        assert all(d.most_under_way <= 4 for d in desk.post.lanes.values())

    def test_a_message_for_an_idle_lane_is_noticed_while_another_is_slow(self, desk: Office):
        desk.post.lanes[LANE].script = lambda _: 1.5
        desk.send()
        runner = threading.Thread(target=desk.run)
        runner.start()
        time.sleep(0.4)
        (later,) = desk.send(1, OTHER_LANE)
        time.sleep(0.6)
        assert desk.row(later)["state"] == "delivered"
        runner.join(10)

    def test_told_of_a_message_it_looks_at_once(self, desk: Office):
        relay = desk.relay(RelaySettings(look_s=30.0))
        stop = threading.Event()
        runner = threading.Thread(target=lambda: asyncio.run(relay.run(stop, idle_exit=False)))
        runner.start()
        time.sleep(0.5)
        (one,) = desk.send()
        relay.look_now()
        until = time.monotonic() + 5
        while desk.row(one)["state"] != "delivered" and time.monotonic() < until:
            time.sleep(0.01)
        assert desk.row(one)["state"] == "delivered"
        stop.set()
        relay.look_now()
        runner.join(10)
        assert not runner.is_alive()
        relay.look_now()  # nobody is there to be told

    def test_a_dead_agency_does_not_slow_the_others(self, desk: Office):
        desk.post.lanes["dead/one"].script = lambda _: 1.0
        desk.send(8, "dead/one")
        desk.post.lanes[LANE].script = lambda _: 0.005
        desk.send(200)
        runner = threading.Thread(target=desk.run)
        runner.start()
        time.sleep(1.2)
        assert desk.ask("SELECT count(*) FROM outbox_messages WHERE lane = :lane AND state = 'delivered'", lane=LANE) == [(200,)]
        runner.join(10)
        assert desk.states() == {"delivered": 208}


class TestFencing:
    def ledger(self, desk, lease_s=5.0):
        made = Ledger(desk.engine, desk.vault, desk.keeper, lease_s)
        made.open()
        return made

    def done(self, claimed):
        return [settle(one, DONE, QUICK, None, 5) for one in claimed]

    def test_a_lane_has_one_server(self, desk: Office):
        desk.send(4)
        first, second = self.ledger(desk), self.ledger(desk)
        assert first.sweep((), renew=True).taken == {LANE}
        assert second.sweep((), renew=True).taken == set()
        assert second.claim({LANE: 4}) == []
        first.close((LANE,))
        assert second.sweep((), renew=True).taken == {LANE}
        assert len(second.claim({LANE: 4})) == 4
        second.close((LANE,))

    def test_who_lost_the_lane_can_neither_claim_nor_settle(self, desk: Office):
        desk.send(4)
        slow, quick = self.ledger(desk, lease_s=0.2), self.ledger(desk)
        slow.sweep((), renew=True)
        old = slow.claim({LANE: 2})
        time.sleep(0.3)
        sweep = quick.sweep((), renew=True)
        assert sweep.taken == {LANE}
        assert {one.message.id for one in sweep.abandoned} == {one.message.id for one in old}
        assert slow.claim({LANE: 2}) == []
        assert slow.sweep((LANE,), renew=True).held == set()
        quick.settle(self.done(sweep.abandoned))
        late = slow.settle(self.done(old))
        assert (len(late.settled), late.fenced) == (0, 2)
        assert desk.ask("SELECT count(*), count(DISTINCT id) FROM handled") == [(2, 2)]
        slow.close(())
        quick.close((LANE,))

    def test_a_late_result_that_is_first_counts_and_the_guess_does_not(self, desk: Office):
        desk.send(1)
        slow, quick = self.ledger(desk, lease_s=0.2), self.ledger(desk)
        slow.sweep((), renew=True)
        old = slow.claim({LANE: 1})
        time.sleep(0.3)
        abandoned = quick.sweep((), renew=True).abandoned
        assert len(slow.settle(self.done(old)).settled) == 1
        assert quick.settle(self.done(abandoned)).fenced == 1
        assert desk.states() == {"delivered": 1}
        slow.close(())
        quick.close((LANE,))

    def test_a_late_result_does_not_touch_a_message_that_another_has_under_way(self, desk: Office):
        (one,) = desk.send(1)
        slow, quick = self.ledger(desk, lease_s=0.2), self.ledger(desk)
        slow.sweep((), renew=True)
        old = slow.claim({LANE: 1})
        time.sleep(0.3)
        guesses = [
            settle(claimed, Delivery(Outcome.UNSURE, reason="INTERRUPTED"), QUICK, None, 5)
            for claimed in quick.sweep((), renew=True).abandoned
        ]
        assert len(quick.settle(guesses).settled) == 1
        time.sleep(0.1)
        assert [again.message.unsure for again in quick.claim({LANE: 1})] == [True]
        assert slow.settle([settle(claimed, RETRY, QUICK, None, 5) for claimed in old]).fenced == 1
        assert (desk.row(one)["lease_token"], desk.row(one)["reason"]) == (quick.token, "INTERRUPTED")
        slow.close(())
        quick.close((LANE,))

    def test_a_lane_whose_server_died_is_taken_at_once(self, desk: Office):
        desk.send(2)
        dead, living = self.ledger(desk, lease_s=600), self.ledger(desk)
        dead.sweep((), renew=True)
        dead.claim({LANE: 1})
        assert living.sweep((), renew=True).taken == set()
        dead._pulse.end()
        until = time.monotonic() + 5
        while not (sweep := living.sweep((), renew=True)).taken and time.monotonic() < until:
            time.sleep(0.05)
        assert sweep.taken == {LANE}
        assert [one.message.unsure for one in sweep.abandoned] == [False]
        living.close((LANE,))
        dead.close(())

    @pytest.fixture
    def stopped(self, desk: Office):
        """An island that was stopped in the middle of a claim, past its lease."""
        desk.send(2)
        made = self.ledger(desk, lease_s=0.1)
        made.sweep((), renew=True)
        connection = made._claims.open()
        connection.begin()
        connection.execute(statements.CLAIM, {"token": made.token, "lanes": [LANE], "counts": [2]})
        time.sleep(0.2)
        yield made
        made._claims.end()
        made.close(())

    def test_one_stopped_within_a_transaction_keeps_nobody_waiting_and_its_messages_not_for_long(self, desk: Office, stopped):
        desk.send(1, OTHER_LANE)
        living = self.ledger(desk)
        began = time.monotonic()
        assert living.sweep((), renew=True).taken == {OTHER_LANE}
        assert time.monotonic() - began < 1
        while not (sweep := living.sweep((OTHER_LANE,), renew=True)).taken and time.monotonic() - began < 8:
            time.sleep(0.1)
        assert sweep.taken == {LANE}
        assert len(living.claim({LANE: 2})) == 2
        living.close((LANE, OTHER_LANE))

    def test_one_stopped_within_a_transaction_keeps_nobody_from_stopping_its_lane(self, desk: Office, stopped):
        began = time.monotonic()
        with desk.engine.begin() as connection:
            assert lanes.pause(connection, LANE, "someone", "DOUBT")
        assert time.monotonic() - began < 1

    def test_a_claim_of_which_nobody_knows_is_put_back(self, desk: Office):
        desk.send(3)
        ledger = self.ledger(desk)
        ledger.sweep((), renew=True)
        known = ledger.claim({LANE: 1})
        ledger.claim({LANE: 2})
        ledger.release_all_but([one.message.id for one in known])
        assert desk.ask("SELECT count(*) FROM outbox_messages WHERE lease_token IS NULL") == [(2,)]
        ledger.close((LANE,))


def test_a_database_that_goes_away_for_a_moment_loses_nothing(desk: Office):
    desk.post.lanes[LANE].script = lambda _: 0.01
    desk.send(300)
    runner = threading.Thread(target=desk.run)
    runner.start()
    for _ in range(3):
        time.sleep(0.25)
        with desk.engine.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
    runner.join(30)
    assert not runner.is_alive()
    desk.run()
    assert desk.states() == {"delivered": 300}
    assert desk.ask("SELECT count(DISTINCT id) FROM handled WHERE final AND outcome = 'delivered'") == [(300,)]
    assert desk.ask("SELECT count(*) FROM handled WHERE final") == [(300,)]


def test_what_ends_its_process_again_and_again_is_parked(desk: Office):
    (killer,) = desk.send()
    for _ in range(SOON.most_interruptions):
        ledger = Ledger(desk.engine, desk.vault, desk.keeper, 5.0)
        ledger.open()
        sweep = ledger.sweep((), renew=True)
        batch = [
            settle(one, Delivery(Outcome.UNSURE, reason="INTERRUPTED"), QUICK, None, SOON.most_interruptions) for one in sweep.abandoned
        ]
        if batch:
            ledger.settle(batch)
        desk.ask("UPDATE outbox_messages SET due_at = now() WHERE state = 'pending'")
        ledger.claim(dict.fromkeys(sweep.taken, 1))
        for line in (ledger._pulse, ledger._claims, ledger._settling):
            line.end()  # as a killed process leaves them
        time.sleep(0.05)
    desk.run()
    row = desk.row(killer)
    assert (row["state"], row["reason"], row["unsure"]) == (MessageState.DEAD, "INTERRUPTED", True)
    assert desk.post.lanes[LANE].came == []
