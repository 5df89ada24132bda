"""Actions set at the meeting: sent to the agency's own system, closed once by the agency's own answer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from gateway.domain.actions import ACTION_MACHINE, Action, ActionEvent, ActionState, Completion
from gateway.domain.actors import GATEWAY, Actor
from gateway.domain.agreements import Capability, SharingAgreement
from gateway.domain.calendar import meeting_week_end
from gateway.domain.case_list import Case, CaseList, Person
from gateway.domain.errors import Code, Conflict, InvalidInput, NotFound
from gateway.domain.events import EventKind
from gateway.domain.identifiers import ActionId, AgencyId, CaseListId
from gateway.domain.receipts import WorkItemReport
from gateway.domain.releases import ActionRelease, MessageKind
from gateway.domain.sealed import Sealed
from gateway.domain.tasks import TaskKind
from gateway.policy import disclosure, permissions
from gateway.policy.disclosure import Withheld
from gateway.policy.permissions import Act
from gateway.policy.vocabulary import tells
from gateway.services import completions, reaching
from gateway.services.arrivals import Arrived
from gateway.services.asking import at_the_table
from gateway.services.completions import record_completion, record_poll, record_told, take_notice
from gateway.services.ports import HolidayBook, Work
from gateway.services.recording import give_task, noted

__all__ = [
    "NewAction",
    "assign",
    "complete",
    "of_list",
    "record_completion",
    "record_file",
    "record_poll",
    "record_told",
    "record_work_item",
    "start_polls",
    "take_notice",
]  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class NewAction(Sealed):
    """An action as set at the meeting. ``due_on`` None: by the end of the meeting's week."""

    case_number: str
    agency_id: AgencyId
    text: str
    owner: str = ""
    due_on: date | None = None


# -------------------------------------------------------------------------------------------------------------- assign


def assign(work: Work, actor: Actor, list_id: CaseListId, new: Sequence[NewAction], holidays: HolidayBook) -> Sequence[Action]:
    """Assign actions and send them. The same action again is the one already there.

    Raises ``InvalidInput`` (``TEXT_REQUIRED``, ``DUE_DATE_NEEDED``) or ``NotFound`` (case or agency); then none is assigned.
    """
    case_list = reaching.list_for(work, actor, Act.ASSIGN_ACTION, list_id)
    there = {_content(a): a for a in work.actions.of_list(list_id)}
    assigned = [_made(work, case_list, n, holidays) for n in new]
    fresh = list({_content(a): a for a in assigned if _content(a) not in there}.values())
    people = [subject.person for subject in case_list.subjects]
    sent = [_send(work, action, people) for action in fresh]
    if sent:
        work.actions.add(sent, [noted(EventKind.ACTION_ASSIGNED, actor, a.id, a.agency_id, state=a.state.value) for a in sent])
    there |= {_content(a): a for a in sent}
    return [there[_content(a)] for a in assigned]


def _content(action: Action) -> tuple[object, ...]:
    """By which an action is recognised when it is assigned again."""
    return action.case_id, action.agency_id, action.text, action.owner, action.due_on


def _made(work: Work, case_list: CaseList, new: NewAction, holidays: HolidayBook) -> Action:
    agreement = _agency(work, case_list, new.agency_id)
    if not new.text.strip():
        raise InvalidInput(Code.TEXT_REQUIRED)
    id_ = ActionId(work.new_id())
    return Action(
        id=id_,
        case_id=_case(case_list, new.case_number).id,
        agency_id=new.agency_id,
        reference=reference_for(id_),
        text=new.text.strip(),
        owner=new.owner.strip(),
        due_on=new.due_on or _week_end(case_list.meeting_date, agreement, holidays),
        state=ActionState.ASSIGNED,
        assigned_at=work.now(),
    )


_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter is taken for a digit when somebody reads it out."""


def reference_for(action_id: ActionId) -> str:
    """A neutral reference of twelve letters that says nothing, for the agency's system and for people on the telephone.

    Into one of some twenty thousand chance writes a short word of the vocabulary, and the gate would stop it: that one is drawn anew."""
    drawn = hashlib.sha256(action_id.bytes).digest()
    while tells((reference := _spelled(drawn)).encode()):
        drawn = hashlib.sha256(drawn).digest()
    return reference


def _spelled(drawn: bytes) -> str:
    number = int.from_bytes(drawn[:8]) >> 4
    return "".join(_LETTERS[number >> shift & 31] for shift in range(55, -1, -5))


def _agency(work: Work, case_list: CaseList, agency_id: AgencyId) -> SharingAgreement:
    found = next((a for a in at_the_table(work, case_list.marac_id) if a.agency_id == agency_id), None)
    if found is None:
        raise NotFound(Code.NOT_FOUND)
    return found


def _case(case_list: CaseList, number: str) -> Case:
    found = next((c for c in case_list.cases if c.number == number.strip()), None)
    if found is None:
        raise NotFound(Code.NOT_FOUND)
    return found


def _week_end(meeting: date, agreement: SharingAgreement, holidays: HolidayBook) -> date:
    day = meeting_week_end(meeting, holidays.of(agreement.jurisdiction)).day
    if day is None:
        raise InvalidInput(Code.DUE_DATE_NEEDED)
    return day


def order_key(action: Action) -> str:
    """What keeps messages about one action in order."""
    return f"action/{action.id}"


def _send(work: Work, action: Action, people: Sequence[Person]) -> Action:
    """The action on its way to the agency's system, or with its representative."""
    agreement = work.agreements.of(action.agency_id)
    system = disclosure.system_with(agreement, Capability.WORK_ITEMS) if agreement else None
    if system is None:
        return _hand_over(work, action, Code.NO_WORK_ITEM_SYSTEM)
    release = disclosure.release_action(action, agreement, system, people, work.now().date())
    if isinstance(release, Withheld):
        return _hand_over(work, action, release.code)
    work.outbox.send(MessageKind.ACTION_SEND, release, order_key=order_key(action))
    return replace(action, system=system.key, state=ACTION_MACHINE.after(action.state, ActionEvent.SEND))


def _hand_over(work: Work, action: Action, reason: str) -> Action:
    give_task(work, action.agency_id, TaskKind.DO_ACTION, action.id, reason)
    return replace(action, state=ACTION_MACHINE.after(action.state, ActionEvent.HAND_OVER))


def record_work_item(work: Work, arrived: Arrived) -> None:
    """The agency's system took the action, or did not: then its representative has it. An answer that came first stays."""
    if not isinstance(arrived.release, ActionRelease) or not arrived.final:
        return
    action = work.actions.get(arrived.release.action_id)
    reply = arrived.reply if isinstance(arrived.reply, WorkItemReport) else WorkItemReport(False, reason=arrived.reason)
    reason = reply.reason or arrived.reason
    after = replace(action, remote_id=reply.remote_id or action.remote_id)
    if action.state is ActionState.SENDING:
        after = _accepted(after) if reply.accepted else _hand_over(work, after, reason or Code.AGENCY_REFUSED)
    if after != action:
        facts = {"state": after.state.value, "reason": reason}
        work.actions.save(after, noted(EventKind.ACTION_REPORTED, GATEWAY, action.id, action.agency_id, **facts))


def _accepted(action: Action) -> Action:
    return replace(action, state=ACTION_MACHINE.after(action.state, ActionEvent.ACCEPT))


# ---------------------------------------------------------------------------------------------------------------- views


def of_list(work: Work, actor: Actor, list_id: CaseListId) -> Sequence[Action]:
    """The actions of a list: all for those who serve the Marac, their own for an agency. The view is recorded."""
    reaching.list_for(work, actor, Act.VIEW_ACTION, list_id)
    own = permissions.reach(actor, Act.VIEW_ACTION)
    found = [a for a in work.actions.of_list(list_id) if own is None or a.agency_id == own]
    work.audit.record(noted(EventKind.PERSON_VIEWED, actor, list_id, actor.agency_id, actions=len(found)))
    return found


# ------------------------------------------------------------------------------------------------------------- answers


def complete(work: Work, actor: Actor, action_id: ActionId, outcome: str, detail: str, version: int) -> Action:
    """A representative closes an action of their agency on the page. ``outcome``: ``completed``, ``not_possible``, ``not_done``.

    Raises ``Conflict(ACTION_ALREADY_CLOSED)`` when it is closed with other content.
    """
    action, _ = reaching.action_for(work, actor, Act.COMPLETE_ACTION, action_id)
    given = Completion(action.reference, outcome, detail.strip(), work.now(), "page", str(work.new_id()))
    completions.check_answer(given)
    if action.state in ACTION_MACHINE.ends():
        if not completions.says_the_same(action, given):
            raise Conflict(Code.ACTION_ALREADY_CLOSED)
        return action
    reaching.check_version(action.version, version)
    completions.close(work, actor, action, given)
    return work.actions.get(action_id)


def record_file(work: Work, actor: Actor, agency_id: AgencyId, given: Sequence[Completion]) -> Sequence[str]:
    """The rows of a completions file of one agency: of each ``closed``, ``repeated``, ``differs``, or ``unknown`` (no such action of
    theirs, or one of a Marac that is not the actor's). Raises ``InvalidInput`` as ``record_completion``."""
    permissions.check_can(actor, Act.COMPLETE_ACTION, agency_id=agency_id)
    return [_row(work, actor, agency_id, completion) for completion in given]


def _row(work: Work, actor: Actor, agency_id: AgencyId, completion: Completion) -> str:
    try:
        reaching.check_reach(work, actor, Act.COMPLETE_ACTION, work.actions.by_reference(completion.reference).id)
        return record_completion(work, agency_id, completion)
    except NotFound:
        return "unknown"


# --------------------------------------------------------------------------------------------------------------- polls

POLL_LASTS = timedelta(hours=1)
"""After this a poll that has not left is pointless: another one is on its way."""


def start_polls(work: Work) -> int:
    """Ask every system that can be polled about our open work items; returns how many polls were sent."""
    sent = 0
    for agreement in work.agreements.all():
        for system in agreement.systems:
            if Capability.WORK_ITEM_POLL not in system.capabilities:
                continue
            references = tuple(sorted(a.reference for a in work.actions.open_with(system.key)))
            release = disclosure.release_poll(agreement, system.key, references, None, work.now().date())
            if references and not isinstance(release, Withheld):
                key = f"poll/{system.key}"
                work.outbox.withdraw(key)
                work.outbox.send(MessageKind.ACTION_POLL, release, order_key=key, not_after=work.now() + POLL_LASTS)
                sent += 1
    return sent
