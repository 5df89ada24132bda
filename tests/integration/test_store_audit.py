"""The audit's chain: whatever is done to it in the database is found."""

import random
import threading
from datetime import timedelta

import pytest

from gateway.domain.events import EventKind
from gateway.store.audit import ChainReport, read_chain, verify
from gateway.store.crypto import Vault
from gateway.store.database import StoreError
from gateway.store.keys import Keys
from tests.integration.cabinet import NOW, Cabinet, broken_off, cabinet, note


@pytest.fixture
def store(database_url):
    with cabinet(database_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def chained(databases, migrated_template):
    """Forty entries in five transactions; no test of this module leaves anything behind."""
    url = databases.make(migrated_template)
    with cabinet(url) as opened:
        for n in range(5):
            with opened.work(NOW + timedelta(minutes=n)) as work:
                for m in range(8):
                    work.audit.record(note(f"thing {m}", EventKind.LOOKUP_ANSWERED, number=n * 8 + m, first=m == 0, code="X"))
        yield opened
    databases.drop(url)


def report(store: Cabinet):
    with store.engine.connect() as connection:
        return verify(connection, store.vault)


def after_tampering(store: Cabinet, *statements: str) -> ChainReport:
    """What is found; the tampering itself is taken back."""
    with store.engine.connect() as connection, connection.begin() as transaction:
        for statement in ("ALTER TABLE audit_events DISABLE TRIGGER USER", *statements):
            connection.exec_driver_sql(statement)
        found = verify(connection, store.vault)
        transaction.rollback()
    return found


def test_nothing_recorded_is_whole(store):
    assert report(store).whole
    assert report(store).entries == 0


def test_the_chain_verifies_and_reads_back(chained):
    assert (report(chained).whole, report(chained).entries) == (True, 40)
    with chained.engine.connect() as connection:
        entries = list(read_chain(connection, chained.vault, after=30))
    assert [seq for seq, _, _ in entries] == list(range(31, 41))
    assert entries[1][2] == note("thing 7", EventKind.LOOKUP_ANSWERED, number=31, first=False, code="X")
    assert entries[1][1] == NOW + timedelta(minutes=3)


def test_entries_are_found_by_what_they_are_about_also_before_the_commit(store):
    with store.work() as work:
        work.audit.record(note("a"), note("b"))
        assert [event for _, event in work.audit.about("a")] == [note("a")]
        work.audit.record(note("a", EventKind.EXPORTED))
        assert [event.kind for _, event in work.audit.about("a")] == [EventKind.LIST_RECEIVED, EventKind.EXPORTED]


def test_a_transaction_that_fails_records_nothing(chained):
    with pytest.raises(ZeroDivisionError):
        broken_off(chained, lambda work: work.audit.record(note("lost")))
    assert report(chained).entries == 40


def test_writers_at_once_make_one_chain(store):
    def write():
        for _ in range(10):
            with store.work() as work:
                work.audit.record(note("x"), note("y"))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert (report(store).whole, report(store).entries) == (True, 80)


@pytest.mark.parametrize("statement", ["UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events", "TRUNCATE audit_events"])
def test_the_table_itself_refuses_changes(chained, statement):
    with pytest.raises(StoreError):
        chained.ask(statement)
    assert report(chained).whole


ATTACKS = {
    "kind": ("UPDATE audit_events SET kind = 'exported' WHERE seq = {n}", "CHANGED", 0),
    "actor": ("UPDATE audit_events SET actor = 'other' WHERE seq = {n}", "CHANGED", 0),
    "about": ("UPDATE audit_events SET about = 'other' WHERE seq = {n}", "CHANGED", 0),
    "agency": ("UPDATE audit_events SET agency_id = NULL WHERE seq = {n}", "CHANGED", 0),
    "moment": ("UPDATE audit_events SET at = at + interval '1 microsecond' WHERE seq = {n}", "CHANGED", 0),
    "facts": ("UPDATE audit_events SET sealed = set_byte(sealed, 30, get_byte(sealed, 30) # 1) WHERE seq = {n}", "CHANGED", 0),
    "hash": ("UPDATE audit_events SET hash = set_byte(hash, 3, get_byte(hash, 3) # 1) WHERE seq = {n}", "CHANGED", 0),
    "deleted": ("DELETE FROM audit_events WHERE seq = {n}", "MISSING", 0),
    "swapped": (
        "UPDATE audit_events a SET at = b.at, about = b.about, sealed = b.sealed FROM audit_events b WHERE (a.seq, b.seq) IN (({n}, {n} + 1), ({n} + 1, {n}))",
        "CHANGED",
        0,
    ),
    "renumbered": ("DELETE FROM audit_events WHERE seq = {n}; UPDATE audit_events SET seq = {n} WHERE seq = {n} + 1", "CHANGED", 0),
    "cut off": ("DELETE FROM audit_events WHERE seq > {n}", "CUT_OFF", 1),
    "cut off with its head": (
        "DELETE FROM audit_events WHERE seq > {n}; UPDATE audit_head SET seq = {n}, hash = (SELECT hash FROM audit_events WHERE seq = {n})",
        "HEAD_CHANGED",
        1,
    ),
    "emptied": ("DELETE FROM audit_events; UPDATE audit_head SET seq = 0, hash = decode(repeat('00', 32), 'hex')", "HEAD_CHANGED", None),
    "without its head": ("DELETE FROM audit_head", "HEAD_MISSING", None),
    "head put back": ("UPDATE audit_head SET seq = {n}, hash = (SELECT hash FROM audit_events WHERE seq = {n})", "HEAD_CHANGED", 1),
    "added": (
        "INSERT INTO audit_events SELECT 41, at, kind, actor, about, agency_id, sealed, hash FROM audit_events WHERE seq = {n}",
        "ADDED",
        None,
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("seed", range(5))
def test_tampering_is_found_where_it_was_done(chained, attack, seed):
    statements, fault, after = ATTACKS[attack]
    n = random.Random(f"{attack}{seed}").randrange(1, 39)
    found = after_tampering(chained, *statements.format(n=n).split(";"))
    assert (found.whole, found.fault) == (False, fault)
    if after is not None:
        assert found.broken_at == n + after


def test_whoever_has_not_the_key_can_write_no_chain(chained):
    with chained.engine.connect() as connection:
        assert verify(connection, Vault(Keys.fresh())).fault == "CHANGED"


def test_without_its_head_nothing_more_is_written(store):
    with store.work() as work:
        work.audit.record(note("before"))
    store.ask("DELETE FROM audit_head")
    with pytest.raises(StoreError), store.work() as work:
        work.audit.record(note("after"))
