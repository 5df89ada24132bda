"""One whole Marac cycle over real processes: what it comes to, and what nobody outside may learn from it."""

from __future__ import annotations

import base64
import io
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console

from gateway.demo.cycle import Cycle
from gateway.demo.stage import Wishes, set_stage
from gateway.demo.teller import Teller
from gateway.domain.flags import ALERT_TEXT
from gateway.policy.vocabulary import tells
from tests.acceptance.witnesses import Recorder, canaries, dumped, found_in, monitored, numbers_of

pytestmark = pytest.mark.slow

TELLING = re.compile(r"marac|domestic|abus|perpetrator|victim|violen|idva|safeguard|high.?risk", re.IGNORECASE)


_OF_CHANCE = re.compile(rb"(?im)^authorization: .*$|client_assertion=[^&\s]*")
"""Tokens: letters of chance, in which a short word could stand."""


@dataclass
class Played:
    """A cycle that was played, and everything that can be looked at afterwards."""

    said: str
    failures: list[str]
    sent: dict[str, bytes]
    request_lines: list[str]
    redis: list[str]
    logs: dict[str, str]
    ledgers: dict[str, list[dict[str, str]]]
    database: dict[str, bytes]
    place: Path
    report: Path
    rows: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """One cycle with every wire recorded: pages and API run too, so that notices come back by themselves."""
    place = tmp_path_factory.mktemp("cycle")
    recorders: dict[str, Recorder] = {}

    def through_recorders(environment: dict[str, str]) -> dict[str, str]:
        environment = environment | {"TMPDIR": str(place / "temporary")}
        for name, value in environment.items():
            if value.startswith(("http://", "mllp://")) and name.startswith(("NORTHMOOR", "CALDERBROOK")):
                recorders[name] = Recorder(value)
                environment = environment | {name: recorders[name].url}
        return environment

    (place / "temporary").mkdir(mode=0o777)
    (place / "temporary").chmod(0o777)
    words = io.StringIO()
    teller = Teller(Console(file=words, width=200))
    wishes = Wishes(data=place / "data", port=0, rewrite=through_recorders)
    with set_stage(wishes, teller.starting) as stage, monitored(stage.servers.redis_url) as commands:
        cycle = Cycle(stage, teller)
        for step in cycle.steps(place / "out"):
            stage.check_alive()
            step()
        rows = cycle.rows
        database = dumped(stage.servers.database_url)
        ledgers = {name: one.entries() for name, one in stage.neighbourhood.played.items()}
        sent = {name: one.sent for name, one in recorders.items()}
        lines = [line for one in recorders.values() for line in one.request_lines()]
    for one in recorders.values():
        one.close()
    logs = {path.name: path.read_text(encoding="utf-8", errors="replace") for path in (place / "data" / "logs").iterdir()}
    return Played(words.getvalue(), teller.failures, sent, lines, commands, logs, ledgers, database, place, place / "out", rows)


def test_every_step_ends_as_it_should(played: Played) -> None:
    assert not played.failures, played.said


def test_the_report_is_written_as_csv_and_json(played: Played) -> None:
    rows = json.loads((played.report / "hit-report.json").read_text(encoding="utf-8"))
    assert rows == played.rows
    assert len(rows) == 176
    assert {row["state"] for row in rows} == {"KNOWN", "POSSIBLE", "NOT_KNOWN", "NO_ANSWER", "WITHHELD"}
    assert (played.report / "hit-report.csv").read_bytes().startswith("﻿case,".encode())


def test_the_wires_were_watched(played: Played) -> None:
    """Without this the tests below could not fail."""
    assert len(played.request_lines) > 200
    assert all(played.sent.values())
    assert sum("LPUSH" in command for command in played.redis) > 10
    assert found_in(played.sent["NORTHMOOR_NHS_TRUST_URL"].decode("utf-8", "replace"), canaries())


def test_nothing_about_anybody_stands_in_an_address(played: Played) -> None:
    assert not found_in("\n".join(played.request_lines), canaries())
    assert not [line for line in played.request_lines if TELLING.search(line)]


def test_nothing_about_anybody_stands_in_a_log(played: Played) -> None:
    assert {"worker.log", "scheduler.log", "web.log", "postgres.log", "redis.log"} <= played.logs.keys()
    for name, text in played.logs.items():
        assert not found_in(text, canaries()), name
        assert not re.search(r"\b(victim|perpetrator)\b", text, re.IGNORECASE), name


def test_redis_gets_opaque_ids_and_nothing_else(played: Played) -> None:
    said = "\n".join(played.redis)
    assert not found_in(said, canaries())
    bodies = re.findall(r'"?body"?\\*"?: ?\\*"([A-Za-z0-9+/=]+)\\*"', said)
    assert len(bodies) > 10
    for body in set(bodies):
        arguments, named, _ = json.loads(base64.b64decode(body))
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", *arguments)
        assert named == {}


def test_agencies_are_not_told_why_they_are_asked(played: Played) -> None:
    """Only the alert itself says it, and only to the system that hides it."""
    for name, content in played.sent.items():
        said = _OF_CHANCE.sub(b"", content)
        for words in ALERT_TEXT.values():
            said = said.replace(words.encode(), b"")
        assert not tells(said, canaries(), in_work=True), name
        assert tells(said + b" a victim", canaries(), in_work=True), name
    with_words = [name for name, content in played.sent.items() if any(words.encode() in content for words in ALERT_TEXT.values())]
    assert with_words == ["NORTHMOOR_NHS_TRUST_URL"]


def test_nothing_about_anybody_lies_in_the_clear_in_the_database(played: Played) -> None:
    """Every table as COPY gives it. That tables were really read shows in the ids and codes that stand there in clear."""
    tables = {name: content.decode("utf-8", "replace") for name, content in played.database.items()}
    assert {"subjects", "lookups", "flags", "actions", "audit_events", "outbox_messages", "person_tasks"} - tables.keys() == set()
    text = "\n".join(tables.values())
    assert text.count("northmoor-nhs-trust/record") > 100
    assert "AWAITED" in text or "ONE_RECORD_CERTAIN" in text or "lookup.answered" in text
    assert not found_in(text, canaries())
    said = {name for name, content in tables.items() if re.search(r"\b(victim|perpetrator)\b", content, re.IGNORECASE)}
    assert said <= {"disclosure_probes", "hand_checks"}, "of the agencies' test people alone"


def test_no_number_of_anybody_lies_in_the_files_of_the_servers(played: Played) -> None:
    """Heap, write-ahead log and temporary files of PostgreSQL and what Redis saved, as raw bytes."""
    files = [path for name in ("postgres", "redis") for path in (played.place / "data" / name).rglob("*") if path.is_file()]
    assert any("pg_wal" in path.parts for path in files)
    assert sum(path.stat().st_size for path in files) > 10_000_000
    wanted = re.compile(b"|".join(re.escape(number.encode()) for number in sorted(numbers_of(canaries()))))
    assert not [path.name for path in files if wanted.search(path.read_bytes())]
    assert wanted.search(min(numbers_of(canaries())).encode())


def test_nothing_is_left_in_temporary_files(played: Played) -> None:
    left = {path.name: path.read_bytes() for path in (played.place / "temporary").rglob("*") if path.is_file()}
    assert not [name for name, content in left.items() if found_in(content.decode("utf-8", "replace"), canaries())]
    assert not [name for name in left if found_in(name, canaries())]


def test_nothing_was_done_twice(played: Played) -> None:
    for agency, entries in played.ledgers.items():
        for what in ("flag.create", "task.create", "work-item.create", "completion.take"):
            keys = Counter(entry["key"] for entry in entries if entry["what"] == what)
            assert set(keys.values()) <= {1}, (agency, what)
    assert len([e for e in played.ledgers["northmoor-marac"] if e["what"] == "completion.take"]) == 12


def test_no_process_is_left(played: Played) -> None:
    left = [path for path in Path("/proc").glob("[0-9]*/environ") if _is_ours(path, str(played.report.parent))]
    assert not left


def _is_ours(path: Path, place: str) -> bool:
    try:
        alive = (path.parent / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
        return alive and f"MARAC_DATA={place}".encode() in path.read_bytes()
    except OSError:
        return False
