"""Look-ups on scripted servers: odd pages, odd statuses, servers that ignore what they should heed. None of it is ever "nobody"."""

from __future__ import annotations

import httpx
import pytest
import respx

from adapters.faults import Fault, Permanent, Transient
from gateway.domain.agreements import Capability
from gateway.domain.error_codes import Code
from gateway.domain.lookup import Answer, AnswerKind
from tests.contract.asked import about
from tests.contract.fhir_scripted import (
    BASE,
    WRITING,
    look_up,
    outcome,
    patient,
    replies,
    searchset,
    status,
    told,
)
from tests.contract.fhir_trust_asked import EVERYTHING, SEARCHING

# ----------------------------------------------------------------------------------------------------------------- pages


@pytest.mark.parametrize("following", [f"{BASE}/Patient?_page=abc.20", "/fhir/Patient?_page=abc.20", "Patient?_page=abc.20"])
def test_a_next_page_at_the_same_place_is_read(following: str) -> None:
    with respx.mock() as router:
        router.post(f"{BASE}/Patient/_search").mock(side_effect=replies(searchset(patient(1), following=following)))
        second = router.get(f"{BASE}/Patient?_page=abc.20").mock(side_effect=replies(searchset(patient(2))))
        found = look_up()
        assert isinstance(found, Answer)
        assert (found.kind, [c.record_id for c in found.candidates]) == (AnswerKind.CANDIDATES, ["NM1", "NM2"])
        assert second.call_count == 1


@pytest.mark.parametrize(
    "following",
    [
        "https://elsewhere.example/fhir/Patient?_page=abc",
        "http://trust.example/fhir/Patient?_page=abc",
        "https://trust.example:8443/fhir/Patient?_page=abc",
        "https://trust.example@elsewhere.example/fhir/Patient?_page=abc",
        "//elsewhere.example/fhir/Patient?_page=abc",
        f"{BASE}/Patient?family=Achebe&birthdate=1991-07-23&_page=2",
        f"{BASE}/Patient?name:exact=Achebe&_page=2",
        f"{BASE}/Patient?identifier=1&_page=2",
    ],
)
def test_a_link_elsewhere_or_with_a_name_in_it_is_not_followed(following: str) -> None:
    """respx fails the test for any request that was not scripted."""
    with respx.mock() as router:
        router.post(f"{BASE}/Patient/_search").mock(side_effect=replies(searchset(patient(), following=following)))
        found = look_up()
    assert isinstance(found, Answer)
    assert (found.kind, found.reason, len(found.candidates)) == (AnswerKind.TOO_MANY, Code.ANSWER_INCOMPLETE, 1)


def test_pages_without_end_are_not_all() -> None:
    with respx.mock() as router:
        router.post(f"{BASE}/Patient/_search").mock(side_effect=replies(searchset(patient(1), following=f"{BASE}/Patient?_page=1")))
        pages = [searchset(patient(n + 1), following=f"{BASE}/Patient?_page={n}") for n in range(2, 40)]
        more = router.get(url__startswith=f"{BASE}/Patient").mock(side_effect=replies(*pages))
        found = look_up()
        assert isinstance(found, Answer)
        assert (found.kind, found.reason) == (AnswerKind.TOO_MANY, Code.ANSWER_INCOMPLETE)
        assert more.call_count == 4


def test_pages_in_a_circle_are_left() -> None:
    with respx.mock() as router:
        circle = searchset(patient(), following=f"{BASE}/Patient?_page=1")
        router.post(f"{BASE}/Patient/_search").mock(side_effect=replies(circle))
        more = router.get(f"{BASE}/Patient?_page=1").mock(side_effect=replies(circle))
        found = look_up()
        assert isinstance(found, Answer)
        assert found.kind is AnswerKind.TOO_MANY
        assert more.call_count == 1


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (status(503), (Transient, Code.AGENCY_BUSY)),
        (status(200, b"<html>"), (Transient, Code.REPLY_UNREADABLE)),
        (status(200, outcome("transient")), (AnswerKind.TOO_MANY, Code.ANSWER_INCOMPLETE)),
        (status(404, outcome("not-found")), (AnswerKind.TOO_MANY, Code.ANSWER_INCOMPLETE)),
    ],
)
def test_a_second_page_that_fails_never_makes_the_first_all(second: httpx.Response, expected: tuple[object, Code]) -> None:
    with respx.mock() as router:
        router.post(f"{BASE}/Patient/_search").mock(side_effect=replies(searchset(patient(), following=f"{BASE}/Patient?_page=1")))
        router.get(f"{BASE}/Patient?_page=1").mock(side_effect=replies(second))
        found = look_up()
    verdict = (type(found), found.reason) if isinstance(found, Fault) else (found.kind, found.reason)
    assert verdict == expected


# -------------------------------------------------------------------------------------------------------------- statuses


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (status(200, searchset()), (AnswerKind.NOBODY, "")),
        (status(200, outcome("multiple-matches", "information")), (AnswerKind.TOO_MANY, Code.TOO_MANY_MATCHES)),
        (status(422, outcome("too-costly")), (AnswerKind.TOO_MANY, Code.TOO_MANY_MATCHES)),
        (status(404, outcome("not-found")), (AnswerKind.MAYBE_HIDDEN, Code.RECORD_MAYBE_HIDDEN)),
        (status(404, b"<h1>Not Found</h1>"), (AnswerKind.FAILED, Code.AGENCY_REFUSED)),
        (status(403, outcome("forbidden")), (AnswerKind.FAILED, Code.AGENCY_REFUSED)),
        (status(400, outcome("invalid")), (AnswerKind.FAILED, Code.AGENCY_REFUSED)),
        (status(200, outcome("invalid")), (AnswerKind.FAILED, Code.AGENCY_REFUSED)),
        (status(200, outcome("exception")), (Transient, Code.AGENCY_BUSY)),
        (status(400, outcome("throttled")), (Transient, Code.AGENCY_BUSY)),
        (status(204), (AnswerKind.FAILED, Code.REPLY_UNEXPECTED)),
        (status(202), (AnswerKind.FAILED, Code.REPLY_UNEXPECTED)),
        (status(200), (Transient, Code.REPLY_UNREADABLE)),
        (status(200, b"<html><form>Sign in</form></html>"), (Transient, Code.REPLY_UNREADABLE)),
        (status(200, b'{"resourceType":"Bundle","resourceType":"Bundle"}'), (Transient, Code.REPLY_UNREADABLE)),
        (status(200, patient()), (AnswerKind.FAILED, Code.REPLY_UNEXPECTED)),
        (status(200, searchset({"resourceType": "Basic", "id": "1"})), (AnswerKind.FAILED, Code.REPLY_UNEXPECTED)),
        (status(200, searchset(total=3)), (AnswerKind.MAYBE_HIDDEN, Code.ANSWER_INCOMPLETE)),
        (status(302, b"", Location="https://elsewhere.example"), (Permanent, Code.REDIRECT_REFUSED)),
    ],
)
@pytest.mark.parametrize("capabilities", [WRITING, WRITING | {Capability.MATCH}], ids=["search", "match"])
def test_only_an_empty_searchset_is_nobody(
    reply: httpx.Response, expected: tuple[object, str], capabilities: frozenset[Capability]
) -> None:
    with respx.mock() as router:
        router.post(url__regex=rf"{BASE}/Patient/(_search|\$match)").mock(side_effect=replies(reply))
        found = look_up(capabilities)
    verdict = (type(found), found.reason) if isinstance(found, Fault) else (found.kind, found.reason)
    assert verdict == expected
    if isinstance(found, Answer):
        assert found.candidates == ()


@pytest.mark.parametrize(
    ("episodes", "expected"),
    [
        (status(403, outcome("forbidden")), None),
        (status(404), None),
        (status(200, searchset(patient())), None),
        (status(200, searchset()), False),
    ],
)
def test_whether_open_to_services_stays_unknown_where_nobody_may_say(episodes: httpx.Response, expected: bool | None) -> None:
    with respx.mock() as router:
        router.post(f"{BASE}/Patient/$match").mock(side_effect=replies(searchset(patient())))
        router.post(f"{BASE}/EpisodeOfCare/_search").mock(side_effect=replies(episodes))
        found = look_up(EVERYTHING)
    assert isinstance(found, Answer)
    assert [candidate.open_to_service for candidate in found.candidates] == [expected]


def test_a_failure_of_one_question_fails_the_whole() -> None:
    with respx.mock() as router:
        router.post(f"{BASE}/Patient/_search").mock(side_effect=replies(searchset(), status(500)))
        found = told(lambda c: c.look_up(about("Achebe", "Chidi", aliases=()), False))
    assert isinstance(found, Transient)


def test_whether_open_is_asked_apart_where_the_answer_says_nothing_of_it() -> None:
    episode = {"resourceType": "EpisodeOfCare", "status": "active", "patient": {"reference": "Patient/NM1"}}
    with respx.mock() as router:
        router.post(f"{BASE}/Patient/_search").mock(side_effect=replies(searchset(patient())))
        apart = router.post(f"{BASE}/EpisodeOfCare/_search").mock(side_effect=replies(searchset(episode)))
        found = look_up(SEARCHING)
        assert isinstance(found, Answer)
        assert [candidate.open_to_service for candidate in found.candidates] == [True]
        assert apart.call_count == 1
