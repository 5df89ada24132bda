"""A peer on the other end of an MLLP line that does exactly what a test says, and answers to our queries written by hand."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable


class Peer:
    """Counts connections and keeps every message that came."""

    def __init__(self) -> None:
        self.connections = 0
        self.messages: list[bytes] = []

    async def next(self, reader: asyncio.StreamReader) -> bytes:
        """The next message, out of its frame."""
        message = (await reader.readuntil(b"\x1c\r"))[1:-2]
        self.messages.append(message)
        return message


@contextlib.asynccontextmanager
async def peer(script: Callable[[Peer, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[tuple[Peer, int]]:
    """Serves each connection by the script; the peer and its port."""
    state = Peer()
    under_way: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.connections += 1
        task = asyncio.current_task()
        assert task is not None
        under_way.add(task)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            await script(state, reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        under_way.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield state, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(under_way):
            task.cancel()
        while under_way:
            await asyncio.sleep(0)


def frame(message: bytes) -> bytes:
    """A message in its frame."""
    return b"\x0b" + message + b"\x1c\r"


PID = "PID|1||M77^^^CBNT&2.999.42.7&ISO^MR||Wiśniewska^Katarzyna^^^^^L||19910723|F"


def answer(query: bytes, *people: str, status: str = "OK", control_id: str = "", tag: str = "", pointer: str = "", count: str = "") -> bytes:
    """An RSP^K22 to a query as a trust would write it, from strings alone."""
    segments = query.decode().split("\r")
    msh, qpd = segments[0].split("|"), segments[1]
    lines = [
        f"MSH|^~\\&|CBNT-PAS|ZCB|{msh[2]}|{msh[3]}|20261102093001||RSP^K22^RSP_K21|R{msh[9][1:]}|P|2.5||||||UNICODE UTF-8",
        f"MSA|AA|{control_id or msh[9]}",
        f"QAK|{tag or qpd.split('|')[2]}|{status}|IHE PDQ Query|{count or len(people)}|{count or len(people)}|0",
        qpd,
        *people,
        *([f"DSC|{pointer}|I"] if pointer else []),
    ]
    return ("\r".join(lines) + "\r").encode()


def refusal(query: bytes, code: str = "AE", error: str = "207", event: str = "RSP^K22^RSP_K21") -> bytes:
    """An MSA of another code than AA, with an ERR."""
    msh = query.decode().split("|")
    return (
        f"MSH|^~\\&|CBNT-PAS|ZCB|{msh[2]}|{msh[3]}|20261102093001||{event}|E1|P|2.5\rMSA|{code}|{msh[9]}\r"
        f"ERR||MSH^1^9|{error}|E\r"
    ).encode()
