"""Tasks for people: one open task per agency, kind and thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Row, Select, bindparam, select, text, update

from gateway.domain.errors import Code, Conflict, NotFound
from gateway.domain.events import AuditEvent
from gateway.domain.identifiers import AgencyId, TaskId, UserId
from gateway.domain.tasks import PersonTask, TaskKind
from gateway.store import tables as t
from gateway.store.audit import SqlAudit
from gateway.store.crypto import Vault
from gateway.store.sealed_column import SealedColumn
from outbox.bulk import Blobs, Ids, Moments, Texts


class TaskWords(msgspec.Struct, array_like=True):
    """What to type by hand, and what was answered."""

    words: str
    reason: str
    closed_by: str | None
    receipt: str
    covers: tuple[str, ...] = ()


WORDS = SealedColumn("person_tasks.sealed", TaskWords, at_least=1024)
_TASKS = select(t.tasks).order_by(t.tasks.c.opened_at, t.tasks.c.id)
_THE_TASK = _TASKS.where(t.tasks.c.id == bindparam("task_id"))
_ABOUT = _TASKS.where(t.tasks.c.kind == bindparam("kind"), t.tasks.c.about == bindparam("about"))
_OPEN = t.tasks.c.closed_at.is_(None)
_OPEN_ABOUT = _ABOUT.where(_OPEN)
_CLOSED_ABOUT = _ABOUT.where(t.tasks.c.closed_at.is_not(None))
_ALL_OPEN = _TASKS.where(_OPEN)
_OPEN_OF = _ALL_OPEN.where(t.tasks.c.agency_id == bindparam("agency_id"))
_OPEN_HERE = _OPEN_ABOUT.where(t.tasks.c.agency_id == bindparam("agency_id"))
_ADD = text("""
    INSERT INTO person_tasks (id, agency_id, kind, about, opened_at, closed_at, version, sealed)
    SELECT * FROM unnest(CAST(:id AS uuid[]), CAST(:agency_id AS text[]), CAST(:kind AS text[]), CAST(:about AS text[]),
        CAST(:opened_at AS timestamptz[]), CAST(:closed_at AS timestamptz[]), CAST(:version AS int[]), CAST(:sealed AS bytea[]))
    ON CONFLICT (agency_id, kind, about) WHERE closed_at IS NULL DO NOTHING RETURNING id
""")


class SqlTasks:
    """Implements ``services.ports.Tasks``."""

    def __init__(self, connection: Connection, vault: Vault, audit: SqlAudit, now: datetime) -> None:
        self._connection, self._vault, self._audit, self._now = connection, vault, audit, now

    def open(self, task: PersonTask, audit: AuditEvent) -> PersonTask:
        """The task that is open afterwards: this one, or the one that already was (then nothing is written)."""
        while not self._add([task]):
            if already := self._all(_OPEN_HERE, agency_id=task.agency_id, kind=task.kind.value, about=task.about):
                return already[0]
        self._audit.record(audit)
        return task

    def open_all(self, tasks: Sequence[PersonTask], audit: Sequence[AuditEvent]) -> None:
        """Many in one statement; the event of a task that was open already is not recorded."""
        added = self._add(tasks) if tasks else frozenset()
        self._audit.record(*(event for task, event in zip(tasks, audit, strict=True) if task.id in added))

    def get(self, task_id: TaskId) -> PersonTask:
        """Raises ``NotFound``."""
        found = self._all(_THE_TASK, task_id=task_id)
        if not found:
            raise NotFound(Code.NOT_FOUND)
        return found[0]

    def close(self, task: PersonTask, audit: AuditEvent) -> None:
        """Saves a task that says when it was closed. Raises ``Conflict(STALE_VERSION)`` if it moved on since it was read."""
        same = update(t.tasks).where(t.tasks.c.id == task.id, t.tasks.c.version == task.version)
        values = {"closed_at": task.closed_at or self._now, "version": task.version + 1, "sealed": self._sealed(task)}
        if self._connection.execute(same.values(**values)).rowcount != 1:
            raise Conflict(Code.STALE_VERSION)
        self._audit.record(audit)

    def close_about(self, kind: TaskKind, about: str, audit: AuditEvent) -> None:
        """Closes what is open of a kind about a thing, in the name of the event's actor; nothing open, nothing recorded."""
        for task in self._all(_OPEN_ABOUT.with_for_update(), kind=kind.value, about=about):
            self.close(replace(task, closed_at=self._now, closed_by=UserId(audit.actor)), audit)

    def last_closed(self, kind: TaskKind, about: str) -> PersonTask | None:
        """The newest word on a thing."""
        found = self._all(_CLOSED_ABOUT, kind=kind.value, about=about)
        return max(found, key=lambda task: task.closed_at or task.opened_at, default=None)

    def open_of(self, agency_id: AgencyId | None) -> Sequence[PersonTask]:
        """Oldest first; None for all agencies."""
        return self._all(_ALL_OPEN) if agency_id is None else self._all(_OPEN_OF, agency_id=agency_id)

    def _add(self, tasks: Sequence[PersonTask]) -> frozenset[UUID]:
        columns = {
            "id": Ids(task.id for task in tasks),
            "agency_id": Texts(str(task.agency_id) for task in tasks),
            "kind": Texts(task.kind.value for task in tasks),
            "about": Texts(task.about for task in tasks),
            "opened_at": Moments(task.opened_at for task in tasks),
            "closed_at": Moments(task.closed_at for task in tasks),
            "version": [task.version for task in tasks],
            "sealed": Blobs(self._sealed(task) for task in tasks),
        }
        return frozenset(self._connection.execute(_ADD, columns).scalars())

    def _all(self, query: Select[Any], **values: object) -> list[PersonTask]:
        return [self._task(row) for row in self._connection.execute(query, values)]

    def _sealed(self, task: PersonTask) -> bytes:
        return WORDS.seal(self._vault, TaskWords(task.words, task.reason, task.closed_by, task.receipt, task.covers), task.id)

    def _task(self, row: Row[Any]) -> PersonTask:
        words = WORDS.open(self._vault, row.sealed, row.id)
        return PersonTask(
            TaskId(row.id), AgencyId(row.agency_id), TaskKind(row.kind), row.about, row.opened_at, words.words, words.reason,
            row.closed_at, UserId(words.closed_by) if words.closed_by else None, words.receipt, row.version,
            words.covers,
        )  # fmt: skip
