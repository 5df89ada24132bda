"""The command line as an operator uses it: what it prints, for people and for programs, and how it ends."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import Result
from typer.testing import CliRunner

from gateway.bootstrap import Gateway, Settings
from gateway.cli.__main__ import app
from gateway.domain.actors import Actor, UserRole
from gateway.domain.identifiers import UserId
from gateway.store.sessions import SqlSessions
from gateway.web.session import Session

ROOT = Path(__file__).parents[2]
LIST = ROOT / "contracts" / "demonstration" / "case-list.xlsx"

Command = Callable[..., Result]


@pytest.fixture
def command(settings: Settings, quiet_logging: None) -> Command:
    """``command("queue", "summary", ...)``, on this test's database."""
    environment = {
        "DATABASE_URL": settings.database_url.get_secret_value(), "REDIS_URL": settings.redis_url.get_secret_value(), "MARAC_ENV": "demo",
        "MARAC_KEY_FILE": str(settings.key_file), "MARAC_AGENCIES": str(settings.agencies),
    }  # fmt: skip

    def run(*words: str, **more: str) -> Result:
        return CliRunner().invoke(app, words, env=environment | more, prog_name="marac-gateway")

    return run


@pytest.fixture
def quiet_logging() -> Iterator[None]:
    """A command sets up logging for its whole process; here that is put back."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook)
    levels = {name: logging.getLogger(name).level for name in list(logging.root.manager.loggerDict)}
    yield
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    root.handlers[:], root.level, sys.excepthook, threading.excepthook = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def read(ended: Result) -> Any:
    return json.loads(ended.stdout)


@pytest.fixture
def list_id(command: Command) -> str:
    """The demonstration's list, received."""
    received = command("intake", str(LIST), "--as", "u-coordinator", "--marac", "northmoor", "--meeting", "2026-12-07", "--json")
    return str(read(received)["list_id"])


def test_somebody_whose_role_ended_is_signed_out_everywhere(command: Command, gateway: Gateway) -> None:
    sessions, now = SqlSessions(gateway.engine, gateway.vault, Session), gateway.clock()
    cookies = [sessions.begin(Session(Actor(UserId(who), frozenset({UserRole.CHAIR})), "A name", "form", now, now)) for who in ("u-gone", "u-gone", "u-stays")]
    first, again = command("sign-out", "u-gone", "--as", "u-system-administrator"), command("sign-out", "u-gone", "--as", "u-system-administrator")
    assert (first.exit_code, first.stdout.strip(), again.stdout.strip()) == (0, "2 sessions ended.", "They were not signed in."), first.stderr
    assert [sessions.find(cookie, now) is not None for cookie in cookies] == [False, False, True]
    refused = command("sign-out", "u-stays", "--as", "u-coordinator")
    assert refused.exit_code == 1
    assert sessions.find(cookies[2], now) is not None


def test_a_list_is_received_once(command: Command) -> None:
    words = ("intake", str(LIST), "--as", "u-coordinator", "--marac", "northmoor", "--meeting", "2026-12-07")
    first, again, told = command(*words, "--json"), command(*words, "--json"), command(*words)
    assert first.exit_code == again.exit_code == 0, first.stderr
    assert (read(first)["repeated"], read(first)["cases"], read(first)["people"]) == (False, 13, 44)
    assert (read(again)["repeated"], read(again)["list_id"]) == (True, read(first)["list_id"])
    assert "received before; nothing was changed" in told.stdout


def test_an_unreadable_list_is_told_by_code_cause_and_remedy(command: Command, tmp_path: Path) -> None:
    bad = tmp_path / "Zzyzxcanary.pdf"
    bad.write_bytes(b"%PDF-1.7 Zzyzxcanary")
    words = ("intake", str(bad), "--as", "u-coordinator", "--marac", "northmoor")
    ended, told = command(*words, "--json"), command(*words)
    assert ended.exit_code == told.exit_code == 1
    assert ended.stdout == ""
    assert {"code", "title", "cause", "remedy"} <= json.loads(ended.stderr).keys()
    assert "Zzyzxcanary" not in ended.stderr + told.stderr


def test_rows_to_look_at_are_told_by_place_and_code(command: Command, tmp_path: Path) -> None:
    text = (ROOT / "contracts" / "demonstration" / "case-list.csv").read_text(encoding="utf-8-sig")
    damaged = tmp_path / "list.csv"
    damaged.write_text(text.replace("999 002 0744", "999 002 0745").replace("14/03/1988", "31/02/1988"), encoding="utf-8")
    ended = command("intake", str(damaged), "--as", "u-coordinator", "--marac", "northmoor", "--meeting", "2026-12-07", "--json")
    problems = read(ended)["problems"]
    assert {problem["code"] for problem in problems if problem["row"] == 2} >= {"NHS_NUMBER_CHECK_DIGIT", "DATE_IMPOSSIBLE"}
    assert "999 002 0745" not in ended.stdout


def test_the_report_is_a_table_a_csv_and_json(command: Command, list_id: str, tmp_path: Path) -> None:
    table = command("report", list_id, "--as", "u-coordinator")
    assert table.exit_code == 1, "answers are still awaited"
    assert "Hit report" in table.stdout
    rows = read(command("report", list_id, "--as", "u-coordinator", "--json"))
    assert len(rows) == 176
    assert command("report", list_id, "--as", "u-coordinator", "--format", "csv", "--out", str(tmp_path / "r.csv")).exit_code == 1
    assert (tmp_path / "r.csv").read_text(encoding="utf-8-sig").count("\n") == 177


def test_lists_possible_matches_actions_and_tasks_are_shown(command: Command, list_id: str) -> None:
    assert [row["list"] for row in read(command("lists", "--as", "u-coordinator", "--json"))] == [list_id]
    assert read(command("matches", list_id, "--as", "u-trust-representative", "--json")) == []
    assigned = command("actions", "assign", list_id, str(ROOT / "contracts" / "demonstration" / "actions.csv"), "--as", "u-coordinator", "--json")
    assert len(read(assigned)) == 12
    theirs = read(command("actions", "list", list_id, "--as", "u-police-representative", "--json"))
    assert {row["agency_id"] for row in theirs} == {"northmoor-police"}
    tasks = read(command("actions", "tasks", "--as", "u-calderbrook-representative", "--json"))
    assert {task["kind"] for task in tasks} == {"do_action"}
    [first, *_] = read(command("actions", "tasks", "--as", "u-calderbrook-representative", "--json"))
    words = ("--words", "Told the ward.", "--version", str(first["version"]), "--as", "u-calderbrook-representative", "--json")
    assert read(command("actions", "receipt", first["id"], *words)) == {"closed": first["id"]}
    assert command("actions", "receipt", first["id"], *words).exit_code == 1, "it is closed already"
    closed = command(
        "actions", "complete", theirs[0]["id"], "--as", "u-police-representative", "--outcome", "completed", "--detail", "Done.", "--version",
        str(theirs[0]["version"]), "--json",
    )  # fmt: skip
    assert read(closed)["state"] == "completed"


def test_the_queue_is_shown_without_anybody_in_it(command: Command, list_id: str) -> None:
    ended = command("queue", "summary", "--as", "u-system-administrator", "--json")
    assert sum(lane["waiting"] for lane in read(ended)) > 100
    assert "O'Brien" not in ended.stdout
    assert command("queue", "pause", "northmoor-police/records", "--as", "u-system-administrator").exit_code == 0
    lanes = {lane["lane"]: lane for lane in read(command("queue", "summary", "--as", "u-system-administrator", "--json"))}
    assert lanes["northmoor-police/records"]["paused"] is True
    assert command("queue", "resume", "northmoor-police/records", "--as", "u-system-administrator").exit_code == 0
    assert command("queue", "dead", "--as", "u-system-administrator", "--json").stdout.strip() == "[]"


def test_what_one_may_not_do_is_refused(command: Command, list_id: str) -> None:
    refused = command("audit", "about", list_id, "--as", "u-coordinator", "--json")
    assert refused.exit_code == 1
    assert json.loads(refused.stderr)["code"] == "NOT_PERMITTED"


def test_the_audit_is_read_and_verified(command: Command, list_id: str) -> None:
    events = read(command("audit", "about", list_id, "--as", "u-auditor", "--json"))
    assert events[0]["event"] == "list_received"
    whole = command("audit", "verify", "--json")
    assert whole.exit_code == 0
    assert read(whole)["whole"] is True


def test_reconciliation_has_rows_and_ends_by_them(command: Command, list_id: str) -> None:
    assert command("reconcile", "--as", "u-coordinator").exit_code == 0
    command("actions", "assign", list_id, str(ROOT / "contracts" / "demonstration" / "actions.csv"), "--as", "u-coordinator")
    apart = command("reconcile", "--as", "u-coordinator", "--json")
    assert apart.exit_code == 1, "the actions have not left yet"
    assert any(not row["agrees"] for row in read(apart))


def test_health_says_what_has_been_silent(command: Command) -> None:
    ended = command("health", "--json")
    assert ended.exit_code == 1
    assert {row["part"]: row["well"] for row in read(ended)} == {"database": True, "scheduler": False, "worker": False}
    assert command("health", "database").exit_code == 0


def test_agreements_are_checked(command: Command, tmp_path: Path) -> None:
    assert command("agency", "check").exit_code == 0
    broken = tmp_path / "agencies" / "ashby-trust"
    broken.mkdir(parents=True)
    (broken / "agreement.toml").write_text('[agreement]\nname = "Ashby"\n', encoding="utf-8")
    told = command("agency", "check", str(broken.parent))
    assert told.exit_code == 1
    assert "ashby-trust/agreement.toml: agreement.lawful_basis: is missing" in told.stdout
    problems = read(command("agency", "check", str(broken.parent), "--json"))["problems"]
    assert {"file", "key", "fix"} == set(problems[0])


def test_a_blank_list_is_written(command: Command, tmp_path: Path) -> None:
    for name, layout in (("list.xlsx", "row-per-case"), ("people.csv", "row-per-person"), ("actions.csv", "actions")):
        assert command("template", str(tmp_path / name), "--layout", layout).exit_code == 0
        assert (tmp_path / name).stat().st_size > 20
    assert command("template", str(tmp_path / "list.docx")).exit_code == 1


@pytest.mark.parametrize(
    "words",
    [("unknown",), ("report",), ("report", "not-an-id", "--as", "u-coordinator"), ("queue", "summary", "--as", "nobody"), ("intake", "--marac", "northmoor")],
)
def test_wrong_usage_ends_with_2(command: Command, words: tuple[str, ...]) -> None:
    assert command(*words).exit_code == 2


def test_missing_settings_are_named_and_no_value_is_shown(command: Command) -> None:
    ended = command("health", DATABASE_URL="", MARAC_POLL_EVERY="Zzyzxcanary")
    assert ended.exit_code == 1
    assert "MARAC_POLL_EVERY" in ended.stderr
    assert "Zzyzxcanary" not in ended.stderr


def test_a_database_that_is_away_is_told_with_the_remedy(command: Command) -> None:
    ended = command("health", "--json", DATABASE_URL="postgresql://nobody:Zzyzxcanary@127.0.0.1:9/none")
    assert ended.exit_code == 1
    assert json.loads(ended.stderr)["code"] == "STORE_UNAVAILABLE"
    assert "Zzyzxcanary" not in ended.stderr


def test_the_command_runs_as_a_module_from_any_folder(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "gateway.cli"]
    told = subprocess.run([*command, "--help"], capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert told.returncode == 0
    for name in ("demo", "serve", "worker", "schedule", "intake", "report", "flags", "actions", "reconcile", "queue", "agency", "audit"):
        assert f" {name} " in told.stdout
    without = subprocess.run([*command, "health"], capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert without.returncode == 1
    assert "DATABASE_URL" in without.stderr
