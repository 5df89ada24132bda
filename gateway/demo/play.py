"""``./run --once``: sets the stage, plays one cycle, prints every step and the hit report, writes the report, and says how it ended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateway.demo.cycle import Cycle
from gateway.demo.stage import Wishes, set_stage
from gateway.demo.teller import Teller
from gateway.embedded.errors import CannotStart


def play_once(wishes: Wishes, out: Path) -> bool:
    """Whether every step ended as it should. Works in a data folder of its own, always from the beginning."""
    teller = Teller()
    wishes = replace(wishes, data=wishes.data / "once", fresh=True, port=0)
    with set_stage(wishes, teller.starting) as stage:
        cycle = Cycle(stage, teller)
        _check_empty(cycle)
        for step in cycle.steps(out):
            stage.check_alive()
            step()
    return teller.verdict()


def _check_empty(cycle: Cycle) -> None:
    """A database of the user's own may hold lists already; a cycle is never played among them."""
    if cycle.lists():
        raise CannotStart("The database given by DATABASE_URL holds case lists already.", "Give --once an empty database.")
