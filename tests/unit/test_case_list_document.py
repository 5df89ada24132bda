"""docs/case-list.md says what the code does."""

from __future__ import annotations

from pathlib import Path

from gateway.domain.errors import CATALOGUE, Code
from mappings.case_list.actions_csv import MAX_ACTIONS
from mappings.case_list.cases import MAX_PEOPLE
from mappings.case_list.described import in_document, tables
from mappings.case_list.grid import MAX_CELL, MAX_COLUMNS, MAX_ROWS
from mappings.case_list.package import MAX_FILE, MAX_PARTS, MAX_RATIO, MAX_UNPACKED
from mappings.case_list.problems import SEVERITY
from mappings.case_list.reading import MAX_CASES
from mappings.case_list.rows import MAX_TEXT

DOCUMENT = Path(__file__).parents[2] / "docs" / "case-list.md"


def test_the_tables_of_the_document_are_those_of_the_code() -> None:
    document = DOCUMENT.read_text("utf-8")
    assert in_document(document) == document, "run: python docs/write_case_list.py"
    assert all(table in document for table in tables().values())


def test_the_limits_of_the_document_are_those_of_the_code() -> None:
    said = (f"{MAX_CASES} cases", f"{MAX_ROWS:,} rows", f"{MAX_COLUMNS} columns", f"{MAX_PEOPLE} people", f"{MAX_TEXT:,} characters",
            f"{MAX_CELL:,} in notes", f"{MAX_FILE >> 20} MiB as a file", f"{MAX_UNPACKED >> 20} MiB unpacked", f"{MAX_RATIO} times", f"{MAX_PARTS} parts")  # fmt: skip
    limits = " ".join(DOCUMENT.read_text("utf-8").split("## Limits")[1].split("##")[0].split())
    assert [text for text in said if text not in limits] == []
    assert MAX_ACTIONS == MAX_ROWS


def test_every_finding_says_what_to_do() -> None:
    for code in {*SEVERITY, *(code for code in Code if code.value.startswith("FILE_"))}:
        title, cause, remedy = CATALOGUE[code]
        assert title
        assert cause.endswith(".")
        assert remedy.endswith(".")
