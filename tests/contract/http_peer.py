"""A server made of raw sockets that does on the wire exactly what a test tells it to, and notes every request that came."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field


@dataclass(repr=False)
class Request:
    """One request as it came in, and the connection that it came by."""

    line: str
    headers: dict[str, str]
    body: bytes
    writer: asyncio.StreamWriter
    number: int
    """Which request this is, of all."""

    async def send(self, content: bytes) -> None:
        """Raw bytes, as they are."""
        self.writer.write(content)
        await self.writer.drain()

    async def reply(self, body: bytes, status: str = "200 OK", **headers: str) -> None:
        """A whole and honest reply; header names with underscores for hyphens."""
        named = {"Content-Type": "application/fhir+json", "Content-Length": str(len(body))}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        await self.send(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)

    def hang_up(self, *, reset: bool = False) -> None:
        """Ends the connection; ``reset`` without the usual goodbye."""
        if reset:
            self.writer.transport.abort()
        else:
            self.writer.close()


Behaviour = Callable[[Request], Awaitable[None]]


@dataclass(repr=False)
class HttpPeer:
    """A running server."""

    port: int
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    secure: bool = False

    @property
    def url(self) -> str:
        return f"{'https' if self.secure else 'http'}://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def http_peer(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> AsyncIterator[HttpPeer]:
    """Serves ``behaviour`` on a free loopback port."""
    peer = HttpPeer(0, secure=tls is not None)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while not writer.is_closing():
                request = await _next_request(reader, writer, len(peer.requests))
                peer.requests.append(request)
                await behaviour(request)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()


async def _next_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(head[0], headers, body, writer, number)
