"""The stop switch: one person, or a failed probe, stops writing to one system or to all; two people restart it.

Stopped is what has an effect that somebody could see: alerts placed, work handed over, completions told. People are still looked up, and
what stands can still be read, and taken away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.domain.actors import Actor
from gateway.domain.errors import Code, NotFound, Refused
from gateway.domain.events import EventKind
from gateway.domain.identifiers import AgencyId, SystemKey
from gateway.domain.proofs import EVERYWHERE, WriteStop
from gateway.domain.releases import MessageKind
from gateway.domain.tasks import TaskKind
from gateway.policy import disclosure, permissions
from gateway.policy.permissions import Act
from gateway.services import own_maracs
from gateway.services.ports import Work
from gateway.services.recording import desk_of, end_task, give_tasks, noted

STOPPED_KINDS = frozenset({MessageKind.FLAG_PLACE, MessageKind.ACTION_SEND, MessageKind.COMPLETION_TELL})
"""Kinds of messages that are held while writing is stopped."""


def stop(work: Work, actor: Actor, system: SystemKey) -> WriteStop:
    """Stop writing to one system, or to all (``EVERYWHERE``), from this transaction's end on. Who stopped it first stays."""
    _check_reach(work, actor, Act.STOP_WRITING, system)
    return put(work, actor, system, Code.WRITING_STOPPED)


def put(work: Work, actor: Actor, system: SystemKey, reason: Code) -> WriteStop:
    """The same for whoever needs no right: the gateway itself, after a probe that failed."""
    made = WriteStop(work.new_id(), system, reason, actor.user_id, work.now())
    facts: dict[str, str | int | bool] = {"reason": reason.value, "scope": "all" if system == EVERYWHERE else "one"}
    if work.stops.add(made, noted(EventKind.WRITING_STOPPED, actor, system, _agency(system), **facts)):
        give_tasks(work, TaskKind.WRITING_STOPPED, ((agency_id, system, reason.value) for agency_id in _told(work, actor, system)))
        return made
    return work.stops.only(system) or made


def restart(work: Work, actor: Actor, system: SystemKey) -> WriteStop | None:
    """The first person asks for the restart, another confirms it: the stop as it stands then, None once it is over.

    Raises ``Refused(SECOND_PERSON_NEEDED)`` for the same person twice, ``NotFound`` where nothing is stopped.
    """
    _check_reach(work, actor, Act.RESTART_WRITING, system)
    found = work.stops.only(system)
    if found is None:
        raise NotFound(Code.NOT_FOUND)
    if found.restart_by is None:
        return _ask(work, actor, found)
    if found.restart_by == actor.user_id:
        raise Refused(Code.SECOND_PERSON_NEEDED)
    facts: dict[str, str | int | bool] = {"asked_by": found.restart_by}
    work.stops.end(found, actor.user_id, work.now(), noted(EventKind.WRITING_RESTARTED, actor, system, _agency(system), **facts))
    end_task(work, TaskKind.WRITING_STOPPED, system, actor, _agency(system))
    work.outbox.let_go(system, Code.WRITING_STOPPED)
    return None


def _ask(work: Work, actor: Actor, found: WriteStop) -> WriteStop:
    asked = WriteStop(found.id, found.system, found.reason, found.stopped_by, found.stopped_at, actor.user_id, work.now())
    work.stops.ask_restart(asked, noted(EventKind.RESTART_ASKED, actor, found.system, _agency(found.system)))
    return asked


def in_force(work: Work, actor: Actor) -> Sequence[WriteStop]:
    """The stops that the reader may see, the oldest first."""
    own = permissions.reach(actor, Act.VIEW_PROOFS)
    return [
        found for found in work.stops.open()
        if found.system == EVERYWHERE or (own in (None, _agency(found.system)) and own_maracs.lane(work, actor, found.system))
    ]  # fmt: skip


def _check_reach(work: Work, actor: Actor, act: Act, system: SystemKey) -> None:
    """Their own agency's systems for an agency's people; every one, and all at once, for those who serve the Marac or run the gateway."""
    own = permissions.reach(actor, act)
    if system == EVERYWHERE:
        if own is not None:
            raise Refused(Code.NOT_PERMITTED)
        return
    known = any(system == one.key for agreement in work.agreements.all() for one in agreement.systems)
    if not known or own not in (None, _agency(system)) or not own_maracs.lane(work, actor, system):
        raise NotFound(Code.NOT_FOUND)


def _agency(system: SystemKey) -> AgencyId | None:
    return None if system == EVERYWHERE else AgencyId(system.partition("/")[0])


def _told(work: Work, actor: Actor, system: SystemKey) -> Iterator[AgencyId]:
    """Who has a task about it: the agency; of a stop of all, every agency at the table and the desk of each Marac."""
    agency_id = _agency(system)
    if agency_id is not None:
        yield agency_id
        return
    desks = {desk_of(work, marac_id) for marac_id in actor.marac_ids}
    yield from sorted(desks | {a.agency_id for a in work.agreements.all() if disclosure.sits_at_the_table(a)})
