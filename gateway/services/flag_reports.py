"""What a write, check or removal of an alert came to. An acknowledgement is not an alert: only read-back and hiding count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from gateway.domain.actors import GATEWAY
from gateway.domain.errors import Code
from gateway.domain.events import EventKind
from gateway.domain.flags import FLAG_MACHINE, Flag, FlagEvent, FlagState
from gateway.domain.receipts import FlagFinding, FlagReport
from gateway.domain.releases import FlagCheckRelease, FlagRelease, FlagRemovalRelease, MessageKind
from gateway.domain.tasks import TaskKind
from gateway.policy.placement import Placement
from gateway.services import flag_freezing, flag_sending, gate
from gateway.services.arrivals import Arrived
from gateway.services.ports import Work
from gateway.services.recording import end_task, give_task, noted

_ABOUT_A_FLAG = FlagRelease | FlagCheckRelease | FlagRemovalRelease


def record_report(work: Work, arrived: Arrived) -> None:
    """Keep it; anything but good news withdraws the alert or gives a person a task. What no longer fits the state changes nothing."""
    if not isinstance(arrived.release, _ABOUT_A_FLAG):
        return
    flag = work.flags.get(arrived.release.flag_id)
    report = _report(arrived, flag)
    after = _AFTER[arrived.kind](work, _with_remote(flag, report), report, arrived.final)
    if after != flag:
        facts = {"finding": report.finding.value, "reason": report.reason, "state": after.state.value, "message": arrived.kind.value}
        work.flags.save(after, noted(EventKind.FLAG_REPORTED, GATEWAY, flag.id, flag.agency_id, **facts))


def _report(arrived: Arrived, flag: Flag) -> FlagReport:
    """No answer that can be trusted is a finding too: not known whether it had its effect (this attempt or an earlier), or refused."""
    if isinstance(arrived.reply, FlagReport):
        return arrived.reply
    unsure = arrived.unsure or flag.state is FlagState.UNSURE
    return FlagReport(FlagFinding.UNSURE if unsure else FlagFinding.REFUSED, reason=arrived.reason)


def _with_remote(flag: Flag, report: FlagReport) -> Flag:
    remote = report.remote_id or flag.remote_id
    return replace(flag, remote_id=remote, remote_version=report.remote_version or flag.remote_version)


# --------------------------------------------------------------------------------------------------------- after placing

_UNDER_WAY = frozenset({FlagState.PLACING, FlagState.UNSURE})
_TO_WITHDRAW: Mapping[FlagFinding, TaskKind] = MappingProxyType(
    {
        FlagFinding.ALTERED: TaskKind.FLAG_CHANGED,
        FlagFinding.WRONG_RECORD: TaskKind.FLAG_ON_WRONG_RECORD,
        FlagFinding.SEEN_BY_SUBJECT: TaskKind.FLAG_SEEN_BY_SUBJECT,
        FlagFinding.NOT_HIDDEN_PROVABLY: TaskKind.FLAG_SEEN_BY_SUBJECT,
    }
)
"""Findings after which an alert may not stand, and the task that tells a person."""


def _after_placing(work: Work, flag: Flag, report: FlagReport, final: bool) -> Flag:
    if flag.state not in _UNDER_WAY:
        return flag
    if report.finding is FlagFinding.PLACED:
        return _confirmed(work, flag, report)
    if report.finding in _TO_WITHDRAW:
        return _withdrawn(work, flag, report)
    if report.finding is FlagFinding.REFUSED:
        return _left_to_a_person(work, flag, report.reason or Code.FLAG_REFUSED) if final else flag
    return _lost(work, flag, report, final)


def _judged(work: Work, flag: Flag) -> Placement:
    subject = work.case_lists.subjects([flag.subject_id])[flag.subject_id]
    return gate.placement_of(work, subject, gate.lookup_behind(work, flag))


def _confirmed(work: Work, flag: Flag, report: FlagReport) -> Flag:
    end_task(work, TaskKind.CHECK_UNSURE_FLAG, flag.id, agency_id=flag.agency_id)
    return replace(flag_sending.moved(flag, FlagEvent.CONFIRM), footing=report.footing)


def _withdrawn(work: Work, flag: Flag, report: FlagReport) -> Flag:
    reason = _code(report)
    give_task(work, flag.agency_id, _TO_WITHDRAW[report.finding], flag.id, reason)
    return flag_sending.withdraw(work, flag, reason)


def _left_to_a_person(work: Work, flag: Flag, reason: str) -> Flag:
    """The representative places it by hand, if it may still stand at all; the words are never given for one that may not."""
    found = _judged(work, flag)
    return flag_sending.hand_over(work, flag, reason) if found.allowed else _taken_back(work, flag, found.reason or reason)


def _taken_back(work: Work, flag: Flag, reason: str) -> Flag:
    """It may not stand any more: whatever is there is looked for and ended, never written again, and a person is told."""
    end_task(work, TaskKind.CHECK_UNSURE_FLAG, flag.id, agency_id=flag.agency_id)
    give_task(work, flag.agency_id, TaskKind.REVIEW_FLAG, flag.id, reason)
    return flag_sending.withdraw(work, flag, reason)


def _lost(work: Work, flag: Flag, report: FlagReport, final: bool) -> Flag:
    """It may be there or not. The outbox looks before it writes again; once it gives up, we look, and a person is told."""
    lost = flag_sending.moved(flag, FlagEvent.LOSE_TRACK, _code(report)) if flag.state is FlagState.PLACING else flag
    if final:
        found = _judged(work, flag)
        if not found.allowed or report.reason == Code.WRITING_STOPPED:
            return _taken_back(work, lost, found.reason or _code(report))
        give_task(work, flag.agency_id, TaskKind.CHECK_UNSURE_FLAG, flag.id, _code(report), flag.text)
        flag_sending.look(work, lost)
    return lost


def _code(report: FlagReport) -> str:
    return report.reason or f"FLAG_{report.finding.name}"


# -------------------------------------------------------------------------------------------------------- after a check


def _after_check(work: Work, flag: Flag, report: FlagReport, final: bool) -> Flag:
    if flag.state in NOT_OURS:
        return _left_over(work, flag, report, final)
    if flag.state not in _UNDER_WAY | {FlagState.PLACED}:
        return flag
    if report.finding is FlagFinding.PLACED:
        return _confirmed(work, flag, report) if flag.state in _UNDER_WAY else _still_there(work, flag, report)
    if report.finding in _TO_WITHDRAW:
        return _withdrawn(work, flag, report)
    if report.finding in (FlagFinding.NOT_THERE, FlagFinding.ENDED):
        return _gone(work, flag, report)
    return _not_seen(work, flag, report) if final else flag


def _still_there(work: Work, flag: Flag, report: FlagReport) -> Flag:
    """It stands as it was placed; whether the record under it is still what it was is another question."""
    end_task(work, TaskKind.DIFFERENCE_FOUND, flag.id, agency_id=flag.agency_id)
    return flag_freezing.compared(work, replace(flag, reason=""), report.footing)


def _gone(work: Work, flag: Flag, report: FlagReport) -> Flag:
    """Never there: the representative places it. There before: somebody removed it; what may be left is removed, and a person told."""
    if flag.state in _UNDER_WAY:
        end_task(work, TaskKind.CHECK_UNSURE_FLAG, flag.id, agency_id=flag.agency_id)
        return _left_to_a_person(work, flag, Code.FLAG_NOT_THERE)
    give_task(work, flag.agency_id, TaskKind.FLAG_CHANGED, flag.id, Code.FLAG_NOT_THERE)
    return flag_sending.withdraw(work, flag, Code.FLAG_NOT_THERE)


NOT_OURS = frozenset({FlagState.WITH_REPRESENTATIVE, FlagState.RECORDED, FlagState.WITHDRAWN, FlagState.ENDED})
"""States in which nothing that carries our identifier may stand, though a write that was lost may still come through."""


def _left_over(work: Work, flag: Flag, report: FlagReport, final: bool) -> Flag:
    """Gone, as it should be; or there after all: then it is ended, whatever it looks like, and a person is told."""
    if report.finding in _GONE:
        end_task(work, TaskKind.DIFFERENCE_FOUND, flag.id, agency_id=flag.agency_id)
    elif report.finding in (FlagFinding.REFUSED, FlagFinding.UNSURE):
        if final:
            give_task(work, flag.agency_id, TaskKind.DIFFERENCE_FOUND, flag.id, report.reason or Code.NOT_ANSWERED)
    else:
        kind = _TO_WITHDRAW.get(report.finding, TaskKind.FLAG_CHANGED)
        give_task(work, flag.agency_id, kind, flag.id, report.reason or Code.FLAG_CAME_LATE)
        flag_sending.take_back(work, flag)
    return flag


def _not_seen(work: Work, flag: Flag, report: FlagReport) -> Flag:
    """The check itself failed: nothing is concluded, and a person is told."""
    kind = TaskKind.CHECK_UNSURE_FLAG if flag.state in _UNDER_WAY else TaskKind.DIFFERENCE_FOUND
    give_task(work, flag.agency_id, kind, flag.id, report.reason or Code.NOT_ANSWERED)
    return replace(flag, reason=report.reason or Code.NOT_ANSWERED)


# ------------------------------------------------------------------------------------------------------ after a removal

_GONE = frozenset({FlagFinding.ENDED, FlagFinding.NOT_THERE})


def _after_removal(work: Work, flag: Flag, report: FlagReport, final: bool) -> Flag:
    if flag.state in NOT_OURS:
        return _taking_back(work, flag, report, final)
    if flag.state not in (FlagState.WITHDRAWING, FlagState.ENDING):
        return flag
    if report.finding in _GONE:
        return flag if flag_sending.placed_by_hand(flag) else removed(work, flag)
    if final:
        give_task(work, flag.agency_id, TaskKind.REMOVE_FLAG_BY_HAND, flag.id, _code(report))
        return replace(flag, reason=_code(report))
    return flag


def _taking_back(work: Work, flag: Flag, report: FlagReport, final: bool) -> Flag:
    """What a lost write may have left is ended, or somebody must look; the alert's own state hangs on none of it."""
    if report.finding in _GONE:
        end_task(work, TaskKind.DIFFERENCE_FOUND, flag.id, agency_id=flag.agency_id)
    elif final:
        give_task(work, flag.agency_id, TaskKind.DIFFERENCE_FOUND, flag.id, _code(report))
    return flag


def removed(work: Work, flag: Flag) -> Flag:
    """The alert once it is known to be gone."""
    end_task(work, TaskKind.REMOVE_FLAG_BY_HAND, flag.id, agency_id=flag.agency_id)
    event = FlagEvent.CONFIRM_WITHDRAWN if flag.state is FlagState.WITHDRAWING else FlagEvent.CONFIRM_ENDED
    return replace(flag, state=FLAG_MACHINE.after(flag.state, event))


_AFTER: Mapping[MessageKind, Callable[[Work, Flag, FlagReport, bool], Flag]] = MappingProxyType(
    {
        MessageKind.FLAG_PLACE: _after_placing,
        MessageKind.FLAG_CHECK: _after_check,
        MessageKind.FLAG_END: _after_removal,
    }
)
