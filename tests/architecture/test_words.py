"""Words and numbers that must not stand in the repository, or not where a stranger could read them."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.domain.flags import ALERT_TEXT
from tests.architecture.source import ROOT, name_of, product_files, text_files, tree_of

WIRE = ("mappings/", "adapters/", "outbox/")
READS_LISTS = ("mappings/case_list/", "adapters/reading")
"""These read case lists; what they hold never leaves for an agency."""
TELLING = re.compile(r"marac|domestic|abus|perpetrator|victim|violen|idva|safeguard|high.?risk", re.IGNORECASE)


def constants_of(path: Path) -> Iterator[tuple[int, str]]:
    """Every text in a module that is not documentation."""
    tree = tree_of(path)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


def test_no_constant_of_a_wire_format_says_why_we_ask() -> None:
    """Identifier systems, application names, client ids, file names, headers: all of them are read by strangers."""
    telling = [
        f"{name_of(path)}:{line}"
        for path in product_files()
        if name_of(path).startswith(WIRE) and not name_of(path).startswith(READS_LISTS)
        for line, text in constants_of(path)
        if TELLING.search(text)
    ]
    assert not telling


def test_the_alert_words_stand_once_in_the_code() -> None:
    for words in ALERT_TEXT.values():
        places = [
            name_of(path)
            for path in text_files()
            if path.suffix in (".py", ".html", ".toml", ".yaml", ".sql", ".js") and not name_of(path).startswith("tests/") and words in path.read_text(encoding="utf-8")
        ]
        assert places == ["gateway/domain/flags.py"]


def test_the_alert_words_are_those_of_the_procedure() -> None:
    assert sorted(ALERT_TEXT.values()) == [
        "alleged high-risk perpetrator of domestic abuse (not to be disclosed to patient)",
        "high risk victim of domestic abuse",
    ]


def could_be_real(digits: str) -> bool:
    """Ten digits with a valid Modulus 11 check digit outside the 999 range."""
    check = 11 - sum(int(d) * w for d, w in zip(digits[:9], range(10, 1, -1), strict=True)) % 11
    return not digits.startswith("999") and digits != string.digits and len(set(digits)) > 1 and check != 10 and check % 11 == int(digits[9])


NUMBER = re.compile(r"(?<![\w.-])([0-9]{3})[ -]?([0-9]{3})[ -]?([0-9]{4})(?![\w.-]|\.\d)")
NO_NUMBERS_OF_PEOPLE = {"requirements.lock", "requirements-test.lock"}


def test_no_number_could_be_somebodys_nhs_number() -> None:
    found = []
    for path in text_files():
        if path.name in NO_NUMBERS_OF_PEOPLE or path.suffix in (".sha256", ".svg", ".css", ".lock") or path.name == "package-lock.json":
            continue
        for match in NUMBER.finditer(path.read_text(encoding="utf-8", errors="replace")):
            if could_be_real("".join(match.groups())):
                found.append(f"{name_of(path)}: at character {match.start()}")
    assert not found


def test_the_check_knows_a_number_that_could_be_real() -> None:
    assert could_be_real("".join(("943", "476", "5919")))
    assert not could_be_real("9990000018")


MACHINES_AND_SHOPS = re.compile(r"py[p]i\.o|pythonhos[t]ed|np[m]js\.[oc]|deb\.deb[i]an|crates\.i[o]|/(wor[k]|far[m])/|far[m]-(studio|bench)|/roo[t]/[a-z]|/hom[e]/[a-z]")


@pytest.mark.parametrize("path", list(text_files()), ids=name_of)
def test_no_file_names_a_package_registry_or_a_path_of_a_machine(path: Path) -> None:
    assert not MACHINES_AND_SHOPS.search(path.read_text(encoding="utf-8", errors="replace"))


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X])\b")
    assert not [name_of(path) for path in text_files() if path.suffix in (".py", ".md", ".toml", ".html") and later.search(path.read_text(encoding="utf-8"))]


def test_no_test_is_skipped_for_a_missing_peer() -> None:
    skipping = re.compile(r"pytest\.skip\((?!\"corpus absent)|pytest\.importorskip\(|mark\.skip\b")
    assert not [name_of(path) for path in (ROOT / "tests").rglob("*.py") if skipping.search(path.read_text(encoding="utf-8"))]
