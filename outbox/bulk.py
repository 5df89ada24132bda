"""Many rows at once: COPY in, one statement whatever the number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from psycopg import sql
from sqlalchemy import Connection, Table


def copy_in(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Adds rows in the connection's transaction, which must have begun; columns not named take their defaults."""
    if not connection.in_transaction():
        raise RuntimeError("copy_in outside a transaction would be rolled back in silence")
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), names)
    with connection.connection.cursor() as cursor, cursor.copy(statement) as copy:  # type: ignore[attr-defined]
        for row in rows:
            copy.write_row(row)
