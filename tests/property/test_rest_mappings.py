"""Police, housing and case system: whatever a name holds, what we send the interface allows, and what it writes we read as meant."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.agreements import Purpose
from gateway.domain.case_list import Address, BirthDate, PersonName, Phone, Sex
from gateway.domain.identifiers import ActionId, AgencyId, SystemKey
from gateway.domain.lookup import AnswerKind, Candidate
from gateway.domain.releases import CompletionRelease, LookupRelease
from mappings.case_system.completions import build_completion, is_told
from mappings.housing import persons as housing
from mappings.police import persons as police
from mappings.portions import MOST_SEARCHES
from tests.contract.stub_processes import AGENCIES, OpenApi
from tests.property.people import names, releases, texts, words

POLICE = OpenApi(AGENCIES / "northmoor-police" / "openapi.yaml")
HOUSING = OpenApi(AGENCIES / "northmoor-homes" / "openapi.yaml")
COORDINATOR = OpenApi(AGENCIES / "northmoor-marac" / "openapi.yaml")
record_ids = st.from_regex(r"[A-Za-z0-9-]{1,20}", fullmatch=True)


@settings(max_examples=60, deadline=None)
@given(releases)
def test_what_we_ask_the_police_their_interface_allows(release: LookupRelease) -> None:
    searches, complete = police.build_searches(release)
    assert len(searches) <= MOST_SEARCHES
    read = [json.loads(body) for body in searches]
    assert all(POLICE.request_is_valid("post", "/v1/persons/search", body) for body in read)
    sent = {name["familyName"] for body in read for name in body.get("names", ())}
    assert sent <= {name.family for name in release.names}
    if complete:
        assert sent == {name.family for name in release.names}


@settings(max_examples=60, deadline=None)
@given(releases)
def test_what_we_ask_the_landlord_their_interface_allows(release: LookupRelease) -> None:
    searches, complete = housing.build_searches(release)
    assert len(searches) <= MOST_SEARCHES
    read = [json.loads(body) for body in searches]
    assert all(HOUSING.request_is_valid("post", "/api/v1/search/persons", body) for body in read)
    sent = {name["surname"] for body in read if "surname" in body for name in (body, *body.get("otherNames", ()))}
    assert sent <= {name.family for name in release.names}
    if complete:
        assert sent == {name.family for name in release.names}


@settings(max_examples=60, deadline=None)
@given(releases)
def test_every_name_goes_with_every_whole_date_where_the_plan_is_complete(release: LookupRelease) -> None:
    searches, complete = police.build_searches(release)
    pairs = set()
    for body in map(json.loads, searches):
        born = [day for day in [body.get("dateOfBirth"), *body.get("otherDatesOfBirth", ())] if day]
        pairs |= {(name["familyName"], day) for name in body.get("names", ()) for day in born}
    if complete:
        assert pairs == {(n.family, d.iso()) for n in release.names for d in release.birth_dates if d.whole}


whole = st.dates(date(1900, 1, 1), date(2026, 1, 1)).map(BirthDate.of)
places = st.builds(Address, lines=st.tuples(words.filter(lambda w: "," not in w)), postcode=st.none() | words, current=st.booleans())
people = st.builds(
    Candidate,
    record_id=record_ids,
    names=st.lists(names, min_size=1, max_size=3, unique=True).map(tuple),
    birth_dates=st.lists(whole, max_size=1).map(tuple),
    sex=st.none() | st.sampled_from(Sex),
    addresses=st.lists(places, max_size=3).map(tuple),
    phones=st.lists(words, max_size=2).map(lambda numbers: tuple(map(Phone, numbers))),
    open_to_service=st.booleans(),
)


@given(st.lists(people, max_size=4), st.booleans(), releases)
def test_nominals_are_read_as_they_were_meant(written: list[Candidate], withheld: bool, release: LookupRelease) -> None:
    body = {"outcome": "matches" if written else "none", "candidates": [_nominal(one) for one in written], "someWithheld": withheld}
    answer = police.read_search(json.dumps(body).encode(), release)
    assert answer.kind is (AnswerKind.PROTECTED if withheld else AnswerKind.CANDIDATES if written else AnswerKind.NOBODY)
    for read, meant in zip(answer.candidates, written, strict=True):
        for field in ("record_id", "names", "birth_dates", "sex", "addresses", "phones", "open_to_service"):
            assert getattr(read, field) == getattr(meant, field), field


def _nominal(one: Candidate) -> dict[str, object]:
    return {
        "nominalId": one.record_id, "sex": one.sex.value if one.sex else "unknown", "openMatters": 3 if one.open_to_service else 0,
        "names": [{"use": "legal", "familyName": n.family, "givenName": n.given, "middleNames": " ".join(n.middle)} for n in one.names],
        **({"dateOfBirth": one.birth_dates[0].iso()} if one.birth_dates else {}),
        "addresses": [
            {"use": "current" if a.current else "previous", "lines": list(a.lines), **({"postcode": a.postcode} if a.postcode else {})}
            for a in one.addresses
        ],
        "telephones": [{"use": "home", "number": p.number} for p in one.phones],
    }  # fmt: skip


@given(st.lists(people, max_size=4), st.integers(0, 3), releases)
def test_persons_are_read_as_they_were_meant(written: list[Candidate], withheld: int, release: LookupRelease) -> None:
    body = {"results": {"persons": [_person(one) for one in written]}, "total": len(written), "totalWithheld": withheld}
    answer = housing.read_search(json.dumps(body).encode(), release).answer
    assert answer.kind is (AnswerKind.PROTECTED if withheld else AnswerKind.CANDIDATES if written else AnswerKind.NOBODY)
    for read, meant in zip(answer.candidates, written, strict=True):
        main, *former = meant.names
        assert read.names == tuple(dict.fromkeys([main, *(PersonName(name.family, name.given) for name in former)]))
        assert read.open_to_service is any(place.current for place in meant.addresses)
        for field in ("record_id", "birth_dates", "sex", "addresses", "phones"):
            assert getattr(read, field) == getattr(meant, field), field


def _person(one: Candidate) -> dict[str, object]:
    main, *former = one.names
    gender = {Sex.FEMALE: "F", Sex.MALE: "M", Sex.OTHER: "O"}
    return {
        "id": one.record_id, "firstName": main.given, "surname": main.family, "middleName": " ".join(main.middle),
        "formerNames": [{"firstName": n.given, "surname": n.family} for n in former],
        **({"dateOfBirth": one.birth_dates[0].iso()} if one.birth_dates else {}),
        **({"gender": gender[one.sex]} if one.sex else {}),
        "contactNumbers": [p.number for p in one.phones],
        "tenures": [
            {"assetFullAddress": a.lines[0], "isActive": a.current, **({"postcode": a.postcode} if a.postcode else {})} for a in one.addresses
        ],
    }  # fmt: skip


@given(st.binary(max_size=300) | st.recursive(st.none() | st.booleans() | st.floats() | texts, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8).map(lambda value: json.dumps(value).encode()), releases)  # fmt: skip
def test_anything_else_is_no_answer_and_never_a_crash(content: bytes, release: LookupRelease) -> None:
    assert police.read_search(content, release).kind is AnswerKind.FAILED
    assert housing.read_search(content, release).answer.kind is AnswerKind.FAILED


moments = st.integers(0, 10**15).map(lambda microseconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds))


@given(st.sampled_from(["completed", "not_possible", "not_done"]), texts, moments, st.uuids().map(ActionId))
def test_a_completion_that_is_held_is_known_for_ours(outcome: str, detail: str, at: datetime, action_id: ActionId) -> None:
    release = CompletionRelease(
        agency_id=AgencyId("ashby"), system=SystemKey("ashby/cases"), purpose=Purpose.COMPLETION, agreement_version="v1",
        action_id=action_id, reference="ref-12345678", case_number="NM-101", agency=AgencyId("ashby"), outcome=outcome,
        detail=detail, completed_at=at,
    )  # fmt: skip
    body = json.loads(build_completion(release))
    assert COORDINATOR.request_is_valid("put", "/cases/NM-101/actions/ref-12345678/completion", body)
    held = body | {"caseRef": "NM-101", "actionRef": "ref-12345678", "receivedAt": "2026-01-01T00:00:00Z"}
    assert is_told(json.dumps(held).encode(), release)
    assert not is_told(json.dumps(held | {"detail": f"{detail} more"}).encode(), release)
