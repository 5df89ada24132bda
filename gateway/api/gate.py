"""The one way into the API: who calls is known, and what they sent is known by its digest, before any operation sees it."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.auth import NotGood, TokenChecker
from gateway.api.problems import problem_of
from gateway.domain.errors import Code, GatewayError

PUBLIC = re.compile(r"/callbacks/[^/]+")
"""Paths without a token: notices of agencies, which are signed."""
DESCRIPTION = "/openapi.json"
"""The description of the interface. Its fields say what the gateway is for, so only a demonstration shows it to anybody."""

_BOUNDARY = re.compile(rb'boundary="?([^";,]{1,70})', re.IGNORECASE)


class Gate:
    """Every path that is not ``PUBLIC`` needs a good token, whether it leads anywhere or not. The operation finds ``claims`` and
    ``digest`` in the request's state. ``described``: whether anybody may read the description."""

    def __init__(self, app: ASGIApp, tokens: TokenChecker, *, described: bool = False) -> None:
        self._app, self._tokens, self._described = app, tokens, described

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets in, or answers 401."""
        if scope["type"] != "http" or self._open_to_all(_path(scope)):
            await self._app(scope, receive, send)
            return
        try:
            claims = await run_in_threadpool(self._claims, scope)
        except (NotGood, GatewayError) as fault:
            await _refusal(fault)(scope, receive, send)
            return
        body = await _whole(receive)
        scope.setdefault("state", {}).update(claims=claims, digest=digest(scope, body))
        await self._app(scope, _again(body, receive), send)

    def _open_to_all(self, path: str) -> bool:
        return bool(PUBLIC.fullmatch(path)) or (self._described and path == DESCRIPTION)

    def _claims(self, scope: Scope) -> dict[str, Any]:
        scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotGood
        return self._tokens.claims(token.strip())


def _path(scope: Scope) -> str:
    """The path within the API."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


def _refusal(fault: Exception) -> ASGIApp:
    if isinstance(fault, GatewayError):
        return problem_of(fault.code, 503)
    answer = problem_of(Code.SIGN_IN_NEEDED, 401)
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def digest(scope: Scope, body: bytes) -> bytes:
    """SHA-256 of method, path, query and body. A form's boundary is made anew by whoever sends it again, so it does not count."""
    boundary = _BOUNDARY.search(Headers(scope=scope).get("content-type", "").encode("latin-1"))
    if boundary:
        body = body.replace(boundary[1], b"")
    return hashlib.sha256(b"\0".join((scope["method"].encode(), scope["path"].encode(), scope["query_string"], body))).digest()


async def _whole(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """What was read, for the operation to read; after that whatever the connection says."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> Message:
        return waiting.pop() if waiting else await receive()

    return receiving
