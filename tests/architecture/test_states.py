"""State machines: total, reachable, owned, and drawn as they are."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from types import ModuleType
from typing import Any

import pytest

import gateway.domain
from gateway.domain.errors import Code, Conflict
from gateway.domain.states import StateMachine
from tests.architecture.source import ROOT


def _machines() -> list[StateMachine[Any, Any]]:
    modules = [importlib.import_module(f"gateway.domain.{found.name}") for found in pkgutil.iter_modules(gateway.domain.__path__)]
    return list({value.name: value for module in modules for value in vars(module).values() if isinstance(value, StateMachine)}.values())


def _drawing() -> ModuleType:
    spec = importlib.util.spec_from_file_location("draw", ROOT / "docs" / "diagrams" / "draw.py")
    if spec is None or spec.loader is None:
        pytest.fail("docs/diagrams/draw.py is gone")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


machines = pytest.mark.parametrize("machine", _machines(), ids=lambda machine: machine.name)


def test_every_machine_is_drawn() -> None:
    assert {machine.name for machine in _machines()} == {machine.name for machine in _drawing().MACHINES} >= {"flag", "action"}


@machines
def test_the_picture_is_the_table(machine: StateMachine[Any, Any]) -> None:
    assert (ROOT / "docs" / "diagrams" / f"{machine.name}.md").read_text(encoding="utf-8") == _drawing().draw(machine)


@machines
def test_every_state_has_an_owner_and_those_that_end_have_none(machine: StateMachine[Any, Any]) -> None:
    assert set(machine.owners) == set(type(machine.start))
    assert all(owner for owner in machine.owners.values())
    waiting = {state for state, owner in machine.owners.items() if owner == "nobody"}
    assert waiting <= machine.ends()


@machines
def test_every_state_can_be_reached(machine: StateMachine[Any, Any]) -> None:
    reached, edge = {machine.start}, {machine.start}
    while edge:
        edge = {after for (state, _), after in machine.moves.items() if state in edge} - reached
        reached |= edge
    assert reached == set(machine.owners)


@machines
def test_every_state_comes_to_an_end(machine: StateMachine[Any, Any]) -> None:
    ending = set(machine.ends())
    while more := {state for (state, _), after in machine.moves.items() if after in ending} - ending:
        ending |= more
    assert ending == set(machine.owners)


@machines
def test_what_the_table_does_not_allow_is_refused(machine: StateMachine[Any, Any]) -> None:
    events = {event for _, event in machine.moves}
    for state in machine.owners:
        for event in events:
            if (state, event) in machine.moves:
                assert machine.after(state, event) == machine.moves[state, event]
            else:
                with pytest.raises(Conflict, match=Code.TRANSITION_NOT_ALLOWED):
                    machine.after(state, event)
