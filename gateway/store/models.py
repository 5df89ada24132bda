"""Matching models by name. The one approved last grades; while none was approved here, the one that the release brings does."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select, text

from gateway.domain.errors import Code, Conflict, NotFound, Unavailable
from gateway.domain.events import AuditEvent
from gateway.domain.identifiers import UserId
from gateway.domain.models import RELEASE, MatchingModel
from gateway.policy.identity import model as models
from gateway.policy.identity.scoring import Scorer
from gateway.store import tables as t
from gateway.store.audit import SqlAudit
from gateway.store.crypto import Vault
from gateway.store.sealed_column import SealedColumn


class ModelWords(msgspec.Struct, array_like=True):
    """The file, which counts the names of an index, and the people behind it."""

    content: bytes
    offered_by: str
    approved_by: str | None


WORDS = SealedColumn("matching_models.sealed", ModelWords)
_ADD = text("""
    INSERT INTO matching_models (version, digest, offered_at, offered_key, sealed)
    VALUES (:version, :digest, :at, :key, :sealed) ON CONFLICT DO NOTHING
""")
_APPROVE = text("UPDATE matching_models SET approved_at = :at, approved_key = :key, sealed = :sealed WHERE version = :version")
_IN_USE = text("SELECT version, digest FROM matching_models WHERE approved_at IS NOT NULL ORDER BY approved_at DESC, version LIMIT 1")


class SqlModels:
    """Implements ``services.ports.Models``."""

    def __init__(self, connection: Connection, vault: Vault, audit: SqlAudit) -> None:
        self._connection, self._vault, self._audit = connection, vault, audit

    def all(self) -> Sequence[MatchingModel]:
        """The release's own first, then the others as they were offered."""
        rows = self._connection.execute(select(t.matching_models).order_by(t.matching_models.c.offered_at, t.matching_models.c.version))
        kept = [self._model(row) for row in rows]
        return [*([] if any(m.version == shipped().version for m in kept) else [shipped()]), *kept]

    def get(self, version: str) -> MatchingModel:
        """Raises ``NotFound``."""
        found = next((m for m in self.all() if m.version == version), None)
        if found is None:
            raise NotFound(Code.NOT_FOUND)
        return found

    def content(self, version: str) -> bytes:
        """The file as it was offered. Raises ``NotFound``, and ``Unavailable(SEAL_BROKEN)`` when it is not what was offered."""
        if version == shipped().version:
            return models.shipped_file()
        return self._file(version, bytes.fromhex(self.get(version).digest))

    def add(self, model: MatchingModel, content: bytes, at: datetime, audit: AuditEvent) -> None:
        """Raises ``Conflict(MODEL_EXISTS)`` when the version names a model already."""
        if model.version == shipped().version or not self._add(model, content, at):
            raise Conflict(Code.MODEL_EXISTS)
        self._audit.record(audit)

    def approve(self, version: str, by: UserId, at: datetime, audit: AuditEvent) -> None:
        """From this transaction's end this model grades; approving an older one again goes back to it."""
        if version == shipped().version:
            self._add(shipped(), models.shipped_file(), at)
        row = self._connection.execute(select(t.matching_models).where(t.matching_models.c.version == version).with_for_update()).one()
        words = self._words(row)
        sealed = WORDS.seal(self._vault, ModelWords(words.content, words.offered_by, by), version.encode())
        self._connection.execute(_APPROVE, {"version": version, "at": at, "key": self._vault.index("person", by), "sealed": sealed})
        self._audit.record(audit)

    def in_use(self) -> Scorer:
        """Read once per process and version. Raises ``Unavailable(SEAL_BROKEN)`` when the content is not what was approved."""
        row = self._connection.execute(_IN_USE).one_or_none()
        if row is None or row.digest == _shipped_digest():
            return _shipped_scorer()
        if row.digest not in _READY:
            _READY[row.digest] = self._read(row.version, row.digest)
        return _READY[row.digest]

    def _read(self, version: str, digest: bytes) -> Scorer:
        return Scorer(models.read(self._file(version, digest).decode("utf-8")))

    def _file(self, version: str, digest: bytes) -> bytes:
        row = self._connection.execute(select(t.matching_models).where(t.matching_models.c.version == version)).one()
        content = self._words(row).content
        if hashlib.sha256(content).digest() != digest:
            raise Unavailable(Code.SEAL_BROKEN)
        return content

    def _add(self, model: MatchingModel, content: bytes, at: datetime) -> bool:
        sealed = WORDS.seal(self._vault, ModelWords(content, model.offered_by, None), model.version.encode())
        values = {"version": model.version, "digest": bytes.fromhex(model.digest), "at": at, "sealed": sealed}
        return bool(self._connection.execute(_ADD, values | {"key": self._vault.index("person", model.offered_by)}).rowcount)

    def _words(self, row: Row[Any]) -> ModelWords:
        return WORDS.open(self._vault, row.sealed, row.version.encode())

    def _model(self, row: Row[Any]) -> MatchingModel:
        words = self._words(row)
        approved_by = UserId(words.approved_by) if words.approved_by else None
        return MatchingModel(row.version, row.digest.hex(), UserId(words.offered_by), row.offered_at, approved_by, row.approved_at)


_READY: dict[bytes, Scorer] = {}
"""Models that this process has read, by digest. They hold names and counts, nothing of anybody."""


@lru_cache(maxsize=1)
def shipped() -> MatchingModel:
    """The release's own."""
    return MatchingModel(models.current().version, _shipped_digest().hex(), RELEASE, approved_by=RELEASE)


@lru_cache(maxsize=1)
def _shipped_digest() -> bytes:
    return hashlib.sha256(models.shipped_file()).digest()


@lru_cache(maxsize=1)
def _shipped_scorer() -> Scorer:
    return Scorer(models.current())
