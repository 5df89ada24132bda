"""The FHIR connector against Medplum's router and in-memory repository: a FHIR server that we did not write, on Node.

It says nothing of $match, of subjects' views or of tokens, so a view here is a resource of its own that an alert must leave alone.
Its text search matches anywhere in a name, and it does not hold codes to their value sets; nothing here leans on either.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.connectors import Destination
from adapters.faults import Fault
from gateway.domain.agreements import Capability, SystemKind
from gateway.domain.case_list import PersonName, Role
from gateway.domain.flags import ALERT_TEXT
from gateway.domain.identifiers import LocalIdentifier
from gateway.domain.lookup import Answer, AnswerKind
from gateway.domain.receipts import FlagFinding, FlagReport
from gateway.domain.releases import FlagRelease
from mappings.fhir_r4.flag import build_flag
from mappings.fhir_r4.profile import Profile
from mappings.fhir_r4.searches import plan
from mappings.fhir_r4.task import build_task
from tests.contract.asked import about, action, alert, alert_check, alert_end, destination, poll
from tests.contract.fhir_trust_asked import run
from tests.peers.node import NodePeer, ensure_installed, start_node

NHS = "https://fhir.nhs.uk/Id/nhs-number"
OWN = "https://trust.example/id"
CAN = frozenset({
    Capability.SEARCH, Capability.OPEN_TO_SERVICE, Capability.HIDDEN_FLAG, Capability.SUBJECT_VIEW, Capability.CONDITIONAL_CREATE,
    Capability.CONDITIONAL_UPDATE, Capability.WORK_ITEMS, Capability.WORK_ITEM_POLL,
})  # fmt: skip
Json = dict[str, Any]


@pytest.fixture(scope="module")
def peer() -> Iterator[NodePeer]:
    folder = ensure_installed(Path(__file__).parents[1] / "peers" / "fhir")
    with start_node(folder / "server.mjs") as running:
        yield running


def send(peer: NodePeer, method: str, path: str, body: Json | None = None, headers: Mapping[str, str] | None = None) -> Json:
    """What somebody else does at the server, without our code."""
    answer = httpx.request(method, f"{peer.url}/{path}", json=body, headers=dict(headers or {}), trust_env=False)
    told: Json = answer.raise_for_status().json()
    return told


def patient(peer: NodePeer, family: str, given: str, born: str = "1991-07-23", **more: Any) -> str:
    """A new record; its id."""
    record = {"resourceType": "Patient", "name": [{"family": family, "given": [given]}], "birthDate": born, **more}
    return str(send(peer, "POST", "Patient", record)["id"])


def trust(peer: NodePeer, **options: str) -> Destination:
    named = {"identifier_system": OWN, "subject_view_00": "/Patient/{record_id}", **options}
    return destination(SystemKind.FHIR_R4, peer.url, key="medplum/record", capabilities=CAN, options=named)


def look_up(peer: NodePeer, *asked: Any, **more: Any) -> Answer:
    answer = run(trust(peer), lambda c: c.look_up(about(*asked, **more), False))
    assert isinstance(answer, Answer), answer
    return answer


# -------------------------------------------------------------------------------------------------------------- look-ups


def test_somebody_is_found_by_name_and_date_of_birth(peer: NodePeer) -> None:
    record_id = patient(peer, "Abara", "Nkechi", identifier=[{"system": NHS, "value": "9990000018"}], gender="female")
    answer = look_up(peer, "Abara", "Nkechi", date(1991, 7, 23))
    assert answer.kind is AnswerKind.CANDIDATES
    (found,) = answer.candidates
    assert (found.record_id, found.names, found.open_to_service) == (record_id, (PersonName("Abara", "Nkechi"),), False)
    assert found.nhs_number is not None
    assert found.nhs_number.value == "9990000018"


def test_open_to_services_comes_with_the_search(peer: NodePeer) -> None:
    record_id = patient(peer, "Bello", "Amina")
    episode = {"resourceType": "EpisodeOfCare", "status": "active", "patient": {"reference": f"Patient/{record_id}"}}
    send(peer, "POST", "EpisodeOfCare", episode)
    assert [c.open_to_service for c in look_up(peer, "Bello", "Amina", date(1991, 7, 23)).candidates] == [True]


def test_by_numbers_in_their_systems_only(peer: NodePeer) -> None:
    record_id = patient(peer, "Chukwu", "Obi", identifier=[{"system": OWN, "value": "H-77"}, {"system": NHS, "value": "9990000026"}])
    patient(peer, "Other", "Person", "1950-01-01", identifier=[{"system": "https://elsewhere.example", "value": "H-77"}])
    own = look_up(peer, "", "", None, numbers=(LocalIdentifier("trust", "H-77"),))
    assert [candidate.record_id for candidate in own.candidates] == [record_id]
    number = look_up(peer, "", "", None, nhs_number="9990000026")
    assert [candidate.record_id for candidate in number.candidates] == [record_id]


def test_letters_outside_ascii_and_separators_in_names(peer: NodePeer) -> None:
    record_id = patient(peer, "Ó Súilleabháin", "Siobhán")
    assert [c.record_id for c in look_up(peer, "Ó Súilleabháin", "Siobhán", date(1991, 7, 23)).candidates] == [record_id]
    awkward = patient(peer, "Comma, Jr", "Max")
    assert [c.record_id for c in look_up(peer, "Comma, Jr", "Max", date(1991, 7, 23)).candidates] == [awkward]


def test_twins_stand_beside_each_other(peer: NodePeer) -> None:
    both = {patient(peer, "Danjuma", given) for given in ("Hassana", "Hussaina")}
    assert {c.record_id for c in look_up(peer, "Danjuma", "Hassana", date(1991, 7, 23)).candidates} == both


def test_a_mistyped_date_is_found_by_the_year(peer: NodePeer) -> None:
    record_id = patient(peer, "Eze", "Ngozi", "1991-07-23")
    assert [c.record_id for c in look_up(peer, "Eze", "Ngozi", date(1991, 3, 12)).candidates] == [record_id]


def test_nobody(peer: NodePeer) -> None:
    assert look_up(peer, "Xylander", "Quentin", date(1931, 3, 3)).kind is AnswerKind.NOBODY


def test_more_than_a_page_is_not_taken_for_all(peer: NodePeer) -> None:
    for number in range(23):
        patient(peer, "Fashola", f"Ade{number}")
    answer = look_up(peer, "Fashola", "Ade", date(1991, 7, 23))
    whole = answer.kind is AnswerKind.CANDIDATES and len(answer.candidates) == 23
    assert whole or answer.kind is AnswerKind.TOO_MANY


# ---------------------------------------------------------------------------------------------------------------- alerts


def unique(record_id: str, role: Role = Role.VICTIM) -> FlagRelease:
    return alert(record_id, identifier=str(uuid.uuid4()), text=ALERT_TEXT[role])


def place(peer: NodePeer, release: FlagRelease, unsure: bool = False, **options: str) -> FlagReport:
    report = run(trust(peer, **options), lambda c: c.place_flag(release, unsure))
    assert isinstance(report, FlagReport), report
    return report


def held(peer: NodePeer, record_id: str) -> list[Json]:
    """Every Flag on a record, asked without our code."""
    return [entry["resource"] for entry in send(peer, "GET", f"Flag?patient={record_id}").get("entry", ())]


@pytest.mark.parametrize("role", [Role.VICTIM, Role.PERPETRATOR])
def test_an_alert_is_placed_once_with_words_and_labels(peer: NodePeer, role: Role) -> None:
    record_id = patient(peer, "Garba", "Ladi")
    release = unique(record_id, role)
    reports = [place(peer, release), place(peer, release), place(peer, release, unsure=True)]
    assert [report.finding for report in reports] == [FlagFinding.PLACED] * 3
    (flag,) = held(peer, record_id)
    assert flag["code"] == {"text": ALERT_TEXT[role]}
    assert [label["code"] for label in flag["meta"]["security"]] == ["V", "SDV", "NOPAT", "NOLIST"]
    assert {report.remote_id for report in reports} == {flag["id"]}


def test_two_that_carry_our_identifier_are_reported_and_both_ended(peer: NodePeer) -> None:
    record_id = patient(peer, "Haruna", "Zainab")
    release = unique(record_id)
    for _ in range(2):
        send(peer, "POST", "Flag", json.loads(build_flag(record_id, release.text, release.identifier, Profile())))
    report = place(peer, release)
    assert report.finding is FlagFinding.ALTERED
    ended = run(trust(peer), lambda c: c.end_flag(replace(alert_end(release), error=True), False))
    assert isinstance(ended, FlagReport)
    assert ended.finding is FlagFinding.ENDED
    assert [flag["status"] for flag in held(peer, record_id)] == ["entered-in-error"] * 2


def test_an_alert_that_a_view_shows_is_found_out(peer: NodePeer) -> None:
    """A portal that lists the Flags of the record, as one that does not honour labels would."""
    record_id = patient(peer, "Idris", "Musa")
    report = place(peer, unique(record_id), subject_view_01="/Flag?patient={record_id}", subject_holds_01="searchset")
    assert report.finding is FlagFinding.SEEN_BY_SUBJECT


def test_a_change_by_somebody_else_is_found_by_a_check(peer: NodePeer) -> None:
    record_id, other = patient(peer, "Jibril", "Sani"), patient(peer, "Kalu", "Ify")
    release = unique(record_id)
    placed = place(peer, release)
    flag = send(peer, "GET", f"Flag/{placed.remote_id}")
    for changes, expected in (({"code": {"text": "other words"}}, FlagFinding.ALTERED),
                              ({"subject": {"reference": f"Patient/{other}"}}, FlagFinding.WRONG_RECORD)):  # fmt: skip
        send(peer, "PUT", f"Flag/{placed.remote_id}", flag | changes)
        found = run(trust(peer), lambda c: c.check_flag(alert_check(release), False))
        assert isinstance(found, FlagReport)
        assert found.finding is expected


def test_an_alert_is_ended_with_everything_else_left_as_it_was(peer: NodePeer) -> None:
    record_id = patient(peer, "Lawal", "Bisi")
    release = unique(record_id)
    placed = place(peer, release)
    before = send(peer, "GET", f"Flag/{placed.remote_id}")
    added = before | {"extension": [{"url": "https://trust.example/ward", "valueString": "7b"}]}
    send(peer, "PUT", f"Flag/{placed.remote_id}", added)
    ended = run(trust(peer), lambda c: c.end_flag(alert_end(release), False))
    assert isinstance(ended, FlagReport)
    assert ended.finding is FlagFinding.ENDED
    (after,) = held(peer, record_id)
    drop = {"meta", "status"}
    assert {k: v for k, v in after.items() if k not in drop} == {k: v for k, v in added.items() if k not in drop}
    assert after["status"] == "inactive"
    assert after["meta"]["security"] == before["meta"]["security"]


# ------------------------------------------------------------------------------------------------------------ work items


def test_an_action_and_the_answer_to_it(peer: NodePeer) -> None:
    reference = str(uuid.uuid4())
    for unsure in (False, False, True):
        sent = run(trust(peer), lambda c, unsure=unsure: c.send_action(action(reference), unsure))
        assert not isinstance(sent, Fault)
        assert sent.accepted
    found = send(peer, "GET", f"Task?identifier=urn:ietf:rfc:3986|urn:uuid:{reference}")["entry"]
    (task,) = [entry["resource"] for entry in found]
    assert {"for", "focus"}.isdisjoint(task)
    reason = {"coding": [{"system": "https://trust.example/outcome", "code": "circumstances-changed"}]}
    done = {"status": "cancelled", "statusReason": reason, "note": [{"text": "Moved away"}], "lastModified": "2026-11-20T10:00:00Z"}
    send(peer, "PUT", f"Task/{task['id']}", task | done)
    report = run(trust(peer), lambda c: c.poll_actions(poll(reference, str(uuid.uuid4())), False))
    assert not isinstance(report, Fault)
    assert report.present == {reference}
    assert [(c.reference, c.outcome, c.detail) for c in report.completions] == [(reference, "not_possible", "Moved away")]


# ------------------------------------------------------------------------------------------- judged by R4's definitions


def problems(peer: NodePeer, content: bytes) -> list[Json]:
    """What Medplum's validator, which knows R4 4.0.1 by its own definitions, finds in a resource."""
    told = httpx.post(f"{peer.url}/$check", content=content, headers={"Content-Type": "application/fhir+json"}, trust_env=False).json()
    return [issue for issue in told["issue"] if issue["severity"] in ("error", "fatal")]


def test_everything_that_we_build_is_r4(peer: NodePeer) -> None:
    names = (PersonName("Abara", "Nkechi", ("Ada",)), PersonName("Abara-Bello"))
    asked = replace(about(nhs_number="9990000018"), names=names)
    match = plan(asked, Profile(match=True)).asked
    built = [
        *(build_flag("NM1", words, "ref-1", Profile(our_identifier_system="https://x.example")) for words in ALERT_TEXT.values()),
        build_flag("NM1", ALERT_TEXT[Role.VICTIM], str(uuid.uuid4()), Profile()),
        build_task(action(str(uuid.uuid4())), Profile()),
        *(question.body for question in match),
        *(json.dumps(json.loads(question.body)["parameter"][0]["resource"]).encode() for question in match),
    ]
    assert [problems(peer, content) for content in built] == [[]] * len(built)


def test_the_judge_judges(peer: NodePeer) -> None:
    flag = json.loads(build_flag("NM1", ALERT_TEXT[Role.VICTIM], "ref-1", Profile()))
    for spoilt in ({name: value for name, value in flag.items() if name != "subject"}, flag | {"status": 7}, flag | {"bogus": "x"}):
        assert problems(peer, json.dumps(spoilt).encode())
