"""One person out of the cells of a row: what was read, what was found, and what each cell said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gateway.domain.case_list import Address, BirthDate, Person, PersonName, Phone, Role, RowProblem
from gateway.domain.case_list_reading import ParsedPerson
from gateway.domain.errors import Code
from gateway.domain.identifiers import LocalIdentifier
from gateway.domain.sealed import Sealed
from mappings.case_list import contact, names
from mappings.case_list.children import Cells, name_and_birth, one_by_one
from mappings.case_list.columns import Column, Field
from mappings.case_list.dates import Order, Reader, is_blank
from mappings.case_list.grid import Cell
from mappings.case_list.problems import Reading, holding, problem

_NO_PERSON = frozenset({Field.SAFE_TO_CALL, Field.ROLE})
"""Fields that alone do not make a person."""
_ADULT_AGE, _LISTED_AGE = 18, 16


@dataclass(frozen=True, slots=True)
class Mark:
    """What one date said about the order of day and month, and where."""

    row: int
    column: str
    order: Order


@dataclass(frozen=True, slots=True, repr=False)
class Entry(Sealed):
    """One person of one row. ``role`` is None when it could not be read; with ``held`` codes the person is kept out."""

    row: int
    role: Role | None
    person: Person
    written: tuple[tuple[str, str], ...]
    problems: tuple[RowProblem, ...] = ()
    marks: tuple[Mark, ...] = ()

    @property
    def held(self) -> tuple[str, ...]:
        """Why the person is kept out; empty when they are let in."""
        return holding(self.problems)

    def parsed(self) -> ParsedPerson:
        """The entry as the domain knows it."""
        return ParsedPerson(self.role or Role.OTHER, self.person, self.row, self.written)


_T = TypeVar("_T")


class _Findings:
    """Collects what is found about one person, each at its column."""

    def __init__(self, row: int, labels: Mapping[Field, str]) -> None:
        self.row, self.labels = row, labels
        self.problems: list[RowProblem] = []
        self.marks: list[Mark] = []

    def add(self, field: Field, codes: Iterable[Code]) -> None:
        self.problems.extend(problem(code, self.row, self.labels.get(field, field.value)) for code in codes)

    def take(self, field: Field, read: Reading[_T]) -> _T:
        self.add(field, read.codes)
        return read.value


def read_people(
    cells: Mapping[Column, Sequence[Cell]], role: Role | None, row: int, dates: Reader, surnames: Collection[str] = ()
) -> tuple[Entry, ...]:
    """The people of one role (and number) in one row: usually one or nobody, several where children share a cell."""
    by_field: dict[Field, Sequence[Cell]] = {column.field: found for column, found in cells.items()}
    labels = {column.field: column.label for column in cells}
    if not _somebody(by_field):
        return ()
    apart: Reading[tuple[Cells, ...]] = one_by_one(by_field, surnames) if role is Role.CHILD else Reading((by_field,))
    return tuple(_entry(of_one, role, row, labels, dates, apart.codes) for of_one in apart.value if _somebody(of_one))


def _somebody(cells: Cells) -> bool:
    """Whether the cells speak of a person: something is filled in, and not only "none" in place of a name."""
    filled = {field: found for field, found in cells.items() if field not in _NO_PERSON and not all(map(is_blank_or_nobody, found))}
    unknown_name = any(_says_unknown(cell) for field in (Field.NAME, Field.FAMILY_NAME) for cell in cells.get(field, ()))
    return bool(filled) or unknown_name


def is_blank_or_nobody(cell: Cell) -> bool:
    """Whether a cell is empty, says that nothing is known, or that there is nobody."""
    return is_blank(cell) or (cell.kind in ("text", "number") and cell.text.strip().casefold() in names.NOBODY)


def _says_unknown(cell: Cell) -> bool:
    return cell.kind == "text" and cell.text.strip().casefold() not in names.NOBODY and names.is_placeholder(cell.text)


def _entry(cells: Cells, role: Role | None, row: int, labels: Mapping[Field, str], dates: Reader, codes: tuple[Code, ...]) -> Entry:
    found = _Findings(row, labels)
    found.add(_name_field(cells), codes)
    for field, of_field in cells.items():
        found.add(field, [_FAULTY[cell.kind] for cell in of_field if cell.kind in _FAULTY])
    person = _person(cells, role, found, dates) if not codes else Person(())
    if role is None:
        found.add(Field.ROLE, (Code.ROLE_NOT_READ,))
    _check_age(person, role, found, dates)
    written = tuple((labels.get(field, field.value), cell.plain()) for field, of_field in cells.items() for cell in of_field)
    return Entry(row, role, person, written, tuple(dict.fromkeys(found.problems)), tuple(found.marks))


_FAULTY = {"error": Code.CELL_ERROR, "uncalculated": Code.CELL_NOT_CALCULATED, "too_long": Code.FILE_CELL_TOO_LONG}


def _person(cells: Cells, role: Role | None, found: _Findings, dates: Reader) -> Person:
    main, aliases, births_beside = _names(cells, found)
    births = _birth_dates(cells, births_beside, role, found, dates)
    return Person(
        names=(main, *aliases) if main else (),
        birth_dates=births,
        sex=found.take(Field.SEX, contact.read_sex(cells[Field.SEX][0])) if Field.SEX in cells else None,
        nhs_number=found.take(Field.NHS_NUMBER, contact.read_nhs_number(cells[Field.NHS_NUMBER][0])) if Field.NHS_NUMBER in cells else None,
        identifiers=_identifiers(cells, found),
        addresses=_addresses(cells, found),
        phones=_phones(cells, found),
    )


def _text(cells: Cells, field: Field) -> str:
    """The text of a field; "" where the cell is missing or says that nothing is known."""
    return "\n".join(cell.plain() for cell in cells.get(field, ()) if not is_blank(cell))


def _name_field(cells: Cells) -> Field:
    return next((field for field in (Field.NAME, Field.FAMILY_NAME, Field.GIVEN_NAME) if field in cells), Field.NAME)


def _names(cells: Cells, found: _Findings) -> tuple[PersonName | None, tuple[PersonName, ...], str]:
    """The main name, the aliases, and a date of birth that stands in the name cell."""
    field = _name_field(cells)
    given_name = "\n".join(cell.plain() for cell in cells.get(Field.NAME, ()))
    apart = name_and_birth(given_name)
    whole, beside = found.take(Field.NAME, apart)
    family, given = _unplaced(cells, Field.FAMILY_NAME), _unplaced(cells, Field.GIVEN_NAME)
    if family and whole and not given:
        given, whole = _without_family(whole, family), ""
    if whole:
        main, more = (whole, []) if names.is_placeholder(whole) else names.main_and_aliases(whole)
        name = found.take(field, names.split_name(main))
        aliases = found.take(field, names.name_aliases(more, name)) if name else ()
    else:
        name, aliases = _from_columns(family, given, _text(cells, Field.MIDDLE_NAMES), found, field)
    if name is None:
        return None, (), beside
    further = [
        found.take(Field.ALIASES, names.read_aliases(cell.plain(), name)) for cell in cells.get(Field.ALIASES, ()) if not is_blank(cell)
    ]
    former = found.take(Field.FORMER_FAMILY_NAME, names.former_family_names(_text(cells, Field.FORMER_FAMILY_NAME), name))
    every = dict.fromkeys([*aliases, *(n for group in further for n in group), *former])
    return name, tuple(n for n in every if n != name), beside


def _unplaced(cells: Cells, field: Field) -> str:
    """The text of a name column as it stands: here a placeholder is a finding and not an empty cell."""
    return "\n".join(cell.plain() for cell in cells.get(field, ()))


def _without_family(whole: str, family: str) -> str:
    """The first names, where a name column stands beside a surname column and may or may not repeat the surname."""
    repeats = whole.casefold().endswith(" " + family.casefold())
    return whole[: -len(family)].strip() if repeats else whole


def _from_columns(family: str, given: str, middle: str, found: _Findings, field: Field) -> tuple[PersonName | None, tuple[PersonName, ...]]:
    """A name from its columns; a second surname or first name in a column ("Smith / Jones", "Robert (Bob)") makes an alias."""
    main_family, families = _split_column(family)
    main_given, givens = _split_column(given)
    name = found.take(field, names.join_name(main_family, main_given, middle))
    if name is None:
        return None, ()
    others = [names.join_name(other, main_given, middle) for other in families] + [
        names.join_name(main_family, other, middle) for other in givens
    ]
    found.add(field, [Code.ALIAS_NOT_READ for read in others if read.value is None][:1])
    return name, tuple(read.value for read in others if read.value)


def _split_column(text: str) -> tuple[str, list[str]]:
    if not text or names.is_placeholder(text):
        return text, []
    main, more = names.main_and_aliases(text)
    return main, [other for other, _ in more]


def _birth_dates(cells: Cells, beside: str, role: Role | None, found: _Findings, dates: Reader) -> tuple[BirthDate, ...]:
    written = [cell for cell in cells.get(Field.BIRTH_DATE, ()) if not is_blank(cell)] or ([Cell("text", beside)] if beside else [])
    field = Field.BIRTH_DATE if Field.BIRTH_DATE in cells else Field.NAME
    births: list[BirthDate] = []
    for cell in written:
        if cell.kind not in _FAULTY:
            read = dates.birth_dates(cell, role)
            births.extend(read.dates)
            found.add(field, read.codes)
            found.marks.extend(Mark(found.row, found.labels.get(field, field.value), order) for order in read.orders)
    if not written:
        found.add(Field.BIRTH_DATE, (Code.BIRTH_DATE_MISSING,))
    return tuple(dict.fromkeys(births))


def _identifiers(cells: Cells, found: _Findings) -> tuple[LocalIdentifier, ...]:
    readers = (
        (Field.IDENTIFIERS, contact.read_identifiers),
        (Field.CHI_NUMBER, contact.read_chi_number),
        (Field.PNC_ID, contact.read_pnc_id),
    )
    return tuple(i for field, read in readers if _text(cells, field) for i in found.take(field, read(_text(cells, field))))


def _addresses(cells: Cells, found: _Findings) -> tuple[Address, ...]:
    lines = [cell.plain() for field in (Field.ADDRESS, Field.ADDRESS_LINE) for cell in cells.get(field, ()) if not is_blank(cell)]
    read = contact.read_address(lines, _text(cells, Field.POSTCODE), _text(cells, Field.UPRN))
    for code in read.codes:
        found.add(_ADDRESS_FIELD_OF.get(code, Field.ADDRESS), (code,))
    previous = found.take(Field.PREVIOUS_ADDRESSES, contact.read_previous(_text(cells, Field.PREVIOUS_ADDRESSES)))
    return (*((read.value,) if read.value else ()), *previous)


_ADDRESS_FIELD_OF = {Code.POSTCODE_NOT_READ: Field.POSTCODE, Code.UPRN_INVALID: Field.UPRN}


def _phones(cells: Cells, found: _Findings) -> tuple[Phone, ...]:
    safe = next(iter(cells.get(Field.SAFE_TO_CALL, ())), None)
    numbers = cells.get(Field.PHONE, ())
    return found.take(Field.PHONE, contact.read_phones(numbers, safe)) if numbers or safe else ()


def _check_age(person: Person, role: Role | None, found: _Findings, dates: Reader) -> None:
    """Somebody harmed or harming under 16, or a child who is an adult: perhaps right, perhaps columns mixed up."""
    youngest = max((b for b in person.birth_dates), key=lambda b: b.iso(), default=None)
    if youngest is None:
        return
    months = (dates.today.month, dates.today.day) < (youngest.month or 1, youngest.day or 1)
    age = dates.today.year - youngest.year - months
    if role in (Role.VICTIM, Role.PERPETRATOR) and age < _LISTED_AGE:
        found.add(Field.BIRTH_DATE, (Code.PERSON_UNDER_16,))
    if role is Role.CHILD and age >= _ADULT_AGE:
        found.add(Field.BIRTH_DATE, (Code.CHILD_IS_ADULT,))
