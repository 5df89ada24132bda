"""FHIR over HTTP, the parts every interaction shares: replies, OperationOutcome, entity tags, bundles, bodies."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FHIR_JSON = "application/fhir+json; charset=utf-8"
ERRORS = "https://patient-record.example/CodeSystem/error"
MAX_BODY = 1024 * 1024
_JSON = ("*/*", "application/*", "application/fhir+json", "application/json")
Resource = dict[str, Any]


class Refusal(Exception):
    """A request that is not done. ``issue`` is an R4 issue-type code, ``code`` the trust's own; neither holds a value sent."""

    def __init__(self, status: int, issue: str, code: str, expression: str = "", headers: Mapping[str, str] | None = None) -> None:
        """``expression`` is a FHIRPath of the element at fault."""
        super().__init__(code)
        self.status, self.issue, self.code, self.expression = status, issue, code, expression
        self.headers = dict(headers or {})

    def reply(self) -> Response:
        """The refusal as an OperationOutcome."""
        return reply(outcome(self.issue, self.code, self.expression), self.status, self.headers)


async def refusal_reply(_request: Request, refusal: Exception) -> Response:
    """Exception handler for Starlette."""
    assert isinstance(refusal, Refusal)  # noqa: S101  Starlette only hands over what was registered
    return refusal.reply()


def outcome(issue: str, code: str, expression: str = "", severity: str = "error") -> Resource:
    """An OperationOutcome of one issue."""
    entry: Resource = {"severity": severity, "code": issue, "details": {"coding": [{"system": ERRORS, "code": code}]}}
    if expression:
        entry["expression"] = [expression]
    return {"resourceType": "OperationOutcome", "issue": [entry]}


def reply(resource: Mapping[str, Any] | None, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A resource (or an empty body) as a response that nobody may keep."""
    body = b"" if resource is None else orjson.dumps(resource)
    return Response(body, status, {"Cache-Control": "no-store", **(headers or {})}, media_type=FHIR_JSON)


def version_headers(resource: Resource) -> dict[str, str]:
    """``ETag`` and ``Last-Modified`` of a versioned resource."""
    changed = datetime.fromisoformat(resource["meta"]["lastUpdated"])
    return {"ETag": f'W/"{resource["meta"]["versionId"]}"', "Last-Modified": format_datetime(changed.astimezone(UTC), usegmt=True)}


def expected_version(request: Request) -> str | None:
    """The version in ``If-Match``; None where it is missing. Weak and strong tags are read alike."""
    tag = request.headers.get("if-match")
    if tag is None:
        return None
    found = re.fullmatch(r'\s*(?:W/)?"([^"]*)"\s*', tag)
    if not found:
        raise Refusal(400, "invalid", "IF_MATCH_UNREADABLE")
    return found[1]


def searchset(entries: Iterable[Resource], total: int, links: Mapping[str, str]) -> Resource:
    """A searchset; ``entries`` are whole entries, ``total`` counts matches and not includes."""
    bundle: Resource = {
        "resourceType": "Bundle", "type": "searchset", "total": total,
        "link": [{"relation": relation, "url": url} for relation, url in links.items()],
    }  # fmt: skip
    if found := list(entries):
        bundle["entry"] = found
    return bundle


def entry(base: str, resource: Resource, mode: str = "match", **search: Any) -> Resource:
    """One entry of a searchset."""
    url = f"{base}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": url, "resource": resource, "search": {"mode": mode, **search}}


async def read_resource(request: Request, kind: str) -> tuple[Resource, bytes]:
    """The resource in a body and its bytes; refuses other kinds, other media types and what is too big."""
    _check_media_type(request, ("application/fhir+json", "application/json"))
    body = await _body(request)
    try:
        resource = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refusal(400, "structure", "NOT_JSON") from None
    if not isinstance(resource, dict) or resource.get("resourceType") != kind:
        raise Refusal(400, "structure", "OTHER_RESOURCE_TYPE", "resourceType")
    return resource, body


async def read_parameters(request: Request) -> list[tuple[str, str]]:
    """Search parameters: those of the query, and of the form where it is a ``_search``."""
    asked = list(request.query_params.multi_items())
    if request.method == "POST":
        _check_media_type(request, ("application/x-www-form-urlencoded",))
        try:
            asked += parse_qsl((await _body(request)).decode(), keep_blank_values=True)
        except UnicodeDecodeError:
            raise Refusal(400, "structure", "NOT_UTF8") from None
    return asked


def negotiated(routes: Iterable[Route]) -> list[Route]:
    """FHIR routes that refuse (406) a caller who takes neither FHIR JSON nor JSON."""
    return [Route(route.path, _negotiated(route.endpoint), methods=list(route.methods or ())) for route in routes]


def _negotiated(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        wanted = request.headers.get("accept", "*/*")
        if not any(kind in wanted for kind in _JSON):
            raise Refusal(406, "not-supported", "ONLY_JSON")
        return await endpoint(request)

    return answer


def _check_media_type(request: Request, wanted: tuple[str, ...]) -> None:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() not in wanted:
        raise Refusal(415, "not-supported", "MEDIA_TYPE")


async def _body(request: Request) -> bytes:
    body = await request.body()
    if len(body) > MAX_BODY:
        raise Refusal(413, "too-long", "BODY_TOO_LONG")
    return body
