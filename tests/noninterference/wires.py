"""Applications asked in this process: as an agency's system by the product, and as the product by whoever looks at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from adapters.http import HttpReply

Asgi = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Heard:
    """A whole answer. ``headers`` in the order in which they came."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header; "" where it is not there."""
        return next((value.decode("latin-1") for key, value in self.headers if key.decode().lower() == name), "")

    def as_bytes(self) -> bytes:
        """Everything that came, as it would stand on the wire. Nothing is left out but ``Date``, which the server in front adds."""
        head = b"\n".join(b"%b: %b" % pair for pair in self.headers if pair[0].lower() != b"date")
        return b"%d\n%b\n\n%b" % (self.status, head, self.body)


async def ask(app: Asgi, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Heard:
    """One request, one answer."""
    parts = urlsplit(url)
    given = {"host": parts.netloc or "gateway.test", **{name.lower(): value for name, value in (headers or {}).items()}}
    if body:
        given["content-length"] = str(len(body))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": parts.scheme or "http",
        "path": unquote(parts.path) or "/", "raw_path": parts.path.encode(), "query_string": parts.query.encode(), "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given.items()],
        "server": (parts.hostname or "gateway.test", parts.port or 80), "client": ("127.0.0.1", 40_000),
    }  # fmt: skip
    waiting = [{"type": "http.request", "body": body, "more_body": False}]
    started: dict[str, Any] = {}
    parts_of_body: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        else:
            parts_of_body.append(message.get("body", b""))

    await app(scope, receive, send)
    return Heard(started["status"], tuple((bytes(k), bytes(v)) for k, v in started["headers"]), b"".join(parts_of_body))


@dataclass(frozen=True, slots=True)
class Sent:
    """One request of the product to an agency, as it left."""

    agency: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    def as_bytes(self) -> bytes:
        """Everything that stands on the wire."""
        head = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        return f"{self.method} {self.url}\n{head}\n\n".encode() + self.body


_READS = ("_search", "$match", "/search", "/token")


@dataclass
class Line:
    """A ``Wire`` of ``adapters.http`` to an application. ``after_write`` is told after each exchange that may have had an effect."""

    agency: str
    app: Asgi
    kept: list[Sent]
    after_exchange: Callable[[str, bool], None] = field(default=lambda agency, write: None)

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most: int) -> HttpReply:
        """One exchange."""
        self.kept.append(Sent(self.agency, method, url, dict(headers), body or b""))
        heard = await ask(self.app, method, url, headers, body or b"")
        self.after_exchange(self.agency, method != "GET" and not any(part in url for part in _READS))
        return HttpReply(heard.status, _Headers({k.decode().lower(): v.decode("latin-1") for k, v in heard.headers}), heard.body)

    async def close(self) -> None:
        """Nothing is open."""


class _Headers(dict[str, str]):
    """Found by name in any case."""

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key.lower(), default)

    def __getitem__(self, key: str) -> str:
        return super().__getitem__(key.lower())
