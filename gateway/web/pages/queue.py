"""The queue and the reconciliation, for those who run the gateway: no people, no case, only ids, states and codes."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import Response

from gateway.domain.errors import CATALOGUE, Code
from gateway.domain.identifiers import SystemKey
from gateway.policy.permissions import Act, check_can
from gateway.services import queue, reconcile
from gateway.web.reader import Posting, Reading

router = APIRouter(include_in_schema=False)


@router.get("/queue")
def overview(reader: Reading) -> Response:
    """Each destination: what waits, since when, why, and what the reader can do."""
    lanes = reader.do(lambda work: queue.summary(work, reader.actor, reader.gateway.queue(work)))
    dead = reader.do(lambda work: queue.dead_letters(work, reader.actor, reader.gateway.queue(work)))
    most = max((lane.waiting for lane in lanes), default=0) or 1
    return reader.page(
        "queue.html", lanes=lanes, dead=dead, most=most, now=reader.gateway.clock(), catalogue=CATALOGUE, codes=Code.__members__
    )


@router.post("/queue/pause")
def pause(reader: Posting, lane: Annotated[str, Form(max_length=200)]) -> Response:
    """Stop sending to one destination."""
    reader.do(lambda work: queue.pause(work, reader.actor, reader.gateway.queue(work), SystemKey(lane)))
    return reader.back_to("/queue", "paused")


@router.post("/queue/resume")
def resume(reader: Posting, lane: Annotated[str, Form(max_length=200)]) -> Response:
    """Send again."""
    reader.do(lambda work: queue.resume(work, reader.actor, reader.gateway.queue(work), SystemKey(lane)))
    return reader.back_to("/queue", "resumed")


@router.post("/queue/replay")
def replay(reader: Posting, message: Annotated[list[UUID] | None, Form()] = None) -> Response:
    """Send the ticked messages again, each through the same gate as the first time."""
    chosen = message or []
    stopped = [reader.do(lambda work, m=m: queue.replay(work, reader.actor, reader.gateway.queue(work), m)) for m in chosen]  # type: ignore[misc]
    return reader.back_to("/queue", "stopped" if any(stopped) else "replayed" if chosen else "")


@router.post("/queue/withdraw")
def withdraw(reader: Posting, message: Annotated[list[UUID] | None, Form()] = None) -> Response:
    """Give the ticked messages up for good; what they were about keeps its state and its task."""
    for chosen in message or []:
        reader.do(lambda work, m=chosen: queue.withdraw(work, reader.actor, reader.gateway.queue(work), m))  # type: ignore[misc]
    return reader.back_to("/queue", "withdrawn" if message else "")


@router.get("/reconciliation")
def compare(reader: Reading) -> Response:
    """What should stand at each agency against what was last seen there."""
    rows = reader.do(lambda work: reconcile.compare(work, reader.actor))
    agencies = {a.agency_id: a.name for a in reader.gateway.agreements.all()}
    return reader.page("reconciliation.html", rows=sorted(rows, key=lambda r: (r.agrees, r.agency_id)), agencies=agencies)


@router.post("/reconciliation")
def start(reader: Posting) -> Response:
    """Ask every agency again."""
    check_can(reader.actor, Act.RECONCILE)
    reader.do(lambda work: reconcile.start(work, reader.actor))
    return reader.back_to("/reconciliation", "started")
