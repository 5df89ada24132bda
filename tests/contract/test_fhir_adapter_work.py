"""Work items on scripted servers: handed over when found again, polled without passing on what was not asked about."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import respx

from adapters.faults import Permanent, Unsure
from gateway.domain.error_codes import Code
from gateway.domain.receipts import WorkItemReport
from tests.contract.asked import action, poll
from tests.contract.fhir_scripted import (
    BASE,
    Json,
    outcome,
    patient,
    replies,
    searchset,
    status,
    told,
)


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
