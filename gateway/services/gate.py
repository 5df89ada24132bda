"""The gate that everything passes before it leaves, the first time and when it is sent again: is it still right to send it?"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from gateway.domain.actions import ACTION_MACHINE
from gateway.domain.agreements import Purpose
from gateway.domain.case_list import Person, Subject
from gateway.domain.errors import Code
from gateway.domain.flags import Flag, FlagState
from gateway.domain.identifiers import SubjectId
from gateway.domain.lookup import Lookup
from gateway.domain.releases import ActionRelease, CompletionRelease, FlagRelease, LookupRelease, Release
from gateway.domain.tasks import TaskKind
from gateway.policy import disclosure, placement
from gateway.policy.placement import Placement, Situation, Verdict
from gateway.services import proving, reaching
from gateway.services.flag_sending import content_hash
from gateway.services.ports import Work

_WRITES = FlagRelease | ActionRelease | CompletionRelease


def may_leave(work: Work, release: Release) -> str:
    """ "" if it may still leave, else the code of what stops it. Removing and checking an alert is never stopped here.

    ``WRITING_STOPPED`` comes before everything else: what was approved waits until two people restart.
    """
    if isinstance(release, _WRITES) and work.stops.of(release.system):
        return Code.WRITING_STOPPED
    if isinstance(release, FlagRelease):
        return _may_place(work, release, work.flags.get(release.flag_id))
    if isinstance(release, LookupRelease):
        return _may_ask(work, release)
    if isinstance(release, ActionRelease):
        action = work.actions.get(release.action_id)
        if action.state in ACTION_MACHINE.ends():
            return Code.ACTION_ALREADY_CLOSED
    return _agreed(work, release, release.purpose)


def _agreed(work: Work, release: Release, purpose: Purpose) -> str:
    if purpose is Purpose.FLAG:
        return "" if work.agreements.of(release.agency_id) else Code.AGREEMENT_MISSING
    return disclosure.withheld_by(work.agreements.of(release.agency_id), purpose, work.now().date()) or ""


def _may_ask(work: Work, release: LookupRelease) -> str:
    lookup = work.lookups.get(release.lookup_id)
    subject = work.case_lists.subjects([lookup.subject_id])[lookup.subject_id]
    if not work.case_lists.is_current(subject.id):
        return Code.SUBJECT_WITHDRAWN
    if not still_asked(work, release, subject):
        return Code.ASKED_AGAIN
    return disclosure.withheld_by(work.agreements.of(release.agency_id), Purpose.LOOKUP, work.now().date(), subject.role) or ""


_ASKED_WITH = attrgetter("names", "birth_dates", "own_identifiers", "nhs_number", "sex", "postcode")


def still_asked(work: Work, release: LookupRelease, subject: Subject) -> bool:
    """Whether this is what would be asked about the person as the list describes them now. What was asked about an earlier description
    answers nothing about them."""
    agreement = work.agreements.of(release.agency_id)
    system = reaching.system_of(agreement, release.system)
    if agreement and system and agreement.version == release.agreement_version:
        now = disclosure.release_lookup(subject, agreement, system, release.lookup_id, work.now().date())
        if isinstance(now, LookupRelease):
            return bool(_ASKED_WITH(now) == _ASKED_WITH(release))
    return _as_listed(release, subject.person)


def _as_listed(release: LookupRelease, person: Person) -> bool:
    """Another text of the agreement may let out more or less: what did leave is still what the list says."""
    return (
        release.names in ((), person.names)
        and release.birth_dates in ((), person.birth_dates)
        and release.nhs_number in (None, person.nhs_number)
        and set(release.own_identifiers) <= set(person.identifiers)
    )


def _may_place(work: Work, release: FlagRelease, flag: Flag) -> str:
    if flag.state not in (FlagState.PLACING, FlagState.UNSURE):
        return Code.TRANSITION_NOT_ALLOWED
    if content_hash(release, flag.role, release.agreement_version) != flag.content_hash:
        return Code.APPROVAL_CONTENT_CHANGED
    subject = work.case_lists.subjects([flag.subject_id])[flag.subject_id]
    found = placement_of(work, subject, lookup_behind(work, flag))
    return "" if found.verdict is Verdict.PLACE else found.reason or Code.TRANSITION_NOT_ALLOWED


def lookup_behind(work: Work, flag: Flag) -> Lookup | None:
    """The look-up that says that the alert's record is this person's; None when none says so any more."""
    found = work.lookups.of_subjects([flag.subject_id])
    return next((k for k in found if k.system == flag.system and k.record and k.record.record_id == flag.record_id), None)


def placement_of(work: Work, subject: Subject, lookup: Lookup | None) -> Placement:
    """Where the alert may stand, judged as things are now: every role the person or the record ever had, every other person on it."""
    if lookup is None:
        return Placement(Verdict.NONE, (Code.MATCH_NOT_SETTLED,))
    agreement = work.agreements.of(lookup.agency_id)
    sharing = _others_on_the_record(work, subject, lookup)
    system = reaching.system_of(agreement, lookup.system)
    roles = work.case_lists.roles_of(subject) | {s.role for s in sharing}
    return placement.check(
        Situation(
            role=subject.role,
            roles_ever=roles,
            lookup=lookup,
            agreement=agreement,
            system=system,
            proof=proving.proof_state(work, system),
            today=work.now().date(),
            shared=any(s.case_id == subject.case_id and s.id != subject.id for s in sharing),
            current=work.case_lists.is_current(subject.id),
            held=bool(subject.held),
            parts_decided=len(roles) > 1 and parts_decided(work, subject, (s.id for s in sharing)),
        )
    )


def parts_decided(work: Work, subject: Subject, others: Iterable[SubjectId] = ()) -> bool:
    """Whether a person decided that this entry stands though the same person has several parts. It holds for the entries that were
    there when it was decided: one more, by name, number or record, and it is open again."""
    last = work.tasks.last_closed(TaskKind.BOTH_ROLES, str(subject.id))
    if last is None:
        return False
    return {str(id_) for id_ in (*work.case_lists.same_person(subject), *others)} <= set(last.covers)


def entries_of(work: Work, subject: Subject) -> frozenset[SubjectId]:
    """Every entry of any list that is this person's, by name, number, or a record that both are known as."""
    known = work.lookups.of_subjects([subject.id])
    return work.case_lists.same_person(subject) | {s.id for lookup in known for s in _others_on_the_record(work, subject, lookup)}


def _others_on_the_record(work: Work, subject: Subject, lookup: Lookup) -> list[Subject]:
    """Everybody, in this or any other list, who is known as the same record: counter-allegations show here though names differ."""
    if lookup.record is None:
        return []
    known = work.lookups.known_as([(lookup.system, lookup.record.record_id)])
    ids = {k.subject_id for k in known} - {subject.id}
    return list(work.case_lists.subjects(list(ids)).values()) if ids else []
