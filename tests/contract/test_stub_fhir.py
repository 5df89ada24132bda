"""The trust's patient record on the wire: tokens, Patient, $match, EpisodeOfCare, Flag and Task, driven by a client of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from contracts.stubs.agency import Agency, load_agency
from contracts.stubs.people import AgencyPerson
from tests.contract.fhir_trust_client import (
    FOLDER,
    HOSPITAL_NUMBER,
    NHS_NUMBER,
    OURS,
    EllipticKey,
    Json,
    RsaKey,
    TrustClient,
    code_of,
    flag,
    found,
    judge,
    signed,
    task,
    write_jwks,
)
from tests.contract.stub_processes import ROOT, RunningStub, running_stub

EC, RSA = EllipticKey(), RsaKey()


@pytest.fixture(scope="module")
def agency() -> Agency:
    return load_agency(FOLDER)


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustClient]:
    jwks = write_jwks(tmp_path_factory.mktemp("trust") / "client.json", EC, RSA)
    with running_stub("fhir_trust", FOLDER, "--client-jwks", str(jwks)) as stub:
        client = TrustClient(stub, EC)
        client.sign_in()
        yield client


@pytest.fixture(scope="module")
def somebody(agency: Agency) -> AgencyPerson:
    """An ordinary patient with everything on record and one given name."""
    return next(
        person for person in agency.people
        if person.nhs_number and person.phone and person.address and not person.persona and person.middle and person.open_to_services
        and person.family.isascii() and person.family.isalpha() and person.resident_id.startswith("N") and person.birth_date.day > 12
    )  # fmt: skip


def of_demonstration(agency: Agency, key: str) -> AgencyPerson:
    return next(person for person in agency.people if person.resident_id == key)


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


# --- looking people up -------------------------------------------------------------------------------------------------


def test_a_patient_is_found_by_name_and_date_of_birth_by_post(trust: TrustClient, somebody: AgencyPerson) -> None:
    born = somebody.birth_date.isoformat()
    people = found(trust.search("Patient", family=somebody.family.upper(), given=somebody.given[:3], birthdate=born))
    assert [patient["id"] for patient in people] == [somebody.local_id]
    patient = people[0]
    assert {"system": NHS_NUMBER, "value": somebody.nhs_number}.items() <= patient["identifier"][0].items()
    assert patient["name"][0]["given"] == [somebody.given, *somebody.middle]
    assert found(trust.search("Patient", family=somebody.family, birthdate="1900-01-01")) == []


def test_search_parameters_mean_what_r4_says(trust: TrustClient, agency: Agency, somebody: AgencyPerson) -> None:
    born, year = somebody.birth_date.isoformat(), somebody.birth_date.year
    me = f"{NHS_NUMBER}|{somebody.nhs_number}"
    for more in (
        {"birthdate": f"ge{born}"}, {"birthdate": f"le{born}"}, {"birthdate": str(year)}, {"birthdate": born[:7]},
        {"birthdate": f"gt{year - 1}-12-31"}, {"gender": somebody.sex}, {"family": somebody.family[:4]}, {"given": somebody.middle[0]},
        {"address__postalcode": somebody.address.postcode if somebody.address else ""}, {"name": somebody.given}, {"active": "true"},
    ):  # fmt: skip
        assert [one["id"] for one in found(trust.search("Patient", identifier=me, **more))] == [somebody.local_id], more
    for more in ({"birthdate": f"gt{born}"}, {"birthdate": f"lt{born}"}, {"given": "zz"}, {"family": "zz"}, {"address__postalcode": "ZZ1 0ZZ"}):
        assert found(trust.search("Patient", identifier=me, **more)) == [], more
    assert found(trust.search("Patient", identifier=f"{HOSPITAL_NUMBER}|{somebody.local_id}"))
    assert found(trust.search("Patient", identifier=somebody.local_id))
    assert found(trust.search("Patient", identifier=f"https://other.example|{somebody.nhs_number}")) == []
    apostrophe = of_demonstration(agency, "aoife-obrien")
    for written in ("O'Brien", "obrien", "O’BRIEN", "O Brien"):
        people = found(trust.search("Patient", family=written, birthdate=apostrophe.birth_date.isoformat()))
        assert [one["id"] for one in people] == [apostrophe.local_id], written


@pytest.mark.parametrize(
    ("criteria", "code"),
    [
        ({"family": "Khan", "favourite": "tea"}, "UNKNOWN_PARAMETER"),
        ({"family:contains": "han"}, "UNKNOWN_PARAMETER"),
        ({"family": ""}, "EMPTY_PARAMETER"),
        ({"family": "Khan", "birthdate": "12/03/1990"}, "DATE_FORM"),
        ({"_count": "10"}, "NO_CRITERION"),
        ({"family": "Khan", "_count": "many"}, "COUNT_FORM"),
        ({"family": "Khan", "_revinclude": "Observation:patient"}, "UNKNOWN_INCLUDE"),
    ],
)
def test_a_search_it_does_not_understand_is_refused_and_never_widened(trust: TrustClient, criteria: dict[str, str], code: str) -> None:
    answer = trust.search("Patient", **criteria)
    assert (answer.status_code, code_of(answer)) == (400, code)
    assert "Khan" not in answer.text


def test_only_forms_and_fhir_json_are_taken(trust: TrustClient) -> None:
    assert trust.http.post("/Patient/_search", json={"family": "Khan"}).status_code == 415
    assert trust.http.post("/Flag", content=b"<Flag/>", headers={"Content-Type": "application/fhir+xml"}).status_code == 415
    assert trust.send("POST", "/Flag", {"resourceType": "Task"}).status_code == 400
    assert trust.http.post("/Flag", content=b"{", headers={"Content-Type": "application/fhir+json"}).status_code == 400
    big = b'{"resourceType":"Flag","x":"' + b"a" * 1_100_000 + b'"}'
    assert trust.http.post("/Flag", content=big, headers={"Content-Type": "application/fhir+json"}).status_code == 413
    assert trust.http.get("/Task", headers={"Accept": "application/fhir+xml"}).status_code == 406


def test_more_than_fifty_is_an_outcome_with_200(trust: TrustClient) -> None:
    answer = trust.search("Patient", family="S")
    assert answer.status_code == 200
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert code_of(answer) == "TOO_MANY_MATCHES"


def test_pages_hold_everybody_once_and_name_nobody(trust: TrustClient, agency: Agency) -> None:
    family = "Murphy"
    wanted = [person for person in agency.people if person.family == family]
    assert 4 < len(wanted) <= 50
    seen: list[str] = []
    bundle = trust.search("Patient", **{"family:exact": family}, _count="3").json()
    total = bundle["total"]
    while True:
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        assert not any(family in url for url in links.values())
        if "next" not in links:
            break
        bundle = trust.http.get(links["next"].removeprefix(trust.base)).json()
        judge(bundle)
    assert len(seen) == len(set(seen)) == total >= len(wanted)
    assert trust.http.get("/Patient", params={"_page": "guess.20"}).status_code == 404
    assert trust.search("Patient", **{"family:exact": family}, _summary="count").json()["total"] == total


def test_a_restricted_patient_is_never_found_by_where_they_live(trust: TrustClient, agency: Agency) -> None:
    natalie = of_demonstration(agency, "natalie-booth")
    criteria = {"family": natalie.family, "birthdate": natalie.birth_date.isoformat()}
    (patient,) = found(trust.search("Patient", **criteria))
    assert [label["code"] for label in patient["meta"]["security"]] == ["R"]
    assert not {"address", "telecom", "generalPractitioner"} & set(patient)
    assert natalie.address is not None
    for more in ({"address__postalcode": natalie.address.postcode}, {"general__practitioner": "Z9900"}, {"phone": natalie.phone or ""}):
        assert found(trust.search("Patient", **criteria, **more)) == []
    by_match = {"name": [{"family": natalie.family, "given": [natalie.given]}], "birthDate": natalie.birth_date.isoformat()}
    assert [one["id"] for one in found(trust.match(by_match))] == [natalie.local_id]
    assert found(trust.match(by_match | {"address": [{"postalCode": natalie.address.postcode}]})) == []


def test_who_is_open_to_services(trust: TrustClient, somebody: AgencyPerson, agency: Agency) -> None:
    (episode,) = found(trust.search("EpisodeOfCare", patient=f"Patient/{somebody.local_id}", status="active"))
    assert episode["patient"]["reference"] == f"Patient/{somebody.local_id}"
    assert trust.send("GET", f"/EpisodeOfCare/{episode['id']}").json() == episode
    answer = trust.search("Patient", identifier=f"{NHS_NUMBER}|{somebody.nhs_number}", _revinclude="EpisodeOfCare:patient").json()
    assert [(entry["resource"]["resourceType"], entry["search"]["mode"]) for entry in answer["entry"]] == [
        ("Patient", "match"), ("EpisodeOfCare", "include"),
    ]  # fmt: skip
    assert answer["total"] == 1
    closed = of_demonstration(agency, "ines-goncalves-ribeiro")
    assert found(trust.search("EpisodeOfCare", patient=closed.local_id, status="active")) == []


def graded(answer_entries: list[Json]) -> list[tuple[str, str]]:
    return [(entry["resource"]["id"], entry["search"]["extension"][0]["valueCode"]) for entry in answer_entries]


def test_match_grades_by_what_agrees(trust: TrustClient, somebody: AgencyPerson) -> None:
    name = [{"family": somebody.family, "given": [somebody.given]}]
    born = {"birthDate": somebody.birth_date.isoformat()}
    by_name = trust.match({"name": name, **born}).json()
    assert graded(by_name["entry"])[0] == (somebody.local_id, "probable")
    assert 0.8 <= by_name["entry"][0]["search"]["score"] < 0.95
    number = {"identifier": [{"system": NHS_NUMBER, "value": somebody.nhs_number}]}
    certain = trust.match({"name": name, **born, **number}).json()
    assert graded(certain["entry"])[0] == (somebody.local_id, "certain")
    assert certain["entry"][0]["search"]["score"] > by_name["entry"][0]["search"]["score"]
    assert graded(trust.match({"name": name, **born, **number}, certain=True).json()["entry"]) == [(somebody.local_id, "certain")]
    assert "entry" not in trust.match({"name": name, **born}, certain=True).json()
    wrong = {"identifier": [{"system": NHS_NUMBER, "value": "9990000018"}]}
    assert graded(trust.match({"name": name, **born, **wrong}).json()["entry"])[0] == (somebody.local_id, "possible")
    assert "entry" not in trust.match({"name": name, "birthDate": "1901-01-01"}).json()


def test_match_tries_every_name_and_slips_of_the_date(trust: TrustClient, agency: Agency) -> None:
    polish = of_demonstration(agency, "katarzyna-wisniewska")
    names = [{"family": "Wiśniewska", "given": ["Katarzyna"]}, {"family": "Wójcik", "given": ["Katarzyna"]}]
    assert graded(trust.match({"name": names, "birthDate": "1991-07-23"}).json()["entry"]) == [(polish.local_id, "probable")]
    swapped = of_demonstration(agency, "mei-ling-wong")
    entries = trust.match({"name": [{"family": "Wong", "given": ["Mei", "Ling"]}], "birthDate": "1987-06-05"}).json()["entry"]
    assert graded(entries) == [(swapped.local_id, "possible")]


def test_match_offers_a_twin_below_the_one_asked_for_and_no_father_for_his_son(trust: TrustClient, agency: Agency) -> None:
    amina, aisha = of_demonstration(agency, "amina-khan"), of_demonstration(agency, "aisha-khan")
    entries = trust.match({"name": [{"family": "Khan", "given": ["Amina"]}], "birthDate": "2016-05-05"}).json()["entry"]
    assert graded(entries) == [(amina.local_id, "probable"), (aisha.local_id, "possible")]
    son = of_demonstration(agency, "gareth-pritchard-son")
    asked = {"name": [{"family": "Pritchard", "given": ["Gareth", "Lloyd"]}], "birthDate": son.birth_date.isoformat()}
    assert [one["id"] for one in found(trust.match(asked))] == [son.local_id]


def test_match_refuses_what_it_cannot_use(trust: TrustClient) -> None:
    assert trust.send("POST", "/Patient/$match", {"resourceType": "Parameters"}).status_code == 400
    assert trust.match({"birthDate": "1990-01-01"}).status_code == 422
    assert trust.match({"name": [{"family": "Khan"}], "birthDate": "1990-02-30"}).status_code == 422
    assert code_of(trust.match({"name": [{"family": "Khan"}], "gender": "F"})) == "NOT_IN_VALUE_SET"
    assert code_of(trust.match({"name": [{"surname": "Khan"}]})) == "UNKNOWN_ELEMENT"


def test_reading_a_patient(trust: TrustClient, somebody: AgencyPerson) -> None:
    answer = trust.send("GET", f"/Patient/{somebody.local_id}")
    assert answer.headers["etag"] == 'W/"1"'
    assert parsedate_to_datetime(answer.headers["last-modified"]) == datetime.fromisoformat(answer.json()["meta"]["lastUpdated"]).replace(microsecond=0)
    assert trust.send("GET", "/Patient/NM0000000").status_code == 404


# --- Flag and Task -----------------------------------------------------------------------------------------------------


def test_a_flag_is_created_read_changed_and_deleted(trust: TrustClient, somebody: AgencyPerson) -> None:
    created = trust.send("POST", "/Flag", flag(somebody.local_id, "life"))
    assert created.status_code == 201
    stored = created.json()
    place = f"/Flag/{stored['id']}"
    assert created.headers["location"] == f"{trust.base}{place}/_history/1"
    assert created.headers["etag"] == 'W/"1"'
    read = trust.send("GET", place)
    assert read.json() == stored
    assert {label["code"] for label in stored["meta"]["security"]} == {"V", "SDV", "NOPAT", "NOLIST"}

    ended = {**stored, "status": "inactive"}
    assert code_of(trust.send("PUT", place, ended)) == "IF_MATCH_REQUIRED"
    changed = trust.send("PUT", place, ended, {"If-Match": 'W/"1"'})
    assert (changed.status_code, changed.headers["etag"], changed.json()["status"]) == (200, 'W/"2"', "inactive")
    stale = trust.send("PUT", place, stored, {"If-Match": 'W/"1"'})
    assert (stale.status_code, code_of(stale)) == (412, "STALE_VERSION")
    assert trust.send("GET", f"{place}/_history/1").json()["status"] == "active"

    assert trust.send("DELETE", place).status_code == 204
    assert trust.send("DELETE", place).status_code == 204
    assert trust.send("GET", place).status_code == 410
    history = trust.send("GET", f"{place}/_history").json()
    assert [entry["request"]["method"] for entry in history["entry"]] == ["DELETE", "PUT", "POST"]
    assert [one["id"] for one in found(trust.search("Flag", patient=somebody.local_id))] == []


def test_a_conditional_create_makes_one_flag_however_often_it_is_sent(trust: TrustClient, somebody: AgencyPerson) -> None:
    condition = {"If-None-Exist": f"identifier={OURS}|once"}
    first = trust.send("POST", "/Flag", flag(somebody.local_id, "once"), condition)
    again = trust.send("POST", "/Flag", flag(somebody.local_id, "once"), condition)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    trust.send("POST", "/Flag", flag(somebody.local_id, "once"))
    several = trust.send("POST", "/Flag", flag(somebody.local_id, "once"), condition)
    assert (several.status_code, code_of(several)) == (412, "SEVERAL_EXIST")
    assert trust.send("POST", "/Flag", flag(somebody.local_id, "x"), {"If-None-Exist": "colour=red"}).status_code == 400
    assert len([entry for entry in trust.stub.ledger("flag.create") if entry["key"] == "once"]) == 2
    assert len([entry for entry in trust.stub.ledger("flag.found") if entry["key"] == "once"]) == 1


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"status": "bogus"}, 400, "NOT_IN_VALUE_SET"),
        ({"status": None}, 400, "NOT_IN_VALUE_SET"),
        ({"code": {}}, 400, "NOT_AN_OBJECT"),
        ({"severity": "high"}, 400, "UNKNOWN_ELEMENT"),
        ({"code": {"text": " "}}, 400, "WRONG_FORMAT"),
        ({"period": {"start": "yesterday"}}, 400, "WRONG_FORMAT"),
        ({"identifier": {"value": "x"}}, 400, "NOT_A_LIST"),
        ({"identifier": [{"value": "x", "use": "mine"}]}, 400, "NOT_IN_VALUE_SET"),
        ({"subject": {"reference": "Location/1"}}, 422, "ONLY_PATIENTS"),
        ({"subject": {"reference": "Patient/NM0000000"}}, 422, "NO_SUCH_PATIENT"),
        ({"code": {"text": "x" * 251}}, 422, "TEXT_TOO_LONG"),
    ],
)
def test_a_flag_that_r4_or_the_trust_does_not_take(
    trust: TrustClient, somebody: AgencyPerson, changes: Json, status: int, code: str
) -> None:
    before = len(trust.stub.ledger("flag.create"))
    answer = trust.send("POST", "/Flag", flag(somebody.local_id, "bad", **changes))
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert len(trust.stub.ledger("flag.create")) == before


@pytest.mark.parametrize("missing", ["status", "code", "subject"])
def test_what_a_flag_must_have(trust: TrustClient, somebody: AgencyPerson, missing: str) -> None:
    alert = flag(somebody.local_id, "bad")
    del alert[missing]
    answer = trust.send("POST", "/Flag", alert)
    assert (answer.status_code, code_of(answer)) == (400, "MISSING_ELEMENT")
    assert answer.json()["issue"][0]["expression"] == [f"Flag.{missing}"]


def test_a_flag_is_found_by_identifier_patient_and_time(trust: TrustClient, somebody: AgencyPerson) -> None:
    stored = trust.send("POST", "/Flag", flag(somebody.local_id, "seek")).json()
    for criteria in (
        {"identifier": f"{OURS}|seek"}, {"identifier": "seek"}, {"patient": somebody.local_id, "identifier": "seek"},
        {"subject": f"Patient/{somebody.local_id}", "identifier": "seek"}, {"identifier": "other,seek"},
        {"_lastUpdated": f"ge{stored['meta']['lastUpdated']}", "identifier": "seek"},
    ):  # fmt: skip
        assert [one["id"] for one in found(trust.search("Flag", **criteria))] == [stored["id"]], criteria
    assert found(trust.search("Flag", identifier=f"{OURS}|seek", patient="NM0000000")) == []
    assert found(trust.search("Flag", identifier="https://other.example|seek")) == []
    refused = trust.search("Flag", status="active")
    assert (refused.status_code, code_of(refused)) == (400, "UNKNOWN_PARAMETER")


def test_a_task_goes_round(trust: TrustClient) -> None:
    condition = {"If-None-Exist": f"identifier={OURS}|T-1"}
    first = trust.send("POST", "/Task", task("T-1", groupIdentifier={"system": OURS, "value": "G-1"}), condition)
    assert first.status_code == 201
    assert trust.send("POST", "/Task", task("T-1"), condition).status_code == 200
    stored = first.json()
    staff = trust.token_of("staff")
    worklist = trust.http.get("/staff/tasks", headers=staff).json()["tasks"]
    assert stored["id"] in {one["id"] for one in worklist}
    assert trust.http.post(f"/staff/tasks/{stored['id']}/complete", json={"outcome": "completed"}, headers=staff).status_code == 422
    answer = {"outcome": "completed", "detail": "Reviewed with her on Tuesday.", "by": "D. Midwife"}
    assert trust.http.post(f"/staff/tasks/{stored['id']}/complete", json=answer, headers=staff).status_code == 200
    assert trust.http.post(f"/staff/tasks/{stored['id']}/complete", json=answer, headers=staff).status_code == 422

    changed = found(trust.search("Task", _lastUpdated=f"gt{stored['meta']['lastUpdated']}", _sort="_lastUpdated", identifier="T-1"))
    assert [one["status"] for one in changed] == ["completed"]
    told = {output["type"]["coding"][0]["code"]: output["valueString"] for output in changed[0]["output"]}
    assert told == {"detail": answer["detail"], "completed-by": answer["by"]}
    assert [one["id"] for one in found(trust.search("Task", group__identifier=f"{OURS}|G-1", status="completed,failed"))] == [stored["id"]]
    assert found(trust.search("Task", identifier="T-1", status="requested")) == []
    late = {**changed[0], "status": "requested"}
    assert code_of(trust.send("PUT", f"/Task/{stored['id']}", late, {"If-Match": 'W/"2"'})) == "TASK_IS_FINISHED"
    assert trust.http.post(f"/staff/tasks/{stored['id']}/complete", json=answer).status_code == 403, "a system is not staff"


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [("completed", "completed", None), ("not-possible", "cancelled", "circumstances-changed"), ("not-done", "failed", "not-done")],
)
def test_the_three_answers_a_person_can_give(trust: TrustClient, outcome: str, status: str, reason: str | None) -> None:
    trust.send("POST", "/Task", task(f"T-{outcome}"))
    trust.stub.staff(f"work-items/T-{outcome}/accept")
    assert found(trust.search("Task", identifier=f"T-{outcome}"))[0]["status"] == "accepted"
    trust.stub.staff(f"work-items/T-{outcome}/finish", {"code": outcome, "detail": "As told.", "finishedBy": "Duty desk"})
    (done,) = found(trust.search("Task", identifier=f"T-{outcome}"))
    assert done["status"] == status
    assert (done.get("statusReason", {}).get("coding", [{}])[0].get("code")) == reason


@pytest.mark.parametrize("changes", [{"status": "done"}, {"intent": "wish"}, {"priority": "now"}, {"owner": "me"}, {"output": [{"valueString": "x"}]}])
def test_a_task_that_r4_does_not_take(trust: TrustClient, changes: Json) -> None:
    assert trust.send("POST", "/Task", task("bad", **changes)).status_code == 400


def test_prefer_minimal_gives_no_body(trust: TrustClient) -> None:
    answer = trust.http.post(
        "/Task", json=task("minimal"), headers={"Content-Type": "application/fhir+json", "Prefer": "return=minimal"}
    )
    assert (answer.status_code, answer.content) == (201, b"")
    assert answer.headers["location"]


def test_an_update_does_not_create(trust: TrustClient, somebody: AgencyPerson) -> None:
    answer = trust.send("PUT", "/Flag/new", {**flag(somebody.local_id, "new"), "id": "new"}, {"If-Match": 'W/"1"'})
    assert (answer.status_code, code_of(answer)) == (405, "NO_CREATE_BY_UPDATE")


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
