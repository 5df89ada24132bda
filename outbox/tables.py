"""The outbox's own tables. Bodies are sealed; everything else is an id, a code, a count or a moment.

A message belongs to one lane (its destination). One island of the relay serves a lane at a time: ``outbox_lanes`` says which, by a
fencing token, and until when. ``outbox_messages.lease_token`` is the token of the island that has claimed the message and may have sent it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Sequence,
    Table,
    Text,
    Uuid,
    func,
    text,
)

EVERYTHING = "*"
"""The lane name that stands for all lanes: pausing it stops everything."""

metadata = MetaData()

island_tokens = Sequence("outbox_island_tokens", metadata=metadata, minvalue=1, maxvalue=2_147_483_647, start=1)
"""Fencing tokens; an int4, because the island also holds it as the second half of an advisory lock for as long as it lives."""

messages = Table(
    "outbox_messages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("seq", BigInteger, Identity(always=True), nullable=False),
    Column("lane", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("order_key", Text, nullable=False, server_default=""),
    Column("about", Text, nullable=False, server_default=""),
    Column("body", LargeBinary, nullable=False),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("not_after", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("interruptions", Integer, nullable=False, server_default="0"),
    Column("unsure", Boolean, nullable=False, server_default="false"),
    Column("lease_token", Integer),
    Column("reason", Text, nullable=False, server_default=""),
    Column("settled_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('pending', 'delivered', 'dead', 'withdrawn')", name="outbox_messages_state"),
    CheckConstraint("lane <> '*'", name="outbox_messages_lane"),
    CheckConstraint("(state = 'pending') = (settled_at IS NULL)", name="outbox_messages_settled"),
)
Index("outbox_messages_due", messages.c.lane, messages.c.due_at, messages.c.seq, postgresql_where=text("state = 'pending'"))
Index(
    "outbox_messages_order",
    messages.c.order_key,
    messages.c.seq,
    postgresql_where=text("settled_at IS NULL AND order_key <> ''"),
)
Index(
    "outbox_messages_expiry",
    messages.c.not_after,
    postgresql_where=text("state = 'pending' AND not_after IS NOT NULL"),
)
Index("outbox_messages_dead", messages.c.lane, messages.c.settled_at, postgresql_where=text("state = 'dead'"))

attempts = Table(
    "outbox_attempts",
    metadata,
    Column("message_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)
Index("outbox_attempts_message", attempts.c.message_id, attempts.c.at)

lanes = Table(
    "outbox_lanes",
    metadata,
    Column("lane", Text, primary_key=True),
    Column("token", Integer),
    Column("lease_until", DateTime(timezone=True)),
    comment="Which island serves a lane, and until when.",
)

pauses = Table(
    "outbox_pauses",
    metadata,
    Column("lane", Text, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    comment="Lanes that somebody stopped. Apart from the leases, so that no island can keep anybody from stopping it.",
)

receipts = Table(
    "inbox_receipts",
    metadata,
    Column("source", Text, primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
