"""Putting the question: one look-up per person and record system of every agency of the Marac, asked, withheld or left to a person."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from gateway.domain.actors import Actor
from gateway.domain.agreements import Purpose, RecordSystem, SharingAgreement
from gateway.domain.case_list import CaseList, Subject
from gateway.domain.errors import Code, Refused
from gateway.domain.events import AuditEvent, EventKind
from gateway.domain.identifiers import LookupId, MaracId, SubjectId, SystemKey
from gateway.domain.lookup import Lookup, LookupOutcome
from gateway.domain.releases import LookupRelease, MessageKind
from gateway.domain.sealed import Sealed
from gateway.domain.tasks import TaskKind
from gateway.policy import disclosure
from gateway.policy.disclosure import Withheld
from gateway.services.ports import Work
from gateway.services.recording import end_task, give_tasks, noted

BY_HAND = "by-hand"
"""Name of the system in a look-up of an agency that has none to ask: its people look for themselves."""


@dataclass(frozen=True, slots=True, repr=False)
class Question(Sealed):
    """A look-up with the release that leaves for it; None when nothing may or can leave."""

    lookup: Lookup
    release: LookupRelease | None = None


def at_the_table(work: Work, marac_id: MaracId) -> tuple[SharingAgreement, ...]:
    """The agencies that are asked about this Marac's people, whether or not their agreement is valid today."""
    return tuple(a for a in work.agreements.all() if disclosure.covers(a, marac_id) and disclosure.sits_at_the_table(a))


def ask_about(
    work: Work, actor: Actor, case_list: CaseList, subjects: Sequence[Subject], there: Container[tuple[SubjectId, SystemKey]] = ()
) -> int:
    """Ask every agency of the Marac about these people, but for the look-ups ``there`` already; returns how many were added."""
    pairs = ((agreement, subject) for agreement in at_the_table(work, case_list.marac_id) for subject in subjects)
    questions = [q for agreement, subject in pairs for q in _questions(work, agreement, subject, there)]
    if not questions:
        return 0
    work.lookups.add([q.lookup for q in questions], [asked_event(actor, q.lookup) for q in questions])
    not_after = last_moment(case_list.meeting_date, work.now())
    for asked in questions:
        send(work, asked, not_after)
    leave_to_people(work, [q.lookup for q in questions])
    return len(questions)


def question(work: Work, lookup: Lookup, subject: Subject, agreement: SharingAgreement | None, system: RecordSystem | None) -> Question:
    """The look-up as it stands once asked under today's agreement, with what leaves for it."""
    if not subject.let_in:
        return Question(replace(lookup, outcome=LookupOutcome.NOT_ASKED, reason=subject.held[0]))
    today = work.now().date()
    if system is None:
        code = disclosure.withheld_by(agreement, Purpose.LOOKUP, today, subject.role)
        outcome, reason = (LookupOutcome.WITHHELD, code) if code else (LookupOutcome.NOT_ASKED, Code.NO_LOOKUP_SYSTEM)
        return Question(replace(lookup, outcome=outcome, reason=reason))
    release = disclosure.release_lookup(subject, agreement, system, lookup.id, today)
    if isinstance(release, Withheld):
        return Question(replace(lookup, outcome=LookupOutcome.WITHHELD, reason=release.code))
    return Question(replace(lookup, outcome=LookupOutcome.NO_ANSWER, reason=Code.AWAITED, asked_at=work.now()), release)


def learnt(lookup: Lookup) -> bool:
    """Whether anything was ever answered or decided."""
    return lookup.answered_at is not None or lookup.decision is not None


def keeping_what_is_known(asked: Question, before: Lookup) -> Question:
    """What was learnt or decided before stays shown, with its date, until a new answer comes. Raises ``Refused`` when nothing leaves."""
    if not learnt(before):
        return asked
    if asked.release is None:
        raise Refused(Code(asked.lookup.reason))
    return Question(replace(before, reason=Code.ASKED_AGAIN, asked_at=asked.lookup.asked_at), asked.release)


def _questions(
    work: Work, agreement: SharingAgreement, subject: Subject, there: Container[tuple[SubjectId, SystemKey]]
) -> Iterator[Question]:
    for system in disclosure.lookup_systems(agreement) or (None,):
        key = system.key if system else SystemKey(f"{agreement.agency_id}/{BY_HAND}")
        if (subject.id, key) in there:
            continue
        blank = Lookup(LookupId(work.new_id()), subject.id, agreement.agency_id, key, LookupOutcome.NOT_ASKED)
        yield question(work, blank, subject, agreement, system)


def send_again(work: Work, actor: Actor, asked: Question, not_after: datetime | None) -> None:
    """In place of a question that still waits; tasks about an outcome that no longer stands end, and come again if need be."""
    lookup = asked.lookup
    work.outbox.withdraw(order_key(lookup.id))
    send(work, asked, not_after)
    if lookup.outcome is not LookupOutcome.NOT_ASKED:
        end_task(work, TaskKind.ANSWER_BY_HAND, lookup.id, actor, lookup.agency_id)
    if lookup.outcome is not LookupOutcome.POSSIBLE:
        end_task(work, TaskKind.SETTLE_MATCH, lookup.id, actor, lookup.agency_id)


def send(work: Work, asked: Question, not_after: datetime | None) -> None:
    """Put the release, if there is one, where it leaves from."""
    if asked.release is not None:
        work.outbox.send(MessageKind.LOOKUP, asked.release, order_key=order_key(asked.lookup.id), not_after=not_after)


def order_key(lookup_id: LookupId) -> str:
    """What keeps questions about one look-up in order, and by which they are withdrawn."""
    return f"lookup/{lookup_id}"


def leave_to_people(work: Work, lookups: Sequence[Lookup]) -> None:
    """A task for each person about whom nobody can be asked by machine. Who is held is the coordinator's task, not the agency's."""
    left = [k for k in lookups if k.outcome is LookupOutcome.NOT_ASKED and k.reason == Code.NO_LOOKUP_SYSTEM]
    give_tasks(work, TaskKind.ANSWER_BY_HAND, ((k.agency_id, k.id, k.reason) for k in left))


def asked_event(actor: Actor, lookup: Lookup) -> AuditEvent:
    """That the question left, or that it was withheld and why."""
    kind = EventKind.LOOKUP_RELEASED if lookup.reason in (Code.AWAITED, Code.ASKED_AGAIN) else EventKind.LOOKUP_WITHHELD
    return noted(kind, actor, lookup.id, lookup.agency_id, reason=lookup.reason, system=lookup.system)


def last_moment(meeting_date: date, now: datetime) -> datetime | None:
    """After the day of the meeting nobody is asked any more; None when that day is over already."""
    end = datetime.combine(meeting_date + timedelta(days=1), time.min, UTC)
    return end if end > now else None
