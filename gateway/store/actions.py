"""Actions and their answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, select, update

from gateway.domain.actions import Action, ActionState
from gateway.domain.errors import Code, Conflict, NotFound
from gateway.domain.events import AuditEvent
from gateway.domain.identifiers import ActionId, AgencyId, CaseId, CaseListId, SystemKey
from gateway.store import tables as t
from gateway.store.audit import SqlAudit
from gateway.store.batches import copy_in
from gateway.store.crypto import Vault
from gateway.store.sealed_column import SealedColumn


class ActionWords(msgspec.Struct, array_like=True):
    """What was decided and answered, in people's words."""

    text: str
    owner: str
    remote_id: str | None
    detail: str
    closed_by: str


WORDS = SealedColumn("actions.sealed", ActionWords, at_least=1024)
_CLEAR = ("id", "case_id", "agency_id", "system", "reference", "due_on", "state", "assigned_at", "closed_at", "version")


class SqlActions:
    """Implements ``services.ports.Actions``."""

    def __init__(self, connection: Connection, vault: Vault, audit: SqlAudit) -> None:
        self._connection, self._vault, self._audit = connection, vault, audit

    def add(self, actions: Sequence[Action], audit: Sequence[AuditEvent]) -> None:
        """Many at once."""
        copy_in(self._connection, t.actions, (*_CLEAR, "sealed"), (self._row(action) for action in actions))
        self._audit.record(*audit)

    def get(self, action_id: ActionId) -> Action:
        """Raises ``NotFound``."""
        return self._one(select(t.actions).where(t.actions.c.id == action_id))

    def by_reference(self, reference: str) -> Action:
        """By our neutral reference. Raises ``NotFound``."""
        return self._one(select(t.actions).where(t.actions.c.reference == reference))

    def save(self, action: Action, audit: AuditEvent) -> None:
        """Raises ``Conflict(STALE_VERSION)`` if it moved on since it was read."""
        same = update(t.actions).where(t.actions.c.id == action.id, t.actions.c.version == action.version)
        changing = {"system": action.system, "state": action.state.value, "due_on": action.due_on, "closed_at": action.closed_at}
        values = changing | {"version": action.version + 1, "sealed": self._sealed(action)}
        if self._connection.execute(same.values(**values)).rowcount != 1:
            raise Conflict(Code.STALE_VERSION)
        self._audit.record(audit)

    def of_list(self, list_id: CaseListId) -> Sequence[Action]:
        """Of every case in the newest issue of the list."""
        case = t.cases.c
        with_cases = select(t.actions).join(t.cases, case.id == t.actions.c.case_id)
        return self._all(with_cases.where(case.list_id == list_id, case.withdrawn_at.is_(None)))

    def of_agency(self, agency_id: AgencyId) -> Sequence[Action]:
        """All of one agency."""
        return self._all(select(t.actions).where(t.actions.c.agency_id == agency_id))

    def open_with(self, system: SystemKey) -> Sequence[Action]:
        """Not closed, and given to that system."""
        return self._all(select(t.actions).where(t.actions.c.system == system, t.actions.c.closed_at.is_(None)))

    def _one(self, query: Select[Any]) -> Action:
        found = self._all(query)
        if not found:
            raise NotFound(Code.NOT_FOUND)
        return found[0]

    def _all(self, query: Select[Any]) -> list[Action]:
        ordered = query.order_by(t.actions.c.due_on, t.actions.c.assigned_at, t.actions.c.id)
        return [self._action(row) for row in self._connection.execute(ordered)]

    def _row(self, action: Action) -> tuple[object, ...]:
        values = {name: getattr(action, name) for name in _CLEAR} | {"state": action.state.value}
        return (*values.values(), self._sealed(action))

    def _sealed(self, action: Action) -> bytes:
        words = ActionWords(action.text, action.owner, action.remote_id, action.detail, action.closed_by)
        return WORDS.seal(self._vault, words, action.id)

    def _action(self, row: Row[Any]) -> Action:
        words = WORDS.open(self._vault, row.sealed, row.id)
        return Action(
            ActionId(row.id), CaseId(row.case_id), AgencyId(row.agency_id), row.reference, words.text, words.owner, row.due_on,
            ActionState(row.state), row.assigned_at, SystemKey(row.system) if row.system else None, words.remote_id, words.detail,
            row.closed_at, words.closed_by, row.version,
        )  # fmt: skip
