"""Exact bytes: what goes out for a given release, written down beside it, and held against R4 by others' models."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml

from gateway.domain.agreements import Purpose
from gateway.domain.case_list import BirthDate, PersonName, Sex
from gateway.domain.flags import ALERT_TEXT
from gateway.domain.identifiers import ActionId, AgencyId, LocalIdentifier, LookupId, NhsNumber, SystemKey
from gateway.domain.releases import ActionRelease, LookupRelease
from mappings.fhir_r4.conformance import faults_in
from mappings.fhir_r4.flag import build_flag, ended_status, with_status
from mappings.fhir_r4.profile import Profile
from mappings.fhir_r4.searches import Question, plan, plan_again
from mappings.fhir_r4.task import build_task

FOLDER = Path(__file__).parents[1] / "golden" / "fhir_r4"
CASES = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))}
TO = {"agency_id": AgencyId("northmoor-nhs-trust"), "system": SystemKey("northmoor-nhs-trust/record"), "agreement_version": "v1"}


def profile(told: dict[str, Any]) -> Profile:
    return Profile(**{name: tuple(value) if isinstance(value, list) else value for name, value in told.items()})


def exact(pretty: str) -> bytes:
    return json.dumps(json.loads(pretty), separators=(",", ":"), ensure_ascii=False).encode()


def built(case: dict[str, Any]) -> bytes:
    given = case["given"]
    if case["build"] == "flag":
        return build_flag(given["record_id"], given["text"], given["identifier"], profile(case["profile"]))
    if case["build"] == "flag_ended":
        return with_status(given["held"].encode(), ended_status(error=given["error"]))
    release = ActionRelease(**TO, purpose=Purpose.ACTION, action_id=ActionId(UUID(int=1)), **given)
    return build_task(release, profile(case["profile"]))


def lookup(given: dict[str, Any]) -> LookupRelease:
    return LookupRelease(
        **TO, purpose=Purpose.LOOKUP, lookup_id=LookupId(UUID(int=1)),
        names=tuple(PersonName(name[0], name[1], *map(tuple, name[2:])) for name in given.get("names", ())),
        birth_dates=tuple(BirthDate.of(day) if isinstance(day, date) else BirthDate.from_iso(day) for day in given.get("birth_dates", ())),
        own_identifiers=tuple(LocalIdentifier(*pair) for pair in given.get("own_identifiers", ())),
        nhs_number=NhsNumber(given["nhs_number"]) if "nhs_number" in given else None,
        sex=Sex(given["sex"]) if "sex" in given else None, postcode=given.get("postcode"),
    )  # fmt: skip


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "sent" in case])
def test_a_resource_goes_out_byte_for_byte(name: str) -> None:
    assert built(CASES[name]) == exact(CASES[name]["sent"])


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "sent" in case])
def test_a_resource_is_r4(name: str) -> None:
    assert faults_in(built(CASES[name])) == []


def as_written(question: Question) -> dict[str, Any]:
    if question.content_type == "application/x-www-form-urlencoded":
        return {"path": question.path, "form": question.body.decode()}
    assert faults_in(question.body) == []
    return {"path": question.path, "json": question.body}


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case["build"] == "questions"])
def test_a_person_is_asked_about_with_exactly_these(name: str) -> None:
    case = CASES[name]
    asked, agreed = lookup(case["given"]), profile(case["profile"])
    questions, again = plan(asked, agreed), plan_again(asked, agreed)
    expected = [{**each, **({"json": exact(each["json"])} if "json" in each else {})} for each in case["asked"]]
    assert [as_written(question) for question in questions.asked] == expected
    assert [as_written(question) for question in again.asked] == case.get("then", [])
    assert questions.complete is case.get("complete", True)


def test_every_golden_file_is_used() -> None:
    assert {case["build"] for case in CASES.values()} == {"flag", "flag_ended", "task", "questions"}
    assert len(CASES) >= 8


@pytest.mark.parametrize("name", sorted(CASES))
def test_nothing_but_the_agreed_words_says_why(name: str) -> None:
    wire = CASES[name].get("sent") or json.dumps(CASES[name]["asked"])
    for words in ALERT_TEXT.values():
        wire = wire.replace(words, "")
    assert not re.search(r"marac|idva|idaa|perpetrator|victim|abuse|gateway", wire, re.IGNORECASE)
