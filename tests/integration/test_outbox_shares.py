"""Lanes shared out among the islands that live: about as many for each, given back at a safe point, and nothing lost or doubled by it."""

import time
from collections import Counter

import pytest

from outbox import statements
from outbox.ledger import Ledger
from tests.integration.postbox import LANE, OTHER_LANE, Office, office

EIGHT = [f"agency-{n}/record" for n in range(8)]
PATIENT = 30
"""Seconds that a condition may take on a busy machine."""


@pytest.fixture
def desk(database_url):
    with office(database_url) as opened:
        yield opened


@pytest.fixture
def ledgers(desk):
    """Opens ledgers, as islands do when they begin; what is left open at the end is closed."""
    opened = []

    def open_one() -> Ledger:
        opened.append(Ledger(desk.engine, desk.vault, desk.keeper, 60.0))
        opened[-1].open()
        return opened[-1]

    yield open_one
    for ledger in opened:
        ledger.close(EIGHT)


def sweep(ledger, mine=()):
    return ledger.sweep(mine, renew=True)


def fill(desk, count=2):
    for lane in EIGHT:
        desk.send(count, lane)


class TestTaking:
    def test_one_alone_takes_all(self, desk: Office, ledgers):
        fill(desk)
        found = sweep(ledgers())
        assert (found.taken, found.spare, found.promised) == (set(EIGHT), 0, False)

    def test_those_who_live_take_their_share_each(self, desk: Office, ledgers):
        fill(desk)
        islands = [ledgers() for _ in range(3)]
        taken = [sweep(one).taken for one in islands]
        assert [len(lanes) for lanes in taken] == [3, 3, 2]
        assert set().union(*taken) == set(EIGHT)
        assert [(found.spare, found.promised) for found in map(sweep, islands)] == [(0, False)] * 3

    def test_a_single_lane_is_left_where_it_is(self, desk: Office, ledgers):
        desk.send()
        first, second = ledgers(), ledgers()
        assert sweep(first).taken == {LANE}
        found = sweep(second)
        assert (found.taken, found.promised) == (set(), False)
        assert sweep(first, (LANE,)).spare == 0

    def test_lanes_without_work_and_paused_ones_are_not_counted(self, desk: Office, ledgers):
        desk.send(1, LANE)
        desk.send(1, OTHER_LANE)
        desk.ask("INSERT INTO outbox_pauses (lane, who, why) VALUES (:lane, 'someone', '')", lane=OTHER_LANE)
        desk.ask("INSERT INTO outbox_lanes (lane) VALUES ('nothing/waits')")
        first, second = ledgers(), ledgers()
        assert sweep(first).taken == {LANE}
        assert (sweep(second).taken, sweep(first).spare) == (set(), 0)

    def test_what_another_is_locking_is_passed_over_and_not_waited_for(self, desk: Office, ledgers):
        fill(desk)
        desk.ask("INSERT INTO outbox_lanes (lane) SELECT DISTINCT lane FROM outbox_messages")
        first, _ = ledgers(), ledgers()
        with desk.engine.begin() as connection:
            connection.exec_driver_sql("SELECT FROM outbox_lanes WHERE lane < 'agency-4' FOR UPDATE")
            assert sweep(first).taken == set(EIGHT[4:])


class TestGivingBack:
    def test_a_newcomer_is_promised_what_the_first_gives_back(self, desk: Office, ledgers):
        fill(desk)
        first = ledgers()
        sweep(first)
        second = ledgers()
        found = sweep(second)
        assert (found.taken, found.promised) == (set(), True)
        assert sweep(first, EIGHT).spare == 4
        first.give_up(EIGHT[:4])
        assert (sweep(first, EIGHT[4:]).taken, sweep(first, EIGHT[4:]).spare) == (set(), 0)
        found = sweep(second)
        assert (found.taken, found.spare, found.promised) == (set(EIGHT[:4]), 0, False)
        assert len(second.claim(dict.fromkeys(EIGHT, 2))) == len(first.claim(dict.fromkeys(EIGHT, 2))) == 8

    def test_all_go_to_the_other_when_one_has_died(self, desk: Office, ledgers):
        fill(desk)
        living, dead = ledgers(), ledgers()
        mine = sweep(living).taken
        assert len(mine) == len(sweep(dead).taken) == 4
        dead._pulse.end()
        until = time.monotonic() + PATIENT
        while not (taken := sweep(living, mine).taken) and time.monotonic() < until:
            time.sleep(0.02)
        assert mine | taken == set(EIGHT)

    def test_whoever_says_nothing_is_promised_nothing_but_keeps_its_lanes_for_its_lease(self, desk: Office, ledgers):
        for lane in EIGHT[:4]:
            desk.send(1, lane)
        living, silent = ledgers(), ledgers()
        mine = sweep(living).taken
        assert len(mine) == len(sweep(silent).taken) == 2
        time.sleep(statements._SILENCE_S + 0.1)
        for lane in EIGHT[4:]:
            desk.send(1, lane)
        taken = sweep(living, mine).taken
        assert taken == set(EIGHT[4:])
        assert sweep(silent, ()).spare == 0
        assert sweep(living, mine | taken).spare == 2


class TestServing:
    def served(self, desk):
        """How many lanes each island has now, the most first."""
        tokens = Counter(token for (token,) in desk.ask("SELECT token FROM outbox_lanes WHERE token IS NOT NULL"))
        return sorted(tokens.values(), reverse=True)

    def lanes_of(self, desk):
        return [lane for (lane,) in desk.ask("SELECT lane FROM outbox_lanes WHERE token IS NOT NULL ORDER BY lane")]

    def fed(self, desk, ids, shares):
        """Asks whether lanes are shared out so, and keeps all of them at work meanwhile."""

        def reached():
            ids.extend(one for lane in EIGHT for one in desk.send(2, lane))
            return self.served(desk) == shares

        return reached

    def everything_once(self, desk, ids):
        assert desk.states() == {"delivered": len(ids)}
        assert sorted(desk.ask("SELECT id FROM handled")) == sorted((one,) for one in ids)
        assert desk.ask("SELECT count(*), count(DISTINCT message_id) FROM outbox_attempts") == [(len(ids), len(ids))]
        came = Counter(m.id for d in desk.post.lanes.values() for m in d.came)
        assert came == dict.fromkeys(ids, 1)

    def test_islands_come_and_go_and_every_message_goes_once_and_in_its_order(self, desk: Office):
        """All islands use the same destinations here, which count what is under way and who has them open: of all together."""
        for lane in EIGHT:
            desk.post.lanes[lane].script = lambda _: 0.01
        ids = [one for lane in EIGHT for one in desk.send(50, lane)]
        ordered = [desk.send(1, EIGHT[n % 2], order_key="flag 1")[0] for n in range(20)]
        with desk.running() as stop:
            desk.wait_until(self.fed(desk, ids, [8]), stop, PATIENT)
            for _ in range(3):
                with desk.running() as other:
                    desk.wait_until(self.fed(desk, ids, [4, 4]), other, PATIENT)
                desk.wait_until(self.fed(desk, ids, [8]), stop, PATIENT)
            desk.wait_until(lambda: desk.states()["delivered"] == len(ids + ordered), stop, PATIENT)
        self.everything_once(desk, ids + ordered)
        assert [r.message.id for r in desk.keeper.results if r.message.id in set(ordered)] == ordered
        assert max(d.most_under_way for d in desk.post.lanes.values()) <= desk.post.limit
        assert {(d.most_open, d.open) for d in desk.post.lanes.values()} == {(1, 0)}

    def test_what_is_under_way_ends_before_its_lane_goes(self, desk: Office):
        """Slow deliveries in every lane: none is interrupted, doubted or tried twice when lanes change hands in the middle of them."""
        for lane in EIGHT:
            desk.post.lanes[lane].script = lambda _: 1.0
        ids = [one for lane in EIGHT for one in desk.send(12, lane)]
        with desk.running() as stop:
            desk.wait_until(lambda: all(desk.post.lanes[lane].under_way for lane in EIGHT), stop, PATIENT)
            with desk.running() as other:
                desk.wait_until(lambda: self.served(desk) == [4, 4], other, PATIENT)
                desk.wait_until(lambda: desk.states()["delivered"] == len(ids), other, PATIENT)
        self.everything_once(desk, ids)
        assert {d.most_open for d in desk.post.lanes.values()} == {1}

    def test_what_rests_is_given_back_first(self, desk: Office):
        desk.post.lanes[EIGHT[0]].script = lambda _: 3.0
        desk.send(1, EIGHT[0])
        desk.send(1, EIGHT[1])
        with desk.running() as stop:
            desk.wait_until(lambda: desk.states()["delivered"] == 1, stop, PATIENT)
            with desk.running() as other:
                desk.wait_until(lambda: len(self.lanes_of(desk)) == 1, other, PATIENT)
                assert self.lanes_of(desk) == [EIGHT[0]]
                desk.send(1, EIGHT[1])
                desk.wait_until(lambda: self.served(desk) == [1, 1], other, PATIENT)
            desk.wait_until(lambda: desk.states()["delivered"] == 3, stop, PATIENT)

    def test_a_run_that_is_promised_lanes_waits_for_them(self, desk: Office):
        """It would have ended, with nothing free, before the other could give anything back."""
        for lane in EIGHT[:2]:
            desk.post.lanes[lane].script = lambda _: 0.5
            desk.send(24, lane)
        with desk.running() as stop:
            desk.wait_until(lambda: self.served(desk) == [2], stop, PATIENT)
            assert desk.run().delivered > 0
            desk.wait_until(lambda: desk.states()["delivered"] == 48, stop, PATIENT)

    def test_a_lane_that_somebody_stopped_goes_to_nobody(self, desk: Office):
        ids: list = []
        with desk.running() as stop, desk.running() as other:
            desk.wait_until(self.fed(desk, ids, [4, 4]), stop, PATIENT)
            desk.ask("INSERT INTO outbox_pauses (lane, who, why) VALUES (:lane, 'someone', '')", lane=EIGHT[0])
            desk.wait_until(lambda: self.lanes_of(desk) == EIGHT[1:], other, PATIENT)
            came = len(desk.post.lanes[EIGHT[0]].came)
            (waits,) = desk.send(1, EIGHT[0])
            desk.wait_until(self.fed(desk, ids, [4, 3]), stop, PATIENT)
            assert (desk.row(waits)["state"], len(desk.post.lanes[EIGHT[0]].came)) == ("pending", came)
