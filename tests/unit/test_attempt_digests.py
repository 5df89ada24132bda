"""What is kept of an attempt: that the same bytes left, for whoever holds the key; nothing that can be tried out against all numbers."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from uuid import uuid4

from gateway.bootstrap.relay import JudgedTransport
from gateway.store.crypto import Vault
from gateway.store.keys import Keys
from gateway.store.unit_of_work import SqlWork
from outbox.messages import Delivery, Message, Outcome
from tests.unit.fakes import NOON

ASKED = b"identifier=9990000018"


class Sends:
    """Delivers, and says what every transport says: the plain digest of the bytes that left."""

    def __init__(self, digest: bytes) -> None:
        self.digest = digest

    async def deliver(self, message: Message) -> Delivery:
        return Delivery(Outcome.DELIVERED, digest=self.digest)

    async def close(self) -> None: ...


@contextmanager
def no_transaction() -> Iterator[SqlWork]:
    raise AssertionError("a question is judged when it is asked again, and not before")
    yield


def kept(vault: Vault, digest: bytes) -> bytes:
    transport = JudgedTransport(Sends(digest), no_transaction, partial(vault.index, "outbox.attempt"))
    return asyncio.run(transport.deliver(Message(uuid4(), "trust/record", "lookup", b"", NOON))).digest


def test_whoever_reads_the_database_cannot_try_out_whom_a_message_was_about() -> None:
    plain, vault = hashlib.sha256(ASKED).digest(), Vault(Keys.fresh())
    assert plain not in (kept(vault, plain), kept(Vault(Keys.fresh()), plain))
    assert kept(vault, plain) == kept(vault, plain) != kept(Vault(Keys.fresh()), plain)


def test_what_never_left_has_no_digest() -> None:
    assert kept(Vault(Keys.fresh()), b"") == b""
