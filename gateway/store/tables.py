"""The gateway's tables. What identifies a person, says a role, or was typed by somebody is in a ``sealed`` column, one blob per row.

In clear stand opaque ids, states, codes, counts and moments: what queries and invariants need. Uniqueness over values that may not stand
in clear is kept by keyed hashes (``*_key`` columns).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

metadata = MetaData()


def moment(name: str, *, required: bool = False) -> Column[datetime]:
    """A column for a point in time, with its zone."""
    return Column(name, DateTime(timezone=True), nullable=not required)


case_lists = Table(
    "case_lists",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("marac_id", Text, nullable=False),
    Column("meeting_date", Date, nullable=False),
    Column("issue", Integer, nullable=False),
    UniqueConstraint("marac_id", "meeting_date", name="case_lists_meeting"),
    comment="A list for one meeting, and its newest issue.",
)

list_issues = Table(
    "list_issues",
    metadata,
    Column("list_id", ForeignKey("case_lists.id"), primary_key=True),
    Column("issue", Integer, primary_key=True),
    Column("meeting_date", Date, nullable=False),
    moment("received_at", required=True),
    Column("digest", LargeBinary, nullable=False),
    Column("cases", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    Column("problems", Integer, nullable=False),
)
Index("list_issues_digest", list_issues.c.digest)

row_problems = Table(
    "row_problems",
    metadata,
    Column("list_id", ForeignKey("case_lists.id"), primary_key=True),
    Column("issue", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("row", Integer, nullable=False),
    Column("column", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("severity", Text, nullable=False),
)

cases = Table(
    "cases",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("list_id", ForeignKey("case_lists.id"), nullable=False),
    Column("issue", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    moment("withdrawn_at"),
    comment="A case, the newest issue that holds it and its place there; withdrawn when a later issue does not hold it.",
)
Index("cases_list", cases.c.list_id)

case_entries = Table(
    "case_entries",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("issue", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    comment="What one issue of a list says of a case.",
)

subjects = Table(
    "subjects",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("list_id", ForeignKey("case_lists.id"), nullable=False),
    Column("issue", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    moment("withdrawn_at"),
    comment="A person in a case, the newest issue that holds them and their place there; withdrawn when a later issue does not hold them.",
)
Index("subjects_list", subjects.c.list_id)
Index("subjects_case", subjects.c.case_id)

subject_entries = Table(
    "subject_entries",
    metadata,
    Column("subject_id", ForeignKey("subjects.id"), primary_key=True),
    Column("issue", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    comment="What one issue of a list says of a person.",
)

person_keys = Table(
    "person_keys",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("subject_id", ForeignKey("subjects.id"), primary_key=True),
    comment="Keyed hashes by which the same person is recognised in another case of the same Marac.",
)

lookups = Table(
    "lookups",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("subject_id", ForeignKey("subjects.id"), nullable=False),
    Column("agency_id", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    moment("asked_at"),
    moment("answered_at"),
    Column("version", Integer, nullable=False),
    Column("record_key", LargeBinary),
    Column("sealed", LargeBinary),
    Column("model", Text, nullable=False, server_default=""),
    UniqueConstraint("subject_id", "system", name="lookups_cell"),
    comment="One person at one record system. Sealed: candidates with their explanation, and the decision; absent while there are none.",
)
Index("lookups_record", lookups.c.record_key, postgresql_where=text("record_key IS NOT NULL"))

match_decisions = Table(
    "match_decisions",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    moment("decided_at", required=True),
    Column("sealed", LargeBinary, nullable=False),
    comment="What a person decided about a person and a record; key is a keyed hash of both. The newest word stands.",
)
Index("match_decisions_age", match_decisions.c.decided_at)

matching_models = Table(
    "matching_models",
    metadata,
    Column("version", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    moment("offered_at", required=True),
    moment("approved_at"),
    Column("offered_key", LargeBinary, nullable=False),
    Column("approved_key", LargeBinary),
    Column("sealed", LargeBinary, nullable=False),
    CheckConstraint("approved_key <> offered_key", name="matching_models_second_person"),
    comment="Models by name. The one approved last grades; while none is, the model of the release does.",
)

flags = Table(
    "flags",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("subject_id", ForeignKey("subjects.id"), nullable=False),
    Column("agency_id", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("state", Text, nullable=False),
    moment("proposed_at", required=True),
    moment("approved_at"),
    Column("review_on", Date),
    Column("version", Integer, nullable=False),
    Column("live_key", LargeBinary),
    Column("proposer_key", LargeBinary, nullable=False),
    Column("approver_key", LargeBinary),
    Column("sealed", LargeBinary, nullable=False),
    CheckConstraint("approver_key <> proposer_key", name="flags_second_person"),
)
Index("flags_live", flags.c.live_key, unique=True, postgresql_where=text("live_key IS NOT NULL"))
Index("flags_subject", flags.c.subject_id)
Index("flags_agency", flags.c.agency_id)
Index("flags_review", flags.c.review_on, postgresql_where=text("live_key IS NOT NULL"))

actions = Table(
    "actions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("agency_id", Text, nullable=False),
    Column("system", Text),
    Column("reference", Text, nullable=False, unique=True),
    Column("due_on", Date, nullable=False),
    Column("state", Text, nullable=False),
    moment("assigned_at", required=True),
    moment("closed_at"),
    Column("version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
Index("actions_case", actions.c.case_id)
Index("actions_agency", actions.c.agency_id)
Index("actions_open", actions.c.system, postgresql_where=text("closed_at IS NULL"))

tasks = Table(
    "person_tasks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("agency_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("about", Text, nullable=False),
    moment("opened_at", required=True),
    moment("closed_at"),
    Column("version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
Index("person_tasks_open", tasks.c.agency_id, tasks.c.kind, tasks.c.about, unique=True, postgresql_where=text("closed_at IS NULL"))
Index("person_tasks_about", tasks.c.about, tasks.c.kind)

audit_events = Table(
    "audit_events",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    moment("at", required=True),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("agency_id", Text),
    Column("sealed", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    comment="Append only. Each hash is keyed and covers the row and the hash before it.",
)
Index("audit_events_about", audit_events.c.about)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("seal", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="audit_head_one"),
    comment="The end of the chain, under a keyed hash of its own, so that a chain cut short does not verify.",
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("request", LargeBinary, nullable=False),
    moment("at", required=True),
    Column("sealed", LargeBinary),
    comment="Keyed hash of actor and Idempotency-Key, keyed digest of the request, sealed response.",
)

sessions = Table(
    "sessions",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("user_key", LargeBinary, nullable=False),
    moment("began_at", required=True),
    moment("seen_at", required=True),
    Column("sealed", LargeBinary, nullable=False),
    comment="seen_at is when the session ends if nothing is done meanwhile; ends_at when it ends in any case.",
)
Index("sessions_user", sessions.c.user_key)

jobs = Table(
    "jobs",
    metadata,
    Column("name", Text, primary_key=True),
    moment("due_at", required=True),
    moment("done_at"),
    Column("paused", Boolean, nullable=False, server_default="false"),
    comment="Periodic work by due times held here, not in a scheduler's memory.",
)
