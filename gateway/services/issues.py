"""A corrected list beside the one accepted before: who is new, changed, held, gone or the same. Ids of the same people stay."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from uuid import UUID

from gateway.domain.case_list import Case, CaseList, Subject
from gateway.domain.case_list_reading import HeldRow, ParsedCase, ParsedList, ParsedPerson
from gateway.domain.identifiers import CaseId, CaseListId, SubjectId
from gateway.domain.sealed import Sealed
from gateway.services import held_rows, likeness

NewId = Callable[[], UUID]


@dataclass(frozen=True, slots=True, repr=False)
class Issue(Sealed):
    """The cases of a new issue with the ids they keep or get, and the people by what became of them."""

    cases: tuple[Case, ...]
    added: tuple[Subject, ...]
    changed: tuple[tuple[Subject, Subject], ...]
    """(before, now), in all that is said of them; also who was held and is let in now."""
    withdrawn: tuple[Subject, ...]
    unchanged: int
    held: tuple[Subject, ...] = ()
    """Held, and in no issue before."""
    still_held: tuple[Subject, ...] = ()
    """Of the issue before, and held in this one: in doubt, and never taken for gone."""


def digest_of(meeting: date, parsed: ParsedList) -> bytes:
    """SHA-256 of what a list says, whatever the file's layout and the order of its rows."""
    said = sorted(_said(case) for case in parsed.cases)
    wrong = sorted(f"{p.row}|{p.column}|{p.code}|{p.severity}" for p in parsed.problems)
    held = [sorted(_said_held(row) for row in parsed.held)] if parsed.held else []
    return hashlib.sha256(json.dumps([meeting.isoformat(), said, wrong, *held]).encode()).digest()


def _said(case: ParsedCase) -> str:
    return json.dumps([case.number, str(case.referral_date), case.repeat, case.notes, _told(case.people)])


def _said_held(row: HeldRow) -> str:
    return json.dumps([row.case_number, sorted(row.codes), row.whole_case, _told(row.people)])


def _told(people: Iterable[ParsedPerson]) -> list[str]:
    return sorted(json.dumps([p.role, asdict(p.person)], default=str, sort_keys=True) for p in people)


def compare(parsed: ParsedList, before: CaseList | None, list_id: CaseListId, new_id: NewId) -> Issue:
    """The new issue. Cases are recognised by number, people within their case by part and by what identifies them."""
    earlier = {case.number: case for case in before.cases} if before else {}
    pairs = [_pair(case, earlier.get(case.number), list_id, new_id) for case in parsed.cases]
    there = {s.id for case, _ in pairs for s in case.subjects}
    left = [s for case in earlier.values() for s in case.subjects if s.id not in there]
    held = held_rows.place(parsed.held, left, {case.id: case.number for case in earlier.values()})
    cases = _Cases(list_id, earlier, new_id, {case.number: case for case, _ in pairs})
    new = tuple(cases.take_in(row, person) for row, person in held.new)
    cases.keep(held.still)
    still = {s.id for s in held.still}
    people = [pair for _, pairing in pairs for pair in pairing]
    return Issue(
        cases=tuple(cases.found.values()),
        added=tuple(now for old, now in people if old is None),
        changed=tuple((old, now) for old, now in people if old is not None and old != now),
        withdrawn=tuple(s for s in left if s.id not in still),
        unchanged=sum(old == now for old, now in people),
        held=new,
        still_held=held.still,
    )


@dataclass(slots=True)
class _Cases:
    """The cases of the new issue by number; held people join the case of their number, and open it where nobody else stands in it."""

    list_id: CaseListId
    earlier: Mapping[str, Case]
    new_id: NewId
    found: dict[str, Case] = field(default_factory=dict)

    def take_in(self, row: HeldRow, person: ParsedPerson) -> Subject:
        case = self._case(row.case_number)
        subject = Subject(SubjectId(self.new_id()), case.id, person.role, person.person, row.codes, let_in=False)
        self._add(case, subject)
        return subject

    def keep(self, still: Iterable[Subject]) -> None:
        numbers = {case.id: number for number, case in self.earlier.items()}
        for subject in still:
            self._add(self._case(numbers[subject.case_id]), subject)

    def _case(self, number: str) -> Case:
        if number in self.found:
            return self.found[number]
        before = self.earlier.get(number)
        return replace(before, subjects=()) if before else Case(CaseId(self.new_id()), self.list_id, number, ())

    def _add(self, case: Case, subject: Subject) -> None:
        self.found[case.number] = replace(case, subjects=(*case.subjects, subject))


_Pairing = list[tuple[Subject | None, Subject]]


def _pair(parsed: ParsedCase, before: Case | None, list_id: CaseListId, new_id: NewId) -> tuple[Case, _Pairing]:
    case_id = before.id if before else CaseId(new_id())
    pairing = list(_people(parsed.people, list(before.subjects) if before else [], case_id, new_id))
    subjects = tuple(new for _, new in pairing)
    return Case(case_id, list_id, parsed.number, subjects, parsed.referral_date, parsed.repeat, parsed.notes), pairing


def _people(
    people: Sequence[ParsedPerson], before: list[Subject], case_id: CaseId, new_id: NewId
) -> Iterator[tuple[Subject | None, Subject]]:
    """Each person with who they were before, if anybody. Exact ones first, so that a changed one never takes another's place."""
    found: dict[int, Subject] = {}
    for same in (likeness.word_for_word, likeness.identified):
        for n, person in enumerate(people):
            match = next((s for s in before if n not in found and s.role is person.role and same(s.person, person.person)), None)
            if match:
                found[n] = match
                before.remove(match)
    for n, person in enumerate(people):
        old = found.get(n)
        yield old, Subject(old.id if old else SubjectId(new_id()), case_id, person.role, person.person)
