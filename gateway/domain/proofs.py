"""Proof that a record system keeps an alert from everybody but its staff: one probe, the signatures of those who looked by hand, and
what the two come to. Nothing here names anybody: test people by their part, outputs by name, what was seen by its hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from gateway.domain.identifiers import SystemKey, UserId
from gateway.domain.register import Canary, Output


class ProofState(StrEnum):
    """Only in the first two does the gateway write to a system."""

    PROVEN = "proven"
    PROVEN_WITH_MANUAL = "proven_with_manual"
    """Proven, and for outputs that no machine can look at by the signatures of two people."""
    FAILED = "failed"
    STALE = "stale"
    """Too old, or of another release of the system, or of another register, or a signature has run out or is missing."""
    NOT_PROBED = "not_probed"

    @property
    def lets_write(self) -> bool:
        """Whether alerts may be written."""
        return self in (ProofState.PROVEN, ProofState.PROVEN_WITH_MANUAL)


class Seen(StrEnum):
    """What the probe found of one address for one test person."""

    SAME = "same"
    """The same bytes before the alert, while it stood and after it was removed; or, of the staff's view, a change, as it must be."""
    CHANGED = "changed"
    """Different while the alert stood: somebody else than staff could tell."""
    LEFT_TRACE = "left_trace"
    """Different after the alert was removed."""
    RESTLESS = "restless"
    """Different though nothing was done: it proves nothing either way."""
    UNREADABLE = "unreadable"
    """It could not be had, or is not shown to be this record's."""
    VACUOUS = "vacuous"
    """The staff's view did not change: the alert never stood there, so nothing else is proved by it."""
    NOT_PLACED = "not_placed"
    """The connector itself did not find the alert placed as it should be."""
    NOT_REMOVED = "not_removed"
    """The alert could not be taken off the test person's record; somebody has to."""

    @property
    def good(self) -> bool:
        """Whether it stands for the system."""
        return self is Seen.SAME


@dataclass(frozen=True, slots=True)
class Observation:
    """One address (its place in the register's list) looked at for one test person. ``hashes``: SHA-256 before, before again, while the
    alert stood, and after it was removed; "" where nothing could be had. ``code`` says more of a finding that has a code."""

    output: Output
    canary: Canary
    place: int
    seen: Seen
    hashes: tuple[str, ...] = ()
    code: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """One probe of one system. ``register_digest`` and ``system_version`` are those it was made under."""

    id: UUID
    system: SystemKey
    register_digest: str
    system_version: str
    began_at: datetime
    ended_at: datetime
    by: UserId
    observations: tuple[Observation, ...]

    @property
    def passed(self) -> bool:
        """Whether everything that was looked at stands for the system."""
        return bool(self.observations) and all(one.seen.good for one in self.observations)

    @property
    def failures(self) -> tuple[Observation, ...]:
        """What does not."""
        return tuple(one for one in self.observations if not one.seen.good)


@dataclass(frozen=True, slots=True)
class HandCheck:
    """Somebody looked at an output that no machine can look at, and signs that it shows no alert; somebody else signs that they saw it
    too. It holds for one release of the system, until ``expires_on``."""

    id: UUID
    system: SystemKey
    output: Output
    register_digest: str
    system_version: str
    signed_by: UserId
    signed_at: datetime
    expires_on: date
    second_by: UserId | None = None
    second_at: datetime | None = None

    @property
    def whole(self) -> bool:
        """Whether two people signed."""
        return self.second_by is not None


class Lack(StrEnum):
    """Why a system is not proven."""

    NEVER_PROBED = "never_probed"
    REGISTER_MISSING = "register_missing"
    REGISTER_INCOMPLETE = "register_incomplete"
    REGISTER_OVERDUE = "register_overdue"
    PROBE_FAILED = "probe_failed"
    TOO_OLD = "too_old"
    REGISTER_CHANGED = "register_changed"
    VERSION_CHANGED = "version_changed"
    NOT_SIGNED = "not_signed"


@dataclass(frozen=True, slots=True)
class Proof:
    """What the last probe and the signatures come to at one moment. ``until`` is the last day of a proof that holds."""

    system: SystemKey
    state: ProofState
    lacks: tuple[Lack, ...] = ()
    until: date | None = None
    probed_at: datetime | None = None
    to_sign: tuple[Output, ...] = ()
    """Outputs that two people still have to look at and sign for."""


@dataclass(frozen=True, slots=True)
class WriteStop:
    """Nothing is written to one system, or to any (``EVERYWHERE``), until two people restart it. ``reason`` is a code."""

    id: UUID
    system: SystemKey
    reason: str
    stopped_by: UserId
    stopped_at: datetime
    restart_by: UserId | None = None
    restart_at: datetime | None = None
    """Who asked for the restart; somebody else confirms it."""


EVERYWHERE = SystemKey("*")
