"""Patient Demographics Query (IHE ITI-21): QBP^Q22^QBP_Q21 out, RSP^K22^RSP_K21 in.

Only QAK-2 ``NF`` says that nobody is known. Whatever does not fit the question (another control id, another tag, another query, fewer
persons than were counted) is no answer at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.domain.error_codes import Code
from gateway.domain.lookup import Answer, AnswerKind, Candidate
from gateway.domain.sealed import Sealed
from mappings.hl7v2.ack import read_acknowledgement
from mappings.hl7v2.er7 import Message, Segment, encode, escape
from mappings.hl7v2.grammar import compile_tables, keeps_structure, lacks_required
from mappings.hl7v2.person import read_person
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.questions import Question
from mappings.hl7v2.segments import header, join

QUERY, RESPONSE = "QBP^Q22^QBP_Q21", "RSP_K21"
_OWN_SEGMENTS = ("MSA", "QAK", "QPD")
compile_tables(RESPONSE, *_OWN_SEGMENTS)
_KINDS = {
    "OK": (AnswerKind.CANDIDATES, ""),
    "NF": (AnswerKind.NOBODY, ""),
    "TM": (AnswerKind.TOO_MANY, Code.TOO_MANY_MATCHES),
    "PD": (AnswerKind.PROTECTED, Code.RECORD_PROTECTED),
}
"""QAK-2 (table 0208). AE and AR are read from MSA; any other status is not understood."""


@dataclass(frozen=True, slots=True, repr=False)
class Query(Sealed):
    """One question in its message: ``tag`` (QPD-2) stays through all its pages, ``control_id`` (MSH-10) is of one message alone."""

    question: Question
    tag: str
    control_id: str
    pointer: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Page(Sealed):
    """What one reply says. ``pointer`` (DSC-1) leads to the next page, "" on the last; ``passing``: asking later may help."""

    answer: Answer
    pointer: str = ""
    passing: bool = False


def control_id(lookup: UUID, at: datetime, question: int, page: int) -> str:
    """An MSH-10 of 20 characters (the most that v2.5 allows): the same for the same question about the same person at the same moment.

    A later attempt has another one on purpose. The receiver keeps its first answer to a control id, good or bad, and a query has no
    effect that could be doubled: what is wanted later is a fresh answer.
    """
    seed = b"%b/%d/%d/%d" % (lookup.bytes, at.timestamp() * 1_000_000, question, page)
    return hashlib.sha256(seed).hexdigest()[:20].upper()


def build_query(query: Query, at: datetime, profile: Profile) -> bytes:
    """The message. Raises ``Unreadable(NOT_WRITABLE)`` when a name has a letter outside the agreed character set."""
    accept, application = ("AL", "AL") if profile.enhanced else ("", "")
    criteria = "~".join(f"{field}^{escape(value)}" for field, value in query.question.criteria)
    segments = [
        header(QUERY, query.control_id, at, profile, accept, application),
        join("QPD", escape(profile.query_name), query.tag, criteria),
        f"RCP|I|{profile.quantity}^RD",
    ]
    if query.pointer:
        segments.append(join("DSC", escape(query.pointer), "I"))
    return encode(segments, profile.character_set)


def read_response(message: Message, query: Query, profile: Profile) -> Page:
    """The page that a reply gives. Never raises for what it says; ``Unreadable`` only for endless repetitions."""
    acknowledgement = read_acknowledgement(message)
    if acknowledgement is None or acknowledgement.control_id != query.control_id:
        return _failed(Code.REPLY_UNEXPECTED)
    if acknowledgement.failed:
        return Page(Answer.failed(acknowledgement.reason), passing=acknowledgement.passing)
    if (message.header.text(9, 1), message.header.text(9, 2)) != ("RSP", "K22") or not keeps_structure(message, RESPONSE):
        return _failed(Code.REPLY_UNEXPECTED)
    own = {name: message.first(name) for name in _OWN_SEGMENTS}
    status, parameters = own["QAK"], own["QPD"]
    if status is None or parameters is None or any(segment is None or lacks_required(segment) for segment in own.values()):
        return _failed(Code.REPLY_UNREADABLE)
    if not _answers(query, status, parameters):
        return _failed(Code.REPLY_OTHER_RECORD)
    return _read_page(message, status, profile)


def _failed(reason: Code) -> Page:
    return Page(Answer.failed(reason))


def _answers(query: Query, status: Segment, parameters: Segment) -> bool:
    """Whether tag and criteria are ours. A system that leaves out the criteria in its echo is borne; one that has others is not."""
    if status.text(1) != query.tag or parameters.text(2) != query.tag:
        return False
    echoed = {(value.text(1), value.text(2)) for value in parameters.values(3)}
    return not echoed or echoed == set(query.question.criteria)


def _read_page(message: Message, status: Segment, profile: Profile) -> Page:
    kind, reason = _KINDS.get(status.text(2), (AnswerKind.FAILED, Code.REPLY_UNEXPECTED))
    people = [read_person(group, profile) for group in _groups(message)]
    candidates = tuple(person for person in people if person is not None)
    fault = _contradiction(kind, status, people)
    if fault:
        return _failed(fault)
    pointer = _pointer(message)
    if not pointer and status.text(6) not in ("", "0") and kind is AnswerKind.CANDIDATES:
        # More are to come, and no way to ask for them was given.
        kind, reason = AnswerKind.TOO_MANY, Code.ANSWER_INCOMPLETE
    return Page(Answer(kind, candidates, reason), pointer)


def _contradiction(kind: AnswerKind, status: Segment, people: Sequence[Candidate | None]) -> Code | None:
    """Why persons and status do not go together, if they do not."""
    if kind is AnswerKind.FAILED:
        return Code.REPLY_UNEXPECTED
    if None in people:
        return Code.REPLY_UNREADABLE
    if status.text(5) not in ("", str(len(people))):
        return Code.ANSWER_INCOMPLETE
    if (kind is AnswerKind.NOBODY and people) or (kind is AnswerKind.CANDIDATES and not people):
        return Code.REPLY_UNEXPECTED
    return None


def _groups(message: Message) -> Iterator[list[Segment]]:
    """Each PID with the segments that follow it, up to the next PID or DSC."""
    group: list[Segment] = []
    for segment in message.segments:
        if segment.name in ("PID", "DSC") and group:
            yield group
            group = []
        if segment.name == "PID" or group:
            group.append(segment)
    if group:
        yield group


def _pointer(message: Message) -> str:
    continuation = message.first("DSC")
    return continuation.text(1) if continuation else ""
