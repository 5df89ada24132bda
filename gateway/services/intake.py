"""A case list comes in: kept once, every person asked about at every agency of the Marac, a corrected list as a difference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from gateway.domain.actors import Actor
from gateway.domain.calendar import is_far
from gateway.domain.case_list import CaseList, RowProblem, Subject
from gateway.domain.case_list_reading import HeldRow, ParsedList
from gateway.domain.errors import Code, InvalidInput
from gateway.domain.events import EventKind
from gateway.domain.identifiers import CaseListId, MaracId
from gateway.domain.lookup import Lookup, LookupOutcome
from gateway.domain.tasks import TaskKind
from gateway.policy import permissions
from gateway.policy.permissions import Act
from gateway.services import asking, flag_review, flagging, gate, issues, likeness, reaching
from gateway.services.issues import Issue
from gateway.services.ports import Work
from gateway.services.recording import desk_of, end_task, give_task, give_tasks, noted


@dataclass(frozen=True, slots=True)
class Changes:
    """What a corrected list changed, in people; ids and decisions of the unchanged stay."""

    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class ListReceipt:
    """``repeated``: the same content was received before, and nothing was done. ``list_id`` is the same for every issue of a list.

    ``people`` are those whom the issue lets in; ``held`` are those it lists in a way that cannot be taken in yet, counted apart.
    """

    list_id: CaseListId
    repeated: bool
    cases: int
    people: int
    problems: Sequence[RowProblem] = ()
    changes: Changes = Changes()
    issue: int = 1
    held: int = 0


def receive_case_list(work: Work, actor: Actor, marac_id: MaracId, parsed: ParsedList, meeting_date: date | None = None) -> ListReceipt:
    """Accept a list as read. ``meeting_date`` is used when the file does not name it.

    Raises ``Refused`` without the right, ``InvalidInput`` (``LIST_REFUSED``, ``LIST_EMPTY``, ``MEETING_DATE_MISSING``, ``DATE_FAR_AWAY``) when
    it cannot be accepted; then nothing of it is kept.
    """
    permissions.check_can(actor, Act.RECEIVE_LIST, marac_id=marac_id)
    day = _acceptable(parsed, meeting_date, work.now().date())
    digest = issues.digest_of(day, parsed)
    same = work.case_lists.find_same(marac_id, digest)
    if same is not None:
        return _repeated(work, actor, same, digest)
    return _accept(work, actor, marac_id, day, parsed, digest)


def problems(work: Work, actor: Actor, list_id: CaseListId) -> Sequence[RowProblem]:
    """What was wrong in the newest issue of a list: where, which code, and what became of the row."""
    reaching.list_for(work, actor, Act.VIEW_LIST, list_id)
    return work.case_lists.problems(list_id)


def _acceptable(parsed: ParsedList, meeting_date: date | None, today: date) -> date:
    if parsed.refused:
        raise InvalidInput(Code.LIST_REFUSED)
    if not parsed.people and not any(row.people for row in parsed.held):
        raise InvalidInput(Code.LIST_EMPTY)
    day = parsed.meeting_date or meeting_date
    if day is None:
        raise InvalidInput(Code.MEETING_DATE_MISSING)
    if is_far(day, today):
        raise InvalidInput(Code.DATE_FAR_AWAY)
    return day


def _repeated(work: Work, actor: Actor, list_id: CaseListId, digest: bytes) -> ListReceipt:
    """The same content again changes nothing, also when a newer issue came since: then the receipt says so."""
    newest = work.case_lists.get(list_id)
    wrong = list(work.case_lists.problems(list_id))
    if not work.case_lists.is_newest(list_id, digest):
        wrong.insert(0, RowProblem(0, "", Code.LIST_OLDER_ISSUE, "warning"))
    work.audit.record(noted(EventKind.LIST_REPEATED, actor, list_id, issue=newest.issue))
    held = _held(newest)
    people = len(newest.subjects) - held
    return ListReceipt(list_id, True, len(newest.cases), people, wrong, Changes(unchanged=people), newest.issue, held)


def _held(case_list: CaseList) -> int:
    return sum(bool(subject.held) for subject in case_list.subjects)


def _accept(work: Work, actor: Actor, marac_id: MaracId, day: date, parsed: ParsedList, digest: bytes) -> ListReceipt:
    before = work.case_lists.latest(marac_id, day)
    list_id = before.id if before else CaseListId(work.new_id())
    new = issues.compare(parsed, before, list_id, work.new_id)
    number = before.issue + 1 if before else 1
    accepted = CaseList(list_id, marac_id, day, work.now(), new.cases, number)
    facts = {
        "issue": number,
        "people": len(accepted.subjects),
        "withdrawn": len(new.withdrawn),
        "problems": len(parsed.problems),
        "held": _held(accepted),
    }
    wrong = (*_left_out(work, accepted, len(new.withdrawn)), *parsed.problems)
    work.case_lists.add(accepted, digest, wrong, noted(EventKind.LIST_RECEIVED, actor, list_id, None, **facts))
    _look_into(work, actor, accepted, new)
    _hand_over_held(work, actor, accepted, new, unread=[row for row in parsed.held if not row.people])
    changes = Changes(len(new.added), len(new.changed), len(new.withdrawn), new.unchanged)
    held = _held(accepted)
    people = len(accepted.subjects) - held
    return ListReceipt(list_id, False, len(new.cases), people, wrong, changes, number, held)


def _left_out(work: Work, accepted: CaseList, people: int) -> tuple[RowProblem, ...]:
    """Part of a list sent as if it were the whole withdraws everybody else: the coordinator is told how many, in the list and as a task."""
    if not people:
        return ()
    desk, about = desk_of(work, accepted.marac_id), f"{accepted.id}/{accepted.issue}"
    give_task(work, desk, TaskKind.PEOPLE_LEFT_OUT, about, Code.LIST_LEAVES_OUT, str(people))
    return (RowProblem(0, "", Code.LIST_LEAVES_OUT, "warning"),)


def _look_into(work: Work, actor: Actor, accepted: CaseList, new: Issue) -> None:
    """Ask about who is new, ask again about who changed, stop asking about who is gone, hold who stands in two parts. Who is held gets
    their cells too: not asked, with the reason."""
    asking.ask_about(work, actor, accepted, (*new.added, *new.held))
    _ask_about_changed(work, actor, accepted, new.changed)
    _withdraw(work, actor, new.withdrawn)
    _hold_two_parts(work, accepted, [*new.added, *new.held, *(now for _, now in new.changed)])


# -------------------------------------------------------------------------------------------------------------- changed


def _ask_about_changed(work: Work, actor: Actor, accepted: CaseList, changed: Sequence[tuple[Subject, Subject]]) -> None:
    """The questions leave again with what is now known. A decision about somebody who is described otherwise now is not kept."""
    described_otherwise = {now.id for old, now in changed if likeness.says_who(old.person) != likeness.says_who(now.person)}
    people = {now.id: now for _, now in changed}
    if not people:
        return
    questions = [_anew(work, k, people[k.subject_id], k.subject_id in described_otherwise) for k in _lookups_of(work, people)]
    work.lookups.save([q.lookup for q in questions], [asking.asked_event(actor, q.lookup) for q in questions])
    not_after = asking.last_moment(accepted.meeting_date, work.now())
    for question in questions:
        asking.send_again(work, actor, question, not_after)
    asking.leave_to_people(work, [q.lookup for q in questions])
    _review_flags(work, [people[id_] for id_ in described_otherwise], Code.RECORDS_CHANGED)


def _anew(work: Work, lookup: Lookup, subject: Subject, described_otherwise: bool) -> asking.Question:
    agreement = work.agreements.of(lookup.agency_id)
    asked = asking.question(work, lookup, subject, agreement, reaching.system_of(agreement, lookup.system))
    if described_otherwise:
        return replace(asked, lookup=replace(asked.lookup, answered_at=None, graded=(), decision=None))
    if asked.release is None and asking.learnt(lookup):
        return asking.Question(lookup)
    return asking.keeping_what_is_known(asked, lookup)


def _lookups_of(work: Work, people: Iterable[object]) -> Sequence[Lookup]:
    return work.lookups.of_subjects(list(people))  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------------------ withdrawn


def _withdraw(work: Work, actor: Actor, gone: Sequence[Subject]) -> None:
    """No more questions about them, no answers kept; what stands or is open is for a person to review, never silently undone."""
    if not gone:
        return
    lookups = work.lookups.of_subjects([s.id for s in gone])
    for lookup in lookups:
        work.outbox.withdraw(asking.order_key(lookup.id))
        if lookup.outcome is not LookupOutcome.KNOWN:
            end_task(work, TaskKind.SETTLE_MATCH, lookup.id, actor, lookup.agency_id)
            end_task(work, TaskKind.ANSWER_BY_HAND, lookup.id, actor, lookup.agency_id)
    marked = [replace(lookup, reason=Code.SUBJECT_WITHDRAWN) for lookup in lookups]
    if marked:
        work.lookups.save(marked, [noted(EventKind.SUBJECT_WITHDRAWN, actor, k.id, k.agency_id) for k in marked])
    work.audit.record(*(noted(EventKind.SUBJECT_WITHDRAWN, actor, s.id) for s in gone))
    _review_flags(work, gone, Code.SUBJECT_WITHDRAWN)


def _review_flags(work: Work, people: Sequence[Subject], reason: Code) -> None:
    if people:
        flag_review.review(work, work.flags.of_subjects([s.id for s in people]), reason)


# ----------------------------------------------------------------------------------------------------------------- held


def _hand_over_held(work: Work, actor: Actor, accepted: CaseList, new: Issue, unread: Sequence[HeldRow]) -> None:
    """The coordinator's task for everybody who is held, and one about the list for rows in which nobody could be read; those of people
    who were let in, or are gone, end."""
    desk = desk_of(work, accepted.marac_id)
    people = [(desk, s.id, s.held[0]) for s in (*new.held, *new.still_held)]
    rows = [(desk, accepted.id, row.codes[0]) for row in unread[:1]]
    give_tasks(work, TaskKind.HELD_ON_LIST, [*people, *rows])
    settled = [s.id for s in (*new.withdrawn, *(old for old, _ in new.changed)) if s.held]
    for about in (*settled, *(() if unread else (accepted.id,))):
        end_task(work, TaskKind.HELD_ON_LIST, about, actor, desk)


# ------------------------------------------------------------------------------------------------------------ two parts


def _hold_two_parts(work: Work, accepted: CaseList, people: Sequence[Subject]) -> None:
    """Who stands in two parts, in this or any earlier list, is a person's decision; alerts on their way are stopped meanwhile."""
    for subject in people:
        if len(work.case_lists.roles_of(subject)) > 1 and not gate.parts_decided(work, subject):
            give_task(work, desk_of(work, accepted.marac_id), TaskKind.BOTH_ROLES, subject.id, Code.BOTH_ROLES)
            flagging.hold_for_both_roles(work, sorted(work.case_lists.same_person(subject)))
