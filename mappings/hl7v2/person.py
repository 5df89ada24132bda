"""A person as PID and PD1 carry them, read into a candidate. What cannot be read is left out; what is hidden is said to be hidden."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.domain.case_list import Address, BirthDate, PersonName, Phone, Sex
from gateway.domain.errors import InvalidInput
from gateway.domain.identifiers import LocalIdentifier, NhsNumber
from gateway.domain.lookup import Candidate
from mappings.hl7v2.er7 import Segment, Value
from mappings.hl7v2.profile import Profile

_SEXES = {"F": Sex.FEMALE, "M": Sex.MALE, "O": Sex.OTHER, "A": Sex.OTHER}
_FORMER_NAMES = frozenset({"M", "A", "N", "S"})
"""XPN-7 (table 0200): maiden, alias, nickname, coded; they follow the legal name."""
_NO_TELEPHONE = frozenset({"Internet", "X.400"})


def read_person(group: Sequence[Segment], profile: Profile) -> Candidate | None:
    """The candidate in one group of segments that starts with PID; None when it has no number by which to name the record."""
    pid = group[0]
    numbers = _Numbers(pid.values(3), profile)
    if not numbers.record_id:
        return None
    return Candidate(
        record_id=numbers.record_id,
        names=_names([*pid.values(5), *pid.values(9)]),
        birth_dates=_birth_dates(pid.text(7)),
        sex=_SEXES.get(pid.text(8)),
        nhs_number=numbers.nhs_number,
        identifiers=tuple(numbers.local),
        addresses=tuple(_address(value) for value in pid.values(11)),
        phones=_phones([*pid.values(13), *pid.values(14)]),
        restricted=_is_restricted(group),
        deceased=pid.text(30) == "Y" or bool(pid.text(29)),
    )


class _Numbers:
    """PID-3 sorted: the NHS number, the system's own number for the record, and all that are not the NHS number."""

    def __init__(self, values: Iterable[Value], profile: Profile) -> None:
        self.nhs_number: NhsNumber | None = None
        self.local: list[LocalIdentifier] = []
        own = ""
        for value in values:
            number, namespace, oid = value.text(1), value.text(4), value.text(4, 2)
            if not number:
                continue
            if _is_nhs(namespace, oid, value.text(5), profile) and (nhs_number := _nhs_number(number)):
                self.nhs_number = self.nhs_number or nhs_number
                continue
            self.local.append(LocalIdentifier(namespace or oid, number))
            if not own and _is_own(namespace, oid, profile):
                own = number
        self.record_id = own or (self.nhs_number.value if self.nhs_number else "")


def _is_nhs(namespace: str, oid: str, kind: str, profile: Profile) -> bool:
    if namespace or oid:
        return namespace == profile.nhs_number_authority or oid == profile.nhs_number_oid
    return kind == "NH"


def _is_own(namespace: str, oid: str, profile: Profile) -> bool:
    if not profile.own_authority and not profile.own_oid:
        return True
    return bool(namespace and namespace == profile.own_authority) or bool(oid and oid == profile.own_oid)


def _nhs_number(text: str) -> NhsNumber | None:
    """None for a number that fails its check: it is then kept as any other number, and proves nothing."""
    try:
        return NhsNumber(text) if text.isdecimal() else NhsNumber.parse(text)
    except InvalidInput:
        return None


def _names(values: Iterable[Value]) -> tuple[PersonName, ...]:
    """Names in order, the legal one first, each once."""
    names: dict[PersonName, bool] = {}
    for value in values:
        family, given = value.text(1), value.text(2)
        if family or given:
            names.setdefault(PersonName(family, given, tuple(value.text(3).split())), value.text(7) in _FORMER_NAMES)
    if len(names) < 2:
        return tuple(names)
    return tuple(sorted(names, key=names.__getitem__))


def _birth_dates(text: str) -> tuple[BirthDate, ...]:
    """TS to the year, month or day; none when it is not a date that exists."""
    digits = text[:8]
    if not (digits.isascii() and digits.isdecimal() and len(digits) in (4, 6, 8)):
        return ()
    try:
        return (BirthDate.from_iso("-".join(part for part in (digits[:4], digits[4:6], digits[6:8]) if part)),)
    except ValueError:
        return ()


def _address(value: Value) -> Address:
    """XAD; XAD-7 BA (bad) or an end in XAD-14 mark an address that is not current."""
    lines = tuple(line for line in (value.text(1), value.text(2), value.text(3), value.text(4)) if line)
    return Address(lines, value.text(5) or None, current=value.text(7) != "BA" and not value.text(14))


def _phones(values: Iterable[Value]) -> tuple[Phone, ...]:
    """XTN, wherever the sender put the number: as written (12), in one piece (1), or in parts (5 to 7). The system does not say whether
    it is safe to call."""
    numbers = {
        value.text(12) or value.text(1) or "".join((value.text(5), value.text(6), value.text(7))): None
        for value in values
        if value.text(3) not in _NO_TELEPHONE
    }
    return tuple(Phone(number) for number in numbers if number)


def _is_restricted(group: Sequence[Segment]) -> bool:
    """PD1-12 (protection indicator), or an access restriction segment (ARV, v2.6 and later): part of the record may be missing."""
    return any(s.name == "ARV" or (s.name == "PD1" and s.text(12) == "Y") for s in group)
