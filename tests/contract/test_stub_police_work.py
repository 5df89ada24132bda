"""Work items and signed notices of the police records stub; every answer is checked against openapi.yaml on the way."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from contracts.stubs.agency import Agency, load_agency
from contracts.stubs.people import AgencyPerson
from tests.contract.stub_processes import AGENCIES, NOTICE_SECRET, OpenApi, RestClient, running_stub, write_secrets

FOLDER = AGENCIES / "northmoor-police"
API = OpenApi(FOLDER / "openapi.yaml")


@pytest.fixture(scope="module")
def agency() -> Agency:
    return load_agency(FOLDER)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestClient]:
    folder = tmp_path_factory.mktemp("police")
    with running_stub("police", FOLDER, "--client-secrets", str(write_secrets(folder))) as stub:
        yield RestClient(stub, API)


@pytest.fixture(scope="module")
def somebody(agency: Agency) -> AgencyPerson:
    return next(person for person in agency.people if not person.persona and not person.restricted)


def persona(agency: Agency, happens: str) -> AgencyPerson:
    return next(person for person in agency.people if person.persona == happens)


# --------------------------------------------------------------------------------------------------------------- work items


def test_a_work_item_is_stored_once_finished_by_staff_and_listed_in_the_order_of_changes(records: RestClient, somebody: AgencyPerson) -> None:
    views = records.stub.views(somebody.local_id)
    new = {"text": "Update the officer in charge", "dueOn": "2026-12-01", "subject": {"nominalId": somebody.local_id}, "owner": "Team 3"}
    first, again = (records.send("PUT", "/v1/work-items/work-item-1", new) for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 200, again.json())
    assert records.send("PUT", "/v1/work-items/work-item-1", new | {"text": "Else"}).json()["code"] == "reference-in-use"
    records.send("PUT", "/v1/work-items/work-item-2", {"text": "Second", "dueOn": "2026-12-02"})
    records.stub.staff("work-items/work-item-1/accept")
    done = {"code": "completed", "detail": "Spoke to the officer", "finishedBy": "Team 3"}
    records.stub.staff("work-items/work-item-1/finish", done)
    item = records.send("GET", "/v1/work-items/work-item-1").json()
    assert (item["status"], item["version"], item["outcome"]["code"]) == ("finished", 3, "completed")
    listed = walk(records, limit=1)
    assert listed.index("work-item-2") < listed.index("work-item-1")
    assert [entry["what"] for entry in records.stub.ledger("work-item") if entry["key"] == "work-item-1"] == [
        "work-item.create", "work-item.accept", "work-item.finish",
    ]  # fmt: skip
    assert records.stub.views(somebody.local_id) == views


def walk(records: RestClient, limit: int, since: str = "") -> list[str]:
    """References of all work items, page by page."""
    found, cursor = [], ""
    while True:
        page = records.send("GET", f"/v1/work-items?limit={limit}{cursor}{since}").json()
        found += [item["reference"] for item in page["items"]]
        if page["nextCursor"] is None:
            return found
        cursor = f"&cursor={page['nextCursor']}"


def test_only_what_changed_since_is_listed(records: RestClient) -> None:
    records.send("PUT", "/v1/work-items/work-item-old", {"text": "Old", "dueOn": "2026-12-01"})
    at = records.send("PUT", "/v1/work-items/work-item-new", {"text": "New", "dueOn": "2026-12-01"}).json()["updatedAt"]
    found = walk(records, 100, f"&updatedSince={at}")
    assert "work-item-new" in found
    assert "work-item-old" not in found
    for wrong in ("updatedSince=yesterday", "cursor=zzz", "limit=0", "limit=101"):
        assert records.send("GET", f"/v1/work-items?{wrong}").status_code == 400


def test_a_work_item_is_replaced_only_under_its_version_and_not_once_finished(records: RestClient) -> None:
    path, new = "/v1/work-items/work-item-3", {"text": "One", "dueOn": "2026-12-01"}
    records.send("PUT", path, new)
    assert records.send("PUT", path, new | {"text": "Two"}, If_Match='"9"').status_code == 412
    assert records.send("PUT", path, new | {"text": "Two"}, If_Match='"1"').json()["version"] == 2
    records.stub.staff("work-items/work-item-3/finish", {"code": "not-possible", "detail": "Moved away"})
    assert records.send("PUT", path, new | {"withdrawn": True}, If_Match='"3"').json()["code"] == "already-finished"


def test_an_unknown_subject_is_refused(records: RestClient) -> None:
    new = {"text": "x", "dueOn": "2026-12-01", "subject": {"nominalId": "N0000000"}}
    assert records.send("PUT", "/v1/work-items/work-item-4", new).json()["code"] == "subject-not-found"
    assert records.send("GET", "/v1/work-items/work-item-4").status_code == 404


def test_a_work_item_is_stored_although_the_reply_timed_out(records: RestClient, agency: Agency) -> None:
    subject = persona(agency, "stored_though_timed_out").local_id
    new = {"text": "x", "dueOn": "2026-12-01", "subject": {"nominalId": subject}}
    with pytest.raises(httpx.ReadTimeout):
        records.http.put("/v1/work-items/work-item-5", json=new, timeout=0.5)
    assert records.send("GET", "/v1/work-items/work-item-5").status_code == 200
    assert records.send("PUT", "/v1/work-items/work-item-5", new).status_code == 200
    assert len([entry for entry in records.stub.ledger("work-item.create") if entry["key"] == "work-item-5"]) == 1


def test_a_failure_can_be_ordered_for_an_operation(records: RestClient) -> None:
    records.stub.staff("trouble", {"operation": "list workItem", "happens": "rate_limited", "times": 2, "behaviour": {"seconds": 7}})
    answers = [records.send("GET", "/v1/work-items") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["retry-after"] == "7"


# ------------------------------------------------------------------------------------------------------------------ notices


class Receiver:
    """Takes notices; refuses the first ``refusals``."""

    def __init__(self, refusals: int = 0) -> None:
        self.taken: list[tuple[str, str, bytes]] = []
        self.refusals = refusals
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if outer.refusals:
                    outer.refusals -= 1
                    self.send_response(503)
                else:
                    outer.taken.append((self.headers["X-Signature"], self.headers["X-Delivery-Id"], body))
                    self.send_response(204)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/callbacks/police"

    def wait_for(self, number: int) -> list[dict[str, Any]]:
        """The bodies of this many notices."""
        until = time.monotonic() + 15
        while len(self.taken) < number and time.monotonic() < until:
            time.sleep(0.02)
        assert len(self.taken) == number
        return [json.loads(body) for _, _, body in self.taken]


@pytest.fixture
def receiver(records: RestClient) -> Iterator[Receiver]:
    receiver = Receiver()
    records.stub.control.put("/__staff/notices", json={"url": receiver.url}).raise_for_status()
    yield receiver
    records.stub.control.put("/__staff/notices", json={"url": ""}).raise_for_status()
    receiver.server.shutdown()
    receiver.server.server_close()


def is_signed(signature: str, body: bytes, secret: str = NOTICE_SECRET) -> bool:
    stamp, version = (part.partition("=")[2] for part in signature.split(","))
    expected = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(version, expected) and abs(time.time() - int(stamp)) < 60


def finish(records: RestClient, reference: str, subject: str | None = None) -> None:
    new: dict[str, object] = {"text": "x", "dueOn": "2026-12-01"}
    if subject:
        new["subject"] = {"nominalId": subject}
    records.send("PUT", f"/v1/work-items/{reference}", new)
    records.stub.staff(f"work-items/{reference}/accept")
    records.stub.staff(f"work-items/{reference}/finish", {"code": "not-done", "detail": "No capacity"})


def test_a_notice_is_signed_as_the_document_says(records: RestClient, receiver: Receiver) -> None:
    assert records.send("GET", "/v1/capabilities").json()["workItems"]["notices"] is True
    finish(records, "work-item-10")
    bodies = receiver.wait_for(2)
    assert sorted(body["event"] for body in bodies) == ["work-item.accepted", "work-item.finished"]
    assert all(API.notice_is_valid("workItemChanged", body) for body in bodies)
    assert all(is_signed(signature, body) for signature, _, body in receiver.taken)
    assert [json.loads(body)["deliveryId"] for _, _, body in receiver.taken] == [delivery for _, delivery, _ in receiver.taken]


def test_a_refused_notice_is_sent_again(records: RestClient, receiver: Receiver) -> None:
    receiver.refusals = 1
    records.send("PUT", "/v1/work-items/work-item-11", {"text": "x", "dueOn": "2026-12-01"})
    records.stub.staff("work-items/work-item-11/accept")
    assert receiver.wait_for(1)[0]["workItem"]["reference"] == "work-item-11"


def test_a_duplicate_notice_carries_the_same_delivery_id(records: RestClient, receiver: Receiver, agency: Agency) -> None:
    finish(records, "work-item-12", persona(agency, "duplicate_notice").local_id)
    receiver.wait_for(4)
    assert len({delivery for _, delivery, _ in receiver.taken}) == 2


def test_notices_can_come_in_the_wrong_order(records: RestClient, receiver: Receiver, agency: Agency) -> None:
    finish(records, "work-item-13", persona(agency, "notices_out_of_order").local_id)
    assert [body["workItem"]["version"] for body in receiver.wait_for(2)] == [3, 2]


def test_a_forged_notice_and_a_lost_one(records: RestClient, receiver: Receiver, agency: Agency) -> None:
    finish(records, "work-item-14", persona(agency, "lost_notice").local_id)
    finish(records, "work-item-15", persona(agency, "forged_notice").local_id)
    bodies = receiver.wait_for(2)
    assert {body["workItem"]["reference"] for body in bodies} == {"work-item-15"}
    assert not any(is_signed(signature, body) for signature, _, body in receiver.taken)
