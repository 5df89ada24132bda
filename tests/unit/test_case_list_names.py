"""Names, aliases, addresses and telephones as lists give them: each row of a table is a situation."""

from __future__ import annotations

import pytest

from gateway.domain.case_list import PersonName
from gateway.domain.errors import Code
from gateway.domain.identifiers import _a_day, _modulus_11
from mappings.case_list import contact, names
from mappings.case_list.children import name_and_birth, split_people
from mappings.case_list.grid import Cell

MAIN = PersonName("Smith", "Jane", ("Mary",))


def parts(name: PersonName | None) -> tuple[str, ...] | None:
    return (name.given, *name.middle, name.family) if name else None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Jane Smith", ("Jane", "Smith")),
        ("Jane Mary Ann Smith", ("Jane", "Mary", "Ann", "Smith")),
        ("SMITH Jane", ("Jane", "SMITH")),
        ("Jane SMITH JONES", ("Jane", "SMITH JONES")),
        ("JANE SMITH", ("JANE", "SMITH")),
        ("JJ Jones", ("JJ", "Jones")),
        ("NG Kim", ("Kim", "NG")),
        ("Smith, Jane Mary", ("Jane", "Mary", "Smith")),
        ("Smith,Jane", ("Jane", "Smith")),
        ("  Jane\u00a0 Smith ", ("Jane", "Smith")),
        ("Mrs Jane Smith", ("Jane", "Smith")),
        ("Dr. Jane Smith", ("Jane", "Smith")),
        ("Anna van der Berg", ("Anna", "van der Berg")),
        ("Ahmed bin Said", ("Ahmed", "bin Said")),
        ("Mary-Ann O\u2019Brien", ("Mary-Ann", "O\u2019Brien")),
        ("Jane Smith-Jones", ("Jane", "Smith-Jones")),
        ("Aoife O\u00b4Brien", ("Aoife", "O\u00b4Brien")),
        ("Aoife O`Brien", ("Aoife", "O`Brien")),
        ("Zo\u00eb M\u00fcller", ("Zo\u00eb", "M\u00fcller")),
        (
            "\u0418\u0432\u0430\u043d \u041f\u0435\u0442\u0440\u043e\u0432",
            ("\u0418\u0432\u0430\u043d", "\u041f\u0435\u0442\u0440\u043e\u0432"),
        ),
        ("\u5c0f\u660e \u738b", ("\u5c0f\u660e", "\u738b")),
    ],
)
def test_one_name_taken_apart(written: str, expected: tuple[str, ...]) -> None:
    read = names.split_name(written)
    assert (parts(read.value), read.codes) == (expected, ())


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Unknown", "NAME_UNKNOWN"), ("N/K", "NAME_UNKNOWN"), ("?", "NAME_UNKNOWN"), ("Unknown male", "NAME_UNKNOWN"), ("TBC", "NAME_UNKNOWN"),
        ("Baby of Jane Smith", "NAME_UNKNOWN"), ("Baby Smith", "NAME_UNKNOWN"), ("Unborn", "NAME_UNKNOWN"), ("Mr X", "NAME_UNKNOWN"),
        ("J Smith", "NAME_ONE_LETTER"), ("J. Smith", "NAME_ONE_LETTER"), ("Jane S", "NAME_ONE_LETTER"),
        ("Jane", "NAME_ONE_WORD"), ("Miss Smith", "NAME_ONE_WORD"),
        ("Jane and John Smith", "NAME_TWO_PEOPLE"), ("Jane & John Smith", "NAME_TWO_PEOPLE"),
        ("Jane Smith7", "NAME_ODD_CHARACTERS"), ("Jane @Smith", "NAME_ODD_CHARACTERS"), ("\U0001f600 Smith Jane", "NAME_ODD_CHARACTERS"),
        ("=HYPERLINK Smith", "NAME_ODD_CHARACTERS"), ("Jane Sm\u0301\u0301\u0301\u0301ith", "NAME_ODD_CHARACTERS"),
        ("Jane\u200b Smith", "NAME_HIDDEN_CHARACTERS"), ("Jane \u202eSmith", "NAME_HIDDEN_CHARACTERS"), ("Jane Smi\u00adth", "NAME_HIDDEN_CHARACTERS"),
        ("J\u0430ne Smith", "NAME_MIXED_SCRIPTS"), ("\uff2aane Smith", "NAME_ODD_CHARACTERS"), ("Jane \U0001d412mith", "NAME_ODD_CHARACTERS"),
        ("Jos\u00c3\u00a9 Silva", "NAME_GARBLED"), ("Aoife O\u201a\u00c4\u00f4Brien", "NAME_GARBLED"), ("Aoife O\u00e2\u20ac\u2122Brien", "NAME_GARBLED"),
        ("Jos\ufffd Silva", "NAME_GARBLED"),
        ("Jane " + "S" * 101, "NAME_TOO_LONG"), ("Lives in the flat of her mother near town", "NAME_TOO_LONG"),
    ],
)  # fmt: skip
def test_names_that_a_person_must_look_at(written: str, code: str) -> None:
    read = names.split_name(written)
    assert read.value is None
    assert code in [found.value for found in read.codes]


@pytest.mark.parametrize(
    ("family", "given", "middle", "expected", "codes"),
    [
        ("Smith", "Jane", "", ("Jane", "Smith"), []),
        ("Smith", "Jane Mary", "Ann", ("Jane", "Mary", "Ann", "Smith"), []),
        ("van der Berg", "Anna", "", ("Anna", "van der Berg"), []),
        ("Suharto", "", "", ("", "Suharto"), ["GIVEN_NAME_MISSING"]),
        ("", "Jane", "", None, ["NAME_ONE_WORD"]),
        ("", "", "", None, ["NAME_MISSING"]),
        ("Smith", "Unknown", "", None, ["NAME_UNKNOWN"]),
        ("Smith", "Baby", "", None, ["NAME_UNKNOWN"]),
        ("Smith", "J", "", None, ["NAME_ONE_LETTER"]),
    ],
)
def test_a_name_from_its_columns(family: str, given: str, middle: str, expected: tuple[str, ...] | None, codes: list[str]) -> None:
    read = names.join_name(family, given, middle)
    assert (parts(read.value), [c.value for c in read.codes]) == (expected, codes)


@pytest.mark.parametrize(
    ("written", "main", "aliases", "codes"),
    [
        ("Jane Smith aka Jane Jones", "Jane Smith", [("Jane", "Jones")], []),
        ("Jane Smith (aka Jane Jones)", "Jane Smith", [("Jane", "Jones")], []),
        ("Jane Smith a.k.a. Janey Smith; Jay Jones", "Jane Smith", [("Janey", "Smith"), ("Jay", "Jones")], []),
        ("Jane Smith also known as Jane Jones", "Jane Smith", [("Jane", "Jones")], []),
        ("Jane Smith / Jane Jones", "Jane Smith", [("Jane", "Jones")], []),
        ("Jane Smith\nJane Jones", "Jane Smith", [("Jane", "Jones")], []),
        ("Smith, Jane; Jones, Jane", "Smith, Jane", [("Jane", "Jones")], []),
        ("Jane Mary Smith (n\u00e9e Jones)", "Jane Mary Smith", [("Jane", "Mary", "Jones")], []),
        ("Jane Mary Smith nee Jones", "Jane Mary Smith", [("Jane", "Mary", "Jones")], []),
        ("Jane Mary Smith formerly Jones", "Jane Mary Smith", [("Jane", "Mary", "Jones")], []),
        ("Robert (Bob) Smith", "Robert Smith", [("", "Bob")], ["ALIAS_ONE_WORD"]),
        ("Jane Smith aka Unknown", "Jane Smith", [], ["ALIAS_NOT_READ"]),
        ("Jane Smith aka J. Jones", "Jane Smith", [], ["ALIAS_NOT_READ"]),
        ("Jane Smith aka Jane Smith", "Jane Smith", [], []),
        ("Renee Smith", "Renee Smith", [], []),
    ],
)
def test_aliases_in_a_name_cell(written: str, main: str, aliases: list[tuple[str, ...]], codes: list[str]) -> None:
    whole, more = names.main_and_aliases(written)
    read = names.name_aliases(more, names.split_name(whole).value or MAIN)
    assert whole == main
    assert [parts(name) for name in read.value] == aliases
    assert [code.value for code in read.codes] == codes


@pytest.mark.parametrize(
    ("cell", "people", "codes"),
    [
        ("Tom Smith 01/02/2015\nAnn Smith 03/04/2017", [("Tom Smith", "01/02/2015"), ("Ann Smith", "03/04/2017")], set()),
        ("Tom Smith (dob 1 Feb 2015), Ann Smith (dob 03/04/2017)", [("Tom Smith", "1 Feb 2015"), ("Ann Smith", "03/04/2017")], set()),
        ("1. Tom Smith\n2) Ann Smith", [("Tom Smith", ""), ("Ann Smith", "")], set()),
        ("Tom Smith, Ann Smith", [("Tom Smith", ""), ("Ann Smith", "")], set()),
        ("Tom Smith and Ann Smith", [("Tom Smith", ""), ("Ann Smith", "")], set()),
        ("Smith, Tom", [("Smith, Tom", "")], set()),  # the mother's surname
        ("Smith, Tom\nSmith, Ann", [("Smith, Tom", ""), ("Smith, Ann", "")], set()),
        ("Jones, Tom\nJones, Ann", [("Jones, Tom", ""), ("Jones, Ann", "")], set()),
        ("Tom Smith aka Tommy Jones", [("Tom Smith aka Tommy Jones", "")], set()),
        ("Tom Smith; aka Tommy Jones; Ann Smith", [("Tom Smith aka Tommy Jones", ""), ("Ann Smith", "")], set()),
        ("Tom Smith (5yrs), Ann Smith aged 3", [("Tom Smith", ""), ("Ann Smith", "")], {"AGE_NOT_DATE"}),
        ("01/02/2015 Tom Smith", [("Tom Smith", "01/02/2015")], set()),
        ("None", [], set()),
        ("No children", [], set()),
        ("0", [], set()),
        ("Tom, Ann", None, {"CHILDREN_NOT_SEPARATED"}),
        ("Tom & Ann Smith", None, {"CHILDREN_NOT_SEPARATED"}),
        ("Tom, Ann\nJoe", None, {"CHILDREN_NOT_SEPARATED"}),
        ("Tom Smith, Ann Smith 01/02/2015, Joe Smith 02/03/2016", None, {"CHILDREN_NOT_SEPARATED"}),
        ("Tom Smith 01/02/2015 lives with nan", None, {"NAME_TWO_PEOPLE"}),
    ],
)
def test_the_children_of_one_cell(cell: str, people: list[tuple[str, str]] | None, codes: set[str]) -> None:
    read = split_people(cell, {"smith"})
    each = [name_and_birth(text) for text in read.value]
    assert {code.value for code in (*read.codes, *(c for one in each for c in one.codes))} == codes
    if people is not None:
        assert [one.value for one in each] == people


def test_nobody_is_lost_behind_the_last_date() -> None:
    assert len(split_people("Tom Smith 01/02/2015, Ann Smith 03/04/2017, Joe Smith", {"smith"}).value) == 3


@pytest.mark.parametrize(
    ("lines", "postcode", "uprn", "expected", "codes"),
    [
        (["3 Cornflower Walk, Northmoor"], "ZZ9 1AB", "", (("3 Cornflower Walk", "Northmoor"), "ZZ9 1AB", None), []),
        (["3 Cornflower Walk\nNorthmoor\nZZ9 1AB"], "", "", (("3 Cornflower Walk", "Northmoor"), "ZZ9 1AB", None), []),
        (["3 Cornflower Walk, Northmoor zz91ab"], "", "", (("3 Cornflower Walk", "Northmoor"), "ZZ9 1AB", None), []),
        (["3 Cornflower Walk", "Northmoor"], "", "100012345", (("3 Cornflower Walk", "Northmoor"), None, "100012345"), []),
        (["As above"], "", "", None, ["ADDRESS_IS_REFERENCE"]),
        (["Same as victim"], "", "", None, ["ADDRESS_IS_REFERENCE"]),
        (["Ascot Road"], "", "", (("Ascot Road",), None, None), []),
        (["No fixed abode"], "", "", (("No fixed abode",), None, None), []),
        (["1 A St ZZ9 1AB, 2 B St ZZ9 2AB"], "", "", (("1 A St ZZ9 1AB", "2 B St ZZ9 2AB"), None, None), ["POSTCODE_NOT_READ"]),
        (["1 A St"], "nearby", "", (("1 A St",), None, None), ["POSTCODE_NOT_READ"]),
        (["1 A St"], "", "A12", (("1 A St",), None, None), ["UPRN_INVALID"]),
    ],
)
def test_an_address(lines: list[str], postcode: str, uprn: str, expected: object, codes: list[str]) -> None:
    read = contact.read_address(lines, postcode, uprn)
    assert (read.value and (read.value.lines, read.value.postcode, read.value.uprn)) == expected
    assert [code.value for code in read.codes] == codes


@pytest.mark.parametrize(
    ("number", "safe", "expected", "codes"),
    [
        ("07700 900701", "Yes - after 6pm", [("07700 900701", True, "after 6pm")], []),
        ("07700 900701", "No - shares the telephone", [("07700 900701", False, "shares the telephone")], []),
        ("07700 900701", "Not safe", [("07700 900701", False, "")], []),
        ("07700 900701", "", [("07700 900701", None, "")], []),
        ("07700 900701", "Not known", [("07700 900701", None, "")], []),
        ("07700 900701", "Y/N", [("07700 900701", None, "")], ["SAFE_TO_CALL_NOT_READ"]),  # a choice nobody made
        ("07700 900701", "Yes/No", [("07700 900701", None, "")], ["SAFE_TO_CALL_NOT_READ"]),
        ("07700 900701", "ask her mother", [("07700 900701", None, "ask her mother")], ["SAFE_TO_CALL_NOT_READ"]),
        ("07700 900701 (safe)", "No", [("07700 900701", False, "")], []),  # where they differ, no counts
        ("07700 900701 (not safe)", "Yes", [("07700 900701", False, "")], []),
        ("07700900701 / 01632 960001", "Yes", [("07700900701", True, ""), ("01632 960001", True, "")], []),
        ("7700900700", "", [("7700900700", None, "")], ["PHONE_LOST_ZERO"]),
        ("12", "", [("12", None, "")], ["PHONE_NOT_READ"]),
        ("none", "", [], []),
    ],
)
def test_a_telephone_and_whether_it_is_safe(number: str, safe: str, expected: list[object], codes: list[str]) -> None:
    read = contact.read_phones([Cell("text", number)], Cell("text", safe) if safe else None)
    assert [(phone.number, phone.safe_to_call, phone.note) for phone in read.value] == expected
    assert [code.value for code in read.codes] == codes


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("999 002 0744", "9990020744"), ("9990020744", "9990020744"), ("999-002-0744", "9990020744"),
        ("9990020745", Code.NHS_NUMBER_CHECK_DIGIT), ("9999999999", Code.NHS_NUMBER_REPEATED), ("999002074", Code.NHS_NUMBER_LENGTH),
        ("99900207444", Code.NHS_NUMBER_LENGTH), ("9.99002E+09", Code.NHS_NUMBER_LENGTH), ("9990020744.0", Code.NHS_NUMBER_LENGTH),
        ("'9990020744", Code.NHS_NUMBER_LENGTH), ("999O020744", Code.NHS_NUMBER_LENGTH), ("unknown", None), ("", None),
    ],
)  # fmt: skip
def test_nhs_numbers_are_checked_and_never_repaired(written: str, expected: str | Code | None) -> None:
    read = contact.read_nhs_number(Cell("text", written))
    found = read.value.value if read.value else None
    assert (found, read.codes) == ((None, (expected,)) if isinstance(expected, Code) else (expected, ()))


def test_identifiers_of_agencies() -> None:
    read = contact.read_identifiers("tenancy=T-1; mrn = 00012; nonsense")
    assert [(i.system, i.value) for i in read.value] == [("tenancy", "T-1"), ("mrn", "00012")]
    assert read.codes == (Code.IDENTIFIER_NOT_READ,)
    assert contact.read_pnc_id("1999/0000001Z").codes == (Code.PNC_ID_INVALID,)
    assert contact.read_chi_number("1234567890").codes == (Code.CHI_NUMBER_INVALID,)


@pytest.mark.parametrize(("digits", "exists"), [("290200", True), ("290288", True), ("290201", False), ("320188", False), ("011388", False), ("000188", False)])
def test_a_chi_number_begins_with_a_day(digits: str, exists: bool) -> None:
    assert _a_day(digits) is exists


def test_a_chi_number_of_no_day_is_refused_though_its_check_digit_is_right() -> None:
    number = next(written for end in range(99) if _modulus_11(written := f"320288{end:04d}"))
    assert contact.read_chi_number(number).codes == (Code.CHI_NUMBER_INVALID,)
