"""The outbox as the use cases see it, within one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from gateway.bootstrap.relay import OVERDUE_AFTER
from gateway.domain.errors import Code, NotFound
from gateway.domain.identifiers import SystemKey
from gateway.domain.releases import Release
from gateway.services.queue import DeadLetter, LaneSummary
from mappings.envelopes import open_release
from outbox import dead_letters, lanes
from outbox.lanes import LaneHealth
from outbox.messages import Message
from outbox.transport import Cipher


class OutboxQueue:
    """Implements ``services.queue.Queue``. ``who`` is written beside a pause, so that the next person knows whom to ask."""

    def __init__(self, connection: Connection, cipher: Cipher, now: datetime, who: str = "") -> None:
        self._connection, self._cipher, self._now, self._who = connection, cipher, now, who

    def lanes(self) -> Sequence[LaneSummary]:
        """Every destination that has something waiting, dead, or that was paused."""
        return [self._summary(lane) for lane in lanes.health(self._connection)]

    def dead(self) -> Sequence[DeadLetter]:
        """Messages that wait for a person, the latest first."""
        found = dead_letters.dead_letters(self._connection)
        return [DeadLetter(d.id, SystemKey(d.lane), d.kind, d.reason, d.attempts, d.created_at) for d in found]

    def pause(self, lane: SystemKey) -> None:
        """Stops sending to a destination."""
        lanes.pause(self._connection, lane, self._who, "")

    def resume(self, lane: SystemKey) -> None:
        """Sends again."""
        lanes.resume(self._connection, lane)

    def replay(self, message_id: UUID, gate: Callable[[str, Release], str]) -> str:
        """Sends again if the gate lets it; else the gate's code. Raises ``NotFound`` when the message is not dead (any more)."""

        def judge(message: Message) -> str:
            return gate(message.kind, open_release(message.body))

        done = dead_letters.replay(self._connection, self._cipher, [message_id], judge)
        if message_id in done.skipped:
            raise NotFound(Code.NOT_FOUND)
        return done.refused.get(message_id, "")

    def withdraw(self, message_id: UUID) -> None:
        """Gives a dead message up. Raises ``NotFound`` when it is not dead (any more)."""
        if not dead_letters.withdraw(self._connection, [message_id]):
            raise NotFound(Code.NOT_FOUND)

    def _summary(self, lane: LaneHealth) -> LaneSummary:
        overdue = lane.due if lane.oldest and self._now - lane.oldest > OVERDUE_AFTER else 0
        return LaneSummary(SystemKey(lane.lane), lane.waiting, overdue, lane.dead, lane.paused_at is not None, lane.oldest)
