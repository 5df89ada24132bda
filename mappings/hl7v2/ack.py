"""Acknowledgements, original and enhanced (2.5 section 2.9). They say what became of a message, and never that an alert stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.domain.error_codes import Code
from mappings.hl7v2.er7 import Message, Segment, encode, escape
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.segments import header, join


class AckCode(StrEnum):
    """MSA-1 (table 0008)."""

    AA = "AA"
    AE = "AE"
    AR = "AR"
    CA = "CA"
    CE = "CE"
    CR = "CR"


_PASSING_FAULTS = frozenset({"206", "207"})
"""Table 0357: record locked, application internal error. All others say that the same message will be refused again."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What MSA and ERR of a reply say. ``control_id`` is the MSH-10 that it answers; ``errors`` are ERR-3 codes."""

    code: AckCode
    control_id: str
    errors: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    """ERR-2 of each error: segment, its number, field, as it came."""

    @property
    def failed(self) -> bool:
        """Whether the message was refused or could not be worked on."""
        return self.code not in (AckCode.AA, AckCode.CA)

    @property
    def passing(self) -> bool:
        """Whether the same question may fare better later: a fault of the receiver's own, or a continuation that it has forgotten."""
        forgotten = "204" in self.errors and any(place.startswith("DSC") for place in self.places)
        return self.failed and (forgotten or bool(_PASSING_FAULTS.intersection(self.errors)))

    @property
    def reason(self) -> Code:
        """The reason code of a failure."""
        return Code.AGENCY_FAULT if self.passing else Code.AGENCY_REFUSED


def read_acknowledgement(message: Message) -> Acknowledgement | None:
    """The acknowledgement in any reply; None when there is no MSA, or none of table 0008."""
    msa = message.first("MSA")
    if msa is None or msa.text(1) not in AckCode.__members__:
        return None
    errors = message.every("ERR")
    codes = tuple(code for code in map(_error_code, errors) if code)
    return Acknowledgement(AckCode(msa.text(1)), msa.text(2), codes, tuple(error.field(2) for error in errors))


def answers(message: Message) -> tuple[str, bool]:
    """The control id that a reply answers ("" if none), and whether it is a commit accept: then the message is safe with the receiver,
    and its reply is still to come."""
    msa = message.first("MSA")
    return (msa.text(2), msa.text(1) == AckCode.CA) if msa else ("", False)


def _error_code(error: Segment) -> str:
    """ERR-3, or the code in ERR-1.4 where an older sender put it."""
    return error.text(3) or error.text(1, 4)


def wants_accept(reply: Message) -> bool:
    """Whether the sender of a reply wants an accept acknowledgement for it (MSH-15 always, or on success)."""
    return reply.header.text(15) in ("AL", "SU")


def build_accept(reply: Message, control_id: str, at: datetime, profile: Profile) -> bytes:
    """The commit accept (CA) of a reply that wants one."""
    answered = escape(reply.header.text(10))
    return encode([header("ACK", control_id, at, profile), join("MSA", AckCode.CA, answered)], profile.character_set)
