"""Documents that tell of the code tell of it as it is."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.bootstrap import Settings
from gateway.cli.__main__ import app
from gateway.domain.errors import CATALOGUE, Code
from tests.architecture.source import ROOT

DOCS = ROOT / "docs"
RUNBOOK = (DOCS / "runbook.md").read_text(encoding="utf-8")


def test_the_codes_are_those_of_the_catalogue() -> None:
    spec = importlib.util.spec_from_file_location("write_codes", DOCS / "write_codes.py")
    if spec is None or spec.loader is None:
        pytest.fail("docs/write_codes.py is gone")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (DOCS / "codes.md").read_text(encoding="utf-8") == module.document(), "run: python docs/write_codes.py"


def test_every_code_says_what_it_means_why_and_what_to_do() -> None:
    assert set(CATALOGUE) == set(Code)
    for code, text in CATALOGUE.items():
        assert all(part.strip() for part in text), code
        assert code.value == code.name


def test_the_runbook_explains_every_setting() -> None:
    read = {str(field.validation_alias) for name, field in Settings.model_fields.items() if name != "variables"}
    explained = set(re.findall(r"(?m)^\| `([A-Z_]+)` \|", RUNBOOK))
    assert read | {"MARAC_ACTOR"} == explained


def test_the_runbook_names_commands_that_exist() -> None:
    for command in set(re.findall(r"`marac-gateway ([a-z]+(?:-[a-z]+)*(?: [a-z]+)?)", RUNBOOK)):
        told = CliRunner().invoke(app, [*command.split(), "--help"])
        assert told.exit_code == 0, command


def _links(path: Path) -> list[str]:
    return re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in _links(path):
        assert (path.parent / link).exists(), link


def test_every_decision_is_in_the_list() -> None:
    listed = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    for path in (DOCS / "decisions").glob("[0-9]*.md"):
        assert f"]({path.name})" in listed, path.name
