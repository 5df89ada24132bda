"""One transaction with everything a use case touches: ``SqlWork`` implements ``services.ports.Work``.

    with engine.begin() as connection, SqlWork(connection, vault, ...) as work:
        service(work, actor, ...)

Messages and audit events gather and are written together when the block ends without an error: the audit last, because its chain is serial.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

from sqlalchemy import Connection

from gateway.domain.identifiers import SystemKey
from gateway.domain.releases import Release
from gateway.policy.identity.scoring import Scorer
from gateway.services.ports import AgreementBook, Place
from gateway.store.actions import SqlActions
from gateway.store.answers import SqlAnswers
from gateway.store.audit import SqlAudit
from gateway.store.case_lists import SqlCaseLists
from gateway.store.crypto import Vault
from gateway.store.decisions import SqlDecisions
from gateway.store.flags import SqlFlags
from gateway.store.lookups import SqlLookups
from gateway.store.models import SqlModels
from gateway.store.places import place_of
from gateway.store.proofs import SqlProofs
from gateway.store.sessions import SqlSignIns
from gateway.store.stops import SqlStops
from gateway.store.tasks import SqlTasks
from outbox.inbox import accept_once
from outbox.writer import Draft, Writer

SealRelease = Callable[[Release], bytes]
"""A release as versioned bytes (``mappings.envelopes.seal_release``)."""

_ABOUT = ("lookup_id", "flag_id", "action_id")


class SqlOutbox:
    """Implements ``services.ports.Outbox``: a release becomes a message for the release's own system, about the thing it names."""

    def __init__(self, writer: Writer, seal_release: SealRelease, now: datetime, new_id: Callable[[], UUID]) -> None:
        self._writer, self._seal_release, self._now, self._new_id = writer, seal_release, now, new_id
        self._waiting: list[Draft] = []
        self.sent = 0
        """How many messages this transaction has written."""

    def send(self, kind: str, release: Release, *, order_key: str = "", not_after: datetime | None = None) -> UUID:
        """Takes a release; it is written with the others at the end of the transaction."""
        message_id = self._new_id()
        body = self._seal_release(release)
        self._waiting.append(Draft(message_id, release.system, kind, body, self._now, order_key, _about(release), not_after))
        return message_id

    def withdraw(self, order_key: str) -> int:
        """Stops what has not left yet, whenever it was sent."""
        self.flush()
        return self._writer.withdraw(order_key)

    def let_go(self, system: SystemKey, reason: str) -> int:
        """Sends on what was held for this reason, at one system or at all."""
        freed = self._writer.let_go(system, reason)
        self.sent += freed
        return freed

    def flush(self) -> None:
        """Writes what waits."""
        if self._waiting:
            drafts, self._waiting = self._waiting, []
            self._writer.send_many(drafts)
            self.sent += len(drafts)


class SqlInbox:
    """Implements ``services.ports.Inbox``."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        self._connection, self._vault = connection, vault

    def accept_once(self, source: str, key: str, content: bytes) -> str:
        """``new``, ``same`` or ``different``."""
        return accept_once(self._connection, self._digest, source, key, content).value

    def _digest(self, purpose: str, source: str, content: bytes) -> bytes:
        return self._vault.index(f"inbox.{purpose}", source, content)


class SqlWork:
    """The connection's transaction must have begun, and is committed by whoever began it, after this block has ended."""

    def __init__(
        self,
        connection: Connection,
        vault: Vault,
        agreements: AgreementBook,
        seal_release: SealRelease,
        *,
        now: datetime | None = None,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._now, self.new_id = now or datetime.now(UTC), new_id
        self.connection, self.vault, self.agreements = connection, vault, agreements
        self.audit = SqlAudit(connection, vault, self._now)
        self.case_lists = SqlCaseLists(connection, vault, self.audit)
        self.lookups = SqlLookups(connection, vault, self.audit)
        self.decisions = SqlDecisions(connection, vault)
        self.models = SqlModels(connection, vault, self.audit)
        self.flags = SqlFlags(connection, vault, self.audit)
        self.actions = SqlActions(connection, vault, self.audit)
        self.tasks = SqlTasks(connection, vault, self.audit, self._now)
        self.proofs = SqlProofs(connection, self.audit, self._now)
        self.stops = SqlStops(connection, self.audit)
        self.outbox = SqlOutbox(Writer(connection, vault), seal_release, self._now, new_id)
        self.inbox = SqlInbox(connection, vault)
        self.answers = SqlAnswers(connection, vault, self._now)
        self.sign_ins = SqlSignIns(connection, vault)

    def now(self) -> datetime:
        """This moment, UTC, the same through the transaction."""
        return self._now

    @cached_property
    def scorer(self) -> Scorer:
        """The matching model in use; the same through the transaction."""
        return self.models.in_use()

    def place_of(self, thing: UUID) -> Place:
        """Whose matter a thing is."""
        return place_of(self.connection, thing)

    def flush(self) -> None:
        """Writes the messages and audit events that wait."""
        self.outbox.flush()
        self.audit.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self.flush()


def _about(release: Release) -> str:
    return next((str(getattr(release, name)) for name in _ABOUT if hasattr(release, name)), "")
