"""The queue, reconciliation and the audit."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from gateway.api.schemas.base import Schema
from gateway.services.queue import DeadLetter, LaneSummary
from gateway.services.reconcile import Difference


class LaneOut(Schema):
    """One destination of the queue."""

    lane: str
    waiting: int
    overdue: int
    dead: int
    paused: bool
    oldest: datetime | None

    @classmethod
    def of(cls, lane: LaneSummary) -> LaneOut:
        """From the queue's summary."""
        return cls(lane=lane.lane, waiting=lane.waiting, overdue=lane.overdue, dead=lane.dead, paused=lane.paused, oldest=lane.oldest)


class LaneIn(Schema):
    """Which destination."""

    lane: Annotated[str, Field(max_length=200)]


class DeadOut(Schema):
    """A message that waits for a person; opaque ids and codes only."""

    message_id: UUID
    lane: str
    kind: str
    reason: str
    attempts: int
    created_at: datetime

    @classmethod
    def of(cls, letter: DeadLetter) -> DeadOut:
        """From the queue."""
        return cls(
            message_id=letter.message_id, lane=letter.lane, kind=letter.kind, reason=letter.reason, attempts=letter.attempts,
            created_at=letter.created_at,
        )  # fmt: skip


class ReplayOut(Schema):
    """``stopped_by`` is "" when the message was sent again."""

    stopped_by: str


class DifferenceOut(Schema):
    """One row of a reconciliation."""

    agency: str
    kind: str
    about: UUID
    expected: str
    observed: str
    agrees: bool
    reason: str

    @classmethod
    def of(cls, row: Difference) -> DifferenceOut:
        """From the comparison."""
        return cls(
            agency=row.agency_id, kind=row.kind, about=row.about, expected=row.expected, observed=row.observed, agrees=row.agrees,
            reason=row.reason,
        )  # fmt: skip


class AuditIn(Schema):
    """Which opaque id."""

    about: Annotated[str, Field(min_length=1, max_length=100)]


class EventOut(Schema):
    """An entry of the audit."""

    at: datetime
    kind: str
    actor: str
    about: str
    agency: str | None
    facts: dict[str, str | int | bool]
