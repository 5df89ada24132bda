"""Signed notices to the caller: sent in the background, tried again until taken, and, when told to, twice or in the wrong order.

``X-Signature: t=<unix seconds>,v1=<hex>``; v1 is HMAC-SHA256 keyed with the shared secret over ``<t>.<body>``.
"""

import asyncio
import hashlib
import hmac
import time
import uuid
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

import msgspec

from contracts.stubs.ledger import Ledger

ANSWER_SECONDS = 10
RETRY_SECONDS = (0.5, 1, 2, 4, 8, 16, 32, 60)


class Notices:
    """Where notices go, and those under way."""

    def __init__(self, url: str, secret: str, ledger: Ledger, retry_seconds: Sequence[float] = RETRY_SECONDS) -> None:
        """``url``: '' sends none."""
        self.url = url
        self._secret, self._ledger, self._retry_seconds = secret.encode(), ledger, retry_seconds
        self._under_way: set[asyncio.Task[None]] = set()
        self._held_back: dict[str, bytes] = {}

    def tell(self, key: str, body: dict[str, object], manner: str = "") -> None:
        """Sends one notice about the thing called ``key``.

        Manners: ``duplicate_notice`` sends it twice, ``notices_out_of_order`` keeps the first until the next one is away,
        ``lost_notice`` never sends, ``forged_notice`` signs with another secret.
        """
        if not self.url or manner == "lost_notice":
            return
        raw = msgspec.json.encode(body)
        if manner == "notices_out_of_order" and key not in self._held_back:
            self._held_back[key] = raw
            return
        later = self._held_back.pop(key, None)
        sends = [raw, raw] if manner == "duplicate_notice" else [raw, later] if later else [raw]
        self._start(sends, b"another secret" if manner == "forged_notice" else self._secret)

    def _start(self, bodies: list[bytes], secret: bytes) -> None:
        task = asyncio.ensure_future(self._deliver_all(bodies, secret))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _deliver_all(self, bodies: list[bytes], secret: bytes) -> None:
        for body in bodies:
            await self._deliver(body, secret)

    async def _deliver(self, body: bytes, secret: bytes) -> None:
        delivery = msgspec.json.decode(body)["deliveryId"]
        for pause in (*self._retry_seconds, None):
            if await asyncio.to_thread(_post, self.url, body, delivery, secret):
                self._ledger.record("notice.taken", delivery, "", body)
                return
            if pause is not None:
                await asyncio.sleep(pause)
        self._ledger.record("notice.given-up", delivery, "", body)


def new_delivery_id() -> str:
    """A fresh delivery id."""
    return str(uuid.uuid4())


def signature(secret: bytes, body: bytes, at: int) -> str:
    """The value of X-Signature."""
    return f"t={at},v1={hmac.new(secret, b'%d.' % at + body, hashlib.sha256).hexdigest()}"


def _post(url: str, body: bytes, delivery: str, secret: bytes) -> bool:
    """Whether the receiver took it (2xx)."""
    to = urlsplit(url)
    connect = HTTPSConnection if to.scheme == "https" else HTTPConnection
    connection = connect(to.hostname or "", to.port, timeout=ANSWER_SECONDS)
    headers = {
        "Content-Type": "application/json", "X-Delivery-Id": delivery, "X-Signature": signature(secret, body, int(time.time())),
    }  # fmt: skip
    try:
        connection.request("POST", to.path or "/", body, headers)
        return 200 <= connection.getresponse().status < 300
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
