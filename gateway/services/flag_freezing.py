"""When the record under an alert changes: merged or taken apart, somebody else's, another practice, somebody else who may open it.

The alert is frozen: it stays where it is, is not renewed, and never follows the record anywhere. A person looks, and keeps or recalls it.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.actors import GATEWAY
from gateway.domain.errors import Code, Conflict
from gateway.domain.events import EventKind
from gateway.domain.flags import Flag
from gateway.domain.receipts import Footing
from gateway.domain.tasks import TaskKind
from gateway.services.ports import Work
from gateway.services.recording import give_task, noted


def compared(work: Work, flag: Flag, now: Footing | None) -> Flag:
    """The alert, unsaved, after what its record says now was compared with what it said when the alert was placed. Where nothing was kept
    yet, what it says now is what later is compared with."""
    if now is None or flag.frozen:
        return flag
    if flag.footing is None:
        return replace(flag, footing=now)
    changed = flag.footing.change_to(now)
    return frozen(work, flag, changed) if changed else flag


def frozen(work: Work, flag: Flag, reason: Code) -> Flag:
    """The alert, unsaved, once it is frozen; its people have the task."""
    give_task(work, flag.agency_id, TaskKind.RECORD_CHANGED, flag.id, reason)
    work.audit.record(noted(EventKind.FLAG_FROZEN, GATEWAY, flag.id, flag.agency_id, reason=reason.value))
    return replace(flag, frozen=reason.value)


def check_not_frozen(flag: Flag) -> None:
    """Raises ``Conflict(FLAG_FROZEN)`` while a person has not decided."""
    if flag.frozen:
        raise Conflict(Code.FLAG_FROZEN)
