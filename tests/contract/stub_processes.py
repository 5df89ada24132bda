"""Starts a stub as the process it is, and talks to its REST interface with every answer held against its openapi.yaml."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from contracts.stubs.agency import load_agency
from contracts.stubs.demonstration import CastMember, cases, cast, local_id

ROOT = Path(__file__).parents[2]
AGENCIES = ROOT / "contracts" / "agencies"
CLIENT, SECRET, NOTICE_SECRET = "northmoor-exchange", "a-secret-of-the-tests-only", "notices-of-the-tests-only"

FORMATS = FormatChecker(("date", "uuid"))


@FORMATS.checks("date-time")
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or (value.endswith("Z") and datetime.fromisoformat(value) is not None)


class RunningStub:
    """One stub process, ready."""

    def __init__(self, process: subprocess.Popen[str], ready: Mapping[str, Any]) -> None:
        self.process, self.ready = process, ready
        self.port = int(ready["port"])
        self._clients: list[httpx.Client] = []
        self.control = self.client(int(ready.get("control", self.port)), 30)

    def client(self, port: int, timeout: float) -> httpx.Client:
        """An HTTP client of the stub, closed with it."""
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=timeout)
        self._clients.append(client)
        return client

    def close(self) -> None:
        """Ends the process; it must end with 0 and have written nothing to standard error."""
        for client in self._clients:
            client.close()
        self.process.terminate()
        errors = self.process.communicate(timeout=20)[1]
        assert (self.process.returncode, errors) == (0, ""), f"ended with {self.process.returncode}: {errors}"

    def ledger(self, what: str = "") -> list[dict[str, Any]]:
        """What the stub did, as it wrote it down."""
        entries: list[dict[str, Any]] = self.control.get("/__ledger", params={"what": what}).json()
        return entries

    def view(self, name: str, local_id: str) -> str:
        """One output that others than staff see."""
        return self.control.get(f"/__views/{name}/{local_id}").raise_for_status().text

    def views(self, local_id: str) -> dict[str, str]:
        """Every output that others than staff see."""
        return {name: self.view(name, local_id) for name in self.control.get("/__views").json()}

    def staff(self, deed: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Somebody of the agency does something."""
        answer: dict[str, Any] = self.control.post(f"/__staff/{deed}", json=dict(body or {})).raise_for_status().json()
        return answer


@contextmanager
def running_stub(kind: str, agency: Path, *options: str) -> Iterator[RunningStub]:
    """Starts ``python -m contracts.stubs.<kind>`` on a free port and ends it; standard error has to stay empty."""
    command = [sys.executable, "-m", f"contracts.stubs.{kind}", "--agency", str(agency), *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise AssertionError(f"{kind} did not start: {process.communicate()[1]}")
    stub = RunningStub(process, json.loads(line))
    try:
        yield stub
    finally:
        stub.close()


def write_secrets(folder: Path) -> Path:
    """A secrets file for one client."""
    file = folder / "secrets.toml"
    file.write_text(f'"{CLIENT}" = "{SECRET}"\nnotices = "{NOTICE_SECRET}"\n', encoding="utf-8")
    return file


class OpenApi:
    """An openapi.yaml as a judge of requests and answers."""

    def __init__(self, file: Path) -> None:
        self.document: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
        resource = Resource.from_contents(self.document, default_specification=DRAFT202012)
        self._registry = Registry().with_resource("urn:api", resource)
        self._templates = [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + "$"), path) for path in self.document["paths"]]

    def template(self, path: str) -> str:
        """The path of the document that an address belongs to; fixed ones before ones with parameters."""
        found = [template for pattern, template in self._templates if pattern.match(path)]
        assert found, f"no path in openapi.yaml for {path}"
        return min(found, key=lambda template: template.count("{"))

    def check_answer(self, method: str, answer: httpx.Response) -> None:
        """Fails unless this status, content type and body are in the document."""
        operation = self.document["paths"][self.template(answer.request.url.path)][method.lower()]
        assert str(answer.status_code) in operation["responses"], f"{answer.status_code} is not in openapi.yaml: {answer.text}"
        declared = self._resolved(operation["responses"][str(answer.status_code)])
        for header, rule in declared.get("headers", {}).items():
            self.errors_of(self._resolved(rule)["schema"], answer.headers.get(header), must_hold=header != "Location")
        content_type = answer.headers["content-type"].partition(";")[0]
        self.errors_of(declared["content"][content_type]["schema"], answer.json(), must_hold=True)

    def request_is_valid(self, method: str, path: str, body: object) -> bool:
        """Whether the document allows this body."""
        operation = self.document["paths"][self.template(path)][method.lower()]
        return not self.errors_of(operation["requestBody"]["content"]["application/json"]["schema"], body)

    def notice_is_valid(self, name: str, body: object) -> bool:
        """Whether the document allows this notice."""
        schema = self.document["webhooks"][name]["post"]["requestBody"]["content"]["application/json"]["schema"]
        return not self.errors_of(schema, body)

    def errors_of(self, schema: Mapping[str, Any], value: object, *, must_hold: bool = False) -> list[str]:
        """What is wrong with a value; fails when it has to hold and does not."""
        validator = Draft202012Validator(_anchored(schema), registry=self._registry, format_checker=FORMATS)
        errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
        assert not (must_hold and errors), errors
        return errors

    def _resolved(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in node:
            return node
        target: Any = self.document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return dict(target)


def _anchored(node: Any) -> Any:
    """The schema with its references made absolute."""
    if isinstance(node, dict):
        return {key: f"urn:api{value}" if key == "$ref" else _anchored(value) for key, value in node.items()}
    return [_anchored(part) for part in node] if isinstance(node, list) else node


class RestClient:
    """A client of a REST stub that holds every answer against the interface's own document."""

    def __init__(self, stub: RunningStub, api: OpenApi) -> None:
        self.stub, self.api = stub, api
        self.http = stub.client(stub.port, 10)
        self.http.headers["X-API-Key"] = SECRET

    def send(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Asks, checks the answer against openapi.yaml, gives it. Header names with underscores for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.http.request(method, path, json=body, headers=sent) if body is not None else self.http.request(method, path, headers=sent)
        self.api.check_answer(method, answer)
        return answer


@dataclass(frozen=True)
class Expected:
    """One person of the demonstration at one agency, as the case list names them and as truth.csv has them found."""

    names: tuple[tuple[str, str], ...]
    """(given, family), every one that the list gives."""
    born: tuple[str, ...]
    nhs_number: str | None
    state: str
    record: str


def expectations(agency: str) -> list[Expected]:
    """Everybody who may be asked about there, in each role."""
    with (ROOT / "contracts" / "demonstration" / "truth.csv").open(encoding="utf-8", newline="") as file:
        states = {(row["case_number"], row["role"], row["name"]): row["state"] for row in csv.DictReader(file) if row["agency"] == agency}
    pattern = load_agency(AGENCIES / agency).settings["local_id"]
    listed = [(case.number, role, cast()[key]) for case in cases() for role, key in case.roles]
    asked = [(member, states[number, role, member.full_name]) for number, role, member in listed]
    return [_expected(member, state, pattern) for member, state in asked if state != "WITHHELD"]


def _expected(member: CastMember, state: str, pattern: str) -> Expected:
    names = dict.fromkeys([(member.given[0], member.family), *((alias.given, alias.family) for alias in member.aliases)])
    born = [day.isoformat() for day in (member.birth_date, member.also_born) if day]
    return Expected(tuple(names), tuple(born), member.listed_number, state, local_id(member.key, pattern))
