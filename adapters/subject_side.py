"""The subject's own side of a record: every output that others than staff get, looked at with an alert and without it.

An output proves something only when it is known to be this record's: it must hold the text that the register of outputs names for it.
A sign-in page, an empty body or bytes in another encoding than declared prove nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote

from adapters.faults import Permanent
from adapters.http import HttpReply, Talk
from gateway.domain.error_codes import Code
from gateway.domain.errors import InvalidInput
from gateway.domain.identifiers import NhsNumber

OPTION, CONTROL = "subject_view", "subject_holds"
"""Options of the agreement: ``subject_view<x>`` holds an address (or several, with commas between them) with ``{record_id}``;
``subject_holds<x>`` the text that each of them must hold, ``{record_id}`` unless said."""
_RECORD = "{record_id}"
_ANYTHING: Mapping[str, str] = {"Accept": "*/*"}
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([\w.:+-]+)", re.IGNORECASE)


class Hiding(Enum):
    """What the outputs show about an alert."""

    HIDDEN = "hidden"
    SEEN = "seen"
    UNPROVED = "unproved"


@dataclass(frozen=True, slots=True, repr=False)
class Look:
    """One output as it was."""

    body: bytes
    text: str


Looks = tuple[Look, ...]


@dataclass(frozen=True, slots=True)
class Output:
    """The address of an output, and what it must hold to be this record's."""

    at: str
    holds: str = _RECORD

    async def look(self, talk: Talk, record_id: str) -> Look | None:
        """As it is now; None when it cannot be had, cannot be read, or is not shown to be this record's."""
        try:
            reply = await talk.ask("GET", self.at.replace(_RECORD, quote(record_id, safe="")), _ANYTHING)
        except Permanent:
            return None
        text = text_of(reply) if reply.status == 200 else ""
        return Look(reply.body, text) if stands_in(self.holds.replace(_RECORD, record_id), text) else None


class SubjectSide:
    """The outputs that the agreement names."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self._outputs = tuple(_outputs(options))

    def __bool__(self) -> bool:
        return bool(self._outputs)

    async def look(self, talk: Talk, record_id: str) -> Looks | None:
        """Every output as it is now; None when there is none, or when one of them proves nothing.

        Raises ``Permanent`` for a record whose number is a person's NHS number: it must stand in no address.
        """
        if is_persons_number(record_id):
            raise Permanent(Code.SYSTEM_CANNOT_HIDE, digest=talk.digest)
        looks = [look for output in self._outputs if (look := await output.look(talk, record_id))]
        return tuple(looks) if looks and len(looks) == len(self._outputs) else None

    async def judge(self, talk: Talk, record_id: str, before: Looks | None, traces: Sequence[str]) -> Hiding:
        """Compares with the outputs without the alert; where these were not taken, only looks for traces of it in words.

        An output that differs each time it is read proves nothing either way.
        """
        after = await self.look(talk, record_id)
        if after is None:
            return Hiding.UNPROVED
        if any(_holds_any(look.text, traces) for look in after):
            return Hiding.SEEN
        if before is None or after == before:
            return Hiding.HIDDEN
        return Hiding.SEEN if await self.look(talk, record_id) == after else Hiding.UNPROVED


def is_persons_number(record_id: str) -> bool:
    """Whether the number of a record is an NHS number, which says by itself who the record is about."""
    try:
        NhsNumber.parse(record_id)
    except InvalidInput:
        return False
    return True


def _outputs(options: Mapping[str, str]) -> Iterable[Output]:
    for name in sorted(options):
        if name.startswith(OPTION):
            holds = options.get(CONTROL + name.removeprefix(OPTION), _RECORD)
            yield from (Output(at.strip(), holds) for at in options[name].split(",") if at.strip())


def text_of(reply: HttpReply) -> str:
    """The body in the encoding that it declares, UTF-8 where it declares none; "" when it is not written in that."""
    declared = _CHARSET.search(reply.headers.get("Content-Type", ""))
    try:
        return reply.body.decode(declared[1] if declared else "utf-8")
    except (UnicodeError, LookupError):
        return ""


def stands_in(wanted: str, text: str) -> bool:
    """Whether it stands there as a whole: the number 12 does not stand in 123."""
    return re.search(rf"(?<![^\W_]){re.escape(wanted)}(?![^\W_])", text) is not None


def _holds_any(text: str, traces: Iterable[str]) -> bool:
    folded = text.casefold()
    return any(trace.casefold() in folded for trace in traces if trace)
