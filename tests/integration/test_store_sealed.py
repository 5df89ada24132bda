"""Nothing that identifies a person, says a part, or was typed by somebody stands in clear anywhere in the database."""

import asyncio
import os
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest

from gateway.domain.case_list import Address, BirthDate, Case, CaseList, Person, PersonName, Phone, Role, Sex, Subject
from gateway.domain.errors import Unavailable
from gateway.domain.flags import ALERT_TEXT
from gateway.domain.identifiers import CaseId, CaseListId, LocalIdentifier, NhsNumber, SubjectId, UserId
from gateway.domain.lookup import Candidate, Decision, Evidence, GradedCandidate, LookupOutcome
from gateway.embedded.binaries import postgres_programs
from gateway.store.people import open_subject
from outbox.messages import Delivery, Outcome
from outbox.relay import Relay
from outbox.schedule import Schedule
from outbox.writer import Draft, Writer
from tests.integration.cabinet import MARAC, MEETING, NOW, SYSTEM, Cabinet, action, cabinet, flag, lookup, note, task

CANARIES = (
    "Zephyrine", "Quillfeather", "Ignatia", "Canarygate", "ZZ99 9ZZ", "07700900942", "9990000042", "1971-06-05", "LOCALID-77", "CASENO-77",
    "notes-of-the-referrer", "RECORDID-77", "ACTIONTEXT-77", "OWNER-77", "DETAIL-77", "DECISIONNOTE-77", "TASKWORDS-77", "RECEIPT-77",
    "ANSWER-77", "INBOXKEY-77", "INBOXBODY-77", "REQUESTKEY-77", "MESSAGEBODY-77", "REPLY-77", "REMOTE-77", "APPROVER-77", "perpetrator", "victim",
)  # fmt: skip


def everything(store: Cabinet, role: Role) -> None:
    """One of everything that can hold words of people."""
    who = Person(
        (PersonName("Quillfeather", "Zephyrine", ("Ignatia",)),), (BirthDate.of(date(1971, 6, 5)),), Sex.FEMALE, NhsNumber("9990000042"),
        (LocalIdentifier("https://agency.example/number", "LOCALID-77"),), (Address(("1 Canarygate",), "ZZ99 9ZZ"),), (Phone("07700900942", False),),
    )  # fmt: skip
    list_id, case_id = CaseListId(uuid4()), CaseId(uuid4())
    subject = Subject(SubjectId(uuid4()), case_id, role, who)
    case = Case(case_id, list_id, "CASENO-77", (subject,), date(2031, 2, 1), None, "notes-of-the-referrer")
    offered = Candidate("RECORDID-77", who.names, who.birth_dates, identifiers=who.identifiers)
    decision = Decision("RECORDID-77", UserId("somebody"), NOW, "DECISIONNOTE-77", "digest")
    with store.work() as work:
        work.case_lists.add(CaseList(list_id, MARAC, MEETING, NOW, (case,)), b"digest", [], note(list_id))
        cell = lookup(subject, outcome=LookupOutcome.KNOWN, graded=(GradedCandidate(offered, Evidence(), True),), decision=decision)
        work.lookups.add([cell], [note(cell.id)])
        work.flags.add(flag(subject, "RECORDID-77", role, approved_by=UserId("APPROVER-77"), remote_id="REMOTE-77"), note())
        work.actions.add([action(case, text="ACTIONTEXT-77", owner="OWNER-77", detail="DETAIL-77", remote_id="REMOTE-77")], [note()])
        work.tasks.open(task("thing", words=f"TASKWORDS-77 {ALERT_TEXT[Role.VICTIM]}", receipt="RECEIPT-77"), note())
        work.inbox.accept_once("callback", "INBOXKEY-77 Quillfeather", b"INBOXBODY-77")
        work.answers.recall("somebody", "REQUESTKEY-77", b"request")
        work.answers.keep("somebody", "REQUESTKEY-77", b"request", b"ANSWER-77")
    draft = Draft(uuid4(), SYSTEM, "lookup", b"MESSAGEBODY-77 Quillfeather", datetime.now(UTC))
    with store.engine.begin() as connection:
        Writer(connection, store.vault).send_many([draft, replace(draft, id=uuid4(), lane="other/system")])


class Told:
    """Delivers, with a reply that holds words of people."""

    async def deliver(self, message):
        return Delivery(Outcome.DELIVERED, b"REPLY-77 Quillfeather", digest=b"d" * 32)

    async def close(self): ...

    def open(self, lane):
        if lane != SYSTEM:
            raise LookupError(lane)
        return self

    def concurrency(self, lane):
        return 1


def dump(url: str) -> bytes:
    place = urlsplit(url)
    command = [
        str(postgres_programs() / "pg_dump"), "--host", place.hostname, "--port", str(place.port), "--username", place.username,
        "--dbname", place.path.lstrip("/"), "--inserts",
    ]  # fmt: skip
    return subprocess.run(command, env={"PGPASSWORD": place.password or "", "PATH": os.defpath}, check=True, capture_output=True).stdout


@pytest.fixture
def store(database_url):
    with cabinet(database_url) as opened:
        yield opened


@pytest.mark.parametrize("role", [Role.VICTIM, Role.PERPETRATOR])
def test_a_dump_of_the_database_shows_nobody(store, database_url, role):
    everything(store, role)
    asyncio.run(Relay(store.engine, store.vault, Told(), lambda connection, results: None, Schedule()).run())
    text = dump(database_url)
    assert b"INSERT INTO public.subject_entries" in text
    assert text.count(b"INSERT INTO public.outbox_messages") == 2
    shown = [canary for canary in CANARIES if canary.encode() in text or canary.encode().hex().encode() in text]
    assert shown == []


def test_rows_of_either_part_are_of_one_length(store):
    lengths = []
    for role in (Role.VICTIM, Role.PERPETRATOR):
        everything(store, role)
        lengths += store.ask(
            "SELECT length(e.sealed), length(f.sealed), length(l.sealed) FROM subject_entries e JOIN subjects s ON s.id = e.subject_id"
            " JOIN flags f ON f.subject_id = s.id JOIN lookups l ON l.subject_id = s.id"
        )
        store.ask("TRUNCATE case_lists, person_tasks, inbox_receipts, idempotency_keys CASCADE")
    assert len(lengths) == 2
    assert len(set(lengths)) == 1


MOVED = UUID(int=77)


def read_subject(work):
    row = work.connection.exec_driver_sql("SELECT sealed, issue FROM subject_entries").one()
    return open_subject(work.vault, row.sealed, MOVED, row.issue, uuid4())


READING = {
    "subject_entries subject_id": read_subject,
    "flags id": lambda work: work.flags.get(MOVED),
    "actions id": lambda work: work.actions.get(MOVED),
    "lookups id": lambda work: work.lookups.get(MOVED),
    "person_tasks id": lambda work: work.tasks.get(MOVED),
}


@pytest.mark.parametrize("column", READING)
def test_a_sealed_value_moved_to_another_row_does_not_open(store, column):
    everything(store, Role.VICTIM)
    table, key = column.split()
    with store.work() as work:
        work.connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        work.connection.exec_driver_sql(f"UPDATE {table} SET {key} = '{MOVED}'")  # noqa: S608 (names of this module)
        with pytest.raises(Unavailable):
            READING[column](work)
