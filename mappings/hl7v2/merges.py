"""HL7 v2 messages that say that records were merged, linked or taken apart: which records they speak of (2.5 chapter 3.3).

What happened exactly is for a person to find out; here is only whose alerts must be looked at. Local use: read from a file or a request,
one message after another; nothing is answered and nothing is applied.
"""

from __future__ import annotations

from collections.abc import Iterator

from mappings.hl7v2.er7 import Message, Segment, Unreadable, read

MERGES = frozenset({"A18", "A24", "A30", "A34", "A35", "A36", "A37", "A39", "A40", "A41", "A42", "A43", "A44", "A45", "A46", "A47", "A48", "A49", "A50", "A51"})
"""Events of merging, moving, changing of numbers, linking and unlinking."""


def read_merges(content: bytes) -> tuple[frozenset[str], int]:
    """The numbers of every record that the messages of merging speak of, and how many messages could not be read. Messages of other events
    are passed over; each begins with MSH."""
    found: set[str] = set()
    unreadable = 0
    for raw in _messages(content):
        try:
            message = read(raw, "UTF-8")
            found |= _records(message) if message.header.text(9, 2) in MERGES else set()
        except Unreadable:
            unreadable += 1
    return frozenset(found), unreadable


def _messages(content: bytes) -> Iterator[bytes]:
    """Whatever ends their lines and frames them, as files and engines write them."""
    plain = content.replace(b"\x0b", b"").replace(b"\x1c", b"\r").replace(b"\r\n", b"\r").replace(b"\n", b"\r")
    for part in plain.split(b"\rMSH|") if plain.lstrip(b"\r").startswith(b"MSH|") else ():
        whole = part.strip(b"\r")
        if whole:
            yield (whole if whole.startswith(b"MSH|") else b"MSH|" + whole) + b"\r"


def _records(message: Message) -> set[str]:
    """Numbers in PID-3 and MRG-1, in every repetition."""
    return {number for name, field in (("PID", 3), ("MRG", 1)) for segment in message.every(name) for number in _numbers(segment, field)}


def _numbers(segment: Segment, field: int) -> set[str]:
    return {value.text(1) for value in segment.values(field) if value.text(1)}
