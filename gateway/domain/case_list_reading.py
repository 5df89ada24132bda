"""What reading a file gives: a case list before anybody has accepted it, and the rows of an actions or completions file.

Made by ``mappings.case_list`` from what ``adapters.reading`` read in its limited child process; accepted by ``gateway.services``.

Three rules hold for every value of this module. A problem of severity ``error`` empties the list (``refused``): nothing is ever half
imported. What is ``held`` stands in ``held`` and never in ``cases``: it is not asked about anywhere, and it is shown until a
corrected list comes. A ``warning`` lets the row in. Which code has which severity: docs/case-list.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.domain.actions import Completion
from gateway.domain.case_list import Person, Role, RowProblem
from gateway.domain.identifiers import AgencyId
from gateway.domain.sealed import Sealed


class Layout(StrEnum):
    """How the rows of a list were laid out."""

    ROW_PER_CASE = "row_per_case"
    ROW_PER_PERSON = "row_per_person"


@dataclass(frozen=True, slots=True, repr=False)
class ParsedPerson(Sealed):
    """A person in one role, as one row gives them. ``written`` keeps the cells as they came: (column, text) pairs."""

    role: Role
    person: Person
    row: int
    written: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class ParsedCase(Sealed):
    """One case with at least one person; ``number`` is unique within the list (made by order where the list has none)."""

    number: str
    people: tuple[ParsedPerson, ...]
    row: int
    referral_date: date | None = None
    repeat: bool | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class HeldRow(Sealed):
    """What was kept out until a person has decided: one person, or with ``whole_case`` everybody of the case.

    ``codes`` say why. ``people`` may be empty (a row in which nobody could be read); ``case_number`` may be "".
    """

    row: int
    case_number: str
    codes: tuple[str, ...]
    people: tuple[ParsedPerson, ...] = ()
    whole_case: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class ParsedList(Sealed):
    """A case list as read. ``meeting_date`` is None when the file does not name it."""

    meeting_date: date | None
    cases: tuple[ParsedCase, ...]
    problems: tuple[RowProblem, ...] = ()
    held: tuple[HeldRow, ...] = ()
    layout: Layout = Layout.ROW_PER_PERSON

    @property
    def refused(self) -> bool:
        """Whether an error stops the file; then ``cases`` and ``held`` are empty."""
        return any(p.severity == "error" for p in self.problems)

    @property
    def people(self) -> tuple[ParsedPerson, ...]:
        """Everybody who was let in, in the order of the list."""
        return tuple(p for case in self.cases for p in case.people)


@dataclass(frozen=True, slots=True, repr=False)
class ParsedAction(Sealed):
    """One action of an actions file. ``due_on`` is None where the cell is empty: then it falls due with the meeting week."""

    case_number: str
    agency_id: AgencyId
    owner: str
    text: str
    due_on: date | None
    row: int


@dataclass(frozen=True, slots=True, repr=False)
class ParsedActions(Sealed):
    """An actions file as read. Held rows are only in ``problems``; with an error ``actions`` is empty."""

    actions: tuple[ParsedAction, ...]
    problems: tuple[RowProblem, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether an error stops the file."""
        return any(p.severity == "error" for p in self.problems)


@dataclass(frozen=True, slots=True, repr=False)
class ParsedCompletions(Sealed):
    """A completions file as read; each ``Completion`` has source ``csv`` and a key that is the same when the row comes again."""

    completions: tuple[Completion, ...]
    problems: tuple[RowProblem, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether an error stops the file."""
        return any(p.severity == "error" for p in self.problems)
