"""What is built is read back as what it was built from, and holds nothing else, whatever the values."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.domain.case_list import BirthDate, PersonName, Sex
from gateway.domain.flags import ALERT_TEXT
from gateway.domain.identifiers import LocalIdentifier
from gateway.domain.lookup import AnswerKind, Candidate
from gateway.domain.releases import ActionRelease, LookupRelease
from mappings.fhir_r4 import flag as flags
from mappings.fhir_r4 import resources as r4
from mappings.fhir_r4 import task as tasks
from mappings.fhir_r4.conformance import faults_in
from mappings.fhir_r4.patient import read_pages
from mappings.fhir_r4.profile import Profile, escaped
from mappings.fhir_r4.searches import MOST_QUESTIONS, plan, plan_again
from mappings.fhir_r4.task import build_task
from tests.property.releases import ACTIONS, BIRTH_DATES, LOOKUPS, NHS_NUMBERS

RECORD_IDS = st.from_regex(r"\A[A-Za-z0-9\-.]{1,64}\Z")
PLAIN = st.text(st.characters(categories=("L", "M", "Nd", "P", "Zs")), min_size=1, max_size=30).filter(lambda text: text.strip())
SYSTEMS = st.sampled_from(["", "https://records-exchange.example/id"])
PROFILES = st.builds(
    Profile, match=st.booleans(), open_to_service=st.booleans(), our_identifier_system=SYSTEMS,
    identifier_system=st.sampled_from([(), ("https://trust.example/id",)]),
)  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------- flags


@given(RECORD_IDS, st.sampled_from(sorted(ALERT_TEXT.values())), PLAIN | st.uuids().map(str), PROFILES)
def test_a_flag_reads_back_as_it_was_written(record_id: str, text: str, identifier: str, profile: Profile) -> None:
    content = flags.build_flag(record_id, text, identifier, profile)
    held = r4.read_one(json.dumps(json.loads(content) | {"id": "1"}).encode(), r4.Flag)
    assert flags.compare(held, record_id, text, profile) is None
    assert flags.is_ours(held, identifier, profile)
    assert set(json.loads(content)) == {"resourceType", "meta", "identifier", "status", "code", "subject"}
    assert faults_in(content) == []


@given(RECORD_IDS, PLAIN, PLAIN)
def test_anothers_flag_is_never_ours(record_id: str, identifier: str, other: str) -> None:
    assume(identifier != other)
    content = flags.build_flag(record_id, "high risk victim of domestic abuse", other, Profile())
    held = r4.read_one(json.dumps(json.loads(content) | {"id": "1"}).encode(), r4.Flag)
    assert not flags.is_ours(held, identifier, Profile())


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.text(min_size=1, max_size=8), JSON_VALUES, max_size=5), st.booleans())
def test_ending_changes_the_status_and_nothing_else(more: dict[str, Any], error: bool) -> None:
    held = {"resourceType": "Flag", "id": "1", **{f"x-{name}": value for name, value in more.items()}, "status": "active"}
    ended = json.loads(flags.with_status(json.dumps(held).encode(), flags.ended_status(error=error)))
    assert ended == held | {"status": "entered-in-error" if error else "inactive"}
    assert list(ended) == list(held)


# ---------------------------------------------------------------------------------------------------------------- tasks


@given(ACTIONS, PLAIN, PLAIN, PROFILES)
def test_a_task_is_known_again_and_stands_on_no_record(release: ActionRelease, text: str, reference: str, profile: Profile) -> None:
    release = replace(release, text=text, reference=reference, owner=release.owner.strip())
    content = build_task(release, profile)
    held = r4.read_one(json.dumps(json.loads(content) | {"id": "1"}).encode(), r4.Task)
    assert tasks.reference_of(held, tasks.references_by_token([reference], profile)) == reference
    assert not {"for", "focus", "encounter", "contained", "text", "basedOn"} & set(json.loads(content))
    assert json.loads(content)["restriction"]["period"]["end"] == release.due_on.isoformat()
    assert tasks.read_completion(held, reference, profile) is None


# -------------------------------------------------------------------------------------------------------------- lookups


def unescaped(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value)


@given(st.text(max_size=30))
def test_escaping_is_undone_and_leaves_no_separator(value: str) -> None:
    assert unescaped(escaped(value)) == value
    assert not re.search(r"(?<!\\)[,|$]", re.sub(r"\\\\", "", escaped(value)))


@given(LOOKUPS, PROFILES)
def test_questions_hold_what_is_known_and_never_more_than_may_be_asked(release: LookupRelease, profile: Profile) -> None:
    release = replace(release, postcode="ZZ9 4AA", sex=Sex.FEMALE)
    first, second = plan(release, profile).asked, plan_again(release, profile).asked
    assert len(first) <= MOST_QUESTIONS
    assert len(second) <= MOST_QUESTIONS
    assert not set(first) & set(second)
    for question in (*first, *second):
        assert "?" not in question.path
        assert b"ZZ9" not in question.body
        assert b"female" not in question.body


@given(st.lists(st.builds(PersonName, PLAIN, PLAIN), min_size=1, max_size=3), st.lists(BIRTH_DATES, max_size=3, unique=True))
def test_every_name_is_asked_with_every_date(names: list[PersonName], dates: list[BirthDate]) -> None:
    release = _asking(names=tuple(names), birth_dates=tuple(dates))
    questions = plan(release, Profile())
    asked = [dict(parse_qsl(question.body.decode(), keep_blank_values=True)) for question in questions.asked]
    pairs = {(unescaped(form["family"]), form.get("birthdate")) for form in asked}
    wanted = {(name.family, date) for name in names for date in ([day.iso() for day in dates] or [None])}
    assert pairs <= wanted
    assert pairs == wanted or not questions.complete


@given(st.lists(st.builds(PersonName, PLAIN, PLAIN), min_size=1, max_size=3), st.lists(BIRTH_DATES, max_size=3, unique=True))
def test_match_sends_a_patient_that_is_r4(names: list[PersonName], dates: list[BirthDate]) -> None:
    questions = plan(_asking(names=tuple(names), birth_dates=tuple(dates)), Profile(match=True))
    sent = [json.loads(question.body)["parameter"][0]["resource"] for question in questions.asked]
    assert [patient.get("birthDate") for patient in sent] == ([day.iso() for day in dates] or [None])
    for patient, question in zip(sent, questions.asked, strict=True):
        assert [(name["family"], name["given"]) for name in patient["name"]] == [(name.family, [name.given]) for name in names]
        assert set(patient) <= {"resourceType", "identifier", "name", "birthDate"}
        assert faults_in(question.body) == []


def _asking(**known: Any) -> LookupRelease:
    from tests.contract.asked import about

    return replace(about(), **known)


# ------------------------------------------------------------------------------------------------------------- patients

CANDIDATES = st.builds(
    Candidate, record_id=RECORD_IDS, names=st.lists(st.builds(PersonName, PLAIN, PLAIN), min_size=1, max_size=2).map(tuple),
    birth_dates=st.lists(BIRTH_DATES, max_size=1).map(tuple), sex=st.none() | st.sampled_from(Sex), nhs_number=st.none() | NHS_NUMBERS,
    restricted=st.booleans(), deceased=st.booleans(), superseded_by=st.none() | RECORD_IDS,
)  # fmt: skip


def as_patient(candidate: Candidate) -> dict[str, Any]:
    """A Patient that says what the candidate says; written here, not with the mapping under test."""
    patient: dict[str, Any] = {"resourceType": "Patient", "id": candidate.record_id}
    patient["name"] = [{"family": name.family, "given": [name.given, *name.middle]} for name in candidate.names]
    if candidate.birth_dates:
        patient["birthDate"] = candidate.birth_dates[0].iso()
    if candidate.sex:
        patient["gender"] = candidate.sex.value
    if candidate.nhs_number:
        patient["identifier"] = [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": candidate.nhs_number.value}]
    if candidate.restricted:
        patient["meta"] = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]}
    if candidate.deceased:
        patient["deceasedBoolean"] = True
    if candidate.superseded_by:
        patient["link"] = [{"other": {"reference": f"Patient/{candidate.superseded_by}"}, "type": "replaced-by"}]
    return patient


@given(st.lists(CANDIDATES, max_size=4, unique_by=lambda candidate: candidate.record_id))
def test_records_are_read_as_they_stand(candidates: list[Candidate]) -> None:
    entries = [{"resource": as_patient(candidate), "search": {"mode": "match"}} for candidate in candidates]
    page = {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}
    answer = read_pages([r4.read_search(json.dumps(page).encode())], Profile(), whole=True)  # type: ignore[list-item]
    assert answer.kind is (AnswerKind.CANDIDATES if candidates else AnswerKind.NOBODY)
    assert answer.candidates == tuple(_with_number_as_identifier(candidate) for candidate in candidates)


def _with_number_as_identifier(candidate: Candidate) -> Candidate:
    if candidate.nhs_number is None:
        return candidate
    return replace(candidate, identifiers=(LocalIdentifier("https://fhir.nhs.uk/Id/nhs-number", candidate.nhs_number.value),))
