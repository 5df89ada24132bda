"""A second agency of each kind, added by its folder alone: no line of code is changed, and a whole cycle is played with them.

The second set serves a Marac of its own on the same installation, beside the first: the two never mix.
"""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from contracts.agreements import load_agreements
from gateway.demo.cycle import Cycle
from gateway.demo.stage import DEMONSTRATION, Wishes, set_stage
from gateway.demo.teller import Teller
from gateway.domain.agreements import SystemKind
from tests.conftest import AGENCIES

pytestmark = pytest.mark.slow

RENAMED = (("northmoor", "eastmoor"), ("Northmoor", "Eastmoor"), ("NORTHMOOR", "EASTMOOR"), ("calderbrook", "elmbrook"), ("CALDERBROOK", "ELMBROOK"))


def renamed(text: str) -> str:
    for old, new in RENAMED:
        text = text.replace(old, new)
    return text


@pytest.fixture
def two_of_each(tmp_path: Path) -> Path:
    """The demonstration's agencies, and a copy of each under another name."""
    folder = tmp_path / "agencies"
    for agency in AGENCIES.iterdir():
        shutil.copytree(agency, folder / agency.name)
        second = folder / renamed(agency.name)
        shutil.copytree(agency, second)
        (second / "agreement.toml").write_text(renamed((agency / "agreement.toml").read_text(encoding="utf-8")), encoding="utf-8")
        stand_in = (agency / "stub.toml").read_text(encoding="utf-8")
        (second / "stub.toml").write_text(f'plays = "{agency.name}"\n{stand_in}', encoding="utf-8")
    return folder


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """The demonstration's list, truth, actions and users, for the second Marac."""
    folder = tmp_path / "script"
    folder.mkdir()
    for name in ("truth.csv", "actions.csv", "users.toml", "meeting.toml"):
        (folder / name).write_text(renamed((DEMONSTRATION / name).read_text(encoding="utf-8")), encoding="utf-8")
    shutil.copy(DEMONSTRATION / "case-list.xlsx", folder)
    return folder


def test_a_second_agency_of_each_kind_is_a_folder_and_nothing_else(two_of_each: Path, script: Path, tmp_path: Path) -> None:
    book = load_agreements(two_of_each)
    assert not book.problems
    kinds = [system.kind for agreement in book.all() for system in agreement.systems]
    assert {kinds.count(kind) for kind in SystemKind} == {2}
    words = io.StringIO()
    teller = Teller(Console(file=words, width=200))
    wishes = Wishes(data=tmp_path / "data", agencies=two_of_each, port=0, web=False, extra={"MARAC_USERS": str(script / "users.toml")})
    with set_stage(wishes, teller.starting) as stage:
        cycle = Cycle(stage, teller, patience=2, script=script)
        for step in cycle.steps(tmp_path / "out"):
            step()
        ledgers = {name: played.entries() for name, played in stage.neighbourhood.played.items()}
    assert not teller.failures, words.getvalue()
    assert len(ledgers) == 10
    for name, entries in ledgers.items():
        if renamed(name) == name:
            assert entries, f"{name} was never asked"
        else:
            assert not entries, f"{name} of the first Marac was asked about people of the second"
