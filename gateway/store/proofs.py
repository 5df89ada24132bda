"""Probes, signatures and releases of record systems. In clear: outputs, verdicts, hashes and who acted; nobody's record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, text, update
from sqlalchemy.dialects import postgresql

from gateway.domain.errors import Code, Conflict, NotFound
from gateway.domain.events import AuditEvent
from gateway.domain.identifiers import SystemKey, UserId
from gateway.domain.proofs import HandCheck, Observation, Probe, Seen
from gateway.domain.register import Canary, Output
from gateway.store import proof_tables as t
from gateway.store.audit import SqlAudit

_LAST = select(t.probes).where(t.probes.c.system == bindparam("system")).order_by(t.probes.c.ended_at.desc(), t.probes.c.id).limit(1)
_CHECKS = select(t.hand_checks).where(t.hand_checks.c.system == bindparam("system")).order_by(t.hand_checks.c.signed_at, t.hand_checks.c.id)
_RELEASE = select(t.releases.c.release).where(t.releases.c.system == bindparam("system"))
_ONE_BY_ONE = text("SELECT pg_advisory_xact_lock(hashtextextended('probe of ' || CAST(:system AS text), 0))")


class SqlProofs:
    """Implements ``services.ports.Proofs``."""

    def __init__(self, connection: Connection, audit: SqlAudit, now: datetime) -> None:
        self._connection, self._audit, self._now = connection, audit, now

    def last(self, system: SystemKey) -> Probe | None:
        """The probe that ended last."""
        row = self._connection.execute(_LAST, {"system": system}).first()
        return _probe(row) if row else None

    def add(self, probe: Probe, audit: AuditEvent) -> None:
        """Keeps a probe with its evidence; the release that it was made under counts as told."""
        told = {name: getattr(probe, name) for name in ("id", "system", "register_digest", "system_version", "began_at", "ended_at", "passed")}
        evidence = [asdict(one) for one in probe.observations]
        self._connection.execute(insert(t.probes).values(**told, made_by=probe.by, evidence=evidence))
        self.tell_release(probe.system, probe.system_version)
        self._audit.record(audit)

    def begin(self, system: SystemKey, probe_id: UUID, audit: AuditEvent) -> None:
        """Notes that a probe is about to write. Two at once wait for each other; the second finds the first."""
        self._connection.execute(insert(t.under_way).values(id=probe_id, system=system, began_at=self._now))
        self._audit.record(audit)

    def under_way(self, system: SystemKey) -> Sequence[tuple[UUID, datetime]]:
        """Those that never said that they removed what they placed. Locks the system for the rest of the transaction."""
        self._connection.execute(_ONE_BY_ONE, {"system": system})
        found = select(t.under_way.c.id, t.under_way.c.began_at).where(t.under_way.c.system == system).order_by(t.under_way.c.began_at)
        return [(row.id, row.began_at) for row in self._connection.execute(found)]

    def end(self, system: SystemKey, probe_ids: Sequence[UUID]) -> None:
        """These left nothing behind."""
        self._connection.execute(delete(t.under_way).where(t.under_way.c.system == system, t.under_way.c.id.in_(probe_ids)))

    def checks(self, system: SystemKey) -> Sequence[HandCheck]:
        """Every signature for a system, the oldest first."""
        return [_check(row) for row in self._connection.execute(_CHECKS, {"system": system})]

    def sign(self, check: HandCheck, audit: AuditEvent) -> None:
        """The first signature."""
        self._connection.execute(insert(t.hand_checks).values(**asdict(check)))
        self._audit.record(audit)

    def countersign(self, check: HandCheck, audit: AuditEvent) -> None:
        """The second one. Raises ``Conflict(STALE_VERSION)`` where somebody else was faster."""
        same = update(t.hand_checks).where(t.hand_checks.c.id == check.id, t.hand_checks.c.second_by.is_(None))
        if self._connection.execute(same.values(second_by=check.second_by, second_at=check.second_at)).rowcount != 1:
            raise Conflict(Code.STALE_VERSION)
        self._audit.record(audit)

    def check(self, check_id: UUID) -> HandCheck:
        """Raises ``NotFound``."""
        row = self._connection.execute(select(t.hand_checks).where(t.hand_checks.c.id == check_id)).first()
        if row is None:
            raise NotFound(Code.NOT_FOUND)
        return _check(row)

    def release(self, system: SystemKey) -> str:
        """The release that the system last told; "" where it never did."""
        return self._connection.execute(_RELEASE, {"system": system}).scalar() or ""

    def tell_release(self, system: SystemKey, release: str) -> None:
        """Keeps what the system tells of itself."""
        if release:
            row = postgresql.insert(t.releases).values(system=system, release=release, told_at=self._now)
            newer = {"release": row.excluded.release, "told_at": row.excluded.told_at}
            self._connection.execute(row.on_conflict_do_update(index_elements=["system"], set_=newer))


def _probe(row: Row[Any]) -> Probe:
    observations = tuple(
        Observation(Output(one["output"]), Canary(one["canary"]), one["place"], Seen(one["seen"]), tuple(one["hashes"]), one["code"])
        for one in row.evidence
    )
    return Probe(
        row.id, SystemKey(row.system), row.register_digest, row.system_version, row.began_at, row.ended_at, UserId(row.made_by), observations
    )


def _check(row: Row[Any]) -> HandCheck:
    return HandCheck(
        row.id, SystemKey(row.system), Output(row.output), row.register_digest, row.system_version, UserId(row.signed_by), row.signed_at,
        row.expires_on, UserId(row.second_by) if row.second_by else None, row.second_at,
    )  # fmt: skip
