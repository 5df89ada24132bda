"""Whether a message keeps to HL7 v2.5: structure, cardinalities and data types, from tables compiled once of hl7apy's reference.

Only the reference tables of hl7apy are read, at first use and for the segments met; its objects are never built. A finding names a
code and a place, never a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from mappings.hl7v2.er7 import STANDARD, Delimiters, Message, Segment

REPEATABLE = {"QPD_3": -1}
"""IHE ITI-21 repeats QPD-3 (one criterion each); the reference has it once."""
OPTIONAL = frozenset({"QRI"})
"""ITI-21 leaves the confidence to the responder; the reference wants it after each person."""
PARAMETERS = {"QPD": 11}
"""User parameters in successive fields: how many a segment may have beyond those of the reference (IHE uses QPD-8)."""


class Breach(StrEnum):
    """What a message breaks."""

    STRUCTURE = "structure"
    REQUIRED = "required"
    REPEATED = "repeated"
    UNKNOWN_FIELD = "unknown_field"
    UNKNOWN_COMPONENT = "unknown_component"
    DATA_TYPE = "data_type"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach and where: ``PID^1^7`` is field 7 of the first PID, as ERR-2 writes it; a structure breach names no place."""

    breach: Breach
    place: str = ""


@dataclass(frozen=True, slots=True)
class _Type:
    """A data type: of components, or a leaf with a pattern and a greatest length (0: none)."""

    pattern: re.Pattern[str] | None = None
    longest: int = 0
    components: tuple[_Type, ...] = ()
    required: tuple[int, ...] = ()
    free: bool = False
    """The reference says that it varies: nothing is checked."""


_FREE = _Type(free=True)


@dataclass(frozen=True, slots=True)
class _Field:
    most: int
    type: _Type


@dataclass(frozen=True, slots=True)
class _Rules:
    """A segment's fields by number (0 is its name), those that must be there, and for each field a ``sound`` that matches raw text
    between standard delimiters only if nothing in it is a breach; what it does not match is looked at closely."""

    fields: tuple[_Field, ...]
    required: tuple[int, ...]
    sound: tuple[Callable[[str], object], ...]


_MONTH = r"(?:0[1-9]|1[0-2])"
_DAY = r"(?:(?:0[13578]|1[02])(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)(?:0[1-9]|[12]\d|30)|02(?:0[1-9]|[12]\d))"
"""Month and day; 29 February is left to every year."""
_TIME = r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,4})?)?)?"
_ZONE = r"([+-](0\d|1[0-4])[0-5]\d)?"
_LEAVES: Mapping[str, tuple[str, int]] = {
    "ST": ("", 199),
    "FT": ("", 65536),
    "TX": ("", 65536),
    "IS": ("", 20),
    "ID": ("", 0),
    "GTS": ("", 199),
    "NM": (r"[+-]?(\d+(\.\d*)?|\.\d+)", 16),
    "SI": (r"\d+", 4),
    "DT": (rf"\d{{4}}(?:{_MONTH}|{_DAY})?", 0),
    "DTM": (rf"\d{{4}}(?:{_MONTH}|{_DAY}(?:{_TIME})?)?{_ZONE}", 0),
    "TM": (_TIME + _ZONE, 0),
}
"""Pattern and greatest length of each simple type (2.5 chapter 2A; lengths as hl7apy holds them in its strict mode)."""


@cache
def _simple(name: str) -> _Type:
    if name not in _LEAVES:
        return _FREE
    pattern, longest = _LEAVES[name]
    return _Type(re.compile(pattern) if pattern else None, longest)


def _type_of(reference: Any) -> _Type:
    """The type of a field or component, from its entry in the reference (``leaf`` or ``sequence``)."""
    if reference[0] != "sequence":
        return _simple(reference[2])
    return _composite(reference[2])


@cache
def _composite(name: str) -> _Type:
    from hl7apy.v2_5.datatypes import DATATYPES_STRUCTS

    parts = DATATYPES_STRUCTS[name]
    required = tuple(number for number, part in enumerate(parts) if part[2][0] > 0)
    return _Type(components=tuple(_type_of(part[1]) for part in parts), required=required)


@cache
def _fields(name: str) -> _Rules | None:
    """The rules of a segment; None for one that v2.5 does not have (Z segments, later versions)."""
    from hl7apy.v2_5.segments import SEGMENTS

    if name not in SEGMENTS:
        return None
    entries = SEGMENTS[name][1]
    fields = [_Field(1, _FREE)] + [_Field(REPEATABLE.get(field, most), _type_of(ref)) for field, ref, (_, most), _ in entries]
    fields += [_Field(-1, _FREE)] * PARAMETERS.get(name, 0)
    required = tuple(number for number, entry in enumerate(entries, 1) if entry[2][0] > 0)
    return _Rules(tuple(fields), required, tuple(re.compile(_sound_field(field)).fullmatch for field in fields))


def _sound_field(field: _Field) -> str:
    if field.type.free:
        return r"[^|]*"
    one = _sound(field.type, "^&")
    if field.most == 1:
        return one
    return one + (f"(?:~{one})*+" if field.most < 1 else f"(?:~{one}){{0,{field.most - 1}}}+")


def _sound(kind: _Type, separators: str) -> str:
    """A pattern for a repetition (separators ``^&``), a component (``&``) or a subcomponent (none) that breaks nothing."""
    if kind.free:
        return r"[^|~^]*+" if separators == "^&" else r"[^|~^&]*+"
    if not kind.components:
        within = f"(?![^|~^&]{{{kind.longest + 1}}})" if kind.longest else ""
        return within + (f"(?:{kind.pattern.pattern})?" if kind.pattern else "[^|~^&]*+")
    parts = [
        _sound(part, separators[1:]) if number not in kind.required else f"(?=[^|~^&]){_sound(part, separators[1:])}"
        for number, part in enumerate(kind.components)
    ]
    mark = re.escape(separators[0])
    return (
        mark.join(parts[: 1 + max(kind.required, default=0)])
        + "".join(f"(?:{mark}{part}" for part in parts[1 + max(kind.required, default=0) :])
        + ")?" * (len(parts) - 1 - max(kind.required, default=0))
    )


@cache
def _structure(name: str) -> tuple[re.Pattern[str], frozenset[str]] | None:
    """The order of segments as one regular expression over their names, and the names it knows; None for an unknown structure.

    Quantifiers are possessive: reading is linear, whatever comes.
    """
    from hl7apy.v2_5.messages import MESSAGES

    if name not in MESSAGES:
        return None
    vocabulary: set[str] = set()
    return re.compile(_sequence(MESSAGES[name], vocabulary)), frozenset(vocabulary)


def _sequence(reference: Any, vocabulary: set[str]) -> str:
    """A choice stands for one of its members, a sequence for all of them in order."""
    parts = []
    for name, child, (least, most), kind in reference[1]:
        if kind == "SEG":
            vocabulary.add(name)
        inner = f"(?:{name} )" if kind == "SEG" else f"(?:{_sequence(child, vocabulary)})"
        parts.append(inner + _quantifier(0 if name in OPTIONAL else least, most))
    return "(?:" + "|".join(parts) + ")" if reference[0] == "choice" else "".join(parts)


def _quantifier(least: int, most: int) -> str:
    if (least, most) == (1, 1):
        return ""
    return {(0, 1): "?+", (0, -1): "*+", (1, -1): "++"}.get((least, most), f"{{{least},{most if most > 0 else ''}}}+")


def keeps_structure(message: Message, structure: str) -> bool:
    """Whether the segments that the structure knows stand in its order and numbers; others (Z.., later ones) may stand anywhere.

    False for a structure that v2.5 does not have.
    """
    compiled = _structure(structure)
    if compiled is None:
        return False
    pattern, vocabulary = compiled
    return pattern.fullmatch("".join(f"{name} " for name in message.names if name in vocabulary)) is not None


def findings(message: Message, structure: str) -> tuple[Finding, ...]:
    """All breaches of a message; none means that it keeps to the standard as far as the reference tells."""
    found = [] if keeps_structure(message, structure) else [Finding(Breach.STRUCTURE)]
    counted: dict[str, int] = {}
    for segment in message.segments:
        counted[segment.name] = counted.get(segment.name, 0) + 1
        found += _check_segment(segment, f"{segment.name}^{counted[segment.name]}", message.delimiters)
    return tuple(found)


def compile_tables(structure: str, *segments: str) -> None:
    """Does now what the first message of the structure, and its segments, would have to wait for."""
    _structure(structure)
    for name in segments:
        _fields(name)


def lacks_required(segment: Segment) -> bool:
    """Whether a field that the standard requires is empty."""
    rules = _fields(segment.name)
    return rules is not None and not all(segment.field(number) for number in rules.required)


def _check_segment(segment: Segment, place: str, delimiters: Delimiters) -> Iterator[Finding]:
    rules = _fields(segment.name)
    if rules is None:
        return
    fields, standard = segment.fields, delimiters == STANDARD
    for number in rules.required:
        if not segment.field(number):
            yield Finding(Breach.REQUIRED, f"{place}^{number}")
    # MSH-1 and MSH-2 are the delimiters themselves; index 0 is the name.
    first = 3 if segment.name == "MSH" else 1
    for number, raw in enumerate(fields[first:], first):
        if number >= len(rules.fields):
            if raw:
                yield Finding(Breach.UNKNOWN_FIELD, place)
        elif raw and not (standard and rules.sound[number](raw)):
            yield from _check_field(raw, rules.fields[number], f"{place}^{number}", delimiters)


def _check_field(raw: str, rule: _Field, place: str, delimiters: Delimiters) -> Iterator[Finding]:
    if rule.type.free:
        return
    repetitions = raw.split(delimiters.repetition)
    if 0 < rule.most < len(repetitions):
        yield Finding(Breach.REPEATED, place)
    for repetition in repetitions:
        breach = _breach(repetition, rule.type, delimiters.component, delimiters)
        if breach:
            yield Finding(breach, place)


def _breach(raw: str, kind: _Type, separator: str, delimiters: Delimiters) -> Breach | None:
    """The first breach in a field's repetition (split at components) or in a component (split at subcomponents)."""
    if not raw or raw == '""' or kind.free:
        return None
    parts = raw.split(separator)
    if not kind.components:
        return Breach.UNKNOWN_COMPONENT if any(parts[1:]) else _leaf_breach(parts[0], kind)
    if any(parts[len(kind.components) :]):
        return Breach.UNKNOWN_COMPONENT
    if any(number >= len(parts) or not parts[number] for number in kind.required):
        return Breach.REQUIRED
    inner = (_breach(part, type_, delimiters.subcomponent, delimiters) for part, type_ in zip(parts, kind.components, strict=False) if part)
    return next((breach for breach in inner if breach), None)


def _leaf_breach(text: str, kind: _Type) -> Breach | None:
    if kind.pattern and text and not kind.pattern.fullmatch(text):
        return Breach.DATA_TYPE
    return Breach.LENGTH if 0 < kind.longest < len(text) else None
