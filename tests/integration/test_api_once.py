"""Every write once: the same request sent again, at once, or otherwise; and agencies' own notices, signed and repeated."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from gateway.demo.cast import work_items
from mappings.callbacks import sign
from tests.integration.joined_site import LIST, Site, site

__all__ = ["site"]


@pytest.fixture(scope="module")
def coordinator(site: Site) -> httpx.Client:
    """The coordinator's own program."""
    return site.program()


def an_action(text: str) -> list[dict[str, str]]:
    return [{"case_number": "NM-101", "agency": "northmoor-police", "text": text}]


def assigned(site: Site, client: httpx.Client, text: str) -> list[dict[str, Any]]:
    return [a for a in client.get(f"/case-lists/{site.list_id}/actions").json() if a["text"] == text]


def test_a_write_without_a_key_is_refused_and_does_nothing(site: Site, coordinator: httpx.Client) -> None:
    answer = coordinator.post(f"/case-lists/{site.list_id}/actions", json=an_action("Without a key"))
    assert (answer.status_code, answer.json()["code"]) == (422, "IDEMPOTENCY_KEY_MISSING")
    assert not assigned(site, coordinator, "Without a key")


def test_the_same_request_again_gets_the_first_answer(site: Site, coordinator: httpx.Client) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    first, again = (coordinator.post(f"/case-lists/{site.list_id}/actions", json=an_action("Twice"), headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "idempotent-replay" not in first.headers
    assert again.headers["idempotent-replay"] == "true"


def test_the_same_key_for_another_request_is_a_conflict(site: Site, coordinator: httpx.Client) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    coordinator.post(f"/case-lists/{site.list_id}/actions", json=an_action("One thing"), headers=headers)
    for path, body in (
        (f"/case-lists/{site.list_id}/actions", an_action("Another thing")),
        (f"/case-lists/{uuid4()}/actions", an_action("One thing")),
    ):
        other = coordinator.post(path, json=body, headers=headers)
        assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert not assigned(site, coordinator, "Another thing")


def test_anothers_key_of_the_same_name_is_another_key(site: Site, coordinator: httpx.Client) -> None:
    headers = {"Idempotency-Key": "a-key-that-both-chose"}
    trust = site.program("trust-office")
    task = trust.get("/tasks").json()[0]
    assert coordinator.post(f"/case-lists/{site.list_id}/actions", json=an_action("Mine"), headers=headers).status_code == 201
    receipt = {"receipt": "Done", "version": task["version"]}
    assert trust.post(f"/tasks/{task['task_id']}/receipt", json=receipt, headers=headers).status_code == 204


def test_a_key_of_a_refused_request_can_be_used_again(site: Site, coordinator: httpx.Client) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    wrong = coordinator.post(
        f"/case-lists/{site.list_id}/actions", json=[{**an_action("Mended")[0], "case_number": "NM-999"}], headers=headers
    )
    assert wrong.status_code == 404
    right = coordinator.post(f"/case-lists/{site.list_id}/actions", json=an_action("Mended"), headers=headers)
    assert right.status_code == 201


def test_a_file_sent_again_by_another_boundary_is_the_same_request(site: Site, coordinator: httpx.Client) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    form = {
        "files": {"file": (LIST.name, LIST.read_bytes())},
        "data": {"marac": "northmoor", "meeting_date": "2027-02-01"},
        "headers": headers,
    }
    first, again = (coordinator.post("/case-lists", **form) for _ in range(2))
    assert first.request.headers["content-type"] != again.request.headers["content-type"], "each has a boundary of its own"
    assert first.status_code == 201, first.text
    assert first.content == again.content
    assert again.headers["idempotent-replay"] == "true"


def test_the_same_request_ten_times_at_once_is_done_once(site: Site) -> None:
    text, headers = "At once", {"Idempotency-Key": str(uuid4())}
    clients = [site.program() for _ in range(6)]

    def send(client: httpx.Client) -> httpx.Response:
        return client.post(f"/case-lists/{site.list_id}/actions", json=an_action(text), headers=headers)

    with ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(send, clients))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replay" not in answer.headers for answer in answers) == 1
    assert len(assigned(site, clients[0], text)) == 1


def test_keys_and_answers_are_not_kept_in_clear(site: Site, coordinator: httpx.Client) -> None:
    headers = {"Idempotency-Key": "a-key-to-look-for"}
    coordinator.post(f"/case-lists/{site.list_id}/actions", json=an_action("An answer to look for"), headers=headers)
    with site.gateway.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT key, request, sealed FROM idempotency_keys").all()
    everything = b"".join(bytes(part or b"") for row in rows for part in row)
    assert rows
    assert b"to look for" not in everything
    assert b"key-to-look" not in everything


# ------------------------------------------------------------------------------------------------------------- notices

AGENCY = "northmoor-police"


def secret(site: Site) -> str:
    agreement = site.gateway.agreements.of(AGENCY)
    reference = next(s.credentials["callback_secret"] for s in agreement.systems if "callback_secret" in s.credentials)
    return site.gateway.settings.resolve(reference)


def notice(reference: str, detail: str = "Visited and spoken to") -> tuple[str, bytes]:
    delivery = str(uuid4())
    outcome = {"code": "completed", "detail": detail, "finishedAt": "2026-11-20T09:00:00Z"}
    item = {"reference": reference, "text": "x", "dueOn": "2026-12-01", "status": "finished", "version": 2, "outcome": outcome}
    told = {"deliveryId": delivery, "event": "finished", "sentAt": "2026-11-20T09:00:00Z", "workItem": item}
    return delivery, json.dumps(told).encode()


def send(site: Site, delivery: str, body: bytes, *, agency: str = AGENCY, key: str = "", later: timedelta = timedelta()) -> httpx.Response:
    signature = sign(body, key or secret(site), site.gateway.clock() + later)
    headers = {"X-Signature": signature, "X-Delivery-Id": delivery, "Content-Type": "application/json"}
    return httpx.post(f"{site.api}/callbacks/{agency}", content=body, headers=headers)


def an_open_action(site: Site, coordinator: httpx.Client, text: str) -> dict[str, Any]:
    made = coordinator.post(f"/case-lists/{site.list_id}/actions", json=an_action(text), headers={"Idempotency-Key": str(uuid4())})
    return made.json()[0]


def test_a_signed_notice_closes_the_action_once(site: Site, coordinator: httpx.Client) -> None:
    action = an_open_action(site, coordinator, "To be closed by a notice")
    delivery, body = notice(action["reference"])
    assert [send(site, delivery, body).status_code for _ in range(3)] == [204, 204, 204]
    closed = assigned(site, coordinator, "To be closed by a notice")
    assert [(a["state"], a["detail"]) for a in closed] == [("completed", "Visited and spoken to")]


def test_a_notice_that_is_not_genuine_changes_nothing_and_all_are_answered_alike(site: Site, coordinator: httpx.Client) -> None:
    action = an_open_action(site, coordinator, "Not to be closed")
    delivery, body = notice(action["reference"])
    good = sign(body, secret(site), site.gateway.clock())
    headers = {"X-Signature": good, "X-Delivery-Id": delivery}
    url = f"{site.api}/callbacks/{AGENCY}"
    answers = [
        send(site, delivery, body, key="another secret"),
        send(site, delivery, body, later=timedelta(minutes=-6)),
        send(site, delivery, body, agency="northmoor-homes"),
        send(site, delivery, body, agency="no-such-agency"),
        httpx.post(url, content=body + b" ", headers=headers),
        httpx.post(url, content=body, headers=headers | {"X-Delivery-Id": str(uuid4())}),
        httpx.post(url, content=body),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert [a["state"] for a in assigned(site, coordinator, "Not to be closed")] != ["completed"]


def test_the_agencys_own_system_reports_over_http_and_the_action_closes(site: Site, coordinator: httpx.Client) -> None:
    text = "Reported by the agency's own system"
    an_open_action(site, coordinator, text)
    site.deliver()
    item = next(i for i in work_items(site.neighbourhood.played[AGENCY]) if i.words == text)
    item.finish("completed", "Spoken to at the desk")
    until = time.monotonic() + 10
    while (state := assigned(site, coordinator, text)[0])["state"] != "completed" and time.monotonic() < until:
        time.sleep(0.05)
    assert (state["state"], state["detail"]) == ("completed", "Spoken to at the desk")


def test_a_notice_that_is_too_large_is_not_read(site: Site) -> None:
    answer = httpx.post(f"{site.api}/callbacks/{AGENCY}", content=b"x" * 70_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "UPLOAD_TOO_LARGE")
