"""What the contract tests of the connectors ask, and whom: releases, destinations, and agencies' stand-ins as processes."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from adapters.connectors import Destination
from gateway.domain.agreements import Capability, Limits, Purpose, RecordSystem, SystemKind
from gateway.domain.case_list import BirthDate, PersonName
from gateway.domain.identifiers import AgencyId, LocalIdentifier, LookupId, NhsNumber, SystemKey
from gateway.domain.releases import LookupRelease

ROOT = Path(__file__).parents[2]
LOOKUP = LookupId(UUID("6a9d2f0c-5a5e-4a54-9a62-0d7c1c1f8b11"))
AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def about(
    family: str = "Wiśniewska",
    given: str = "Katarzyna",
    born: date | BirthDate | None = date(1991, 7, 23),
    *,
    aliases: tuple[PersonName, ...] = (),
    also_born: tuple[date, ...] = (),
    numbers: tuple[LocalIdentifier, ...] = (),
    nhs_number: str = "",
    system: str = "calderbrook-nhs-trust/record",
) -> LookupRelease:
    """A look-up about one person."""
    dates = [born if isinstance(born, BirthDate) else BirthDate.of(born)] if born else []
    return LookupRelease(
        agency_id=AgencyId(system.partition("/")[0]), system=SystemKey(system), purpose=Purpose.LOOKUP, agreement_version="v1",
        lookup_id=LOOKUP, names=(PersonName(family, given), *aliases) if family else (),
        birth_dates=(*dates, *(BirthDate.of(day) for day in also_born)), own_identifiers=numbers,
        nhs_number=NhsNumber(nhs_number) if nhs_number else None,
    )  # fmt: skip


def destination(
    kind: SystemKind,
    endpoint: str,
    *,
    key: str = "calderbrook-nhs-trust/record",
    credentials: Mapping[str, str] | None = None,
    capabilities: frozenset[Capability] = frozenset({Capability.SEARCH}),
    limits: Limits | None = None,
    options: Mapping[str, str] | None = None,
) -> Destination:
    """A record system with its references resolved."""
    system = RecordSystem(SystemKey(key), kind, "env:X", {}, capabilities, limits or Limits(timeout_s=2.0), options or {})
    return Destination(system, endpoint, credentials or {})


@dataclass(frozen=True)
class Running:
    """A stub that is up: its ready line and where its test controls are."""

    ready: Mapping[str, Any]

    @property
    def port(self) -> int:
        return int(self.ready["port"])

    def control(self, path: str) -> Any:
        """What a GET of a test control answers."""
        port = self.ready.get("control", self.port)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            content = answer.read().decode()
        return json.loads(content) if content[:1] in "[{" else content

    def ledger(self, what: str = "") -> list[dict[str, Any]]:
        """The effects that the stub applied."""
        entries = self.control(f"/__ledger?what={what}")
        assert isinstance(entries, list)
        return entries


@contextlib.contextmanager
def stub(kind: str, agency: str | Path, *arguments: str) -> Iterator[Running]:
    """An agency's stand-in as a process of its own, ended afterwards."""
    folder = agency if isinstance(agency, Path) else ROOT / "contracts" / "agencies" / agency
    command = [sys.executable, "-m", f"contracts.stubs.{kind}", "--agency", str(folder), "--port", "0", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"{kind} did not start"
        yield Running(json.loads(line))
    finally:
        process.terminate()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()
