"""The housing stub against its own openapi.yaml: every answer here is checked by schema on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.stubs.agency import Agency, load_agency
from contracts.stubs.people import AgencyPerson
from tests.contract.stub_processes import AGENCIES, OpenApi, RestClient, expectations, running_stub, write_secrets

FOLDER = AGENCIES / "northmoor-homes"
API = OpenApi(FOLDER / "openapi.yaml")
SEARCH = "/api/v1/search/persons"


@pytest.fixture(scope="module")
def agency() -> Agency:
    return load_agency(FOLDER)


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestClient]:
    folder = tmp_path_factory.mktemp("homes")
    with running_stub("housing", FOLDER, "--client-secrets", str(write_secrets(folder)), "--ledger", str(folder / "ledger")) as stub:
        yield RestClient(stub, API)


@pytest.fixture(scope="module")
def couple(agency: Agency) -> tuple[AgencyPerson, AgencyPerson]:
    """Two adults of one home who are in nobody's persona file."""
    homes: dict[object, list[AgencyPerson]] = {}
    for person in agency.people:
        if person.address and not person.persona and person.birth_date.year < 2005:
            homes.setdefault(person.address, []).append(person)
    first, second = next(people for people in homes.values() if len(people) == 2)
    return first, second


def persona(agency: Agency, happens: str) -> AgencyPerson:
    return next(person for person in agency.people if person.persona == happens)


def asked(person: AgencyPerson) -> dict[str, object]:
    return {"surname": person.family, "firstName": person.given, "dateOfBirth": person.birth_date.isoformat()}


def search(homes: RestClient, body: dict[str, object]) -> dict[str, Any]:
    answer: dict[str, Any] = homes.send("POST", SEARCH, body).json()
    return answer


def ids(answer: dict[str, Any]) -> list[str]:
    return [person["id"] for person in answer["results"]["persons"]]


# ------------------------------------------------------------------------------------------------------- persons and tenures


def test_a_person_is_found_by_name_by_number_and_by_the_payment_reference(homes: RestClient, couple: tuple[AgencyPerson, AgencyPerson]) -> None:
    person = couple[0]
    answer = search(homes, asked(person))
    assert person.local_id in ids(answer)
    assert ids(search(homes, {"personId": person.local_id})) == [person.local_id]
    found = next(found for found in answer["results"]["persons"] if found["id"] == person.local_id)
    assert found["tenures"][0]["isActive"] is True
    paying = ids(search(homes, {"paymentReference": found["tenures"][0]["paymentReference"]}))
    assert {one.local_id for one in couple} <= set(paying)


def test_both_of_a_couple_are_joint_tenants_of_their_home(homes: RestClient, couple: tuple[AgencyPerson, AgencyPerson]) -> None:
    person = homes.send("GET", f"/api/v1/persons/{couple[0].local_id}")
    assert person.headers["etag"] == '"1"'
    tenure = homes.send("GET", f"/api/v1/tenures/{person.json()['tenures'][0]['id']}").json()
    tenants = {member["id"] for member in tenure["householdMembers"] if member["personTenureType"] == "Tenant"}
    assert tenants == {one.local_id for one in couple}


def test_a_child_is_a_member_of_the_household_and_no_tenant(homes: RestClient, agency: Agency) -> None:
    child = next(person for person in agency.people if person.birth_date.year > 2015 and person.address and not person.persona)
    found = homes.send("GET", f"/api/v1/persons/{child.local_id}").json()
    assert (found["isAMinor"], found["personTypes"][0]) == (True, "HouseholdMember")


def test_nobody_is_nobody_and_a_withheld_record_is_counted(homes: RestClient, agency: Agency) -> None:
    nobody = {"surname": "Zzyzx", "firstName": "Quorn", "dateOfBirth": "1801-02-03"}
    assert search(homes, nobody) == {"results": {"persons": []}, "total": 0, "totalWithheld": 0}
    hidden = persona(agency, "restricted")
    assert search(homes, asked(hidden)) == {"results": {"persons": []}, "total": 0, "totalWithheld": 1}
    assert homes.send("GET", f"/api/v1/persons/{hidden.local_id}").json()["code"] == "restricted-person"


def test_pages_follow_one_another_and_too_many_give_nobody(homes: RestClient, agency: Agency) -> None:
    common = {"surname": "Khan", "firstName": "Imran", "otherNames": [{"surname": "Hussain", "firstName": "Imran"}, {"surname": "Ali", "firstName": "Imran"}]}
    whole = search(homes, common | {"pageSize": 50})
    assert whole["total"] > 2
    pages = [ids(search(homes, common | {"pageSize": 2, "page": page})) for page in range(1, whole["total"] // 2 + 2)]
    assert [one for page in pages for one in page] == ids(whole)
    many = search(homes, asked(persona(agency, "too_many")))
    assert many["total"] > 100
    assert ids(many) == []


def test_the_search_refuses_what_it_does_not_list_and_echoes_nothing(homes: RestClient) -> None:
    answer = homes.send("POST", SEARCH, {"surname": "Canary", "firstName": "Canary", "nhsNumber": "Canary"})
    assert answer.status_code == 422
    assert "Canary" not in answer.text


searches = st.fixed_dictionaries(
    {},
    optional={
        "surname": st.text(max_size=101),
        "firstName": st.text(max_size=3),
        "dateOfBirth": st.sampled_from(["1980-02-30", "1980-02-03", None]),
        "personId": st.sampled_from(["x", "b7d3a2c4-51e6-4f08-9a1d-000001234567"]),
        "paymentReference": st.sampled_from(["1", "0123456789"]),
        "page": st.sampled_from([0, 1, "1"]),
        "pageSize": st.sampled_from([1, 50, 51]),
        "postcode": st.just("ZZ1 1AA"),
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=searches)
def test_the_stub_refuses_exactly_what_the_document_refuses(homes: RestClient, body: dict[str, object]) -> None:
    answer = homes.send("POST", SEARCH, body)
    assert (answer.status_code == 200) == API.request_is_valid("POST", SEARCH, body)


def test_a_stale_version_is_a_conflict_and_none_is_refused(homes: RestClient, agency: Agency) -> None:
    path = f"/api/v1/persons/{agency.people[7].local_id}"
    edit = {"preferredFirstName": "Sam"}
    assert homes.send("PATCH", path, edit).status_code == 428
    assert homes.send("PATCH", path, edit, If_Match='"1"').headers["etag"] == '"2"'
    assert homes.send("PATCH", path, edit, If_Match='"1"').json()["code"] == "version-mismatch"
    assert homes.send("GET", path).json()["preferredFirstName"] == "Sam"
    assert homes.stub.ledger("person.edit")[0]["subject"] == agency.people[7].local_id


# ------------------------------------------------------------------------------------------------------- cautionary alerts


def test_a_cautionary_alert_is_seen_by_the_joint_tenant_and_is_in_the_ledger(homes: RestClient, couple: tuple[AgencyPerson, AgencyPerson]) -> None:
    victim, partner = couple
    before = homes.stub.views(partner.local_id)
    tenure = homes.send("GET", f"/api/v1/persons/{victim.local_id}").json()["tenures"][0]
    alert = {
        "assureReference": "REF-1", "incidentDate": "2026-11-20", "incidentDescription": "Canary", "personDetails": {"id": victim.local_id},
        "alert": {"code": "CV", "description": "Canary"}, "assetDetails": {"propertyReference": tenure["propertyReference"]},
    }  # fmt: skip
    created = homes.send("POST", "/api/v1/cautionary-alerts", alert)
    assert (created.status_code, created.json()["letterSent"]) == (201, True)
    changed = {name for name, text in homes.stub.views(partner.local_id).items() if text != before[name]}
    assert changed == {"tenant-portal", "tenancy-letters", "subject-access-pack", "contractor-sheet"}
    on_the_home = homes.send("GET", f"/api/v1/cautionary-alerts/properties/{tenure['propertyReference']}").json()["alerts"]
    assert [one["alertId"] for one in on_the_home] == [created.json()["alertId"]]
    end = f"/api/v1/cautionary-alerts/alerts/{created.json()['alertId']}/end-alert"
    assert homes.send("PATCH", end, {"endDate": "2026-11-22"}).json()["isActive"] is False
    assert len(homes.send("GET", f"/api/v1/cautionary-alerts/persons/{victim.local_id}").json()["alerts"]) == 1
    assert [entry["what"] for entry in homes.stub.ledger("cautionary-alert")] == ["cautionary-alert.create", "cautionary-alert.end"]


def test_an_alert_text_too_long_is_refused(homes: RestClient, agency: Agency) -> None:
    alert = {
        "assureReference": "REF-2", "incidentDate": "2026-11-20", "incidentDescription": "x", "personDetails": {"id": agency.people[0].local_id},
        "alert": {"code": "CV", "description": "x" * 51}, "assetDetails": {"propertyReference": "00000000"},
    }  # fmt: skip
    refused = homes.send("POST", "/api/v1/cautionary-alerts", alert)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/alert/description")


# -------------------------------------------------------------------------------------------------------------------- tasks


def test_a_task_is_stored_once_done_by_staff_and_no_tenant_sees_it(homes: RestClient, couple: tuple[AgencyPerson, AgencyPerson]) -> None:
    before = [homes.stub.views(person.local_id) for person in couple]
    new = {"text": "Canary", "dueOn": "2026-12-01", "kind": "record-alert", "subject": {"personId": couple[0].local_id}}
    first, again = (homes.send("PUT", "/api/v1/tasks/task-no-1", new) for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 200, again.json())
    assert homes.send("PUT", "/api/v1/tasks/task-no-1", new | {"text": "Else"}).status_code == 409
    assert homes.send("PUT", "/api/v1/tasks/task-no-1", new | {"text": "Else"}, If_Match='"5"').json()["code"] == "version-mismatch"
    homes.stub.staff("work-items/task-no-1/finish", {"code": "not-done", "detail": ""})
    listed = homes.send("GET", "/api/v1/tasks?limit=100").json()["items"]
    assert [(item["outcome"]["code"], item["outcome"]["detail"]) for item in listed if item["reference"] == "task-no-1"] == [("not-done", "")]
    assert [homes.stub.views(person.local_id) for person in couple] == before


# ----------------------------------------------------------------------------------------------------------------- failures


def test_html_truncation_silence_and_somebody_else(homes: RestClient, agency: Agency) -> None:
    def raw(happens: str) -> httpx.Response:
        return homes.http.post(SEARCH, json=asked(persona(agency, happens)), timeout=1)

    assert raw("html_with_200").headers["content-type"].startswith("text/html")
    with pytest.raises(json.JSONDecodeError):
        raw("truncated").json()
    with pytest.raises(httpx.ReadTimeout):
        raw("never_answers")
    assert ids(raw("wrong_person").json()) != [persona(agency, "wrong_person").local_id]


def test_failures_that_pass(homes: RestClient, agency: Agency) -> None:
    busy, limited = asked(persona(agency, "busy_twice")), asked(persona(agency, "rate_limited_once"))
    assert [homes.send("POST", SEARCH, busy).status_code for _ in range(3)] == [503, 503, 200]
    assert [homes.send("POST", SEARCH, limited).status_code for _ in range(2)] == [429, 200]


def test_a_merged_person_names_the_surviving_one(homes: RestClient, agency: Agency) -> None:
    merged, survivor = persona(agency, "merged"), persona(agency, "survivor")
    answer = homes.send("GET", f"/api/v1/persons/{merged.local_id}")
    assert (answer.status_code, answer.json()["mergedInto"]) == (301, survivor.local_id)


def test_the_demonstrations_people_are_found_as_its_truth_says(homes: RestClient) -> None:
    for expected in expectations("northmoor-homes"):
        (given_name, family), *others = expected.names
        answer = homes.http.post(SEARCH, json={
            "surname": family, "firstName": given_name, "dateOfBirth": expected.born[0], "otherDatesOfBirth": expected.born[1:],
            "otherNames": [{"surname": other, "firstName": name} for name, other in others],
        })  # fmt: skip
        if expected.state == "NO_ANSWER":
            assert answer.headers["content-type"].startswith("text/html")
            continue
        body = answer.json()
        assert (body["total"] + body["totalWithheld"] == 0) == (expected.state == "NOT_KNOWN"), expected
        assert expected.state != "KNOWN" or ids(body) == [expected.record], expected
