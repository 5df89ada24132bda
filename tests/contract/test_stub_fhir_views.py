"""What others than staff see of a record at the trust: the same bytes with and without what is labelled as hidden from them.

Each comparison is shown not to be empty: an unlabelled alert changes the same output, and so does a leak that is switched on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.stubs.agency import Agency, load_agency
from contracts.stubs.people import AgencyPerson
from tests.contract.fhir_trust_client import (
    FOLDER,
    OURS,
    VICTIM_WORDS,
    EllipticKey,
    Json,
    TrustClient,
    flag,
    found,
    task,
    write_jwks,
)
from tests.contract.stub_processes import running_stub

EC = EllipticKey()
LABELLED_TASK = {"meta": flag("x", "x")["meta"]}
CHANGING = ("portal record", "notifications", "referral letter", "printed summary", "household letter", "kiosk", "subject access pack",
            "record transfer", "demographics feed", "clinic list", "bulk export", "subscription")  # fmt: skip


@pytest.fixture(scope="module")
def agency() -> Agency:
    return load_agency(FOLDER)


@pytest.fixture
def trust(tmp_path: Path) -> Iterator[TrustClient]:
    jwks = write_jwks(tmp_path / "client.json", EC)
    with running_stub("fhir_trust", FOLDER, "--client-jwks", str(jwks)) as stub:
        client = TrustClient(stub, EC)
        client.sign_in()
        yield client


@pytest.fixture(scope="module")
def mother(agency: Agency) -> AgencyPerson:
    """A victim of the demonstration whose child is a patient too."""
    return next(person for person in agency.people if person.resident_id == "aoife-obrien")


@pytest.fixture(scope="module")
def child(agency: Agency) -> AgencyPerson:
    return next(person for person in agency.people if person.resident_id == "niamh-obrien")


def as_seen(trust: TrustClient, patient_id: str) -> dict[str, bytes]:
    """Every view of a patient, as the exchange may look at it to see what the subject would see."""
    views = trust.http.get("/portal/views").json()["views"]
    return {view["name"]: trust.http.get(view["path"].format(id=patient_id)).raise_for_status().content for view in views}


def as_patient(trust: TrustClient, patient_id: str) -> dict[str, tuple[int, bytes]]:
    """Everything a patient's own token opens over FHIR: status and body."""
    token = trust.token_of("patient", patient_id)
    paths = (
        f"/Patient/{patient_id}", f"/Patient/{patient_id}/$everything", f"/Flag?patient={patient_id}", "/Flag", "/Task",
        f"/Flag?patient={patient_id}&_summary=count", f"/Task?patient={patient_id}", f"/Patient?_id={patient_id}&_revinclude=Flag:patient",
        f"/EpisodeOfCare?patient={patient_id}", f"/Flag?identifier={OURS}|hidden", "/Patient?_has:Flag:patient:identifier=hidden",
        f"/AuditEvent?patient={patient_id}", f"/Provenance?patient={patient_id}",
    )  # fmt: skip
    seen = {path: trust.http.get(path, headers=token) for path in paths}
    return {path: (answer.status_code, answer.content) for path, answer in seen.items()}


def test_a_labelled_alert_changes_nothing_that_others_than_staff_see(trust: TrustClient, mother: AgencyPerson, child: AgencyPerson) -> None:
    people = (mother.local_id, child.local_id)
    before = [(as_seen(trust, person), as_patient(trust, person)) for person in people]
    for number, person in enumerate(people):
        stored = trust.send("POST", "/Flag", flag(person, f"hidden-{number}")).json()
        trust.send("PUT", f"/Flag/{stored['id']}", {**stored, "category": [{"text": "safety"}]}, {"If-Match": 'W/"1"'})
        trust.send("POST", "/Task", task(f"hidden-{number}", **LABELLED_TASK, **{"for": {"reference": f"Patient/{person}"}}))
    assert [(as_seen(trust, person), as_patient(trust, person)) for person in people] == before
    ids = [one["id"] for one in found(trust.search("Flag", patient=mother.local_id))]
    trust.send("PUT", f"/Flag/{ids[0]}", flag(mother.local_id, "hidden-0", id=ids[0], status="inactive"), {"If-Match": 'W/"2"'})
    trust.send("DELETE", f"/Flag/{ids[0]}")
    assert [(as_seen(trust, person), as_patient(trust, person)) for person in people] == before


def test_staff_see_the_alert(trust: TrustClient, mother: AgencyPerson) -> None:
    staff = trust.token_of("staff")
    chart = f"/staff/patients/{mother.local_id}"
    assert trust.http.get(chart, headers=staff).json()["alerts"] == []
    stored = trust.send("POST", "/Flag", flag(mother.local_id, "staff")).json()
    assert [alert["code"]["text"] for alert in trust.http.get(chart, headers=staff).json()["alerts"]] == [VICTIM_WORDS]
    trust.send("PUT", f"/Flag/{stored['id']}", {**stored, "status": "inactive"}, {"If-Match": 'W/"1"'})
    assert trust.http.get(chart, headers=staff).json()["alerts"] == []
    assert trust.http.get(chart).status_code == 403, "a system is not staff"


def test_an_alert_without_labels_shows_everywhere(trust: TrustClient, mother: AgencyPerson) -> None:
    """So the comparison above looks at outputs that can change."""
    views, own = as_seen(trust, mother.local_id), as_patient(trust, mother.local_id)
    bare = flag(mother.local_id, "hidden")
    del bare["meta"]
    trust.send("POST", "/Flag", bare)
    changed = {name for name, body in as_seen(trust, mother.local_id).items() if body != views[name]}
    assert changed == set(CHANGING)
    after = as_patient(trust, mother.local_id)
    assert {path for path in own if own[path] != after[path]} == {
        f"/Patient/{mother.local_id}/$everything", f"/Flag?patient={mother.local_id}", "/Flag", f"/Flag?patient={mother.local_id}&_summary=count",
        f"/Patient?_id={mother.local_id}&_revinclude=Flag:patient", f"/Flag?identifier={OURS}|hidden",
    }  # fmt: skip


@pytest.mark.parametrize("leaking", [*CHANGING, "proxy record"])
def test_each_output_can_be_made_to_leak_alone(module_trust: TrustClient, mother: AgencyPerson, child: AgencyPerson, leaking: str) -> None:
    module_trust.http.put("/__staff/leaks", json={"outputs": []}).raise_for_status()
    for person in (mother, child):
        module_trust.send("POST", "/Flag", flag(person.local_id, person.local_id), {"If-None-Exist": f"identifier={person.local_id}"})
    honest = as_seen(module_trust, mother.local_id)
    module_trust.http.put("/__staff/leaks", json={"outputs": [leaking]}).raise_for_status()
    leaky = as_seen(module_trust, mother.local_id)
    assert {name for name in honest if honest[name] != leaky[name]} == {leaking}


@pytest.fixture(scope="module")
def module_trust(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustClient]:
    jwks = write_jwks(tmp_path_factory.mktemp("views") / "client.json", EC)
    with running_stub("fhir_trust", FOLDER, "--client-jwks", str(jwks)) as stub:
        client = TrustClient(stub, EC)
        client.sign_in()
        yield client


def test_one_patients_portal_ignores_labels(module_trust: TrustClient, agency: Agency) -> None:
    person = next(person for person in agency.people if person.persona == "portal_ignores_labels")
    module_trust.http.put("/__staff/leaks", json={"outputs": []}).raise_for_status()
    before = as_seen(module_trust, person.local_id)
    module_trust.send("POST", "/Flag", flag(person.local_id, "portal"))
    after = as_seen(module_trust, person.local_id)
    assert {name for name in before if before[name] != after[name]} == {"portal record"}
    assert VICTIM_WORDS.encode() in after["portal record"]


def test_views_under_the_common_control_routes_are_the_same(module_trust: TrustClient, mother: AgencyPerson) -> None:
    common = module_trust.stub.views(mother.local_id)
    assert {name.replace("-", " "): body.encode() for name, body in common.items()} == as_seen(module_trust, mother.local_id)


def test_a_patient_sees_their_own_and_a_stranger_sees_what_nobody_has(trust: TrustClient, mother: AgencyPerson, child: AgencyPerson) -> None:
    token = trust.token_of("patient", mother.local_id)
    hidden = trust.send("POST", "/Flag", flag(mother.local_id, "hidden")).json()["id"]
    assert trust.http.get(f"/portal/patients/{mother.local_id}/record", headers=token).status_code == 200
    pairs = [
        (f"/portal/patients/{child.local_id}/record", "/portal/patients/NM0000000/record"),
        (f"/Patient/{child.local_id}", "/Patient/NM0000000"),
        (f"/Flag/{hidden}", "/Flag/00000000000000000000"),
        (f"/Flag/{hidden}/_history", "/Flag/00000000000000000000/_history"),
        (f"/Flag/{hidden}/_history/1", "/Flag/00000000000000000000/_history/1"),
        (f"/portal/proxies/{mother.local_id}", "/portal/proxies/NM0000000"),
    ]
    for theirs, nobodys in pairs:
        one, other = trust.http.get(theirs, headers=token), trust.http.get(nobodys, headers=token)
        assert (one.status_code, one.content) == (other.status_code, other.content), theirs
        assert one.status_code == 404
        assert set(one.headers) == set(other.headers)
    assert trust.send("POST", "/Flag", flag(mother.local_id, "x"), token).status_code == 403


def test_a_parent_sees_the_childs_record_as_a_proxy(trust: TrustClient, mother: AgencyPerson, child: AgencyPerson) -> None:
    token = trust.token_of("proxy", mother.local_id)
    told: Json = trust.http.get(f"/portal/proxies/{mother.local_id}", headers=token).json()
    assert [one["name"] for one in told["actingFor"]] == [f"{child.given} {child.family}"]
    trust.send("POST", "/Flag", flag(child.local_id, "child"))
    assert trust.http.get(f"/portal/proxies/{mother.local_id}", headers=token).json() == told
    assert trust.http.get(f"/portal/patients/{mother.local_id}/record", headers=token).status_code == 404


def test_looking_somebody_up_leaves_no_trace_for_them_and_opening_the_chart_does(trust: TrustClient, mother: AgencyPerson) -> None:
    log = f"/portal/patients/{mother.local_id}/access-log"
    before = trust.http.get(log).content
    trust.search("Patient", family=mother.family, birthdate=mother.birth_date.isoformat(), given="Aoife")
    trust.send("GET", f"/Patient/{mother.local_id}")
    assert trust.http.get(log).content == before
    trust.http.get(f"/staff/patients/{mother.local_id}", headers=trust.token_of("staff"))
    assert [line["organisation"] for line in trust.http.get(log).json()["openedBy"]] == ["Northmoor NHS Trust"]


def test_the_feed_speaks_of_changed_demographics_and_of_nothing_else(trust: TrustClient, mother: AgencyPerson) -> None:
    trust.send("POST", "/Flag", flag(mother.local_id, "feed"))
    assert trust.http.get("/feeds/adt").text == ""
    staff = trust.token_of("staff")
    trust.http.post(f"/staff/patients/{mother.local_id}/telephone", json={"telephone": "07700 900799"}, headers=staff).raise_for_status()
    (message,) = trust.http.get("/feeds/adt").text.splitlines()
    assert "ADT^A31" in message
    assert "|AL1|" not in message
    assert trust.send("GET", f"/Patient/{mother.local_id}").headers["etag"] == 'W/"2"'


def test_two_runs_under_a_fixed_clock_give_the_same_bytes(tmp_path: Path, mother: AgencyPerson) -> None:
    """With the alert in one run and not in the other."""
    runs = []
    for alert in (False, True):
        jwks = write_jwks(tmp_path / f"client-{alert}.json", EC)
        with running_stub("fhir_trust", FOLDER, "--client-jwks", str(jwks), "--clock", "2026-11-22T09:00:00+00:00", "--port", "0") as stub:
            client = TrustClient(stub, EC)
            client.sign_in()
            if alert:
                client.send("POST", "/Flag", flag(mother.local_id, "secret"))
            plain = client.send("POST", "/Task", task("plain")).json()
            runs.append((as_seen(client, mother.local_id), plain))
    assert runs[0] == runs[1]
