"""What leaves with a request and what stays: nothing of ours beside the agreed, nothing logged, no plain HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time

import pytest

from adapters.faults import Fault, Permanent
from adapters.http import AiohttpWire, HttpReply, HttpSystem, Talk
from adapters.tls import context_of, is_guarded
from gateway.domain.agreements import Limits
from gateway.domain.error_codes import Code
from tests.contract.broken_servers import (
    JSON,
    PATIENT,
    SECRET,
    a_gzip_bomb,
    exchange,
    no_http,
    resets,
    says_nothing,
    status,
    told,
)
from tests.contract.http_peer import Behaviour, Request, http_peer
from tests.contract.open_gate import OpenGate

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
