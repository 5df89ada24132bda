"""Signed notices from an agency's system that a work item changed (``X-Signature: t=<unix seconds>,v1=<hex>``).

v1 is HMAC-SHA256 over ``<t>.<body>``, keyed with the secret shared with that agency. Only what is signed, fresh and of the agreed shape
is read; the endpoint that receives notices answers anything else alike.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from gateway.domain.actions import Completion
from gateway.domain.sealed import Sealed
from mappings import strict_json
from mappings.work_items import WorkItem, completions

TOLERANCE_S = 300
"""How far the time of a signature may be from ours, either way."""
SIGNATURE_HEADER, DELIVERY_HEADER = "X-Signature", "X-Delivery-Id"
MOST_BYTES = 64 * 1024
_SIGNATURE = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


class NotGenuine(Exception):
    """A notice that is not signed by the agency, not fresh, or not a notice. One error for all: a forger learns nothing from it."""


@dataclass(frozen=True, slots=True, repr=False)
class Notice(Sealed):
    """A genuine notice. ``delivery_id`` counts once; ``completion`` is None when the item was only accepted."""

    delivery_id: UUID
    reference: str
    completion: Completion | None


class _Notice(msgspec.Struct, rename="camel"):
    delivery_id: UUID
    event: str
    sent_at: datetime
    work_item: WorkItem | None = None
    task: WorkItem | None = None


_notices = msgspec.json.Decoder(_Notice)


def sign(body: bytes, secret: str, at: datetime) -> str:
    """The value of ``X-Signature`` for a body at a moment."""
    seconds = int(at.timestamp())
    return f"t={seconds},v1={_mac(body, secret, seconds)}"


def read_notice(body: bytes, signature: str, delivery_id: str, secrets: Sequence[str], now: datetime) -> Notice:
    """A notice as it arrived. ``secrets``: those in use, so that one can be changed for another. Raises ``NotGenuine``."""
    if len(body) > MOST_BYTES or not _is_signed(body, signature, secrets, now):
        raise NotGenuine
    try:
        notice = strict_json.read(body, _notices)
    except strict_json.Unreadable:
        raise NotGenuine from None
    item = notice.work_item or notice.task
    if item is None or str(notice.delivery_id) != delivery_id.strip().lower():
        raise NotGenuine
    completion = next(iter(completions([item], "callback")), None)
    return Notice(notice.delivery_id, item.reference, completion)


def _is_signed(body: bytes, signature: str, secrets: Sequence[str], now: datetime) -> bool:
    """Every secret is tried in constant time, whichever fits."""
    found = _SIGNATURE.fullmatch(signature.strip())
    if found is None:
        return False
    seconds = int(found[1])
    fresh = abs(now.astimezone(UTC).timestamp() - seconds) <= TOLERANCE_S
    genuine = [hmac.compare_digest(_mac(body, secret, seconds), found[2]) for secret in secrets if secret]
    return any(genuine) and fresh


def _mac(body: bytes, secret: str, seconds: int) -> str:
    return hmac.new(secret.encode(), b"%d." % seconds + body, hashlib.sha256).hexdigest()
