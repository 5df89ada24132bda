"""Where the headings of a sheet are, and which column means what; titles above, two rows of headings, and columns nobody knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from gateway.domain.case_list import Role, RowProblem
from gateway.domain.case_list_reading import Layout
from gateway.domain.errors import Code
from gateway.domain.sealed import Sealed
from mappings.case_list.columns import CASE_FIELDS, SEVERAL_ALLOWED, Column, Field, recognise, words_of
from mappings.case_list.grid import Block, Row, Sheet
from mappings.case_list.problems import problem

SEARCHED_ROWS = 30
_ENOUGH = 2
"""So many known headings make a row of headings."""
_ANOTHER_TABLE = 4
_NAMES = frozenset({Field.NAME, Field.FAMILY_NAME, Field.GIVEN_NAME})
_KINDS = (
    frozenset({Field.ADDRESS, Field.ADDRESS_LINE, Field.POSTCODE, Field.UPRN}),
    frozenset({Field.PHONE, Field.SAFE_TO_CALL}),
    _NAMES | {Field.MIDDLE_NAMES},
)
_ADULTS = (Role.VICTIM, Role.PERPETRATOR)


@dataclass(frozen=True, slots=True, repr=False)
class Headings(Sealed):
    """``row`` is the last row of headings; ``columns`` by position from 0; ``width`` how many cells the row of headings has."""

    row: int
    columns: Mapping[int, Column]
    layout: Layout
    width: int
    labels: Mapping[int, str] = field(default_factory=dict)
    problems: tuple[RowProblem, ...] = ()

    def at(self, position: int) -> str:
        """How a problem names the column."""
        return self.labels.get(position) or column_letter(position)


def column_letter(position: int) -> str:
    """``column A`` for 0, ``column AA`` for 26: the name of a column whose heading is not known."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"column {letters}"


def texts_of(row: Row) -> dict[int, str]:
    """The words of a row's text cells, by position."""
    return {at: cell.text for at, cell in enumerate(row) if cell and cell.kind == "text"}


def heading_row(sheet: Sheet) -> int | None:
    """The row with the most known headings near the top of the sheet; None when no row has enough."""
    scores = {number: _score(sheet.rows[number]) for number in sorted(sheet.rows)[:SEARCHED_ROWS]}
    best = max(scores, key=lambda number: scores[number], default=0)
    return best if scores.get(best, 0) >= _ENOUGH else None


def read_headings(sheet: Sheet, row: int) -> Headings:
    """What each column means, with a problem for each that cannot be told."""
    written = texts_of(sheet.rows[row])
    known = {at: column for at, text in written.items() if (column := recognise(text))}
    above = max((number for number in sheet.rows if number < row), default=None)
    if above is not None:
        known, written = _with_row_above(known, written, sheet, above)
    columns, unclear = _with_roles(known)
    layout, found = _layout(columns)
    labels = {at: column.label for at, column in columns.items()}
    found += [problem(Code.HEADING_UNKNOWN, row, column_letter(at)) for at in written if at not in known]
    unclear |= _repeated(columns, written)
    found += [problem(Code.HEADING_AMBIGUOUS, row, f"{labels.get(at, known[at].label)} ({column_letter(at)})") for at in sorted(unclear)]
    found += [problem(Code.COLUMN_HIDDEN, row, labels[at]) for at in sorted(columns) if at in sheet.hidden_columns and _taken(columns[at])]
    return Headings(row, columns, layout, len(sheet.rows[row]), labels, tuple(found))


def is_heading_again(headings: Headings, row: Row) -> bool:
    """Whether a row further down repeats the headings, as printed pages do."""
    known = {at: column.field for at, text in texts_of(row).items() if (column := recognise(text))}
    alike = all(at in headings.columns and headings.columns[at].field is field for at, field in known.items())
    return alike and len(known) >= _ENOUGH and len(known) == sum(cell is not None for cell in row)


def is_other_table(row: Row) -> bool:
    """Whether a row further down is a row of other headings."""
    known = [column for text in texts_of(row).values() if (column := recognise(text))]
    return (
        len({(c.field, c.role, c.number) for c in known}) >= _ANOTHER_TABLE
        and any(c.field in _NAMES for c in known)
        and len(known) * 2 > len(texts_of(row))
    )


def _taken(column: Column) -> bool:
    return column.field is not Field.NOT_TAKEN


def _score(row: Row) -> int:
    """How many different headings a row holds; the same heading may come again for the next person."""
    known = [column for text in texts_of(row).values() if (column := recognise(text))]
    return len(known) if len(set(known)) >= _ENOUGH else 0


def _is_group(text: str) -> bool:
    """A heading that only says whose the columns below it are."""
    column = recognise(text)
    return bool(column and column.role and column.field is Field.NAME and "name" not in words_of(text) and "names" not in words_of(text))


def _with_row_above(
    known: dict[int, Column], written: dict[int, str], sheet: Sheet, above: int
) -> tuple[dict[int, Column], dict[int, str]]:
    """The columns, completed from a row of groups above them ("Victim" over "Name", "DOB") where there is one."""
    texts = texts_of(sheet.rows[above])
    if not any(_is_group(text) for text in texts.values()):
        return known, written
    groups = dict(_spread(texts, sheet.merged, above, max(written, default=0)))
    completed = dict(known)
    for at, column in known.items():
        group = recognise(groups.get(at, ""))
        if column.role is None and column.field not in CASE_FIELDS and group and _is_group(groups[at]):
            completed[at] = Column(column.field, group.role, max(group.number, column.number))
    for at, text in texts.items():
        meant = recognise(text) if at not in written else None
        if meant:
            completed[at] = meant
    return completed, written | {at: text for at, text in texts.items() if at not in written and at in completed}


def _spread(texts: Mapping[int, str], merged: tuple[Block, ...], row: int, last: int) -> Iterator[tuple[int, str]]:
    """Each group over its columns: as far as its cell is merged, else up to the next group."""
    blocks = {left: right for top, left, bottom, right in merged if top <= row <= bottom}
    for at, following in pairwise([*sorted(texts), last + 1]):
        until = blocks.get(at, following - 1)
        yield from ((position, texts[at]) for position in range(at, max(until, at) + 1))


def _with_roles(known: Mapping[int, Column]) -> tuple[dict[int, Column], set[int]]:
    """Headings that do not say whose they are belong to the person named to their left, where that is the only way to read them.

    It is not when an earlier adult lacks that kind of detail: in "Victim, Perpetrator, Date of birth" the date may be anybody's.
    """
    if any(column.field is Field.ROLE for column in known.values()) or not any(column.role for column in known.values()):
        return dict(known), set()
    columns: dict[int, Column] = {}
    unclear: set[int] = set()
    current: tuple[Role, int] | None = None
    for at, column in sorted(known.items()):
        if column.role:
            current = (column.role, column.number)
            columns[at] = column
        elif column.field in CASE_FIELDS:
            columns[at] = column
        elif current is None or _others_lack(column.field, current, columns):
            unclear.add(at)
        else:
            columns[at] = Column(column.field, current[0], max(current[1], column.number))
    return columns, unclear


def _others_lack(wanted: Field, current: tuple[Role, int], columns: Mapping[int, Column]) -> bool:
    """Whether an adult named before the current person has no column of this kind."""
    kind = next((kind for kind in _KINDS if wanted in kind), frozenset({wanted}))
    earlier = {(c.role, c.number) for c in columns.values() if c.role in _ADULTS} - {current}
    has = {(c.role, c.number) for c in columns.values() if c.field in kind}
    return bool(earlier - has) and current not in has


def _layout(columns: Mapping[int, Column]) -> tuple[Layout, list[RowProblem]]:
    fields = {column.field for column in columns.values()}
    if not fields & _NAMES:
        return Layout.ROW_PER_PERSON, [problem(Code.NAME_COLUMN_MISSING)]
    named = any(column.role and column.field in _NAMES for column in columns.values())
    if Field.ROLE in fields and any(column.role for column in columns.values()):
        return Layout.ROW_PER_CASE, [problem(Code.HEADING_AMBIGUOUS, 0, Field.ROLE.value)]
    if Field.ROLE not in fields and not named:
        return Layout.ROW_PER_PERSON, [problem(Code.ROLE_COLUMN_MISSING)]
    return (Layout.ROW_PER_PERSON if Field.ROLE in fields else Layout.ROW_PER_CASE), []


def _repeated(columns: Mapping[int, Column], written: Mapping[int, str]) -> set[int]:
    """Columns that mean the same as an earlier one, where only one may be; or that have the very same heading."""
    first: dict[object, int] = {}
    repeated: set[int] = set()
    for at, column in sorted(columns.items()):
        if column.field is Field.NOT_TAKEN:
            continue
        several = column.field in SEVERAL_ALLOWED
        key = (column, frozenset(words_of(written.get(at, ""))) if several else None)
        if first.setdefault(key, at) != at:
            repeated.add(at)
    return repeated
