"""The queue, reconciliation and the audit: opaque ids, states and codes; no people."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from gateway.api.caller import Calling, Writing
from gateway.api.schemas import AuditIn, DeadOut, DifferenceOut, EventOut, LaneIn, LaneOut, ReplayOut, StartedOut
from gateway.domain.identifiers import SystemKey
from gateway.policy import permissions
from gateway.services import audit, queue, reconcile
from gateway.store.unit_of_work import SqlWork

router = APIRouter()


@router.get("/queue", tags=["queue"])
def summary(caller: Calling) -> list[LaneOut]:
    """Each destination: what waits, since when, what is dead, whether it is paused."""
    return [LaneOut.of(lane) for lane in caller.read(lambda work: queue.summary(work, caller.actor, caller.gateway.queue(work)))]


@router.get("/queue/dead-letters", tags=["queue"])
def dead_letters(caller: Calling) -> list[DeadOut]:
    """Messages that wait for a person."""
    return [DeadOut.of(d) for d in caller.read(lambda work: queue.dead_letters(work, caller.actor, caller.gateway.queue(work)))]


@router.post("/queue/pause", tags=["queue"], response_model=StartedOut)
def pause(caller: Writing, given: LaneIn) -> Response:
    """Stop sending to one destination. Nothing is lost."""

    def act(work: SqlWork) -> StartedOut:
        queue.pause(work, caller.actor, caller.gateway.queue(work), SystemKey(given.lane))
        return StartedOut(started=0)

    return caller.write(act)


@router.post("/queue/resume", tags=["queue"], response_model=StartedOut)
def resume(caller: Writing, given: LaneIn) -> Response:
    """Send again to a destination that was stopped."""

    def act(work: SqlWork) -> StartedOut:
        queue.resume(work, caller.actor, caller.gateway.queue(work), SystemKey(given.lane))
        return StartedOut(started=0)

    return caller.write(act)


@router.post("/queue/dead-letters/{message_id}/replay", tags=["queue"], response_model=ReplayOut)
def replay(caller: Writing, message_id: UUID) -> Response:
    """Send a dead message again, through the same gate as the first time."""
    return caller.write(
        lambda work: ReplayOut(stopped_by=queue.replay(work, caller.actor, caller.gateway.queue(work), message_id))
    )


@router.post("/queue/dead-letters/{message_id}/withdrawal", tags=["queue"], response_model=StartedOut)
def withdraw(caller: Writing, message_id: UUID) -> Response:
    """Give a dead message up for good. What it was about keeps its state and its task."""

    def act(work: SqlWork) -> StartedOut:
        queue.withdraw(work, caller.actor, caller.gateway.queue(work), message_id)
        return StartedOut(started=0)

    return caller.write(act)


@router.post("/reconciliation", tags=["reconciliation"], response_model=StartedOut)
def start(caller: Writing) -> Response:
    """Ask every agency again what stands there."""
    permissions.check_can(caller.actor, permissions.Act.RECONCILE)
    return caller.write(lambda work: StartedOut(started=reconcile.start(work, caller.actor)))


@router.get("/reconciliation", tags=["reconciliation"])
def compare(caller: Calling) -> list[DifferenceOut]:
    """What should stand at each agency against what was last seen there, row by row."""
    return [DifferenceOut.of(row) for row in caller.read(lambda work: reconcile.compare(work, caller.actor))]


@router.post("/audit/search", tags=["audit"])
def events(caller: Calling, given: AuditIn) -> list[EventOut]:
    """Everything recorded about one opaque id, oldest first; for auditors. A POST, so that the id stands in no address."""
    return [
        EventOut(at=at, kind=e.kind, actor=e.actor, about=e.about, agency=e.agency_id, facts=dict(e.facts))
        for at, e in caller.read(lambda work: audit.about(work, caller.actor, given.about))
    ]
