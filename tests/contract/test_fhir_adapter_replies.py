"""Replies that no server at hand gives, scripted with respx: odd pages, odd statuses, servers that ignore what they should heed.

The connector runs over a second, hand-written wire here (httpx, which respx intercepts); what happens to bytes on a real socket is in
test_fhir_adapter_line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest
import respx

from adapters.faults import Fault, Permanent, Transient, Unsure
from adapters.http import HttpReply
from gateway.domain.agreements import Capability, Limits, SystemKind
from gateway.domain.error_codes import Code
from gateway.domain.lookup import Answer, AnswerKind
from gateway.domain.receipts import FlagFinding, FlagReport, WorkItemReport
from gateway.domain.releases import FlagRelease
from mappings.fhir_r4.flag import build_flag
from mappings.fhir_r4.profile import Profile
from tests.contract.asked import about, action, alert, alert_check, alert_end, destination, poll
from tests.contract.fhir_trust_asked import EVERYTHING, SEARCHING, run

BASE = "https://trust.example/fhir"
VIEW = "https://trust.example/portal/NM1"
OPTIONS = {"subject_view_00": "/portal/{record_id}", "our_identifier_system": "https://x.example/id"}
WRITING = SEARCHING - {Capability.OPEN_TO_SERVICE}
Json = dict[str, Any]


class HttpxWire:
    """A wire over httpx, so that respx can stand at the other end."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(trust_env=False)

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most: int) -> HttpReply:
        reply = await self._client.request(method, url, headers=dict(headers), content=body)
        assert len(reply.content) <= most
        return HttpReply(reply.status_code, reply.headers, reply.content)

    async def close(self) -> None:
        await self._client.aclose()


def told(what: Callable[[Any], Any], capabilities: frozenset[Capability] = WRITING) -> Any:
    """What the connector reports, or the fault it raises."""
    target = destination(SystemKind.FHIR_R4, BASE, capabilities=capabilities, limits=Limits(timeout_s=3), options=OPTIONS)
    return run(target, what, HttpxWire())


def look_up(capabilities: frozenset[Capability] = WRITING) -> Answer | Fault:
    found: Answer | Fault = told(lambda c: c.look_up(about("Achebe", "Chidi"), False), capabilities)
    return found


def patient(number: int = 1) -> Json:
    return {"resourceType": "Patient", "id": f"NM{number}", "name": [{"family": "Achebe", "given": ["Chidi"]}], "birthDate": "1991-07-23"}


def searchset(*resources: Json, following: str = "", **more: Any) -> Json:
    links = [{"relation": "next", "url": following}] if following else []
    entries = [{"resource": resource, "search": {"mode": "match"}} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries, **more}


def outcome(code: str, severity: str = "error") -> Json:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


def replies(*given: Json | httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
    """One after the other; the last again and again."""
    left = list(given)

    def reply(_request: httpx.Request) -> httpx.Response:
        one = left.pop(0) if len(left) > 1 else left[0]
        return one if isinstance(one, httpx.Response) else httpx.Response(200, json=one)

    return reply


def status(code: int, body: Json | bytes = b"", **headers: str) -> httpx.Response:
    return (
        httpx.Response(code, json=body, headers=headers) if isinstance(body, dict) else httpx.Response(code, content=body, headers=headers)
    )


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
        (status(200, searchset(patient())), False),
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


# ---------------------------------------------------------------------------------------------------------------- alerts

RELEASE = alert("NM1", identifier="ref-1")


def flag(**changes: Any) -> Json:
    built = json.loads(build_flag("NM1", RELEASE.text, "ref-1", Profile(our_identifier_system="https://x.example/id")))
    return {**built, "id": "f1", "meta": {**built["meta"], "versionId": "1"}, **changes}


def place(release: FlagRelease = RELEASE, unsure: bool = False) -> FlagReport | Fault:
    report: FlagReport | Fault = told(lambda c: c.place_flag(release, unsure))
    return report


def server(router: respx.MockRouter, **scripted: Any) -> dict[str, respx.Route]:
    """An honest server, but for what is scripted."""
    usual = {
        "view": replies(status(200, b"the portal")),
        "create": replies(status(201, flag(), ETag='W/"1"')),
        "find": replies(searchset(flag())),
        "read": replies(status(200, flag(), ETag='W/"1"')),
        "update": replies(status(200, flag(status="inactive"), ETag='W/"2"')),
    } | scripted
    routes = {
        "view": router.get(VIEW), "create": router.post(f"{BASE}/Flag"), "find": router.post(f"{BASE}/Flag/_search"),
        "read": router.get(f"{BASE}/Flag/f1"), "update": router.put(f"{BASE}/Flag/f1"),
    }  # fmt: skip
    for name, route in routes.items():
        route.mock(side_effect=usual[name])
    return routes


def test_the_condition_names_our_identifier_and_nothing_else() -> None:
    with respx.mock(assert_all_called=False) as router:
        routes = server(router)
        report = place()
        assert isinstance(report, FlagReport)
        assert (report.finding, report.remote_id, report.remote_version) == (FlagFinding.PLACED, "f1", "1")
        (sent,) = [call.request for call in routes["create"].calls]
        assert sent.headers["If-None-Exist"] == "identifier=https://x.example/id|ref-1"
        assert sent.headers["Content-Type"] == "application/fhir+json"
        assert routes["view"].call_count == 2
        assert dict(httpx.QueryParams(routes["find"].calls[0].request.content.decode())) == {
            "identifier": "https://x.example/id|ref-1", "_count": "50",
        }  # fmt: skip


@pytest.mark.parametrize("refusal", [status(412, outcome("multiple-matches")), status(409, outcome("conflict"))])
def test_409_and_412_mean_look_again(refusal: httpx.Response) -> None:
    for find, expected in ((searchset(flag()), FlagFinding.PLACED), (searchset(), FlagFinding.NOT_THERE)):
        with respx.mock(assert_all_called=False) as router:
            server(router, create=replies(refusal), find=replies(find))
            report = place()
        assert isinstance(report, FlagReport)
        assert report.finding is expected


def test_a_server_that_ignores_the_condition_and_answers_with_anothers_flag() -> None:
    """200 with a Flag that is not ours: nothing of ours is there, and theirs is left alone."""
    theirs = flag(id="f9", identifier=[{"system": "https://y.example", "value": "z"}])
    with respx.mock(assert_all_called=False) as router:
        server(router, create=replies(status(200, theirs)), find=replies(searchset(theirs)))
        read = router.get(f"{BASE}/Flag/f9").mock(side_effect=replies(theirs))
        report = place()
        assert isinstance(report, FlagReport)
        assert report.finding is FlagFinding.NOT_THERE
        ended = told(lambda c: c.end_flag(alert_end(RELEASE), False))
        assert (ended.finding, ended.reason) == (FlagFinding.ENDED, Code.RECORD_NOT_FOUND)
        assert read.called


def test_a_copy_that_lags_behind_is_waited_for() -> None:
    with respx.mock(assert_all_called=False) as router:
        server(router, find=replies(searchset(), searchset(), searchset(flag())), read=replies(status(404), status(404), flag()))
        report = place()
    assert isinstance(report, FlagReport)
    assert report.finding is FlagFinding.PLACED


@pytest.mark.parametrize("create", [status(201, b"", Location=f"{BASE}/Flag/f1/_history/1"), status(201, b"not json")])
def test_an_answer_without_the_resource_is_read_back_all_the_same(create: httpx.Response) -> None:
    with respx.mock(assert_all_called=False) as router:
        server(router, create=replies(create))
        report = place()
    assert isinstance(report, FlagReport)
    assert report.finding is FlagFinding.PLACED


@pytest.mark.parametrize(
    ("views", "expected"),
    [
        ([b"a", b"a"], FlagFinding.PLACED),
        ([b"a", b"b"], FlagFinding.SEEN_BY_SUBJECT),
        ([b"a", b"b", b"c"], FlagFinding.NOT_HIDDEN_PROVABLY),
        ([b"a", RELEASE.text.upper().encode()], FlagFinding.SEEN_BY_SUBJECT),
        ([b"a", b"... ref-1 ..."], FlagFinding.SEEN_BY_SUBJECT),
    ],
)
def test_the_subjects_views_before_and_after(views: list[bytes], expected: FlagFinding) -> None:
    with respx.mock(assert_all_called=False) as router:
        server(router, view=replies(*(status(200, view) for view in views)))
        report = place()
    assert isinstance(report, FlagReport)
    assert report.finding is expected


@pytest.mark.parametrize(
    ("view", "expected"), [(b"the portal", FlagFinding.PLACED), (b"High Risk Victim of dome\xc3\xa9", FlagFinding.SEEN_BY_SUBJECT)]
)
def test_without_a_before_the_words_are_looked_for(view: bytes, expected: FlagFinding) -> None:
    with respx.mock(assert_all_called=False) as router:
        routes = server(router, view=replies(status(200, view)))
        reports = [place(unsure=True), told(lambda c: c.check_flag(alert_check(RELEASE), False))]
        assert [report.finding for report in reports] == [expected, expected]
        assert not routes["create"].called


def test_what_fails_before_the_write_writes_nothing_and_what_fails_after_it_is_unsure() -> None:
    with respx.mock(assert_all_called=False) as router:
        routes = server(router, view=replies(status(503)))
        assert isinstance(place(), Transient)
        assert not routes["create"].called
    for after in ({"view": replies(status(200, b"a"), status(503))}, {"find": replies(status(500))}, {"create": replies(status(502))}):
        with respx.mock(assert_all_called=False) as router:
            routes = server(router, **after)
            assert isinstance(place(), Unsure)
            assert routes["create"].call_count == 1


@pytest.mark.parametrize(
    "reply", [status(400, outcome("invalid")), status(403, outcome("forbidden")), status(422, outcome("business-rule"))]
)
def test_a_refusal_is_told(reply: httpx.Response) -> None:
    with respx.mock(assert_all_called=False) as router:
        server(router, create=replies(reply))
        report = place()
    assert isinstance(report, FlagReport)
    assert (report.finding, report.reason) == (FlagFinding.REFUSED, Code.AGENCY_REFUSED)


@pytest.mark.parametrize(("read", "tag"), [
    (status(200, flag(), ETag='W/"7"'), 'W/"7"'), (status(200, flag(), ETag='"7"'), '"7"'), (status(200, flag()), 'W/"1"'),
])  # fmt: skip
def test_ending_names_the_version_that_was_read(read: httpx.Response, tag: str) -> None:
    with respx.mock(assert_all_called=False) as router:
        routes = server(router, read=replies(read, status(200, flag(status="inactive"))))
        report = told(lambda c: c.end_flag(alert_end(RELEASE), False))
        assert report.finding is FlagFinding.ENDED
        (sent,) = [call.request for call in routes["update"].calls]
        assert sent.headers["If-Match"] == tag
        assert json.loads(sent.content) == flag(status="inactive")


def test_somebody_who_saves_each_time_is_not_overwritten() -> None:
    with respx.mock(assert_all_called=False) as router:
        routes = server(router, update=replies(status(412, outcome("conflict")), status(409, outcome("conflict"))))
        found = told(lambda c: c.end_flag(alert_end(RELEASE), False))
        assert isinstance(found, Transient)
        assert found.reason is Code.RECORD_CHANGED_MEANWHILE
        assert routes["update"].call_count == 2


def test_an_end_that_did_not_take_is_unsure() -> None:
    with respx.mock(assert_all_called=False) as router:
        server(router, read=replies(status(200, flag()), status(200, flag())))
        report = told(lambda c: c.end_flag(alert_end(RELEASE), False))
    assert report.finding is FlagFinding.UNSURE


@pytest.mark.parametrize("gone", [404, 410])
def test_what_is_gone_has_ended(gone: int) -> None:
    with respx.mock(assert_all_called=False) as router:
        server(router, find=replies(searchset()), read=replies(status(gone, outcome("not-found"))))
        report = told(lambda c: c.end_flag(replace(alert_end(RELEASE), remote_id="f1"), False))
    assert (report.finding, report.reason) == (FlagFinding.ENDED, Code.RECORD_NOT_FOUND)


def test_another_resource_under_the_id_that_was_asked_for() -> None:
    with respx.mock(assert_all_called=False) as router:
        server(router, find=replies(searchset()), read=replies(status(200, flag(id="f2"))))
        found = told(lambda c: c.check_flag(replace(alert_check(RELEASE), remote_id="f1"), False))
    assert isinstance(found, Permanent)
    assert found.reason is Code.REPLY_OTHER_RECORD


# ------------------------------------------------------------------------------------------------------------ work items


def task(**changes: Any) -> Json:
    return {"resourceType": "Task", "id": "t1", "status": "requested", "intent": "order",
            "identifier": [{"system": "https://x.example/id", "value": "act-1"}], **changes}  # fmt: skip


def test_work_counts_as_handed_over_when_it_is_found_again() -> None:
    reports = []
    for found in (searchset(task()), searchset()):
        with respx.mock() as router:
            router.post(f"{BASE}/Task").mock(side_effect=replies(status(201, task())))
            router.post(f"{BASE}/Task/_search").mock(side_effect=replies(found))
            reports.append(told(lambda c: c.send_action(action("act-1"), False)))
    there, not_there = reports
    assert there == WorkItemReport(True, "t1")
    assert isinstance(not_there, Unsure)
    assert not_there.reason is Code.RECORD_NOT_FOUND


def test_work_that_is_refused() -> None:
    with respx.mock() as router:
        router.post(f"{BASE}/Task").mock(side_effect=replies(status(422, outcome("business-rule"))))
        report = told(lambda c: c.send_action(action("act-1"), False))
    assert report == WorkItemReport(False, None, Code.AGENCY_REFUSED)


def test_a_poll_about_nothing_asks_nobody() -> None:
    with respx.mock():
        report = told(lambda c: c.poll_actions(poll(), False))
    assert (report.completions, report.present) == ((), frozenset())


def test_a_poll_passes_over_what_was_not_asked_about() -> None:
    others = task(id="t2", identifier=[{"system": "https://x.example/id", "value": "act-2"}], status="completed")
    with respx.mock() as router:
        router.post(f"{BASE}/Task/_search").mock(side_effect=replies(searchset(task(), others)))
        report = told(lambda c: c.poll_actions(poll("act-1"), False))
    assert (report.completions, report.present) == ((), frozenset({"act-1"}))


@pytest.mark.parametrize("reply", [status(200, searchset(patient())), status(200, outcome("invalid")), status(403), status(200, {"a": 1})])
def test_a_poll_that_is_answered_otherwise_is_a_fault(reply: httpx.Response) -> None:
    with respx.mock() as router:
        router.post(f"{BASE}/Task/_search").mock(side_effect=replies(reply))
        assert isinstance(told(lambda c: c.poll_actions(poll("act-1"), False)), Permanent)
