"""Writes the demonstration's case list, truth and actions afresh from its tables.

    python -m contracts.stubs.demonstration [--out DIR]
"""

import argparse
import csv
from dataclasses import astuple, fields
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font

from contracts.stubs.demonstration import FOLDER, CastMember, DemonstrationCase, cases, cast
from contracts.stubs.demonstration.expected import Expectation, truth
from contracts.stubs.places import Address

_PERSON = ("forename(s)", "surname", "other names", "DOB", "sex", "NHS number", "address", "postcode", "previous addresses", "phone")
_CHILD = ("forename(s)", "surname", "DOB", "NHS number")
_CHILDREN = 3
_WRITTEN = datetime(2026, 11, 1)  # noqa: DTZ001  a workbook's times have no zone
"""Stands in the workbook as when it was made, so that the same tables give the same bytes' worth of content."""


def headings() -> list[str]:
    """The first row of the list."""
    return [
        "Case No", "Date referred", "Referring agency", "Repeat case",
        *(f"Victim {column}" for column in _PERSON), "Safe to call?", "Language",
        *(f"Perpetrator {column}" for column in _PERSON), "Relationship to victim",
        *(f"Child {number} {column}" for number in range(1, _CHILDREN + 1) for column in _CHILD), "Notes",
    ]  # fmt: skip


def row(case: DemonstrationCase) -> list[str]:
    """One case as a row of the list, dates as they are written in the United Kingdom."""
    told = case.told
    children = [cell for child in case.children for cell in _child(cast()[child])]
    return [
        case.number, _uk(told["referred"]), told["referrer"], told["repeat"],
        *_person(cast()[case.victim]), told["safe_to_call"], told.get("language", ""),
        *_person(cast()[case.perpetrator]), told["relationship"],
        *children, *[""] * (_CHILDREN * len(_CHILD) - len(children)), told.get("notes", ""),
    ]  # fmt: skip


def write_case_list(folder: Path) -> None:
    """``case-list.csv`` and ``case-list.xlsx``, the same rows in both."""
    rows = [headings(), *map(row, cases())]
    _write_csv(folder / "case-list.csv", rows)
    book = Workbook()
    book.properties.creator, book.properties.created, book.properties.modified = "", _WRITTEN, _WRITTEN
    sheet = book.worksheets[0]
    sheet.title = "Case list"
    for line in rows:
        sheet.append(line)
    sheet.freeze_panes = "B2"
    for cell in sheet[1]:
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[cell.column_letter].width = 18
    book.save(folder / "case-list.xlsx")


def write_truth(folder: Path) -> None:
    """``truth.csv``: every person, every agency, the state a hit report must show."""
    _write_csv(folder / "truth.csv", [[field.name for field in fields(Expectation)], *(list(astuple(line)) for line in truth())])


def _write_csv(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8-sig" if path.stem == "case-list" else "utf-8", newline="") as file:
        csv.writer(file, lineterminator="\r\n" if path.stem == "case-list" else "\n").writerows(rows)


def _person(member: CastMember) -> list[str]:
    born = [member.birth_date, *([member.also_born] if member.also_born else [])]
    return [
        " ".join(member.given), member.family, "; ".join(f"{name.given} {name.family}" for name in member.aliases),
        "; ".join(map(_uk, born)), member.sex.capitalize(), _spaced(member.listed_number), ", ".join(member.home.lines),
        member.home.postcode, "; ".join(map(_one_line, member.previous)), member.phone or "",
    ]  # fmt: skip


def _child(member: CastMember) -> list[str]:
    return [" ".join(member.given), member.family, _uk(member.birth_date), _spaced(member.listed_number)]


def _uk(day: object) -> str:
    return f"{day:%d/%m/%Y}"


def _spaced(number: str | None) -> str:
    return f"{number[:3]} {number[3:6]} {number[6:]}" if number else ""


def _one_line(place: Address) -> str:
    return ", ".join((*place.lines, place.postcode))


def main() -> None:
    """Writes all files; see the module."""
    parser = argparse.ArgumentParser(prog="contracts.stubs.demonstration")
    parser.add_argument("--out", type=Path, default=FOLDER)
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    write_case_list(folder)
    write_truth(folder)


if __name__ == "__main__":
    main()
