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
from tests.acceptance.witnesses import Recorder, canaries, found_in, monitored

pytestmark = pytest.mark.slow

TELLING = re.compile(r"marac|domestic|abus|perpetrator|victim|violen|idva|safeguard|high.?risk", re.IGNORECASE)


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
    report: Path
    rows: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """One cycle with every wire recorded: pages and API run too, so that notices come back by themselves."""
    place = tmp_path_factory.mktemp("cycle")
    recorders: dict[str, Recorder] = {}

    def through_recorders(environment: dict[str, str]) -> dict[str, str]:
        for name, value in environment.items():
            if value.startswith(("http://", "mllp://")) and name.startswith(("NORTHMOOR", "CALDERBROOK")):
                recorders[name] = Recorder(value)
                environment = environment | {name: recorders[name].url}
        return environment

    words = io.StringIO()
    teller = Teller(Console(file=words, width=200))
    wishes = Wishes(data=place / "data", port=0, rewrite=through_recorders)
    with set_stage(wishes, teller.starting) as stage, monitored(stage.servers.redis_url) as commands:
        cycle = Cycle(stage, teller)
        for step in cycle.steps(place / "out"):
            stage.check_alive()
            step()
        rows = cycle.rows
        ledgers = {name: one.entries() for name, one in stage.neighbourhood.played.items()}
        sent = {name: one.sent for name, one in recorders.items()}
        lines = [line for one in recorders.values() for line in one.request_lines()]
    for one in recorders.values():
        one.close()
    logs = {path.name: path.read_text(encoding="utf-8", errors="replace") for path in (place / "data" / "logs").iterdir()}
    return Played(words.getvalue(), teller.failures, sent, lines, commands, logs, ledgers, place / "out", rows)


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
        text = content.decode("utf-8", "replace")
        for words in ALERT_TEXT.values():
            text = text.replace(words, "")
        assert not re.search(r"marac|perpetrator|\bvictim\b|idva", text, re.IGNORECASE), name
    with_words = [name for name, content in played.sent.items() if any(words.encode() in content for words in ALERT_TEXT.values())]
    assert with_words == ["NORTHMOOR_NHS_TRUST_URL"]


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
