"""A FHIR server scripted with respx: replies that no server at hand gives, and what the connector makes of them.

The connector runs over a second, hand-written wire here (httpx, which respx intercepts); what happens to bytes on a real socket is in
test_fhir_adapter_line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import respx

from adapters.faults import Fault
from gateway.domain.agreements import Capability, Limits, SystemKind
from gateway.domain.lookup import Answer
from gateway.domain.receipts import FlagReport
from gateway.domain.releases import FlagRelease
from mappings.fhir_r4.flag import build_flag
from mappings.fhir_r4.profile import Profile
from tests.contract.asked import about, alert, destination
from tests.contract.fhir_trust_asked import SEARCHING, HttpxWire, run

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
