"""Severities: what each finding does to the row, and readings that carry their findings with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, TypeVar

from gateway.domain.case_list import RowProblem
from gateway.domain.errors import Code
from gateway.domain.sealed import Sealed

T = TypeVar("T")

ERROR, HELD, WARNING = "error", "held", "warning"

_C = Code
_ERRORS = (
    _C.FILE_QUOTES_BROKEN, _C.LIST_EMPTY, _C.LIST_TOO_LONG, _C.HEADINGS_NOT_FOUND, _C.HEADING_AMBIGUOUS, _C.ROLE_COLUMN_MISSING,
    _C.NAME_COLUMN_MISSING, _C.SEVERAL_LISTS_IN_FILE, _C.SEVERAL_TABLES_ON_SHEET, _C.DATES_MIXED, _C.MEETING_DATES_DIFFER, _C.CASES_NOT_SEPARATED,
)  # fmt: skip
_HELD_CASES = (_C.ROW_SHIFTED, _C.CASE_NUMBER_REPEATED, _C.CASE_WITHOUT_VICTIM, _C.SAME_PERSON_TWO_ROLES)
_HELD_PEOPLE = (
    _C.ROW_HIDDEN, _C.ROW_WITHOUT_PEOPLE, _C.CELL_ERROR, _C.CELL_NOT_CALCULATED, _C.FILE_CELL_TOO_LONG, _C.DATE_IMPOSSIBLE, _C.DATE_NOT_READ, _C.DATE_IN_FUTURE,
    _C.DATE_HAS_TIME, _C.NAME_MISSING, _C.NAME_UNKNOWN, _C.NAME_ONE_LETTER, _C.NAME_ONE_WORD, _C.NAME_TOO_LONG, _C.NAME_ODD_CHARACTERS,
    _C.NAME_HIDDEN_CHARACTERS, _C.NAME_MIXED_SCRIPTS, _C.NAME_GARBLED, _C.NAME_TWO_PEOPLE, _C.CHILDREN_NOT_SEPARATED,
    _C.CHILDREN_DO_NOT_PAIR, _C.ROLE_NOT_READ, _C.PERSON_REPEATED_DIFFERENTLY, _C.NHS_NUMBER_SHARED,
)  # fmt: skip
_HELD_ACTIONS = (
    _C.CASE_NUMBER_MISSING, _C.AGENCY_NOT_READ, _C.TEXT_REQUIRED, _C.OWNER_MISSING, _C.DUE_DATE_NOT_READ, _C.REFERENCE_MISSING,
    _C.OUTCOME_UNKNOWN, _C.DETAIL_REQUIRED, _C.COMPLETED_AT_NOT_READ,
)  # fmt: skip
_WARNINGS = (
    _C.FILE_ENCODING_ASSUMED, _C.HEADING_UNKNOWN, _C.COLUMN_WITHOUT_HEADING, _C.SHEET_HIDDEN, _C.SHEET_NOT_READ, _C.COLUMN_HIDDEN,
    _C.ROW_REPEATED, _C.TOTAL_ROW_LEFT_OUT, _C.TOTAL_DIFFERS, _C.DATES_ORDER_ASSUMED, _C.DATE_PARTIAL, _C.DATE_TWO_DIGIT_YEAR,
    _C.DATE_FROM_NUMBER, _C.DATE_UNLIKELY, _C.BIRTH_DATE_MISSING, _C.AGE_NOT_DATE, _C.MEETING_DATE_NOT_READ, _C.REFERRAL_DATE_NOT_READ,
    _C.GIVEN_NAME_MISSING, _C.NAME_SUFFIX_LEFT_OUT, _C.ALIAS_ONE_WORD, _C.ALIAS_NOT_READ, _C.CASE_NUMBER_MADE, _C.CASE_NUMBER_IS_DATE,
    _C.CASE_WITHOUT_PERPETRATOR, _C.CASE_REPEATED, _C.PERSON_IN_BOTH_ROLES, _C.PERSON_IN_SEVERAL_CASES, _C.PERSON_UNDER_16,
    _C.CHILD_IS_ADULT, _C.SEX_NOT_READ, _C.ADDRESS_IS_REFERENCE, _C.POSTCODE_NOT_READ, _C.PHONE_NOT_READ, _C.PHONE_LOST_ZERO,
    _C.SAFE_TO_CALL_NOT_READ, _C.REPEAT_NOT_READ, _C.IDENTIFIER_NOT_READ, _C.NHS_NUMBER_LENGTH, _C.NHS_NUMBER_REPEATED,
    _C.NHS_NUMBER_CHECK_DIGIT, _C.CHI_NUMBER_INVALID, _C.PNC_ID_INVALID, _C.UPRN_INVALID,
)  # fmt: skip

SEVERITY: Mapping[Code, str] = MappingProxyType(
    dict.fromkeys(_ERRORS, ERROR) | dict.fromkeys((*_HELD_CASES, *_HELD_PEOPLE, *_HELD_ACTIONS), HELD) | dict.fromkeys(_WARNINGS, WARNING)
)
"""Every code that can stand against a row. Codes that refuse a file before its cells are seen are not here."""

HOLDS_CASE = frozenset(_HELD_CASES)
"""Findings whose doubt is about the whole case; every other held finding keeps out one person."""


@dataclass(frozen=True, slots=True, repr=False)
class Reading(Sealed, Generic[T]):
    """What was made of a cell, and what was found on the way."""

    value: T
    codes: tuple[Code, ...] = ()


def problem(code: Code, row: int = 0, column: str = "") -> RowProblem:
    """The finding at its place, with the severity of its code."""
    return RowProblem(row, column, code.value, SEVERITY[code])


def problems(codes: Iterable[Code], row: int, column: str) -> tuple[RowProblem, ...]:
    """Several findings at one place, each once."""
    return tuple(problem(code, row, column) for code in dict.fromkeys(codes))


def stops(found: Iterable[RowProblem]) -> bool:
    """Whether an error is among them."""
    return any(p.severity == ERROR for p in found)


def holding(found: Iterable[RowProblem]) -> tuple[str, ...]:
    """The codes among them that keep a person or a case out, each once."""
    return tuple(dict.fromkeys(p.code for p in found if p.severity == HELD))
