"""One line of an explanation for each way a field can compare: sentences for people, without any value."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.domain.lookup import Agreement, FieldComparison

_A, _N, _D, _M, _H = Agreement.AGREES, Agreement.NEAR, Agreement.DIFFERS, Agreement.MISSING, Agreement.HIDDEN

_LINES: Mapping[str, tuple[tuple[str, Agreement, str], ...]] = {
    "given_name": (
        ("same", _A, "The given name is the same."),
        ("near", _N, "The given name is shortened, or a keystroke apart."),
        ("swapped", _N, "Given name and family name are swapped."),
        ("differs", _D, "The given name is another."),
        ("missing", _M, "There is no given name to compare."),
        ("hidden", _H, "The given name is hidden by the system."),
    ),
    "family_name": (
        ("same", _A, "The family name is the same."),
        ("near", _N, "The family name is a keystroke apart, or one part of a joined name is the same."),
        ("swapped", _N, "Family name and given name are swapped."),
        ("differs", _D, "The family name is another."),
        ("missing", _M, "There is no family name to compare."),
        ("hidden", _H, "The family name is hidden by the system."),
    ),
    "middle_name": (
        ("same", _A, "A middle name is the same."),
        ("differs", _D, "The middle names are others."),
    ),
    "birth_date": (
        ("same", _A, "The date of birth is the same."),
        ("swapped", _N, "Day and month of birth are swapped."),
        ("one_part", _N, "The date of birth differs in one part."),
        ("partial", _N, "The date of birth agrees as far as it is known."),
        ("differs", _D, "The date of birth is another."),
        ("generation", _D, "The dates of birth are more than twelve years apart."),
        ("missing", _M, "There is no date of birth to compare."),
        ("hidden", _H, "The date of birth is hidden by the system."),
    ),
    "sex": (
        ("same", _A, "The recorded sex is the same."),
        ("differs", _D, "The recorded sex is another."),
    ),
    "nhs_number": (
        ("same", _A, "The NHS number is the same."),
        ("differs", _D, "The NHS number is another."),
        ("missing", _M, "There is no NHS number to compare."),
        ("hidden", _H, "The NHS number is hidden by the system."),
    ),
    "agency_number": (
        ("same", _A, "The agency's own number is the same."),
        ("differs", _D, "The agency's own number is another."),
    ),
    "address": (
        ("same", _A, "House number and postcode of an address are the same."),
        ("street", _N, "The postcode is the same, the house number is not."),
        ("differs", _D, "No address is the same."),
        ("missing", _M, "There is no address to compare."),
        ("hidden", _H, "The address is hidden by the system."),
    ),
    "phone": (
        ("same", _A, "A telephone number is the same."),
        ("differs", _D, "No telephone number is the same."),
        ("missing", _M, "There is no telephone number to compare."),
    ),
}

LINES: Mapping[str, Mapping[str, FieldComparison]] = MappingProxyType(
    {
        field: MappingProxyType({way: FieldComparison(field, agreement, sentence) for way, agreement, sentence in ways})
        for field, ways in _LINES.items()
    }
)
"""Field, then way of comparing, to the line that is shown. Made once, as they hold nothing of anybody."""
