"""Proof and stop: is it proved that alerts stay hidden at each system, and the switch that stops writing. No people to be seen here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from gateway.domain.errors import CATALOGUE, Code
from gateway.domain.identifiers import SystemKey
from gateway.domain.proofs import EVERYWHERE
from gateway.domain.register import Output
from gateway.policy.permissions import MARAC_WIDE, Act, roles_granting
from gateway.services import probing, stopping
from gateway.web.reader import Posting, Reader, Reading

router = APIRouter(include_in_schema=False)


@router.get("/writing")
def overview(reader: Reading) -> Response:
    """The switch first, then every system with its proof."""
    systems = reader.do(lambda work: probing.overview(work, reader.actor))
    stops = reader.do(lambda work: stopping.in_force(work, reader.actor))
    return reader.page(
        "writing.html", systems=systems, stops={stop.system: stop for stop in stops}, everywhere=EVERYWHERE, me=reader.actor.user_id,
        may_stop_all=_serves_all(reader, Act.STOP_WRITING), may_restart_all=_serves_all(reader, Act.RESTART_WRITING),
        catalogue=CATALOGUE, codes=Code.__members__,
    )  # fmt: skip


def _serves_all(reader: Reader, act: Act) -> bool:
    """Whether the reader may do it for all systems at once."""
    return bool(roles_granting(reader.actor, act) & MARAC_WIDE)


@router.post("/writing/stop")
def stop(reader: Posting, system: Annotated[str, Form(max_length=200)]) -> Response:
    """Stop writing to one system, or to all."""
    reader.do(lambda work: stopping.stop(work, reader.actor, SystemKey(system)))
    return reader.back_to("/writing", "writing_stopped")


@router.post("/writing/restart")
def restart(reader: Posting, system: Annotated[str, Form(max_length=200)]) -> Response:
    """Ask for the restart, or confirm it."""
    waits = reader.do(lambda work: stopping.restart(work, reader.actor, SystemKey(system)))
    return reader.back_to("/writing", "restart_asked" if waits else "writing_restarted")


@router.post("/writing/signature")
def sign(reader: Posting, system: Annotated[str, Form(max_length=200)], output: Annotated[Output, Form()]) -> Response:
    """Sign that one looked at an output that only people can look at."""
    check = reader.do(lambda work: probing.sign(work, reader.actor, SystemKey(system), output))
    return reader.back_to("/writing", "countersigned" if check.whole else "signed")
