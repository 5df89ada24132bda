"""The bell: opaque ids over Redis, and nothing that fails when Redis is not there."""

from __future__ import annotations

import json
import re
import time
from base64 import b64decode
from collections.abc import Callable

import pytest
import redis
from sqlalchemy import text

from gateway.bootstrap import Gateway, Settings, load_gateway
from gateway.broker import QUEUE, SILENCE_S, SWEEP, VISIBILITY_S, WAKE, Bell, build_celery
from gateway.domain.agreements import Purpose
from gateway.domain.identifiers import AgencyId, SystemKey
from gateway.domain.releases import MessageKind, PollRelease

OPAQUE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def rung(url: str) -> list[dict[str, object]]:
    with redis.Redis.from_url(url) as client:
        return [json.loads(message) for message in client.lrange(QUEUE, 0, -1)]


@pytest.mark.parametrize("task", [WAKE, SWEEP])
def test_a_ring_is_one_message_with_an_opaque_id(redis_url: str, task: str) -> None:
    assert Bell(redis_url).ring(task)
    [message] = rung(redis_url)
    arguments, named, _ = json.loads(b64decode(str(message["body"])))
    headers = message["headers"]
    assert isinstance(headers, dict)
    assert headers["task"] == task
    assert [bool(OPAQUE.fullmatch(argument)) for argument in arguments] == [True]
    assert named == {}
    assert message["content-type"] == "application/json"


def test_a_bell_without_redis_fails_nothing_and_is_left_alone_for_a_while(free_port: Callable[[], int]) -> None:
    bell = Bell(f"redis://:none@127.0.0.1:{free_port()}/0")
    began = time.monotonic()
    assert bell.ring() is False
    assert time.monotonic() - began < 3
    began = time.monotonic()
    assert [bell.ring() for _ in range(1000)] == [False] * 1000
    assert time.monotonic() - began < SILENCE_S / 2


def test_a_transaction_commits_without_redis(settings: Settings, free_port: Callable[[], int]) -> None:
    without = load_gateway(settings.model_copy(update={"redis_url": type(settings.redis_url)(f"redis://127.0.0.1:{free_port()}/0")}))
    _send(without)
    with without.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM outbox_messages")).scalar() == 1
    without.close()


def test_the_bell_rings_after_the_commit_and_only_when_there_is_something_to_send(gateway: Gateway, redis_url: str) -> None:
    with gateway.transaction():
        pass
    assert rung(redis_url) == []
    with pytest.raises(ZeroDivisionError):
        _send(gateway, fails=True)
    assert rung(redis_url) == [], "nothing was committed"
    _send(gateway)
    assert len(rung(redis_url)) == 1


def _send(gateway: Gateway, *, fails: bool = False) -> None:
    with gateway.transaction() as work:
        _poll(work)
        if fails:
            raise ZeroDivisionError


def _poll(work) -> None:
    release = PollRelease(
        agency_id=AgencyId("northmoor-police"), system=SystemKey("northmoor-police/records"), purpose=Purpose.ACTION, agreement_version="v"
    )
    work.outbox.send(MessageKind.ACTION_POLL, release)


def test_the_settings_are_those_that_lose_nothing() -> None:
    conf = build_celery("redis://127.0.0.1:1/0").conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.task_ignore_result
    assert conf.result_backend is None
    assert conf.accept_content == ["json"]
    assert conf.task_serializer == "json"
    assert conf.worker_prefetch_multiplier == 1
    assert not conf.worker_send_task_events
    assert not conf.worker_enable_remote_control
    assert conf.broker_transport_options["visibility_timeout"] == VISIBILITY_S
    assert conf.broker_transport_options["unacked_restore_throttle"] == 1
