"""The stop switch against a real agency at work: one person stops, it holds at once though a hundred deliveries are under way, nothing is
lost, and two people restart it. The agency's own ledger is the witness."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.bootstrap import Gateway, load_gateway, settings_from
from gateway.config import Settings
from gateway.demo.agencies import Neighbourhood
from gateway.domain.errors import Code, Refused
from gateway.domain.events import EventKind
from gateway.domain.identifiers import AgencyId, SystemKey
from gateway.domain.proofs import EVERYWHERE
from gateway.domain.tasks import TaskKind
from gateway.services import actions, intake, stopping
from gateway.services.actions import NewAction
from tests.conftest import AGENCIES
from tests.integration.joined_site import LIST, MARAC, USERS, user

TRUST = AgencyId("northmoor-nhs-trust")
RECORD = SystemKey("northmoor-nhs-trust/record")
ACTIONS = 220
AT_ONCE = 100


@pytest.fixture
def slow_agencies(tmp_path: Path) -> Path:
    """The trust alone, which takes 0.15 seconds for each answer and lets a hundred in at once."""
    folder = tmp_path / "agencies"
    shutil.copytree(AGENCIES / TRUST, folder / TRUST)
    for name, old, new in (("stub.toml", "latency_ms = 0", "latency_ms = 150"), ("agreement.toml", "concurrency = 10", f"concurrency = {AT_ONCE}")):
        file = folder / TRUST / name
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new).replace("timeout_s = 2.5", "timeout_s = 60"), encoding="utf-8")
    return folder


@pytest.fixture
def trust(slow_agencies: Path, neighbourhood: Callable[..., Neighbourhood]) -> Neighbourhood:
    return neighbourhood(agencies=slow_agencies)


@pytest.fixture
def joined(settings: Settings, trust: Neighbourhood, tmp_path: Path) -> Iterator[Gateway]:
    given = {
        "DATABASE_URL": settings.database_url.get_secret_value(), "REDIS_URL": settings.redis_url.get_secret_value(), "MARAC_ENV": "demo",
        "MARAC_KEY_FILE": str(settings.key_file), "MARAC_DATA": str(tmp_path), "MARAC_USERS": str(USERS), **trust.environment,
    }  # fmt: skip
    whole = load_gateway(settings_from(given))
    yield whole
    whole.close()


def assign(gateway: Gateway) -> None:
    """A list without anybody asked about, and many actions for the trust."""
    parsed = gateway.read_case_list(LIST.read_bytes(), LIST.suffix)
    with gateway.transaction() as work:
        list_id = intake.receive_case_list(work, user("u-coordinator"), MARAC, parsed, gateway.today() + timedelta(days=14)).list_id
        work.flush()
        work.connection.exec_driver_sql("DELETE FROM outbox_messages")
    due = gateway.today() + timedelta(days=30)
    number = parsed.cases[0].number
    new = [NewAction(number, TRUST, f"Offer an appointment, number {n}", "Duty desk", due) for n in range(ACTIONS)]
    with gateway.transaction() as work:
        actions.assign(work, user("u-coordinator"), list_id, new, gateway.holidays)


@contextmanager
def delivering(gateway: Gateway) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(gateway.relay().run(stop, idle_exit=False)))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)


def until(condition: Callable[[], bool], limit_s: float = 60) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


PENDING = "SELECT count(*) FROM outbox_messages WHERE state = 'pending'"
UNDER_WAY = PENDING + " AND lease_token IS NOT NULL"
HELD = PENDING + " AND reason = 'WRITING_STOPPED' AND attempts = 0"


def counted(gateway: Gateway, query: str) -> int:
    with gateway.engine.connect() as connection:
        return int(connection.exec_driver_sql(query).scalar_one())


@pytest.mark.slow
def test_a_stop_holds_within_two_seconds_under_load_and_two_people_restart(joined: Gateway, trust: Neighbourhood) -> None:
    scope = EVERYWHERE
    assign(joined)
    played = trust.played[TRUST]
    with delivering(joined):
        until(lambda: len(played.entries("task.create")) >= 20 and counted(joined, UNDER_WAY) >= AT_ONCE)
        with joined.transaction() as work:
            stopping.stop(work, user("u-system-administrator"), scope)
        stopped_at = datetime.now(UTC)
        until(lambda: counted(joined, UNDER_WAY) == 0)
        made = played.entries("task.create")
        assert len(made) < ACTIONS, "everything had left before the stop: the test shows nothing"
        last = max(datetime.fromisoformat(entry["at"]) for entry in made)
        assert last - stopped_at < timedelta(seconds=2)
        assert counted(joined, HELD) == ACTIONS - len(made), "what was held counts as no attempt"

        with joined.transaction() as work:
            assert stopping.restart(work, user("u-coordinator"), scope) is not None
        with pytest.raises(Refused) as alone, joined.transaction() as work:
            stopping.restart(work, user("u-coordinator"), scope)
        assert alone.value.code is Code.SECOND_PERSON_NEEDED
        assert len(played.entries("task.create")) == len(made)
        with joined.transaction() as work:
            assert stopping.restart(work, user("u-system-administrator"), scope) is None
        until(lambda: counted(joined, PENDING) == 0)
    keys = Counter(entry["key"] for entry in played.entries("task.create"))
    assert len(keys) == ACTIONS
    assert set(keys.values()) == {1}
    _check_told(joined, scope)


def _check_told(gateway: Gateway, scope: SystemKey) -> None:
    """Everything is in the audit, and the task that told the trust is closed."""
    with gateway.transaction() as work:
        kinds = [event.kind for _, event in work.audit.about(scope)]
        assert kinds.count(EventKind.WRITING_STOPPED) == kinds.count(EventKind.RESTART_ASKED) == kinds.count(EventKind.WRITING_RESTARTED) == 1
        assert work.tasks.last_closed(TaskKind.WRITING_STOPPED, scope) is not None
        assert TaskKind.WRITING_STOPPED not in {task.kind for task in work.tasks.open_of(None)}
        assert work.stops.open() == []


def test_the_database_itself_wants_two_people(gateway: Gateway) -> None:
    with gateway.transaction() as work:
        stopping.stop(work, user("u-coordinator"), RECORD)
    alone = "UPDATE write_stops SET restart_by = 'x', ended_by = 'x', ended_at = now()"
    for statement in (alone, "UPDATE write_stops SET ended_by = 'x', ended_at = now()"):
        with pytest.raises(Exception, match=r"STORE_FAILED|write_stops"), gateway.engine.begin() as connection:
            connection.exec_driver_sql(statement)
