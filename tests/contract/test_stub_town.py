"""Northmoor, the agencies' samples of it, and the demonstration's files."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from openpyxl import load_workbook

from contracts.stubs import demonstration
from contracts.stubs.agency import FolderError, load_agency
from contracts.stubs.demonstration import __main__ as demonstration_files
from contracts.stubs.demonstration.expected import AGENCIES, truth
from contracts.stubs.hearsay import without_marks
from contracts.stubs.people import nhs_number_999
from contracts.stubs.town import TOWN_SEED, Town, build_town
from tests.contract.stub_processes import AGENCIES as AGENCY_FOLDERS


@pytest.fixture(scope="module")
def town() -> Town:
    return build_town()


def is_valid_nhs_number(number: str) -> bool:
    """Modulus 11, written out apart from the stubs' own."""
    remainder = sum((10 - place) * int(digit) for place, digit in enumerate(number[:9])) % 11
    return len(number) == 10 and (11 - remainder) % 11 == int(number[9]) and remainder != 1


def test_the_town_is_always_built_the_same() -> None:
    build_town.cache_clear()
    first = build_town()
    build_town.cache_clear()
    assert build_town().residents == first.residents
    assert build_town(TOWN_SEED + 1, 500).residents != build_town(TOWN_SEED, 500).residents


def test_nobody_of_the_town_can_be_a_real_person(town: Town) -> None:
    numbers = [resident.nhs_number for resident in town.residents]
    assert all(number.startswith("999") and is_valid_nhs_number(number) for number in numbers)
    assert len(set(numbers)) == len(numbers) >= 6000
    homes = {home for resident in town.residents for home in (resident.address, *resident.previous_addresses)}
    assert all(re.fullmatch(r"ZZ[1-8] \d[A-Z]{2}", home.postcode) for home in homes)
    drama = r"0113 496 0\d{3}|0114 496 0\d{3}|0115 496 0\d{3}|0121 496 0\d{3}|0151 496 0\d{3}|0161 496 0\d{3}|0191 498 0\d{3}|01632 960\d{3}|07700 900\d{3}"
    assert all(re.fullmatch(drama, resident.phone) for resident in town.residents)


def test_the_town_has_the_people_that_matching_is_hard_for(town: Town) -> None:
    by_id = {resident.id: resident for resident in town.residents}
    traditions = Counter(resident.tradition for resident in town.residents)
    assert len(traditions) == 11
    assert min(traditions.values()) > 40
    twins = [resident for resident in town.residents if resident.twin]
    assert len(twins) > 20
    assert all(by_id[twin.twin or ""].birth_date == twin.birth_date for twin in twins)
    same_names = [child for child in town.residents for parent in child.parents if by_id[parent].given == child.given]
    assert len(same_names) > 5
    ages = [2026 - resident.birth_date.year for resident in town.residents]
    assert (min(ages), max(ages) > 85) == (0, True)
    assert any(len(members) > 5 for members in town.households().values())
    assert sum(bool(resident.previous_addresses) for resident in town.residents) > 1000
    assert sum(resident.birth_family != resident.family for resident in town.residents) > 200


def test_parents_are_old_enough_and_live_with_their_children(town: Town) -> None:
    by_id = {resident.id: resident for resident in town.residents}
    for child in town.residents:
        for parent in child.parents:
            assert by_id[parent].birth_date.year <= child.birth_date.year - 15
            assert by_id[parent].household_id == child.household_id


def test_each_agency_holds_its_own_picture_of_the_town(town: Town) -> None:
    one, other = town.sample(1, 0.5, "A{:07d}"), town.sample(2, 0.5, "B{:07d}")
    assert one == town.sample(1, 0.5, "A{:07d}")
    assert len({person.local_id for person in one}) == len(one) > 2500
    assert {person.resident_id for person in one} != {person.resident_id for person in other}
    noise = Counter(what for person in one for what in person.noise)
    assert {"birth name", "mistyped family name", "day and month swapped", "old address", "no NHS number", "marks lost"} <= set(noise)
    truly = {resident.id: resident for resident in town.residents}
    clean = [person for person in one if not person.noise]
    assert clean
    assert all((person.family, person.birth_date) == (truly[person.resident_id].family, truly[person.resident_id].birth_date) for person in clean)
    assert max(Counter(person.resident_id for person in one).values()) == 2, "some people are held twice"


def test_a_number_whose_check_digit_would_be_ten_does_not_exist() -> None:
    made = [nhs_number_999(serial) for serial in range(2000)]
    assert all(number is None or is_valid_nhs_number(number) for number in made)
    assert 100 < made.count(None) < 260


@pytest.mark.parametrize("agency", AGENCIES)
def test_no_record_of_the_town_can_be_taken_for_somebody_on_the_list(agency: str) -> None:
    """Else a truth file that says NOT_KNOWN would be wrong by accident."""
    held = load_agency(AGENCY_FOLDERS / agency)
    of_the_town = [person for person in held.people if person.resident_id.startswith("N")]
    assert len(of_the_town) > 1500
    listed = {(plain(member.family), member.birth_date.year) for member in demonstration.cast().values()}
    listed |= {(plain(alias.family), member.birth_date.year) for member in demonstration.cast().values() for alias in member.aliases}
    assert not [person for person in of_the_town if (plain(person.family), person.birth_date.year) in listed]
    ids = [person.local_id for person in held.people]
    assert len(set(ids)) == len(ids)


def plain(name: str) -> str:
    return re.sub(r"\W", "", without_marks(name)).lower()


def test_the_files_of_the_demonstration_are_what_its_tables_give(tmp_path: Path) -> None:
    demonstration_files.write_case_list(tmp_path)
    demonstration_files.write_truth(tmp_path)
    for name in ("case-list.csv", "truth.csv"):
        assert (tmp_path / name).read_bytes() == (demonstration.FOLDER / name).read_bytes(), f"{name}: run contracts.stubs.demonstration"
    assert cells(tmp_path / "case-list.xlsx") == cells(demonstration.FOLDER / "case-list.xlsx")


def cells(path: Path) -> list[list[object]]:
    book = load_workbook(path)
    assert len(book.worksheets) == 1
    return [[cell.value or "" for cell in row] for row in book.worksheets[0].iter_rows()]


def test_the_list_is_the_same_as_csv_and_as_workbook() -> None:
    with (demonstration.FOLDER / "case-list.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert cells(demonstration.FOLDER / "case-list.xlsx") == rows
    assert len(rows) == 14
    assert all(len(row) == len(rows[0]) for row in rows)


def test_the_list_holds_what_lists_trip_over() -> None:
    with (demonstration.FOLDER / "case-list.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    perpetrators = Counter((row["Perpetrator forename(s)"], row["Perpetrator surname"]) for row in rows)
    victims = {(row["Victim forename(s)"], row["Victim surname"]) for row in rows}
    assert max(perpetrators.values()) == 2, "one perpetrator, two victims"
    assert victims & set(perpetrators), "victim in one case, perpetrator in another"
    assert any((row["Victim forename(s)"], row["Victim surname"]) == (row["Perpetrator forename(s)"], row["Perpetrator surname"]) for row in rows)
    assert any("; " in row["Victim DOB"] for row in rows)
    assert all(re.fullmatch(r"\d\d/\d\d/\d{4}(; \d\d/\d\d/\d{4})?", row["Victim DOB"]) for row in rows)
    numbers = {value.replace(" ", "") for row in rows for name, value in row.items() if name.endswith("NHS number") and value}
    assert all(is_valid_nhs_number(number) and number.startswith("999") for number in numbers)
    assert numbers - {member.nhs_number for member in demonstration.cast().values()}, "one is mistyped"


def test_the_truth_names_every_person_at_every_agency_once() -> None:
    lines = list(truth())
    people = {(case.number, role, demonstration.cast()[key].full_name) for case in demonstration.cases() for role, key in case.roles}
    assert Counter((line.case_number, line.role, line.name) for line in lines) == Counter(dict.fromkeys(people, len(AGENCIES)))
    states = Counter(line.state for line in lines)
    assert set(states) == {"KNOWN", "POSSIBLE", "NOT_KNOWN", "NO_ANSWER", "WITHHELD"}
    assert all(bool(line.record_id) == (line.state == "KNOWN") and line.reason for line in lines)
    assert all(line.state == "WITHHELD" for line in lines if line.role == "child" and line.agency == "northmoor-homes")


def test_a_folder_that_cannot_be_played_says_which_file_and_key(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"stub\.toml: no such file"):
        load_agency(tmp_path)
    (tmp_path / "stub.toml").write_text('kind = "fhir_trust"\nseed = 1\n')
    with pytest.raises(FolderError, match=r"stub\.toml: share is missing"):
        load_agency(tmp_path)
    (tmp_path / "stub.toml").write_text('kind = "fhir_trust"\nseed = 1\nshare = 0.01\n')
    (tmp_path / "personas").mkdir()
    (tmp_path / "personas" / "9434765919__truncated.toml").write_text("[person]\n")
    with pytest.raises(FolderError, match="999 range"):
        load_agency(tmp_path)
