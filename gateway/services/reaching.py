"""Finding a thing only for somebody who may reach it: first the right, then the Marac and the agency; outside, it does not exist."""

from __future__ import annotations

from uuid import UUID

from gateway.domain.actions import Action
from gateway.domain.actors import Actor
from gateway.domain.agreements import RecordSystem, SharingAgreement
from gateway.domain.case_list import CaseList, Subject
from gateway.domain.errors import Code, Conflict, NotFound
from gateway.domain.flags import Flag
from gateway.domain.identifiers import ActionId, AgencyId, CaseListId, FlagId, LookupId, SubjectId, SystemKey
from gateway.domain.lookup import Lookup
from gateway.policy import permissions
from gateway.policy.permissions import Act
from gateway.services.ports import ListHead, Work


def check_reach(work: Work, actor: Actor, act: Act, thing: UUID) -> None:
    """Raises ``Refused`` without the right, and ``NotFound`` alike for what is not there and for what is somebody else's: after the same
    work, so that the time of the answer tells nothing. What is opened and read comes after this."""
    permissions.check_can(actor, act)
    place = work.place_of(thing)
    permissions.check_can(actor, act, marac_id=place.marac_id, agency_id=place.agency_id)


def list_for(work: Work, actor: Actor, act: Act, list_id: CaseListId) -> CaseList:
    """A list of the actor's own Marac."""
    check_reach(work, actor, act, list_id)
    found = work.case_lists.get(list_id)
    permissions.check_can(actor, act, marac_id=found.marac_id)
    return found


def subject_for(work: Work, actor: Actor, act: Act, subject_id: SubjectId, agency_id: AgencyId) -> tuple[Subject, ListHead]:
    """A person of a list of the actor's own Marac, as a matter of this agency."""
    permissions.check_can(actor, act, agency_id=agency_id)
    subject = work.case_lists.subjects([subject_id]).get(subject_id)
    if subject is None:
        raise NotFound(Code.NOT_FOUND)
    head = work.case_lists.head_of(subject_id)
    permissions.check_can(actor, act, marac_id=head.marac_id, agency_id=agency_id)
    return subject, head


def lookup_for(work: Work, actor: Actor, act: Act, lookup_id: LookupId) -> tuple[Lookup, Subject, ListHead]:
    """A look-up of the actor's agency."""
    check_reach(work, actor, act, lookup_id)
    lookup = work.lookups.get(lookup_id)
    return lookup, *subject_for(work, actor, act, lookup.subject_id, lookup.agency_id)


def flag_for(work: Work, actor: Actor, act: Act, flag_id: FlagId) -> tuple[Flag, Subject, ListHead]:
    """An alert of the actor's agency."""
    check_reach(work, actor, act, flag_id)
    flag = work.flags.get(flag_id)
    return flag, *subject_for(work, actor, act, flag.subject_id, flag.agency_id)


def action_for(work: Work, actor: Actor, act: Act, action_id: ActionId) -> tuple[Action, CaseList]:
    """An action of the actor's agency, or of the Marac for those who serve it."""
    check_reach(work, actor, act, action_id)
    action = work.actions.get(action_id)
    case_list = work.case_lists.get(work.case_lists.case(action.case_id).list_id)
    permissions.check_can(actor, act, marac_id=case_list.marac_id, agency_id=action.agency_id)
    return action, case_list


def check_version(read: int, given: int) -> None:
    """Raises ``Conflict(STALE_VERSION)`` when somebody saved a change since the version that was shown."""
    if read != given:
        raise Conflict(Code.STALE_VERSION)


def system_of(agreement: SharingAgreement | None, key: SystemKey) -> RecordSystem | None:
    """The system by key, if there is an agreement and it names it."""
    return next((s for s in agreement.systems if s.key == key), None) if agreement else None
