"""Of what an agency holds, that which is of the reader's own Maracs: an agency may sit at several tables, and its people not at all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from gateway.domain.actions import Action
from gateway.domain.actors import Actor, UserRole
from gateway.domain.errors import NotFound
from gateway.domain.flags import Flag
from gateway.domain.identifiers import ActionId, AgencyId, LookupId, SystemKey
from gateway.domain.tasks import PersonTask
from gateway.services.ports import Work


def sees_all(work: Work, actor: Actor, agency_id: AgencyId) -> bool:
    """Whether nothing of the agency is of another Marac; who runs the gateway sees opaque ids and codes of all."""
    agreement = work.agreements.of(agency_id)
    only_these = agreement is not None and bool(agreement.maracs) and agreement.maracs <= actor.marac_ids
    return only_these or UserRole.SYSTEM_ADMINISTRATOR in actor.roles


def flags(work: Work, actor: Actor, agency_id: AgencyId) -> Sequence[Flag]:
    """The agency's alerts."""
    found = work.flags.of_agency(agency_id)
    others = set() if sees_all(work, actor, agency_id) else _of_others(work, actor, (f.subject_id for f in found))
    return [f for f in found if f.subject_id not in others]


def actions(work: Work, actor: Actor, agency_id: AgencyId) -> Sequence[Action]:
    """The agency's actions."""
    found = work.actions.of_agency(agency_id)
    others = set() if sees_all(work, actor, agency_id) else _of_others(work, actor, (a.case_id for a in found))
    return [a for a in found if a.case_id not in others]


def tasks(work: Work, actor: Actor, agency_id: AgencyId, found: Sequence[PersonTask]) -> Sequence[PersonTask]:
    """Of the agency's tasks. One about no case, such as a destination that does not answer, is everybody's."""
    if sees_all(work, actor, agency_id):
        return found
    behind = _behind(work, agency_id, {id_ for task in found if (id_ := _id(task)) is not None})
    others = _of_others(work, actor, behind.values())
    return [task for task in found if (id_ := _id(task)) is None or behind[id_] not in others]


def lane(work: Work, actor: Actor, key: SystemKey) -> bool:
    """Whether a destination serves the reader's Maracs and no other: how much waits there would tell that another Marac has something
    in hand. Where the agreement names no Marac it is the installation's only one."""
    agreement = work.agreements.of(AgencyId(key.partition("/")[0]))
    if UserRole.SYSTEM_ADMINISTRATOR in actor.roles:
        return True
    return agreement is not None and bool(actor.marac_ids) and agreement.maracs <= actor.marac_ids


def _of_others(work: Work, actor: Actor, ids: Iterable[UUID]) -> set[UUID]:
    """Those of the lists, cases and subjects that are surely of a Marac that is not the reader's."""
    return {id_ for id_, marac_id in work.case_lists.maracs_of(list(set(ids))).items() if marac_id not in actor.marac_ids}


def _id(task: PersonTask) -> UUID | None:
    try:
        return UUID(task.about.partition("/")[0])
    except ValueError:
        return None


def _behind(work: Work, agency_id: AgencyId, ids: set[UUID]) -> dict[UUID, UUID]:
    """The person, case or list behind each thing a task may be about; the thing itself where it is one of those."""
    found: dict[UUID, UUID] = {id_: id_ for id_ in work.case_lists.maracs_of(list(ids))}
    found |= {lookup.id: lookup.subject_id for lookup in work.lookups.many([LookupId(id_) for id_ in ids - found.keys()]).values()}
    if ids - found.keys():
        found |= {flag.id: flag.subject_id for flag in work.flags.of_agency(agency_id) if flag.id in ids}
    return found | {id_: _case_behind(work, id_) for id_ in ids - found.keys()}


def _case_behind(work: Work, id_: UUID) -> UUID:
    try:
        return work.actions.get(ActionId(id_)).case_id
    except NotFound:
        return id_
