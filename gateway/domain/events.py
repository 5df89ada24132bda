"""Audit events: who did what to which thing, for what purpose; ids and codes only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.domain.identifiers import AgencyId


class EventKind(StrEnum):
    """The closed list of what is recorded."""

    LIST_RECEIVED = "list_received"
    LIST_REPEATED = "list_repeated"
    SUBJECT_WITHDRAWN = "subject_withdrawn"
    LOOKUP_RELEASED = "lookup_released"
    LOOKUP_WITHHELD = "lookup_withheld"
    LOOKUP_ANSWERED = "lookup_answered"
    MATCH_SETTLED = "match_settled"
    MODEL_OFFERED = "model_offered"
    MODEL_APPROVED = "model_approved"
    REPORT_VIEWED = "report_viewed"
    FLAG_PROPOSED = "flag_proposed"
    FLAG_APPROVED = "flag_approved"
    FLAG_REFUSED = "flag_refused"
    FLAG_SENT = "flag_sent"
    FLAG_REPORTED = "flag_reported"
    FLAG_RENEWED = "flag_renewed"
    FLAG_ENDED = "flag_ended"
    ACTION_ASSIGNED = "action_assigned"
    ACTION_REPORTED = "action_reported"
    ACTION_CLOSED = "action_closed"
    COMPLETION_REPEATED = "completion_repeated"
    COMPLETION_TOLD = "completion_told"
    TASK_OPENED = "task_opened"
    TASK_CLOSED = "task_closed"
    PERSON_VIEWED = "person_viewed"
    QUEUE_CHANGED = "queue_changed"
    RECONCILED = "reconciled"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    EXPORTED = "exported"
    AUDIT_VIEWED = "audit_viewed"
    SYSTEM_PROBED = "system_probed"
    HAND_CHECK_SIGNED = "hand_check_signed"
    WRITING_STOPPED = "writing_stopped"
    RESTART_ASKED = "restart_asked"
    WRITING_RESTARTED = "writing_restarted"
    FLAG_FROZEN = "flag_frozen"
    FLAG_FREED = "flag_freed"
    FLAG_RECALLED = "flag_recalled"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One entry. ``actor`` is a ``UserId`` or ``gateway``; ``about`` an opaque id; ``facts`` holds codes, counts and ids, never values."""

    kind: EventKind
    actor: str
    about: str
    agency_id: AgencyId | None = None
    facts: Mapping[str, str | int | bool] = field(default_factory=dict)
