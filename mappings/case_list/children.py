"""Several people in one cell: children on lines of their own, a name with a date of birth or an age behind it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from gateway.domain.errors import Code
from mappings.case_list.columns import Field
from mappings.case_list.dates import dates_within
from mappings.case_list.grid import Cell
from mappings.case_list.names import NOBODY, starts_with_alias_word, tidy
from mappings.case_list.problems import Reading

_LINES = re.compile(r"\s*[;\n]\s*")
_JOINED = re.compile(r"\s*,\s*|\s+(?:and|&|\+)\s+", re.IGNORECASE)
_BULLET = re.compile(r"^(?:\(?\d{1,2}[.):]|[-\u2022\u00b7*\u2013])\s*")
_BETWEEN = re.compile(r"^[\s).,;&+]*(?:and\b)?\s*", re.IGNORECASE)
_BIRTH_WORD = re.compile(r"\b(?:d\.?o\.?b\.?|born|date of birth)\b[\s.:\-]*$", re.IGNORECASE)
_AGE = re.compile(
    r"(?:\b(?:aged?|age:)\s*)?\b\d{1,2}\s*(?:yrs?|years?|y\.?o\.?|y/o|months?|mths?|mos?|weeks?|wks?)?(?:\s*old)?\b\.?\)?\s*$",
    re.IGNORECASE,
)
_SHARED = frozenset(
    {Field.ADDRESS, Field.ADDRESS_LINE, Field.POSTCODE, Field.UPRN, Field.PREVIOUS_ADDRESSES, Field.PHONE, Field.SAFE_TO_CALL}
)
"""Details that may be written once for all children of a cell."""
_NAME_FIELDS = (Field.NAME, Field.GIVEN_NAME, Field.FAMILY_NAME)

Cells = Mapping[Field, Sequence[Cell]]


def name_and_birth(text: str) -> Reading[tuple[str, str]]:
    """A name cell as name and date of birth: "Tom Smith 01/02/2015", "Tom Smith (dob 1 Feb 2015)"; an age is a finding."""
    found = dates_within(text)
    if len(found) == 1:
        before, _, after = text.partition(found[0])
        name, more = _BIRTH_WORD.sub("", before).strip(" ,(-\u2013"), after.strip(" ),;.-\u2013")
        codes = (Code.NAME_TWO_PEOPLE,) if name and more and not starts_with_alias_word(more) else ()
        return Reading((tidy(f"{name} {more}"), found[0]), codes)
    without_age = _without_age(text)
    aged = without_age != text and tidy(without_age) != ""
    return Reading((tidy(without_age) if aged else text, ""), (Code.AGE_NOT_DATE,) if aged else ())


def _without_age(text: str) -> str:
    shorter = _AGE.sub("", text)
    return text if shorter == text else shorter.rstrip(" ,(-\u2013")


def split_people(text: str, surnames: Collection[str]) -> Reading[tuple[str, ...]]:
    """The people of one cell, one text each. Names that only follow each other are not told apart by guesses."""
    lines = _lines(text)
    people = tuple(person for line in lines for person in _people_of_line(line))
    names = [name_and_birth(person).value[0] for person in people]
    firsts = [name.split(",")[0].casefold() for name in names]
    shared = {firsts[0]} if len(firsts) > 1 and len(set(firsts)) == 1 else set()
    together = [
        name
        for name, first in zip(names, firsts, strict=True)
        if not _one_name(name) and ("," not in name or first not in {*surnames, *shared})
    ]
    return Reading(people, (Code.CHILDREN_NOT_SEPARATED,) if together else ())


def _lines(text: str) -> list[str]:
    """The lines that name somebody; one that goes on with another name of the same person stays with the line before."""
    lines: list[str] = []
    for line in (_BULLET.sub("", piece).strip() for piece in _LINES.split(text)):
        if lines and starts_with_alias_word(line):
            lines[-1] = f"{lines[-1]} {line}"
        elif line and line.casefold() not in NOBODY:
            lines.append(line)
    return lines


def _one_name(name: str) -> bool:
    return len([piece for piece in _JOINED.split(name) if piece]) < 2


def _people_of_line(line: str) -> Sequence[str]:
    """The people of one line: each date of birth ends one; without dates, whole names with commas between are several."""
    dates = dates_within(line)
    if len(dates) > 1:
        return _cut_after_dates(line, dates)
    pieces = [piece for piece in _JOINED.split(line) if piece]
    whole = all(len(_without_age(piece).split()) > 1 for piece in pieces)
    return pieces if whole and not dates else [line]


def _cut_after_dates(line: str, dates: Sequence[str]) -> Sequence[str]:
    people: list[str] = []
    for written in dates:
        before, _, line = line.partition(written)
        people.append(_BETWEEN.sub("", before) + written)
    rest = _BETWEEN.sub("", line)
    return [*people, rest] if rest else people


def one_by_one(cells: Cells, surnames: Collection[str]) -> Reading[tuple[Cells, ...]]:
    """The cells of each child, where the cells of one row hold several; or the row's cells as they are."""
    counted = {field: split_people("\n".join(c.plain() for c in cells[field]), surnames) for field in _NAME_FIELDS if field in cells}
    codes = tuple(code for read in counted.values() for code in read.codes)
    size = max((len(read.value) for read in counted.values()), default=1)
    if codes or (size == 1 and Field.NAME not in counted) or size == 0:
        return Reading((cells,), codes)
    split = {field: read.value for field, read in counted.items()}
    for field in cells.keys() - split.keys():
        split[field] = tuple(line for cell in cells[field] for line in _LINES.split(cell.plain()) if line) if size > 1 else ()
    if any(len(parts) not in (0, size) and field not in _SHARED for field, parts in split.items()):
        return Reading((cells,), (Code.CHILDREN_DO_NOT_PAIR,))
    return Reading(tuple(_of_one(cells, split, index, size) for index in range(size)))


def _of_one(cells: Cells, split: Mapping[Field, tuple[str, ...]], index: int, size: int) -> Cells:
    """The cells of the child at ``index``. Where nothing was split, a cell keeps its kind (a true date stays one)."""
    alone = {
        field: [Cell("text", split[field][index])] for field in cells if len(split[field]) == size and (size > 1 or field in _NAME_FIELDS)
    }
    return {field: alone.get(field, cells[field]) for field in cells}
