"""Alerts. Whose record and in which part is sealed; that only one stands for the same record and part is kept by a keyed hash."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import insert

from gateway.domain.errors import Code, Conflict, NotFound
from gateway.domain.events import AuditEvent
from gateway.domain.flags import LIVE_FLAG_STATES, Flag, FlagState
from gateway.domain.identifiers import AgencyId, CaseListId, FlagId, SubjectId, SystemKey, UserId
from gateway.domain.receipts import Footing
from gateway.store import tables as t
from gateway.store.audit import SqlAudit
from gateway.store.crypto import Vault
from gateway.store.people import ROLES
from gateway.store.sealed_column import SealedColumn


class FlagWords(msgspec.Struct, array_like=True):
    """What may not stand in clear of an alert."""

    record_id: str
    role: int
    text: str
    identifier: str
    proposed_by: str
    content_hash: str
    approved_by: str | None
    remote_id: str | None
    remote_version: str | None
    reason: str
    sent_at: datetime | None = None
    by_hand: bool = False
    footing: tuple[str, str, str, str] | None = None
    frozen: str = ""


WORDS = SealedColumn("flags.sealed", FlagWords, at_least=2048)
"""One size class for all, far above the longest words, so that the length does not tell the part."""


_FLAGS = select(t.flags).order_by(t.flags.c.proposed_at, t.flags.c.id)
_THE_FLAG = _FLAGS.where(t.flags.c.id == bindparam("flag_id"))
_OF_LIST = _FLAGS.join(t.subjects, t.subjects.c.id == t.flags.c.subject_id).where(
    t.subjects.c.list_id == bindparam("list_id"), t.subjects.c.withdrawn_at.is_(None)
)
_OF_SUBJECTS = _FLAGS.where(t.flags.c.subject_id == text("ANY(:ids)"))
_OF_AGENCY = _FLAGS.where(t.flags.c.agency_id == bindparam("agency_id"))
_REVIEW_DUE = _FLAGS.where(t.flags.c.live_key.is_not(None), t.flags.c.review_on <= bindparam("today"))


class SqlFlags:
    """Implements ``services.ports.Flags``."""

    def __init__(self, connection: Connection, vault: Vault, audit: SqlAudit) -> None:
        self._connection, self._vault, self._audit = connection, vault, audit

    def add(self, flag: Flag, audit: AuditEvent) -> None:
        """Raises ``Conflict(FLAG_EXISTS)`` while another is live for the same record, part and system; a race waits for the first."""
        fixed = {name: getattr(flag, name) for name in ("id", "subject_id", "agency_id", "system", "proposed_at", "version")}
        proposer = self._vault.index("person", flag.proposed_by)
        row = insert(t.flags).values(**fixed, proposer_key=proposer, **self._changing(flag))
        only_one = row.on_conflict_do_nothing(index_elements=["live_key"], index_where=t.flags.c.live_key.is_not(None))
        if self._connection.execute(only_one.returning(t.flags.c.id)).first() is None:
            raise Conflict(Code.FLAG_EXISTS)
        self._audit.record(audit)

    def get(self, flag_id: FlagId) -> Flag:
        """Raises ``NotFound``."""
        found = self._all(_THE_FLAG, flag_id=flag_id)
        if not found:
            raise NotFound(Code.NOT_FOUND)
        return found[0]

    def save(self, flag: Flag, audit: AuditEvent) -> None:
        """Raises ``Conflict(STALE_VERSION)`` if it moved on since it was read."""
        same = update(t.flags).where(t.flags.c.id == flag.id, t.flags.c.version == flag.version)
        if self._connection.execute(same.values(version=flag.version + 1, **self._changing(flag))).rowcount != 1:
            raise Conflict(Code.STALE_VERSION)
        self._audit.record(audit)

    def of_list(self, list_id: CaseListId) -> Sequence[Flag]:
        """On everybody in the newest issue of the list, oldest first."""
        return self._all(_OF_LIST, list_id=list_id)

    def of_subjects(self, ids: Sequence[SubjectId]) -> Sequence[Flag]:
        """On these people, oldest first."""
        return self._all(_OF_SUBJECTS, ids=list(ids))

    def of_agency(self, agency_id: AgencyId) -> Sequence[Flag]:
        """All of one agency, oldest first."""
        return self._all(_OF_AGENCY, agency_id=agency_id)

    def review_due(self, today: date) -> Sequence[Flag]:
        """Live ones whose review date has come."""
        return self._all(_REVIEW_DUE, today=today)

    def _all(self, query: Select[Any], **values: object) -> list[Flag]:
        return [self._flag(row) for row in self._connection.execute(query, values)]

    def _changing(self, flag: Flag) -> dict[str, object]:
        approver = self._vault.index("person", flag.approved_by) if flag.approved_by else None
        return {
            "state": flag.state.value,
            "approved_at": flag.approved_at,
            "review_on": flag.review_on,
            "live_key": self._live_key(flag),
            "approver_key": approver,
            "sealed": self._sealed(flag),
        }

    def _live_key(self, flag: Flag) -> bytes | None:
        if flag.state not in LIVE_FLAG_STATES:
            return None
        return self._vault.index("flags.live", flag.agency_id, flag.system, flag.record_id, flag.role.value)

    def _sealed(self, flag: Flag) -> bytes:
        words = FlagWords(
            flag.record_id, ROLES.index(flag.role), flag.text, flag.identifier, flag.proposed_by, flag.content_hash,
            flag.approved_by, flag.remote_id, flag.remote_version, flag.reason, flag.sent_at, flag.by_hand,
            _of_footing(flag.footing), flag.frozen,
        )  # fmt: skip
        return WORDS.seal(self._vault, words, flag.id)

    def _flag(self, row: Row[Any]) -> Flag:
        words = WORDS.open(self._vault, row.sealed, row.id)
        return Flag(
            FlagId(row.id), SubjectId(row.subject_id), AgencyId(row.agency_id), SystemKey(row.system), words.record_id, ROLES[words.role],
            words.text, words.identifier, FlagState(row.state), UserId(words.proposed_by), row.proposed_at, words.content_hash, row.review_on,
            UserId(words.approved_by) if words.approved_by else None, row.approved_at, words.remote_id, words.remote_version, words.reason,
            row.version, words.sent_at, words.by_hand, Footing(*words.footing) if words.footing else None, words.frozen,
        )  # fmt: skip


def _of_footing(footing: Footing | None) -> tuple[str, str, str, str] | None:
    return (footing.identity, footing.links, footing.practice, footing.access) if footing else None
