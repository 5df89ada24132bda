"""The gateway, joined: settings, database, agreements, keys, the way to agencies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property, partial
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine

from adapters import reading
from adapters.registry import Connect, Registry, connector_for
from contracts.agreements import AgreementFolder, in_force, load_agreements
from gateway import collector
from gateway.bootstrap.holidays import Holidays
from gateway.bootstrap.probing import Prober
from gateway.bootstrap.queue import OutboxQueue
from gateway.bootstrap.relay import Gated, Results, schedule_for
from gateway.broker import Bell
from gateway.config import Settings, read_settings
from gateway.domain.agreements import Capability
from gateway.domain.case_list_reading import ParsedActions, ParsedCompletions, ParsedList
from gateway.domain.errors import Code, InvalidInput, NotFound
from gateway.domain.identifiers import AgencyId
from gateway.services import actions
from gateway.store import schema
from gateway.store.audit import ChainReport, verify
from gateway.store.crypto import Vault
from gateway.store.database import open_engine
from gateway.store.keys import create_key_file, load_key_file
from gateway.store.stops import is_stopped
from gateway.store.unit_of_work import SqlWork
from gateway.telemetry import know, log
from mappings.callbacks import NotGenuine, read_notice
from mappings.case_list.template import TemplateKind, case_list_template
from mappings.envelopes import seal_release
from mappings.hl7v2.merges import read_merges
from outbox.relay import Relay

CALLBACK_SECRET = "callback_secret"  # noqa: S105  the name under which an agreement refers to it
Clock = Callable[[], datetime]


_log = log("gateway.bootstrap")


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Gateway:
    """Everything joined. ``clock``, ``new_id`` and ``connect`` (the way to an agency) are given by tests that must be repeatable."""

    settings: Settings
    engine: Engine
    vault: Vault
    agreements: AgreementFolder
    bell: Bell
    clock: Clock = _utc_now
    new_id: Callable[[], UUID] = field(default=uuid4)
    connect: Connect = connector_for

    @contextmanager
    def transaction(self) -> Iterator[SqlWork]:
        """One transaction with everything a use case touches. After the commit the worker is told, if there is something to send."""
        with self.engine.begin() as connection, self.work_on(connection) as work:
            yield work
        if work.outbox.sent:
            self.bell.ring()

    def work_on(self, connection: Connection) -> SqlWork:
        """A use case's work in a transaction that somebody else began and will commit."""
        return SqlWork(connection, self.vault, self.agreements, seal_release, now=self.clock(), new_id=self.new_id)

    def relay(self) -> Relay:
        """What delivers; tokens and rates of the agencies are kept from run to run."""
        schedule = schedule_for(demonstration=self.settings.demonstration)
        return Relay(self.engine, self.vault, self.transports(), Results(self.work_on), schedule)

    def ready_to_deliver(self) -> None:
        """For a process that delivers: everything it needs is loaded before the first message, so that no reply waits for it."""
        self._registry.load_connectors()
        collector.settle()

    def ready_to_serve(self) -> None:
        """For a process that serves pages, once they are built."""
        collector.settle()

    def transports(self) -> Gated:
        """The ways out, each behind the gate; whoever delivers goes through them."""
        return Gated(self._registry, self.transaction, partial(self.vault.index, "outbox.attempt"))

    @cached_property
    def _registry(self) -> Registry:
        return Registry(self.agreements, self.settings.resolve, self.today, self.connect, self._writing_stopped)

    async def _writing_stopped(self, lane: str) -> bool:
        """Whether somebody stopped writing to this system, as the database has it now."""

        def look() -> bool:
            with self.engine.connect() as connection:
                return is_stopped(connection, lane)

        return await asyncio.to_thread(look)

    @property
    def prober(self) -> Prober:
        """Makes disclosure probes."""
        return Prober(self._registry, self.settings.resolve, self.connect, self.transaction, self.new_id)

    def queue(self, work: SqlWork) -> OutboxQueue:
        """The outbox from the side of those who watch it, in the transaction of ``work``."""
        return OutboxQueue(work.connection, self.vault, work.now())

    @cached_property
    def holidays(self) -> Holidays:
        """Bank holidays of every jurisdiction."""
        return Holidays(self.settings.holidays)

    def read_case_list(self, data: bytes, suffix: str) -> ParsedList:
        """A case list from a file's bytes; ``suffix`` is the ending of its name. Read in a limited child process."""
        return reading.read_case_list(data, suffix, self.today())

    def case_list_template(self, kind: str) -> bytes:
        """A blank file by its name (``row-per-person.xlsx``), or ``xlsx`` and ``csv`` for a case list with a row for each case."""
        name = f"row-per-case.{kind}" if kind in ("xlsx", "csv") else kind
        try:
            return case_list_template(TemplateKind(name))
        except ValueError:
            raise InvalidInput(Code.FILE_KIND_NOT_ACCEPTED) from None

    def read_actions(self, data: bytes, suffix: str = ".csv") -> ParsedActions:
        """Actions set at a meeting, from a file."""
        return reading.read_actions_file(data, suffix, self.today())

    def read_completions(self, data: bytes, suffix: str = ".csv") -> ParsedCompletions:
        """Answers to actions, from a file."""
        return reading.read_completions_file(data, suffix, self.clock())

    def read_merges(self, content: bytes) -> tuple[frozenset[str], int]:
        """Records that HL7 v2 messages say were merged or taken apart, and how many messages could not be read."""
        return read_merges(content)

    def take_callback(self, agency_id: AgencyId, body: bytes, signature: str, delivery_id: str) -> bool:
        """An agency's signed notice about a work item: True when it is kept for good, False for everything that is not a notice of theirs."""
        try:
            notice = read_notice(body, signature, delivery_id, self._callback_secrets(agency_id), self.clock())
            with self.transaction() as work:
                again = work.inbox.accept_once(f"callback/{agency_id}", str(notice.delivery_id), body) == "same"
                if notice.completion and not again:
                    actions.take_notice(work, agency_id, notice.completion)
        except (NotGenuine, NotFound):
            return False
        return True

    def _callback_secrets(self, agency_id: AgencyId) -> Sequence[str]:
        """The secrets of every system of the agency that may send notices; none for an agency that we do not know."""
        agreement = self.agreements.of(agency_id)
        systems = agreement.systems if agreement and in_force(agreement, self.today()) else ()
        references = [s.credentials[CALLBACK_SECRET] for s in systems if CALLBACK_SECRET in s.credentials and Capability.CALLBACKS in s.capabilities]
        return [self._resolved(reference) for reference in references]

    def _resolved(self, reference: str) -> str:
        try:
            return self.settings.resolve(reference)
        except LookupError:
            return ""  # no notice can be signed with it

    def verify_audit(self) -> ChainReport:
        """Reads the whole audit chain."""
        with self.engine.connect() as connection:
            return verify(connection, self.vault)

    def schema_is_current(self) -> bool:
        """Whether the database is at the schema of this version."""
        with self.engine.connect() as connection:
            return schema.is_current(connection)

    def migrate(self) -> None:
        """Brings the database to the schema of this version."""
        schema.upgrade(self.engine)

    def today(self) -> date:
        """The day by the gateway's clock, UTC."""
        return self.clock().date()

    def close(self) -> None:
        """Gives the database connections back."""
        self.engine.dispose()


def load_gateway(settings: Settings | None = None, *, clock: Clock = _utc_now) -> Gateway:
    """From the settings given, else from the environment. Raises ``Misconfigured``, or ``GatewayError`` for a key file that will not do."""
    settings = settings or read_settings()
    agreements = load_agreements(settings.agencies)
    know(agreements.agreements)
    if agreements.problems:
        _log.error("agreements that cannot be read share nothing; see: agency check", count=len(agreements.problems))
    know(system.key for agreement in agreements.all() for system in agreement.systems)
    keys = load_key_file(settings.key_file, production=not settings.demonstration, data_folder=settings.data)
    return Gateway(
        settings=settings,
        engine=open_engine(settings.database_url.get_secret_value()),
        vault=Vault(keys),
        agreements=agreements,
        bell=Bell(settings.redis_url.get_secret_value()),
        clock=clock,
    )


def make_demonstration_key(path: Path) -> None:
    """A key for synthetic people, made once and kept; production refuses to start with it."""
    if not path.exists():
        create_key_file(path, development=True)


def migrate(database_url: str) -> None:
    """Brings a database to the schema of this version; does nothing where it is there already."""
    engine = open_engine(database_url)
    try:
        schema.upgrade(engine)
    finally:
        engine.dispose()
