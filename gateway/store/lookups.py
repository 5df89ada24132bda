"""The cells of hit reports: read and saved by the hundred, one statement each way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, bindparam, case, select, text

from gateway.domain.errors import Code, Conflict, NotFound
from gateway.domain.events import AuditEvent
from gateway.domain.identifiers import AgencyId, CaseId, CaseListId, LookupId, SubjectId, SystemKey
from gateway.domain.lookup import Decision, GradedCandidate, Lookup, LookupOutcome, LookupState
from gateway.store import tables as t
from gateway.store.audit import SqlAudit
from gateway.store.batches import copy_in
from gateway.store.crypto import Vault
from gateway.store.sealed_column import SealedColumn
from outbox.bulk import Blobs, Ids, Moments, Texts


class LookupWords(msgspec.Struct, array_like=True):
    """What came back about a person, and what somebody decided."""

    graded: tuple[GradedCandidate, ...]
    decision: Decision | None


WORDS = SealedColumn("lookups.sealed", LookupWords, at_least=1024)
_OUTCOMES = {outcome.value: outcome for outcome in LookupOutcome}
_COLUMNS = ("id", "subject_id", "agency_id", "system", "outcome", "reason", "asked_at", "answered_at", "version", "model", "record_key", "sealed")
_SAVE = text("""
    UPDATE lookups l
    SET outcome = n.outcome, reason = n.reason, asked_at = n.asked_at, answered_at = n.answered_at,
        record_key = n.record_key, sealed = n.sealed, model = n.model, version = l.version + 1
    FROM unnest(CAST(:id AS uuid[]), CAST(:version AS int[]), CAST(:outcome AS text[]), CAST(:reason AS text[]),
                CAST(:asked_at AS timestamptz[]), CAST(:answered_at AS timestamptz[]),
                CAST(:record_key AS bytea[]), CAST(:sealed AS bytea[]), CAST(:model AS text[]))
         AS n (id, version, outcome, reason, asked_at, answered_at, record_key, sealed, model)
    WHERE l.id = n.id AND l.version = n.version
""")
_READ = [t.lookups.c[name] for name in _COLUMNS if name != "record_key"]
_MANY = select(*_READ).where(t.lookups.c.id == text("ANY(:ids)"))
_IN_ORDER = (
    select(*_READ)
    .join(t.subjects, t.subjects.c.id == t.lookups.c.subject_id)
    .order_by(t.subjects.c.list_id, t.subjects.c.position, t.lookups.c.agency_id, t.lookups.c.system)
)
_OF_SUBJECTS = _IN_ORDER.where(t.subjects.c.id == text("ANY(:ids)"))
_OF_LIST = _IN_ORDER.where(t.subjects.c.list_id == bindparam("list_id"), t.subjects.c.withdrawn_at.is_(None))
_STATES = _OF_LIST.with_only_columns(
    *(c for c in _READ if c.name != "sealed"), case((t.lookups.c.agency_id == bindparam("own"), t.lookups.c.sealed)).label("sealed"),
)  # fmt: skip
_KNOWN_AS = _IN_ORDER.where(t.lookups.c.record_key == text("ANY(:keys)"), t.lookups.c.outcome == LookupOutcome.KNOWN.value)
_HOLD = text("SELECT pg_advisory_xact_lock(hashtextextended(CAST(c AS text), 7)) FROM (SELECT unnest(CAST(:cases AS uuid[])) AS c ORDER BY 1) held")
_HANGING = text("""
    SELECT DISTINCT s.case_id, l.system
    FROM unnest(CAST(:cases AS uuid[]), CAST(:systems AS text[])) AS p (case_id, system)
    JOIN subjects s ON s.case_id = p.case_id AND s.withdrawn_at IS NULL
    JOIN lookups l ON l.subject_id = s.id AND l.system = p.system
    WHERE l.outcome = 'POSSIBLE' OR l.reason IN ('OTHERS_ONLY', 'ONE_RECORD_BY_CASE') OR l.record_key = ANY(CAST(:keys AS bytea[]))
""")
_OF_CASES_AT = (
    select(*_READ, t.subjects.c.case_id)
    .join(t.subjects, t.subjects.c.id == t.lookups.c.subject_id)
    .where(
        t.subjects.c.withdrawn_at.is_(None), t.subjects.c.case_id == text("ANY(:cases)"), t.lookups.c.system == text("ANY(:systems)"),
        t.lookups.c.outcome.in_([o.value for o in (LookupOutcome.KNOWN, LookupOutcome.POSSIBLE, LookupOutcome.NOT_KNOWN)]),
    )
)  # fmt: skip


class SqlLookups:
    """Implements ``services.ports.Lookups``."""

    def __init__(self, connection: Connection, vault: Vault, audit: SqlAudit) -> None:
        self._connection, self._vault, self._audit = connection, vault, audit
        self._keys: dict[tuple[SystemKey, str], bytes] = {}
        """Of records, within this transaction: what is saved was looked for before."""

    def add(self, lookups: Sequence[Lookup], audit: Sequence[AuditEvent]) -> None:
        """Many at once."""
        copy_in(self._connection, t.lookups, _COLUMNS, (self._row(lookup) for lookup in lookups))
        self._audit.record(*audit)

    def get(self, lookup_id: LookupId) -> Lookup:
        """Raises ``NotFound``."""
        found = self.many((lookup_id,))
        if lookup_id not in found:
            raise NotFound(Code.NOT_FOUND)
        return found[lookup_id]

    def many(self, ids: Sequence[LookupId]) -> Mapping[LookupId, Lookup]:
        """Ids that are not there are left out."""
        return {lookup.id: lookup for lookup in self._all(_MANY, ids=Ids(ids))}

    def of_list(self, list_id: CaseListId) -> Sequence[Lookup]:
        """Of everybody in the newest issue, in its order."""
        return self._all(_OF_LIST, list_id=list_id)

    def states(self, list_id: CaseListId, opened_for: AgencyId | None = None) -> Sequence[LookupState]:
        """As ``of_list``; what is sealed is fetched for one agency, or for none."""
        rows = self._connection.execute(_STATES, {"list_id": list_id, "own": opened_for})
        return [self._lookup(row) if row.agency_id == opened_for else _state(row) for row in rows.all()]

    def of_subjects(self, ids: Sequence[SubjectId]) -> Sequence[Lookup]:
        """Of these people, in the order of their lists."""
        return self._all(_OF_SUBJECTS, ids=Ids(ids))

    def known_as(self, records: Sequence[tuple[SystemKey, str]]) -> Sequence[Lookup]:
        """Those of any list that are now KNOWN as one of these records."""
        return self._all(_KNOWN_AS, keys=Blobs(self._record_key(system, record_id) for system, record_id in records))

    def hold(self, cases: Collection[CaseId]) -> None:
        """Whoever else wants one of these cases waits until this transaction ends."""
        if cases:
            self._connection.execute(_HOLD, {"cases": Ids(cases)})

    def hanging(self, places: Sequence[tuple[CaseId, SystemKey]], records: Sequence[tuple[SystemKey, str]]) -> frozenset[tuple[CaseId, SystemKey]]:
        """One statement; nothing is opened."""
        keys = Blobs(self._record_key(system, record_id) for system, record_id in records)
        values = {"cases": Ids(case_id for case_id, _ in places), "systems": Texts(system for _, system in places), "keys": keys}
        return frozenset((CaseId(row.case_id), SystemKey(row.system)) for row in self._connection.execute(_HANGING, values))

    def of_cases_at(self, places: Sequence[tuple[CaseId, SystemKey]]) -> Mapping[tuple[CaseId, SystemKey], Sequence[Lookup]]:
        """Answered or decided ones, of people who are not withdrawn."""
        found: dict[tuple[CaseId, SystemKey], list[Lookup]] = {place: [] for place in places}
        values = {"cases": Ids(case_id for case_id, _ in places), "systems": Texts({system for _, system in places})}
        for row in self._connection.execute(_OF_CASES_AT, values):
            if (row.case_id, row.system) in found:
                found[row.case_id, row.system].append(self._lookup(row[:-1]))
        return found

    def save(self, lookups: Sequence[Lookup], audit: Sequence[AuditEvent]) -> None:
        """Raises ``Conflict(STALE_VERSION)`` if any moved on since it was read; then none is saved."""
        if lookups and self._connection.execute(_SAVE, self._columns(lookups)).rowcount != len(lookups):
            raise Conflict(Code.STALE_VERSION)
        self._audit.record(*audit)

    def _all(self, query: Select[Any], **values: object) -> list[Lookup]:
        return [self._lookup(row) for row in self._connection.execute(query, values).all()]

    def _row(self, lookup: Lookup) -> tuple[object, ...]:
        key, sealed = self._claim_key(lookup), self._sealed(lookup)
        return (
            lookup.id, lookup.subject_id, lookup.agency_id, lookup.system, lookup.outcome.value, lookup.reason,
            lookup.asked_at, lookup.answered_at, lookup.version, lookup.model, key, sealed,
        )  # fmt: skip

    def _columns(self, lookups: Sequence[Lookup]) -> dict[str, list[Any]]:
        return {
            "id": Ids(lookup.id for lookup in lookups),
            "version": [lookup.version for lookup in lookups],
            "outcome": Texts(lookup.outcome.value for lookup in lookups),
            "reason": Texts(str(lookup.reason) for lookup in lookups),
            "asked_at": Moments(lookup.asked_at for lookup in lookups),
            "answered_at": Moments(lookup.answered_at for lookup in lookups),
            "record_key": Blobs(self._claim_key(lookup) for lookup in lookups),
            "sealed": Blobs(self._sealed(lookup) for lookup in lookups),
            "model": Texts(lookup.model for lookup in lookups),
        }

    def _claim_key(self, lookup: Lookup) -> bytes | None:
        claim = lookup.claim
        return self._record_key(lookup.system, claim) if claim is not None else None

    def _record_key(self, system: SystemKey, record_id: str) -> bytes:
        key = self._keys.get((system, record_id))
        if key is None:
            key = self._keys[system, record_id] = self._vault.index("lookups.record", system, record_id)
        return key

    def _sealed(self, lookup: Lookup) -> bytes | None:
        if not lookup.graded and not lookup.decision:
            return None
        return WORDS.seal(self._vault, LookupWords(lookup.graded, lookup.decision), lookup.id)

    def _lookup(self, row: Sequence[Any]) -> Lookup:
        """By place, not by name: ten times cheaper (``_READ``)."""
        lookup_id, subject_id, agency_id, system, outcome, reason, asked_at, answered_at, version, model, sealed = row
        graded, decision = self._words(sealed, lookup_id)
        return Lookup(
            lookup_id, subject_id, agency_id, system, _OUTCOMES[outcome], reason, asked_at, answered_at, version, model, graded, decision
        )

    def _words(self, sealed: bytes | None, lookup_id: LookupId) -> tuple[tuple[GradedCandidate, ...], Decision | None]:
        if sealed is None:
            return (), None
        words = WORDS.open(self._vault, sealed, lookup_id)
        return words.graded, words.decision


def _state(row: Sequence[Any]) -> LookupState:
    lookup_id, subject_id, agency_id, system, outcome, reason, asked_at, answered_at, version, model, _ = row
    return LookupState(lookup_id, subject_id, agency_id, system, _OUTCOMES[outcome], reason, asked_at, answered_at, version, model)
