"""Alerts on scripted servers: nothing is written in doubt, what was written is read back and compared, and an end is an end."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
import respx

from adapters.faults import Fault, Permanent, Transient, Unsure
from gateway.domain.error_codes import Code
from gateway.domain.receipts import FlagFinding, FlagReport
from tests.contract.asked import alert, alert_check, alert_end
from tests.contract.fhir_scripted import (
    BASE,
    NOT_OURS,
    OPTIONS,
    RELEASE,
    Json,
    flag,
    outcome,
    patient,
    place,
    replies,
    searchset,
    server,
    status,
    told,
)


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
