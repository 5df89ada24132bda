"""MLLP: HL7 v2 messages in frames (0x0B message 0x1C 0x0D) over TCP, in connections that are kept. The only home of sockets.

One message is under way in a connection at a time. A frame that nobody waits for, or that answers something else, costs the connection:
what comes after it could be taken for the wrong answer.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, cast
from urllib.parse import urlsplit

from adapters.connectors import Destination
from adapters.egress import Permit
from adapters.faults import Permanent, Transient
from adapters.pace import Pace
from adapters.tls import context_of, is_guarded
from contracts.outgoing import MLLP
from gateway.domain.agreements import Limits
from gateway.domain.error_codes import Code

START, END = b"\x0b", b"\x1c\r"
_BETWEEN_FRAMES = b"\r\n"
"""Line ends that some senders put between frames; anything else there is a fault."""


class FramingFault(Exception):
    """What came is not a sequence of frames; the code says whether it was too large."""

    def __init__(self, reason: Code = Code.REPLY_UNREADABLE) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Deframer:
    """Cuts a stream into messages, however it was cut into segments. ``most``: bytes of the largest message that is taken."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._buffer = bytearray()
        self._seen = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete now. Raises ``FramingFault`` for bytes between frames, a frame within a frame, a stray end
        byte, and for a message that is too large."""
        self._buffer += data
        messages = []
        while (message := self._next()) is not None:
            messages.append(message)
        return messages

    @property
    def empty(self) -> bool:
        """Whether nothing of a further frame has come."""
        return not self._buffer

    def _next(self) -> bytes | None:
        buffer = self._buffer
        while buffer[:1] and buffer[0] in _BETWEEN_FRAMES:
            del buffer[0]
        if not buffer:
            return None
        if buffer[0] != START[0]:
            raise FramingFault
        end = buffer.find(END[:1], max(1, self._seen))
        if buffer.find(START, max(1, self._seen), end if end >= 0 else len(buffer)) >= 0:
            raise FramingFault
        if (end if end >= 0 else len(buffer)) - 1 > self._most:
            raise FramingFault(Code.REPLY_TOO_LARGE)
        if end < 0 or end + 1 == len(buffer):
            self._seen = end if end >= 0 else len(buffer)
            return None
        if buffer[end + 1] != END[1]:
            raise FramingFault
        message = bytes(buffer[1:end])
        del buffer[: end + len(END)]
        self._seen = 0
        return message


class Verdict(Enum):
    """What a frame is to the exchange that reads it."""

    ANSWER = "answer"
    WAIT = "wait"
    """Ours, and more is to come (an accept acknowledgement)."""
    FOREIGN = "foreign"
    """An answer to something else, or nothing that can be read: not accepted, and the connection closed."""


def _message_type(payload: bytes) -> str:
    """MSH-9 as it stands; "" where there is none."""
    fields = payload[:1000].split(b"\r", 1)[0].split(b"|", 9)
    return fields[8].decode("ascii", "replace") if len(fields) > 8 else ""


class Exchange(Protocol):
    """One message and the judgement of what comes back for it."""

    @property
    def payload(self) -> bytes:
        """The message, without frame."""

    def judge(self, frame: bytes) -> Verdict:
        """What this frame is to us. An ``ANSWER`` is kept by the exchange itself."""

    def receipt(self) -> bytes | None:
        """What the sender of the answer wants back for it, if anything."""


class _Lost(Exception):
    """The connection ended, or broke the framing. ``clean``: before any byte of an answer came."""

    def __init__(self, *, clean: bool, reason: Code = Code.AGENCY_UNREACHABLE) -> None:
        super().__init__(reason.value)
        self.clean = clean
        self.reason = reason


class _Connection(asyncio.Protocol):
    """One connection. Frames are taken only while an exchange is under way in it."""

    def __init__(self, most: int, opened: set[_Connection]) -> None:
        """``opened`` holds this connection as long as it exists."""
        self._opened = opened
        self._deframer = Deframer(most)
        self._frames: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._fault: Code | None = None
        self._busy = False
        self._received = False
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._opened.add(self)

    def data_received(self, data: bytes) -> None:
        if not self._busy:
            # Nobody asked: a late answer to a question that was given up, or worse.
            self.abort()
            return
        self._received = True
        try:
            self._frames.extend(self._deframer.feed(data))
        except FramingFault as fault:
            self._fault = fault.reason
            self.abort()
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._opened.discard(self)
        self._news.set()

    def send(self, message: bytes) -> None:
        """Frame and write; from here on frames are expected."""
        self._busy, self._received = True, False
        self.write(message)

    def write(self, message: bytes) -> None:
        """Frame and write."""
        if self._transport is not None and not self.lost:
            self._transport.write(START + message + END)

    async def frame(self) -> bytes:
        """The next frame. Raises ``_Lost`` when there will be none."""
        while not self._frames:
            if self._fault or self.lost:
                raise _Lost(clean=not self._received, reason=self._fault or Code.AGENCY_UNREACHABLE)
            self._news.clear()
            await self._news.wait()
        return self._frames.popleft()

    def rest(self) -> bool:
        """End an exchange; whether the connection can serve another, with nothing left over from this one."""
        self._busy = False
        return not self.lost and not self._frames and self._deframer.empty

    def abort(self) -> None:
        """Close at once."""
        self.lost = True
        if self._transport is not None:
            self._transport.abort()


@dataclass(frozen=True, slots=True)
class Address:
    """Where a system listens, and how the connection is secured; ``tls`` None for none."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None

    @classmethod
    def of(cls, destination: Destination) -> Address:
        """From ``mllps://host:port``, with the credentials of ``adapters.tls``, or ``mllp://host:port`` without TLS.

        Raises ``Permanent(ENDPOINT_NOT_SECURE)`` for anything else, and for a line without TLS that leaves the machine or its private
        network, unless the agreement says ``plain_line = "agreed"`` in its options (a line within another protected network).
        """
        parts = urlsplit(destination.endpoint)
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            host = port = None
        agreed = destination.system.options.get("plain_line") == "agreed"
        guarded = parts.scheme == "mllps" or (parts.scheme == "mllp" and (agreed or is_guarded(f"http://{parts.netloc}")))
        if not host or not port or not guarded:
            raise Permanent(Code.ENDPOINT_NOT_SECURE)
        return cls(host, port, context_of(destination.credentials) if parts.scheme == "mllps" else None)


class Mllp:
    """Connections to one system, up to ``limits.concurrency``, kept between messages and opened anew when the other side closed them."""

    def __init__(self, address: Address, limits: Limits) -> None:
        self._address = address
        self._limits = limits
        self._slots = asyncio.Semaphore(max(1, limits.concurrency))
        self._idle: list[_Connection] = []
        self._opened: set[_Connection] = set()
        self._pace = Pace(limits.per_second)

    async def ask(self, exchange: Exchange, permit: Permit) -> None:
        """Send a message that has no effect and wait for its answer. Nothing leaves that ``permit`` does not let out.

        A kept connection that turns out to be closed is replaced and the message sent again. Raises ``Transient``, or ``Permanent`` for
        a certificate or a size that another attempt would meet again. ``limits.timeout_s`` is for all of it.
        """
        permit.check(MLLP, _message_type(exchange.payload), {}, exchange.payload)
        async with self._slots:
            await self._pace.turn()
            try:
                async with asyncio.timeout(self._limits.timeout_s):
                    await self._exchange(exchange, permit)
            except TimeoutError:
                raise Transient(Code.AGENCY_TIMEOUT) from None
            except _Lost as lost:
                raise (Permanent if lost.reason is Code.REPLY_TOO_LARGE else Transient)(lost.reason) from None

    async def close(self) -> None:
        """Closes every connection, and returns when they are closed."""
        self._idle.clear()
        for connection in tuple(self._opened):
            connection.abort()
        while self._opened:
            await asyncio.sleep(0)

    async def _exchange(self, exchange: Exchange, permit: Permit) -> None:
        while self._idle:
            kept = self._idle.pop()
            if kept.lost:
                continue
            try:
                return await self._over(kept, exchange, permit)
            except _Lost as lost:
                if not lost.clean:
                    raise
        await self._over(await self._connect(), exchange, permit)
        return None

    async def _over(self, connection: _Connection, exchange: Exchange, permit: Permit) -> None:
        verdict = Verdict.WAIT
        try:
            connection.send(exchange.payload)
            while verdict is Verdict.WAIT:
                frame = await connection.frame()
                permit.told(frame)
                verdict = exchange.judge(frame)
            if verdict is Verdict.ANSWER and (receipt := exchange.receipt()):
                permit.check(MLLP, _message_type(receipt), {}, receipt)
                connection.write(receipt)
        finally:
            if verdict is Verdict.ANSWER and connection.rest():
                self._idle.append(connection)
            else:
                connection.abort()
        if verdict is Verdict.FOREIGN:
            raise Transient(Code.REPLY_UNEXPECTED)

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        address, most = self._address, self._limits.max_reply_bytes
        try:
            _, connection = await loop.create_connection(
                lambda: _Connection(most, self._opened), address.host, address.port, ssl=address.tls
            )
        except ssl.SSLCertVerificationError:
            raise Permanent(Code.CERTIFICATE_REFUSED) from None
        except OSError:
            raise Transient(Code.AGENCY_UNREACHABLE) from None
        return connection
