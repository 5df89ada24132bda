"""The parts of R4 resources that we read, as narrow typed models. What is not listed is not looked at, and not judged."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from gateway.domain.error_codes import Code
from mappings import strict_json
from mappings.fhir_r4.codes import FlagStatus, Gender, IdentifierUse, NameUse, TaskStatus

Id = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9\-.]{1,64}\Z")]
_YEAR = r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
_DAY = r"(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?"
Date = Annotated[str, msgspec.Meta(pattern=rf"\A{_YEAR}{_DAY}\Z")]
"""R4 ``date``: a year, a month or a day."""


class Part(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """Base of all: read once, never changed. An element that is absent has its default."""


class Coding(Part, frozen=True):
    """A code from a system."""

    system: str = ""
    code: str = ""


class Concept(Part, frozen=True):
    """CodeableConcept."""

    coding: tuple[Coding, ...] = ()
    text: str = ""


class Meta(Part, frozen=True):
    """Version and security labels."""

    version_id: str = ""
    last_updated: str = ""
    security: tuple[Coding, ...] = ()


class Identifier(Part, frozen=True):
    """A number under a system."""

    use: IdentifierUse | None = None
    system: str = ""
    value: str = ""


class Reference(Part, frozen=True):
    """A reference to another resource."""

    reference: str = ""


class Period(Part, frozen=True):
    """Start and end, as written."""

    start: str = ""
    end: str = ""


class HumanName(Part, frozen=True):
    """A name; ``given`` holds the first name and the middle ones, and null where only an extension says something."""

    use: NameUse | None = None
    family: str = ""
    given: tuple[str | None, ...] = ()


class ContactPoint(Part, frozen=True):
    """A telephone number, or another way to reach somebody."""

    system: Literal["phone", "fax", "email", "pager", "url", "sms", "other"] | None = None
    value: str = ""


class Address(Part, frozen=True):
    """An address in lines."""

    use: Literal["home", "work", "temp", "old", "billing"] | None = None
    line: tuple[str | None, ...] = ()
    city: str = ""
    district: str = ""
    postal_code: str = ""


class PatientLink(Part, frozen=True):
    """Another record of the same person."""

    other: Reference
    type: Literal["replaced-by", "replaces", "refer", "seealso"]


class Resource(Part, frozen=True, tag_field="resourceType"):
    """Base of resources: which one it is stands in ``resourceType``."""


class Patient(Resource, frozen=True, tag="Patient"):
    """R4 Patient."""

    id: Id
    meta: Meta = Meta()
    identifier: tuple[Identifier, ...] = ()
    active: bool = True
    name: tuple[HumanName, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    gender: Gender | None = None
    birth_date: Date | None = None
    deceased_boolean: bool = False
    deceased_date_time: str = ""
    address: tuple[Address, ...] = ()
    link: tuple[PatientLink, ...] = ()


class EpisodeOfCare(Resource, frozen=True, tag="EpisodeOfCare"):
    """R4 EpisodeOfCare."""

    status: Literal["planned", "waitlist", "active", "onhold", "finished", "cancelled", "entered-in-error"]
    patient: Reference


class Flag(Resource, frozen=True, tag="Flag"):
    """R4 Flag."""

    id: Id
    status: FlagStatus
    code: Concept
    subject: Reference
    meta: Meta = Meta()
    identifier: tuple[Identifier, ...] = ()


class Annotation(Part, frozen=True):
    """A note."""

    text: str = ""


class TaskOutput(Part, frozen=True):
    """Something that a Task produced; only text is read."""

    type: Concept
    value_string: str = ""


class Task(Resource, frozen=True, tag="Task"):
    """R4 Task. ``about`` is its element ``for``."""

    id: Id
    status: TaskStatus
    meta: Meta = Meta()
    identifier: tuple[Identifier, ...] = ()
    status_reason: Concept = Concept()
    note: tuple[Annotation, ...] = ()
    output: tuple[TaskOutput, ...] = ()
    execution_period: Period = Period()
    last_modified: str = ""


class Issue(Part, frozen=True):
    """One issue of an OperationOutcome."""

    severity: Literal["fatal", "error", "warning", "information"]
    code: str
    details: Concept = Concept()


class OperationOutcome(Resource, frozen=True, tag="OperationOutcome"):
    """R4 OperationOutcome: why something did not go as asked."""

    issue: tuple[Issue, ...]


class Link(Part, frozen=True):
    """A link of a Bundle: ``self``, ``next`` ..."""

    relation: str
    url: str


class EntrySearch(Part, frozen=True):
    """Why an entry is in a searchset."""

    mode: Literal["match", "include", "outcome"] | None = None


class Entry(Part, frozen=True):
    """One entry of a Bundle."""

    resource: Patient | EpisodeOfCare | Flag | Task | OperationOutcome | None = None
    search: EntrySearch = EntrySearch()


class Bundle(Resource, frozen=True, tag="Bundle"):
    """A searchset."""

    type: str
    total: Annotated[int, msgspec.Meta(ge=0)] | None = None
    link: tuple[Link, ...] = ()
    entry: tuple[Entry, ...] = ()

    def next_page(self) -> str | None:
        """The address of the next page, if there is one."""
        return next((link.url for link in self.link if link.relation == "next"), None)


_searched: msgspec.json.Decoder[Bundle | OperationOutcome] = msgspec.json.Decoder(Bundle | OperationOutcome)
_one: dict[type[Resource], msgspec.json.Decoder[Any]] = {
    Flag: msgspec.json.Decoder(Flag | OperationOutcome),
    Task: msgspec.json.Decoder(Task | OperationOutcome),
    Patient: msgspec.json.Decoder(Patient | OperationOutcome),
}
_outcome = msgspec.json.Decoder(OperationOutcome)


def read_search(content: bytes, max_bytes: int = strict_json.MAX_BYTES) -> Bundle | OperationOutcome:
    """The reply to a search. Raises ``strict_json.Unreadable``."""
    found = strict_json.read(content, _searched, max_bytes)
    if isinstance(found, Bundle) and found.type != "searchset":
        raise strict_json.Unreadable(Code.REPLY_UNEXPECTED)
    return found


def read_one(content: bytes, kind: type[Resource], max_bytes: int = strict_json.MAX_BYTES) -> Any:
    """One resource of the kind, or an OperationOutcome. Raises ``strict_json.Unreadable``."""
    return strict_json.read(content, _one[kind], max_bytes)


def read_outcome(content: bytes) -> OperationOutcome | None:
    """The OperationOutcome of a refusal; None where the body is something else, such as a page."""
    try:
        return strict_json.read(content, _outcome)
    except strict_json.Unreadable:
        return None
