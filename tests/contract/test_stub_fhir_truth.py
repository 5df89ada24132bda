"""The demonstration's truth, tried on the trust itself: each listed person is asked about with names and dates of birth only, and
what comes back is judged by the rule of contracts/stubs/demonstration/expected.py, written here a second time."""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from contracts.stubs import demonstration
from contracts.stubs.demonstration import CastMember
from tests.contract.fhir_trust_client import FOLDER, NHS_NUMBER, EllipticKey, Json, TrustClient, write_jwks
from tests.contract.stub_processes import running_stub

EC = EllipticKey()
AGENCY = "northmoor-nhs-trust"


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustClient]:
    jwks = write_jwks(tmp_path_factory.mktemp("truth") / "client.json", EC)
    with running_stub("fhir_trust", FOLDER, "--client-jwks", str(jwks)) as stub:
        client = TrustClient(stub, EC)
        client.sign_in()
        client.http.timeout = httpx.Timeout(1)
        yield client


def truth_of_the_trust() -> list[dict[str, str]]:
    with (demonstration.FOLDER / "truth.csv").open(encoding="utf-8", newline="") as file:
        return [line for line in csv.DictReader(file) if line["agency"] == AGENCY]


def listed() -> dict[tuple[str, str, str], CastMember]:
    return {
        (case.number, role, demonstration.cast()[key].full_name): demonstration.cast()[key]
        for case in demonstration.cases() for role, key in case.roles
    }  # fmt: skip


@pytest.mark.parametrize("line", truth_of_the_trust(), ids=lambda line: f"{line['case_number']}-{line['role']}-{line['name']}")
def test_the_trust_answers_as_the_truth_says(trust: TrustClient, line: dict[str, str]) -> None:
    member = listed()[(line["case_number"], line["role"], line["name"])]
    state, record_id = judged(trust, member)
    assert (state, record_id) == (line["state"], line["record_id"])
    if state == "KNOWN":
        answer = trust.search("EpisodeOfCare", patient=record_id, status="active")
        assert ("yes" if answer.json()["total"] else "no") == line["open_to_services"]


def judged(trust: TrustClient, member: CastMember) -> tuple[str, str]:
    answers = [ask(trust, member, born) for born in (member.birth_date, member.also_born) if born]
    if any(answer is None for answer in answers):
        return "NO_ANSWER", ""
    bundles = [answer for answer in answers if answer]
    if any(bundle["resourceType"] == "OperationOutcome" for bundle in bundles):
        return "POSSIBLE", ""
    people = {entry["resource"]["id"]: entry["resource"] for bundle in bundles for entry in bundle.get("entry", ())}
    if not people:
        return "NOT_KNOWN", ""
    if not any(name_agrees(one, member) or born_agrees(one, member) for one in people.values()):
        return "NO_ANSWER", ""  # about nobody who was asked for
    sure = [one["id"] for one in people.values() if certain(one, member)]
    rivals = [one for one in people.values() if name_agrees(one, member) and (born_agrees(one, member) or born_swapped(one, member))]
    return ("KNOWN", sure[0]) if len(sure) == 1 and len(rivals) == 1 else ("POSSIBLE", "")


def ask(trust: TrustClient, member: CastMember, born: object) -> Json | None:
    """The answer, after as many repeats as a patient client makes; None where there is none that can be trusted."""
    names = [{"family": member.family, "given": list(member.given)}]
    names += [{"family": alias.family, "given": [alias.given]} for alias in member.aliases]
    patient = {"resourceType": "Patient", "name": names, "birthDate": str(born)}
    body = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": patient}]}
    for _ in range(3):
        try:
            answer = trust.http.post("/Patient/$match", json=body)
        except httpx.ReadTimeout:
            return None
        if answer.status_code not in (429, 503):
            break
        time.sleep(0.01)
    if answer.status_code != 200 or "json" not in answer.headers["content-type"]:
        return None
    try:
        told: Json = json.loads(answer.content)
    except ValueError:
        return None
    return told


def certain(patient: Json, member: CastMember) -> bool:
    if not name_agrees(patient, member) or patient["meta"].get("security"):
        return False
    if not born_agrees(patient, member) and not (born_swapped(patient, member) and address_agrees(patient, member)):
        return False
    numbers = [one["value"] for one in patient["identifier"] if one["system"] == NHS_NUMBER]
    if numbers and member.listed_number:
        return numbers == [member.listed_number]
    return address_agrees(patient, member)


def name_agrees(patient: Json, member: CastMember) -> bool:
    wanted = {(folded(member.family), folded(member.given[0])), *((folded(one.family), folded(one.given)) for one in member.aliases)}
    return any((folded(name["family"]), folded(name["given"][0])) in wanted for name in patient["name"])


def born_agrees(patient: Json, member: CastMember) -> bool:
    return patient["birthDate"] in {str(member.birth_date), str(member.also_born)}


def born_swapped(patient: Json, member: CastMember) -> bool:
    year, month, day = patient["birthDate"].split("-")
    return f"{year}-{day}-{month}" == str(member.birth_date)


def address_agrees(patient: Json, member: CastMember) -> bool:
    home = member.home
    return any((one["line"][0], one["postalCode"]) == (home.lines[0], home.postcode) for one in patient.get("address", ()) if one["use"] == "home")


def folded(text: str) -> str:
    return re.sub(r"\W", "", text).casefold()


def test_asking_about_everybody_wrote_nothing(trust: TrustClient) -> None:
    entries: list[dict[str, Any]] = trust.stub.ledger()
    assert {entry["what"].partition(".")[0] for entry in entries} <= {"lookup"}
