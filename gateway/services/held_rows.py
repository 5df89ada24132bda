"""Who stands in rows that were kept out of a corrected list: still listed, in doubt, and never taken for gone.

Two mistakes are possible, and neither may happen: that somebody asked about before looks withdrawn because of a mistyped cell, and that
somebody new is hidden behind somebody old. So a held person takes an earlier one's place only when they are surely the same; where it is
not sure both stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.domain.case_list import Person, Role, Subject
from gateway.domain.case_list_reading import HeldRow, ParsedPerson
from gateway.domain.errors import Code
from gateway.domain.identifiers import CaseId, SubjectId
from gateway.domain.sealed import Sealed
from gateway.services import likeness


@dataclass(frozen=True, slots=True, repr=False)
class Held(Sealed):
    """``still``: people of the issue before who stay, as they stand now. ``new``: held people who were in no issue before, by row."""

    still: tuple[Subject, ...] = ()
    new: tuple[tuple[HeldRow, ParsedPerson], ...] = ()


def place(held: Sequence[HeldRow], left: Sequence[Subject], numbers: Mapping[CaseId, str]) -> Held:
    """``left`` are the people of the issue before whom the new one did not let in, ``numbers`` the numbers of their cases."""
    still: dict[SubjectId, Subject] = {}
    new = []
    for row in held:
        for person in row.people:
            old = _same(row, person, _rest(left, still), numbers)
            if old is None:
                new.append((row, person))
            else:
                still[old.id] = _held_again(old, row, person)
    for row in held:
        unsure = _may_be_meant(row, [p for r, p in new if r is row], _rest(left, still), numbers)
        still |= {s.id: replace(s, held=row.codes) for s in unsure}
    return Held(tuple(still.values()), tuple(new))


def _rest(left: Iterable[Subject], still: Mapping[SubjectId, Subject]) -> list[Subject]:
    return [s for s in left if s.id not in still]


def _held_again(old: Subject, row: HeldRow, person: ParsedPerson) -> Subject:
    """Who was let in once keeps the details that were good; of who never was, the newest reading counts."""
    return replace(old, held=row.codes) if old.let_in else replace(old, held=row.codes, role=person.role, person=person.person)


def _same(row: HeldRow, person: ParsedPerson, left: Sequence[Subject], numbers: Mapping[CaseId, str]) -> Subject | None:
    """The one earlier person who is surely meant: in the same case first, else anywhere in the list (a number may be mistyped too)."""
    here = [s for s in left if numbers[s.case_id] == row.case_number and _role_fits(s, row, person)]
    for alike in (likeness.word_for_word, likeness.identified, _same_name):
        if found := next((s for s in here if alike(s.person, person.person)), None):
            return found
    if len(here) == 1 and _nothing_else(here[0].person, person.person):
        return here[0]
    return next((s for s in left if _role_fits(s, row, person) and likeness.identified(s.person, person.person)), None)


def _role_fits(subject: Subject, row: HeldRow, person: ParsedPerson) -> bool:
    return subject.role is person.role or _role_unread(row, person)


def _role_unread(row: HeldRow, person: ParsedPerson) -> bool:
    return Code.ROLE_NOT_READ in row.codes and person.role is Role.OTHER


def _same_name(one: Person, other: Person) -> bool:
    """One name wholly the same; a date of birth may be what was mistyped, another NHS number may not."""
    names = {frozenset(words) for words in _names(one)} & {frozenset(words) for words in _names(other)} - {frozenset()}
    return bool(names) and not likeness.other_number(one, other)


def _nothing_else(one: Person, other: Person) -> bool:
    """Whether what could be read of the other says nothing that is not said of the one: no further word of a name, no other number."""
    known = {word for words in _names(one) for word in words}
    return {word for words in _names(other) for word in words} <= known and not likeness.other_number(one, other)


_WORD = re.compile(r"[^\W_]+")


def _names(person: Person) -> Iterator[list[str]]:
    for name in person.names:
        yield _WORD.findall(f"{name.given} {name.family}".casefold())


def _may_be_meant(row: HeldRow, new: Sequence[ParsedPerson], left: Sequence[Subject], numbers: Mapping[CaseId, str]) -> Iterator[Subject]:
    """Who may stand in the row though nothing proves it. Without a number it may be anybody of the list."""
    anybody = row.whole_case or not row.people
    for subject in left:
        here = subject.let_in and row.case_number in ("", numbers[subject.case_id])
        if here and (anybody or any(_could_be(subject, row, person) for person in new)):
            yield subject


def _could_be(subject: Subject, row: HeldRow, person: ParsedPerson) -> bool:
    return _role_fits(subject, row, person) or likeness.identified(subject.person, person.person)
