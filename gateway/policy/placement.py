"""May this alert stand on this record, seen by whom? Per channel, not per person: the question is who can see the place.

What cannot be proved safe is not written: the gateway writes only to a system that hides alerts and lets hiding be checked from the
subject's side. Everything else becomes a task for a person, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from gateway.domain.agreements import AlertReach, Capability, Purpose, RecordSystem, SharingAgreement
from gateway.domain.case_list import Role
from gateway.domain.errors import Code
from gateway.domain.flags import ALERT_TEXT
from gateway.domain.lookup import Candidate, Lookup
from gateway.domain.proofs import ProofState
from gateway.domain.sealed import Sealed
from gateway.policy import disclosure


class Verdict(StrEnum):
    """``PLACE``: the gateway writes it. ``BY_HAND``: the representative does, with the words. ``HELD``: a person must decide first;
    no alert meanwhile. ``NONE``: no alert."""

    PLACE = "place"
    BY_HAND = "by_hand"
    HELD = "held"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Placement:
    """The verdict and every reason for it, the deciding one first."""

    verdict: Verdict
    findings: tuple[Code, ...] = ()

    @property
    def reason(self) -> Code | None:
        """The deciding finding; None when nothing stands against it."""
        return self.findings[0] if self.findings else None

    @property
    def allowed(self) -> bool:
        """Whether an alert may be proposed and approved at all."""
        return self.verdict in (Verdict.PLACE, Verdict.BY_HAND)


@dataclass(frozen=True, slots=True, repr=False)
class Situation(Sealed):
    """Everything that the verdict hangs on. ``roles_ever``: every role of the same person, or of the same record, in this or any
    earlier list. ``shared``: whether another person of the case is linked to the same record. ``current``: still on the list. ``held``:
    the newest issue keeps the person out. ``parts_decided``: a person decided that the alert may go on though there are several roles.
    ``proof``: what the system's last probe came to."""

    role: Role
    roles_ever: frozenset[Role]
    lookup: Lookup
    agreement: SharingAgreement | None
    system: RecordSystem | None
    today: date
    shared: bool = False
    current: bool = True
    held: bool = False
    parts_decided: bool = False
    proof: ProofState = ProofState.PROVEN


_ORDER = (Verdict.NONE, Verdict.HELD, Verdict.BY_HAND, Verdict.PLACE)
"""From the strongest: one finding of a stronger kind decides."""


def check(situation: Situation) -> Placement:
    """The verdict on one alert at one record system."""
    found = list(_findings(situation))
    verdict = min((v for v, _ in found), key=_ORDER.index, default=Verdict.PLACE)
    return Placement(verdict, tuple(code for _, code in sorted(found, key=lambda f: _ORDER.index(f[0]))))


def _findings(situation: Situation) -> Iterator[tuple[Verdict, Code]]:
    yield from _about_the_person(situation)
    yield from _about_the_record(situation.lookup.record, situation)
    yield from _about_the_system(situation)


def _about_the_person(situation: Situation) -> Iterator[tuple[Verdict, Code]]:
    role = situation.role
    if role is Role.CHILD:
        yield Verdict.NONE, Code.CHILD_RECORDS_NOT_FLAGGED
    elif role not in ALERT_TEXT:
        yield Verdict.NONE, Code.ROLE_NOT_FLAGGED
    if not situation.current:
        yield Verdict.NONE, Code.SUBJECT_WITHDRAWN
    if situation.held:
        yield Verdict.HELD, Code.HELD_ON_LIST
    if len(situation.roles_ever | {role}) > 1 and not situation.parts_decided:
        yield Verdict.HELD, Code.BOTH_ROLES
    withheld = disclosure.withheld_by(situation.agreement, Purpose.FLAG, situation.today, role)
    if withheld:
        yield Verdict.NONE, withheld
    if role is Role.PERPETRATOR and situation.agreement and not situation.agreement.perpetrator_flags:
        yield Verdict.NONE, Code.PERPETRATOR_FLAGS_OFF


def _about_the_record(record: Candidate | None, situation: Situation) -> Iterator[tuple[Verdict, Code]]:
    if record is None:
        yield Verdict.NONE, Code.MATCH_NOT_SETTLED
        return
    if situation.shared:
        yield Verdict.HELD, Code.MATCH_OF_ANOTHER
    for wrong, code in (
        (record.restricted, Code.RESTRICTED),
        (record.deceased, Code.DECEASED),
        (record.superseded_by is not None, Code.SUPERSEDED),
    ):
        if wrong:
            yield Verdict.HELD, code
    if record.open_to_service is False:
        yield Verdict.NONE, Code.NOT_OPEN_TO_SERVICE


_WIDER: Mapping[AlertReach, tuple[Verdict, Code]] = MappingProxyType({
    AlertReach.HOUSEHOLD: (Verdict.BY_HAND, Code.ALERT_ON_HOUSEHOLD),
    AlertReach.TENANCY: (Verdict.BY_HAND, Code.ALERT_ON_TENANCY),
    AlertReach.GENERAL_PRACTICE: (Verdict.NONE, Code.ALERT_IN_PRACTICE_RECORD),
    AlertReach.SHARED_RECORD: (Verdict.NONE, Code.ALERT_IN_SHARED_RECORD),
    AlertReach.BROADCAST: (Verdict.NONE, Code.ALERT_IS_BROADCAST),
})  # fmt: skip
"""Places wider than one person: the gateway never writes there. Into a landlord's system a person may, where they know a narrower place."""

_PROVES_HIDING = frozenset({Capability.HIDDEN_FLAG, Capability.SUBJECT_VIEW})


def _about_the_system(situation: Situation) -> Iterator[tuple[Verdict, Code]]:
    """Where the gateway writes, the system must hide, show that it hides, hold every letter, and have said that the person is open.

    Where the representative writes by hand, "not known whether open" is theirs to look up first, and does not hold the task back. On an
    alleged perpetrator's record nobody writes, by hand or not, unless the system is proven.
    """
    system, record = situation.system, situation.lookup.record
    if system is not None and system.alerts_stand_on in _WIDER:
        yield _WIDER[system.alerts_stand_on]
    hides = system is not None and system.capabilities >= _PROVES_HIDING
    if situation.role is Role.PERPETRATOR and not (hides and situation.proof.lets_write):
        yield Verdict.NONE, Code.PERPETRATOR_NEEDS_PROOF
    if system is None or not hides:
        yield Verdict.BY_HAND, Code.SYSTEM_CANNOT_HIDE
        if record is not None and record.open_to_service is None:
            yield Verdict.BY_HAND, Code.OPEN_TO_SERVICE_UNKNOWN
        return
    if situation.proof is ProofState.FAILED:
        yield Verdict.HELD, Code.PROBE_FAILED  # nobody types into a place that was seen to show alerts
    elif not situation.proof.lets_write:
        yield Verdict.BY_HAND, Code.SYSTEM_NOT_PROVEN
    if 0 < system.limits.max_flag_text < len(ALERT_TEXT.get(situation.role, "")):
        yield Verdict.BY_HAND, Code.FIELD_TOO_SHORT
    if record is not None and record.open_to_service is None:
        yield Verdict.HELD, Code.OPEN_TO_SERVICE_UNKNOWN
