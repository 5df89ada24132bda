"""What leaves for an alert, or goes to a person instead: placing, checking, removing. Each answers with the alert's next state, unsaved."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from gateway.domain.case_list import Role
from gateway.domain.errors import Code
from gateway.domain.flags import ALERT_LABELS, FLAG_MACHINE, Flag, FlagEvent, FlagState
from gateway.domain.releases import FlagRelease, MessageKind
from gateway.domain.tasks import TaskKind
from gateway.policy import disclosure
from gateway.policy.disclosure import Withheld
from gateway.policy.placement import Placement, Verdict
from gateway.services.ports import Work
from gateway.services.recording import give_task


def content_hash(alert: Flag | FlagRelease, role: Role, agreement_version: str) -> str:
    """SHA-256 of exactly what is approved: where, on which record, which words and labels, under which text of the agreement. What is about
    to leave has the same hash as what was approved, or is something else."""
    content = {
        "agency": alert.agency_id,
        "system": alert.system,
        "record": alert.record_id,
        "role": role,
        "text": alert.text,
        "labels": list(ALERT_LABELS),
        "identifier": alert.identifier,
        "agreement": agreement_version,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def order_key(flag: Flag) -> str:
    """What keeps messages about one alert in order: it is never removed before it was placed."""
    return f"flag/{flag.id}"


def moved(flag: Flag, event: FlagEvent, reason: str = "") -> Flag:
    """The alert after an event. Raises ``Conflict(TRANSITION_NOT_ALLOWED)``."""
    return replace(flag, state=FLAG_MACHINE.after(flag.state, event), reason=reason)


def place(work: Work, flag: Flag, found: Placement) -> Flag:
    """Send an approved alert, or hand it to the representative with the words."""
    release = disclosure.release_flag(flag, work.agreements.of(flag.agency_id), work.now().date())
    if found.verdict is not Verdict.PLACE:
        return hand_over(work, flag, found.reason or Code.SYSTEM_CANNOT_HIDE)
    if isinstance(release, Withheld):
        return hand_over(work, flag, release.code)
    work.outbox.send(MessageKind.FLAG_PLACE, release, order_key=order_key(flag))
    return replace(moved(flag, FlagEvent.SEND), sent_at=work.now())


def hand_over(work: Work, flag: Flag, reason: str) -> Flag:
    """A person places it, where the person concerned cannot see it, with the exact words. What a write of ours may have left is ended."""
    give_task(work, flag.agency_id, TaskKind.PLACE_FLAG_BY_HAND, flag.id, reason, flag.text)
    take_back(work, flag)
    return replace(moved(flag, FlagEvent.HAND_OVER, reason), by_hand=True)


def take_back(work: Work, flag: Flag) -> None:
    """End whatever carries our identifier, if a write of ours may ever have left; what a person placed does not carry it."""
    release = disclosure.release_flag_removal(flag, work.agreements.of(flag.agency_id), error=True)
    if flag.sent_at is not None and not isinstance(release, Withheld):
        work.outbox.send(MessageKind.FLAG_END, release, order_key=order_key(flag))


def withdraw(work: Work, flag: Flag, reason: str) -> Flag:
    """Take back what should not stand: whatever is there is removed as an error, and read back."""
    remove(work, flag, reason, error=True)
    return moved(flag, FlagEvent.FAIL_CHECK, reason)


def stop(work: Work, flag: Flag, reason: str) -> Flag:
    """Stop an alert that is on its way: if it has not left it never will, and if it has, it is taken back."""
    work.outbox.withdraw(order_key(flag))
    return withdraw(work, flag, reason)


def remove(work: Work, flag: Flag, reason: str, *, error: bool = False) -> None:
    """Have our alert removed by the system, and by a person where one may have placed it or the gateway cannot reach it."""
    release = disclosure.release_flag_removal(flag, work.agreements.of(flag.agency_id), error=error)
    if placed_by_hand(flag) or isinstance(release, Withheld):
        give_task(work, flag.agency_id, TaskKind.REMOVE_FLAG_BY_HAND, flag.id, as_code(reason))
        take_back(work, flag)
    else:
        work.outbox.send(MessageKind.FLAG_END, release, order_key=order_key(flag))


def placed_by_hand(flag: Flag) -> bool:
    """Whether a person may have placed it: then only a person can say that it is gone, for our identifier is not on it."""
    return flag.by_hand or flag.state is FlagState.RECORDED or (flag.state is FlagState.ENDING and flag.remote_id is None)


def as_code(reason: str) -> str:
    """The reason if it is one of our codes: what a person wrote stays with the alert, and goes into no task and no audit."""
    return reason if reason in Code.__members__ else Code.FLAG_TO_BE_REMOVED


def remove_again(work: Work, flag: Flag) -> bool:
    """Send a removal anew in place of one that waits or was lost, unless it is a person's."""
    if placed_by_hand(flag):
        give_task(work, flag.agency_id, TaskKind.REMOVE_FLAG_BY_HAND, flag.id, as_code(flag.reason))
        return False
    if any(t.kind is TaskKind.REMOVE_FLAG_BY_HAND and t.about == str(flag.id) for t in work.tasks.open_of(flag.agency_id)):
        return False
    work.outbox.withdraw(order_key(flag))
    remove(work, flag, flag.reason, error=flag.state is FlagState.WITHDRAWING)
    return True


def look(work: Work, flag: Flag) -> bool:
    """Have our alert read again; False when there is no way to ask."""
    release = disclosure.release_flag_check(flag, work.agreements.of(flag.agency_id))
    if isinstance(release, Withheld):
        return False
    work.outbox.send(MessageKind.FLAG_CHECK, release, order_key=order_key(flag))
    return True
