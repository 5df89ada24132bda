"""Recall of an alert that should never have stood where it does, from every place it went, and the proof that it is gone.

A place is a record that the gateway wrote to, or that a person may have typed into. Each reads back as removed, or has a person's receipt,
or an open task; until then the recall is not over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.actors import Actor
from gateway.domain.errors import Code
from gateway.domain.events import EventKind
from gateway.domain.flags import LIVE_FLAG_STATES, Flag, FlagState
from gateway.domain.identifiers import AgencyId, FlagId, SubjectId, SystemKey
from gateway.domain.tasks import TaskKind
from gateway.policy.permissions import Act
from gateway.services import flag_sending, flagging, gate, reaching
from gateway.services.ports import Work
from gateway.services.recording import end_task, noted

_GOING = frozenset({FlagState.WITHDRAWING, FlagState.ENDING})
_TASKS = (TaskKind.REVIEW_FLAG, TaskKind.PLACE_FLAG_BY_HAND, TaskKind.CHECK_UNSURE_FLAG, TaskKind.RECORD_CHANGED)


@dataclass(frozen=True, slots=True)
class Place:
    """One place that an alert went to. ``gone_at`` is when it was read back, or receipted, as removed; None while it is not. ``by`` says by
    whom that is known: ``read back`` or ``receipt``. ``open_task`` says that somebody still has to act."""

    flag_id: FlagId
    agency_id: AgencyId
    system: SystemKey
    state: FlagState
    went_at: datetime | None
    gone_at: datetime | None = None
    by: str = ""
    open_task: bool = False

    @property
    def proved(self) -> bool:
        """Whether it is known to be gone, or never left."""
        return self.gone_at is not None or (self.went_at is None and self.state in (FlagState.REFUSED, FlagState.ENDED))


def recall(work: Work, actor: Actor, flag_id: FlagId) -> Flag:
    """Recall one alert of the actor's agency: it is removed as an error where the gateway wrote it, by a person where one may have typed it,
    and looked for afterwards."""
    flag, _, _ = reaching.flag_for(work, actor, Act.RECALL_FLAG, flag_id)
    _recall(work, actor, flag)
    return work.flags.get(flag_id)


def recall_person(work: Work, actor: Actor, subject_id: SubjectId) -> int:
    """Recall every alert for a person, at every agency and from every list of the coordinator's Maracs: the wrong person was on the list.
    Returns how many recalls began. Raises ``NotFound`` for a person of another Marac."""
    live = [flag for flag in _of_person(work, actor, subject_id) if flag.state in LIVE_FLAG_STATES - _GOING]
    for flag in live:
        _recall(work, actor, flag)
    return len(live)


def _of_person(work: Work, actor: Actor, subject_id: SubjectId) -> Sequence[Flag]:
    reaching.check_reach(work, actor, Act.CLOSE_CASE, subject_id)
    subject = work.case_lists.subjects([subject_id])[subject_id]
    reachable = [entry for entry in gate.entries_of(work, subject) if _marac_of(work, entry) in actor.marac_ids]
    return work.flags.of_subjects(reachable)


def _marac_of(work: Work, subject_id: SubjectId) -> object:
    return work.case_lists.maracs_of([subject_id]).get(subject_id)


def _recall(work: Work, actor: Actor, flag: Flag) -> None:
    work.audit.record(noted(EventKind.FLAG_RECALLED, actor, flag.id, flag.agency_id, state=flag.state.value))
    if flag.state is FlagState.PLACED:
        withdrawn = flag_sending.withdraw(work, flag, Code.RECALLED)
        work.flags.save(withdrawn, noted(EventKind.FLAG_ENDED, actor, flag.id, flag.agency_id, state=withdrawn.state.value))
    elif flag.state in LIVE_FLAG_STATES - _GOING:
        flagging.take_off(work, actor, flag, Code.RECALLED)
    for kind in _TASKS:
        end_task(work, kind, flag.id, actor, flag.agency_id)


# ---------------------------------------------------------------------------------------------------------------- proof


def proof(work: Work, actor: Actor, flag_id: FlagId) -> Place:
    """Where one alert of the actor's agency went, and whether it is known to be gone."""
    flag, _, _ = reaching.flag_for(work, actor, Act.VIEW_FLAG, flag_id)
    return _place(work, flag)


def proof_of_person(work: Work, actor: Actor, subject_id: SubjectId) -> Sequence[Place]:
    """The same of every alert for a person, for the coordinator."""
    return [_place(work, flag) for flag in _of_person(work, actor, subject_id)]


def _place(work: Work, flag: Flag) -> Place:
    gone_at, by = _gone(work, flag)
    open_task = any(task.about == str(flag.id) for task in work.tasks.open_of(flag.agency_id))
    went_at = flag.sent_at or (flag.approved_at if flag.by_hand or flag.state is FlagState.RECORDED else None)
    return Place(flag.id, flag.agency_id, flag.system, flag.state, went_at, gone_at, by, open_task)


def _gone(work: Work, flag: Flag) -> tuple[datetime | None, str]:
    """From the audit: the last word that it is gone."""
    if flag.state not in (FlagState.WITHDRAWN, FlagState.ENDED):
        return None, ""
    for at, event in reversed(work.audit.about(str(flag.id))):
        if event.kind is EventKind.FLAG_REPORTED and event.facts.get("state") in (FlagState.WITHDRAWN.value, FlagState.ENDED.value):
            return at, "receipt" if event.facts.get("finding") == "receipt" else "read back"
    return None, ""
