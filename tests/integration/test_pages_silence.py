"""The site as its own process, with real logs: whatever is asked of it, nothing about anybody is written down."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from gateway.demo.agencies import ROOT
from gateway.embedded.ports import free_port
from tests.integration.joined_site import LIST, Person, Site, site

__all__ = ["site"]

CANARIES = ("Quizzlewick", "9990000042", "O'Brien", "Wisniewska", "perpetrator", "u-coordinator")


@pytest.fixture(scope="module")
def process(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Path]]:
    """``marac-gateway serve`` on the same database, and the file that it logs to."""
    from dataclasses import replace

    port, log = free_port(), tmp_path_factory.mktemp("serve") / "log"
    base = f"http://127.0.0.1:{port}"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **site.gateway.settings.variables, "MARAC_BASE_URL": base}
    command = [sys.executable, "-m", "gateway.cli", "serve", "--port", str(port)]
    with log.open("wb") as out, subprocess.Popen(command, env=environment, stdout=out, stderr=out) as running:
        until = time.monotonic() + 20
        while time.monotonic() < until and running.poll() is None:
            try:
                httpx.get(base)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield replace(site, base=base), log
        running.send_signal(signal.SIGTERM)
        assert running.wait(15) == 0


def test_nothing_of_what_is_asked_or_shown_is_logged(process: tuple[Site, Path]) -> None:
    here, log = process
    person = Person(here)
    person.sign_in("u-coordinator")
    person.page(f"/lists/{here.list_id}")
    content = b"Case number,Role,First name,Last name,DOB\n1,Victim,Zebediah,Quizzlewick,31/02/1990\n"
    person.post("/lists", {"marac": "northmoor", "meeting_date": "2027-03-01"}, files={"file": ("Quizzlewick.csv", content)})
    person.post("/lists", {"marac": "northmoor"}, files={"file": (LIST.name, LIST.read_bytes()[:2000])})
    for path in ("/lists/Quizzlewick", "/nowhere?name=Quizzlewick", "/sign-in/return?code=Quizzlewick&state=9990000042", "/audit?Quizzlewick"):
        person.get(path)
    program = here.program()
    program.post(f"/look-ups/{uuid4()}/decision", json={"record_id": "Quizzlewick", "Quizzlewick": 1}, headers={"Idempotency-Key": "Quizzlewick"})
    program.post("/case-lists", content=b'{"Quizzlewick', headers={"Content-Type": "application/json"})
    httpx.get(f"{here.api}/case-lists", headers={"Authorization": "Bearer Quizzlewick.9990000042.x"})
    httpx.post(f"{here.api}/callbacks/Quizzlewick", content=b"Quizzlewick")
    written = log.read_text(encoding="utf-8")
    assert not [canary for canary in CANARIES if canary.lower() in written.lower()]
    assert str(here.list_id) not in written


def test_a_fault_inside_is_logged_by_class_and_place_and_told_without_detail(process: tuple[Site, Path]) -> None:
    """A session whose sealed content was changed in the database cannot be opened: a fault that no page foresees."""
    here, log = process
    person = Person(here)
    person.sign_in("u-chair")
    with here.gateway.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sessions SET sealed = decode('0101', 'hex') || sealed")
    answer = person.get("/lists")
    with here.gateway.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM sessions")
    assert answer.status_code in (500, 503)
    assert "<title>Case gateway</title>" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert re.search(r"INTERNAL_ERROR|SEAL_BROKEN", answer.text)
    assert "Traceback" not in log.read_text(encoding="utf-8")
