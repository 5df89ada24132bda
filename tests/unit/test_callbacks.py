"""Signed notices: only what an agency signed, recently, about one of its work items, is read."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.callbacks import MOST_BYTES, TOLERANCE_S, NotGenuine, Notice, read_notice, sign

NOW = datetime(2026, 11, 12, 15, 4, 5, tzinfo=UTC)
DELIVERY = "7a1f0c36-0f0b-4f5e-8d55-1f6f5f0e9a01"
SECRET = "shared-with-one-agency"
ITEM: dict[str, Any] = {
    "reference": "ref-12345678", "text": "Offer an appointment", "dueOn": "2026-11-20", "kind": "action", "withdrawn": False,
    "status": "finished", "version": 3, "createdAt": "2026-11-02T09:00:00Z", "updatedAt": "2026-11-12T15:04:00Z",
    "outcome": {"code": "not-possible", "detail": "Moved away", "finishedAt": "2026-11-12T15:04:00Z"},
}  # fmt: skip


def body(noun: str = "workItem", **changed: Any) -> bytes:
    notice = {"deliveryId": DELIVERY, "event": "work-item.finished", "sentAt": "2026-11-12T15:04:01Z", noun: {**ITEM, **changed}}
    return json.dumps(notice).encode()


def read(content: bytes, signature: str | None = None, delivery: str = DELIVERY, secrets: tuple[str, ...] = (SECRET,)) -> Notice:
    return read_notice(content, sign(content, SECRET, NOW) if signature is None else signature, delivery, secrets, NOW)


@pytest.mark.parametrize("noun", ["workItem", "task"])
def test_a_genuine_notice_is_read(noun: str) -> None:
    notice = read(body(noun))
    assert notice.completion is not None
    assert (str(notice.delivery_id), notice.reference) == (DELIVERY, "ref-12345678")
    told = notice.completion
    assert (told.reference, told.outcome, told.detail, told.source, told.key) == (
        "ref-12345678", "not_possible", "Moved away", "callback", "ref-12345678.3",
    )  # fmt: skip


def test_the_signature_is_the_one_that_the_interface_describes() -> None:
    content = body()
    mac = hmac.new(SECRET.encode(), f"{int(NOW.timestamp())}.".encode() + content, hashlib.sha256).hexdigest()
    assert read(content, f"t={int(NOW.timestamp())},v1={mac}").completion is not None


def test_an_accepted_item_completes_nothing() -> None:
    assert read(body(status="accepted", outcome=None)).completion is None


def test_a_secret_can_be_changed_for_another() -> None:
    assert read(body(), secrets=("the new one", SECRET)).completion is not None
    with pytest.raises(NotGenuine):
        read(body(), secrets=("the new one", ""))
    with pytest.raises(NotGenuine):
        read(body(), secrets=())


@pytest.mark.parametrize("seconds", [-TOLERANCE_S - 1, TOLERANCE_S + 1, -86_400, 10**9])
def test_an_old_or_future_signature_is_not_taken(seconds: int) -> None:
    content = body()
    with pytest.raises(NotGenuine):
        read(content, sign(content, SECRET, NOW + timedelta(seconds=seconds)))


@pytest.mark.parametrize("seconds", [-TOLERANCE_S, TOLERANCE_S])
def test_clocks_may_differ_within_the_tolerance(seconds: int) -> None:
    content = body()
    assert read(content, sign(content, SECRET, NOW + timedelta(seconds=seconds))).completion is not None


@pytest.mark.parametrize(
    "signature", ["", "v1=00", "t=1,v1=" + "0" * 63, "t=,v1=" + "0" * 64, "t=1,v1=" + "0" * 64 + ",v2=x", "t=x,v1=" + "0" * 64]
)
def test_what_is_no_signature_is_none(signature: str) -> None:
    with pytest.raises(NotGenuine):
        read(body(), signature)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_is_noticed(place: int, change: int) -> None:
    content = body()
    signature = sign(content, SECRET, NOW)
    forged = bytearray(content)
    forged[place % len(forged)] ^= change
    with pytest.raises(NotGenuine):
        read(bytes(forged), signature)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"{}", id="nothing"),
        pytest.param(b"not JSON", id="no JSON"),
        pytest.param(body("somethingElse"), id="no item"),
        pytest.param(body(status="perhaps"), id="a status of its own"),
        pytest.param(body(outcome={"code": "done", "finishedAt": "2026-11-12T15:04:00Z"}), id="an outcome of its own"),
        pytest.param(body().replace(b'"event"', b'"deliveryId": "x", "event"'), id="a key twice"),
        pytest.param(body(text="x" * MOST_BYTES), id="too large"),
    ],
)
def test_signed_but_no_notice(content: bytes) -> None:
    with pytest.raises(NotGenuine):
        read(content)


def test_the_delivery_id_of_the_header_is_that_of_the_body() -> None:
    with pytest.raises(NotGenuine):
        read(body(), delivery="7a1f0c36-0f0b-4f5e-8d55-1f6f5f0e9a02")


def test_nothing_of_a_notice_shows_itself() -> None:
    assert "Moved" not in f"{read(body())!r} {read(body())}"
