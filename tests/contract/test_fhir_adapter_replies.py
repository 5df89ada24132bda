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
from gateway.domain.agreements import Capability, Limits, SystemKind
from gateway.domain.error_codes import Code
from gateway.domain.lookup import Answer, AnswerKind
from gateway.domain.receipts import FlagFinding, FlagReport, WorkItemReport
from gateway.domain.releases import FlagRelease
from mappings.fhir_r4.flag import build_flag
from mappings.fhir_r4.profile import Profile
from tests.contract.asked import about, action, alert, alert_check, alert_end, destination, poll
from tests.contract.fhir_trust_asked import EVERYTHING, SEARCHING, HttpxWire, run

BASE = "https://trust.example/fhir"
VIEW = "https://trust.example/portal/NM1"
OPTIONS = {"subject_view_00": "/portal/{record_id}", "our_identifier_system": "https://x.example/id"}
WRITING = SEARCHING - {Capability.OPEN_TO_SERVICE}
Json = dict[str, Any]


def told(what: Callable[[Any], Any], capabilities: frozenset[Capability] = WRITING, options: Mapping[str, str] = OPTIONS) -> Any:
    """What the connector reports, or the fault it raises."""
    target = destination(SystemKind.FHIR_R4, BASE, capabilities=capabilities, limits=Limits(timeout_s=3), options=options)
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


# ---------------------------------------------------------------------------------------------------------------- alerts

RELEASE = alert("NM1", identifier="ref-1")
NOT_OURS = (
    status(200, b""), status(200, b"<html>Please sign in</html>"), status(200, b"the portal of NM12"), status(204, b""),
    status(200, "the portal of NM1".encode("utf-16")), status(200, b"NM1 \xff"),
    status(200, b"the portal of NM1", **{"Content-Type": "text/plain; charset=nothing-known"}),
)  # fmt: skip
"""Answers that say nothing about this record."""


def flag(**changes: Any) -> Json:
    built = json.loads(build_flag("NM1", RELEASE.text, "ref-1", Profile(our_identifier_system="https://x.example/id")))
    return {**built, "id": "f1", "meta": {**built["meta"], "versionId": "1"}, **changes}


def place(release: FlagRelease = RELEASE, unsure: bool = False) -> FlagReport | Fault:
    report: FlagReport | Fault = told(lambda c: c.place_flag(release, unsure))
    return report


def server(router: respx.MockRouter, **scripted: Any) -> dict[str, respx.Route]:
    """An honest server, but for what is scripted."""
    usual = {
        "view": replies(status(200, b"the portal of NM1")),
        "record": replies(status(200, patient())),
        "create": replies(status(201, flag(), ETag='W/"1"')),
        "find": replies(searchset(flag())),
        "read": replies(status(200, flag(), ETag='W/"1"')),
        "update": replies(status(200, flag(status="inactive"), ETag='W/"2"')),
    } | scripted
    routes = {
        "view": router.get(VIEW), "record": router.get(f"{BASE}/Patient/NM1"), "create": router.post(f"{BASE}/Flag"), "find": router.post(f"{BASE}/Flag/_search"),
        "read": router.get(f"{BASE}/Flag/f1"), "update": router.put(f"{BASE}/Flag/f1"),
    }  # fmt: skip
    for name, route in routes.items():
        route.mock(side_effect=usual[name])
    return routes


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (status(200, patient() | {"link": [{"type": "replaced-by", "other": {"reference": "Patient/NM2"}}]}), Code.SUPERSEDED),
        (status(200, patient() | {"active": False}), Code.SUPERSEDED),
        (status(200, patient() | {"deceasedBoolean": True}), Code.DECEASED),
        (status(200, patient() | {"meta": {"security": [{"code": "R"}]}}), Code.RESTRICTED),
        (status(410, outcome("deleted")), Code.RECORD_NOT_FOUND),
    ],
)
def test_nothing_is_written_on_a_record_that_has_changed_since(record: httpx.Response, reason: Code) -> None:
    with respx.mock(assert_all_called=False) as router:
        routes = server(router, record=replies(record))
        report = place()
        assert isinstance(report, FlagReport)
        assert (report.finding, report.reason) == (FlagFinding.REFUSED, reason)
        assert not routes["create"].called


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (status(403, outcome("forbidden")), Permanent),
        (status(200, patient(2)), Permanent),
        (status(200, patient() | {"birthDate": "1991-02-30"}), Permanent),
        (status(503), Transient),
    ],
)
def test_nothing_is_written_on_a_record_that_cannot_be_read(record: httpx.Response, expected: type[Fault]) -> None:
    with respx.mock(assert_all_called=False) as router:
        routes = server(router, record=replies(record))
        assert isinstance(place(), expected)
        assert not routes["create"].called


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
    for find, expected in ((None, FlagFinding.PLACED), (searchset(), FlagFinding.NOT_THERE)):
        with respx.mock(assert_all_called=False) as router:
            routes = OneFlag(router).routes
            routes["create"].mock(side_effect=replies(refusal))
            if find:
                routes["find"].mock(side_effect=replies(find))
                routes["read"].mock(side_effect=replies(status(404)))
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
        ([b"NM1 a", b"NM1 a"], FlagFinding.PLACED),
        ([b"NM1 a", b"NM1 b"], FlagFinding.SEEN_BY_SUBJECT),
        ([b"NM1 a", b"NM1 b", b"NM1 c"], FlagFinding.NOT_HIDDEN_PROVABLY),
        ([b"NM1 a", b"NM1 " + RELEASE.text.upper().encode()], FlagFinding.SEEN_BY_SUBJECT),
        ([b"NM1 a", b"NM1 ... ref-1 ..."], FlagFinding.SEEN_BY_SUBJECT),
        ([b"NM1 a", b""], FlagFinding.NOT_HIDDEN_PROVABLY),
    ],
)
def test_the_subjects_views_before_and_after(views: list[bytes], expected: FlagFinding) -> None:
    with respx.mock(assert_all_called=False) as router:
        server(router, view=replies(*(status(200, view) for view in views)))
        report = place()
    assert isinstance(report, FlagReport)
    assert report.finding is expected


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (status(200, b"the portal of NM1"), FlagFinding.PLACED),
        (status(200, b"NM1: High Risk Victim of dome\xc3\xa9"), FlagFinding.SEEN_BY_SUBJECT),
        (
            status(200, f"NM1 {RELEASE.text}".encode("utf-16"), **{"Content-Type": "text/plain; charset=utf-16"}),
            FlagFinding.SEEN_BY_SUBJECT,
        ),
        (status(302, b"", Location="/login"), FlagFinding.NOT_HIDDEN_PROVABLY),
        *((view, FlagFinding.NOT_HIDDEN_PROVABLY) for view in NOT_OURS),
    ],
)
def test_a_check_looks_for_the_words_and_for_the_record(view: httpx.Response, expected: FlagFinding) -> None:
    with respx.mock(assert_all_called=False) as router:
        routes = server(router, view=replies(view))
        report = told(lambda c: c.check_flag(alert_check(RELEASE), False))
        assert report.finding is expected
        assert not routes["create"].called
        assert not routes["update"].called


@pytest.mark.parametrize("view", [*NOT_OURS, status(302, b"", Location="/login")])
def test_nothing_is_written_where_an_output_is_not_shown_to_be_the_records(view: httpx.Response) -> None:
    with respx.mock(assert_all_called=False) as router:
        routes = server(router, view=replies(view))
        report = place()
        assert isinstance(report, FlagReport)
        assert (report.finding, report.reason) == (FlagFinding.NOT_HIDDEN_PROVABLY, Code.SUBJECT_VIEW_UNREADABLE)
        assert not routes["create"].called


def test_an_output_may_be_known_by_another_text() -> None:
    for holds, expected in (("Date,Number", FlagFinding.PLACED), ("Date,Numbers", FlagFinding.NOT_HIDDEN_PROVABLY)):
        with respx.mock(assert_all_called=False) as router:
            server(router, view=replies(status(200, b"Date,Number\r\n")))
            report = told(lambda c: c.place_flag(RELEASE, False), options={**OPTIONS, "subject_holds_00": holds})
        assert report.finding is expected


class OneFlag:
    """A server that holds one Flag of ours, with versions; ``tells`` is what the portal says of it, by whether it is active."""

    def __init__(self, router: respx.MockRouter, tells: Callable[[bool], bytes] = lambda _: b"") -> None:
        self.flag, self.version, self.saved_in_between, self.takes, self.tells = flag(), 1, 0, True, tells
        self.written: list[str] = []
        self.routes = server(router, view=self.view, find=self.find, read=self.read, update=self.update)

    def view(self, _: httpx.Request) -> httpx.Response:
        return status(200, b"the portal of NM1 " + self.tells(self.flag["status"] == "active"))

    def find(self, _: httpx.Request) -> httpx.Response:
        return status(200, searchset(self.flag))

    def read(self, _: httpx.Request) -> httpx.Response:
        return status(200, self.flag, ETag=f'W/"{self.version}"')

    def update(self, request: httpx.Request) -> httpx.Response:
        if self.saved_in_between:
            self.saved_in_between, self.version = self.saved_in_between - 1, self.version + 1
        if request.headers.get("If-Match") != f'W/"{self.version}"':
            return status(412, outcome("conflict"))
        self.written.append(json.loads(request.content)["status"])
        if self.takes:
            self.flag, self.version = json.loads(request.content), self.version + 1
        return status(200, self.flag)


@pytest.mark.parametrize("saved_in_between", [0, 1])
def test_without_a_before_ours_is_switched_off_and_on_and_compared(saved_in_between: int) -> None:
    told_apart: list[tuple[Callable[[bool], bytes], FlagFinding]] = [
        (lambda _: b"", FlagFinding.PLACED),
        (lambda active: b"1 hidden alert" if active else b"0 hidden alerts", FlagFinding.SEEN_BY_SUBJECT),
    ]
    for tells, expected in told_apart:
        for unsure, create in ((True, status(500)), (False, status(200, flag(), ETag='W/"1"')), (False, status(412, outcome("conflict")))):
            with respx.mock(assert_all_called=False) as router:
                there = OneFlag(router, tells)
                there.saved_in_between = saved_in_between
                there.routes["create"].mock(side_effect=replies(create))
                report = place(unsure=unsure)
                assert isinstance(report, FlagReport)
                assert (report.finding, there.written) == (expected, ["inactive", "active"])
                assert there.routes["create"].called is not unsure


def test_ours_that_cannot_be_switched_is_unproved() -> None:
    with respx.mock(assert_all_called=False) as router:
        there = OneFlag(router)
        there.takes = False
        report = place(unsure=True)
        assert isinstance(report, FlagReport)
        assert report.finding is FlagFinding.NOT_HIDDEN_PROVABLY
    for refusal in (status(403, outcome("forbidden")), status(412, outcome("conflict"))):
        with respx.mock(assert_all_called=False) as router:
            OneFlag(router).routes["update"].mock(side_effect=replies(refusal))
            report = place(unsure=True)
            assert isinstance(report, FlagReport)
            assert report.finding is FlagFinding.NOT_HIDDEN_PROVABLY
    with respx.mock(assert_all_called=False) as router:
        unversioned = flag(meta={"security": flag()["meta"]["security"]})
        routes = server(router, find=replies(searchset(unversioned)), read=replies(unversioned))
        report = place(unsure=True)
        assert isinstance(report, FlagReport)
        assert report.finding is FlagFinding.NOT_HIDDEN_PROVABLY
        assert not routes["update"].called


@pytest.mark.parametrize(
    "changes",
    [
        {"text": {"status": "generated", "div": "<div>made by the server</div>"}},
        {"extension": [{"url": "https://x.example/a", "valueString": "more"}]},
        {"period": {"end": "2020-01-01"}},
        {"contained": [{"resourceType": "Basic", "id": "b"}]},
        {"code": {"text": RELEASE.text, "extension": [{"url": "https://x.example/a", "valueString": "more"}]}},
        {"subject": {"reference": "Patient/NM1", "display": "somebody"}},
    ],
)
def test_what_somebody_added_to_an_alert_is_an_alteration(changes: Json) -> None:
    with respx.mock(assert_all_called=False) as router:
        server(router, find=replies(searchset(flag(**changes))), read=replies(status(200, flag(**changes), ETag='W/"1"')))
        reports = [place(), told(lambda c: c.check_flag(alert_check(RELEASE), False))]
    assert [report.finding for report in reports] == [FlagFinding.ALTERED] * 2


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (f"{BASE}/Patient/NM1", FlagFinding.PLACED),
        ("https://elsewhere.example/fhir/Patient/NM1", FlagFinding.WRONG_RECORD),
        ("https://trust.example/other/Patient/NM1", FlagFinding.WRONG_RECORD),
        ("other/Patient/NM1", FlagFinding.WRONG_RECORD),
    ],
)
def test_the_same_number_at_another_server_is_another_record(reference: str, expected: FlagFinding) -> None:
    there = flag(subject={"reference": reference})
    with respx.mock(assert_all_called=False) as router:
        server(router, find=replies(searchset(there)), read=replies(status(200, there, ETag='W/"1"')))
        report = place()
    assert isinstance(report, FlagReport)
    assert report.finding is expected


def test_a_record_whose_number_is_an_nhs_number_stands_in_no_address() -> None:
    with respx.mock(assert_all_called=False) as router:
        any_route = router.route()
        found = place(alert("9990000018", identifier="ref-1"))
        assert isinstance(found, Permanent)
        assert not any_route.called


def test_what_fails_before_the_write_writes_nothing_and_what_fails_after_it_is_unsure() -> None:
    with respx.mock(assert_all_called=False) as router:
        routes = server(router, view=replies(status(503)))
        assert isinstance(place(), Transient)
        assert not routes["create"].called
    foreign = searchset({"resourceType": "Patient", "id": "x"})
    for after in (
        {"view": replies(status(200, b"NM1"), status(503))}, {"find": replies(status(500))}, {"create": replies(status(502))},
        {"find": replies(status(403, outcome("forbidden")))}, {"find": replies(foreign)}, {"read": replies(status(403))},
        {"find": replies(searchset(flag(), following="https://elsewhere.example/Flag?_page=2"))},
        {"read": replies(status(200, flag(id="f2")))}, {"read": replies(status(404))}, {"create": replies(status(408))},
    ):  # fmt: skip
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


@pytest.mark.parametrize("find", [status(403, outcome("forbidden")), status(404), status(200, searchset(patient())), status(503)])
def test_work_that_was_created_and_cannot_be_found_is_unsure(find: httpx.Response) -> None:
    with respx.mock() as router:
        created = router.post(f"{BASE}/Task").mock(side_effect=replies(status(201, task())))
        router.post(f"{BASE}/Task/_search").mock(side_effect=replies(find))
        assert isinstance(told(lambda c: c.send_action(action("act-1"), False)), Unsure)
        assert isinstance(told(lambda c: c.send_action(action("act-1"), True)), Unsure)
        assert created.call_count == 1


def test_an_answer_that_cannot_be_read_keeps_no_other_back() -> None:
    done = task(status="completed", lastModified="2026-11-01T10:00:00Z", note=[{"text": "done"}])
    undated = task(id="t2", status="completed", identifier=[{"system": "https://x.example/id", "value": "act-2"}])
    with respx.mock() as router:
        router.post(f"{BASE}/Task/_search").mock(side_effect=replies(searchset(undated, done)))
        report = told(lambda c: c.poll_actions(poll("act-1", "act-2"), False))
    assert [(c.reference, c.detail) for c in report.completions] == [("act-1", "done")]
    assert (report.present, report.unread) == ({"act-1", "act-2"}, {"act-2"})


def test_whether_open_is_asked_apart_where_the_answer_says_nothing_of_it() -> None:
    episode = {"resourceType": "EpisodeOfCare", "status": "active", "patient": {"reference": "Patient/NM1"}}
    with respx.mock() as router:
        router.post(f"{BASE}/Patient/_search").mock(side_effect=replies(searchset(patient())))
        apart = router.post(f"{BASE}/EpisodeOfCare/_search").mock(side_effect=replies(searchset(episode)))
        found = look_up(SEARCHING)
        assert isinstance(found, Answer)
        assert [candidate.open_to_service for candidate in found.candidates] == [True]
        assert apart.call_count == 1


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
