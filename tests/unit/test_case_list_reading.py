"""Whole lists: who is let in, who is held and why, and what stops the file. Each test is a situation of a coordinator's desk."""

from __future__ import annotations

import traceback

import pytest

from gateway.domain.case_list import Role
from gateway.domain.case_list_reading import Layout
from gateway.domain.errors import CATALOGUE, Code
from mappings.case_list.delimited import read_delimited
from mappings.case_list.grid import Book, Cell, Sheet
from mappings.case_list.problems import ERROR, HELD, HOLDS_CASE, SEVERITY, WARNING
from mappings.case_list.reading import MAX_CASES, NOTES_SHEET, read_list
from tests.unit.case_list_sheets import PER_CASE, PER_PERSON, TODAY, codes, from_csv, from_rows, from_sheet, held, names, one_case

JANE = ("V", "Smith", "Jane", "31/01/1980")
TOM = ("P", "Jones", "Tom", "30/01/1979")
ANN = ("C", "Jones", "Ann", "25/12/2015")


def test_a_row_per_person() -> None:
    parsed = one_case(JANE, TOM, ANN)
    assert parsed.layout is Layout.ROW_PER_PERSON
    assert names(parsed) == ["victim Jane Smith", "perpetrator Tom Jones", "child Ann Jones"]
    assert not parsed.problems
    assert not parsed.held


def test_a_row_per_case_with_children_in_one_cell() -> None:
    parsed = from_rows(
        PER_CASE, ("C1", "Jane Smith", "31/01/1980", "Tom Jones", "30/01/1979", "Ann Jones 25/12/2015\nBen Jones 26/12/2017")
    )
    assert parsed.layout is Layout.ROW_PER_CASE
    assert names(parsed) == ["victim Jane Smith", "perpetrator Tom Jones", "child Ann Jones", "child Ben Jones"]
    assert [p.person.birth_dates[0].iso() for p in parsed.people][2:] == ["2015-12-25", "2017-12-26"]


def test_children_in_numbered_columns_and_in_lines_that_pair() -> None:
    numbered = from_rows((*PER_CASE[:5], "Child 1", "Child 1 DOB", "Child 2", "Child 2 DOB"),
                         ("C1", "Jane Smith", "31/01/1980", "Tom Jones", "30/01/1979", "Ann Jones", "25/12/2015", "Ben Jones", "26/12/2017"))  # fmt: skip
    paired = from_rows((*PER_CASE, "Children DOB"), ("C1", "Jane Smith", "31/01/1980", "Tom Jones", "30/01/1979", "Ann Jones\nBen Jones", "25/12/2015\n26/12/2017"))  # fmt: skip
    assert [p.person for p in numbered.people] == [p.person for p in paired.people]
    assert len(paired.people) == 4


def test_children_that_do_not_pair_are_held_together() -> None:
    parsed = from_rows(
        (*PER_CASE, "Children DOB"), ("C1", "Jane Smith", "31/01/1980", "Tom Jones", "30/01/1979", "Ann Jones\nBen Jones", "25/12/2015")
    )
    assert names(parsed) == ["victim Jane Smith", "perpetrator Tom Jones"]
    assert held(parsed) == {2: ("CHILDREN_DO_NOT_PAIR",)}


@pytest.mark.parametrize(
    ("person", "code"),
    [
        (("P", "Unknown", "", ""), "NAME_UNKNOWN"),
        (("C", "Smith", "Baby", ""), "NAME_UNKNOWN"),
        (("P", "Jones", "T", "30/01/1979"), "NAME_ONE_LETTER"),
        (("P", "", "Tom", "30/01/1979"), "NAME_ONE_WORD"),
        (("P", "", "", "30/01/1979"), "NAME_MISSING"),
        (("P", "Jones", "Tom", "31/04/1979"), "DATE_IMPOSSIBLE"),
        (("P", "Jones", "Tom", "soon"), "DATE_NOT_READ"),
        (("C", "Jones", "Ann", "25/12/2027"), "DATE_IN_FUTURE"),
        (("", "Jones", "Tom", "30/01/1979"), "ROLE_NOT_READ"),
        (("Neighbour", "Jones", "Tom", "30/01/1979"), "ROLE_NOT_READ"),
        (("Victim/Perpetrator", "Jones", "Tom", "30/01/1979"), "ROLE_NOT_READ"),
    ],
)
def test_a_person_in_doubt_is_held_and_the_others_go_in(person: tuple[str, ...], code: str) -> None:
    parsed = one_case(JANE, person)
    assert names(parsed) == ["victim Jane Smith"]
    assert code in held(parsed)[3]
    assert parsed.held[0].case_number == "C1"
    assert not parsed.held[0].whole_case
    assert not parsed.refused


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"NHS number": "9990020745"}, "NHS_NUMBER_CHECK_DIGIT"),
        ({"NHS number": "9999999999"}, "NHS_NUMBER_REPEATED"),
        ({"NHS number": "9.99002E+09"}, "NHS_NUMBER_LENGTH"),
        ({"UPRN": "A12", "Address": "1 A St"}, "UPRN_INVALID"),
        ({"Sex": "?!"}, "SEX_NOT_READ"),
        ({"Phone": "12"}, "PHONE_NOT_READ"),
        ({"Other names": "Janey"}, "ALIAS_ONE_WORD"),
        ({"Address": "as above"}, "ADDRESS_IS_REFERENCE"),
        ({"Repeat": "perhaps"}, "REPEAT_NOT_READ"),
        ({"Referral date": "31/04/2026"}, "REFERRAL_DATE_NOT_READ"),
        ({"Meeting date": "soon"}, "MEETING_DATE_NOT_READ"),
    ],
)
def test_a_detail_in_doubt_is_left_out_with_a_warning(cells: dict[str, str], code: str) -> None:
    parsed = from_rows((*PER_PERSON, *cells), ("C1", *JANE, *cells.values()), ("C1", *TOM, *[""] * len(cells)))
    assert names(parsed) == ["victim Jane Smith", "perpetrator Tom Jones"]
    assert code in codes(parsed)
    assert {p.severity for p in parsed.problems} == {"warning"}
    assert parsed.people[0].person.nhs_number is None


def test_a_person_with_a_bad_nhs_number_is_still_looked_up_by_name() -> None:
    parsed = from_rows((*PER_PERSON, "NHS number"), ("C1", *JANE, "999 002 0745"), ("C1", *TOM, "999 002 1112"))
    assert [(p.row, p.column, p.severity) for p in parsed.problems] == [(2, "NHS number", "warning")]
    assert [p.person.nhs_number and p.person.nhs_number.value for p in parsed.people] == [None, "9990021112"]


def test_one_person_as_victim_and_perpetrator_holds_the_case() -> None:
    parsed = from_rows(PER_PERSON, ("1", *JANE), ("1", "P", *JANE[1:]), ("2", *JANE[:1], "Brown", "Eve", "29/01/1985"), ("2", *TOM))
    assert [case.number for case in parsed.cases] == ["2"]
    assert parsed.held[0].whole_case
    assert parsed.held[0].codes == ("SAME_PERSON_TWO_ROLES",)
    assert len(parsed.held[0].people) == 2


def test_the_same_by_alias_or_number_holds_the_case_too() -> None:
    by_alias = from_rows((*PER_PERSON, "aka"), ("1", *JANE, "Jane Jones"), ("1", "P", "Jones", "Jane", "31/01/1980", ""))
    by_number = from_rows((*PER_PERSON, "NHS number"), ("1", *JANE, "9990020744"), ("1", *TOM, "9990020744"))
    assert by_alias.held[0].codes == by_number.held[0].codes == ("SAME_PERSON_TWO_ROLES",)
    assert not by_alias.cases
    assert not by_number.cases


def test_a_father_and_a_son_of_one_name_are_two_people() -> None:
    parsed = one_case(("V", "Pritchard", "Gareth", "08/04/1961"), ("P", "Pritchard", "Gareth", "20/12/1996"))
    assert not parsed.held
    assert len(parsed.people) == 2


def test_one_name_without_a_date_against_it_is_doubt() -> None:
    parsed = one_case(("V", "Pritchard", "Gareth", "20/04/1961"), ("P", "Pritchard", "Gareth", ""))
    assert parsed.held[0].codes == ("SAME_PERSON_TWO_ROLES",)


def test_part_of_a_date_is_not_against_the_whole_of_it() -> None:
    assert one_case(("V", "Smith", "Jane", "1980"), ("P", "Smith", "Jane", "31/01/1980")).held[0].codes == ("SAME_PERSON_TWO_ROLES",)
    assert not one_case(("V", "Smith", "Jane", "1981"), ("P", "Smith", "Jane", "31/01/1980")).held


def test_a_child_who_is_also_the_perpetrator_is_held_as_child_only() -> None:
    parsed = one_case(JANE, ("P", "Smith", "Kim", "25/12/2009"), ("C", "Smith", "Kim", "25/12/2009"))
    assert names(parsed) == ["victim Jane Smith", "perpetrator Kim Smith"]
    assert held(parsed) == {4: ("SAME_PERSON_TWO_ROLES",)}


def test_people_in_two_cases_are_told() -> None:
    parsed = from_rows(
        PER_PERSON,
        ("1", *JANE),
        ("1", *TOM),
        ("2", "V", "Brown", "Eve", "29/01/1985"),
        ("2", *TOM),
        ("3", "V", *TOM[1:]),
        ("3", "P", *JANE[1:]),
    )
    assert {(p.row, p.code) for p in parsed.problems} == {
        (5, "PERSON_IN_SEVERAL_CASES"),
        (6, "PERSON_IN_BOTH_ROLES"),
        (7, "PERSON_IN_BOTH_ROLES"),
    }
    assert len(parsed.cases) == 3


def test_one_nhs_number_for_two_people_holds_both() -> None:
    parsed = from_rows(
        (*PER_PERSON, "NHS number"),
        ("1", *JANE, "9990020744"),
        ("1", *TOM, ""),
        ("2", "V", "Brown", "Eve", "29/01/1985", "9990020744"),
        ("2", *TOM, ""),
    )
    assert held(parsed) == {2: ("NHS_NUMBER_SHARED",), 4: ("NHS_NUMBER_SHARED",)}
    assert names(parsed) == ["perpetrator Tom Jones"] * 2


def test_the_same_row_twice_is_taken_once_and_told() -> None:
    parsed = one_case(JANE, TOM, TOM)
    assert len(parsed.people) == 2
    assert [(p.row, p.code) for p in parsed.problems] == [(4, "ROW_REPEATED")]


def test_a_person_twice_with_other_details_is_held_the_second_time() -> None:
    parsed = from_rows((*PER_PERSON, "Address"), ("1", *JANE, "1 A St"), ("1", *TOM, ""), ("1", *JANE, "2 B St"))
    assert held(parsed) == {4: ("PERSON_REPEATED_DIFFERENTLY",)}


@pytest.mark.parametrize(
    ("people", "code"),
    [
        ([JANE], "CASE_WITHOUT_PERPETRATOR"),
        ([("V", "Smith", "Jane", "25/12/2012"), TOM], "PERSON_UNDER_16"),
        ([JANE, TOM, ("C", "Jones", "Ann", "25/12/2005")], "CHILD_IS_ADULT"),
        ([JANE, ("P", "Jones", "Tom", "")], "BIRTH_DATE_MISSING"),
        ([("V", "Suharto", "", "31/01/1980"), TOM], "GIVEN_NAME_MISSING"),
    ],
)
def test_what_is_only_unusual_goes_in_with_a_warning(people: list[tuple[str, ...]], code: str) -> None:
    parsed = one_case(*people)
    assert len(parsed.people) == len(people)
    assert codes(parsed) == {code}


def test_a_case_without_a_victim_is_held_whole() -> None:
    parsed = one_case(TOM, ANN)
    assert not parsed.cases
    assert parsed.held[0].codes == ("CASE_WITHOUT_VICTIM",)
    assert parsed.held[0].whole_case


def test_a_victim_in_doubt_does_not_keep_the_perpetrator_out() -> None:
    assert names(one_case(("V", "Unknown", "", ""), TOM)) == ["perpetrator Tom Jones"]


def test_case_numbers_are_made_by_order_where_there_are_none() -> None:
    parsed = from_rows(
        PER_CASE[1:],
        ("Jane Smith", "31/01/1980", "Tom Jones", "30/01/1979", ""),
        ("Eve Brown", "29/01/1985", "Max Green", "30/01/1975", "None"),
    )
    assert [case.number for case in parsed.cases] == ["1", "2"]
    assert [p.row for p in parsed.problems if p.code == "CASE_NUMBER_MADE"] == [2, 3]


def test_a_missing_number_among_others_does_not_collide() -> None:
    parsed = from_rows(
        PER_CASE,
        ("2", "Jane Smith", "31/01/1980", "Tom Jones", "30/01/1979", ""),
        ("", "Eve Brown", "29/01/1985", "Max Green", "30/01/1975", ""),
    )
    assert [case.number for case in parsed.cases] == ["2", "no-number-2"]


def test_people_without_numbers_begin_a_case_at_each_victim() -> None:
    parsed = from_rows(PER_PERSON[1:], JANE, TOM, ANN, ("V", "Brown", "Eve", "29/01/1985"), ("P", "Green", "Max", "30/01/1975"))
    assert [len(case.people) for case in parsed.cases] == [3, 2]


def test_people_without_numbers_that_begin_with_somebody_else_stop_the_file() -> None:
    assert "CASES_NOT_SEPARATED" in codes(
        from_rows(PER_PERSON[1:], TOM, JANE, ("P", "Green", "Max", "30/01/1975"), ("V", "Brown", "Eve", "29/01/1985"))
    )


def test_rows_that_go_on_with_the_case_above() -> None:
    rows = [
        PER_CASE,
        ("C1", "Jane Smith", "31/01/1980", "Tom Jones", "30/01/1979", "Ann Jones 25/12/2015"),
        ("", "", "", "", "", "Ben Jones 26/12/2017"),
    ]
    assert names(from_rows(*rows)) == ["victim Jane Smith", "perpetrator Tom Jones", "child Ann Jones", "child Ben Jones"]


def test_cells_merged_downwards() -> None:
    rows = [
        PER_CASE,
        ("C1", "Jane Smith", "31/01/1980", "Tom Jones", "30/01/1979", "Ann Jones 25/12/2015"),
        (None, None, None, None, None, "Ben Jones 26/12/2017"),
    ]
    parsed = from_sheet(rows, merged=tuple((2, column, 3, column) for column in range(5)))
    assert names(parsed) == ["victim Jane Smith", "perpetrator Tom Jones", "child Ann Jones", "child Ben Jones"]
    assert not parsed.problems


def test_one_number_for_two_cases_holds_both() -> None:
    parsed = from_rows(
        PER_CASE,
        ("C1", "Jane Smith", "31/01/1980", "Tom Jones", "30/01/1979", ""),
        ("C1", "Eve Brown", "29/01/1985", "Max Green", "30/01/1975", ""),
    )
    assert not parsed.cases
    assert parsed.held[0].codes == ("CASE_NUMBER_REPEATED",)
    assert len(parsed.held[0].people) == 4


def test_hidden_rows_are_held_and_hidden_columns_and_sheets_told() -> None:
    rows = [PER_PERSON, ("1", *JANE), ("1", *TOM), ("1", *ANN)]
    parsed = from_sheet(rows, hidden_rows=frozenset({3}), hidden_columns=frozenset({4}))
    assert names(parsed) == ["victim Jane Smith", "child Ann Jones"]
    assert held(parsed) == {3: ("ROW_HIDDEN",)}
    assert ("COLUMN_HIDDEN", "date of birth") in {(p.code, p.column) for p in parsed.problems}


def _sheet(*rows: tuple[str, ...], hidden: bool = False) -> Sheet:
    return Sheet(rows={n: tuple(Cell("text", c) if c else None for c in row) for n, row in enumerate(rows, start=1)}, hidden=hidden)


def test_the_one_visible_list_of_a_workbook_is_read() -> None:
    good, other, notes = (
        _sheet(PER_PERSON, ("1", *JANE), ("1", *TOM)),
        _sheet(("Shopping",), ("Milk",)),
        _sheet((NOTES_SHEET,), ("Role", "Victim")),
    )
    last_month = _sheet(PER_PERSON, ("1", "V", "Brown", "Eve", "29/01/1985"), hidden=True)
    parsed = read_list(Book(sheets=(notes, last_month, good, other), year_zero=1900), TODAY)
    assert names(parsed) == ["victim Jane Smith", "perpetrator Tom Jones"]
    assert codes(parsed) == {"SHEET_HIDDEN", "SHEET_NOT_READ"}


def test_two_lists_in_one_workbook_stop_it() -> None:
    good = _sheet(PER_PERSON, ("1", *JANE), ("1", *TOM))
    parsed = read_list(Book(sheets=(good, good), year_zero=1900), TODAY)
    assert codes(parsed) == {"SEVERAL_LISTS_IN_FILE"}
    assert parsed.refused


def test_empty_files_and_headings_alone() -> None:
    assert codes(read_list(Book(sheets=()), TODAY)) == {"LIST_EMPTY"}
    assert codes(from_rows(PER_PERSON)) == {"LIST_EMPTY"}


def test_more_than_five_hundred_cases_stop_the_file() -> None:
    rows = [(str(n), "Jane Smith", "31/01/1980", "Tom Jones", "30/01/1979", "") for n in range(MAX_CASES + 1)]
    parsed = from_rows(PER_CASE, *rows)
    assert "LIST_TOO_LONG" in codes(parsed)
    assert not parsed.cases
    assert len(from_rows(PER_CASE, rows[0]).cases) == 1


def test_a_case_of_a_hundred_people_stops_the_file() -> None:
    assert "LIST_TOO_LONG" in codes(one_case(JANE, *(("C", "Jones", f"Ann{'n' * n}", "25/12/2015") for n in range(100))))


def test_an_error_cell_and_a_formula_without_result_hold_the_person() -> None:
    parsed = from_sheet(
        [PER_PERSON, ("1", *JANE), ("1", "P", "Jones", "Tom", Cell("error", "")), ("1", "C", Cell("uncalculated", ""), "Ann", "25/12/2015")]
    )
    assert names(parsed) == ["victim Jane Smith"]
    assert held(parsed)[3] == ("CELL_ERROR",)
    assert "CELL_NOT_CALCULATED" in held(parsed)[4]


def test_a_name_turned_into_a_date_or_number_is_held() -> None:
    parsed = from_sheet([PER_PERSON, ("1", *JANE), ("1", "P", "May", 12345, "30/01/1979")])
    assert "NAME_ODD_CHARACTERS" in held(parsed)[3]


@pytest.mark.parametrize("row", ["1,P,Jones,Tom,30/01/1979,extra", "1,P,Jo,nes,Tom,30/01/1979", "1,P,Jon"])
def test_cells_that_slipped_in_a_csv_row_hold_the_case(row: str) -> None:
    parsed = from_csv(
        f"Case no,Role,Surname,First name,DOB\n1,V,Smith,Jane,31/01/1980\n{row}\n2,V,Brown,Eve,29/01/1985\n2,P,Green,Max,30/01/1975\n"
    )
    assert [case.number for case in parsed.cases] == ["2"]
    assert "ROW_SHIFTED" in parsed.held[0].codes


def test_cells_that_slipped_in_every_row_are_seen_too() -> None:
    parsed = from_csv("Case no,Role,Surname,First name,DOB\n1,V,Smith,Jones,Jane,31/01/1980\n1,P,Jones,Smith,Tom,30/01/1979\n")
    assert not parsed.cases
    assert parsed.held[0].codes == ("ROW_SHIFTED",)


def test_a_line_of_text_under_the_list_is_shown_and_left_out() -> None:
    parsed = from_sheet([PER_PERSON, ("1", *JANE), ("1", *TOM), ("Printed for the chair only",)])
    assert [case.number for case in parsed.cases] == ["1"]
    assert [(h.row, h.codes, h.people) for h in parsed.held] == [(4, ("ROW_WITHOUT_PEOPLE",), ())]
    elsewhere = from_sheet(
        [(*PER_PERSON, "Notes"), ("1", *JANE), ("1", *TOM), (None, None, None, None, None, "for the chair only"), ("Total", 1)]
    )
    assert [(h.row, h.codes) for h in elsewhere.held] == [(4, ("ROW_WITHOUT_PEOPLE",))]
    assert codes(elsewhere) == {"ROW_WITHOUT_PEOPLE", "TOTAL_ROW_LEFT_OUT"}


def test_the_meeting_date_of_a_column_and_two_of_them() -> None:
    one = from_rows((*PER_PERSON, "Meeting date"), ("1", *JANE, "03/12/2026"), ("1", *TOM, "03/12/2026"))
    two = from_rows((*PER_PERSON, "Meeting date"), ("1", *JANE, "03/12/2026"), ("1", *TOM, "04/12/2026"))
    assert one.meeting_date is not None
    assert one.meeting_date.isoformat() == "2026-12-03"
    assert codes(two) == {"MEETING_DATES_DIFFER"}
    assert two.refused


def test_case_details() -> None:
    headings = (*PER_PERSON, "Date referred", "Repeat?", "Notes", "Ethnicity")
    parsed = from_rows(headings, ("NM-1", *JANE, "19/10/2026", "Y", "careful", "x"), ("NM-1", *TOM, "", "", "", ""))
    case = parsed.cases[0]
    assert (case.number, case.referral_date and case.referral_date.isoformat(), case.repeat, case.notes) == (
        "NM-1",
        "2026-10-19",
        True,
        "careful",
    )
    assert not parsed.problems


def test_everything_written_is_kept_beside_what_was_read() -> None:
    written = dict(one_case(("V", "SMITH", "Mrs Jane", "1 Feb 1980"), TOM).people[0].written)
    assert written == {"role": "V", "surname": "SMITH", "first name": "Mrs Jane", "date of birth": "1 Feb 1980"}


@pytest.mark.parametrize(
    ("written", "role"), [("V", Role.VICTIM), ("Alleged perpetrator", Role.PERPETRATOR), ("Child 2", Role.CHILD), ("Other", Role.OTHER)]
)
def test_roles(written: str, role: Role) -> None:
    parsed = one_case(JANE, (written, "Green", "Max", "25/12/1995"), TOM)
    assert parsed.people[1].role is role


def test_every_code_has_one_severity_and_a_text() -> None:
    assert set(SEVERITY.values()) == {ERROR, HELD, WARNING}
    assert set(SEVERITY) <= set(CATALOGUE)
    assert all(SEVERITY[code] == HELD for code in HOLDS_CASE)


CANARY = "Zzqcanary"


@pytest.mark.parametrize("role", ["V", CANARY])
@pytest.mark.parametrize("name", [f"{CANARY}1", f"{CANARY}\u200b", CANARY, f"{CANARY} and {CANARY}"])
def test_no_value_of_the_file_stands_in_a_problem_a_repr_or_a_traceback(role: str, name: str) -> None:
    headings = (*PER_PERSON, "NHS number", "Sex", "Phone", "Safe to call", "Postcode", CANARY)
    parsed = from_rows(headings, (CANARY, role, name, CANARY, CANARY, *[CANARY] * 6), ("2", *JANE, *[""] * 6))
    shown = [repr(parsed), str(parsed), repr(parsed.problems), repr(parsed.held), repr(parsed.cases), f"{parsed}"]
    assert parsed.problems
    assert not any(CANARY in text for text in shown)


def test_a_refused_file_shows_nothing_of_itself_in_its_traceback() -> None:
    try:
        read_delimited(b"Name,DOB\n\xe9\xff\x81" + CANARY.encode() + b",x\n")
    except Exception:  # noqa: BLE001  whatever it is, it may not show the file
        assert CANARY not in traceback.format_exc()
    else:
        pytest.fail("an uncertain encoding was read")
    assert Code.FILE_ENCODING_UNCERTAIN in CATALOGUE
