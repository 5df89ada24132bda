"""HTTP as it goes wrong on the wire: a server of raw sockets breaks each promise in turn, and the adapter says what may have happened.

A read that failed may be repeated; a write that left is never repeated unseen. Nothing is followed, nothing trusted.
"""

from __future__ import annotations

import asyncio
import gzip
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from adapters.faults import Fault, Permanent, Transient, Unsure
from adapters.http import AiohttpWire, HttpReply, HttpSystem
from adapters.tls import context_of
from gateway.domain.agreements import Limits
from gateway.domain.error_codes import Code
from tests.contract.broken_servers import (
    JSON,
    PATIENT,
    QUICK,
    SECRET,
    a_byte_at_a_time,
    a_chunk_cut,
    a_gigabyte_announced,
    a_gzip_bomb,
    a_header_without_end,
    an_unknown_coding,
    closes,
    exchange,
    fewer_bytes_than_announced,
    half_a_gzip,
    no_gzip_at_all,
    no_http,
    one_exchange,
    resets,
    says_nothing,
    status,
    told,
    without_end,
)
from tests.contract.http_peer import Behaviour, Request, http_peer
from tests.contract.open_gate import OpenGate


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
        return await one_exchange(peer, what, PATIENT, None, {})

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
            return await one_exchange(peer, "ask", PATIENT, None, {}), len(elsewhere.requests)

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
