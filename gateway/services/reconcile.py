"""Expected against observed, row by row: what should stand at each agency, and what was last seen there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from gateway.domain.actions import Action, ActionState
from gateway.domain.actors import GATEWAY, Actor
from gateway.domain.errors import Code
from gateway.domain.events import EventKind
from gateway.domain.flags import Flag, FlagState
from gateway.domain.identifiers import AgencyId
from gateway.domain.tasks import PersonTask, TaskKind
from gateway.policy import permissions
from gateway.policy.permissions import Act
from gateway.services import actions, flagging, own_maracs
from gateway.services.ports import Work
from gateway.services.recording import give_tasks, noted

TOO_LONG = timedelta(days=1)
"""What has been on its way longer than this needs a person; the outbox gives up long before."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One row: a thing of ours at an agency. ``expected`` and ``observed`` are words from closed lists; ids are opaque."""

    agency_id: AgencyId
    kind: str
    """``flag`` or ``action``."""
    about: UUID
    expected: str
    observed: str
    reason: str = ""

    @property
    def agrees(self) -> bool:
        """Whether what was seen is what should be."""
        return self.expected == self.observed


def start(work: Work, actor: Actor = GATEWAY) -> int:
    """Ask every agency again (alerts and work items), so that what is compared is fresh. Returns how many questions were sent; to somebody
    who serves one table only how many rows they have, for the questions are about everybody's."""
    if actor is not GATEWAY:
        permissions.check_can(actor, Act.RECONCILE)
    sent = flagging.start_checks(work) + actions.start_polls(work)
    work.audit.record(noted(EventKind.RECONCILED, actor, "all", None, asked=sent))
    return sent if actor is GATEWAY else len(_all_rows(work, actor))


def compare(work: Work, actor: Actor) -> Sequence[Difference]:
    """Every row the reader may see, agreeing or not. A difference was told to a person when it was found; what has been on its way
    for too long is told now."""
    own = permissions.reach(actor, Act.RECONCILE)
    rows = _all_rows(work, actor)
    give_tasks(work, TaskKind.MESSAGE_STUCK, ((r.agency_id, r.about, r.reason) for r in rows if r.reason == Code.TAKES_TOO_LONG))
    differences = sum(not row.agrees for row in rows)
    work.audit.record(noted(EventKind.RECONCILED, actor, own or "all", own, rows=len(rows), differences=differences))
    return rows


def _all_rows(work: Work, actor: Actor) -> list[Difference]:
    own = permissions.reach(actor, Act.RECONCILE)
    agencies = [own] if own is not None else sorted(a.agency_id for a in work.agreements.all())
    return [row for agency_id in agencies for row in _rows(work, actor, agency_id)]


def _rows(work: Work, actor: Actor, agency_id: AgencyId) -> Iterator[Difference]:
    """Alerts are the agency's own. A coordinator would learn from one that may not stand what another table decided about the person."""
    told = _told(work.tasks.open_of(agency_id))
    for flag in own_maracs.flags(work, actor, agency_id) if permissions.can(actor, Act.RECONCILE_FLAGS) else ():
        yield _flag_row(flag, told.get(str(flag.id), ""), work.now())
    for action in own_maracs.actions(work, actor, agency_id):
        yield _action_row(action, told.get(str(action.id), ""), work.now())


def _told(tasks: Iterable[PersonTask]) -> Mapping[str, str]:
    """What polls and checks found and told a person, by the thing it is about."""
    return {task.about: task.reason for task in tasks if task.kind in (TaskKind.DIFFERENCE_FOUND, TaskKind.FLAG_CHANGED)}


_S = FlagState
_FLAG_WORDS: Mapping[FlagState, tuple[str, str, str]] = MappingProxyType(
    {
        _S.PROPOSED: ("absent", "absent", ""),
        _S.REFUSED: ("absent", "absent", ""),
        _S.APPROVED: ("present", "not_sent", Code.FLAG_UNSURE),
        _S.PLACING: ("present", "on_its_way", Code.AWAITED),
        _S.UNSURE: ("present", "not_known", Code.FLAG_UNSURE),
        _S.PLACED: ("present", "present", ""),
        _S.WITH_REPRESENTATIVE: ("present", "with_representative", Code.AWAITED),
        _S.RECORDED: ("present", "present", ""),
        _S.WITHDRAWING: ("absent", "on_its_way", Code.AWAITED),
        _S.WITHDRAWN: ("absent", "absent", ""),
        _S.ENDING: ("absent", "on_its_way", Code.AWAITED),
        _S.ENDED: ("absent", "absent", ""),
    }
)
"""For each state of an alert: what is expected, what was last seen, and why they differ."""


def _flag_row(flag: Flag, told: str, now: datetime) -> Difference:
    expected, observed, reason = _FLAG_WORDS[flag.state]
    if told and flag.state is _S.PLACED:
        observed, reason = "not_seen", told
    if flag.state is _S.PLACING and flag.approved_at and now - flag.approved_at > TOO_LONG:
        reason = Code.TAKES_TOO_LONG
    return Difference(flag.agency_id, "flag", flag.id, expected, observed, reason)


_ACTION_WORDS: Mapping[ActionState, tuple[str, str, str]] = MappingProxyType(
    {
        ActionState.ASSIGNED: ("with_agency", "not_sent", Code.AWAITED),
        ActionState.SENDING: ("with_agency", "on_its_way", Code.AWAITED),
        ActionState.WITH_AGENCY: ("with_agency", "with_agency", ""),
        ActionState.WITH_REPRESENTATIVE: ("with_representative", "with_representative", ""),
        ActionState.COMPLETED: ("closed", "closed", ""),
        ActionState.NOT_POSSIBLE: ("closed", "closed", ""),
        ActionState.NOT_DONE: ("closed", "closed", ""),
    }
)


def _action_row(action: Action, told: str, now: datetime) -> Difference:
    expected, observed, reason = _ACTION_WORDS[action.state]
    if told == Code.WORK_ITEM_MISSING and action.state is ActionState.WITH_AGENCY:
        observed, reason = "missing", told
    if action.state is ActionState.SENDING and now - action.assigned_at > TOO_LONG:
        reason = Code.TAKES_TOO_LONG
    return Difference(action.agency_id, "action", action.id, expected, observed, reason)
