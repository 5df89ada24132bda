"""The trust's stand-in as a service: tokens and scopes, another trust by a folder, and a process that loses nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from contracts.stubs.people import AgencyPerson
from tests.contract.fhir_trust_client import (
    FOLDER,
    EllipticKey,
    Json,
    RsaKey,
    TrustClient,
    code_of,
    flag,
    judge,
    signed,
    task,
    write_jwks,
)
from tests.contract.fhir_trust_running import EC, RSA, agency, somebody, trust
from tests.contract.stub_processes import ROOT, RunningStub, running_stub

__all__ = ["agency", "somebody", "trust"]


# --- the service and its tokens ----------------------------------------------------------------------------------------


def test_it_says_what_it_can_do(trust: TrustClient) -> None:
    statement = trust.http.get("/metadata", headers={"Authorization": ""}).json()
    judge(statement)
    assert (statement["fhirVersion"], statement["kind"]) == ("4.0.1", "instance")
    resources = {resource["type"]: resource for resource in statement["rest"][0]["resource"]}
    assert set(resources) == {"Patient", "EpisodeOfCare", "Flag", "Task"}
    assert resources["Flag"]["conditionalCreate"] is True
    assert resources["Flag"]["versioning"] == "versioned-update"
    assert "match" in {operation["name"] for operation in resources["Patient"]["operation"]}
    assert "status" not in {parameter["name"] for parameter in resources["Flag"]["searchParam"]}, "R4 has no such search"


@pytest.mark.parametrize("key", [EC, RSA], ids=["ES384", "RS384"])
def test_a_signed_assertion_gets_a_token(trust: TrustClient, key: EllipticKey | RsaKey) -> None:
    answer = trust.ask_token(signed(key, trust.claims()))
    assert answer.status_code == 200
    told = answer.json()
    assert (told["token_type"], told["expires_in"]) == ("bearer", 300)
    assert "system/Flag.cruds" in told["scope"].split()
    assert answer.headers["cache-control"] == "no-store"
    assert trust.http.get("/Flag", headers={"Authorization": f"Bearer {told['access_token']}"}).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "somebody-else"},
        {"sub": "somebody-else"},
        {"aud": "https://another.example/oauth/token"},
        {"exp": int(time.time()) - 60},
        {"exp": int(time.time()) + 3600},
        {"exp": "soon"},
        {"jti": ""},
    ],
    ids=["issuer", "subject", "audience", "expired", "too long", "no number", "no jti"],
)
def test_an_assertion_that_claims_wrongly_gets_none(trust: TrustClient, claims: Json) -> None:
    answer = trust.ask_token(signed(EC, trust.claims(**claims)))
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_an_assertion_counts_once(trust: TrustClient) -> None:
    assertion = signed(EC, trust.claims())
    assert trust.ask_token(assertion).status_code == 200
    assert trust.ask_token(assertion).status_code == 401


def test_a_strange_key_a_weak_algorithm_and_rubbish_get_none(trust: TrustClient) -> None:
    assert trust.ask_token(signed(EllipticKey("ec-1"), trust.claims())).status_code == 401
    assert trust.ask_token(signed(EllipticKey("unknown"), trust.claims())).status_code == 401
    unsigned = signed(EC, trust.claims(), "none").rpartition(".")[0] + "."
    for assertion in (unsigned, signed(EC, trust.claims(), "HS384"), "x", "a.b.c", ""):
        assert trust.ask_token(assertion).status_code == 401
    assert trust.ask_token("x", grant_type="password").json() == {"error": "unsupported_grant_type"}
    assert trust.ask_token("x", client_assertion_type="x").json() == {"error": "invalid_request"}
    assert trust.ask_token(signed(EC, trust.claims()), scope="system/*.cruds").json() == {"error": "invalid_scope"}


def test_without_a_good_token_nothing_is_told(trust: TrustClient, somebody: AgencyPerson) -> None:
    for authorization in ("", "Bearer wrong", "Basic eDp5"):
        for method, path in (("GET", f"/Patient/{somebody.local_id}"), ("POST", "/Flag"), ("GET", "/Task"), ("GET", "/portal/views")):
            answer = trust.http.request(method, path, headers={"Authorization": authorization})
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_token_goes_no_further_than_its_scope(trust: TrustClient, somebody: AgencyPerson) -> None:
    told = trust.ask_token(signed(EC, trust.claims()), scope="system/Patient.rs").json()
    only_patient = {"Authorization": f"Bearer {told['access_token']}"}
    assert trust.http.get(f"/Patient/{somebody.local_id}", headers=only_patient).status_code == 200
    answer = trust.send("POST", "/Flag", flag(somebody.local_id, "scope"), only_patient)
    assert (answer.status_code, code_of(answer)) == (403, "OUT_OF_SCOPE")


def test_a_token_ends(tmp_path: Path) -> None:
    folder = a_folder_like(tmp_path / "short-trust", ("token_seconds = 300", "token_seconds = 1"))
    with running_stub("fhir_trust", folder, "--client-jwks", str(write_jwks(tmp_path / "keys.json", EC))) as stub:
        client = TrustClient(stub, EC)
        client.sign_in()
        assert client.http.get("/Task").status_code == 200
        time.sleep(1.1)
        assert client.http.get("/Task").status_code == 401


def a_folder_like(folder: Path, *changes: tuple[str, str]) -> Path:
    """Another agency of the same kind: a folder, and nothing else."""
    text = (FOLDER / "stub.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    folder.mkdir()
    (folder / "stub.toml").write_text(text, encoding="utf-8")
    return folder


# --- as a process ------------------------------------------------------------------------------------------------------


def test_another_trust_is_a_folder_and_can_do_less(tmp_path: Path) -> None:
    folder = a_folder_like(
        tmp_path / "southmoor-nhs-trust", ("match = true", "match = false"), ("conditional_create = true", "conditional_create = false"),
        ('base_path = ""', 'base_path = "/fhir/R4"'), ("Northmoor NHS Trust", "Southmoor NHS Trust"), ("seed = 11", "seed = 77"),
    )  # fmt: skip
    with running_stub("fhir_trust", folder, "--client-jwks", str(write_jwks(tmp_path / "keys.json", EC))) as stub:
        assert stub.ready["fhir_base"] == f"http://127.0.0.1:{stub.port}/fhir/R4"
        client = TrustClient(stub, EC)
        client.sign_in()
        assert client.send("POST", "/fhir/R4/Patient/$match", {"resourceType": "Parameters"}).status_code == 404
        statement = client.http.get("/fhir/R4/metadata").json()
        resources = {resource["type"]: resource for resource in statement["rest"][0]["resource"]}
        assert resources["Task"]["conditionalCreate"] is False
        assert "match" not in {operation["name"] for operation in resources["Patient"]["operation"]}
        twice = [client.send("POST", "/fhir/R4/Task", task("same"), {"If-None-Exist": "identifier=same"}).status_code for _ in range(2)]
        assert twice == [201, 201], "a server without the capability ignores the header"


def test_the_ledger_outlives_a_sigkill(tmp_path: Path) -> None:
    ledger, jwks = tmp_path / "ledger.jsonl", write_jwks(tmp_path / "keys.json", EC)
    command = [sys.executable, "-m", "contracts.stubs.fhir_trust", "--agency", str(FOLDER), "--client-jwks", str(jwks), "--ledger", str(ledger)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        stub = RunningStub(process, ready)
        client = TrustClient(stub, EC)
        client.sign_in()
        for number in range(20):
            assert client.send("POST", "/Task", task(f"K-{number}")).status_code == 201
        process.kill()
        stub.control.close()
        client.http.close()
    lines = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
    assert [line["key"] for line in lines if line["what"] == "task.create"] == [f"K-{number}" for number in range(20)]
    assert [line["sequence"] for line in lines] == list(range(1, len(lines) + 1))
    with running_stub("fhir_trust", FOLDER, "--ledger", str(ledger)) as stub:
        assert [entry["sequence"] for entry in stub.ledger()] == [line["sequence"] for line in lines]


def test_a_stub_ends_when_its_parent_is_gone_however_it_went() -> None:
    parent = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-m', 'contracts.stubs.fhir_trust', '--agency', {str(FOLDER)!r}], stdout=sys.stdout)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = sorted((process.stdout.readline(), process.stdout.readline()))
        child = int(lines[0])
        assert json.loads(lines[1])["ready"] is True
        os.kill(process.pid, signal.SIGKILL)
    until = time.monotonic() + 5
    while _runs(child) and time.monotonic() < until:
        time.sleep(0.1)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split()[2] != "Z"
    except FileNotFoundError:
        return False
