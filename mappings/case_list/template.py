"""Blank files to fill in, and lists written in their form; what is written here reads back as the same list."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from gateway.domain.case_list import Address, BirthDate, Person, PersonName, Phone, Role
from gateway.domain.case_list_reading import ParsedCase
from mappings.case_list.actions_csv import ActionField, CompletionField
from mappings.case_list.columns import Column, Field
from mappings.case_list.reading import MAX_CASES, NOTES_SHEET

CHILDREN = 6
"""Columns for so many children in the template with a row for each case."""
_PERSON = (
    Field.FAMILY_NAME, Field.GIVEN_NAME, Field.MIDDLE_NAMES, Field.ALIASES, Field.BIRTH_DATE, Field.SEX, Field.NHS_NUMBER, Field.ADDRESS,
    Field.POSTCODE, Field.UPRN, Field.PREVIOUS_ADDRESSES, Field.PHONE, Field.SAFE_TO_CALL, Field.IDENTIFIERS,
)  # fmt: skip
_CASE = (Field.REFERRAL_DATE, Field.REPEAT, Field.NOTES)
_HELP: Mapping[Field, str] = {
    Field.CASE_NUMBER: "Your own number of the case. The same number in a corrected list is the same case.",
    Field.ROLE: "Victim, Perpetrator, Child or Other.",
    Field.FAMILY_NAME: "As on documents. A person with one name only: write it here.",
    Field.GIVEN_NAME: "In full; an initial is not enough to look somebody up.",
    Field.MIDDLE_NAMES: "All of them, if known.",
    Field.ALIASES: "Other whole names, with a semicolon between: Surname, First name; Surname, First name.",
    Field.BIRTH_DATE: "Day/month/year. Several with a semicolon between; a year alone if no more is known.",
    Field.SEX: "Female, Male or Other.",
    Field.NHS_NUMBER: "Ten digits. Leave empty if not known.",
    Field.ADDRESS: "Lines with commas between.",
    Field.POSTCODE: "Of the address.",
    Field.UPRN: "Unique Property Reference Number, if known.",
    Field.PREVIOUS_ADDRESSES: "With a semicolon between.",
    Field.PHONE: "With a semicolon between.",
    Field.SAFE_TO_CALL: "Yes or No, then times if needed: Yes - after 6 pm. Empty counts as not safe.",
    Field.IDENTIFIERS: "Numbers that an agency issued: scheme=number; scheme=number.",
    Field.REFERRAL_DATE: "Day/month/year.",
    Field.REPEAT: "Yes or No.",
    Field.NOTES: "Kept with the case; never sent to an agency's record system.",
}
_CHOICES: Mapping[Field, str] = {Field.ROLE: "Victim,Perpetrator,Child,Other", Field.SEX: "Female,Male,Other", Field.REPEAT: "Yes,No"}
_GUARD = ("=", "+", "-", "@", "\t", "\r")


class TemplateKind(StrEnum):
    """The blank files there are; the value is the name to save it under."""

    PEOPLE_XLSX = "row-per-person.xlsx"
    CASES_XLSX = "row-per-case.xlsx"
    PEOPLE_CSV = "row-per-person.csv"
    CASES_CSV = "row-per-case.csv"
    ACTIONS_CSV = "actions.csv"
    COMPLETIONS_CSV = "completions.csv"


def case_list_template(kind: TemplateKind) -> bytes:
    """A blank file of this kind."""
    if kind is TemplateKind.ACTIONS_CSV:
        return _csv([[field.value.capitalize() for field in ActionField]])
    if kind is TemplateKind.COMPLETIONS_CSV:
        return _csv([[field.value.capitalize() for field in CompletionField]])
    return write_case_list((), kind)


def write_case_list(cases: Sequence[ParsedCase], kind: TemplateKind, meeting_date: date | None = None) -> bytes:
    """A list in the form of the template. Raises ``ValueError`` when a case has more people than its row has columns for."""
    per_case = kind in (TemplateKind.CASES_XLSX, TemplateKind.CASES_CSV)
    columns = _case_columns() if per_case else _person_columns()
    rows = [_row_of_case(case) for case in cases] if per_case else [row for case in cases for row in _rows_of_people(case)]
    title = ["Meeting date", f"{meeting_date:%d/%m/%Y}" if meeting_date else ""]
    table = [title, [column.label.capitalize() for column in columns], *([row.get(column, "") for column in columns] for row in rows)]
    return _xlsx(table, columns) if kind.endswith(".xlsx") else _csv([[*row, *[""] * (len(columns) - len(row))] for row in table])


def _person_columns() -> list[Column]:
    return [Column(field) for field in (Field.CASE_NUMBER, Field.ROLE, *_PERSON, *_CASE)]


def _case_columns() -> list[Column]:
    people = [(Role.VICTIM, 1), (Role.PERPETRATOR, 1), *((Role.CHILD, number) for number in range(1, CHILDREN + 1))]
    whose = [Column(field, role, number) for role, number in people for field in _PERSON]
    return [Column(Field.CASE_NUMBER), *whose, *(Column(field) for field in _CASE)]


def _row_of_case(case: ParsedCase) -> dict[Column, str]:
    row = _case_cells(case)
    for role in Role:
        for number, parsed in enumerate((p for p in case.people if p.role is role), start=1):
            row.update({Column(field, role, number): text for field, text in _person_cells(parsed.person).items()})
    if not row.keys() <= set(_case_columns()):
        raise ValueError("more people than columns")
    return row


def _rows_of_people(case: ParsedCase) -> list[dict[Column, str]]:
    rows = []
    for parsed in case.people:
        whose = {Column(field): text for field, text in _person_cells(parsed.person).items()}
        rows.append({**_case_cells(case), Column(Field.ROLE): parsed.role.value.capitalize(), **whose})
    return rows


def _case_cells(case: ParsedCase) -> dict[Column, str]:
    return {
        Column(Field.CASE_NUMBER): case.number,
        Column(Field.REFERRAL_DATE): f"{case.referral_date:%d/%m/%Y}" if case.referral_date else "",
        Column(Field.REPEAT): "" if case.repeat is None else ("Yes" if case.repeat else "No"),
        Column(Field.NOTES): case.notes,
    }


def _person_cells(person: Person) -> dict[Field, str]:
    name, *aliases = person.names
    current = next((a for a in person.addresses if a.current), Address())
    phones, safe = _phones(person.phones)
    number = person.nhs_number.value if person.nhs_number else ""
    return {
        Field.FAMILY_NAME: name.family,
        Field.GIVEN_NAME: name.given,
        Field.MIDDLE_NAMES: " ".join(name.middle),
        Field.ALIASES: "; ".join(map(_alias, aliases)),
        Field.BIRTH_DATE: "; ".join(map(_birth_date, person.birth_dates)),
        Field.SEX: person.sex.value.capitalize() if person.sex else "",
        Field.NHS_NUMBER: f"{number[:3]} {number[3:6]} {number[6:]}".strip(),
        Field.ADDRESS: ", ".join(current.lines),
        Field.POSTCODE: current.postcode or "",
        Field.UPRN: current.uprn or "",
        Field.PREVIOUS_ADDRESSES: "; ".join(", ".join([*a.lines, a.postcode or ""]).strip(", ") for a in person.addresses if not a.current),
        Field.PHONE: phones,
        Field.SAFE_TO_CALL: safe,
        Field.IDENTIFIERS: "; ".join(f"{i.system}={i.value}" for i in person.identifiers),
    }


def _alias(name: PersonName) -> str:
    return ", ".join(filter(None, [name.family, " ".join([name.given, *name.middle]).strip()]))


def _birth_date(born: BirthDate) -> str:
    return "/".join(f"{part:02d}" for part in (born.day, born.month) if part) + ("/" if born.month else "") + f"{born.year:04d}"


def _phones(phones: Sequence[Phone]) -> tuple[str, str]:
    """The numbers, and the safe-to-call cell; where they differ, each number says it for itself in brackets."""
    said = {(phone.safe_to_call, phone.note) for phone in phones}
    if len(said) == 1:
        return "; ".join(phone.number for phone in phones), _safe(*said.pop(), yes="Yes", no="No")
    each = [f"{phone.number} ({_safe(phone.safe_to_call, phone.note, yes='safe', no='not safe')})" for phone in phones]
    return "; ".join(text.removesuffix(" ()") for text in each), ""


def _safe(safe: bool | None, note: str, *, yes: str, no: str) -> str:
    word = {True: yes, False: no, None: ""}[safe]
    return " - ".join(filter(None, [word, note]))


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 with its mark, as Excel wants it; texts that Excel would take for formulas are guarded with an apostrophe."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([f"'{cell}" if cell.startswith(_GUARD) else cell for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _xlsx(table: Sequence[Sequence[str]], columns: Sequence[Column]) -> bytes:
    """One sheet to fill in and one that explains; every cell is text, so that no number loses a digit and no date is turned round."""
    book = Workbook()
    book.properties.creator = book.properties.lastModifiedBy = ""
    sheet: Any = book.worksheets[0]
    sheet.title = "List"
    for at, column in enumerate(columns, start=1):
        shape = sheet.column_dimensions[get_column_letter(at)]
        shape.number_format, shape.width = "@", 18
        _offer_choices(sheet, column, get_column_letter(at))
    for number, row in enumerate(table, start=1):
        for at, text in enumerate(row, start=1):
            _write_text(sheet.cell(number, at), text)
    for cell in [sheet.cell(1, 1), *sheet[2]]:
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "B3"
    _explain(book.create_sheet("Notes"), columns)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _write_text(cell: Any, text: str) -> None:
    cell.number_format = "@"
    if text:
        cell.value = text
        cell.data_type = "s"


def _offer_choices(sheet: Any, column: Column, letter: str) -> None:
    if column.field in _CHOICES:
        choice = DataValidation(type="list", formula1=f'"{_CHOICES[column.field]}"', allow_blank=True, showErrorMessage=True)
        choice.add(f"{letter}3:{letter}{MAX_CASES * 8}")
        sheet.add_data_validation(choice)


def _explain(sheet: Any, columns: Sequence[Column]) -> None:
    sheet.append([NOTES_SHEET])
    sheet.append(["Write the date of the meeting beside its label in the first row, then one row under another without gaps."])
    for field in dict.fromkeys(column.field for column in columns):
        sheet.append([field.value.capitalize(), _HELP[field]])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 28, 100
    sheet["A1"].font = Font(bold=True)
