"""Reading the audit: pseudonymous, and itself recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.domain.actors import Actor
from gateway.domain.events import AuditEvent, EventKind
from gateway.policy import permissions
from gateway.policy.permissions import Act
from gateway.services.ports import Work
from gateway.services.recording import noted


def about(work: Work, actor: Actor, thing: str) -> Sequence[tuple[datetime, AuditEvent]]:
    """Everything recorded about one opaque id, oldest first; auditors only. That somebody looked is recorded too, under what they asked for
    only where that is an id that the audit knows: a name that was typed would stand there for good."""
    permissions.check_can(actor, Act.VIEW_AUDIT)
    found = work.audit.about(thing) if thing.isprintable() else ()
    work.audit.record(noted(EventKind.AUDIT_VIEWED, actor, thing if found else NOTHING))
    return work.audit.about(thing) if found else ()


NOTHING = "nothing"
"""What an auditor looked at who asked for something unknown."""
