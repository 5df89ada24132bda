"""Rows put together to cases, and what can only be seen across rows: repeated numbers and people, one person in two parts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

from gateway.domain.case_list import BirthDate, Person, Role, RowProblem
from gateway.domain.case_list_reading import HeldRow, Layout, ParsedCase, ParsedPerson
from gateway.domain.errors import Code
from gateway.domain.sealed import Sealed
from mappings.case_list.columns import Field
from mappings.case_list.people import Entry
from mappings.case_list.problems import HOLDS_CASE, holding, problem
from mappings.case_list.rows import CaseRow

_PARTIES = frozenset({Role.VICTIM, Role.PERPETRATOR})
MAX_PEOPLE = 60
"""In one case; more is a list whose case numbers are broken."""
_MOST_SHARING = 20
"""An NHS number that stands for more entries than this is a placeholder."""


@dataclass(slots=True, repr=False)
class Draft(Sealed):
    """A case while it is put together. ``entries`` keeps everybody, let in or held."""

    number: str
    rows: list[CaseRow]
    entries: list[Entry] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)

    @property
    def row(self) -> int:
        """Where the case begins."""
        return self.rows[0].row

    def of(self, role: Role) -> list[Person]:
        """The people in one part of the case."""
        return [entry.person for entry in self.entries if entry.role is role]


def name_keys(person: Person) -> set[tuple[str, str]]:
    """How the person's names are compared within one list: family and first given name, without case, accents kept."""
    return {(_fold(name.family), _fold(name.given)) for name in person.names}


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'").strip()


def same_person(one: Person, other: Person) -> bool:
    """Whether two entries seem to be one person: the same NHS number; or a name in common and no date of birth against it."""
    if one.nhs_number and one.nhs_number == other.nhs_number:
        return True
    if not name_keys(one) & name_keys(other):
        return False
    return not one.birth_dates or not other.birth_dates or any(_agree(a, b) for a in one.birth_dates for b in other.birth_dates)


def _agree(one: BirthDate, other: BirthDate) -> bool:
    """Whether two dates can be one: what both say is the same ("1980" agrees with any day of that year)."""
    pairs = ((one.year, other.year), (one.month, other.month), (one.day, other.day))
    return all(a is None or b is None or a == b for a, b in pairs)


def to_cases(rows: Iterable[CaseRow], layout: Layout) -> list[Draft]:
    """Rows by case number; rows without one go on with the case above them, or make a case of their own."""
    drafts: dict[str, Draft] = {}
    current: Draft | None = None
    rows = list(rows)
    numbered = any(row.number for row in rows)
    for row in rows:
        key = row.number.casefold()
        if row.number:
            current = drafts.setdefault(key, Draft(row.number, []))
        elif current is None or not _goes_on(row, current, layout):
            key = made = f"no-number-{len(drafts) + 1}" if numbered else str(len(drafts) + 1)
            current = drafts[key] = Draft(made, [], [], [problem(Code.CASE_NUMBER_MADE, row.row, Field.CASE_NUMBER.value)])
        _add(row, current, layout)
    return list(drafts.values())


def _goes_on(row: CaseRow, current: Draft, layout: Layout) -> bool:
    """Whether a row without a number belongs to the case above it: it names no victim, or (a row per case) the same one."""
    victims = [entry.person for entry in row.entries if entry.role is Role.VICTIM]
    if not victims:
        return True
    known = current.of(Role.VICTIM)
    return layout is Layout.ROW_PER_CASE and all(any(same_person(v, k) for k in known) for v in victims)


def _add(row: CaseRow, draft: Draft, layout: Layout) -> None:
    if draft.rows and _is_another_case(row, draft, layout):
        draft.problems.append(problem(Code.CASE_NUMBER_REPEATED, row.row, Field.CASE_NUMBER.value))
    draft.rows.append(row)
    draft.problems.extend(row.problems)
    if not row.entries:
        draft.problems.append(problem(Code.ROW_WITHOUT_PEOPLE, row.row))
    hidden = any(p.code == Code.ROW_HIDDEN for p in row.problems)
    if len(draft.entries) + len(row.entries) > MAX_PEOPLE:
        draft.problems.append(problem(Code.LIST_TOO_LONG, row.row))
        return
    for entry in row.entries:
        found = [problem(Code.ROW_HIDDEN, row.row)] if hidden else _repeats(entry, draft, layout)
        if found is not None:
            draft.entries.append(_with(entry, found))


def _is_another_case(row: CaseRow, draft: Draft, layout: Layout) -> bool:
    """Whether other victims and other perpetrators come under a number that is already used (a row per case)."""
    if layout is Layout.ROW_PER_PERSON:
        return False
    comes = {role: [entry.person for entry in row.entries if entry.role is role] for role in _PARTIES}
    return all(comes[role] and draft.of(role) for role in _PARTIES) and not any(
        same_person(one, other) for role in _PARTIES for one in comes[role] for other in draft.of(role)
    )


def _repeats(entry: Entry, draft: Draft, layout: Layout) -> list[RowProblem] | None:
    """What to find against somebody who may be there already; None when the entry says nothing new and is dropped."""
    if entry.held:
        return []
    for earlier in draft.entries:
        if earlier.role is entry.role and not earlier.held and same_person(earlier.person, entry.person):
            if _contains(earlier.person, entry.person):
                if layout is Layout.ROW_PER_PERSON or earlier.row == entry.row:
                    draft.problems.append(problem(Code.ROW_REPEATED, entry.row))
                return None
            return [problem(Code.PERSON_REPEATED_DIFFERENTLY, entry.row)]
    return []


def _contains(whole: Person, part: Person) -> bool:
    """Whether ``part`` says nothing that ``whole`` does not say."""
    single = all(getattr(part, one) in (None, getattr(whole, one)) for one in ("sex", "nhs_number"))
    several = all(
        set(getattr(part, many)) <= set(getattr(whole, many)) for many in ("names", "birth_dates", "identifiers", "addresses", "phones")
    )
    return single and several


def _with(entry: Entry, found: Sequence[RowProblem]) -> Entry:
    return Entry(entry.row, entry.role, entry.person, entry.written, (*entry.problems, *found), entry.marks)


def check_case(draft: Draft) -> None:
    """Findings within one case: nobody harmed, nobody harming, or one person in two parts."""
    if not any(entry.role in (Role.VICTIM, None) for entry in draft.entries) and draft.entries:
        draft.problems.append(problem(Code.CASE_WITHOUT_VICTIM, draft.row))
    elif draft.entries and not any(entry.role in (Role.PERPETRATOR, None) for entry in draft.entries):
        draft.problems.append(problem(Code.CASE_WITHOUT_PERPETRATOR, draft.row))
    for (_, one), (at, other) in combinations(list(enumerate(draft.entries)), 2):
        if one.role is not other.role and None not in (one.role, other.role) and same_person(one.person, other.person):
            found = problem(Code.SAME_PERSON_TWO_ROLES, other.row)
            if {one.role, other.role} == _PARTIES:
                draft.problems.append(found)
            else:
                draft.entries[at] = _with(other, [found])


def check_list(drafts: Sequence[Draft]) -> Iterator[RowProblem]:
    """Findings across cases. People whose NHS number stands for somebody else too are held in their drafts."""
    _hold_shared_numbers(drafts)
    seen: dict[object, list[tuple[Draft, Entry]]] = {}
    for draft in drafts:
        parties = [entry for entry in draft.entries if entry.role in _PARTIES]
        earlier = {entry: [found for key in _keys(entry.person) for found in seen.get(key, ())] for entry in parties}
        if any(_same_parties(other, draft) for found in earlier.values() for other, _ in found[:1]):
            yield problem(Code.CASE_REPEATED, draft.row)
        else:
            yield from (_there_too(entry, other) for entry, found in earlier.items() for _, other in found)
        for entry in parties:
            for key in _keys(entry.person):
                seen.setdefault(key, []).append((draft, entry))


def _keys(person: Person) -> Iterator[object]:
    """What is equal for two entries that are surely one person: the number, or a name together with a date of birth."""
    if person.nhs_number:
        yield person.nhs_number
    yield from product(sorted(name_keys(person)), dict.fromkeys(person.birth_dates))


def _there_too(entry: Entry, other: Entry) -> RowProblem:
    return problem(Code.PERSON_IN_SEVERAL_CASES if other.role is entry.role else Code.PERSON_IN_BOTH_ROLES, entry.row)


def _surely_same(one: Person, other: Person) -> bool:
    return same_person(one, other) and bool(set(one.birth_dates) & set(other.birth_dates))


def _same_parties(one: Draft, other: Draft) -> bool:
    pairs = [(one.of(role), other.of(role)) for role in sorted(_PARTIES)]
    return all(theirs and len(ours) == len(theirs) and all(any(_surely_same(a, b) for b in theirs) for a in ours) for ours, theirs in pairs)


def _hold_shared_numbers(drafts: Sequence[Draft]) -> None:
    places = [(draft, at) for draft in drafts for at in range(len(draft.entries))]
    by_number: dict[object, list[tuple[Draft, int]]] = {}
    for draft, at in places:
        number = draft.entries[at].person.nhs_number
        if number:
            by_number.setdefault(number, []).append((draft, at))
    for sharing in by_number.values():
        people = [draft.entries[at].person for draft, at in sharing]
        if len(people) > _MOST_SHARING or not all(_compatible(one, other) for one, other in combinations(people, 2)):
            for draft, at in sharing:
                entry = draft.entries[at]
                draft.entries[at] = _with(entry, [problem(Code.NHS_NUMBER_SHARED, entry.row, Field.NHS_NUMBER.value)])


def _compatible(one: Person, other: Person) -> bool:
    """Whether two entries with one number can be one person: a name or a date of birth in common."""
    return bool(name_keys(one) & name_keys(other) or set(one.birth_dates) & set(other.birth_dates))


def settle(draft: Draft) -> tuple[ParsedCase | None, tuple[HeldRow, ...]]:
    """The case with everybody who is let in, and what is held of it."""
    whole = holding(p for p in draft.problems if Code(p.code) in HOLDS_CASE)
    if whole:
        everybody = tuple(entry.parsed() for entry in draft.entries)
        return None, (HeldRow(draft.row, draft.number, whole, everybody, whole_case=True),)
    held = tuple(HeldRow(e.row, draft.number, e.held, (e.parsed(),)) for e in draft.entries if e.held)
    empty = tuple(HeldRow(p.row, draft.number, (p.code,)) for p in draft.problems if p.code == Code.ROW_WITHOUT_PEOPLE)
    people = tuple(entry.parsed() for entry in draft.entries if not entry.held)
    return (_case(draft, people) if people else None), (*held, *empty)


def _case(draft: Draft, people: tuple[ParsedPerson, ...]) -> ParsedCase:
    rows = draft.rows
    return ParsedCase(
        number=draft.number,
        people=people,
        row=draft.row,
        referral_date=next((r.referral_date for r in rows if r.referral_date), None),
        repeat=next((r.repeat for r in rows if r.repeat is not None), None),
        notes="\n".join(dict.fromkeys(r.notes for r in rows if r.notes)),
    )
