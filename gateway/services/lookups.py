"""Keeping what record systems answered; asking once more; what a person found by looking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gateway.domain.actors import GATEWAY, Actor
from gateway.domain.case_list import Subject
from gateway.domain.errors import Code, Conflict, InvalidInput, Refused
from gateway.domain.events import AuditEvent, EventKind
from gateway.domain.identifiers import CaseListId, LookupId, SubjectId
from gateway.domain.lookup import Answer, Decision, Lookup, LookupOutcome
from gateway.domain.releases import LookupRelease
from gateway.domain.tasks import TaskKind
from gateway.policy.identity import remembering
from gateway.policy.permissions import Act
from gateway.services import asking, flag_review, gate, grading, reaching
from gateway.services.arrivals import Arrived
from gateway.services.grading import Answered
from gateway.services.ports import Work
from gateway.services.recording import end_task, give_tasks, noted

# ------------------------------------------------------------------------------------------------------------- answers


def record_answers(work: Work, arrived: Sequence[Arrived]) -> None:
    """Grade and keep a batch of answers: one read of the look-ups, one of the people, one write.

    An attempt that will be repeated changes nothing, nor does a failure after an answer: what was learnt stays, with its date. What
    comes back about somebody who is no longer on the list, or about how they used to be described, is not kept.
    """
    ended = [(a.release, a) for a in arrived if a.final and isinstance(a.release, LookupRelease)]
    held = work.lookups.many(list({release.lookup_id for release, _ in ended}))
    people = work.case_lists.subjects(list({k.subject_id for k in held.values() if k.reason != Code.SUBJECT_WITHDRAWN}))
    final = {release.lookup_id: a for release, a in ended if _counts(work, release, held.get(release.lookup_id), people)}
    answered = [Answered(*_as_answered(held[id_], a), people[held[id_].subject_id]) for id_, a in final.items()]
    changed = grading.grade(work, answered)
    if changed:
        now = [after for _, after in changed]
        work.lookups.save(now, [_answered_event(lookup) for lookup in now])
        _hand_to_people(work, now, {before.id: before for before, _ in changed})


def _as_answered(lookup: Lookup, arrived: Arrived) -> tuple[Lookup, Answer]:
    answer = arrived.reply if isinstance(arrived.reply, Answer) else Answer.failed(arrived.reason)
    return replace(lookup, asked_at=arrived.left_at or lookup.asked_at), answer


def _counts(work: Work, release: LookupRelease, lookup: Lookup | None, people: Mapping[SubjectId, Subject]) -> bool:
    """Whether it answers what is asked about this person now; what does not is noted and dropped: the newer question has its own answer."""
    if lookup is None or lookup.reason == Code.SUBJECT_WITHDRAWN:
        return False
    if gate.still_asked(work, release, people[lookup.subject_id]):
        return True
    work.audit.record(noted(EventKind.LOOKUP_ANSWERED, GATEWAY, lookup.id, lookup.agency_id, ignored=Code.ASKED_AGAIN.value))
    return False


def _answered_event(lookup: Lookup) -> AuditEvent:
    facts = {"outcome": lookup.outcome.value, "reason": lookup.reason, "rules": lookup.model}
    return noted(EventKind.LOOKUP_ANSWERED, GATEWAY, lookup.id, lookup.agency_id, **facts)


# -------------------------------------------------------------------------------------------------------- what remains


def _hand_to_people(work: Work, changed: Iterable[Lookup], before: Mapping[LookupId, Lookup]) -> None:
    """Tasks that follow from new outcomes, and the end of those that they answer."""
    changed = list(changed)
    for outcome, kind in ((LookupOutcome.POSSIBLE, TaskKind.SETTLE_MATCH), (LookupOutcome.NO_ANSWER, TaskKind.ANSWER_BY_HAND)):
        give_tasks(work, kind, ((c.agency_id, c.id, c.reason) for c in changed if c.outcome is outcome))
    for lookup in changed:
        earlier = before.get(lookup.id)
        if earlier is not None and earlier.outcome is not lookup.outcome:
            _end_answered(work, earlier)
        if lookup.outcome is not LookupOutcome.KNOWN and (earlier is None or earlier.outcome is LookupOutcome.KNOWN):
            review_flags(work, lookup, lookup.reason)


def _end_answered(work: Work, earlier: Lookup) -> None:
    if earlier.outcome is LookupOutcome.POSSIBLE:
        end_task(work, TaskKind.SETTLE_MATCH, earlier.id, agency_id=earlier.agency_id)
    elif earlier.outcome is LookupOutcome.NO_ANSWER and earlier.reason != Code.AWAITED:
        end_task(work, TaskKind.ANSWER_BY_HAND, earlier.id, agency_id=earlier.agency_id)


def review_flags(work: Work, lookup: Lookup, reason: str) -> None:
    """A live alert whose look-up no longer stands is never undone by itself: somebody reviews it."""
    flag_review.review(work, [f for f in work.flags.of_subjects([lookup.subject_id]) if f.system == lookup.system], reason)


# ---------------------------------------------------------------------------------------------------------- once more


def ask_again(work: Work, actor: Actor, lookup_id: LookupId) -> Lookup:
    """Ask once more, under the agreement as it is today. What is known stays until the new answer comes.

    Raises ``Refused`` with the code that withholds, if something was learnt before; else the look-up becomes withheld.
    """
    lookup, subject, head = reaching.lookup_for(work, actor, Act.ASK_AGAIN, lookup_id)
    if lookup.reason == Code.SUBJECT_WITHDRAWN:
        raise Refused(Code.SUBJECT_WITHDRAWN)
    agreement = work.agreements.of(lookup.agency_id)
    asked = asking.question(work, lookup, subject, agreement, reaching.system_of(agreement, lookup.system))
    asked = asking.keeping_what_is_known(asked, lookup)
    work.lookups.save([asked.lookup], [asking.asked_event(actor, asked.lookup)])
    asking.send_again(work, actor, asked, asking.last_moment(head.meeting_date, work.now()))
    return work.lookups.get(lookup_id)


def ask_missing(work: Work, actor: Actor, list_id: CaseListId) -> int:
    """Ask the agencies and systems that joined after the list came; returns how many look-ups were added."""
    case_list = reaching.list_for(work, actor, Act.RECEIVE_LIST, list_id)
    there = {(lookup.subject_id, lookup.system) for lookup in work.lookups.states(list_id)}
    return asking.ask_about(work, actor, case_list, case_list.subjects, there)


def record_by_hand(work: Work, actor: Actor, lookup_id: LookupId, known: bool, note: str, version: int) -> Lookup:
    """A representative looked in their own system: known or not. For agencies that cannot be asked, or gave no answer that settles it.

    Raises ``InvalidInput(RECEIPT_REQUIRED)`` without a note, ``Conflict`` when a machine's answer stands, ``Refused(HELD_ON_LIST)`` while
    the list does not say surely who it is.
    """
    lookup, subject, _ = reaching.lookup_for(work, actor, Act.ANSWER_BY_HAND, lookup_id)
    reaching.check_version(lookup.version, version)
    if not subject.let_in:
        raise Refused(Code.HELD_ON_LIST)
    if not note.strip():
        raise InvalidInput(Code.RECEIPT_REQUIRED)
    if lookup.outcome in (LookupOutcome.KNOWN, LookupOutcome.NOT_KNOWN, LookupOutcome.WITHHELD):
        raise Conflict(Code.TRANSITION_NOT_ALLOWED)
    decision = Decision(None, actor.user_id, work.now(), note.strip(), remembering.digest(lookup.graded))
    outcome = LookupOutcome.KNOWN if known else LookupOutcome.NOT_KNOWN
    if not known:
        grading.remember(work, subject.person, lookup, decision)
    decided = replace(lookup, outcome=outcome, reason=Code.DECIDED_BY_PERSON, decision=decision, answered_at=work.now())
    work.lookups.save([decided], [noted(EventKind.MATCH_SETTLED, actor, lookup.id, lookup.agency_id, outcome=outcome, by_hand=True)])
    for kind in (TaskKind.ANSWER_BY_HAND, TaskKind.SETTLE_MATCH):
        end_task(work, kind, lookup.id, actor, lookup.agency_id)
    return work.lookups.get(lookup_id)


def record_open_to_service(work: Work, actor: Actor, lookup_id: LookupId, is_open: bool, note: str, version: int) -> Lookup:
    """A representative, who looked, says whether the person is open to the agency's services; the record is confirmed by it.

    It stands until the system itself says otherwise. Raises ``Conflict(MATCH_NOT_SETTLED)`` while no record is known.
    """
    lookup, _, _ = reaching.lookup_for(work, actor, Act.ANSWER_BY_HAND, lookup_id)
    reaching.check_version(lookup.version, version)
    record = lookup.record
    if record is None:
        raise Conflict(Code.MATCH_NOT_SETTLED)
    opened = replace(record, open_to_service=is_open)
    graded = tuple(replace(g, candidate=opened) if g.candidate is record else g for g in lookup.graded)
    decision = Decision(record.record_id, actor.user_id, work.now(), note.strip(), remembering.digest(graded))
    event = noted(EventKind.MATCH_SETTLED, actor, lookup.id, lookup.agency_id, outcome=lookup.outcome.value, open_to_service=is_open)
    work.lookups.save([replace(lookup, graded=graded, decision=decision)], [event])
    return work.lookups.get(lookup_id)
