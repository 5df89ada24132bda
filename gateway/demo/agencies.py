"""Starts the stand-in of every agency in a folder of agencies, and says under which names the gateway finds them.

What a stand-in needs is read from the agency's own ``agreement.toml`` and ``stub.toml``: a second agency of any kind is a folder and
nothing else. Keys and secrets are made on the spot and kept in the data folder.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from joserfc.jwk import ECKey

from gateway.embedded.child import Child, Program
from gateway.embedded.errors import CannotStart
from gateway.embedded.ports import LOOPBACK

ROOT = Path(__file__).resolve().parents[2]
CLIENT_ID = "records-gateway"
"""By which agencies know us where their interface leaves the choice to us: neutral, like everything on a wire."""
_NOTICES = "notices"


@dataclass(frozen=True, slots=True)
class Played:
    """A running stand-in. ``ready`` is what it said of itself, ``ledger`` the file in which it writes down every effect."""

    agency_id: str
    child: Child
    ready: Mapping[str, Any]
    ledger: Path

    @property
    def base(self) -> str:
        """Where its web interface is, with the test controls (``/__ledger``)."""
        return f"http://{LOOPBACK}:{self.ready.get('control', self.ready['port'])}"

    def entries(self, what: str = "") -> list[dict[str, Any]]:
        """Effects that it applied, in order, read from the file: they outlive the process."""
        lines = self.ledger.read_text(encoding="utf-8").splitlines() if self.ledger.exists() else []
        return [entry for line in lines if (entry := json.loads(line))["what"].startswith(what)]


class Neighbourhood:
    """The stand-ins of a folder of agencies. ``environment`` is what the gateway's processes must be given to find them."""

    def __init__(self, agencies: Path, data: Path, notices_to: str = "") -> None:
        """``notices_to`` is the gateway's own address, for signed notices; "" sends none."""
        self._agencies, self._data, self._notices_to = agencies, data, notices_to
        self.secrets = _closed(data / "secrets")
        self._ledgers, self._logs = _closed(data / "ledgers"), _closed(data / "logs")
        self.environment: dict[str, str] = {"MARAC_AGENCIES": str(agencies), "MARAC_SECRETS": str(self.secrets)}
        self.played: dict[str, Played] = {}
        self._children: list[Child] = []

    def start(self, only: Sequence[str] = ()) -> None:
        """Starts every agency that has a ``stub.toml`` (or ``only`` those named). Raises ``CannotStart``."""
        folders = [f for f in sorted(self._agencies.iterdir()) if (f / "stub.toml").exists() and (not only or f.name in only)]
        self._children += [self._start(folder) for folder in folders]
        for folder, child in zip(folders, self._children[-len(folders) :], strict=True):
            self._join(folder, child)

    def start_other(self, name: str, command: Sequence[str]) -> Mapping[str, Any]:
        """Starts a stand-in that is no agency (the identity provider); what it says of itself."""
        child = Child(name, Program(command, environment=_plain_environment(), talks=True), self._logs / f"{name}.log")
        self._children.append(child)
        return _ready(child)

    def write_clients(self, name: str, clients: Sequence[str]) -> Path:
        """Makes a secret for each client, in a file of its own, and the file by which the stand-in knows them all."""
        made = {client: _kept_secret(self.secrets / f"{name}.{client}") for client in clients}
        file = self.secrets / f"{name}.clients"
        _write(file, "".join(f"{client} = {json.dumps(secret)}\n" for client, secret in made.items()))
        return file

    def stop(self) -> None:
        """Stops every stand-in."""
        for child in self._children:
            child.ask_to_stop()
        for child in self._children:
            child.stop()

    def _start(self, folder: Path) -> Child:
        kind = _toml(folder / "stub.toml")["kind"]
        command = [sys.executable, "-m", f"contracts.stubs.{kind}", "--agency", str(folder), "--ledger", str(self._ledger(folder))]
        program = Program([*command, *self._credentials(folder)], environment=_plain_environment(), talks=True)
        return Child(folder.name, program, self._logs / f"{folder.name}.log")

    def _join(self, folder: Path, child: Child) -> None:
        ready = _ready(child)
        self.played[folder.name] = Played(folder.name, child, ready, self._ledger(folder))
        for system in _systems(folder):
            if (name := _named(system["endpoint"], "env")) is not None:
                self.environment[name] = _endpoint(system["kind"], ready)

    def _ledger(self, folder: Path) -> Path:
        return self._ledgers / f"{folder.name}.jsonl"

    def _credentials(self, folder: Path) -> list[str]:
        """Makes what the agreement refers to, and the arguments by which the stand-in learns its half of it."""
        arguments: list[str] = []
        for system in _systems(folder):
            told = self._make(folder, system.get("credentials", {}))
            if system["kind"] == "fhir_r4":
                arguments += ["--client-jwks", str(self.secrets / f"{folder.name}.jwks"), *self._subjects(folder)]
            elif system["kind"] != "hl7v2":
                clients = self.secrets / f"{folder.name}.clients"
                _write(clients, "".join(f"{client} = {json.dumps(secret)}\n" for client, secret in told.items()))
                arguments += ["--client-secrets", str(clients)]
            if self._notices_to and _NOTICES in told:
                arguments += ["--notice-url", f"{self._notices_to}/api/v1/callbacks/{folder.name}"]
        return arguments

    def _subjects(self, folder: Path) -> list[str]:
        """The rights by which the probe looks as each of the agency's test people."""
        registers = _toml(folder / "register.toml").values() if (folder / "register.toml").exists() else ()
        people = [person for register in registers for person in register.get("canaries", {}).values()]
        told = {person["record_id"]: file for person in people if (file := _named(person.get("token", ""), "file")) is not None}
        subjects = self.secrets / f"{folder.name}.subjects"
        _write(subjects, "".join(f"{who} = {json.dumps(_kept_secret(self.secrets / file))}\n" for who, file in told.items()))
        return ["--subject-tokens", str(subjects)]

    def _make(self, folder: Path, credentials: Mapping[str, str]) -> dict[str, str]:
        """The secrets of one system, by the name of the client that holds each."""
        client_id = _toml(folder / "stub.toml").get("oauth", {}).get("client_id", CLIENT_ID)
        told: dict[str, str] = {}
        for name, reference in credentials.items():
            if (variable := _named(reference, "env")) is not None:
                self.environment[variable] = client_id
            elif (file := _named(reference, "file")) is not None and name == "private_key":
                self._make_key(folder, self.secrets / file)
            elif file is not None:
                told[_NOTICES if name == "callback_secret" else client_id] = _kept_secret(self.secrets / file)
        return told

    def _make_key(self, folder: Path, file: Path) -> None:
        if not file.exists():
            _write(file, ECKey.generate_key("P-384").as_pem(private=True).decode())
        key = ECKey.import_key(file.read_text(encoding="ascii"))
        key.ensure_kid()
        _write(self.secrets / f"{folder.name}.jwks", json.dumps({"keys": [{**key.as_dict(private=False), "use": "sig", "alg": "ES384"}]}))

    def __enter__(self) -> Neighbourhood:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def _ready(child: Child) -> dict[str, Any]:
    line = child.lines.readline()
    if not line:
        raise CannotStart(f"The stand-in {child.name} did not start.", f"Its own words are in {child.log}.")
    ready: dict[str, Any] = json.loads(line)
    return ready


def _systems(folder: Path) -> Iterator[dict[str, Any]]:
    yield from _toml(folder / "agreement.toml").get("systems", {}).values()


def _endpoint(kind: str, ready: Mapping[str, Any]) -> str:
    if kind == "fhir_r4":
        return str(ready["fhir_base"])
    return f"{'mllp' if kind == 'hl7v2' else 'http'}://{LOOPBACK}:{ready['port']}"


def _named(reference: str, kind: str) -> str | None:
    scheme, _, name = reference.partition(":")
    return name if scheme == kind else None


def _plain_environment() -> dict[str, str]:
    """A stand-in is another organisation's machine: it gets nothing of ours but the way to its own code."""
    return {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", "LANG": "C.UTF-8"}


def _kept_secret(file: Path) -> str:
    if not file.exists():
        _write(file, secrets.token_urlsafe(32))
    return file.read_text(encoding="ascii")


def _write(file: Path, text: str) -> None:
    """Closed to others from its first moment."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)


def _closed(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
