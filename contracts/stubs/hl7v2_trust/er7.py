"""ER7, the text form of HL7 v2 (2.5 chapter 2): reading what arrives, writing what leaves. Only what the profile needs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

CHARACTER_SETS = {"": "ascii", "ASCII": "ascii", "8859/1": "latin-1", "UNICODE UTF-8": "utf-8"}
"""MSH-18 (table 0211) to Python's name."""

Field = str | Sequence["Field"] | None
"""A field as it is built: text, or a list of repetitions, of components or of subcomponents (see ``write``)."""

_ESCAPES = str.maketrans(
    {"|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\\": "\\E\\", "\r": "\\.br\\", "\n": "\\.br\\"}
)
_MEANINGS = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\", ".br": "\r"}
_SEPARATORS = ("~", "^", "&")


class Refused(Exception):
    """Why a message is not answered as asked: table 0357 code and the place at fault (ERR-2). Carries no value."""

    def __init__(self, code: str, place: str = "", *, outright: bool = True) -> None:
        """``outright``: the message itself is refused (AR, CR); else its content is in error (AE)."""
        super().__init__(code)
        self.code, self.place, self.outright = code, place, outright


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment; fields stay in ER7 until somebody asks for a component."""

    name: str
    fields: tuple[str, ...]
    """Index 0 is the name; index n is field n. For MSH index 1 is the separator itself."""

    def field(self, number: int) -> str:
        """The field in ER7, '' when absent."""
        return self.fields[number] if number < len(self.fields) else ""

    def repetitions(self, number: int) -> list[str]:
        """The repetitions of a field in ER7; none for an empty field."""
        return [part for part in self.field(number).split("~") if part]

    def component(self, number: int, component: int = 1) -> str:
        """One component of the first repetition, as text."""
        return component_of(self.field(number).split("~", 1)[0], component)


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it arrived, or the header of one."""

    segments: tuple[Segment, ...]

    @property
    def header(self) -> Segment:
        """MSH."""
        return self.segments[0]

    def find(self, name: str) -> Segment | None:
        """The first segment of this name."""
        return next((segment for segment in self.segments if segment.name == name), None)

    def every(self, name: str) -> list[Segment]:
        """All segments of this name, in order."""
        return [segment for segment in self.segments if segment.name == name]

    @property
    def control_id(self) -> str:
        """MSH-10."""
        return self.header.component(10)

    @property
    def event(self) -> str:
        """MSH-9.2, the trigger event."""
        return self.header.component(9, 2)


def read(raw: bytes) -> Message:
    """Read a message. Raises Refused 100 or 102 (not HL7, wrong separators, wrong character set)."""
    if not raw.startswith(b"MSH|^~\\&|"):
        raise Refused("102" if raw.startswith(b"MSH") else "100", "MSH^1")
    if b"\n" in raw:
        raise Refused("100", "MSH^1")
    text = raw.decode(_character_set(raw))
    lines = [line for line in text.split("\r") if line]
    if any(not re.match(r"[A-Z][A-Z0-9]{2}(\||$)", line) for line in lines):
        raise Refused("100")
    return Message(tuple(_segment(line) for line in lines))


def read_header(raw: bytes) -> Message | None:
    """MSH alone, read as far as possible, so that a refusal can name the message; None when it is not HL7 at all."""
    line = raw.split(b"\r", 1)[0]
    if not line.startswith(b"MSH|"):
        return None
    return Message((_segment(line.decode("latin-1")),))


def component_of(repetition: str, component: int, subcomponent: int = 0) -> str:
    """A component (first subcomponent unless told), unescaped; '' when absent."""
    parts = repetition.split("^")
    if component > len(parts):
        return ""
    subs = parts[component - 1].split("&")
    wanted = max(subcomponent, 1)
    return unescape(subs[wanted - 1]) if wanted <= len(subs) else ""


def escape(text: str) -> str:
    """Text made safe to stand between separators (2.5 section 2.7)."""
    return text.translate(_ESCAPES)


def unescape(er7: str) -> str:
    """Text out of its escapes; an escape that is not known stays as it is."""
    return re.sub(r"\\([^\\]*)\\", _meaning, er7) if "\\" in er7 else er7


def write(name: str, *fields: Field) -> str:
    """A segment in ER7. A field is text, or a list of repetitions, each text or a list of components, and so on down."""
    body = "|".join([name, *(_level(field, 0) for field in fields)])
    return body.rstrip("|")


def encode(segments: list[str], character_set: str) -> bytes:
    """The message's bytes in the set asked for, or in UTF-8 (and MSH-18 says so) when a letter is not in that set."""
    text = "\r".join(segments) + "\r"
    try:
        return text.encode(CHARACTER_SETS[character_set])
    except UnicodeEncodeError:
        head, _, rest = text.partition("\r")
        fields = head.split("|") + [""] * 18
        fields[17] = "UNICODE UTF-8"
        return f"{'|'.join(fields).rstrip('|')}\r{rest}".encode()


def now() -> str:
    """The time as a TS, in UTC."""
    return datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")


def _character_set(raw: bytes) -> str:
    header = raw.split(b"\r", 1)[0].split(b"|")
    named = header[17].decode("latin-1") if len(header) > 17 else ""
    if named not in CHARACTER_SETS:
        raise Refused("103", "MSH^1^18")
    try:
        raw.decode(CHARACTER_SETS[named])
    except UnicodeDecodeError:
        raise Refused("102", "MSH^1^18") from None
    return CHARACTER_SETS[named]


def _segment(line: str) -> Segment:
    fields = line.split("|")
    return Segment(fields[0], ("MSH", "|", *fields[1:]) if fields[0] == "MSH" else tuple(fields))


def _meaning(found: re.Match[str]) -> str:
    code = found[1]
    if code in _MEANINGS:
        return _MEANINGS[code]
    if re.fullmatch(r"X([0-9A-Fa-f]{2})+", code):
        return bytes.fromhex(code[1:]).decode("latin-1")
    return found[0]


def _level(field: Field, depth: int) -> str:
    if field is None:
        return ""
    if isinstance(field, str):
        return escape(field)
    joined = _SEPARATORS[depth].join(_level(part, depth + 1) for part in field)
    return joined if depth == 0 else joined.rstrip(_SEPARATORS[depth])
