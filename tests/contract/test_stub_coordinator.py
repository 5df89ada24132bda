"""The coordinator's stub against its own openapi.yaml: every answer here is checked by schema on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract.stub_processes import AGENCIES, OpenApi, RestClient, running_stub, write_secrets

FOLDER = AGENCIES / "northmoor-marac"
API = OpenApi(FOLDER / "openapi.yaml")
DONE = {"agency": "northmoor-homes", "outcome": "completed", "detail": "Locks changed", "completedAt": "2026-11-22T10:00:00Z"}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestClient]:
    folder = tmp_path_factory.mktemp("cases")
    with running_stub("coordinator", FOLDER, "--client-secrets", str(write_secrets(folder))) as stub:
        yield RestClient(stub, API)


def completion(case: str, action: str) -> str:
    return f"/cases/{case}/actions/{action}/completion"


def told(cases: RestClient, action: str) -> int:
    return len([entry for entry in cases.stub.ledger("completion.take") if entry["subject"].endswith(f"/{action}")])


def test_a_completion_is_taken_once_however_often_it_is_told(cases: RestClient) -> None:
    answers = [cases.send("PUT", completion("NM-1", "A1"), DONE, Idempotency_Key="key-for-a1") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert len({answer.text for answer in answers}) == 1
    assert told(cases, "A1") == 1
    assert cases.send("GET", completion("NM-1", "A1")).json() == answers[0].json()


def test_a_key_stands_for_one_content_and_one_action(cases: RestClient) -> None:
    cases.send("PUT", completion("NM-1", "A2"), DONE, Idempotency_Key="key-for-a2")
    other = cases.send("PUT", completion("NM-1", "A2"), DONE | {"outcome": "not_done"}, Idempotency_Key="key-for-a2")
    elsewhere = cases.send("PUT", completion("NM-1", "A3"), DONE, Idempotency_Key="key-for-a2")
    another_key = cases.send("PUT", completion("NM-1", "A2"), DONE, Idempotency_Key="another-key")
    assert [answer.json()["code"] for answer in (other, elsewhere, another_key)] == ["key-reused", "key-reused", "already-completed"]
    assert (told(cases, "A2"), told(cases, "A3")) == (1, 0)


@pytest.mark.parametrize("key", ["", "short", "has a space in it"])
def test_a_key_is_required(cases: RestClient, key: str) -> None:
    assert cases.send("PUT", completion("NM-1", "A4"), DONE, Idempotency_Key=key).json()["code"] == "idempotency-key-required"


@pytest.mark.parametrize(
    "wrong", [{"detail": ""}, {"outcome": "done"}, {"completedAt": "2026-11-22"}, {"completedAt": "2026-11-22T10:00:00"}, {"name": "Canary"}]
)
def test_what_the_document_refuses_is_refused_without_an_echo(cases: RestClient, wrong: dict[str, str]) -> None:
    answer = cases.send("PUT", completion("NM-1", "A5"), DONE | wrong, Idempotency_Key="key-for-a5")
    assert answer.status_code == 422
    assert not API.request_is_valid("PUT", completion("NM-1", "A5"), DONE | wrong)
    assert "Canary" not in answer.text
    assert told(cases, "A5") == 0


def test_a_case_lists_its_actions(cases: RestClient) -> None:
    cases.stub.staff("actions", {"caseRef": "NM-2", "actionRef": "B2"})
    cases.send("PUT", completion("NM-2", "B1"), DONE | {"outcome": "not_possible"}, Idempotency_Key="key-for-b1")
    actions = cases.send("GET", "/cases/NM-2/actions").json()["actions"]
    assert [(action["actionRef"], action["state"]) for action in actions] == [("B1", "not_possible"), ("B2", "open")]
    assert cases.send("GET", "/cases/NM-9/actions").status_code == 404
    assert cases.send("GET", completion("NM-2", "B2")).status_code == 404


def test_a_completion_is_taken_although_the_reply_timed_out(cases: RestClient) -> None:
    cases.stub.staff("trouble", {"operation": "putCompletion", "happens": "stored_though_timed_out"})
    with pytest.raises(httpx.ReadTimeout):
        cases.http.put(completion("NM-1", "A6"), json=DONE, headers={"Idempotency-Key": "key-for-a6"}, timeout=0.5)
    assert cases.send("GET", completion("NM-1", "A6")).status_code == 200
    assert cases.send("PUT", completion("NM-1", "A6"), DONE, Idempotency_Key="key-for-a6").status_code == 200
    assert told(cases, "A6") == 1


@pytest.mark.parametrize(("happens", "status"), [("unavailable", 503), ("rate_limited", 429)])
def test_a_refused_completion_is_not_taken(cases: RestClient, happens: str, status: int) -> None:
    cases.stub.staff("trouble", {"operation": "putCompletion", "happens": happens})
    assert cases.send("PUT", completion("NM-1", happens), DONE, Idempotency_Key="key-for-trouble").status_code == status
    assert told(cases, happens) == 0


def test_only_actions_that_were_set_where_the_system_is_strict(tmp_path: Path) -> None:
    folder = tmp_path / "another-area"
    folder.mkdir()
    text = 'kind = "coordinator"\nseed = 1\nshare = 0\ntown_size = 0\nknown_actions_only = true\n'
    (folder / "stub.toml").write_text(text, encoding="utf-8")
    with running_stub("coordinator", folder, "--client-secrets", str(write_secrets(tmp_path))) as stub:
        client = RestClient(stub, API)
        assert client.send("PUT", completion("X-1", "A"), DONE, Idempotency_Key="key-for-x1").status_code == 404
        stub.staff("actions", {"caseRef": "X-1", "actionRef": "A"})
        assert client.send("PUT", completion("X-1", "A"), DONE, Idempotency_Key="key-for-x1").status_code == 201


def test_the_ledger_outlives_the_system(tmp_path: Path) -> None:
    options = ("--client-secrets", str(write_secrets(tmp_path)), "--ledger", str(tmp_path / "ledger"))
    with running_stub("coordinator", FOLDER, *options) as stub:
        RestClient(stub, API).send("PUT", completion("NM-3", "C1"), DONE, Idempotency_Key="key-for-c1")
    with running_stub("coordinator", FOLDER, *options) as stub:
        assert [entry["subject"] for entry in stub.ledger("completion")] == ["NM-3/C1"]
