"""The tables of proof: probes, signatures, releases and stops. Nothing in them names anybody but who acted, by opaque id."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Index, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from gateway.store.tables import metadata, moment

probes = Table(
    "disclosure_probes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("system", Text, nullable=False),
    Column("register_digest", Text, nullable=False),
    Column("system_version", Text, nullable=False),
    moment("began_at", required=True),
    moment("ended_at", required=True),
    Column("made_by", Text, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("evidence", JSONB, nullable=False),
    comment="One probe of one system: its findings, with the hashes of what was seen.",
)
Index("disclosure_probes_system", probes.c.system, probes.c.ended_at)

under_way = Table(
    "probes_under_way",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("system", Text, nullable=False),
    moment("began_at", required=True),
    comment="Probes that may have left an alert on a test person's record: what they placed carries an identifier that follows from the id.",
)

hand_checks = Table(
    "hand_checks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("system", Text, nullable=False),
    Column("output", Text, nullable=False),
    Column("register_digest", Text, nullable=False),
    Column("system_version", Text, nullable=False),
    Column("signed_by", Text, nullable=False),
    moment("signed_at", required=True),
    Column("expires_on", Date, nullable=False),
    Column("second_by", Text),
    moment("second_at"),
    CheckConstraint("second_by <> signed_by", name="hand_checks_second_person"),
    comment="Two people looked at an output that no machine can look at, and signed that it shows no alert.",
)
Index("hand_checks_system", hand_checks.c.system, hand_checks.c.signed_at)

releases = Table(
    "system_releases",
    metadata,
    Column("system", Text, primary_key=True),
    Column("release", Text, nullable=False),
    moment("told_at", required=True),
    comment="The release that a system last told of itself; a proof holds for one release.",
)

stops = Table(
    "write_stops",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("system", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("stopped_by", Text, nullable=False),
    moment("stopped_at", required=True),
    Column("restart_by", Text),
    moment("restart_at"),
    Column("ended_by", Text),
    moment("ended_at"),
    CheckConstraint("ended_by <> restart_by", name="write_stops_second_person"),
    CheckConstraint(
        "(ended_at IS NULL) = (ended_by IS NULL) AND (ended_by IS NULL OR restart_by IS NOT NULL)", name="write_stops_ended"
    ),
    comment="Nothing is written to a system (or to any: *) while a row of it is open; one person stops, two restart.",
)
Index("write_stops_open", stops.c.system, unique=True, postgresql_where=text("ended_at IS NULL"))
