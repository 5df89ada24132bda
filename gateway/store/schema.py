"""Brings a database to the schema of this version: the gateway's tables and the outbox's, in one history."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, text

from gateway.store import proof_tables
from outbox import tables as outbox_tables

METADATA = MetaData()
for _part in (proof_tables.probes.metadata, outbox_tables.metadata):
    for _table in _part.sorted_tables:
        _table.to_metadata(METADATA)

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('gateway schema', 0))")
_PATIENT = text("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")


def upgrade(engine: Engine) -> None:
    """Runs the steps that are missing, all in one transaction: killed half way, nothing has changed. Others that start meanwhile wait."""
    with engine.begin() as connection:
        connection.execute(_PATIENT)
        connection.execute(_ONE_AT_A_TIME)
        command.upgrade(_config(connection), "head")


def is_current(connection: Connection) -> bool:
    """Whether the database stands at the last step that this version knows."""
    at = MigrationContext.configure(connection).get_current_revision()
    return at == ScriptDirectory.from_config(_config(connection)).get_current_head()


def differences(connection: Connection) -> list[object]:
    """What the tables declared in code have that the database has not, or the other way round; empty when they agree."""
    context = MigrationContext.configure(connection, opts={"target_metadata": METADATA})
    return list(compare_metadata(context, METADATA))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "gateway.store:migrations")
    config.attributes["connection"] = connection
    return config
