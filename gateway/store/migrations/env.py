"""Alembic's entry: runs on the connection that ``gateway.store.schema`` hands over, all steps in its one transaction."""

from __future__ import annotations

from alembic import context

from gateway.store.schema import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA)
context.run_migrations()
