"""Ending what somebody may still see after their role or employment has ended."""

from __future__ import annotations

from gateway.domain.actors import Actor
from gateway.domain.events import EventKind
from gateway.domain.identifiers import UserId
from gateway.policy import permissions
from gateway.policy.permissions import Act
from gateway.services.ports import Work
from gateway.services.recording import noted

NOBODY = "nobody"
"""What the audit has of an account that was not signed in: it may be a slip of the keyboard, or somebody's name."""


def sign_out(work: Work, actor: Actor, user_id: UserId) -> int:
    """End every session of a person (safety 8.6); returns how many there were. Whether they may sign in again is the identity provider's to say,
    and a program's token ends by its own time."""
    permissions.check_can(actor, Act.SIGN_OUT_OTHERS)
    ended = work.sign_ins.end_all_of(user_id)
    work.audit.record(noted(EventKind.SIGNED_OUT, actor, user_id if ended else NOBODY, None, sessions=ended))
    return ended
