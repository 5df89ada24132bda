"""Proof that alerts stay hidden, and the switch that stops writing: systems, states and codes; no people."""

from __future__ import annotations

from fastapi import APIRouter, Response

from gateway.api.caller import Calling, Writing
from gateway.api.schemas import SignatureIn, SignatureOut, StopIn, StopOut, SystemOut
from gateway.domain.identifiers import SystemKey
from gateway.services import probing, stopping
from gateway.store.unit_of_work import SqlWork

router = APIRouter(tags=["writing"])


@router.get("/writing/systems")
def systems(caller: Calling) -> list[SystemOut]:
    """Each system: is it proven that alerts stay hidden there, until when, what is lacking."""
    return [SystemOut.of(found) for found in caller.read(lambda work: probing.overview(work, caller.actor))]


@router.get("/writing/stops")
def stops(caller: Calling) -> list[StopOut]:
    """What is stopped now."""
    return [StopOut.of(found) for found in caller.read(lambda work: stopping.in_force(work, caller.actor))]


@router.post("/writing/stop", response_model=StopOut)
def stop(caller: Writing, given: StopIn) -> Response:
    """Stop writing to one system, or (``*``) to all, at once. Nothing is lost."""
    return caller.write(lambda work: StopOut.of(stopping.stop(work, caller.actor, SystemKey(given.system))))


@router.post("/writing/restart", response_model=StopOut)
def restart(caller: Writing, given: StopIn) -> Response:
    """Ask for the restart, or confirm what another person asked for. ``stopped`` in the answer says whether it still waits."""

    def act(work: SqlWork) -> StopOut:
        waits = stopping.restart(work, caller.actor, SystemKey(given.system))
        return StopOut.of(waits) if waits else StopOut(system=given.system, stopped=False, reason="", since=work.now(), restart_asked=False)

    return caller.write(act)


@router.post("/writing/signatures", response_model=SignatureOut)
def sign(caller: Writing, given: SignatureIn) -> Response:
    """Sign that one looked at an output that only people can look at, and that it shows no alert."""
    return caller.write(lambda work: SignatureOut.of(probing.sign(work, caller.actor, SystemKey(given.system), given.output)))
