"""Failures of the whole service, ordered by a test for an interaction: what happens, and how many times."""

import asyncio
from dataclasses import dataclass, field

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.stubs.fhir_trust.mishaps import LOGIN_PAGE
from contracts.stubs.fhir_trust.wire import outcome, reply

HAPPENS = ("unavailable", "rate_limited", "server_error", "html_with_200", "never_answers", "answer_lost", "truncated", "closes")


@dataclass(slots=True)
class _Order:
    happens: str
    times: int


@dataclass(slots=True)
class _Answer:
    """What the application sent, kept back."""

    messages: list[Message] = field(default_factory=list)

    async def take(self, message: Message) -> None:
        self.messages.append(message)


class Trouble:
    """Stands before the application. An operation is the method and the first part of the path: ``POST Flag``, ``POST oauth``,
    ``POST Patient/$match`` and ``POST Patient/_search`` by their second part too."""

    def __init__(self, app: ASGIApp, base_path: str) -> None:
        self._app, self._base = app, base_path
        self._orders: dict[str, list[_Order]] = {}

    def order(self, operation: str, happens: str, times: int) -> None:
        """From now on the operation fails like this, so many times."""
        self._orders.setdefault(operation, []).append(_Order(happens, times))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on, or fails as ordered."""
        happens = self._due(scope) if scope["type"] == "http" else None
        if happens is None:
            await self._app(scope, receive, send)
        elif happens in ("answer_lost", "truncated", "closes"):
            await self._after_the_work(happens, scope, receive, send)
        elif happens == "never_answers":
            await _wait_until_gone(receive)
        else:
            await _refusal(happens)(scope, receive, send)

    def _due(self, scope: Scope) -> str | None:
        parts = scope["path"].removeprefix(self._base).strip("/").split("/")
        path = "/".join(parts[:2]) if len(parts) > 1 and parts[1][:1] in "$_" else parts[0]
        for order in self._orders.get(f"{scope['method']} {path}", ()):
            if order.times > 0:
                order.times -= 1
                return order.happens
        return None

    async def _after_the_work(self, happens: str, scope: Scope, receive: Receive, send: Send) -> None:
        """The work is done; its answer is lost, cut short, or the connection ends in the middle of it."""
        answer = _Answer()
        await self._app(scope, receive, answer.take)
        if happens == "answer_lost":
            await _wait_until_gone(receive)
            return
        start, body = answer.messages[0], b"".join(message.get("body", b"") for message in answer.messages[1:])
        headers = start["headers"]
        if happens == "truncated":
            headers = [(name, value) for name, value in headers if name != b"content-length"]
        await send({**start, "headers": headers})
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": happens == "closes"})


def _refusal(happens: str) -> Response:
    if happens == "html_with_200":
        return HTMLResponse(LOGIN_PAGE)
    status, issue, code = {
        "unavailable": (503, "transient", "BUSY"),
        "rate_limited": (429, "throttled", "TOO_MANY_REQUESTS"),
        "server_error": (500, "exception", "INTERNAL"),
    }[happens]
    return reply(outcome(issue, code), status, {"Retry-After": "1"} if status != 500 else None)


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        await asyncio.sleep(0)


def trouble_routes(trouble: Trouble) -> list[Route]:
    """``POST /__staff/trouble`` ``{"operation": "POST Flag", "happens": one of HAPPENS, "times": 1}``."""

    async def order(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        if asked["happens"] not in HAPPENS:
            return Response(status_code=422)
        trouble.order(asked["operation"], asked["happens"], int(asked.get("times", 1)))
        return Response(b'{"ordered":true}', media_type="application/json")

    return [Route("/__staff/trouble", order, methods=["POST"])]
