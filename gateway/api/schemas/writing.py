"""Proof and stop."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from gateway.api.schemas.base import Schema
from gateway.domain.proofs import HandCheck, WriteStop
from gateway.domain.register import Output
from gateway.services.flag_recall import Place
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
    """A stop, or that there is none any more (``stopped`` false, ``since`` now). ``restart_asked``: a second person must confirm."""

    system: str
    stopped: bool
    reason: str
    since: datetime
    restart_asked: bool

    @classmethod
    def of(cls, stop: WriteStop) -> StopOut:
        """From a stop in force."""
        return cls(system=stop.system, stopped=True, reason=stop.reason, since=stop.stopped_at, restart_asked=stop.restart_by is not None)


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


class PlaceOfAlertOut(Schema):
    """One place that an alert went to. ``proved`` is whether it is known to be gone: by reading back, or by a person's receipt."""

    alert: UUID
    agency: str
    system: str
    state: str
    went_at: datetime | None
    gone_at: datetime | None
    known_by: str
    open_task: bool
    proved: bool

    @classmethod
    def of(cls, place: Place) -> PlaceOfAlertOut:
        """From the proof."""
        return cls(
            alert=place.flag_id, agency=place.agency_id, system=place.system, state=place.state.value, went_at=place.went_at,
            gone_at=place.gone_at, known_by=place.by, open_task=place.open_task, proved=place.proved,
        )  # fmt: skip


class MergeIn(Schema):
    """Records of one system that were merged, linked or taken apart: their numbers there, survivors and others."""

    system: Annotated[str, Field(min_length=1, max_length=200)]
    records: Annotated[list[Annotated[str, Field(min_length=1, max_length=100)]], Field(min_length=1, max_length=1000)]
