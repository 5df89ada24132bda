"""What a FHIR server's reply means: a truth table whose rows are situations."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway.domain.case_list import BirthDate, PersonName, Sex
from gateway.domain.error_codes import Code
from gateway.domain.identifiers import LocalIdentifier
from gateway.domain.lookup import Answer, AnswerKind
from gateway.domain.receipts import FlagFinding
from mappings.fhir_r4 import flag as flags
from mappings.fhir_r4 import outcome as outcomes
from mappings.fhir_r4 import resources as r4
from mappings.fhir_r4 import task as tasks
from mappings.fhir_r4.patient import id_in, read_match, read_open, read_pages
from mappings.fhir_r4.profile import Profile
from mappings.strict_json import Unreadable

NHS = "https://fhir.nhs.uk/Id/nhs-number"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
USUAL = Profile()
Json = dict[str, Any]


def patient(**changes: Any) -> Json:
    usual = {
        "resourceType": "Patient", "id": "NM1", "name": [{"use": "official", "family": "Achebe", "given": ["Chidi", "Ike"]}],
        "birthDate": "1991-07-23", "gender": "male",
        "identifier": [{"system": NHS, "value": "9990000018"}, {"system": "https://trust.example/id", "value": "NM1"}],
    }  # fmt: skip
    return {name: value for name, value in (usual | changes).items() if value is not None}


def bundle(*resources: Json, **changes: Any) -> Json:
    entries = [{"resource": resource, "search": {"mode": "match"}} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(resources), "entry": entries, **changes}


def episode(status: str, of: str = "Patient/NM1") -> Json:
    return {"resourceType": "EpisodeOfCare", "id": "e1", "status": status, "patient": {"reference": of}}


def issue(code: str, severity: str = "error", **more: Any) -> Json:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code, **more}]}


def parsed(resource: Json) -> Any:
    return r4.read_search(json.dumps(resource).encode())


def answer(*pages: Json, profile: Profile = USUAL, whole: bool = True) -> Answer:
    return read_pages([parsed(page) for page in pages], profile, whole=whole)


def only_candidate(**changes: Any) -> Any:
    return answer(bundle(patient(**changes))).candidates[0]


# ------------------------------------------------------------------------------------------------- what kind of answer


@pytest.mark.parametrize(
    ("pages", "whole", "kind", "reason"),
    [
        ([bundle()], True, AnswerKind.NOBODY, ""),
        ([bundle(patient())], True, AnswerKind.CANDIDATES, ""),
        ([bundle(total=None)], True, AnswerKind.NOBODY, ""),
        ([bundle(total=1)], True, AnswerKind.MAYBE_HIDDEN, Code.ANSWER_INCOMPLETE),
        ([bundle(patient(), total=2)], True, AnswerKind.TOO_MANY, Code.ANSWER_INCOMPLETE),
        ([bundle()], False, AnswerKind.MAYBE_HIDDEN, Code.ANSWER_INCOMPLETE),
        ([bundle(patient())], False, AnswerKind.TOO_MANY, Code.ANSWER_INCOMPLETE),
        ([bundle(patient(), total=2), bundle(patient(id="NM2"), total=2)], True, AnswerKind.CANDIDATES, ""),
        ([bundle(issue("suppressed", "warning"), total=0)], True, AnswerKind.MAYBE_HIDDEN, Code.RECORD_MAYBE_HIDDEN),
        ([bundle(issue("security", "warning"), total=0)], True, AnswerKind.MAYBE_HIDDEN, Code.RECORD_MAYBE_HIDDEN),
        ([bundle(issue("not-supported", "warning"), total=0)], True, AnswerKind.MAYBE_HIDDEN, Code.ANSWER_INCOMPLETE),
        ([bundle(patient(), issue("not-supported", "warning"), total=1)], True, AnswerKind.MAYBE_HIDDEN, Code.ANSWER_INCOMPLETE),
        ([bundle(issue("too-costly", "warning"), total=0)], True, AnswerKind.TOO_MANY, Code.TOO_MANY_MATCHES),
        ([bundle(issue("informational", "information"), total=0)], True, AnswerKind.NOBODY, ""),
    ],
)
def test_only_a_whole_and_silent_answer_without_entries_is_nobody(pages: list[Json], whole: bool, kind: AnswerKind, reason: str) -> None:
    cleaned = [{name: value for name, value in page.items() if value is not None} for page in pages]
    found = answer(*cleaned, whole=whole)
    assert (found.kind, found.reason) == (kind, reason)


@pytest.mark.parametrize(
    ("outcome", "kind", "reason"),
    [
        (issue("multiple-matches", "information"), AnswerKind.TOO_MANY, Code.TOO_MANY_MATCHES),
        (issue("too-costly"), AnswerKind.TOO_MANY, Code.TOO_MANY_MATCHES),
        (issue("processing", details={"coding": [{"code": "TOO_MANY_MATCHES"}]}), AnswerKind.TOO_MANY, Code.TOO_MANY_MATCHES),
        (issue("suppressed"), AnswerKind.MAYBE_HIDDEN, Code.RECORD_MAYBE_HIDDEN),
        (issue("invalid"), AnswerKind.FAILED, Code.AGENCY_REFUSED),
        (issue("forbidden"), AnswerKind.FAILED, Code.AGENCY_REFUSED),
        (issue("not-found"), AnswerKind.FAILED, Code.AGENCY_REFUSED),
    ],
)
def test_an_outcome_instead_of_a_searchset_is_never_nobody(outcome: Json, kind: AnswerKind, reason: str) -> None:
    found = outcomes.as_answer(parsed(outcome))
    assert (found.kind, found.reason) == (kind, reason)


@pytest.mark.parametrize(("code", "severity", "passing"), [
    ("transient", "error", True), ("throttled", "error", True), ("exception", "fatal", True), ("timeout", "error", True),
    ("transient", "warning", False), ("invalid", "error", False),
])  # fmt: skip
def test_what_the_server_says_will_pass(code: str, severity: str, passing: bool) -> None:
    assert outcomes.passes(parsed(issue(code, severity))) is passing


def test_as_many_matches_as_were_asked_for_are_too_many() -> None:
    page = parsed(bundle(*(patient(id=f"NM{number}") for number in range(20))))
    assert read_match(page, USUAL).kind is AnswerKind.TOO_MANY
    assert read_match(parsed(bundle(patient())), USUAL).kind is AnswerKind.CANDIDATES


def test_a_record_that_comes_twice_is_one_candidate() -> None:
    assert len(answer(bundle(patient(), patient())).candidates) == 1


@pytest.mark.parametrize(
    "content",
    [
        bundle({"resourceType": "Observation", "id": "o1", "status": "final"}),
        bundle({"resourceType": "Flag", "id": "f1", "status": "active", "code": {}, "subject": {}}),
        bundle(patient(id=None)),
        bundle(patient(id="")),
        bundle(patient(id="../../x")),
        bundle(patient(birthDate="23/07/1991")),
        bundle(patient(birthDate="1991-02-30")),
        bundle(patient(birthDate=19910723)),
        bundle(patient(gender="M")),
        bundle(patient(name="Achebe")),
        bundle(patient(identifier=[{"use": "bogus", "value": "1"}])),
        bundle(patient(), type="history"),
        patient(),
        {"resourceType": "Bundle"},
        {"no": "type"},
        ["a", "list"],
    ],
)
def test_another_shape_is_refused_whole(content: Any) -> None:
    with pytest.raises(Unreadable) as refused:
        answer(content)
    assert refused.value.code is Code.REPLY_UNEXPECTED


# ----------------------------------------------------------------------------------------------------- what a record says


def test_a_record_is_reduced_to_what_matters() -> None:
    found = only_candidate(
        address=[{"use": "home", "line": ["1 High Street"], "city": "Northmoor", "postalCode": "ZZ9 4AA"}, {"use": "old", "line": ["2"]}],
        telecom=[{"system": "phone", "value": "07700900123"}, {"system": "email", "value": "a@example.org"}],
    )
    assert found.record_id == "NM1"
    assert found.names == (PersonName("Achebe", "Chidi", ("Ike",)),)
    assert found.birth_dates == (BirthDate.of(date(1991, 7, 23)),)
    assert found.sex is Sex.MALE
    assert found.nhs_number is not None
    assert found.nhs_number.value == "9990000018"
    assert LocalIdentifier("https://trust.example/id", "NM1") in found.identifiers
    assert [(a.lines, a.postcode, a.current) for a in found.addresses] == [
        (("1 High Street", "Northmoor"), "ZZ9 4AA", True),
        (("2",), None, False),
    ]
    assert [phone.number for phone in found.phones] == ["07700900123"]
    assert (found.restricted, found.deceased, found.superseded_by, found.open_to_service) == (False, False, None, None)


def test_former_names_stand_behind_the_present_one() -> None:
    found = only_candidate(name=[{"use": "maiden", "family": "Okoro"}, {"family": "Achebe", "given": [None, "Ada"]}, {"text": "no parts"}])
    assert found.names == (PersonName("Achebe", "Ada"), PersonName("Okoro"))


@pytest.mark.parametrize("label", ["R", "V", "REDACTED"])
def test_a_labelled_record_is_restricted(label: str) -> None:
    assert only_candidate(meta={"security": [{"system": CONFIDENTIALITY, "code": label}]}).restricted


def test_a_normal_label_restricts_nothing() -> None:
    assert not only_candidate(meta={"security": [{"system": CONFIDENTIALITY, "code": "N"}]}).restricted


@pytest.mark.parametrize(
    "identifiers",
    [
        [],
        [{"system": "https://elsewhere.example/nhs", "value": "9990000018"}],
        [{"value": "9990000018"}],
        [{"system": NHS, "value": "9990000019"}],
        [{"system": NHS, "value": "9990000018"}, {"system": NHS, "value": "9990000026"}],
        [{"system": NHS, "use": "old", "value": "9990000018"}],
        [{"system": NHS}],
    ],
)
def test_an_nhs_number_counts_under_its_system_only_and_when_there_is_one(identifiers: list[Json]) -> None:
    assert only_candidate(identifier=identifiers).nhs_number is None


def test_the_present_number_counts_beside_an_old_one() -> None:
    numbers = [{"system": NHS, "use": "old", "value": "9990000026"}, {"system": NHS, "value": "999 000 0018"}]
    assert only_candidate(identifier=numbers).nhs_number.value == "9990000018"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"active": False}, ""),
        ({"active": False, "link": [{"other": {"reference": "Patient/NM9"}, "type": "replaced-by"}]}, "NM9"),
        ({"link": [{"other": {"reference": "https://trust.example/fhir/Patient/NM9/_history/2"}, "type": "replaced-by"}]}, "NM9"),
        ({"link": [{"other": {"reference": "Patient/NM9"}, "type": "seealso"}]}, None),
        ({"active": True}, None),
    ],
)
def test_a_record_that_was_merged_away_says_so(changes: Json, expected: str | None) -> None:
    assert only_candidate(**changes).superseded_by == expected


@pytest.mark.parametrize("changes", [{"deceasedBoolean": True}, {"deceasedDateTime": "2026-05-04"}])
def test_the_dead_are_marked(changes: Json) -> None:
    assert only_candidate(**changes).deceased


@pytest.mark.parametrize(("status", "expected"), [
    ("active", True), ("onhold", True), ("waitlist", True), ("finished", False), ("planned", False), ("cancelled", False),
])  # fmt: skip
def test_open_to_services_by_the_status_of_an_episode(status: str, expected: bool) -> None:
    page = bundle(patient(), episode(status), total=1)
    assert answer(page, profile=Profile(open_to_service=True)).candidates[0].open_to_service is expected
    assert read_open(parsed(page), "NM1", USUAL) is expected


def test_an_answer_without_episodes_or_not_whole_does_not_say_who_is_not_open() -> None:
    """A server may ignore _revinclude; and the episode that matters may be on the page that was not read."""
    profile = Profile(open_to_service=True)
    assert answer(bundle(patient(), total=1), profile=profile).candidates[0].open_to_service is None
    for others, expected in ((episode("active"), True), (episode("finished"), None), (episode("active", "Patient/NM2"), None)):
        cut_off = answer(bundle(patient(), others, total=1), profile=profile, whole=False)
        assert cut_off.candidates[0].open_to_service is expected


def test_an_episode_of_somebody_else_opens_nothing() -> None:
    page = bundle(patient(), episode("active", "Patient/NM2"), total=1)
    assert answer(page, profile=Profile(open_to_service=True)).candidates[0].open_to_service is False


@pytest.mark.parametrize(("reference", "expected"), [
    ("Patient/1", "1"), ("https://h/fhir/Patient/1", "1"), ("Patient/1/_history/3", "1"), ("Group/1", ""), ("1", ""), ("", ""),
])  # fmt: skip
def test_the_id_in_a_reference(reference: str, expected: str) -> None:
    assert id_in(reference) == expected


# ------------------------------------------------------------------------------------------------------------------ flags

WORDS = "high risk victim of domestic abuse"


def written_flag(**changes: Any) -> r4.Flag:
    sent = json.loads(flags.build_flag("NM1", WORDS, "ref-1", USUAL)) | {"id": "f1"} | changes
    read: r4.Flag = r4.read_one(json.dumps(sent).encode(), r4.Flag)
    return read


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({}, None),
        ({"subject": {"reference": "https://trust.example/fhir/Patient/NM1"}}, None),
        ({"subject": {"reference": "https://elsewhere.example/fhir/Patient/NM1"}}, FlagFinding.WRONG_RECORD),
        ({"text": {"status": "generated", "div": "<div>made by the server</div>"}}, None),
        ({"subject": {"reference": "Patient/NM2"}}, FlagFinding.WRONG_RECORD),
        ({"subject": {"reference": "Location/NM1"}}, FlagFinding.WRONG_RECORD),
        ({"code": {"text": WORDS.upper()}}, FlagFinding.ALTERED),
        ({"code": {"text": WORDS + " "}}, FlagFinding.ALTERED),
        ({"code": {"text": WORDS, "coding": [{"code": "1", "display": "alert"}]}}, FlagFinding.ALTERED),
        ({"status": "inactive"}, FlagFinding.ALTERED),
        ({"meta": {}}, FlagFinding.ALTERED),
        ({"meta": {"security": [{"system": CONFIDENTIALITY, "code": "V"}]}}, FlagFinding.ALTERED),
    ],
)
def test_a_flag_that_was_read_back_is_compared_word_for_word(changes: Json, finding: FlagFinding | None) -> None:
    assert flags.compare(written_flag(**changes), "NM1", WORDS, USUAL, "https://trust.example/fhir") is finding


def test_labels_that_the_server_adds_do_no_harm() -> None:
    labels = json.loads(flags.build_flag("NM1", WORDS, "ref-1", USUAL))["meta"]["security"]
    more = {"security": [*labels, {"system": CONFIDENTIALITY, "code": "R"}], "versionId": "1"}
    assert flags.compare(written_flag(meta=more), "NM1", WORDS, USUAL) is None


@pytest.mark.parametrize(("identifiers", "profile", "ours"), [
    ([{"value": "ref-1"}], USUAL, True),
    ([{"system": "https://else.example", "value": "ref-1"}], Profile(our_identifier_system="https://x.example"), False),
    ([{"system": "https://x.example", "value": "ref-1"}], Profile(our_identifier_system="https://x.example"), True),
    ([{"system": "https://x.example", "value": "ref-2"}], Profile(our_identifier_system="https://x.example"), False),
    ([], USUAL, False),
])  # fmt: skip
def test_only_what_carries_our_identifier_is_ours(identifiers: list[Json], profile: Profile, ours: bool) -> None:
    assert flags.is_ours(written_flag(identifier=identifiers), "ref-1", profile) is ours


# ------------------------------------------------------------------------------------------------------------------ tasks


def task(**changes: Any) -> r4.Task:
    usual = {"resourceType": "Task", "id": "t1", "status": "requested", "intent": "order", "identifier": [{"value": "ref-1"}]}
    read: r4.Task = r4.read_one(json.dumps(usual | {"lastModified": "2026-11-02T09:30:00Z"} | changes).encode(), r4.Task)
    return read


def reason(code: str) -> Json:
    return {"coding": [{"system": "https://trust.example/outcome", "code": code}]}


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"status": "requested"}, None),
        ({"status": "accepted"}, None),
        ({"status": "in-progress"}, None),
        ({"status": "completed"}, "completed"),
        ({"status": "cancelled", "statusReason": reason("circumstances-changed")}, "not_possible"),
        ({"status": "rejected", "statusReason": reason("not-possible")}, "not_possible"),
        ({"status": "failed", "statusReason": reason("not-done")}, "not_done"),
        ({"status": "failed"}, "not_done"),
        ({"status": "rejected"}, "not_done"),
    ],
)
def test_how_a_task_ended(changes: Json, outcome: str | None) -> None:
    found = tasks.read_completion(task(**changes), "ref-1", USUAL)
    assert (found.outcome if found else None) == outcome


def test_what_was_done_is_told_in_the_words_of_whoever_did_it() -> None:
    done = task(
        status="completed",
        output=[{"type": reason("detail"), "valueString": "Seen on the ward"}, {"type": reason("completed-by"), "valueString": "A. Nurse"}],
        note=[{"text": "Plan updated"}, {"text": "Seen on the ward"}],
        executionPeriod={"end": "2026-11-03T10:00:00+01:00"},
    )
    found = tasks.read_completion(done, "ref-1", USUAL)
    assert found is not None
    assert found.detail == "Seen on the ward\nPlan updated"
    assert found.completed_at == datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
    assert (found.reference, found.source, found.key) == ("ref-1", "poll", "t1:completed")


def test_touched_again_after_its_end_it_is_the_same_answer() -> None:
    first, later = task(status="completed", meta={"versionId": "3"}), task(status="completed", meta={"versionId": "4"})
    one, two = (tasks.read_completion(each, "ref-1", USUAL) for each in (first, later))
    assert one is not None
    assert two is not None
    assert one.key == two.key


def test_a_task_that_does_not_say_when_is_not_an_answer() -> None:
    with pytest.raises(Unreadable):
        tasks.read_completion(task(status="completed", lastModified="soon"), "ref-1", USUAL)


def test_a_task_is_known_by_our_identifier_and_by_no_other() -> None:
    profile = Profile(our_identifier_system="https://x.example")
    known = tasks.references_by_token(["ref-1", "ref-2"], profile)
    ours = task(identifier=[{"system": "https://theirs.example", "value": "ref-2"}, {"system": "https://x.example", "value": "ref-1"}])
    assert tasks.reference_of(ours, known) == "ref-1"
    assert tasks.reference_of(task(identifier=[{"system": "https://theirs.example", "value": "ref-1"}]), known) is None


def test_a_task_entered_in_error_is_not_there() -> None:
    page = parsed(bundle({"resourceType": "Task", "id": "t1", "status": "entered-in-error"}))
    assert tasks.read_tasks([page]) == []
    with pytest.raises(Unreadable):
        tasks.read_tasks([parsed(bundle(patient()))])
