"""Many rows at once, with the store's own errors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Table

from gateway.store.database import translated
from outbox import bulk


def copy_in(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """As ``outbox.bulk.copy_in``."""
    with translated():
        bulk.copy_in(connection, table, columns, rows)
