"""Identifiers of people, places and organisations; those of people never show their value.

Opaque ids of our own things are UUIDs under distinct ``NewType`` names; identifiers of the field are small sealed values
with the check that the issuing body publishes.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from operator import mul
from typing import NewType
from uuid import UUID

from gateway.domain.errors import Code, InvalidInput
from gateway.domain.sealed import Sealed

CaseListId = NewType("CaseListId", UUID)
CaseId = NewType("CaseId", UUID)
SubjectId = NewType("SubjectId", UUID)
LookupId = NewType("LookupId", UUID)
HitId = NewType("HitId", UUID)
FlagId = NewType("FlagId", UUID)
ActionId = NewType("ActionId", UUID)
TaskId = NewType("TaskId", UUID)
MessageId = NewType("MessageId", UUID)
MaracId = NewType("MaracId", str)
AgencyId = NewType("AgencyId", str)
"""Folder name of the agency's agreement, e.g. ``northmoor-nhs-trust``: lower case, digits, hyphens."""
SystemKey = NewType("SystemKey", str)
"""``<agency id>/<system name>``: one record system of one agency; also its outbox lane."""
UserId = NewType("UserId", str)
"""The person behind the account, as the identity provider names them (``sub``); never a display name."""


_TEN_DIGITS = re.compile(r"[0-9]{10}")
_WEIGHTS = range(10, 1, -1)


def _modulus_11(digits: str) -> bool:
    """Weights 10..2 over nine digits, 11 minus the remainder; 11 is written 0 and 10 is never issued (NHS Data Dictionary)."""
    check: int = 11 - sum(map(mul, map(int, digits[:9]), _WEIGHTS)) % 11
    return check != 10 and check % 11 == int(digits[9])


@dataclass(frozen=True, slots=True, repr=False)
class NhsNumber(Sealed):
    """Ten digits with a valid Modulus 11 check digit. Valid does not mean issued, nor the right person.

    Raises ``InvalidInput`` with ``NHS_NUMBER_LENGTH``, ``NHS_NUMBER_REPEATED`` or ``NHS_NUMBER_CHECK_DIGIT``.
    """

    value: str

    def __post_init__(self) -> None:
        if not _TEN_DIGITS.fullmatch(self.value):
            raise InvalidInput(Code.NHS_NUMBER_LENGTH)
        if len(set(self.value)) == 1:
            raise InvalidInput(Code.NHS_NUMBER_REPEATED)
        if not _modulus_11(self.value):
            raise InvalidInput(Code.NHS_NUMBER_CHECK_DIGIT)

    @classmethod
    def parse(cls, text: str) -> NhsNumber:
        """Read as people write it: spaces and hyphens between the digits are allowed, nothing is repaired."""
        return cls(re.sub(r"[\s\-]", "", text))


@dataclass(frozen=True, slots=True, repr=False)
class ChiNumber(Sealed):
    """Scottish Community Health Index number: ten digits, a day of birth first (ddmmyy, in some century), the same Modulus 11 check."""

    value: str

    def __post_init__(self) -> None:
        if not _TEN_DIGITS.fullmatch(self.value) or not _modulus_11(self.value) or not _a_day(self.value[:6]):
            raise InvalidInput(Code.CHI_NUMBER_INVALID)


def _a_day(ddmmyy: str) -> bool:
    """Whether there was such a day in the nineteen hundreds or the two thousands."""
    day, month, year = int(ddmmyy[:2]), int(ddmmyy[2:4]), int(ddmmyy[4:])
    return 1 <= month <= 12 and 1 <= day <= max(monthrange(century + year, month)[1] for century in (1900, 2000))


_PNC_LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"


@dataclass(frozen=True, slots=True, repr=False)
class PncId(Sealed):
    """Police National Computer id, ``YYYY/NNNNNNNL``; the letter is (year digits and serial) modulo 23."""

    value: str

    def __post_init__(self) -> None:
        match = re.fullmatch(r"([0-9]{4})/([0-9]{7})([A-Z])", self.value)
        if not match or _PNC_LETTERS[int(match[1][2:] + match[2]) % 23] != match[3]:
            raise InvalidInput(Code.PNC_ID_INVALID)


@dataclass(frozen=True, slots=True, repr=False)
class Uprn(Sealed):
    """Unique Property Reference Number: up to twelve digits, no leading zeros, no check digit."""

    value: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[1-9][0-9]{0,11}", self.value):
            raise InvalidInput(Code.UPRN_INVALID)


@dataclass(frozen=True, slots=True, repr=False)
class LocalIdentifier(Sealed):
    """An identifier that one agency issued: ``system`` is that agency's own name for the scheme."""

    system: str
    value: str
