"""Signed notices of the demonstration's force, received on a loopback port and read as the gateway reads them."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from adapters.police import connect
from gateway.domain.agreements import Limits, SystemKind
from mappings.callbacks import DELIVERY_HEADER, SIGNATURE_HEADER, NotGenuine, Notice, read_notice
from tests.contract.asked import action, destination
from tests.contract.stub_processes import AGENCIES, RunningStub, running_stub

SECRET = "signs-the-notices"


class Received:
    """Everything that was posted to us, and the address that it goes to."""

    def __init__(self) -> None:
        self.posts: list[tuple[bytes, str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.posts.append((body, self.headers[SIGNATURE_HEADER], self.headers[DELIVERY_HEADER]))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing is logged."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/notices"

    def wait(self, count: int) -> list[tuple[bytes, str, str]]:
        """So many posts, or those that came within five seconds."""
        until = time.monotonic() + 5
        while len(self.posts) < count and time.monotonic() < until:
            time.sleep(0.01)
        return self.posts


@pytest.fixture
def received() -> Iterator[Received]:
    received = Received()
    thread = threading.Thread(target=received.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield received
    received.server.shutdown()
    received.server.server_close()
    thread.join()


@pytest.fixture
def force(tmp_path_factory: pytest.TempPathFactory, received: Received) -> Iterator[RunningStub]:
    secrets = tmp_path_factory.mktemp("secrets") / "clients.toml"
    secrets.write_text(f'gateway = "not-much-of-a-secret"\nnotices = "{SECRET}"\n')
    with running_stub("police", AGENCIES / "northmoor-police", "--client-secrets", str(secrets), "--notice-url", received.url) as running:
        yield running


def hand_over(running: RunningStub) -> str:
    reference = f"ref-{uuid.uuid4().hex[:12]}"

    async def run() -> None:
        target = destination(
            SystemKind.POLICE,
            f"http://127.0.0.1:{running.port}",
            credentials={"api_key": "not-much-of-a-secret"},
            limits=Limits(timeout_s=2),
        )
        connector = connect(target)
        assert (await connector.send_action(action(reference), unsure=False)).value.accepted
        await connector.close()

    asyncio.run(run())
    return reference


def read(post: tuple[bytes, str, str]) -> Notice:
    body, signature, delivery = post
    return read_notice(body, signature, delivery, ["an older secret", SECRET], datetime.now(UTC))


def test_a_finished_item_is_told_by_notice_as_by_poll(force: RunningStub, received: Received) -> None:
    reference = hand_over(force)
    force.staff(f"work-items/{reference}/accept")
    force.staff(f"work-items/{reference}/finish", {"code": "not-done", "detail": "No answer at the door"})
    accepted, finished = sorted((read(post) for post in received.wait(2)), key=lambda notice: notice.completion is not None)
    assert accepted.completion is None
    assert finished.completion is not None
    assert (finished.completion.outcome, finished.completion.source, finished.completion.key) == ("not_done", "callback", f"{reference}.3")


def test_repeated_and_disordered_notices_count_by_their_key(force: RunningStub, received: Received) -> None:
    reference = hand_over(force)
    force.staff("trouble", {"operation": "notice", "happens": "duplicate_notice", "times": 1})
    force.staff(f"work-items/{reference}/finish", {"code": "completed", "detail": "Done"})
    notices = [read(post) for post in received.wait(2)]
    assert len(notices) == 2
    assert len({notice.delivery_id for notice in notices}) == 1
    assert len({notice.completion.key for notice in notices if notice.completion}) == 1


def test_a_forged_notice_is_not_read(force: RunningStub, received: Received) -> None:
    reference = hand_over(force)
    force.staff("trouble", {"operation": "notice", "happens": "forged_notice", "times": 1})
    force.staff(f"work-items/{reference}/finish", {"code": "completed", "detail": "Done"})
    [post] = received.wait(1)
    with pytest.raises(NotGenuine):
        read(post)
