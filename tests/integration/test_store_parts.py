"""The rest of one transaction: what leaves, what comes back once, answers by key; and sessions, the schema, errors, invariants."""

import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from gateway.domain.actors import Actor, UserRole
from gateway.domain.agreements import Purpose
from gateway.domain.errors import Code, Conflict, Unavailable
from gateway.domain.flags import FlagState
from gateway.domain.identifiers import LookupId, UserId
from gateway.domain.releases import LookupRelease
from gateway.services.ports import Work
from gateway.store import schema
from gateway.store.database import StoreError, open_engine
from gateway.store.invariants import INVARIANTS, breaches
from gateway.store.sessions import SqlSessions, SqlSignIns, purge
from gateway.store.unit_of_work import SqlWork
from outbox import lanes
from tests.integration.cabinet import NOW, SYSTEM, TRUST, added, broken_off, cabinet, flag, lookup, note


@pytest.fixture
def store(database_url):
    with cabinet(database_url) as opened:
        yield opened


def asks_about(lookup_id):
    """A release as policy would make it (tests/architecture lets tests of the store do so)."""
    return LookupRelease(agency_id=TRUST, system=SYSTEM, purpose=Purpose.LOOKUP, agreement_version="v1", lookup_id=lookup_id)


def keeps_the_promise(work: SqlWork) -> Work:
    """For the type checker: the transaction is everything that the port promises."""
    return work


class TestOutbox:
    def test_a_release_becomes_a_message_for_its_system_about_its_thing(self, store):
        lookup_id = LookupId(uuid4())
        with store.work() as work:
            sent = work.outbox.send("lookup", asks_about(lookup_id), order_key="k", not_after=NOW)
        assert work.outbox.sent == 1
        assert store.ask("SELECT id, lane, kind, about, order_key, not_after, created_at FROM outbox_messages") == [
            (sent, SYSTEM, "lookup", str(lookup_id), "k", NOW, NOW)
        ]

    def test_nothing_leaves_of_a_transaction_that_failed(self, store):
        with pytest.raises(ZeroDivisionError):
            broken_off(store, lambda work: work.outbox.send("lookup", asks_about(uuid4())))
        assert store.ask("SELECT count(*) FROM outbox_messages") == [(0,)]

    def test_what_was_sent_in_this_transaction_can_be_withdrawn_in_it(self, store):
        with store.work() as work:
            work.outbox.send("lookup", asks_about(uuid4()), order_key="k")
            work.outbox.send("lookup", asks_about(uuid4()))
            assert work.outbox.withdraw("k") == 1
        assert sorted(store.ask("SELECT state FROM outbox_messages")) == [("pending",), ("withdrawn",)]


class TestInbox:
    def test_once_per_source_and_key(self, store):
        with store.work() as work:
            take = work.inbox.accept_once
            assert [take("a", "1", b"x"), take("a", "1", b"x"), take("a", "1", b"y")] == ["new", "same", "different"]
            assert [take("b", "1", b"x"), take("a", "2", b"x")] == ["new", "new"]

    def test_the_same_twice_at_once_is_accepted_once(self, store):
        seen = []

        def take():
            with store.work() as work:
                seen.append(work.inbox.accept_once("callback", "key", b"content"))

        threads = [threading.Thread(target=take) for _ in range(6)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(20)
        assert sorted(seen) == ["new"] + ["same"] * 5


class TestAnswers:
    def test_the_first_answer_is_given_again(self, store):
        with store.work() as work:
            assert work.answers.recall("actor", "key-1", b"request") is None
            work.answers.keep("actor", "key-1", b"request", b"answer")
        with store.work() as work:
            assert work.answers.recall("actor", "key-1", b"request") == b"answer"
            assert work.answers.recall("other", "key-1", b"request") is None

    def test_the_key_with_another_request_is_refused(self, store):
        with store.work() as work:
            work.answers.recall("actor", "key-1", b"request")
            work.answers.keep("actor", "key-1", b"request", b"answer")
        with store.work() as work, pytest.raises(Conflict) as refusal:
            work.answers.recall("actor", "key-1", b"another")
        assert refusal.value.code is Code.IDEMPOTENCY_KEY_REUSED

    def test_a_request_that_failed_may_come_again(self, store):
        with pytest.raises(ZeroDivisionError):
            broken_off(store, lambda work: work.answers.recall("actor", "key-1", b"request"))
        with store.work() as work:
            assert work.answers.recall("actor", "key-1", b"request") is None

    def test_twice_at_once_is_done_once(self, store):
        done, answers = [], []

        def call(number):
            with store.work() as work:
                kept = work.answers.recall("actor", "key-1", b"request")
                if kept is None:
                    done.append(number)
                    kept = f"answer {number}".encode()
                    work.answers.keep("actor", "key-1", b"request", kept)
                answers.append(kept)

        threads = [threading.Thread(target=call, args=(n,)) for n in range(6)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(20)
        assert len(done) == 1
        assert set(answers) == {f"answer {done[0]}".encode()}

    def test_old_ones_are_forgotten(self, store):
        with store.work() as work:
            work.answers.recall("actor", "key-1", b"request")
        with store.work() as work:
            assert work.answers.purge(NOW) == 0
            assert work.answers.purge(NOW + timedelta(days=1)) == 1


@dataclass(frozen=True, slots=True)
class Visit:
    """A sign-in as the pages keep it."""

    actor: Actor
    name: str
    began: datetime
    seen: datetime

    def is_over(self, now):
        return now - self.seen > timedelta(minutes=10)


class TestSessions:
    VISIT = Visit(Actor(UserId("user-1"), frozenset({UserRole.CHAIR}), TRUST), "Somebody Shown", NOW, NOW)

    @pytest.fixture
    def sessions(self, store):
        return SqlSessions(store.engine, store.vault, Visit)

    def test_is_found_by_its_cookie_and_no_other(self, store, sessions):
        cookie = sessions.begin(self.VISIT)
        assert sessions.find(cookie, NOW) == self.VISIT
        assert sessions.find(cookie[:-1] + "x", NOW) is None
        (row,) = store.ask("SELECT * FROM sessions")
        assert cookie not in str(row)

    def test_its_idle_clock_moves_and_it_ends_when_that_runs_out(self, store, sessions):
        cookie = sessions.begin(self.VISIT)
        later = NOW + timedelta(minutes=9)
        assert sessions.find(cookie, later) == replace(self.VISIT, seen=later)
        assert sessions.find(cookie, later + timedelta(minutes=9)) is not None
        assert sessions.find(cookie, later + timedelta(minutes=30)) is None
        assert store.ask("SELECT count(*) FROM sessions") == [(0,)]

    def test_ends_alone_with_the_persons_others_or_with_age(self, store, sessions):
        mine = [sessions.begin(self.VISIT) for _ in range(3)]
        other = sessions.begin(replace(self.VISIT, actor=Actor(UserId("user-2"), frozenset())))
        sessions.end(mine[0])
        assert sessions.find(mine[0], NOW) is None
        with store.engine.begin() as connection:
            assert SqlSignIns(connection, store.vault).end_all_of(UserId("user-1")) == 2
        assert sessions.find(mine[1], NOW) is None
        assert sessions.find(other, NOW) is not None
        with store.engine.begin() as connection:
            assert purge(connection, NOW) == 0
            assert purge(connection, NOW + timedelta(hours=1)) == 1


class TestSchema:
    def test_the_migrations_make_what_the_tables_declare(self, empty_database_url):
        engine = open_engine(empty_database_url)
        with engine.connect() as connection:
            assert not schema.is_current(connection)
            assert schema.differences(connection) != []
        starts = [threading.Thread(target=schema.upgrade, args=(engine,)) for _ in range(3)]
        for one in starts:
            one.start()
        for one in starts:
            one.join(30)
        with engine.connect() as connection:
            assert schema.is_current(connection)
            assert schema.differences(connection) == []
        engine.dispose()


class TestErrors:
    def test_a_refused_statement_tells_its_kind_and_no_value(self, store):
        secret = "Canarywell"
        twice = "INSERT INTO inbox_receipts (source, key, digest) VALUES (:secret, 'x', 'x'), (:secret, 'x', 'x')"
        with pytest.raises(StoreError) as refusal:
            store.ask(twice, secret=secret)
        chain = [refusal.value, refusal.value.__cause__, refusal.value.__context__]
        assert secret not in "".join(f"{error}{error!r}" for error in chain)
        assert "23505" in str(refusal.value)

    def test_so_does_a_refused_copy(self, store):
        paper = added(store)
        cell = lookup(paper.subjects[0], reason="Canarywell")
        with pytest.raises(StoreError) as refusal, store.work() as work:
            work.lookups.add([cell, cell], [])
        chain = [refusal.value, refusal.value.__cause__, refusal.value.__context__]
        assert "Canarywell" not in "".join(f"{error}{error!r}" for error in chain)

    def test_a_database_that_is_not_there_is_unavailable(self, free_port):
        engine = open_engine(f"postgresql://nobody@127.0.0.1:{free_port()}/none")
        with pytest.raises(Unavailable) as absence, engine.connect():
            pass
        assert absence.value.code is Code.STORE_UNAVAILABLE
        engine.dispose()

    def test_too_many_at_once_is_unavailable(self, database_url):
        engine = open_engine(database_url, pool=1, patience_s=0.2)
        with engine.connect(), engine.connect(), pytest.raises(Unavailable), engine.connect():
            pass
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1
        engine.dispose()

    def test_a_statement_that_takes_too_long_is_stopped(self, database_url):
        engine = open_engine(database_url, statement_timeout_ms=100)
        with pytest.raises(Unavailable), engine.connect() as connection:
            connection.exec_driver_sql("SELECT pg_sleep(5)")
        engine.dispose()

    def test_a_client_that_died_in_a_transaction_does_not_hold_others_for_ever(self, store):
        with store.engine.connect() as connection:
            settings = dict(
                connection.execute(
                    text("SELECT name, setting FROM pg_settings WHERE name LIKE '%timeout'")
                ).tuples().all()
            )  # fmt: skip
        assert 0 < int(settings["idle_in_transaction_session_timeout"]) <= 30_000
        assert 0 < int(settings["lock_timeout"]) <= 10_000
        assert 0 < int(settings["statement_timeout"]) <= 30_000


class TestInvariants:
    def broken(self, store):
        with store.engine.connect() as connection:
            return {breach.invariant.name for breach in breaches(connection)}

    def test_hold_on_an_empty_database_and_are_all_asked(self, store):
        assert self.broken(store) == set()
        assert len({one.name for one in INVARIANTS}) == len(INVARIANTS)

    def test_find_people_without_a_state_and_questions_forgotten(self, store):
        paper = added(store)
        assert self.broken(store) == {"PERSON_WITHOUT_STATE"}
        with store.work() as work:
            cells = [lookup(s) for s in paper.subjects]
            work.lookups.add(cells, [note(cell.id) for cell in cells])
        assert self.broken(store) == {"QUESTION_FORGOTTEN"}
        with store.work() as work:
            for cell in cells:
                work.outbox.send("lookup", asks_about(cell.id))
        assert self.broken(store) == set()

    def test_find_messages_overdue_unless_their_lane_is_paused(self, store):
        with store.work() as work:
            work.outbox.send("lookup", asks_about(uuid4()), not_after=datetime.now(UTC) - timedelta(hours=2))
        assert self.broken(store) == {"SENT_WITHOUT_AUDIT", "MESSAGE_PAST_ITS_TIME"}
        store.ask("UPDATE outbox_messages SET due_at = now() - interval '61 minutes', not_after = NULL, about = ''")
        assert self.broken(store) == {"MESSAGE_OVERDUE"}
        with store.engine.begin() as connection:
            lanes.pause(connection, SYSTEM, "somebody", "UPGRADE")
        assert self.broken(store) == set()

    @pytest.mark.parametrize(
        ("state", "names"),
        [
            (FlagState.PROPOSED, set()),
            (FlagState.APPROVED, {"FLAG_FORGOTTEN", "FLAG_WITHOUT_SECOND_PERSON"}),
            (FlagState.PLACING, {"FLAG_FORGOTTEN", "FLAG_WITHOUT_SECOND_PERSON"}),
            (FlagState.PLACED, {"REVIEW_FORGOTTEN", "FLAG_WITHOUT_SECOND_PERSON"}),
            (FlagState.ENDED, {"FLAG_WITHOUT_SECOND_PERSON"}),
        ],
    )
    def test_find_alerts_that_nobody_looks_after(self, store, state, names):
        paper = added(store)
        with store.work() as work:
            work.flags.add(flag(paper.subjects[0], state=state, review_on=datetime.now(UTC).date() - timedelta(days=2)), note())
        assert self.broken(store) - {"PERSON_WITHOUT_STATE"} == names

    def test_find_a_delivery_without_attempt_and_an_audit_cut_short(self, store):
        with store.work() as work:
            work.audit.record(note())
            work.outbox.send("lookup", asks_about(uuid4()))
        store.ask("UPDATE outbox_messages SET state = 'delivered', settled_at = now(), about = ''")
        store.ask("UPDATE audit_head SET seq = 7")
        assert self.broken(store) == {"DELIVERED_WITHOUT_ATTEMPT", "AUDIT_INCOMPLETE"}
