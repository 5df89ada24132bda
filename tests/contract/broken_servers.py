"""Servers of raw sockets that break one promise of HTTP each, and one exchange of ours with them."""

from __future__ import annotations

import asyncio
import gzip
import ssl

from adapters.faults import Fault
from adapters.http import AiohttpWire, Authority, HttpReply, HttpSystem
from adapters.tls import context_of
from gateway.domain.agreements import Limits
from tests.contract.http_peer import Behaviour, HttpPeer, Request, http_peer
from tests.contract.open_gate import OpenGate

JSON = {"Accept": "application/json"}
QUICK = Limits(timeout_s=0.6, max_reply_bytes=200_000)
PATIENT = Limits(timeout_s=20, max_reply_bytes=200_000)
"""Where the deadline is not what is tried, so that a busy machine changes nothing."""
SECRET = b'{"family":"Canary-Surname-7731"}'


async def one_exchange(
    peer: HttpPeer, what: str, limits: Limits, authority: Authority | None, credentials: dict[str, str]
) -> HttpReply | Fault:
    system = HttpSystem(peer.url, limits, AiohttpWire(context_of(credentials)), authority, OpenGate())
    talk = system.talk()
    try:
        return await (talk.write if what == "write" else talk.ask)("POST", "Thing", JSON, SECRET)
    except Fault as fault:
        return fault
    finally:
        await system.close()


def exchange(
    behaviour: Behaviour, what: str = "ask", limits: Limits = PATIENT, authority: Authority | None = None, tls: ssl.SSLContext | None = None,
    **credentials: str,
) -> tuple[HttpReply | Fault, HttpPeer]:  # fmt: skip
    async def run() -> tuple[HttpReply | Fault, HttpPeer]:
        async with http_peer(behaviour, tls) as peer:
            return await one_exchange(peer, what, limits, authority, credentials), peer

    return asyncio.run(run())


def told(found: HttpReply | Fault) -> tuple[type, str]:
    return (type(found), found.reason) if isinstance(found, Fault) else (HttpReply, str(found.status))


# -------------------------------------------------------------------------------------------- what breaks, and what it means


async def says_nothing(request: Request) -> None:
    await asyncio.sleep(30)


async def closes(request: Request) -> None:
    request.hang_up()


async def resets(request: Request) -> None:
    request.hang_up(reset=True)


async def a_byte_at_a_time(request: Request) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}":
        await request.send(bytes([byte]))
        await asyncio.sleep(0.1)


async def fewer_bytes_than_announced(request: Request) -> None:
    await request.send(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"resourceType":')
    request.hang_up()


async def a_chunk_cut(request: Request) -> None:
    await request.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{}")
    request.hang_up()


async def no_http(request: Request) -> None:
    await request.send(b"SSH-2.0-OpenSSH_9.7\r\n\r\n")
    request.hang_up()


async def a_header_without_end(request: Request) -> None:
    await request.send(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 100_000 + b"\r\nContent-Length: 2\r\n\r\n{}")


async def a_gigabyte_announced(request: Request) -> None:
    await request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n{")


async def without_end(request: Request) -> None:
    await request.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await request.send(b"4000\r\n" + b" " * 0x4000 + b"\r\n")


async def a_gzip_bomb(request: Request) -> None:
    await request.reply(gzip.compress(b"0" * 20_000_000), Content_Encoding="gzip")


async def half_a_gzip(request: Request) -> None:
    await request.reply(gzip.compress(b'{"a":1}' * 50)[:30], Content_Encoding="gzip")


async def no_gzip_at_all(request: Request) -> None:
    await request.reply(b"{}", Content_Encoding="gzip")


async def an_unknown_coding(request: Request) -> None:
    await request.reply(b"{}", Content_Encoding="br")


def status(line: str, **headers: str) -> Behaviour:
    async def behaviour(request: Request) -> None:
        await request.reply(b"{}", line, **headers)

    return behaviour
