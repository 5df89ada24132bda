"""Flag and Task at the trust's stand-in: created, read, changed and deleted as R4 and the trust's profile say."""

from __future__ import annotations

import pytest

from contracts.stubs.people import AgencyPerson
from tests.contract.fhir_trust_client import (
    OURS,
    Json,
    TrustClient,
    code_of,
    flag,
    found,
    task,
)
from tests.contract.fhir_trust_running import agency, somebody, trust

__all__ = ["agency", "somebody", "trust"]


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
