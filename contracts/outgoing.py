"""The shapes of messages that may leave, by what is sent: method, address, names of fields, words that are always the same.

Written against the interfaces of the agencies' systems and apart from the mappings on purpose: what a mapping has by mistake is in no
shape. No shape has a narrative, a display, anything contained, an event of HL7 v2 (ADT), or a change of a person's own record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.domain.releases import MessageKind

MLLP = "MLLP"
"""In place of a method: a message in a frame, whose address is its MSH-9."""
_ID = r"[^/?#]+"


@dataclass(frozen=True, slots=True)
class Shape:
    """``path`` matches the address whole. ``fields``: names of JSON, of a form, or of segments, that may stand in the body. ``words``: what
    else is always the same in it. ``alert``: it has the one field for the words of an alert. ``theirs``: the body holds what the
    system itself told (its record given back with one element changed, or its own number), so that its words are not ours to judge."""

    method: str
    path: re.Pattern[str]
    fields: frozenset[str]
    words: frozenset[str]
    alert: bool = False
    theirs: bool = False


def _shape(method: str, path: str, fields: str = "", words: str = "", *, alert: bool = False, theirs: bool = False) -> Shape:
    names = fields.split()
    constant = frozenset(re.findall(r"[^\W_]+", f"{fields} {words}".casefold()))
    return Shape(method, re.compile(path), frozenset(names), constant, alert, theirs)


_R4_LABELS = "http terminology hl7 org codesystem v3 confidentiality actcode urn uuid ietf rfc 3986 v sdv nopat nolist r n"
_FIND_OURS = "identifier _count"
_PUT_BACK = _shape("PUT", rf"Flag/{_ID}", theirs=True)
_PUT_BACK_MARKER = _shape("PUT", rf"v1/persons/{_ID}/markers/{_ID}", "text visibility status", theirs=True)
_FIND_FLAG = _shape("POST", "Flag/_search", _FIND_OURS, _R4_LABELS)
_FIND_TASK = _shape("POST", "Task/_search", _FIND_OURS, _R4_LABELS)

ACCEPT = _shape(MLLP, "ACK", "MSH MSA", theirs=True)
"""The accept acknowledgement of a reply."""
TOKEN = _shape("POST", "", "grant_type client_assertion_type client_assertion scope client_id", theirs=True)
"""The request for a token: the only message that leaves for no release."""

SHAPES: Mapping[MessageKind, tuple[Shape, ...]] = MappingProxyType({
    MessageKind.LOOKUP: (
        _shape(
            "POST", r"Patient/\$match",
            "resourceType parameter name resource valueBoolean valueInteger identifier system value family given birthDate",
            "Parameters Patient onlyCertainMatches count true false https http fhir nhs uk Id number urn",
        ),
        _shape("POST", "Patient/_search", "identifier family given birthdate _count _revinclude", "EpisodeOfCare patient 3apatient https http fhir nhs uk Id number urn"),
        _shape("POST", "EpisodeOfCare/_search", "patient _count", theirs=True),
        _shape(
            "POST", "v1/persons/search", "names familyName givenName dateOfBirth otherDatesOfBirth identifiers type value",
            "pncId croNumber nominalId",
        ),
        _shape(
            "POST", "api/v1/search/persons",
            "surname firstName otherNames dateOfBirth otherDatesOfBirth personId page pageSize",
        ),
        _shape(
            MLLP, r"QBP\^Q22\^QBP_Q21", "MSH QPD RCP DSC",
            "QBP Q22 Q21 records gateway IHE PDQ query PID ISO RD AL NHS I P T D 113883 0000 unicode utf ascii 8859",
        ),
        ACCEPT,
    ),
    MessageKind.FLAG_PLACE: (
        _shape(
            "POST", "Flag", "resourceType meta security system code identifier value status text subject reference",
            f"Flag active Patient {_R4_LABELS}", alert=True,
        ),
        _shape("POST", rf"v1/persons/{_ID}/markers", "reference text visibility", "need to know", alert=True),
        _FIND_FLAG, _PUT_BACK, _PUT_BACK_MARKER,
    ),
    MessageKind.FLAG_CHECK: (_FIND_FLAG,),
    MessageKind.FLAG_END: (_FIND_FLAG, _PUT_BACK, _PUT_BACK_MARKER),
    MessageKind.ACTION_SEND: (
        _shape(
            "POST", "Task",
            "resourceType meta security system code identifier value status intent description owner display restriction period end",
            f"Task requested order {_R4_LABELS}",
        ),
        _FIND_TASK,
        _shape("PUT", rf"v1/work-items/{_ID}", "text dueOn owner"),
        _shape("PUT", rf"api/v1/tasks/{_ID}", "text dueOn owner"),
    ),
    MessageKind.ACTION_POLL: (_FIND_TASK,),
    MessageKind.COMPLETION_TELL: (
        _shape("PUT", rf"cases/{_ID}/actions/{_ID}/completion", "agency outcome detail completedAt"),
    ),
})  # fmt: skip
