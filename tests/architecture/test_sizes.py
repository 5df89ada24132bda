"""The house's measures: modules, functions, names."""

from __future__ import annotations

import ast
import statistics

import pytest

from tests.architecture.source import ROOT, name_of, product_files, tree_of

MODULE_LINES, FUNCTION_LINES = 400, 40
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "data", "misc"}


@pytest.mark.parametrize("path", product_files(), ids=name_of)
def test_a_module_is_not_longer_than_a_reader_can_hold(path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MODULE_LINES


def functions() -> list[tuple[str, int]]:
    found = []
    for path in product_files():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found.append((f"{name_of(path)}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1))
    return found


def test_no_function_is_longer_than_a_screen() -> None:
    too_long = [where for where, lines in functions() if lines > FUNCTION_LINES]
    assert not too_long


def test_the_median_function_is_short() -> None:
    assert statistics.median(lines for _, lines in functions()) <= 8


def test_no_module_is_named_for_nothing() -> None:
    named = {name_of(path) for path in product_files() if path.stem in FORBIDDEN_NAMES or path.parent.name in FORBIDDEN_NAMES}
    assert not named


def test_every_module_says_what_it_is() -> None:
    silent = [name_of(path) for path in product_files() if not ast.get_docstring(tree_of(path))]
    assert not silent


TOP = {
    "gateway", "mappings", "adapters", "outbox", "contracts", "tests", "docs", "run", "test", ".ci", "docker-compose.yml", "pyproject.toml",
    "README.md", "requirements.lock", "requirements-test.lock", ".gitignore",
}  # fmt: skip


def test_the_top_level_is_as_agreed() -> None:
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").split()} | {".git", ".venv"}
    there = {entry.name for entry in ROOT.iterdir()} - ignored
    assert there <= TOP
