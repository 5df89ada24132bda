"""Headings: the synonym table, whose a heading is, and where the headings of a sheet stand."""

from __future__ import annotations

import random

import pytest

from mappings.case_list.columns import CASE_FIELDS, ROLE_WORDS, SYNONYMS, Field, recognise
from mappings.case_list.headings import column_letter
from tests.unit.case_list_sheets import codes, from_rows, from_sheet, names


@pytest.mark.parametrize(
    ("heading", "label"),
    [
        ("Case No", "case number"), ("CASE NO.", "case number"), ("#", "case number"), ("MARAC Ref", "case number"),
        ("D.O.B.", "date of birth"), ("Birth date", "date of birth"), ("Date of Birth (dd/mm/yyyy)", "date of birth"),
        ("Victim's D.O.B", "victim date of birth"), ("DOB of victim", "victim date of birth"), ("VICTIM DOB", "victim date of birth"),
        ("Victim\u2019s name", "victim name"), ("Victim", "victim name"), ("Survivor", "victim name"), ("1. Victim", "victim name"),
        ("Alleged perpetrator", "perpetrator name"), ("Perp(s)", "perpetrator name"), ("Suspect forename", "perpetrator first name"),
        ("Children", "child name"), ("Children (name, DOB)", "child name"), ("Child(ren)", "child name"), ("Names and DOBs of children", "child name"),
        ("Child 2 DOB", "child 2 date of birth"), ("Child2 DOB", "child 2 date of birth"), ("Child name 3", "child 3 name"),
        ("Victim address line 2", "victim address line"), ("Postcode", "postcode"), ("Home tel", "phone"), ("Mobile", "phone"),
        ("Safe to call?", "safe to call"), ("Victim safe to call (Y/N)", "victim safe to call"), ("Safe to call Y/N", "safe to call"),
        ("Relationship to victim", "not taken"), ("Number of children", "not taken"), ("Victim GP", "not taken"),
        ("Victim/Perpetrator", "role"), ("V/P/C", "role"), ("Other person name", "other name"), ("Victim other names", "victim other names"),
    ],
)  # fmt: skip
def test_what_a_heading_means(heading: str, label: str) -> None:
    column = recognise(heading)
    assert column is not None
    assert column.label == label


@pytest.mark.parametrize(
    "heading", ["", "Smith", "Favourite colour", "Date", "Type", "Victim and perpetrator name", "a b c d e f g h i j k l m"]
)
def test_what_is_no_known_heading(heading: str) -> None:
    assert recognise(heading) is None


def test_every_synonym_means_its_field_in_any_case_order_and_punctuation() -> None:
    misread = []
    for field, heading in [(field, heading) for field, headings in SYNONYMS.items() for heading in headings]:
        words = heading.upper().split()
        random.Random(heading).shuffle(words)
        for written in (heading, " - ".join(words), f"{heading}:"):
            column = recognise(written)
            if column is None or (column.field, column.role) != (field, None):
                misread.append((written, field))
    assert misread == []


def test_every_detail_of_a_person_can_be_anybodys() -> None:
    of_people = [
        (field, heading) for field, headings in SYNONYMS.items() if field not in CASE_FIELDS | {Field.ROLE} for heading in headings
    ]
    misread = []
    for role, words in ROLE_WORDS.items():
        for written, field in [(f"{word} {heading}", field) for word in words for field, heading in of_people]:
            column = recognise(written)
            if column is None or (column.role, column.field) != (role, field):
                misread.append((written, field))
    assert misread == []


def test_columns_without_a_known_heading_are_named_by_their_letter() -> None:
    assert [column_letter(n) for n in (0, 25, 26, 701, 702)] == ["column A", "column Z", "column AA", "column ZZ", "column AAA"]
    parsed = from_rows(
        ("Case no", "Victim name", "Victim DOB", "Zodiac sign", "Perpetrator"), ("1", "Jane Smith", "31/01/1980", "Leo", "Tom Jones")
    )
    assert [(p.row, p.column) for p in parsed.problems if p.code == "HEADING_UNKNOWN"] == [(1, "column D")]
    assert names(parsed) == ["victim Jane Smith", "perpetrator Tom Jones"]


ROW = ("1", "Jane Smith", "31/01/1980", "Tom Jones", "30/01/1979")


@pytest.mark.parametrize(
    ("headings", "row", "people"),
    [
        (("No", "Victim", "DOB", "Perpetrator", "DOB"), ROW, ["1980-01-31", "1979-01-30"]),
        (("No", "Victim", "DOB", "Perpetrator", "D.O.B."), ROW, ["1980-01-31", "1979-01-30"]),
        (("No", "Victim name", "Victim DOB", "Perpetrator name", "Perpetrator DOB"), ROW, ["1980-01-31", "1979-01-30"]),
    ],
)
def test_a_heading_without_a_role_belongs_to_the_person_on_its_left(
    headings: tuple[str, ...], row: tuple[str, ...], people: list[str]
) -> None:
    parsed = from_rows(headings, row)
    assert [p.person.birth_dates[0].iso() for p in parsed.people] == people


@pytest.mark.parametrize(
    ("headings", "column"),
    [
        (("No", "Victim", "Perpetrator", "DOB"), "date of birth (column D)"),  # anybody's
        (("No", "Victim", "Perpetrator", "DOB", "DOB"), "date of birth (column D)"),
        (("DOB", "No", "Victim", "Perpetrator"), "date of birth (column A)"),
        (("No", "Victim", "Victim name", "Perpetrator"), "victim name (column C)"),
        (("No", "Victim name", "Victim DOB", "DOB of victim", "Perpetrator"), "victim date of birth (column D)"),
        (("No", "Victim mobile", "Victim mobile", "Victim name"), "victim phone (column C)"),
        (("No", "Role", "Name", "Name"), "name (column D)"),
        (("No", "Role", "Victim name"), "role"),
    ],
)
def test_an_ambiguous_heading_is_an_error_that_names_the_column(headings: tuple[str, ...], column: str) -> None:
    parsed = from_rows(headings, ("1", "x", "y", "z", "w")[: len(headings)])
    assert column in [p.column for p in parsed.problems if p.code == "HEADING_AMBIGUOUS"]
    assert parsed.refused
    assert not parsed.cases


@pytest.mark.parametrize(
    ("headings", "code"),
    [
        (("No", "Name", "DOB"), "ROLE_COLUMN_MISSING"),
        (("No", "Role", "DOB"), "NAME_COLUMN_MISSING"),
        (("Shoes", "Ships", "Wax"), "HEADINGS_NOT_FOUND"),
    ],
)
def test_a_sheet_whose_headings_are_not_enough(headings: tuple[str, ...], code: str) -> None:
    assert code in codes(from_rows(headings, ("1", "Jane Smith", "31/01/1980")))


def test_titles_blank_rows_and_headings_in_row_seven() -> None:
    title = ["Northmoor MARAC, meeting of 3 December 2026"]
    rows = [
        title,
        [None],
        ["Chair:", "DI Somebody"],
        [None],
        ["Confidential"],
        [None],
        ["Case No", "Victim", "DOB", "Perpetrator", "DOB"],
        list(ROW),
    ]
    parsed = from_sheet(rows)
    assert names(parsed) == ["victim Jane Smith", "perpetrator Tom Jones"]
    assert parsed.meeting_date is not None
    assert parsed.meeting_date.isoformat() == "2026-12-03"
    assert parsed.cases[0].row == 8


TWO_ROWS = [["Case", "Victim", None, None, "Perpetrator", None, "Notes"], ["No", "Name", "DOB", "Address", "Name", "DOB", None],
            ["1", "Jane Smith", "31/01/1980", "3 Cornflower Walk", "Tom Jones", "30/01/1979", "careful"]]  # fmt: skip


@pytest.mark.parametrize("merged", [(), ((1, 1, 1, 3), (1, 4, 1, 5), (1, 6, 2, 6))])
def test_two_rows_of_headings(merged: tuple[tuple[int, int, int, int], ...]) -> None:
    parsed = from_sheet(TWO_ROWS, merged=merged)
    assert not codes(parsed)
    assert names(parsed) == ["victim Jane Smith", "perpetrator Tom Jones"]
    assert parsed.people[0].person.addresses[0].lines == ("3 Cornflower Walk",)
    assert parsed.cases[0].notes == "careful"


def test_a_group_reaches_no_further_than_its_merged_cells() -> None:
    rows = [
        ["", "Victim", None, "Perpetrator", None],
        ["No", "Name", "DOB", "Name", "Address"],
        ["1", "Jane Smith", "31/01/1980", "Tom Jones", "1 A St"],
    ]
    parsed = from_sheet(rows, merged=((1, 1, 1, 2), (1, 3, 1, 3)))
    assert [p.column for p in parsed.problems if p.code == "HEADING_AMBIGUOUS"] == ["address (column E)"]


def test_headings_repeated_on_every_page_and_totals() -> None:
    headings = ["Case No", "Victim", "DOB", "Perpetrator", "DOB"]
    rows = [headings, list(ROW), headings, ["2", *ROW[1:]], ["Total cases", "3"]]
    parsed = from_sheet(rows)
    assert [case.number for case in parsed.cases] == ["1", "2"]
    assert {"TOTAL_ROW_LEFT_OUT", "TOTAL_DIFFERS", "CASE_REPEATED"} == codes(parsed)


def test_other_headings_further_down_stop_the_file() -> None:
    rows = [
        ["Case No", "Victim", "DOB", "Perpetrator", "DOB"],
        list(ROW),
        [None],
        ["Case No", "Child name", "Child DOB", "School", "Child address"],
    ]
    assert "SEVERAL_TABLES_ON_SHEET" in codes(from_sheet(rows))
