"""The police records stub against its own openapi.yaml: every answer here is checked by schema on the way."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.stubs.agency import Agency, load_agency
from contracts.stubs.people import AgencyPerson
from tests.contract.stub_processes import (
    AGENCIES,
    CLIENT,
    SECRET,
    OpenApi,
    RestClient,
    expectations,
    running_stub,
    write_secrets,
)

FOLDER = AGENCIES / "northmoor-police"
API = OpenApi(FOLDER / "openapi.yaml")
ALERT = "alleged high-risk perpetrator of domestic abuse (not to be disclosed to patient)"


@pytest.fixture(scope="module")
def agency() -> Agency:
    return load_agency(FOLDER)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestClient]:
    folder = tmp_path_factory.mktemp("police")
    with running_stub("police", FOLDER, "--client-secrets", str(write_secrets(folder)), "--ledger", str(folder / "ledger")) as stub:
        yield RestClient(stub, API)


@pytest.fixture(scope="module")
def somebody(agency: Agency) -> AgencyPerson:
    return next(p for p in agency.people if p.aliases and p.previous_addresses and p.phone and p.open_to_services and not p.persona)


def persona(agency: Agency, happens: str) -> AgencyPerson:
    return next(person for person in agency.people if person.persona == happens)


def asked(person: AgencyPerson, **more: object) -> dict[str, object]:
    return {
        "names": [{"familyName": person.family, "givenName": person.given}],
        "dateOfBirth": person.birth_date.isoformat(),
        **more,
    }


def search(records: RestClient, person: AgencyPerson) -> dict[str, Any]:
    answer: dict[str, Any] = records.send("POST", "/v1/persons/search", asked(person)).json()
    return answer


# ------------------------------------------------------------------------------------------------------------ authorisation


def test_a_token_lets_in_and_stops_when_forgotten(records: RestClient) -> None:
    token = records.http.post("/oauth2/token", data={"grant_type": "client_credentials"}, auth=(CLIENT, SECRET))
    API.check_answer("POST", token)
    bearer = {"Authorization": f"Bearer {token.json()['access_token']}", "X-API-Key": ""}
    assert records.http.get("/v1/capabilities", headers=bearer).status_code == 200
    records.stub.staff("forget-tokens")
    refused = records.http.get("/v1/capabilities", headers=bearer)
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthorised")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "password", "client_id": CLIENT, "client_secret": SECRET}, 400, "unsupported_grant_type"),
        ({"client_id": CLIENT}, 400, "invalid_request"),
    ],
)
def test_a_wrong_token_request_gets_none(records: RestClient, form: dict[str, str], status: int, error: str) -> None:
    answer = records.http.post("/oauth2/token", data=form)
    API.check_answer("POST", answer)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


@pytest.mark.parametrize("headers", [{"X-API-Key": "wrong"}, {"X-API-Key": ""}, {"X-API-Key": "", "Authorization": "Bearer made-up"}])
def test_nobody_else_gets_in(records: RestClient, headers: dict[str, str]) -> None:
    assert records.http.get("/v1/work-items", headers=headers).status_code == 401


# ------------------------------------------------------------------------------------------------------------------- search


def test_somebody_is_found_by_name_and_date_with_all_that_is_held(records: RestClient, somebody: AgencyPerson) -> None:
    answer = search(records, somebody)
    found = next(candidate for candidate in answer["candidates"] if candidate["nominalId"] == somebody.local_id)
    assert answer["outcome"] == "matches"
    assert found["dateOfBirth"] == somebody.birth_date.isoformat()
    assert {name["familyName"] for name in found["names"]} == {somebody.family, *(name.family for name in somebody.aliases)}
    assert found["addresses"][0]["postcode"] == somebody.address.postcode
    assert found["openMatters"] > 0


def test_somebody_is_found_by_alias_by_swapped_date_and_by_the_year_with_the_given_name(agency: Agency, records: RestClient) -> None:
    person = next(p for p in agency.people if p.aliases and p.birth_date.day <= 12 and p.birth_date.day != p.birth_date.month and not p.persona)
    born = person.birth_date
    by_alias = {"names": [{"familyName": person.aliases[0].family}], "dateOfBirth": born.isoformat()}
    swapped = asked(person, dateOfBirth=born.replace(month=born.day, day=born.month).isoformat())
    same_year = asked(person, dateOfBirth=born.replace(month=born.month % 12 + 1, day=27).isoformat())
    for body in (by_alias, swapped, same_year):
        found = records.send("POST", "/v1/persons/search", body).json()["candidates"]
        assert person.local_id in [candidate["nominalId"] for candidate in found]


def test_somebody_is_found_by_each_identifier_alone(records: RestClient, agency: Agency) -> None:
    by_own_number = {"identifiers": [{"type": "nominalId", "value": agency.people[0].local_id}]}
    found = [records.send("POST", "/v1/persons/search", by_own_number).json()["candidates"][0]]
    with_pnc = next(
        nominal for person in agency.people[:50]
        if "pncId" in (nominal := records.send("GET", f"/v1/persons/{person.local_id}").json())
    )  # fmt: skip
    for kind in ("pncId", "croNumber"):
        answer = records.send("POST", "/v1/persons/search", {"identifiers": [{"type": kind, "value": with_pnc[kind]}]}).json()
        assert [candidate["nominalId"] for candidate in answer["candidates"]] == [with_pnc["nominalId"]]
    assert found[0]["nominalId"] == agency.people[0].local_id


def test_nobody_is_nobody(records: RestClient) -> None:
    body = {"names": [{"familyName": "Zzyzx", "givenName": "Quorn"}], "dateOfBirth": "1801-02-03"}
    assert records.send("POST", "/v1/persons/search", body).json() == {"outcome": "none", "candidates": [], "someWithheld": False}


def test_a_common_name_alone_is_too_many(records: RestClient) -> None:
    answer = records.send("POST", "/v1/persons/search", {"names": [{"familyName": "Khan"}, {"familyName": "Smith"}]}).json()
    assert (answer["outcome"], answer["candidates"]) == ("too-many", [])


def test_a_protected_record_is_told_without_detail(records: RestClient, agency: Agency) -> None:
    hidden = persona(agency, "restricted")
    assert search(records, hidden) == {"outcome": "protected", "candidates": [], "someWithheld": True}
    refused = records.send("GET", f"/v1/persons/{hidden.local_id}")
    assert (refused.status_code, refused.json()["code"]) == (403, "restricted-nominal")
    assert records.send("GET", f"/v1/persons/{hidden.local_id}/markers").status_code == 403


def test_a_protected_record_beside_an_open_one_is_still_told(records: RestClient, agency: Agency, somebody: AgencyPerson) -> None:
    hidden = persona(agency, "restricted")
    identifiers = [{"type": "nominalId", "value": person.local_id} for person in (hidden, somebody)]
    answer = records.send("POST", "/v1/persons/search", {"identifiers": identifiers}).json()
    assert (answer["outcome"], answer["someWithheld"], len(answer["candidates"])) == ("matches", True, 1)


def test_the_search_refuses_what_it_does_not_list_and_echoes_nothing(records: RestClient) -> None:
    body = {"names": [{"familyName": "Canary-Family", "nhsNumber": "Canary-Number"}]}
    answer = records.send("POST", "/v1/persons/search", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/names/0")
    assert "Canary" not in answer.text


names = st.fixed_dictionaries(
    {}, optional={"familyName": st.text(max_size=71), "givenName": st.text(max_size=36), "extra": st.just(1), "middleNames": st.none()}
)
identifiers = st.fixed_dictionaries(
    {}, optional={"type": st.sampled_from(["pncId", "nominalId", "nhs"]), "value": st.sampled_from(["", "N1", "N1234567", 5])}
)
searches = st.fixed_dictionaries(
    {},
    optional={
        "names": st.lists(names, max_size=2),
        "dateOfBirth": st.sampled_from(["1980-02-30", "1980-02-03", "80", None, 1980]),
        "otherDatesOfBirth": st.lists(st.sampled_from(["1980-02-03", "x"]), max_size=6),
        "identifiers": st.lists(identifiers, max_size=2),
        "role": st.just("victim"),
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=searches)
def test_the_stub_refuses_exactly_what_the_document_refuses(records: RestClient, body: dict[str, object]) -> None:
    answer = records.send("POST", "/v1/persons/search", body)
    assert (answer.status_code == 200) == API.request_is_valid("POST", "/v1/persons/search", body)


# ----------------------------------------------------------------------------------------------------------------- failures


def test_html_truncation_and_somebody_else(records: RestClient, agency: Agency) -> None:
    def raw(happens: str) -> httpx.Response:
        return records.http.post("/v1/persons/search", json=asked(persona(agency, happens)))

    page, broken, other = raw("html_with_200"), raw("truncated"), raw("wrong_person")
    assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (200, "text/html")
    assert broken.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        broken.json()
    wrong = persona(agency, "wrong_person")
    assert [c["names"][0]["familyName"] == wrong.family for c in other.json()["candidates"]] == [False]


def test_a_huge_answer_is_still_json(records: RestClient, agency: Agency) -> None:
    answer = records.http.post("/v1/persons/search", json=asked(persona(agency, "huge")))
    assert len(answer.content) > 60_000_000
    assert answer.json()["outcome"] == "matches"


def test_busy_twice_then_answers_and_rate_limited_once(records: RestClient, agency: Agency) -> None:
    body = asked(persona(agency, "busy_twice"))
    assert [records.send("POST", "/v1/persons/search", body).status_code for _ in range(4)] == [503, 503, 200, 200]
    first = records.send("POST", "/v1/persons/search", asked(persona(agency, "rate_limited_once")))
    assert (first.status_code, first.headers["retry-after"]) == (429, "1")
    assert search(records, persona(agency, "rate_limited_once"))["outcome"] == "matches"


def test_silence_lasts_longer_than_a_caller_waits(records: RestClient, agency: Agency) -> None:
    with pytest.raises(httpx.ReadTimeout):
        records.http.post("/v1/persons/search", json=asked(persona(agency, "never_answers")), timeout=0.5)


def test_no_answer_the_first_time_and_a_slow_one(records: RestClient, agency: Agency) -> None:
    late, slow = persona(agency, "times_out_then_answers"), persona(agency, "slow")
    with pytest.raises(httpx.ReadTimeout):
        records.http.post("/v1/persons/search", json=asked(late), timeout=0.5)
    assert search(records, late)["outcome"] == "matches"
    started = time.monotonic()
    assert search(records, slow)["outcome"] == "matches"
    assert time.monotonic() - started > 4


def test_too_many_by_persona(records: RestClient, agency: Agency) -> None:
    assert search(records, persona(agency, "too_many"))["outcome"] == "too-many"


def test_a_merged_nominal_names_the_surviving_one_and_no_location(records: RestClient, agency: Agency) -> None:
    merged, survivor = persona(agency, "merged"), persona(agency, "survivor")
    answer = records.send("GET", f"/v1/persons/{merged.local_id}")
    assert answer.status_code == 301
    assert answer.json() == {"nominalId": merged.local_id, "mergedInto": survivor.local_id}
    assert "location" not in answer.headers


# ------------------------------------------------------------------------------------------------------------------ markers


def marker_on(person: AgencyPerson) -> str:
    return f"/v1/persons/{person.local_id}/markers"


def test_a_hidden_marker_is_put_once_read_back_and_ended_and_nobody_outside_sees_it(records: RestClient, agency: Agency) -> None:
    person = agency.people[3]
    before = records.stub.views(person.local_id)
    new = {"reference": "ref-of-a-marker", "text": ALERT, "visibility": "need-to-know", "reviewOn": "2027-11-22"}
    first, again = (records.send("POST", marker_on(person), new) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["text"] == ALERT
    assert records.stub.views(person.local_id) == before
    assert len(before) == 5
    place = first.headers["location"]
    assert records.send("GET", place).headers["etag"] == '"1"'
    ended = {"text": ALERT, "visibility": "need-to-know", "status": "ended"}
    assert records.send("PUT", place, ended).status_code == 428
    assert records.send("PUT", place, ended, If_Match='"7"').status_code == 412
    assert records.send("PUT", place, ended, If_Match='"1"').json()["version"] == 2
    assert [marker["status"] for marker in records.send("GET", marker_on(person)).json()["markers"]] == ["ended"]
    assert records.stub.views(person.local_id) == before
    assert [entry["what"] for entry in records.stub.ledger("marker") if entry["subject"] == person.local_id] == ["marker.create", "marker.end"]


def test_a_general_marker_is_printed_so_the_views_can_show_a_difference(records: RestClient, agency: Agency) -> None:
    person = agency.people[4]
    before = records.stub.views(person.local_id)
    records.send("POST", marker_on(person), {"reference": "ref-general-1", "text": "Canary text"})
    changed = {name for name, text in records.stub.views(person.local_id).items() if text != before[name]}
    assert changed == {"subject-access-pack", "disclosure-export", "custody-record", "reporting-portal"}


def test_a_text_too_long_and_a_reference_in_use_are_refused(records: RestClient, agency: Agency) -> None:
    person = agency.people[5]
    new = {"reference": "ref-used-once", "text": "x" * 250, "visibility": "need-to-know"}
    assert records.send("POST", marker_on(person), new | {"text": "x" * 251}).json()["code"] == "text-too-long"
    assert records.send("POST", marker_on(person), new).status_code == 201
    assert records.send("POST", marker_on(person), new | {"text": "y"}).json()["code"] == "reference-in-use"
    assert records.send("POST", marker_on(agency.people[6]), new).json()["code"] == "reference-in-use"


@pytest.mark.parametrize(("offered", "read_status", "write_status"), [("read = false", 404, 404), ("write = false", 200, 405)])
def test_markers_can_be_switched_off(tmp_path: Path, offered: str, read_status: int, write_status: int) -> None:
    folder = tmp_path / "another-force"
    folder.mkdir()
    lines = ['kind = "police"', "seed = 1", "share = 0.1", "town_size = 300", 'local_id = "N{:07d}"', "[markers]", offered]
    (folder / "stub.toml").write_text("\n".join(lines), encoding="utf-8")
    nominal = load_agency(folder).people[0].local_id
    with running_stub("police", folder, "--client-secrets", str(write_secrets(tmp_path))) as stub:
        client = RestClient(stub, API)
        assert client.send("GET", "/v1/capabilities").json()["markers"]["write"] is False
        assert client.send("GET", f"/v1/persons/{nominal}/markers").status_code == read_status
        new = {"reference": "reference-1", "text": "x", "visibility": "need-to-know"}
        assert client.send("POST", f"/v1/persons/{nominal}/markers", new).status_code == write_status


# ------------------------------------------------------------------------------------------------ demonstration and controls


def test_the_latency_switch_slows_every_answer(tmp_path: Path) -> None:
    secrets = str(write_secrets(tmp_path))
    with running_stub("police", FOLDER, "--client-secrets", secrets, "--latency-ms", "300") as stub:
        client = RestClient(stub, API)
        started = time.monotonic()
        client.send("GET", "/v1/capabilities")
        assert time.monotonic() - started >= 0.3


def test_the_demonstrations_people_are_found_as_its_truth_says(records: RestClient) -> None:
    for expected in expectations("northmoor-police"):
        body = {
            "names": [{"familyName": family, "givenName": given} for given, family in expected.names],
            "dateOfBirth": expected.born[0],
            "otherDatesOfBirth": expected.born[1:],
        }
        answer = records.send("POST", "/v1/persons/search", body).json()
        found = [candidate["nominalId"] for candidate in answer["candidates"]]
        assert (answer["outcome"] == "none") == (expected.state == "NOT_KNOWN"), expected
        assert expected.state != "KNOWN" or found == [expected.record], expected


def test_every_persona_file_is_played(agency: Agency) -> None:
    files = {file.stem.partition("__")[2] for file in (FOLDER / "personas").glob("*.toml")}
    told_here = Path(__file__).read_text(encoding="utf-8") + Path(__file__).with_name("test_stub_police_work.py").read_text(encoding="utf-8")
    assert {happens for happens in files if f'"{happens}"' not in told_here} == set()


def test_identifying_words_never_reach_the_ledger(records: RestClient, somebody: AgencyPerson) -> None:
    search(records, somebody)
    text = json.dumps(records.stub.ledger())
    assert somebody.family not in text
    assert somebody.birth_date.isoformat() not in text
