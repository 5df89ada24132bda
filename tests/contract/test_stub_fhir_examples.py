"""The examples in contracts/agencies/northmoor-nhs-trust/examples/ are what the trust's stub really answers.

    WRITE_EXAMPLES=1 python -m pytest tests/contract/test_stub_fhir_examples.py     writes them afresh
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.fhir_trust_client import FOLDER, NHS_NUMBER, OURS, EllipticKey, Json, TrustClient, flag, task, write_jwks
from tests.contract.stub_processes import running_stub

EXAMPLES = FOLDER / "examples"
ADDRESS = "https://record.northmoor-nhs-trust.example"
FHIR = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/fhir+json"}
TOLD_HEADERS = ("content-type", "etag", "last-modified", "location", "retry-after", "www-authenticate", "cache-control")


def matching(family: str, given: list[str], born: str, number: str = "") -> Json:
    patient: Json = {"resourceType": "Patient", "name": [{"family": family, "given": given}], "birthDate": born}
    if number:
        patient["identifier"] = [{"system": NHS_NUMBER, "value": number}]
    return {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": patient}, {"name": "count", "valueInteger": 10}]}


AOIFE = "NM8000000"
ONCE = {"If-None-Exist": f"identifier={OURS}|5f0c2b9e"}
ALERT = flag(AOIFE, "5f0c2b9e")
# name: (method, path, headers, body). They are sent in this order; {flag} and {task} stand for ids that earlier answers gave.
REQUESTS: dict[str, tuple[str, str, dict[str, str], Any]] = {
    "01-capability-statement": ("GET", "/metadata", {"Accept": "application/fhir+json"}, None),
    "02-no-token": ("GET", f"/Patient/{AOIFE}", {"Authorization": "", "Accept": "application/fhir+json"}, None),
    "03-search-by-post": ("POST", "/Patient/_search", FORM, {"family": "O'Brien", "given": "Aoife", "birthdate": "1988-03-14"}),
    "04-search-with-episodes": (
        "POST", "/Patient/_search", FORM, {"identifier": f"{NHS_NUMBER}|9990020744", "_revinclude": "EpisodeOfCare:patient"},
    ),
    "05-search-refused": ("POST", "/Patient/_search", FORM, {"family": "O'Brien", "favourite": "tea"}),
    "06-match-probable": ("POST", "/Patient/$match", FHIR, matching("O'Brien", ["Aoife"], "1988-03-14")),
    "07-match-certain": ("POST", "/Patient/$match", FHIR, matching("O'Brien", ["Aoife"], "1988-03-14", "9990020744")),
    "08-match-twins": ("POST", "/Patient/$match", FHIR, matching("Khan", ["Amina"], "2016-05-05")),
    "09-match-restricted": ("POST", "/Patient/$match", FHIR, matching("Booth", ["Natalie"], "1992-12-12")),
    "10-match-nobody": ("POST", "/Patient/$match", FHIR, matching("Ackroyd", ["Noah"], "2024-07-16")),
    "11-match-too-many": ("POST", "/Patient/$match", FHIR, matching("Haddad", ["Karim"], "1991-09-09")),
    "12-open-to-services": ("GET", f"/EpisodeOfCare?patient={AOIFE}&status=active", {"Accept": "application/fhir+json"}, None),
    "13-flag-create": ("POST", "/Flag", FHIR | ONCE, ALERT),
    "14-flag-create-again": ("POST", "/Flag", FHIR | ONCE, ALERT),
    "15-flag-read": ("GET", "/Flag/{flag}", {"Accept": "application/fhir+json"}, None),
    "16-flag-end": ("PUT", "/Flag/{flag}", FHIR | {"If-Match": 'W/"1"'}, ALERT | {"id": "{flag}", "status": "inactive"}),
    "17-flag-stale": ("PUT", "/Flag/{flag}", FHIR | {"If-Match": 'W/"1"'}, ALERT | {"id": "{flag}", "status": "inactive"}),
    "18-flag-refused": ("POST", "/Flag", FHIR, ALERT | {"status": "live"}),
    "19-task-create": ("POST", "/Task", FHIR | {"If-None-Exist": f"identifier={OURS}|a41d77c0"}, task("a41d77c0")),
    "20-task-finished-by-staff": (
        "POST", "/__staff/work-items/a41d77c0/finish", {"Content-Type": "application/json"},
        {"code": "completed", "detail": "Seen on Tuesday; plan reviewed.", "finishedBy": "Safeguarding team"},
    ),
    "21-task-poll": ("GET", "/Task?_lastUpdated=ge2026-11-22T00:00:00Z&_sort=_lastUpdated", {"Accept": "application/fhir+json"}, None),
    "22-views": ("GET", "/portal/views", {"Accept": "application/json"}, None),
    "23-what-the-patient-sees": ("GET", f"/portal/patients/{AOIFE}/record", {"Accept": "application/json"}, None),
}  # fmt: skip


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Json]]:
    """Every example as it goes today."""
    key = EllipticKey()
    jwks = write_jwks(tmp_path_factory.mktemp("examples") / "client.json", key)
    with running_stub("fhir_trust", FOLDER, "--client-jwks", str(jwks), "--clock", "2026-11-22T09:00:00+00:00") as stub:
        client = TrustClient(stub, key)
        client.sign_in()
        ids: dict[str, str] = {}
        yield {name: exchanged(client, name, ids) for name in REQUESTS}


def exchanged(client: TrustClient, name: str, ids: dict[str, str]) -> Json:
    method, path, headers, body = filled(REQUESTS[name], ids)
    sent = {"data": body} if headers.get("Content-Type") == FORM["Content-Type"] else {"content": json.dumps(body).encode()} if body else {}
    answer = client.http.request(method, path, headers=headers, **sent)
    told = json.loads(answer.text.replace(client.base, ADDRESS))
    if name in ("13-flag-create", "19-task-create"):
        ids[told["resourceType"].lower()] = told["id"]
    kept = {header: answer.headers[header].replace(client.base, ADDRESS) for header in TOLD_HEADERS if header in answer.headers}
    shown = {header: value for header, value in headers.items() if header != "Authorization"}
    return {
        "request": {"method": method, "path": path, "headers": shown, "body": body},
        "response": {"status": answer.status_code, "headers": kept, "body": told},
    }  # fmt: skip


def filled(request: Any, ids: dict[str, str]) -> Any:
    text = json.dumps(request)
    for name, value in ids.items():
        text = text.replace("{" + name + "}", value)
    return json.loads(text)


@pytest.mark.parametrize("name", REQUESTS)
def test_an_example_is_what_the_stub_answers(spoken: dict[str, Json], name: str) -> None:
    file: Path = EXAMPLES / f"{name}.json"
    if os.environ.get("WRITE_EXAMPLES"):
        EXAMPLES.mkdir(exist_ok=True)
        file.write_text(json.dumps(spoken[name], indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert json.loads(file.read_text(encoding="utf-8")) == spoken[name]


def test_there_are_no_other_examples() -> None:
    assert {file.stem for file in EXAMPLES.glob("*.json")} == set(REQUESTS)
