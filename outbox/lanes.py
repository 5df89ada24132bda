"""Lanes as people who run them see them: stopped or not, by whom and why, and what each waits for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from outbox.tables import EVERYTHING

_CODE = re.compile(r"[A-Z_]{0,40}")
_PAUSE = text("INSERT INTO outbox_pauses (lane, who, why) VALUES (:lane, :who, :why) ON CONFLICT DO NOTHING")
_RESUME = text("DELETE FROM outbox_pauses WHERE lane = :lane")
_LET_GO = text("""
    UPDATE outbox_messages SET due_at = now()
    WHERE state = 'pending' AND lease_token IS NULL AND reason = :reason AND due_at > now() AND (:lane = '*' OR lane = :lane)
""")
_HEALTH = text("""
    WITH counted AS (
        SELECT lane,
            count(*) FILTER (WHERE state = 'pending') AS waiting,
            count(*) FILTER (WHERE state = 'pending' AND due_at <= now()) AS due,
            count(*) FILTER (WHERE state = 'pending' AND attempts > 0) AS failing,
            count(*) FILTER (WHERE state = 'pending' AND lease_token IS NOT NULL) AS under_way,
            count(*) FILTER (WHERE state = 'dead') AS dead,
            min(created_at) FILTER (WHERE state = 'pending') AS oldest,
            min(due_at) FILTER (WHERE state = 'pending') AS next_due,
            mode() WITHIN GROUP (ORDER BY reason) FILTER (WHERE state = 'pending' AND reason <> '') AS reason
        FROM outbox_messages WHERE state IN ('pending', 'dead') GROUP BY lane)
    SELECT n.lane, coalesce(c.waiting, 0) AS waiting, coalesce(c.due, 0) AS due, coalesce(c.failing, 0) AS failing,
        coalesce(c.under_way, 0) AS under_way, coalesce(c.dead, 0) AS dead, c.oldest, c.next_due, coalesce(c.reason, '') AS reason,
        p.at AS paused_at, coalesce(p.who, '') AS paused_by, coalesce(p.why, '') AS paused_why,
        coalesce(p.lane = '*', false) AS stopped, coalesce(l.lease_until > now(), false) AS served
    FROM (SELECT lane FROM counted UNION SELECT lane FROM outbox_lanes UNION SELECT lane FROM outbox_pauses WHERE lane <> '*') AS n
    LEFT JOIN counted c ON c.lane = n.lane
    LEFT JOIN outbox_lanes l ON l.lane = n.lane
    LEFT JOIN LATERAL (SELECT * FROM outbox_pauses p WHERE p.lane IN (n.lane, '*') ORDER BY p.lane = '*' LIMIT 1) AS p ON true
    ORDER BY n.lane
""")
_QUEUE = text("""
    SELECT m.id, m.lane, m.kind, m.about, m.attempts, m.unsure, m.reason, m.created_at, m.due_at, m.not_after,
        m.lease_token IS NOT NULL AS under_way, m.due_at <= now() AS due,
        EXISTS (SELECT FROM outbox_messages e
                WHERE e.order_key = m.order_key AND e.order_key <> '' AND e.state = 'pending' AND e.seq < m.seq) AS behind,
        EXISTS (SELECT FROM outbox_pauses p WHERE p.lane IN (m.lane, '*')) AS paused
    FROM outbox_messages m WHERE m.state = 'pending' AND m.lane = :lane ORDER BY m.due_at, m.seq LIMIT :most
""")


class WaitsFor(StrEnum):
    """What has to happen before the next thing happens."""

    NOTHING = "nothing"
    """No message waits."""
    RESUME = "resume"
    """Somebody paused this lane."""
    RESTART = "restart"
    """Somebody stopped everything."""
    ANSWER = "answer"
    """It is under way; the destination has it."""
    WORKER = "worker"
    """It is due, and nobody serves the lane."""
    TURN = "turn"
    """It is due, and others go first: at the same destination, or about the same thing."""
    RETRY = "retry"
    """An attempt failed; the next has its time."""
    TIME = "time"
    """It is not due yet."""


@dataclass(frozen=True, slots=True)
class LaneHealth:
    """One lane in counts. ``failing`` messages have at least one failed attempt; ``reason`` is the commonest last fault among them."""

    lane: str
    waiting: int
    due: int
    failing: int
    under_way: int
    dead: int
    waits_for: WaitsFor
    reason: str = ""
    oldest: datetime | None = None
    next_due: datetime | None = None
    paused_at: datetime | None = None
    paused_by: str = ""
    paused_why: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message that waits: for what, since when, and when it is tried next."""

    id: UUID
    lane: str
    kind: str
    about: str
    attempts: int
    unsure: bool
    reason: str
    created_at: datetime
    due_at: datetime
    not_after: datetime | None
    waits_for: WaitsFor


def pause(connection: Connection, lane: str, who: str, why: str) -> bool:
    """Stops sending to a lane within two seconds; what is under way ends. False when it was paused already (who did it stays).

    ``why`` is a code of capitals and underscores, or "": it stands in clear, and words that people type may name somebody.
    Raises ``ValueError`` for anything else."""
    if not _CODE.fullmatch(why):
        raise ValueError("why a lane is paused is said by a code")
    return connection.execute(_PAUSE, {"lane": lane, "who": who, "why": why}).rowcount == 1


def resume(connection: Connection, lane: str) -> bool:
    """Sends again. False when it was not paused."""
    return connection.execute(_RESUME, {"lane": lane}).rowcount == 1


def stop_everything(connection: Connection, who: str, why: str) -> bool:
    """Pauses every lane, also those that do not exist yet."""
    return pause(connection, EVERYTHING, who, why)


def restart(connection: Connection) -> bool:
    """Ends ``stop_everything``; lanes paused by themselves stay paused."""
    return resume(connection, EVERYTHING)


def let_go(connection: Connection, lane: str, reason: str) -> int:
    """What was held for this reason is due at once, in one lane or (``*``) in all; returns how many."""
    return connection.execute(_LET_GO, {"lane": lane, "reason": reason}).rowcount


def health(connection: Connection) -> Sequence[LaneHealth]:
    """Every lane that ever had a message waiting, dead, or was paused."""
    return [_health(row) for row in connection.execute(_HEALTH)]


def queue(connection: Connection, lane: str, most: int = 200) -> Sequence[Waiting]:
    """What waits in a lane, the next first."""
    return [_waiting(row) for row in connection.execute(_QUEUE, {"lane": lane, "most": most})]


def _health(row: Row[Any]) -> LaneHealth:
    return LaneHealth(
        row.lane, row.waiting, row.due, row.failing, row.under_way, row.dead, _lane_waits_for(row), row.reason, row.oldest, row.next_due,
        row.paused_at, row.paused_by, row.paused_why,
    )  # fmt: skip


def _lane_waits_for(row: Row[Any]) -> WaitsFor:
    if not row.waiting:
        return WaitsFor.NOTHING
    if row.paused_at:
        return WaitsFor.RESTART if row.stopped else WaitsFor.RESUME
    if row.under_way and row.served:
        return WaitsFor.ANSWER
    if row.due:
        return WaitsFor.TURN if row.served else WaitsFor.WORKER
    return WaitsFor.RETRY if row.failing else WaitsFor.TIME


def _waiting(row: Row[Any]) -> Waiting:
    return Waiting(
        row.id, row.lane, row.kind, row.about, row.attempts, row.unsure, row.reason, row.created_at, row.due_at, row.not_after,
        _message_waits_for(row),
    )  # fmt: skip


def _message_waits_for(row: Row[Any]) -> WaitsFor:
    if row.under_way:
        return WaitsFor.ANSWER
    if row.paused:
        return WaitsFor.RESUME
    if not row.due:
        return WaitsFor.RETRY if row.attempts else WaitsFor.TIME
    return WaitsFor.TURN if row.behind else WaitsFor.WORKER
