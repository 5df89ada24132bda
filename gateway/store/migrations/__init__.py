"""The schema's history, as Alembic runs it; ``gateway.store.schema`` is the way in."""
