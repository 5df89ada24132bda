"""A corrected list beside the one accepted before: who is new, changed, gone or the same. Ids of the same people stay."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from gateway.domain.case_list import Case, CaseList, Person, RowProblem, Subject
from gateway.domain.case_list_reading import ParsedCase, ParsedList, ParsedPerson
from gateway.domain.identifiers import CaseId, CaseListId, SubjectId
from gateway.domain.sealed import Sealed
from gateway.policy.matching import asked

NewId = Callable[[], UUID]


@dataclass(frozen=True, slots=True, repr=False)
class Issue(Sealed):
    """The cases of a new issue with the ids they keep or get, and the people by what became of them."""

    cases: tuple[Case, ...]
    added: tuple[Subject, ...]
    changed: tuple[tuple[Subject, Subject], ...]
    """(before, now), in all that is said of them."""
    withdrawn: tuple[Subject, ...]
    unchanged: int


def digest_of(meeting: date, cases: Iterable[Case | ParsedCase], problems: Iterable[RowProblem]) -> bytes:
    """SHA-256 of what a list says, whatever the file's layout and the order of its rows. Ids of ours do not count."""
    said = sorted(_said(case) for case in cases)
    wrong = sorted(f"{p.row}|{p.column}|{p.code}|{p.severity}" for p in problems)
    return hashlib.sha256(json.dumps([meeting.isoformat(), said, wrong]).encode()).digest()


def _said(case: Case | ParsedCase) -> str:
    people = case.subjects if isinstance(case, Case) else case.people
    told = sorted(json.dumps([p.role, asdict(p.person)], default=str, sort_keys=True) for p in people)
    return json.dumps([case.number, str(case.referral_date), case.repeat, case.notes, told])


def compare(parsed: ParsedList, before: CaseList | None, list_id: CaseListId, new_id: NewId) -> Issue:
    """The new issue. Cases are recognised by number, people within their case by part and by what identifies them."""
    earlier = {case.number: case for case in before.cases} if before else {}
    pairs = [_pair(case, earlier.get(case.number), list_id, new_id) for case in parsed.cases]
    kept = {s.id for case, _ in pairs for s in case.subjects}
    withdrawn = tuple(s for case in earlier.values() for s in case.subjects if s.id not in kept)
    people = [pair for _, pairing in pairs for pair in pairing]
    changed = tuple((old, new) for old, new in people if old is not None and old != new)
    return Issue(
        cases=tuple(case for case, _ in pairs),
        added=tuple(new for old, new in people if old is None),
        changed=changed,
        withdrawn=withdrawn,
        unchanged=sum(old == new for old, new in people),
    )


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
    for same in (_word_for_word, _identified):
        for n, person in enumerate(people):
            match = next((s for s in before if n not in found and s.role is person.role and same(s.person, person.person)), None)
            if match:
                found[n] = match
                before.remove(match)
    for n, person in enumerate(people):
        old = found.get(n)
        yield old, Subject(old.id if old else SubjectId(new_id()), case_id, person.role, person.person)


def _word_for_word(a: Person, b: Person) -> bool:
    return a == b


def _identified(a: Person, b: Person) -> bool:
    """Still the same person though something was corrected: the same NHS number, the same name, or the same date of birth with one name
    the same. With less in common it is somebody else: withdrawn, and added."""
    if a.nhs_number and b.nhs_number:
        return a.nhs_number == b.nhs_number
    one, two = asked(a), asked(b)
    names = [(x, y) for x in one.names for y in two.names]
    if any(x.family == y.family and x.given == y.given for x, y in names):
        return not (a.birth_dates and b.birth_dates) or a.birth_dates[0].year == b.birth_dates[0].year
    half = any(x.family == y.family or x.given == y.given for x, y in names)
    return half and bool(set(a.birth_dates) & set(b.birth_dates))


def says_who(person: Person) -> tuple[object, ...]:
    """What identifies a person, without where they live and how to reach them: a change of it undoes decisions about matches."""
    return person.names, person.birth_dates, person.sex, person.nhs_number, person.identifiers
