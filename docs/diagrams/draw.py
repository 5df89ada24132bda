"""Draws the state machines from their tables, one file each:  .venv/bin/python docs/diagrams/draw.py

A test compares the files with the tables, so a picture never tells of a machine that is no longer there.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parents[1]))

from gateway.domain.actions import ACTION_MACHINE  # noqa: E402  found by the line above
from gateway.domain.flags import FLAG_MACHINE  # noqa: E402
from gateway.domain.states import StateMachine  # noqa: E402

MACHINES: tuple[StateMachine[Any, Any], ...] = (FLAG_MACHINE, ACTION_MACHINE)


def draw(machine: StateMachine[Any, Any]) -> str:
    """The machine as a Mermaid diagram with a table of who must act in each state."""
    lines = [f"# States of {'an' if machine.name[0] in 'aeiou' else 'a'} {machine.name}", "", "Drawn from the table in the code by `docs/diagrams/draw.py`.", ""]
    lines += ["```mermaid", "stateDiagram-v2", f"    [*] --> {machine.start.value}"]
    lines += [f"    {state.value} --> {after.value}: {event.value.replace('_', ' ')}" for (state, event), after in machine.moves.items()]
    lines += [f"    {state.value} --> [*]" for state in machine.owners if state in machine.ends()]
    lines += ["```", "", "| state | who must act |", "|---|---|"]
    lines += [f"| {state.value.replace('_', ' ')} | {owner} |" for state, owner in machine.owners.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Writes every diagram."""
    for machine in MACHINES:
        (FOLDER / f"{machine.name}.md").write_text(draw(machine), encoding="utf-8")


if __name__ == "__main__":
    main()
