"""The agency's own answer about an action: it counts once, closes once, and the coordinator's system is told once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gateway.domain.actions import ACTION_MACHINE, CLOSED_BY, Action, ActionState, Completion
from gateway.domain.actors import GATEWAY, Actor
from gateway.domain.agreements import Capability
from gateway.domain.case_list import CaseList
from gateway.domain.errors import Code, InvalidInput, NotFound
from gateway.domain.events import EventKind
from gateway.domain.identifiers import AgencyId
from gateway.domain.receipts import CompletionReport, PollReport
from gateway.domain.releases import CompletionRelease, MessageKind, PollRelease
from gateway.domain.tasks import TaskKind
from gateway.policy import disclosure
from gateway.policy.disclosure import Withheld
from gateway.services.arrivals import Arrived
from gateway.services.ports import Work
from gateway.services.recording import case_system_of, desk_of, end_task, give_task, noted


def record_completion(work: Work, agency_id: AgencyId, completion: Completion) -> str:
    """An agency's answer about one of its actions, from a poll, a callback or a file.

    Returns ``closed``, ``repeated`` (nothing changed) or ``differs`` (the first answer stands; the coordinator has a task). Raises
    ``NotFound`` when the agency has no such action, ``InvalidInput`` (``DETAIL_REQUIRED``, ``OUTCOME_UNKNOWN``).
    """
    action = work.actions.by_reference(completion.reference)
    if action.agency_id != agency_id:
        raise NotFound(Code.NOT_FOUND)
    check_answer(completion)
    arrived = work.inbox.accept_once(f"{agency_id}/{completion.source}", completion.key, _content(completion))
    if arrived == "different":
        return _differs(work, action)
    if arrived == "same" or action.state in ACTION_MACHINE.ends():
        return _again(work, action, completion)
    close(work, GATEWAY, action, completion)
    return "closed"


def check_answer(completion: Completion) -> None:
    """Raises ``InvalidInput``: one of the three answers, and with detail."""
    if completion.outcome not in CLOSED_BY:
        raise InvalidInput(Code.OUTCOME_UNKNOWN)
    if not completion.detail.strip():
        raise InvalidInput(Code.DETAIL_REQUIRED)


def _content(completion: Completion) -> bytes:
    parts = (completion.reference, completion.outcome, completion.detail.strip())
    return "\x1f".join(parts).encode()


def says_the_same(action: Action, completion: Completion) -> bool:
    """Whether a closed action was closed with this answer."""
    return action.state is ACTION_MACHINE.after(ActionState.ASSIGNED, CLOSED_BY[completion.outcome]) and (
        action.detail == completion.detail.strip()
    )


def _again(work: Work, action: Action, completion: Completion) -> str:
    if not says_the_same(action, completion):
        return _differs(work, action)
    work.audit.record(noted(EventKind.COMPLETION_REPEATED, GATEWAY, action.id, action.agency_id, source=completion.source))
    return "repeated"


def _differs(work: Work, action: Action) -> str:
    """The first answer stands; the coordinator sees that there is another."""
    give_task(work, desk_of(work, _list_of(work, action).marac_id), TaskKind.COMPLETION_DIFFERS, action.id, Code.COMPLETION_DIFFERS)
    work.audit.record(noted(EventKind.COMPLETION_REPEATED, GATEWAY, action.id, action.agency_id, differs=True))
    return "differs"


def close(work: Work, actor: Actor, action: Action, completion: Completion) -> None:
    """Close an open action, and tell the coordinator's system."""
    closed = replace(
        action,
        state=ACTION_MACHINE.after(action.state, CLOSED_BY[completion.outcome]),
        detail=completion.detail.strip(),
        closed_at=completion.completed_at,
        closed_by=completion.source if actor is GATEWAY else actor.user_id,
    )
    facts = {"outcome": completion.outcome, "source": completion.source}
    work.actions.save(closed, noted(EventKind.ACTION_CLOSED, actor, action.id, action.agency_id, **facts))
    for kind in (TaskKind.DO_ACTION, TaskKind.DIFFERENCE_FOUND):
        end_task(work, kind, action.id, actor, action.agency_id)
    _tell(work, closed, completion.outcome)


def _tell(work: Work, action: Action, outcome: str) -> None:
    """Once: the action closes once, and this is sent in the same transaction. A Marac without a case system sees it here."""
    case = work.case_lists.case(action.case_id)
    agreement = case_system_of(work, work.case_lists.get(case.list_id).marac_id)
    system = disclosure.system_with(agreement, Capability.COMPLETIONS) if agreement else None
    if agreement is None or system is None:
        return
    release = disclosure.release_completion(action, case.number, outcome, agreement, system, work.now().date())
    if isinstance(release, Withheld):
        give_task(work, agreement.agency_id, TaskKind.DIFFERENCE_FOUND, action.id, release.code)
        return
    work.outbox.send(MessageKind.COMPLETION_TELL, release, order_key=f"tell/{action.id}")


def record_told(work: Work, arrived: Arrived) -> None:
    """The coordinator's system has the completion, or somebody must enter it."""
    if not isinstance(arrived.release, CompletionRelease) or not arrived.final:
        return
    release, reply = arrived.release, arrived.reply
    if isinstance(reply, CompletionReport) and reply.accepted:
        work.audit.record(noted(EventKind.COMPLETION_TOLD, GATEWAY, release.action_id, release.agency_id))
        return
    reason = reply.reason if isinstance(reply, CompletionReport) else arrived.reason
    kind = TaskKind.COMPLETION_DIFFERS if isinstance(reply, CompletionReport) else TaskKind.MESSAGE_STUCK
    give_task(work, release.agency_id, kind, release.action_id, reason or Code.COMPLETION_NOT_TOLD)


def _list_of(work: Work, action: Action) -> CaseList:
    return work.case_lists.get(work.case_lists.case(action.case_id).list_id)


# --------------------------------------------------------------------------------------------------------------- polls


def record_poll(work: Work, arrived: Arrived) -> None:
    """Completions found by a poll; a work item that is gone is a difference for a person. So is a poll that failed for good: until one
    succeeds nobody hears from that system, and its people are told once."""
    release, reply = arrived.release, arrived.reply
    if not isinstance(release, PollRelease):
        return
    if not isinstance(reply, PollReport):
        if arrived.final:
            give_task(work, release.agency_id, TaskKind.MESSAGE_STUCK, release.system, arrived.reason or Code.NOT_ANSWERED)
        return
    end_task(work, TaskKind.MESSAGE_STUCK, release.system, agency_id=release.agency_id)
    for completion in reply.completions:
        _from_poll(work, release.agency_id, completion)
    for reference in sorted(reply.unread):
        _unread(work, release.agency_id, reference)
    answered = {c.reference for c in reply.completions}
    _compare(work, release, reply.present | answered)


def _from_poll(work: Work, agency_id: AgencyId, completion: Completion) -> None:
    """One answer that cannot be taken must not cost the others."""
    try:
        take_notice(work, agency_id, completion)
    except NotFound:
        work.audit.record(noted(EventKind.ACTION_REPORTED, GATEWAY, agency_id, agency_id, ignored=Code.NOT_FOUND.value))


def _unread(work: Work, agency_id: AgencyId, reference: str) -> None:
    """The system answered about an action of ours, and nobody can tell what: its representative says how it ended."""
    try:
        action = work.actions.by_reference(reference)
    except NotFound:
        return
    if action.agency_id == agency_id and action.state not in ACTION_MACHINE.ends():
        give_task(work, agency_id, TaskKind.DO_ACTION, action.id, Code.REPLY_UNREADABLE)


def take_notice(work: Work, agency_id: AgencyId, completion: Completion) -> str:
    """As ``record_completion``, of what a machine says, with whom nobody can argue: an answer without what it must have is taken as
    ``incomplete``, and the representative has the task to complete it; about a closed action it says nothing new. Raises ``NotFound``."""
    try:
        return record_completion(work, agency_id, completion)
    except InvalidInput as error:
        action = work.actions.by_reference(completion.reference)
        if action.state in ACTION_MACHINE.ends():
            work.audit.record(noted(EventKind.COMPLETION_REPEATED, GATEWAY, action.id, agency_id, source=completion.source))
            return "repeated"
        give_task(work, agency_id, TaskKind.DO_ACTION, action.id, error.code)
        return "incomplete"


def _compare(work: Work, release: PollRelease, seen: Iterable[str]) -> None:
    """Of the work items asked about: missing ones become differences, those that are back end theirs."""
    if not release.references:
        return
    seen = frozenset(seen)
    told = {t.about for t in work.tasks.open_of(release.agency_id) if t.kind is TaskKind.DIFFERENCE_FOUND}
    asked = frozenset(release.references)
    for action in work.actions.open_with(release.system):
        if action.reference not in asked or action.state is not ActionState.WITH_AGENCY:
            continue
        if action.reference not in seen:
            give_task(work, action.agency_id, TaskKind.DIFFERENCE_FOUND, action.id, Code.WORK_ITEM_MISSING)
        elif str(action.id) in told:
            end_task(work, TaskKind.DIFFERENCE_FOUND, action.id, agency_id=action.agency_id)
