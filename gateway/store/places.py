"""Whose matter a thing is, by its id alone: one statement that reads no sealed column, whatever the thing is and whether it is there."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, text

from gateway.domain.identifiers import AgencyId, MaracId
from gateway.services.ports import Place

_PLACE = text("""
    SELECT l.marac_id, x.agency_id
    FROM (
        SELECT id AS list_id, NULL AS agency_id FROM case_lists WHERE id = :id
        UNION ALL SELECT list_id, NULL FROM cases WHERE id = :id
        UNION ALL SELECT list_id, NULL FROM subjects WHERE id = :id
        UNION ALL SELECT s.list_id, k.agency_id FROM lookups k JOIN subjects s ON s.id = k.subject_id WHERE k.id = :id
        UNION ALL SELECT s.list_id, f.agency_id FROM flags f JOIN subjects s ON s.id = f.subject_id WHERE f.id = :id
        UNION ALL SELECT c.list_id, a.agency_id FROM actions a JOIN cases c ON c.id = a.case_id WHERE a.id = :id
        UNION ALL SELECT NULL, agency_id FROM person_tasks WHERE id = :id
    ) x
    LEFT JOIN case_lists l ON l.id = x.list_id
""")


def place_of(connection: Connection, thing: UUID) -> Place | None:
    """None for what is not there."""
    row = connection.execute(_PLACE, {"id": thing}).first()
    return Place(MaracId(row.marac_id) if row.marac_id else None, AgencyId(row.agency_id) if row.agency_id else None) if row else None
