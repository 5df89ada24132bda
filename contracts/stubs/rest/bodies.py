"""Request bodies read into typed records, and answers written from them. Unknown properties are refused."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from contracts.stubs.rest.problems import Problem

MOST_BYTES = 65_536


class Record(msgspec.Struct, rename="camel", forbid_unknown_fields=True, omit_defaults=True, frozen=True, kw_only=True):
    """A JSON object of the interface; absent properties are left out, unknown ones refused."""


Body = TypeVar("Body")


async def read(request: Request, kind: type[Body]) -> Body:
    """The body as this kind of record. Raises Problem 400, 413, 415 or 422."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "unsupported-media-type")
    raw = await request.body()
    if len(raw) > MOST_BYTES:
        raise Problem(413, "invalid-request")
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise Problem(422, "invalid-request", _pointer(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Problem(400, "invalid-json") from None


def answer(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON, which no one may keep."""
    return Response(msgspec.json.encode(content), status, {"Cache-Control": "no-store", **(headers or {})}, "application/json")


def etag(version: int) -> dict[str, str]:
    """The strong entity tag of a version."""
    return {"ETag": f'"{version}"'}


def now() -> str:
    """The time in UTC, to the microsecond."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def plain(record: Any) -> dict[str, Any]:
    """A record as the JSON object it is written as."""
    built: dict[str, Any] = msgspec.to_builtins(record)
    return built


def _pointer(text: str) -> str:
    """The place from a decoder's message, of which nothing else may be shown: it can hold values."""
    found = re.search(r"at `\$([\w.\[\]]*)`", text)
    return re.sub(r"[.\[]", "/", found[1]).replace("]", "") if found else ""
