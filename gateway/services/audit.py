"""Reading the audit: pseudonymous, and itself recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.domain.actors import Actor
from gateway.domain.events import AuditEvent
from gateway.services.ports import Work


def about(work: Work, actor: Actor, thing: str) -> Sequence[tuple[datetime, AuditEvent]]:
    """Everything recorded about one opaque id, oldest first; auditors only."""
    raise NotImplementedError
