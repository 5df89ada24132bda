"""What leaves as a file: one table, fixed columns, a neutral name, no properties, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import itertools
import zipfile
from dataclasses import replace

import pytest

from gateway.domain.case_list import PersonName
from gateway.domain.reports import HitReport
from gateway.policy.vocabulary import tells
from gateway.presenting import report_csv
from gateway.services import hits
from gateway.services.hits import COLUMNS, compile_report, rows
from mappings.case_list.template import TemplateKind, case_list_template
from tests.unit.fakes import Desk
from tests.unit.scenes import COORDINATOR, everybody, received

BEGINNINGS = ("=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "  +", "\"=", "'=", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}",
              "\N{FULLWIDTH COMMERCIAL AT}", "\N{FULLWIDTH HYPHEN-MINUS}", "\ufeff=", "\u200b=", "|", "%", "\t", "\r", "\x0b=", "\0=", "\u3000=", "\N{SMALL PLUS SIGN}")  # fmt: skip
PAYLOADS = ("1+1", "cmd|' /C calc'!A0", "HYPERLINK(\"http://x\",\"y\")", "SUM(A1:A9)", "IMPORTXML(CONCAT(\"http://x\",A1),\"//a\")", "WEBSERVICE(\"http://x\")",
            "DDE(\"cmd\";\"/C calc\";\"1\")", "2+5+cmd|'/C calc'!A0", "@SUM(1)", "IMAGE(\"http://x\")", "RTD(\"a\",,\"b\")", "CALL(\"k\")", "1")  # fmt: skip


def report() -> HitReport:
    desk = Desk(*everybody())
    received(desk)
    [list_id] = desk.case_lists.issues
    return compile_report(desk, COORDINATOR, list_id)


def with_family(family: str) -> bytes:
    whole = report()
    return report_csv(rows(replace(whole, rows=(replace(whole.rows[0], name=PersonName(family, "Zoe")), *whole.rows[1:]))))


INJECTIONS = [f"{begin}{payload}" for begin, payload in itertools.product(BEGINNINGS, PAYLOADS)]


def test_three_hundred_cells_that_would_run_are_text() -> None:
    assert len(INJECTIONS) > 300
    for cell in INJECTIONS:
        written = hits._inert(cell)
        assert written == f"'{cell}"


def test_such_a_name_comes_out_whole_and_inert() -> None:
    table = list(csv.reader(io.StringIO(with_family('=HYPERLINK("http://x","y")').decode("utf-8-sig"), newline="")))
    assert table[1][table[0].index("family_name" if "family_name" in table[0] else COLUMNS[2])] == "'=HYPERLINK(\"http://x\",\"y\")"


@pytest.mark.parametrize("name", ["O'Brien", "Smith-Jones", "de la Cruz", "\N{LATIN CAPITAL LETTER O WITH STROKE}degård", "D'Arcy", "\N{LEFT SINGLE QUOTATION MARK}Abd"])
def test_a_persons_name_is_not_touched(name: str) -> None:
    assert hits._inert(name) == name


def test_the_columns_are_always_the_same() -> None:
    table = list(csv.reader(io.StringIO(report_csv(rows(report())).decode("utf-8-sig"), newline="")))
    assert tuple(table[0]) == tuple(COLUMNS)
    assert {len(row) for row in table} == {len(COLUMNS)}


@pytest.mark.parametrize("kind", [kind for kind in TemplateKind if kind.endswith(".xlsx")])
def test_a_workbook_that_we_write_has_nothing_behind_its_sheets(kind: TemplateKind) -> None:
    with zipfile.ZipFile(io.BytesIO(case_list_template(kind))) as package:
        names = package.namelist()
        parts = {name: package.read(name).decode("utf-8", "replace") for name in names if name.endswith((".xml", ".rels"))}
    assert not [name for name in names if any(part in name for part in ("comments", "externalLink", "pivot", "embeddings", "vba", "custom.xml", "media"))]
    assert 'state="hidden"' not in parts["xl/workbook.xml"]
    assert "veryHidden" not in parts["xl/workbook.xml"]
    properties = parts.get("docProps/core.xml", "")
    assert "creator>openpyxl" not in properties
    assert not tells(properties.encode())


def test_names_of_files_are_constant_and_say_nothing() -> None:
    from tests.architecture.source import ROOT

    names = set()
    for place in ("gateway/web/pages/case_lists.py", "gateway/api/routers/case_lists.py"):
        source = (ROOT / place).read_text(encoding="utf-8")
        names |= {part.split('"')[0] for part in source.split('filename="')[1:]}
    assert names == {"list.{kind}", "report.csv"}
    assert not any(tells(name.encode()) for name in names)
