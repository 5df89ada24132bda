"""Keeping what record systems answered; asking once more; what a person found by looking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gateway.domain.actors import GATEWAY, Actor
from gateway.domain.case_list import Subject
from gateway.domain.errors import Code, Conflict, InvalidInput, Refused
from gateway.domain.events import AuditEvent, EventKind
from gateway.domain.identifiers import CaseListId, LookupId, SubjectId
from gateway.domain.lookup import Answer, Decision, GradedAnswer, GradedCandidate, Lookup, LookupOutcome
from gateway.domain.releases import LookupRelease
from gateway.domain.tasks import TaskKind
from gateway.policy import disclosure, matching
from gateway.policy.matching import Asked
from gateway.policy.permissions import Act
from gateway.services import asking, flag_review, gate, reaching
from gateway.services.arrivals import Arrived
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
    wanted = [held[id_] for id_ in final]
    ready = {id_: matching.asked(subject.person) for id_, subject in people.items()}
    answered = [_answered(work, lookup, ready[lookup.subject_id], final[lookup.id]) for lookup in wanted]
    changed = _one_person_each(work, answered, people)
    if changed:
        work.lookups.save(changed, [_answered_event(lookup) for lookup in changed])
        _hand_to_people(work, changed, held)


def _counts(work: Work, release: LookupRelease, lookup: Lookup | None, people: Mapping[SubjectId, Subject]) -> bool:
    """Whether it answers what is asked about this person now; what does not is noted and dropped: the newer question has its own answer."""
    if lookup is None or lookup.reason == Code.SUBJECT_WITHDRAWN:
        return False
    if gate.still_asked(work, release, people[lookup.subject_id]):
        return True
    work.audit.record(noted(EventKind.LOOKUP_ANSWERED, GATEWAY, lookup.id, lookup.agency_id, ignored=Code.ASKED_AGAIN.value))
    return False


def _answered(work: Work, lookup: Lookup, ready: Asked, arrived: Arrived) -> Lookup:
    """The look-up with what came back in it."""
    answer = arrived.reply if isinstance(arrived.reply, Answer) else Answer.failed(arrived.reason)
    graded = matching.grade(ready, answer)
    asked_at = arrived.left_at or lookup.asked_at
    if graded.outcome is LookupOutcome.NO_ANSWER:
        outcome = lookup.outcome if asking.learnt(lookup) else graded.outcome
        return replace(lookup, asked_at=asked_at, outcome=outcome, reason=graded.reason)
    kept = tuple([_kept(g, lookup) for g in graded.candidates])
    if lookup.decision is not None:
        return _after_decision(replace(lookup, asked_at=asked_at, answered_at=work.now(), graded=kept), lookup.decision, graded)
    return replace(lookup, asked_at=asked_at, answered_at=work.now(), graded=kept, outcome=graded.outcome, reason=graded.reason)


def _kept(graded: GradedCandidate, before: Lookup) -> GradedCandidate:
    """A record as it is kept; where the system does not say whether the person is open to services, what a person found stays."""
    candidate = disclosure.kept(graded.candidate)
    if candidate.open_to_service is None and before.graded:
        said = next((g.candidate.open_to_service for g in before.graded if g.candidate.record_id == candidate.record_id), None)
        candidate = replace(candidate, open_to_service=said)
    return GradedCandidate(candidate, graded.comparisons, graded.certain, graded.stopped_by)


def _after_decision(lookup: Lookup, decision: Decision, graded: GradedAnswer) -> Lookup:
    """A decision lasts while the records say the same of themselves. When they changed a person looks again, unless nobody was
    known before and nobody is held now."""
    if matching.candidates_digest(lookup.graded) == decision.candidates_digest:
        return replace(lookup, reason=Code.DECIDED_BY_PERSON)
    if not lookup.graded and lookup.outcome is LookupOutcome.NOT_KNOWN:
        return replace(lookup, outcome=graded.outcome, reason=graded.reason, decision=None)
    return matching.doubted(lookup, Code.RECORDS_CHANGED)


def _one_person_each(work: Work, answered: Sequence[Lookup], people: Mapping[SubjectId, Subject]) -> list[Lookup]:
    """One record belongs to one person of a case: where two are linked to it by rules alone, both become possible."""
    claims = [(lookup.system, record.record_id) for lookup in answered if (record := lookup.record)]
    if not claims:
        return list(answered)
    here = {lookup.id for lookup in answered}
    others = [lookup for lookup in work.lookups.known_as(claims) if lookup.id not in here]
    elsewhere = work.case_lists.subjects([o.subject_id for o in others if o.subject_id not in people]) if others else {}
    case_of = {id_: subject.case_id for id_, subject in {**people, **elsewhere}.items()}
    claimed = matching.claimed_twice([*answered, *others], case_of)
    return [_unless_claimed(lookup, claimed) for lookup in answered] + [
        _unless_claimed(o, claimed) for o in others if o.id in claimed and o.decision is None
    ]


def _unless_claimed(lookup: Lookup, claimed: frozenset[LookupId]) -> Lookup:
    if lookup.id in claimed and lookup.decision is None:
        return matching.doubted(lookup, Code.CLAIMED_TWICE)
    return lookup


def _answered_event(lookup: Lookup) -> AuditEvent:
    facts = {"outcome": lookup.outcome.value, "reason": lookup.reason, "rules": matching.MATCHING_VERSION}
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
    lookup, subject, case_list = reaching.lookup_for(work, actor, Act.ASK_AGAIN, lookup_id)
    if lookup.reason == Code.SUBJECT_WITHDRAWN:
        raise Refused(Code.SUBJECT_WITHDRAWN)
    agreement = work.agreements.of(lookup.agency_id)
    asked = asking.question(work, lookup, subject, agreement, reaching.system_of(agreement, lookup.system))
    asked = asking.keeping_what_is_known(asked, lookup)
    work.lookups.save([asked.lookup], [asking.asked_event(actor, asked.lookup)])
    asking.send_again(work, actor, asked, asking.last_moment(case_list, work.now()))
    return work.lookups.get(lookup_id)


def ask_missing(work: Work, actor: Actor, list_id: CaseListId) -> int:
    """Ask the agencies and systems that joined after the list came; returns how many look-ups were added."""
    case_list = reaching.list_for(work, actor, Act.RECEIVE_LIST, list_id)
    there = {(lookup.subject_id, lookup.system) for lookup in work.lookups.of_list(list_id)}
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
    decision = Decision(None, actor.user_id, work.now(), note.strip(), matching.candidates_digest(lookup.graded))
    outcome = LookupOutcome.KNOWN if known else LookupOutcome.NOT_KNOWN
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
    decision = Decision(record.record_id, actor.user_id, work.now(), note.strip(), matching.candidates_digest(graded))
    event = noted(EventKind.MATCH_SETTLED, actor, lookup.id, lookup.agency_id, outcome=lookup.outcome.value, open_to_service=is_open)
    work.lookups.save([replace(lookup, graded=graded, decision=decision)], [event])
    return work.lookups.get(lookup_id)
