"""The outbox and the inbox in memory: what was sent stays to be looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.domain.identifiers import (
    SystemKey,
)
from gateway.domain.releases import Release


@dataclass
class Sent:
    """A message as it waits to leave."""

    id: UUID
    kind: str
    release: Release
    order_key: str
    not_after: datetime | None
    withdrawn: bool = False


class MemoryOutbox:
    """What was sent in order; ``withdraw`` stops everything of a key that has not been taken out by ``leave``."""

    def __init__(self, new_id: Callable[[], UUID]) -> None:
        self._new_id = new_id
        self.messages: list[Sent] = []
        self._left: set[UUID] = set()
        self.let_gone: list[tuple[SystemKey, str]] = []

    def send(self, kind: str, release: Release, *, order_key: str = "", not_after: datetime | None = None) -> UUID:
        assert isinstance(release, Release)
        self.messages.append(Sent(self._new_id(), str(kind), release, order_key, not_after))
        return self.messages[-1].id

    def let_go(self, system: SystemKey, reason: str) -> int:
        self.let_gone.append((system, reason))
        return 0

    def withdraw(self, order_key: str) -> int:
        waiting = [m for m in self.messages if m.order_key == order_key and not m.withdrawn and m.id not in self._left]
        for message in waiting:
            message.withdrawn = True
        return len(waiting)

    def leave(self) -> list[Sent]:
        """Everything that waits, as the relay would take it; it cannot be withdrawn after."""
        going = [m for m in self.messages if not m.withdrawn and m.id not in self._left]
        self._left |= {m.id for m in going}
        return going

    def waiting(self, kind: str = "") -> list[Sent]:
        """What waits, of one kind if named."""
        return [m for m in self.messages if not m.withdrawn and m.id not in self._left and kind in ("", m.kind)]


class MemoryInbox:
    """Keys accepted, with their content."""

    def __init__(self) -> None:
        self.accepted: dict[tuple[str, str], bytes] = {}

    def accept_once(self, source: str, key: str, content: bytes) -> str:
        if (source, key) not in self.accepted:
            self.accepted[source, key] = content
            return "new"
        return "same" if self.accepted[source, key] == content else "different"
