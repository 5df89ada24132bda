"""The outbox as people who run it see it: opaque ids, kinds, states and codes, and what they may do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from gateway.domain.actors import Actor
from gateway.domain.identifiers import SystemKey
from gateway.domain.releases import Release
from gateway.services.ports import Work


@dataclass(frozen=True, slots=True)
class LaneSummary:
    """One destination: how many messages wait, are overdue, or are dead; since when the oldest waits."""

    lane: SystemKey
    waiting: int
    overdue: int
    dead: int
    paused: bool = False
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that waits for a person, with its reason code."""

    message_id: UUID
    lane: SystemKey
    kind: str
    reason: str
    attempts: int
    created_at: datetime


class Queue(Protocol):
    """The outbox from the side of those who watch it; bootstrap joins it to ``outbox.dead_letters``."""

    def lanes(self) -> Sequence[LaneSummary]: ...

    def dead(self) -> Sequence[DeadLetter]: ...

    def pause(self, lane: SystemKey) -> None: ...

    def resume(self, lane: SystemKey) -> None: ...

    def replay(self, message_id: UUID, gate: Callable[[str, Release], str]) -> str:
        """Send again if ``gate(kind, release)`` answers ""; else nothing is sent and its code is returned."""

    def withdraw(self, message_id: UUID) -> None: ...


def summary(work: Work, actor: Actor, queue: Queue) -> Sequence[LaneSummary]:
    """All lanes for the system administrator, the agency's own for its people."""
    raise NotImplementedError


def dead_letters(work: Work, actor: Actor, queue: Queue) -> Sequence[DeadLetter]:
    """What waits for a person."""
    raise NotImplementedError


def pause(work: Work, actor: Actor, queue: Queue, lane: SystemKey) -> None:
    """Stop sending to one destination; nothing is lost."""
    raise NotImplementedError


def resume(work: Work, actor: Actor, queue: Queue, lane: SystemKey) -> None:
    """Send again to a destination that was stopped."""
    raise NotImplementedError


def replay(work: Work, actor: Actor, queue: Queue, message_id: UUID) -> str:
    """Send a dead message again through the same gate as the first time; "" when sent, else the code that stopped it."""
    raise NotImplementedError
