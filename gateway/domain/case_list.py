"""A Marac's case list: cases, and in each the people by role, as the coordinator wrote them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.domain.identifiers import CaseId, CaseListId, LocalIdentifier, MaracId, NhsNumber, SubjectId
from gateway.domain.sealed import Sealed


class Role(StrEnum):
    """Why a person is on the list. Never evidence for a match, and never in a log, URL or queue."""

    VICTIM = "victim"
    PERPETRATOR = "perpetrator"
    CHILD = "child"
    OTHER = "other"


class Sex(StrEnum):
    """Administrative sex as the list gives it."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"


@dataclass(frozen=True, slots=True, repr=False)
class PersonName(Sealed):
    """One name of a person, as written; ``middle`` in order. The first name of a person is the main one, the rest are aliases."""

    family: str
    given: str = ""
    middle: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class BirthDate(Sealed):
    """A date of birth, whole or in part: ``month`` and ``day`` are None when only the year (or year and month) is known."""

    year: int
    month: int | None = None
    day: int | None = None

    @classmethod
    def of(cls, value: date) -> BirthDate:
        """From a whole date."""
        return cls(value.year, value.month, value.day)

    @property
    def whole(self) -> date | None:
        """The date, if all of it is known."""
        return date(self.year, self.month, self.day) if self.month and self.day else None

    def iso(self) -> str:
        """``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``, as FHIR ``date`` writes partial dates."""
        if self.month and self.day:
            return f"{self.year:04d}-{self.month:02d}-{self.day:02d}"
        parts = [f"{self.year:04d}"] + [f"{p:02d}" for p in (self.month, self.day) if p]
        return "-".join(parts)

    @classmethod
    def from_iso(cls, text: str) -> BirthDate:
        """Inverse of ``iso``. Raises ``ValueError`` when it is not such a date, or no such day exists."""
        parts = [int(p) for p in text.split("-")]
        value = cls(*parts)
        date(value.year, value.month or 1, value.day or 1)
        return value


@dataclass(frozen=True, slots=True, repr=False)
class Address(Sealed):
    """An address as written; ``postcode`` apart when it could be read. ``current`` is False for a previous address."""

    lines: tuple[str, ...] = ()
    postcode: str | None = None
    uprn: str | None = None
    current: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class Phone(Sealed):
    """A telephone number and whether it is safe to call; None means that the list does not say, which is not yes."""

    number: str
    safe_to_call: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Person(Sealed):
    """All that a list says of one person. Several names and dates of birth are kept, the main one first."""

    names: tuple[PersonName, ...]
    birth_dates: tuple[BirthDate, ...] = ()
    sex: Sex | None = None
    nhs_number: NhsNumber | None = None
    identifiers: tuple[LocalIdentifier, ...] = ()
    addresses: tuple[Address, ...] = ()
    phones: tuple[Phone, ...] = ()

    @property
    def main_name(self) -> PersonName:
        """The first name; an empty one for a held person in whose row no name could be read."""
        return self.names[0] if self.names else PersonName("")


@dataclass(frozen=True, slots=True, repr=False)
class Subject(Sealed):
    """A person in one role of one case.

    ``held`` are the codes of what the newest issue keeps them out for; empty when it lets them in. ``let_in`` is whether any issue did:
    who was never let in is asked about nowhere; who was, and stands in doubt now, keeps their details, answers and alerts.
    """

    id: SubjectId
    case_id: CaseId
    role: Role
    person: Person
    held: tuple[str, ...] = ()
    let_in: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class Case(Sealed):
    """One case: ``number`` is the coordinator's own reference, unique within the list."""

    id: CaseId
    list_id: CaseListId
    number: str
    subjects: tuple[Subject, ...]
    referral_date: date | None = None
    repeat: bool | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class CaseList(Sealed):
    """A list as accepted, for one meeting of one Marac. ``issue`` counts the list's corrected issues from 1."""

    id: CaseListId
    marac_id: MaracId
    meeting_date: date
    received_at: datetime
    cases: tuple[Case, ...]
    issue: int = 1

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Every person in every role, in the order of the list."""
        return tuple(s for case in self.cases for s in case.subjects)


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Something wrong in a list, told without its value: where it is, which code, and what became of the row.

    ``row`` counts from 1 as the spreadsheet shows it (0 = the file as a whole); ``column`` is the heading as recognised, or "".
    ``severity``: ``error`` stops the file, ``held`` keeps the person (or, where the doubt is about the whole case, the case) out until
    somebody has decided, ``warning`` lets it in.
    """

    row: int
    column: str
    code: str
    severity: str = "error"
