"""What stands round everything that is served: headers that every answer carries, and the most that a request may bring."""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=(), clipboard-read=()",
    "X-Robots-Tag": "noindex",
}
"""Nothing is cached, framed, embedded, sent on as a referrer, or loaded from elsewhere (safety channels C22, C23, C48)."""

MOST_BYTES = 5 * 1024 * 1024
"""Of one request, with everything round the file. A list of 500 cases has a fiftieth of it."""

Refusal = Callable[[Scope, int], Response]
"""The answer to a request that is not even read: 413 (too large) or 411 (does not say how large)."""


class Guard:
    """ASGI application round another one. The server holds a sender to the length that they declared, so nothing is counted here."""

    def __init__(self, app: ASGIApp, refusal: Refusal) -> None:
        self._app, self._refusal = app, refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or refuses, and sets the headers either way."""
        if scope["type"] != "http":
            return
        status = _too_much(Headers(scope=scope))
        answering = self._refusal(scope, status) if status else self._app
        await answering(scope, receive, _with_headers(send))


def _too_much(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers:
        return 411
    return 0 if length.isdecimal() and int(length) <= MOST_BYTES else 413


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers[name] = value
        await send(message)

    return sending
