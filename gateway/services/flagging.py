"""Flag-and-tag: proposed, previewed word for word, approved by a second person, written, read back, renewed and removed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from gateway.domain.actors import GATEWAY, Actor
from gateway.domain.agreements import SharingAgreement
from gateway.domain.calendar import is_far
from gateway.domain.case_list import Subject
from gateway.domain.errors import Code, Conflict, InvalidInput, Refused
from gateway.domain.events import EventKind
from gateway.domain.flags import ALERT_LABELS, ALERT_TEXT, LIVE_FLAG_STATES, Flag, FlagEvent, FlagState
from gateway.domain.identifiers import AgencyId, CaseId, CaseListId, FlagId, MaracId, SubjectId, TaskId
from gateway.domain.lookup import Candidate, Lookup
from gateway.domain.sealed import Sealed
from gateway.domain.tasks import TaskKind
from gateway.policy import permissions, retention
from gateway.policy.permissions import Act
from gateway.policy.placement import Placement, Verdict
from gateway.services import flag_freezing, flag_receipts, flag_reports, flag_review, flag_sending, gate, reaching
from gateway.services.arrivals import Arrived
from gateway.services.ports import Work
from gateway.services.recording import desk_of, end_task, give_task, noted

_S = FlagState


@dataclass(frozen=True, slots=True, repr=False)
class FlagPreview(Sealed):
    """What would be written, word for word, beside the record it would stand on.

    ``flag`` is None when the rules allow no alert: ``placement`` says why, and a task is open where a person must decide.
    Approve with ``flag.id``, ``flag.content_hash`` and ``flag.version``.
    """

    subject: Subject
    placement: Placement
    flag: Flag | None = None
    record: Candidate | None = None
    labels: tuple[str, ...] = ()


# ----------------------------------------------------------------------------------------------------- propose, preview


def propose(work: Work, actor: Actor, subject_id: SubjectId, agency_id: AgencyId) -> FlagPreview:
    """Propose an alert on the record that is this person's. Where none may stand nothing is raised: the preview says why, and a person
    has a task where one must decide. Raises ``Conflict(FLAG_EXISTS)`` while one is live."""
    reaching.check_reach(work, actor, Act.PROPOSE_FLAG, subject_id)
    subject, head = reaching.subject_for(work, actor, Act.PROPOSE_FLAG, subject_id, agency_id)
    lookup, found = _best_place(work, subject, agency_id)
    if lookup is None or lookup.record is None or not found.allowed:
        if found.verdict is Verdict.HELD:
            _hold(work, subject, head.marac_id, agency_id, found)
        return FlagPreview(subject, found, record=lookup.record if lookup else None)
    if any(
        f.role is subject.role and f.agency_id == agency_id and f.state in LIVE_FLAG_STATES for f in work.flags.of_subjects([subject.id])
    ):
        raise Conflict(Code.FLAG_EXISTS)
    flag = _proposal(work, actor, subject, lookup, lookup.record)
    facts = {"verdict": found.verdict.value, "lookup": str(lookup.id)}
    work.flags.add(flag, noted(EventKind.FLAG_PROPOSED, actor, flag.id, agency_id, **facts))
    return FlagPreview(subject, found, flag, lookup.record, ALERT_LABELS)


_PREFERENCE = (Verdict.PLACE, Verdict.BY_HAND, Verdict.HELD, Verdict.NONE)


def _best_place(work: Work, subject: Subject, agency_id: AgencyId) -> tuple[Lookup | None, Placement]:
    """Of the agency's records of this person, the one where an alert can stand best."""
    known = [k for k in work.lookups.of_subjects([subject.id]) if k.agency_id == agency_id]
    judged = [(k, gate.placement_of(work, subject, k)) for k in known]
    return min(judged, key=lambda j: _PREFERENCE.index(j[1].verdict), default=(None, gate.placement_of(work, subject, None)))


def _hold(work: Work, subject: Subject, marac_id: MaracId, agency_id: AgencyId, found: Placement) -> None:
    """A person decides first: the coordinator about somebody in two parts, the agency about its own record."""
    if Code.BOTH_ROLES in found.findings:
        give_task(work, desk_of(work, marac_id), TaskKind.BOTH_ROLES, subject.id, Code.BOTH_ROLES)
    else:
        give_task(work, agency_id, TaskKind.REVIEW_FLAG, subject.id, found.reason or "")


def _proposal(work: Work, actor: Actor, subject: Subject, lookup: Lookup, record: Candidate) -> Flag:
    flag = Flag(
        id=FlagId(work.new_id()),
        subject_id=subject.id,
        agency_id=lookup.agency_id,
        system=lookup.system,
        record_id=record.record_id,
        role=subject.role,
        text=ALERT_TEXT[subject.role],
        identifier=str(work.new_id()),
        state=_S.PROPOSED,
        proposed_by=actor.user_id,
        proposed_at=work.now(),
        content_hash="",
    )
    return replace(flag, content_hash=flag_sending.content_hash(flag, flag.role, _agreement(work, flag).version))


def _agreement(work: Work, flag: Flag) -> SharingAgreement:
    agreement = work.agreements.of(flag.agency_id)
    if agreement is None:
        raise Refused(Code.AGREEMENT_MISSING)
    return agreement


def preview(work: Work, actor: Actor, flag_id: FlagId) -> FlagPreview:
    """The same preview again, judged as things stand now, bound anew to the agreement as it is now; the view is recorded."""
    flag, subject, _ = reaching.flag_for(work, actor, Act.VIEW_FLAG, flag_id)
    lookup = gate.lookup_behind(work, flag)
    found = gate.placement_of(work, subject, lookup)
    viewed = noted(EventKind.PERSON_VIEWED, actor, flag.id, flag.agency_id)
    agreement = work.agreements.of(flag.agency_id)
    now = flag_sending.content_hash(flag, flag.role, agreement.version) if agreement else flag.content_hash
    if flag.state is _S.PROPOSED and now != flag.content_hash:
        work.flags.save(replace(flag, content_hash=now), viewed)
        flag = work.flags.get(flag_id)
    else:
        work.audit.record(viewed)
    return FlagPreview(subject, found, flag, lookup.record if lookup else None, ALERT_LABELS)


def of_list(work: Work, actor: Actor, list_id: CaseListId) -> Sequence[Flag]:
    """The alerts of a list that the reader may see: those of the reader's own agency. The view is recorded."""
    reaching.list_for(work, actor, Act.VIEW_FLAG, list_id)
    found = [f for f in work.flags.of_list(list_id) if f.agency_id == actor.agency_id]
    work.audit.record(noted(EventKind.PERSON_VIEWED, actor, list_id, actor.agency_id, flags=len(found)))
    return found


# ------------------------------------------------------------------------------------------------------ approve, refuse


def approve(work: Work, actor: Actor, flag_id: FlagId, content_hash: str, version: int) -> Flag:
    """Approve exactly what was previewed, as a second person; then it is sent, or handed to the representative with the words.

    Raises ``Refused`` (``APPROVER_IS_PROPOSER``, or the placement's code), ``Conflict`` (``APPROVAL_CONTENT_CHANGED``,
    ``STALE_VERSION``).
    """
    flag, subject, head = reaching.flag_for(work, actor, Act.APPROVE_FLAG, flag_id)
    permissions.check_second_person(actor, flag.proposed_by)
    reaching.check_version(flag.version, version)
    agreement = _agreement(work, flag)
    approved = replace(
        flag_sending.moved(flag, FlagEvent.APPROVE),
        approved_by=actor.user_id,
        approved_at=work.now(),
    )
    if not content_hash == flag.content_hash == flag_sending.content_hash(flag, flag.role, agreement.version):
        raise Conflict(Code.APPROVAL_CONTENT_CHANGED)
    found = gate.placement_of(work, subject, gate.lookup_behind(work, flag))
    if not found.allowed:
        raise Refused(found.reason or Code.MATCH_NOT_SETTLED)
    review = retention.review_date(
        work.case_lists.case(subject.case_id).referral_date, head.meeting_date, agreement.flag_review_months
    )
    sent = flag_sending.place(work, replace(approved, review_on=review.on), found)
    facts = {"review_on": review.on.isoformat(), "counted_from": review.basis.value, "content": content_hash}
    work.flags.save(sent, noted(EventKind.FLAG_APPROVED, actor, flag.id, flag.agency_id, **facts))
    work.audit.record(noted(EventKind.FLAG_SENT, GATEWAY, flag.id, flag.agency_id, state=sent.state.value, reason=sent.reason))
    return work.flags.get(flag_id)


def refuse(work: Work, actor: Actor, flag_id: FlagId, reason: str, version: int) -> Flag:
    """Decline a proposal, or take one's own back; nothing is written. ``reason`` is kept with the alert."""
    flag, _, _ = reaching.flag_for(work, actor, Act.APPROVE_FLAG, flag_id)
    reaching.check_version(flag.version, version)
    work.flags.save(flag_sending.moved(flag, FlagEvent.REFUSE, reason), noted(EventKind.FLAG_REFUSED, actor, flag.id, flag.agency_id))
    return work.flags.get(flag_id)


# ----------------------------------------------------------------------------------------------------------- renew, end


def renew(work: Work, actor: Actor, flag_id: FlagId, basis_date: date) -> Flag:
    """Count the alert's time anew from a repeat (the date of that referral or meeting). Raises ``InvalidInput(DATE_FAR_AWAY)``."""
    flag, _, _ = reaching.flag_for(work, actor, Act.APPROVE_FLAG, flag_id)
    flag_freezing.check_not_frozen(flag)
    if is_far(basis_date, work.now().date()):
        raise InvalidInput(Code.DATE_FAR_AWAY)
    review = retention.renewed(flag.review_on, basis_date, _agreement(work, flag).flag_review_months)
    renewed = replace(flag_sending.moved(flag, FlagEvent.RENEW), review_on=review.on)
    facts = {"review_on": review.on.isoformat(), "counted_from": review.basis.value}
    work.flags.save(renewed, noted(EventKind.FLAG_RENEWED, actor, flag.id, flag.agency_id, **facts))
    end_task(work, TaskKind.REVIEW_FLAG, flag.id, actor, flag.agency_id)
    return work.flags.get(flag_id)


def end(work: Work, actor: Actor, flag_id: FlagId, reason: str) -> Flag:
    """Remove an alert; only ours, and read back. A proposal is taken back; one on its way is stopped."""
    flag, _, _ = reaching.flag_for(work, actor, Act.END_FLAG, flag_id)
    _end(work, actor, flag, reason)
    return work.flags.get(flag_id)


def take_off(work: Work, actor: Actor, flag: Flag, reason: str) -> None:
    """The same for whoever has judged already that it is theirs to remove."""
    _end(work, actor, flag, reason)


_ON_ITS_WAY = frozenset({_S.PLACING, _S.UNSURE})


def _end(work: Work, actor: Actor, flag: Flag, reason: str) -> None:
    if flag.state is _S.PROPOSED:
        ended = flag_sending.moved(flag, FlagEvent.CANCEL, reason)
    elif flag.state in _ON_ITS_WAY:
        ended = flag_sending.stop(work, flag, reason)
    else:
        ended = flag_sending.moved(flag, FlagEvent.END, reason)
        if ended.state is _S.ENDING:
            flag_sending.remove(work, flag, reason)
        else:  # it was with the representative, who may have placed it without a word
            give_task(work, flag.agency_id, TaskKind.REMOVE_FLAG_BY_HAND, flag.id, flag_sending.as_code(reason))
            flag_sending.take_back(work, flag)
    work.flags.save(ended, noted(EventKind.FLAG_ENDED, actor, flag.id, flag.agency_id, state=ended.state.value))
    for kind in (TaskKind.REVIEW_FLAG, TaskKind.PLACE_FLAG_BY_HAND, TaskKind.CHECK_UNSURE_FLAG):
        end_task(work, kind, flag.id, actor, flag.agency_id)


_ENDS_BY_ITSELF = frozenset({_S.WITHDRAWING, _S.ENDING})


def end_for_case(work: Work, actor: Actor, case_id: CaseId) -> int:
    """Remove every alert of a case that is closed; returns how many removals began."""
    reaching.check_reach(work, actor, Act.CLOSE_CASE, case_id)
    found = work.flags.of_subjects([s.id for s in work.case_lists.case(case_id).subjects])
    live = [f for f in found if f.state in LIVE_FLAG_STATES - _ENDS_BY_ITSELF]
    for flag in live:
        _end(work, actor, flag, Code.CASE_CLOSED)
    return len(live)


def end_expired(work: Work) -> int:
    """Remove alerts whose review date has come; returns how many removals began."""
    due = [f for f in work.flags.review_due(work.now().date()) if f.state in (_S.PLACED, _S.RECORDED, _S.WITH_REPRESENTATIVE)]
    for flag in due:
        _end(work, GATEWAY, flag, Code.FLAG_EXPIRED)
    return len(due)


def hold_for_both_roles(work: Work, subjects: Sequence[SubjectId]) -> None:
    """Somebody turned out to stand in two parts: what is proposed or on its way is stopped, what stands is reviewed by a person."""
    for flag in work.flags.of_subjects(subjects):
        if flag.state is _S.PROPOSED or flag.state in _ON_ITS_WAY:
            _end(work, GATEWAY, flag, Code.BOTH_ROLES)
        else:
            flag_review.review(work, [flag], Code.BOTH_ROLES)


# ----------------------------------------------------------------------------------------------------- reports, checks


def record_report(work: Work, arrived: Arrived) -> None:
    """Keep what a write, check or removal came to; anything but good news withdraws the alert or gives a person a task."""
    flag_reports.record_report(work, arrived)


def record_receipt(work: Work, actor: Actor, task_id: TaskId, receipt: str, done: bool) -> Flag:
    """A representative says what they did by hand (placed, removed, looked): ``done`` is whether the alert now is as the task asked."""
    return flag_receipts.record_receipt(work, actor, task_id, receipt, done)


LATE = timedelta(days=1)
"""A write that is still under way after this is looked after, as if its outcome had been lost."""


def start_checks(work: Work) -> int:
    """Ask every system to read our alerts again, and to remove again what should be gone by now; returns how many questions were sent."""
    return sum(_check_agency(work, agreement.agency_id) for agreement in work.agreements.all())


def _check_agency(work: Work, agency_id: AgencyId) -> int:
    flags = work.flags.of_agency(agency_id)
    about: dict[str, set[TaskKind]] = {}
    for task in work.tasks.open_of(agency_id):
        about.setdefault(task.about, set()).add(task.kind)
    for flag in flags:
        if flag.state is _S.WITH_REPRESENTATIVE and not about.get(str(flag.id), set()) & _ITS_TASKS:
            flag_review.place_by_hand_again(work, flag)
    looked = sum(flag_sending.look(work, f) for f in flags if _to_look_at(work, f, about.get(str(f.id), set())))
    going = [f for f in flags if f.state in _ENDS_BY_ITSELF and f.approved_at is not None]
    return looked + sum(flag_sending.remove_again(work, flag) for flag in going)


_ITS_TASKS = frozenset({TaskKind.PLACE_FLAG_BY_HAND, TaskKind.REVIEW_FLAG})
LOST_WRITES = timedelta(days=14)
"""For so long after a write was sent it may still come through somewhere: what should not be there is looked for, day by day."""


def _to_look_at(work: Work, flag: Flag, open_tasks: Collection[TaskKind]) -> bool:
    """What stands or may stand; and where nothing of ours should be, whether it is so: for a while, and as long as it was not seen gone."""
    if flag.state in (_S.PLACED, _S.UNSURE):
        return True
    if flag.state is _S.PLACING:
        return flag.approved_at is not None and work.now() - flag.approved_at > LATE
    if flag.state in flag_reports.NOT_OURS and flag.sent_at is not None:
        return work.now() - flag.sent_at <= LOST_WRITES or TaskKind.DIFFERENCE_FOUND in open_tasks
    return False
