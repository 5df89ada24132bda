"""HTTP as it goes wrong on the wire: a server of raw sockets breaks each promise in turn, and the adapter says what may have happened.

A read that failed may be repeated; a write that left is never repeated unseen. Nothing is followed, nothing trusted, nothing logged.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import logging
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.faults import Fault, Permanent, Transient, Unsure
from adapters.http import AiohttpWire, Authority, HttpReply, HttpSystem, Talk
from adapters.tls import context_of, is_guarded
from gateway.domain.agreements import Limits
from gateway.domain.error_codes import Code
from tests.contract.http_peer import Behaviour, HttpPeer, Request, http_peer
from tests.contract.open_gate import OpenGate

JSON = {"Accept": "application/json"}
QUICK = Limits(timeout_s=0.6, max_reply_bytes=200_000)
PATIENT = Limits(timeout_s=20, max_reply_bytes=200_000)
"""Where the deadline is not what is tried, so that a busy machine changes nothing."""
SECRET = b'{"family":"Canary-Surname-7731"}'


async def _exchange(
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
            return await _exchange(peer, what, limits, authority, credentials), peer

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


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (says_nothing, Code.AGENCY_TIMEOUT),
        (a_byte_at_a_time, Code.AGENCY_TIMEOUT),
        (closes, Code.AGENCY_UNREACHABLE),
        (resets, Code.AGENCY_UNREACHABLE),
        (fewer_bytes_than_announced, Code.REPLY_UNREADABLE),
        (a_chunk_cut, Code.REPLY_UNREADABLE),
        (no_http, Code.REPLY_UNREADABLE),
        (a_header_without_end, Code.REPLY_UNREADABLE),
        (half_a_gzip, Code.REPLY_UNREADABLE),
        (no_gzip_at_all, Code.REPLY_UNREADABLE),
        (an_unknown_coding, Code.REPLY_UNREADABLE),
    ],
)
def test_a_question_may_be_asked_again_and_a_write_may_have_been_done(behaviour: Behaviour, reason: Code) -> None:
    limits = QUICK if reason is Code.AGENCY_TIMEOUT else PATIENT
    asked, _ = exchange(behaviour, limits=limits)
    assert told(asked) == (Transient, reason)
    written, peer = exchange(behaviour, "write", limits)
    assert told(written) == (Unsure, reason)
    assert len(peer.requests) == 1
    assert isinstance(written, Fault)
    assert len(written.digest) == 32


@pytest.mark.parametrize("behaviour", [a_gigabyte_announced, without_end, a_gzip_bomb])
def test_what_is_too_large_is_left_unread_and_not_asked_for_again(behaviour: Behaviour) -> None:
    started = time.monotonic()
    asked, _ = exchange(behaviour)
    assert told(asked) == (Permanent, Code.REPLY_TOO_LARGE)
    written, _ = exchange(behaviour, "write")
    assert told(written) == (Unsure, Code.REPLY_TOO_LARGE)
    assert time.monotonic() - started < 2


def test_an_honest_gzip_is_read() -> None:
    async def honest(request: Request) -> None:
        assert "gzip" in request.headers["accept-encoding"]
        await request.reply(gzip.compress(b'{"a":1}'), Content_Encoding="gzip")

    found, _ = exchange(honest)
    assert isinstance(found, HttpReply)
    assert found.body == b'{"a":1}'


def test_nobody_listens() -> None:
    async def run(what: str) -> HttpReply | Fault:
        async with http_peer(closes) as peer:
            pass
        return await _exchange(peer, what, PATIENT, None, {})

    for what in ("ask", "write"):
        assert told(asyncio.run(run(what))) == (Transient, Code.AGENCY_UNREACHABLE)


def test_a_question_that_met_a_closing_connection_is_asked_once_more_at_once() -> None:
    async def first_time_closes(request: Request) -> None:
        await (closes(request) if request.number == 0 else request.reply(b"{}"))

    asked, peer = exchange(first_time_closes)
    assert told(asked) == (HttpReply, "200")
    assert len(peer.requests) == 2
    written, peer = exchange(first_time_closes, "write")
    assert told(written) == (Unsure, Code.AGENCY_UNREACHABLE)
    assert len(peer.requests) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("kept", [False, True], ids=["new connection", "kept connection"])
def test_no_write_is_repeated_unseen_by_a_library_either(method: str, kept: bool) -> None:
    """Libraries repeat what the standard calls idempotent; whether it is so at this agency is not theirs to say."""

    async def closes_on_a_write(request: Request) -> None:
        await (request.reply(b"{}") if request.line.startswith("GET") else closes(request))

    async def run() -> tuple[type, int]:
        async with http_peer(closes_on_a_write) as peer:
            system = HttpSystem(peer.url, PATIENT, AiohttpWire(context_of({})), egress=OpenGate())
            talk = system.talk()
            if kept:
                await talk.ask("GET", "Thing", JSON)
            try:
                await talk.write(method, "Thing", JSON, b"{}")
            except Fault as fault:
                return type(fault), sum(not request.line.startswith("GET") for request in peer.requests)
            finally:
                await system.close()
        return HttpReply, 0

    assert asyncio.run(run()) == (Unsure, 1)


def test_the_deadline_is_for_the_whole_exchange() -> None:
    started = time.monotonic()
    exchange(a_byte_at_a_time, limits=Limits(timeout_s=0.4))
    assert 0.3 < time.monotonic() - started < 3.5


# ------------------------------------------------------------------------------------------------------------- statuses


def status(line: str, **headers: str) -> Behaviour:
    async def behaviour(request: Request) -> None:
        await request.reply(b"{}", line, **headers)

    return behaviour


@pytest.mark.parametrize(
    ("line", "asked", "written"),
    [
        ("200 OK", HttpReply, HttpReply),
        ("201 Created", HttpReply, HttpReply),
        ("400 Bad Request", HttpReply, HttpReply),
        ("404 Not Found", HttpReply, HttpReply),
        ("412 Precondition Failed", HttpReply, HttpReply),
        ("301 Moved Permanently", Permanent, Permanent),
        ("307 Temporary Redirect", Permanent, Permanent),
        ("401 Unauthorized", Transient, Transient),
        ("408 Request Timeout", Transient, Unsure),
        ("425 Too Early", Transient, Transient),
        ("429 Too Many Requests", Transient, Transient),
        ("500 Internal Server Error", Transient, Unsure),
        ("502 Bad Gateway", Transient, Unsure),
        ("503 Service Unavailable", Transient, Unsure),
        ("504 Gateway Timeout", Transient, Unsure),
    ],
)
def test_a_status_means_what_the_next_attempt_may_do(line: str, asked: type, written: type) -> None:
    assert type(exchange(status(line))[0]) is asked
    assert type(exchange(status(line), "write")[0]) is written


def test_a_redirect_is_refused_and_nobody_there_is_asked() -> None:
    async def run() -> tuple[HttpReply | Fault, int]:
        async with http_peer(status("200 OK")) as elsewhere, http_peer(status("302 Found", Location=f"{elsewhere.url}/Thing")) as peer:
            return await _exchange(peer, "ask", PATIENT, None, {}), len(elsewhere.requests)

    found, asked_elsewhere = asyncio.run(run())
    assert told(found) == (Permanent, Code.REDIRECT_REFUSED)
    assert asked_elsewhere == 0


def _as_a_date(header: str) -> str:
    """The words that stand for a moment, as an HTTP date counted from now; anything else as it is."""
    away = {"in 90 seconds": 90, "90 seconds ago": -90}.get(header)
    return header if away is None else format_datetime(datetime.now(UTC) + timedelta(seconds=away), usegmt=True)


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("7", 7, 7),
        ("in 90 seconds", 60, 90),
        ("90 seconds ago", 0, 0),
        ("99999999", 86400, 86400),
        ("soon", None, None),
        ("-5", None, None),
        ("", None, None),
    ],
)
@pytest.mark.parametrize("line", ["429 Too Many Requests", "503 Service Unavailable"])
def test_how_long_to_wait_as_seconds_or_as_a_date(line: str, header: str, low: float | None, high: float | None) -> None:
    found, _ = exchange(status(line, Retry_After=_as_a_date(header)))
    assert isinstance(found, Transient)
    if low is None or high is None:
        assert found.retry_after_s is None
    else:
        assert found.retry_after_s is not None
        assert low - 1 <= found.retry_after_s <= high


class Doorkeeper:
    """Shows a new pass each time the old one was refused."""

    def __init__(self) -> None:
        self.given = 0

    async def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer pass-{self.given}"}

    def refused(self, shown: object) -> bool:
        self.given += 1
        return True


def test_refused_once_it_shows_a_fresh_pass_and_refused_twice_it_stops() -> None:
    async def from_the_second_on(request: Request) -> None:
        await request.reply(b"{}", "200 OK" if request.headers["authorization"] == "Bearer pass-1" else "401 Unauthorized")

    for what in ("ask", "write"):
        found, peer = exchange(from_the_second_on, what, authority=Doorkeeper())
        assert told(found) == (HttpReply, "200")
        assert [request.body for request in peer.requests] == [SECRET, SECRET]
        refused, peer = exchange(status("401 Unauthorized"), what, authority=Doorkeeper())
        assert told(refused) == (Transient, Code.CREDENTIALS_REFUSED)
        assert len(peer.requests) == 2


# ----------------------------------------------------------------------------------------------- what leaves, and what stays


def test_what_we_say_of_ourselves() -> None:
    async def run() -> list[Request]:
        async with http_peer(status("200 OK", Set_Cookie="session=abc; Path=/")) as peer:
            system = HttpSystem(peer.url, PATIENT, AiohttpWire(context_of({})), egress=OpenGate())
            talk = system.talk()
            for _ in range(2):
                await talk.ask("POST", "Thing", JSON, SECRET)
            await system.close()
            assert peer.connections == 1  # kept
            return peer.requests

    first, second = asyncio.run(run())
    expected = {"host", "user-agent", "accept", "accept-encoding", "x-request-id", "content-length", "content-type"}
    assert set(first.headers) <= expected
    assert set(second.headers) <= expected  # no cookie comes back
    assert first.headers["user-agent"] == "records-gateway/1"
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert first.line == "POST /Thing HTTP/1.1"


def test_the_environment_steers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert told(exchange(status("200 OK"))[0]) == (HttpReply, "200")


@pytest.mark.parametrize("behaviour", [status("200 OK"), status("400 Bad Request"), resets, no_http, says_nothing, a_gzip_bomb])
def test_nothing_is_logged(behaviour: Behaviour, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        found, _ = exchange(behaviour, limits=Limits(timeout_s=0.2, max_reply_bytes=100_000))
    kept = "\n".join(f"{record.name} {record.getMessage()} {record.exc_text}" for record in caplog.records)
    assert "Canary" not in kept
    assert "Thing" not in kept
    assert not [record for record in caplog.records if record.name.startswith(("aiohttp", "adapters"))]
    if isinstance(found, Fault):
        assert found.__cause__ is None
        assert found.__suppress_context__
        assert str(found) == found.reason


def test_the_digest_is_of_what_was_sent() -> None:
    async def run() -> Talk:
        async with http_peer(status("200 OK")) as peer:
            system = HttpSystem(peer.url, PATIENT, AiohttpWire(context_of({})), egress=OpenGate())
            talk = system.talk()
            assert talk.digest == b""
            await talk.ask("GET", "Thing", JSON)
            assert talk.digest == b""
            await talk.ask("POST", "Thing", JSON, b"one")
            await talk.write("POST", "Thing", JSON, b"two")
            await system.close()
            return talk

    assert asyncio.run(run()).digest == hashlib.sha256(b"onetwo").digest()


def test_an_agreed_rate_is_kept() -> None:
    async def run() -> float:
        async with http_peer(status("200 OK")) as peer:
            system = HttpSystem(peer.url, Limits(timeout_s=1, per_second=50), AiohttpWire(context_of({})))
            started = time.monotonic()
            await asyncio.gather(*(system.talk().ask("GET", "Thing", JSON) for _ in range(11)))
            spent = time.monotonic() - started
            await system.close()
            return spent

    assert asyncio.run(run()) >= 0.195


@pytest.mark.parametrize(
    ("url", "guarded"),
    [
        ("https://trust.example/fhir", True),
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000", True),
        ("http://localhost:8000", True),
        ("http://fhir-trust:8000", True),
        ("http://trust.example", False),
        ("http://10.0.0.1", False),
        ("http://[2001:db8::1]", False),
        ("ftp://trust.example", False),
        ("https://", False),
        ("trust.example", False),
        ("", False),
    ],
)
def test_plain_http_never_leaves_the_house(url: str, guarded: bool) -> None:
    assert is_guarded(url) is guarded
    if not guarded:
        with pytest.raises(Permanent) as refused:
            HttpSystem(url, PATIENT, AiohttpWire(context_of({})))
        assert refused.value.reason is Code.ENDPOINT_NOT_SECURE


# ------------------------------------------------------------------------------------------------------------------ TLS


class Office:
    """A certificate authority of the tests' own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tests only")])
        self.certificate = self._sign(self._name, self._key, x509.BasicConstraints(ca=True, path_length=None), days=2)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def _sign(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *more: x509.ExtensionType, days: int) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(self._name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=3)).not_valid_after(now + timedelta(days=days))
        for extension in more:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(self._key, hashes.SHA256())

    def leaf(self, host: str = "127.0.0.1", days: int = 1) -> str:
        """Certificate and key, PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a leaf")])
        certificate = self._sign(subject, key, x509.SubjectAlternativeName([name]), days=days)
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return certificate.public_bytes(serialization.Encoding.PEM).decode() + private.decode()

    def server(self, folder: Path, host: str = "127.0.0.1", days: int = 1) -> ssl.SSLContext:
        chain = folder / "chain.pem"
        chain.write_text(self.leaf(host, days), encoding="ascii")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        return context


def test_a_certificate_of_the_agreed_authority_is_taken(tmp_path: Path) -> None:
    office = Office()
    found, _ = exchange(status("200 OK"), tls=office.server(tmp_path), ca=office.pem)
    assert told(found) == (HttpReply, "200")


@pytest.mark.parametrize(
    ("make", "trusts"),
    [
        (lambda office, folder: office.server(folder), None),
        (lambda office, folder: office.server(folder), "another"),
        (lambda office, folder: office.server(folder, "trust.example"), "this"),
        (lambda office, folder: office.server(folder, days=-1), "this"),
    ],
    ids=["unknown authority", "another authority", "another host", "expired"],
)
@pytest.mark.parametrize("what", ["ask", "write"])
def test_any_other_certificate_is_refused_and_nothing_was_sent(
    tmp_path: Path, make: Callable[[Office, Path], ssl.SSLContext], trusts: str | None, what: str
) -> None:
    office = Office()
    ca = {"this": {"ca": office.pem}, "another": {"ca": Office().pem}}.get(trusts or "", {})
    found, peer = exchange(status("200 OK"), what, tls=make(office, tmp_path), **ca)
    assert told(found) == (Transient, Code.CERTIFICATE_REFUSED)
    assert peer.requests == []


def test_our_own_certificate_is_shown_where_it_is_asked_for(tmp_path: Path) -> None:
    office = Office()
    tls = office.server(tmp_path)
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(cadata=office.pem)
    certificate, _, key = office.leaf().partition("-----BEGIN PRIVATE KEY-----")
    ours = {"client_certificate": certificate, "client_key": f"-----BEGIN PRIVATE KEY-----{key}"}
    found, _ = exchange(status("200 OK"), tls=tls, ca=office.pem, **ours)
    assert told(found) == (HttpReply, "200")
    without, peer = exchange(status("200 OK"), tls=tls, ca=office.pem)
    assert isinstance(without, Transient)
    assert peer.requests == []


@pytest.mark.parametrize("credentials", [{"ca": "no certificate"}, {"client_certificate": "x", "client_key": "y"}])
def test_a_certificate_that_is_none_is_told_before_anything_leaves(credentials: dict[str, str]) -> None:
    with pytest.raises(Transient) as refused:
        context_of(credentials)
    assert refused.value.reason is Code.CREDENTIALS_MISSING
