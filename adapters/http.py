"""HTTP to agencies' systems, and the only home of it: pooled connections, one deadline for a whole exchange, nothing followed,
nothing logged, and a plain answer to "may it have had its effect?".

aiohttp is used directly: 150 us of CPU an exchange here, where httpx over aiohttp's pool takes 450 and plain httpx 1,100, and it says
more exactly what had happened when a connection broke. tenacity repeats only what never left, or what has no effect, within one attempt.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import ssl
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

import aiohttp
import tenacity
from yarl import URL

from adapters import brake
from adapters.egress import Egress, Permit
from adapters.faults import Permanent, Transient, Unsure
from adapters.pace import Pace
from adapters.tls import is_guarded
from gateway.domain.agreements import Limits
from gateway.domain.error_codes import Code
from gateway.domain.releases import Release

_LONGEST_CONNECT_S = 5.0
_LONGEST_WAIT_S = 24 * 3600.0
_MOST_UNPACKED = 100
"""Times its own size that a compressed reply may grow to."""

for _name in ("aiohttp", "aiohttp.client", "aiohttp.internal"):
    logging.getLogger(_name).disabled = True  # addresses and peers' words stay out of every log


@dataclass(frozen=True, slots=True, repr=False)
class HttpReply:
    """A whole reply, read within the limits. ``headers`` are found by name in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"HttpReply({self.status})"


class NotSent(Exception):
    """No part of the request left. ``again`` says whether trying at once may help."""

    def __init__(self, reason: Code, again: bool = True) -> None:
        super().__init__(reason.value)
        self.reason, self.again = reason, again


class Broken(Exception):
    """The request left, at least in part, and no whole reply came."""

    def __init__(self, reason: Code, again: bool = False) -> None:
        super().__init__(reason.value)
        self.reason, self.again = reason, again


class Wire(Protocol):
    """Sends one request and reads one reply of at most ``most`` bytes. Raises ``NotSent`` or ``Broken``."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most: int) -> HttpReply: ...

    async def close(self) -> None: ...


class AiohttpWire:
    """Kept connections to one place, of one event loop. ``tls`` from ``adapters.tls.context_of``."""

    def __init__(self, tls: ssl.SSLContext, connect_s: float = _LONGEST_CONNECT_S) -> None:
        self._tls, self._connect_s = tls, connect_s
        self._opened: aiohttp.ClientSession | None = None

    def _session(self) -> aiohttp.ClientSession:
        """Opened at the first use, so that nothing is left open where nothing was sent."""
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ssl=self._tls, keepalive_timeout=30),
                timeout=aiohttp.ClientTimeout(total=None, connect=self._connect_s),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
            )
            # aiohttp repeats a PUT by itself when the connection ends before the reply; as its own test client does, we switch that off.
            self._opened._retry_connection = False  # noqa: SLF001
        return self._opened

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most: int) -> HttpReply:
        """See ``Wire``. A reply that is too large is left unread and its connection closed."""
        try:
            address = URL(url, encoded=True)
            async with self._session().request(method, address, data=body, headers=headers, allow_redirects=False) as response:
                content = await _read_all(response, most)
                return HttpReply(response.status, response.headers, _unpacked(content, response.headers, most))
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError):
            raise NotSent(Code.CERTIFICATE_REFUSED, again=False) from None
        except aiohttp.ConnectionTimeoutError:
            raise NotSent(Code.AGENCY_TIMEOUT, again=False) from None
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL):
            raise NotSent(Code.AGENCY_UNREACHABLE) from None
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            raise Broken(Code.AGENCY_UNREACHABLE, again=True) from None
        except (aiohttp.ClientError, zlib.error, ValueError):
            raise Broken(Code.REPLY_UNREADABLE) from None

    async def close(self) -> None:
        """Closes every connection."""
        if self._opened is not None:
            await self._opened.close()


async def _read_all(response: aiohttp.ClientResponse, most: int) -> bytes:
    if (response.content_length or 0) > most:
        raise Broken(Code.REPLY_TOO_LARGE)
    parts: list[bytes] = []
    size, content = 0, response.content
    while not content.at_eof():
        part = await content.readany()
        size += len(part)
        if size > most:
            raise Broken(Code.REPLY_TOO_LARGE)
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _unpacked(content: bytes, headers: Mapping[str, str], most: int) -> bytes:
    """What a gzip reply holds, never more than ``most`` bytes nor a hundred times its size."""
    coding = headers.get("Content-Encoding", "identity").strip().lower()
    if coding in ("identity", "") or not content:
        return content
    if coding not in ("gzip", "x-gzip"):
        raise Broken(Code.REPLY_UNREADABLE)
    most = min(most, max(64 * 1024, len(content) * _MOST_UNPACKED))
    unpacker = zlib.decompressobj(wbits=31)
    whole = unpacker.decompress(content, most + 1)
    if len(whole) > most:
        raise Broken(Code.REPLY_TOO_LARGE)
    if not unpacker.eof:
        raise Broken(Code.REPLY_UNREADABLE)
    return whole


class Authority(Protocol):
    """What we show to be let in."""

    async def headers(self) -> Mapping[str, str]:
        """Headers to send; may have to fetch a token first."""

    def refused(self, shown: Mapping[str, str]) -> bool:
        """Told that these were refused; True if it can get others."""


class NoAuthority:
    """A system that asks for nothing."""

    async def headers(self) -> Mapping[str, str]:
        """None."""
        return {}

    def refused(self, shown: Mapping[str, str]) -> bool:
        """There are no others."""
        return False


class HttpSystem:
    """One record system over HTTP: where it is, how much it bears, how we are let in."""

    def __init__(
        self, endpoint: str, limits: Limits, wire: Wire, authority: Authority | None = None, egress: Egress | None = None
    ) -> None:
        """Raises ``Permanent(ENDPOINT_NOT_SECURE)`` for an address that others on the way could read along with."""
        if not is_guarded(endpoint):
            raise Permanent(Code.ENDPOINT_NOT_SECURE)
        self.base = endpoint.rstrip("/")
        self.origin = str(URL(self.base).origin())
        self.limits = limits
        self.wire = wire
        self.authority = authority or NoAuthority()
        self.pace = Pace(limits.per_second)
        self.egress = egress or Egress()
        self.usual = {"User-Agent": self.egress.user_agent, "Accept-Encoding": "gzip"}

    def url(self, path: str) -> str:
        """``/path`` is from the origin, ``path`` from the base, "" the base itself. All are sent as they are."""
        if not path:
            return self.base
        return f"{self.origin}{path}" if path.startswith("/") else f"{self.base}/{path}"

    def talk(self, release: Release | None = None) -> Talk:
        """A new conversation: the exchanges of one delivery. Without a release only a token may be asked for, or something read."""
        return Talk(self, release)

    async def close(self) -> None:
        """Closes the connections."""
        await self.wire.close()


@dataclass(frozen=True, slots=True, repr=False)
class _Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None


class Talk:
    """The exchanges of one delivery. Every fault carries the digest of what was sent until then."""

    def __init__(self, system: HttpSystem, release: Release | None = None) -> None:
        self._system = system
        self._permit: Permit = system.egress.permit(release)
        self._sent = hashlib.sha256()
        self._any = False

    @property
    def digest(self) -> bytes:
        """SHA-256 of the bodies sent, in order; b"" if none."""
        return self._sent.digest() if self._any else b""

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> HttpReply:
        """An exchange without effect there: whatever fails, it may be asked again."""
        try:
            return self._checked(await self._exchange(_Request(method, path, headers, body), effect=False), effect=False)
        except (NotSent, Broken) as fault:
            if fault.reason is Code.REPLY_TOO_LARGE:
                raise Permanent(fault.reason, digest=self.digest) from None
            raise Transient(fault.reason, digest=self.digest) from None

    async def write(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> HttpReply:
        """An exchange with an effect there: what fails after it left is ``Unsure``. Raises ``Held`` while writing is stopped."""
        await brake.check(self.digest)
        try:
            return self._checked(await self._exchange(_Request(method, path, headers, body), effect=True), effect=True)
        except NotSent as fault:
            raise Transient(fault.reason, digest=self.digest) from None
        except Broken as fault:
            raise Unsure(fault.reason, digest=self.digest) from None

    async def _exchange(self, request: _Request, effect: bool) -> HttpReply:
        """Once more with fresh credentials when the first are refused: what was refused had no effect."""
        try:
            self._permit.check(request.method, request.path, request.headers, request.body)
        except Permanent as fault:
            fault.digest = self.digest
            raise
        authority = self._system.authority
        shown = await authority.headers()
        reply = await self._send(request, shown, effect)
        if reply.status == 401 and authority.refused(shown):
            reply = await self._send(request, await authority.headers(), effect)
        self._permit.told(reply.body)
        return reply

    async def _send(self, request: _Request, shown: Mapping[str, str], effect: bool) -> HttpReply:
        """Repeats within the attempt what never left, or what has no effect and met a connection that had just been closed."""
        await self._system.pace.turn()
        if request.body is not None:
            self._sent.update(request.body)
            self._any = True
        try:
            return await self._send_once(request, shown)
        except (NotSent, Broken) as fault:
            if not _may_repeat(fault, effect):
                raise
        again = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(2),
            wait=tenacity.wait_random(0.05, 0.25),
            retry=tenacity.retry_if_exception(lambda fault: _may_repeat(fault, effect)),
            reraise=True,
        )
        return await again(self._send_once, request, shown)

    async def _send_once(self, request: _Request, shown: Mapping[str, str]) -> HttpReply:
        system = self._system
        headers = {**system.usual, "X-Request-ID": str(uuid.uuid4()), **request.headers, **shown}
        try:
            async with asyncio.timeout(system.limits.timeout_s):
                url = system.url(request.path)
                return await system.wire.send(request.method, url, headers, request.body, system.limits.max_reply_bytes)
        except TimeoutError:
            raise Broken(Code.AGENCY_TIMEOUT) from None

    def _checked(self, reply: HttpReply, effect: bool) -> HttpReply:
        """The reply, if its status is one that a connector can decide on; else the fault that it means."""
        status = reply.status
        if 200 <= status < 300:
            return reply
        digest = self.digest
        if status == 408 and effect:  # it waited for more of what it may have begun to act on
            raise Unsure(Code.AGENCY_TIMEOUT, digest=digest)
        if status in (408, 425, 429):
            raise Transient(Code.AGENCY_BUSY, _retry_after(reply), digest=digest)
        if status >= 500:
            reason = Code.AGENCY_BUSY if status == 503 else Code.AGENCY_FAULT
            raise Unsure(reason, digest=digest) if effect else Transient(reason, _retry_after(reply), digest=digest)
        if status == 401:
            raise Transient(Code.CREDENTIALS_REFUSED, digest=digest)
        if 300 <= status < 400:
            raise Permanent(Code.REDIRECT_REFUSED, digest=digest)
        return reply


def _may_repeat(fault: BaseException, effect: bool) -> bool:
    if isinstance(fault, NotSent):
        return fault.again
    return isinstance(fault, Broken) and fault.again and not effect


def _retry_after(reply: HttpReply) -> float | None:
    """Seconds to wait, from ``Retry-After`` as seconds or as a date (RFC 9110 10.2.3); at most a day; None when it does not say."""
    told = reply.headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdigit():
        return min(float(told), _LONGEST_WAIT_S)
    try:
        wait = (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(wait, 0.0), _LONGEST_WAIT_S)
