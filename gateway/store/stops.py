"""Where writing is stopped. A row that is open stops; the database itself keeps it that two people end it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, text, update
from sqlalchemy.dialects.postgresql import insert

from gateway.domain.errors import Code, Conflict
from gateway.domain.events import AuditEvent
from gateway.domain.identifiers import SystemKey, UserId
from gateway.domain.proofs import EVERYWHERE, WriteStop
from gateway.store.audit import SqlAudit
from gateway.store.proof_tables import stops

_OPEN = stops.c.ended_at.is_(None)
_STOPPED = text("SELECT EXISTS (SELECT FROM write_stops WHERE ended_at IS NULL AND system IN (:system, '*'))")


class SqlStops:
    """Implements ``services.ports.Stops``."""

    def __init__(self, connection: Connection, audit: SqlAudit) -> None:
        self._connection, self._audit = connection, audit

    def of(self, system: SystemKey) -> WriteStop | None:
        """The stop of this system, else that of all."""
        return self._first(stops.c.system == system) or self._first(stops.c.system == EVERYWHERE)

    def only(self, system: SystemKey) -> WriteStop | None:
        """The stop under exactly this name."""
        return self._first(stops.c.system == system)

    def open(self) -> Sequence[WriteStop]:
        """Every stop in force, the oldest first."""
        return [_stop(row) for row in self._connection.execute(select(stops).where(_OPEN).order_by(stops.c.stopped_at, stops.c.id))]

    def add(self, stop: WriteStop, audit: AuditEvent) -> bool:
        """Stops; False when it was stopped already (who did it stays)."""
        row = insert(stops).values(**asdict(stop)).on_conflict_do_nothing(index_elements=["system"], index_where=_OPEN)
        if self._connection.execute(row.returning(stops.c.id)).first() is None:
            return False
        self._audit.record(audit)
        return True

    def ask_restart(self, stop: WriteStop, audit: AuditEvent) -> None:
        """The first of two. Raises ``Conflict(STALE_VERSION)`` where it moved on."""
        same = update(stops).where(stops.c.id == stop.id, _OPEN)
        self._change(same.values(restart_by=stop.restart_by, restart_at=stop.restart_at), audit)

    def end(self, stop: WriteStop, ended_by: UserId, ended_at: datetime, audit: AuditEvent) -> None:
        """The second of two. Raises ``Conflict(STALE_VERSION)`` where it moved on."""
        same = update(stops).where(stops.c.id == stop.id, stops.c.restart_by == stop.restart_by, _OPEN)
        self._change(same.values(ended_by=ended_by, ended_at=ended_at), audit)

    def _change(self, statement: Any, audit: AuditEvent) -> None:
        if self._connection.execute(statement).rowcount != 1:
            raise Conflict(Code.STALE_VERSION)
        self._audit.record(audit)

    def _first(self, condition: Any) -> WriteStop | None:
        row = self._connection.execute(select(stops).where(condition, _OPEN)).first()
        return _stop(row) if row else None


def is_stopped(connection: Connection, system: str) -> bool:
    """Whether nothing may be written to the system at this moment; one look, for who is about to write."""
    return bool(connection.execute(_STOPPED, {"system": system}).scalar_one())


def _stop(row: Row[Any]) -> WriteStop:
    return WriteStop(
        row.id, SystemKey(row.system), row.reason, UserId(row.stopped_by), row.stopped_at,
        UserId(row.restart_by) if row.restart_by else None, row.restart_at,
    )  # fmt: skip
