"""ER7, the text form of HL7 v2 (2.5 chapter 2): a lazy reader that keeps every segment, and the escaping of a writer.

Only the lines are split when a message is read; a field, a repetition or a component is split when somebody asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

MAX_SEGMENTS = 20_000
MAX_REPETITIONS = 200
"""More repetitions than this of a field that is read are taken for an attack, not for a person with 200 names."""

_FORBIDDEN = bytes(set(range(0x20)) - set(b"\t\n\r"))
"""NUL, the frame bytes of MLLP and every other control byte that no text of a message needs."""
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}$")
_C1 = re.compile("[\x7f-\x9f]")
_BOM = b"\xef\xbb\xbf"

CHARACTER_SETS = {
    "": "ascii",
    "ASCII": "ascii",
    **{f"8859/{part}": f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
}
"""MSH-18 (table 0211) to Python's name; what is not here is refused, because a name read in the wrong set is a missed match."""


class Problem(StrEnum):
    """Why a text is not a message that can be read."""

    NOT_HL7 = "not_hl7"
    ENCODING_CHARACTERS = "encoding_characters"
    CONTROL_BYTES = "control_bytes"
    CHARACTER_SET = "character_set"
    SEGMENT_NAME = "segment_name"
    SEVERAL_MESSAGES = "several_messages"
    TOO_MANY_SEGMENTS = "too_many_segments"
    TOO_MANY_REPETITIONS = "too_many_repetitions"
    NOT_WRITABLE = "not_writable"
    """A letter is not in the character set that was agreed; nothing is replaced or left out instead."""


class Unreadable(Exception):
    """A message that cannot be read, or not be written in the agreed set. Carries the problem and never a value."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The separator (MSH-1) and the encoding characters (MSH-2) of one message."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"


STANDARD = Delimiters()


class Value:
    """One repetition of a field. ``text`` gives components unescaped; ``""`` (delete this, in HL7) reads as nothing."""

    __slots__ = ("_codec", "_delimiters", "_parts", "_plain")

    def __init__(self, raw: str, delimiters: Delimiters, codec: str) -> None:
        self._parts = raw.split(delimiters.component)
        self._plain = not (delimiters.subcomponent in raw or delimiters.escape in raw or '""' in raw)
        self._delimiters = delimiters
        self._codec = codec

    def text(self, component: int = 1, subcomponent: int = 1) -> str:
        """A component's subcomponent, both counted from 1; "" when absent."""
        if component > len(self._parts):
            return ""
        raw = self._parts[component - 1]
        if not self._plain:
            return self._part(raw, subcomponent)
        return raw if subcomponent == 1 else ""

    def _part(self, raw: str, subcomponent: int) -> str:
        parts = raw.split(self._delimiters.subcomponent)
        if subcomponent > len(parts):
            return ""
        part = parts[subcomponent - 1]
        return "" if part == '""' else unescape(part, self._delimiters, self._codec)


class Segment:
    """One segment, kept as its text. Fields are counted as the standard counts them: MSH-1 is the separator itself."""

    __slots__ = ("_codec", "_delimiters", "_fields", "name", "raw")

    def __init__(self, raw: str, delimiters: Delimiters, codec: str) -> None:
        self.raw = raw
        self.name = raw[:3]
        self._delimiters = delimiters
        self._codec = codec
        self._fields: list[str] | None = None

    @property
    def fields(self) -> list[str]:
        """All fields as raw ER7; index 0 is the name, index n is field n."""
        if self._fields is None:
            fields = self.raw.split(self._delimiters.field)
            if self.name == "MSH":
                fields.insert(1, self._delimiters.field)
            self._fields = fields
        return self._fields

    def field(self, number: int) -> str:
        """A field as raw ER7, "" when absent."""
        fields = self._fields or self.fields
        return fields[number] if number < len(fields) else ""

    def text(self, number: int, component: int = 1, subcomponent: int = 1) -> str:
        """A component of the first repetition of a field."""
        raw = self.field(number)
        if not raw or raw.isalnum():
            # Most codes and numbers have no part and no escape in them.
            return raw if component == subcomponent == 1 else ""
        return Value(raw.split(self._delimiters.repetition, 1)[0], self._delimiters, self._codec).text(component, subcomponent)

    def values(self, number: int) -> list[Value]:
        """The repetitions of a field that hold something. Raises ``Unreadable`` for more than ``MAX_REPETITIONS``."""
        raw = self.field(number)
        if not raw:
            return []
        parts = raw.split(self._delimiters.repetition)
        if len(parts) > MAX_REPETITIONS:
            raise Unreadable(Problem.TOO_MANY_REPETITIONS)
        return [Value(part, self._delimiters, self._codec) for part in parts if part and part != '""']


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """A message as it came, every segment of it, known or not."""

    segments: tuple[Segment, ...]
    delimiters: Delimiters
    codec: str
    """Python's name of the character set that it was read in."""

    @property
    def header(self) -> Segment:
        """MSH."""
        return self.segments[0]

    @property
    def names(self) -> list[str]:
        """The segments' names in order."""
        return [segment.name for segment in self.segments]

    def first(self, name: str) -> Segment | None:
        """The first segment of a name."""
        for segment in self.segments:
            if segment.name == name:
                return segment
        return None

    def every(self, name: str) -> list[Segment]:
        """All segments of a name, in order."""
        return [segment for segment in self.segments if segment.name == name]

    def encode(self) -> bytes:
        """The message again, its segments ended by CR: what was read in that form comes out byte for byte."""
        return "".join(f"{segment.raw}\r" for segment in self.segments).encode(self.codec)


def read(raw: bytes, assumed: str = "ASCII") -> Message:
    """Read one message whose segments end in CR (CRLF and LF are borne). ``assumed``: the set agreed for an empty MSH-18.

    Raises ``Unreadable``. Nothing is dropped and nothing is repaired.
    """
    if raw.startswith(_BOM):
        raw, assumed = raw[len(_BOM) :], "UNICODE UTF-8"
    if not raw.startswith(b"MSH"):
        raise Unreadable(Problem.NOT_HL7)
    if len(raw.translate(None, _FORBIDDEN)) != len(raw):
        raise Unreadable(Problem.CONTROL_BYTES)
    separator = b"\r" if b"\r" in raw else b"\n"
    delimiters, declared = _read_header(raw.split(separator, 1)[0])
    text, codec = _decode(raw, declared, assumed)
    return Message(_segments(text, separator.decode(), delimiters, codec), delimiters, codec)


def _read_header(line: bytes) -> tuple[Delimiters, str]:
    """The encoding characters and MSH-18; latin-1 reads any byte, and both must be ASCII to be of use."""
    header = line.decode("latin-1").rstrip("\n")
    fields = header.split(header[3:4]) if len(header) > 3 else [header]
    declared = fields[17] if len(fields) > 17 else ""
    if header[3:9] == "|^~\\&|":
        return STANDARD, declared
    if len(fields) < 2 or not _usable(header[3] + fields[1]):
        raise Unreadable(Problem.ENCODING_CHARACTERS)
    return Delimiters(header[3], *fields[1][:4]), declared


def _usable(characters: str) -> bool:
    """MSH-1 with MSH-2: five characters (six with the truncation character of 2.7), all different, none a letter, digit or quote."""
    return (
        len(characters) in (5, 6)
        and len(set(characters)) == len(characters)
        and all(" " < c < "\x7f" and not c.isalnum() and c != '"' for c in characters)
    )


def _decode(raw: bytes, declared: str, assumed: str) -> tuple[str, str]:
    codec = CHARACTER_SETS.get(declared or assumed)
    if codec is None:
        raise Unreadable(Problem.CHARACTER_SET)
    if raw.isascii():
        return raw.decode("ascii"), codec
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError:
        raise Unreadable(Problem.CHARACTER_SET) from None
    if _C1.search(text):
        # No name holds such a control character: the bytes are UTF-8 or Windows text under a false flag.
        raise Unreadable(Problem.CHARACTER_SET)
    return text, codec


def _segments(text: str, separator: str, delimiters: Delimiters, codec: str) -> tuple[Segment, ...]:
    lines = text.split(separator)
    if len(lines) > MAX_SEGMENTS:
        raise Unreadable(Problem.TOO_MANY_SEGMENTS)
    segments = tuple(Segment(line, delimiters, codec) for line in (line.strip("\n") for line in lines) if line)
    for segment in segments:
        if not _SEGMENT.match(segment.name) or segment.raw[3:4] not in ("", delimiters.field):
            raise Unreadable(Problem.SEGMENT_NAME)
    if sum(segment.name == "MSH" for segment in segments) != 1:
        raise Unreadable(Problem.SEVERAL_MESSAGES)
    return segments


# Escapes (2.5 section 2.7) -------------------------------------------------------------------------------------------

_ESCAPED = str.maketrans(
    {"|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "\\": "\\E\\", "&": "\\T\\"}
    | {chr(code): f"\\X{code:02X}\\" for code in (*range(0x20), 0x7F)}
)


def escape(text: str) -> str:
    """Text made safe to stand between the standard separators; control characters, CR and LF among them, as ``\\Xhh\\``."""
    return text.translate(_ESCAPED)


def encode(segments: list[str], character_set: str) -> bytes:
    """Segments as the bytes of a message. Raises ``Unreadable(NOT_WRITABLE)`` when a letter is not in the set, or is none."""
    text = "\r".join(segments) + "\r"
    if _C1.search(text):
        raise Unreadable(Problem.NOT_WRITABLE)
    try:
        return text.encode(CHARACTER_SETS[character_set])
    except UnicodeEncodeError:
        raise Unreadable(Problem.NOT_WRITABLE) from None


def unescape(raw: str, delimiters: Delimiters = STANDARD, codec: str = "ascii") -> str:
    """Text out of its escapes; highlighting (``\\H\\``, ``\\N\\``) falls away. One that is not known stays as it is."""
    if delimiters.escape not in raw:
        return raw
    pattern, meaning = _unescaping(delimiters, codec)
    return pattern.sub(meaning, raw)


@cache
def _unescaping(delimiters: Delimiters, codec: str) -> tuple[re.Pattern[str], Callable[[re.Match[str]], str]]:
    mark = re.escape(delimiters.escape)
    meanings = {
        "F": delimiters.field,
        "S": delimiters.component,
        "T": delimiters.subcomponent,
        "R": delimiters.repetition,
        "E": delimiters.escape,
        ".br": "\n",
        "H": "",
        "N": "",
    }

    def meaning(found: re.Match[str]) -> str:
        if (plain := meanings.get(found[1])) is not None:
            return plain
        return _from_hex(found[1][1:], codec) or found[0] if found[1].startswith("X") else found[0]

    return re.compile(f"{mark}([^{mark}]*){mark}"), meaning


def _from_hex(digits: str, codec: str) -> str:
    """The characters of ``\\X..\\``; "" for what is not hexadecimal, not of the set, or a control character other than TAB, LF, CR."""
    try:
        text = bytes.fromhex(digits).decode(codec)
    except (ValueError, UnicodeDecodeError):
        return ""
    return text if all(c >= " " or c in "\t\n\r" for c in text) else ""
