"""One record for each way in which the trust's system fails, and failures of the whole service to order."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from contracts.stubs.agency import Agency, load_agency
from contracts.stubs.people import AgencyPerson
from tests.contract.fhir_trust_client import (
    FOLDER,
    NHS_NUMBER,
    OURS,
    VICTIM_WORDS,
    EllipticKey,
    Json,
    TrustClient,
    code_of,
    flag,
    found,
    task,
    write_jwks,
)
from tests.contract.stub_processes import NOTICE_SECRET, running_stub, write_secrets

EC = EllipticKey()


@pytest.fixture(scope="module")
def agency() -> Agency:
    return load_agency(FOLDER)


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustClient]:
    """One process for all: each test has a record and a key of its own."""
    folder = tmp_path_factory.mktemp("trust")
    jwks, secrets = write_jwks(folder / "client.json", EC), write_secrets(folder)
    with running_stub("fhir_trust", FOLDER, "--client-jwks", str(jwks), "--client-secrets", str(secrets)) as stub:
        client = TrustClient(stub, EC)
        client.sign_in()
        yield client


@contextlib.contextmanager
def impatient(trust: TrustClient) -> Iterator[None]:
    """Waits half a second and no longer."""
    usual, trust.http.timeout = trust.http.timeout, httpx.Timeout(0.5)
    yield
    trust.http.timeout = usual


def written(trust: TrustClient, key: str, what: str = "") -> list[Json]:
    """What the ledger has under a key."""
    return [entry for entry in trust.stub.ledger(what) if entry["key"] == key]


def persona(agency: Agency, happens: str) -> AgencyPerson:
    """The record of the persona's own file, not the demonstration's."""
    return next(person for person in agency.people if person.persona == happens and person.resident_id.startswith("persona-"))


def by_name(person: AgencyPerson) -> Json:
    return {"name": [{"family": person.family, "given": [person.given]}], "birthDate": person.birth_date.isoformat()}


def asked_in_every_way(trust: TrustClient, person: AgencyPerson) -> Iterator[httpx.Response]:
    """The same question by $match, by search, and by reading the record."""
    yield trust.http.post(
        "/Patient/$match",
        json={"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": {"resourceType": "Patient", **by_name(person)}}]},
    )
    yield trust.http.post("/Patient/_search", data={"family": person.family, "birthdate": person.birth_date.isoformat()})
    yield trust.http.get(f"/Patient/{person.local_id}")


def test_there_is_a_record_for_every_failure(agency: Agency) -> None:
    files = {file.stem.partition("__")[2] for file in (FOLDER / "personas").glob("*.toml")}
    assert files == {person.persona for person in agency.people if person.resident_id.startswith("persona-")}
    assert len(files) == 22


def test_a_sign_in_page_with_200(trust: TrustClient, agency: Agency) -> None:
    for answer in asked_in_every_way(trust, persona(agency, "html_with_200")):
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_an_answer_that_breaks_off(trust: TrustClient, agency: Agency) -> None:
    for answer in asked_in_every_way(trust, persona(agency, "truncated")):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("application/fhir+json")
        with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
            answer.json()


def test_somebody_else_is_sent(trust: TrustClient, agency: Agency) -> None:
    person = persona(agency, "wrong_person")
    for answer in asked_in_every_way(trust, person):
        told = answer.json()
        patient = told["entry"][0]["resource"] if told["resourceType"] == "Bundle" else told
        assert patient["id"] != person.local_id
        assert patient["name"][0]["family"] != person.family


def test_nothing_ever_comes(trust: TrustClient, agency: Agency) -> None:
    person = persona(agency, "never_answers")
    with impatient(trust), pytest.raises(httpx.ReadTimeout):
        trust.match(by_name(person))
    assert trust.http.get("/metadata").status_code == 200, "and nobody else waits"


def test_too_many(trust: TrustClient, agency: Agency) -> None:
    answer = trust.match(by_name(persona(agency, "too_many")))
    assert (answer.status_code, answer.json()["resourceType"], code_of(answer)) == (200, "OperationOutcome", "TOO_MANY_MATCHES")


def test_what_passes_after_a_while(trust: TrustClient, agency: Agency) -> None:
    busy, limited = persona(agency, "busy_twice"), persona(agency, "rate_limited_once")
    assert [trust.match(by_name(busy)).status_code for _ in range(4)] == [503, 503, 200, 200]
    first = trust.match(by_name(limited))
    assert (first.status_code, first.headers["retry-after"]) == (429, "1")
    assert [one["id"] for one in found(trust.match(by_name(limited)))] == [limited.local_id]


def test_an_error_that_stays(trust: TrustClient, agency: Agency) -> None:
    assert {answer.status_code for answer in asked_in_every_way(trust, persona(agency, "server_error"))} == {500}


def test_a_huge_answer(trust: TrustClient, agency: Agency) -> None:
    person, size = persona(agency, "huge"), 0
    form = {"family": person.family, "birthdate": person.birth_date.isoformat()}
    with trust.http.stream("POST", "/Patient/_search", data=form) as answer:
        for part in answer.iter_bytes():
            size += len(part)
            if size > 20_000_000:
                break
    assert size > 20_000_000


def test_a_record_that_is_hidden_from_reading(trust: TrustClient, agency: Agency) -> None:
    person = persona(agency, "hidden")
    assert [one["id"] for one in found(trust.match(by_name(person)))] == [person.local_id]
    hidden, nobody = trust.send("GET", f"/Patient/{person.local_id}"), trust.send("GET", "/Patient/NM0000000")
    assert (hidden.status_code, hidden.content) == (nobody.status_code, nobody.content) == (404, nobody.content)


def test_the_dead_the_merged_and_the_restricted_say_so(trust: TrustClient, agency: Agency) -> None:
    assert "deceasedDateTime" in found(trust.match(by_name(persona(agency, "deceased"))))[0]
    old = persona(agency, "superseded")
    merged = next(one for one in found(trust.match(by_name(old))) if one["id"] == old.local_id)
    survivor = f"Patient/{persona(agency, 'survivor').local_id}"
    assert (merged["active"], merged["link"]) == (False, [{"other": {"reference": survivor}, "type": "replaced-by"}])
    restricted = found(trust.match(by_name(persona(agency, "restricted"))))[0]
    assert restricted["meta"]["security"][0]["code"] == "R"
    assert "address" not in restricted


# --- writing -----------------------------------------------------------------------------------------------------------


def on_record(trust: TrustClient, person: AgencyPerson, key: str) -> list[Json]:
    return found(trust.search("Flag", patient=person.local_id, identifier=f"{OURS}|{key}"))


def test_a_flag_that_is_stored_though_its_answer_never_comes(trust: TrustClient, agency: Agency) -> None:
    person, condition = persona(agency, "flag_times_out_after_storing"), {"If-None-Exist": f"identifier={OURS}|F-1"}
    with impatient(trust), pytest.raises(httpx.ReadTimeout):
        trust.send("POST", "/Flag", flag(person.local_id, "F-1"), condition)
    assert len(on_record(trust, person, "F-1")) == 1
    assert trust.send("POST", "/Flag", flag(person.local_id, "F-1"), condition).status_code == 200
    assert len(written(trust, "F-1", "flag.create")) == 1


def test_a_flag_that_is_answered_and_not_stored(trust: TrustClient, agency: Agency) -> None:
    person = persona(agency, "flag_answers_but_stores_nothing")
    answer = trust.send("POST", "/Flag", flag(person.local_id, "F-2"))
    assert answer.status_code == 201
    assert trust.send("GET", f"/Flag/{answer.json()['id']}").status_code == 404
    assert on_record(trust, person, "F-2") == []
    assert written(trust, "F-2") == []


def test_a_flag_that_lands_on_somebody_else(trust: TrustClient, agency: Agency) -> None:
    person = persona(agency, "flag_lands_on_another_patient")
    answer = trust.send("POST", "/Flag", flag(person.local_id, "F-3")).json()
    assert answer["subject"]["reference"] == f"Patient/{person.local_id}", "the answer shows nothing of it"
    stored = trust.send("GET", f"/Flag/{answer['id']}").json()
    assert stored["subject"]["reference"] != f"Patient/{person.local_id}"
    assert written(trust, "F-3")[0]["subject"] == stored["subject"]["reference"].removeprefix("Patient/")


def test_a_flag_whose_words_are_changed(trust: TrustClient, agency: Agency) -> None:
    answer = trust.send("POST", "/Flag", flag(persona(agency, "flag_text_altered").local_id, "F-4")).json()
    assert answer["code"]["text"] == VICTIM_WORDS
    assert trust.send("GET", f"/Flag/{answer['id']}").json()["code"]["text"] == VICTIM_WORDS.upper()[:40]


def test_a_locked_record(trust: TrustClient, agency: Agency) -> None:
    answer = trust.send("POST", "/Flag", flag(persona(agency, "flag_refused").local_id, "F-5"))
    assert (answer.status_code, code_of(answer)) == (422, "RECORD_LOCKED")
    assert written(trust, "F-5") == []


@pytest.mark.parametrize(("happens", "status"), [("edited_in_between", 412), ("conflict_says_409", 409)])
def test_somebody_edits_in_between(trust: TrustClient, agency: Agency, happens: str, status: int) -> None:
    stored = trust.send("POST", "/Flag", flag(persona(agency, happens).local_id, "F-6")).json()
    place, ended = f"/Flag/{stored['id']}", {**stored, "status": "inactive"}
    stale = trust.send("PUT", place, ended, {"If-Match": 'W/"1"'})
    assert (stale.status_code, code_of(stale)) == (status, "STALE_VERSION")
    assert trust.send("GET", place).json()["meta"]["versionId"] == "2"
    assert trust.send("PUT", place, ended, {"If-Match": 'W/"2"'}).status_code == 200
    assert trust.send("GET", place).json()["status"] == "inactive"


def test_staff_change_an_alert_by_hand(trust: TrustClient, agency: Agency) -> None:
    one, other = persona(agency, "deceased"), persona(agency, "superseded")
    place = f"/Flag/{trust.send('POST', '/Flag', flag(one.local_id, 'F-7')).json()['id']}"
    staff = trust.token_of("staff")
    trust.http.post(f"/staff/flags/{place.removeprefix('/Flag/')}/edit", json={"text": "see notes"}, headers=staff).raise_for_status()
    trust.http.post(f"/staff/flags/{place.removeprefix('/Flag/')}/edit", json={"patient": other.local_id}, headers=staff).raise_for_status()
    changed = trust.send("GET", place).json()
    assert (changed["code"]["text"], changed["subject"]["reference"]) == ("see notes", f"Patient/{other.local_id}")


# --- the whole service -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("happens", "status"), [("unavailable", 503), ("rate_limited", 429), ("server_error", 500), ("html_with_200", 200)])
def test_an_interaction_fails_as_ordered_and_then_goes_well(trust: TrustClient, happens: str, status: int) -> None:
    trust.stub.staff("trouble", {"operation": "POST Task", "happens": happens, "times": 1})
    assert trust.send("POST", "/Task", task(happens)).status_code == status
    assert written(trust, happens) == []
    assert trust.send("POST", "/Task", task(happens)).status_code == 201


@pytest.mark.parametrize(("happens", "stored"), [("never_answers", 0), ("answer_lost", 1), ("closes", 1), ("truncated", 1)])
def test_what_was_done_cannot_be_told_from_what_comes_back(trust: TrustClient, happens: str, stored: int) -> None:
    trust.stub.staff("trouble", {"operation": "POST Task", "happens": happens})
    key = f"lost-{happens}"
    with impatient(trust), pytest.raises((httpx.TransportError, ValueError)):
        trust.send("POST", "/Task", task(key)).json()
    assert len(written(trust, key, "task.create")) == stored
    condition = {"If-None-Exist": f"identifier={OURS}|{key}"}
    assert trust.send("POST", "/Task", task(key), condition).status_code == (200 if stored else 201)
    assert len(written(trust, key, "task.create")) == 1


def test_tokens_are_forgotten_at_once(trust: TrustClient) -> None:
    trust.stub.staff("forget-tokens")
    assert trust.send("GET", "/Task").status_code == 401
    trust.sign_in()
    assert trust.send("GET", "/Task").status_code == 200


def test_a_notice_of_a_finished_task_is_signed(trust: TrustClient) -> None:
    """Judged by a receiver written here: the signature is worked out again from the secret that was agreed."""
    taken: list[tuple[str, bytes]] = []
    came = threading.Event()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append((self.headers["X-Signature"], self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            came.set()

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        trust.http.put("/__staff/notices", json={"url": f"http://127.0.0.1:{server.server_port}/notices"}).raise_for_status()
        trust.send("POST", "/Task", task("T-9"))
        trust.stub.staff("work-items/T-9/finish", {"code": "completed", "detail": "Done on Monday."})
        assert came.wait(5)
        server.shutdown()
    signature, body = taken[0]
    moment, given = (part.partition("=")[2] for part in signature.split(","))
    assert given == hmac.new(NOTICE_SECRET.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert (told["event"], told["task"]["status"], told["task"]["identifier"][0]["value"]) == ("task.finished", "completed", "T-9")


def test_the_record_can_be_made_slow(tmp_path: Path) -> None:
    jwks = write_jwks(tmp_path / "client.json", EC)
    with running_stub("fhir_trust", FOLDER, "--client-jwks", str(jwks), "--latency-ms", "150") as stub:
        client = TrustClient(stub, EC)
        client.sign_in()
        assert client.http.get("/metadata").elapsed.total_seconds() >= 0.15
        assert client.http.get("/__ledger").elapsed.total_seconds() < 0.1


def test_it_ends_cleanly_while_somebody_waits(tmp_path: Path, agency: Agency) -> None:
    jwks = write_jwks(tmp_path / "client.json", EC)
    with running_stub("fhir_trust", FOLDER, "--client-jwks", str(jwks)) as stub:
        client = TrustClient(stub, EC)
        client.sign_in()
        token = client.http.headers["Authorization"]
        waiting = httpx.Client(base_url=client.base, trust_env=False, headers={"Authorization": token}, timeout=30)
        asking = threading.Thread(target=lambda: _ask_in_vain(waiting, persona(agency, "never_answers").local_id))
        asking.start()
        until = time.monotonic() + 5
        while not any(entry["what"] == "lookup.read" for entry in stub.ledger()) and time.monotonic() < until:
            time.sleep(0.02)
    asking.join(5)
    waiting.close()
    assert not asking.is_alive()


def _ask_in_vain(client: httpx.Client, patient_id: str) -> None:
    with contextlib.suppress(httpx.TransportError):
        client.get(f"/Patient/{patient_id}")


def test_nothing_identifying_is_in_the_ledger(trust: TrustClient, agency: Agency) -> None:
    person = persona(agency, "deceased")
    list(asked_in_every_way(trust, person))
    trust.search("Patient", identifier=f"{NHS_NUMBER}|{person.nhs_number}")
    trust.send("POST", "/Flag", flag(person.local_id, "F-8"))
    ledger = trust.http.get("/__ledger").text
    assert "lookup.match" in ledger
    assert "flag.create" in ledger
    for value in (person.family, person.given, person.birth_date.isoformat(), person.nhs_number or "", VICTIM_WORDS):
        assert value not in ledger
