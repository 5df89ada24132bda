"""Looking people up at the trust's stand-in: Patient, $match, EpisodeOfCare, driven by a client of its own."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

import pytest

from contracts.stubs.agency import Agency
from contracts.stubs.people import AgencyPerson
from tests.contract.fhir_trust_client import (
    HOSPITAL_NUMBER,
    NHS_NUMBER,
    Json,
    TrustClient,
    code_of,
    found,
    judge,
)
from tests.contract.fhir_trust_running import agency, of_demonstration, somebody, trust

__all__ = ["agency", "somebody", "trust"]


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
