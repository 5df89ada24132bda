"""The two things that the relay needs from outside: something that delivers, and something that handles what came back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection

from outbox.messages import Delivery, Message, Result


class Transport(Protocol):
    """Delivers messages of one lane. Never raises for a fault of the destination: it says so in the ``Delivery``."""

    async def deliver(self, message: Message) -> Delivery: ...

    async def close(self) -> None: ...


class Transports(Protocol):
    """Gives the transport of a lane and how many messages it may have under way; opened anew for each run of the relay."""

    def open(self, lane: str) -> Transport: ...

    def concurrency(self, lane: str) -> int: ...


class Handler(Protocol):
    """Records results in the transaction that marks their messages: both happen, or neither."""

    def __call__(self, connection: Connection, results: Sequence[Result]) -> None: ...


class Cipher(Protocol):
    """Seals bodies at rest; ``context`` binds the bytes to their row, ``at_least`` is the size below which lengths look alike."""

    def seal(self, plain: bytes, context: bytes, at_least: int) -> bytes: ...

    def open(self, sealed: bytes, context: bytes) -> bytes: ...
