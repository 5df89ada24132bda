"""The outbox as people who run it see it: opaque ids, kinds, states and codes, and what they may do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from gateway.domain.actors import Actor, UserRole
from gateway.domain.errors import Code, NotFound
from gateway.domain.events import EventKind
from gateway.domain.identifiers import SystemKey
from gateway.domain.releases import Release
from gateway.policy import permissions
from gateway.policy.permissions import Act
from gateway.services import gate, own_maracs
from gateway.services.ports import Work
from gateway.services.recording import noted


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
    """All lanes for those who serve the Marac or run the gateway, the agency's own for its people. Who runs the gateway has no case right:
    for them counts are rounded up to the next five, and moments down to five minutes, so that neither tells how long a list is or when
    somebody did what."""
    permissions.check_can(actor, Act.VIEW_QUEUE)  # also where there is nothing to show: whether there is, is no answer to give
    found = [lane for lane in queue.lanes() if _sees(work, actor, lane.lane)]
    return [_coarse(lane) for lane in found] if _runs_the_gateway(actor) else found


COARSE = 5
"""Counts and minutes."""


def _runs_the_gateway(actor: Actor) -> bool:
    return UserRole.SYSTEM_ADMINISTRATOR in actor.roles


def _coarse(lane: LaneSummary) -> LaneSummary:
    up = [-(-count // COARSE) * COARSE for count in (lane.waiting, lane.overdue)]
    return replace(lane, waiting=up[0], overdue=up[1], oldest=_down(lane.oldest) if lane.oldest else None)


def _down(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute - moment.minute % COARSE, second=0, microsecond=0)


def dead_letters(work: Work, actor: Actor, queue: Queue) -> Sequence[DeadLetter]:
    """What waits for a person; of whoever runs the gateway, with its moment as coarse as in ``summary``."""
    permissions.check_can(actor, Act.VIEW_QUEUE)
    found = [letter for letter in queue.dead() if _sees(work, actor, letter.lane)]
    return [replace(letter, created_at=_down(letter.created_at)) for letter in found] if _runs_the_gateway(actor) else found


def _sees(work: Work, actor: Actor, lane: SystemKey) -> bool:
    own = permissions.reach(actor, Act.VIEW_QUEUE)
    return own in (None, lane.partition("/")[0]) and own_maracs.lane(work, actor, lane)


def pause(work: Work, actor: Actor, queue: Queue, lane: SystemKey) -> None:
    """Stop sending to one destination; nothing is lost."""
    _check_lane(work, actor, queue, lane)
    queue.pause(lane)
    work.audit.record(noted(EventKind.QUEUE_CHANGED, actor, lane, change="pause"))


def resume(work: Work, actor: Actor, queue: Queue, lane: SystemKey) -> None:
    """Send again to a destination that was stopped."""
    _check_lane(work, actor, queue, lane)
    queue.resume(lane)
    work.audit.record(noted(EventKind.QUEUE_CHANGED, actor, lane, change="resume"))


def _check_lane(work: Work, actor: Actor, queue: Queue, lane: SystemKey) -> None:
    """Raises ``NotFound`` for what is no destination: what somebody typed would stand in the queue and the audit in clear."""
    permissions.check_can(actor, Act.CHANGE_QUEUE)
    agreed = {system.key for agreement in work.agreements.all() for system in agreement.systems}
    if lane not in agreed and all(found.lane != lane for found in queue.lanes()):
        raise NotFound(Code.NOT_FOUND)


def replay(work: Work, actor: Actor, queue: Queue, message_id: UUID) -> str:
    """Send a dead message again through the same gate as the first time; "" when sent, else the code that stopped it."""
    permissions.check_can(actor, Act.CHANGE_QUEUE)
    stopped = queue.replay(message_id, lambda _kind, release: gate.may_leave(work, release))
    work.audit.record(noted(EventKind.QUEUE_CHANGED, actor, message_id, change="replay", stopped=stopped))
    return stopped


def withdraw(work: Work, actor: Actor, queue: Queue, message_id: UUID) -> None:
    """Give a dead message up for good; the thing it was about keeps its state and its task."""
    permissions.check_can(actor, Act.CHANGE_QUEUE)
    queue.withdraw(message_id)
    work.audit.record(noted(EventKind.QUEUE_CHANGED, actor, message_id, change="withdraw"))
