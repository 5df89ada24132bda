"""Proof and stop."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from gateway.api.schemas.base import Schema
from gateway.domain.proofs import HandCheck, WriteStop
from gateway.domain.register import Output
from gateway.services.probing import SystemProof


class SystemOut(Schema):
    """One record system. ``state`` is ``look-up only`` where the gateway never writes alerts."""

    system: str
    state: str
    until: date | None
    lacks: list[str]
    to_sign: list[str]
    probed_at: datetime | None
    stopped: bool

    @classmethod
    def of(cls, found: SystemProof) -> SystemOut:
        """From the overview."""
        proof = found.proof
        return cls(
            system=found.system.key, state=proof.state.value if found.written_to else "look-up only", until=proof.until,
            lacks=[lack.value for lack in proof.lacks] if found.written_to else [],
            to_sign=[output.value for output in proof.to_sign] if found.written_to else [], probed_at=proof.probed_at,
            stopped=found.stop is not None,
        )  # fmt: skip


class StopIn(Schema):
    """Which system, as ``<agency>/<system>``; ``*`` for all."""

    system: Annotated[str, Field(min_length=1, max_length=200)]


class StopOut(Schema):
    """A stop. ``restart_asked`` is true while a second person must confirm the restart."""

    system: str
    stopped: bool
    reason: str
    since: datetime
    restart_asked: bool

    @classmethod
    def of(cls, stop: WriteStop, *, stopped: bool = True) -> StopOut:
        """From the stop as it is, or as it was."""
        asked = stopped and stop.restart_by is not None
        return cls(system=stop.system, stopped=stopped, reason=stop.reason, since=stop.stopped_at, restart_asked=asked)


class SignatureIn(Schema):
    """Which output of which system."""

    system: Annotated[str, Field(min_length=1, max_length=200)]
    output: Output


class SignatureOut(Schema):
    """A signature; ``whole`` once two people signed."""

    system: str
    output: str
    whole: bool
    expires_on: date

    @classmethod
    def of(cls, check: HandCheck) -> SignatureOut:
        """From the check."""
        return cls(system=check.system, output=check.output.value, whole=check.whole, expires_on=check.expires_on)
