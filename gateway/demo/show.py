"""``./run``: the demonstration to look at, until Ctrl-C."""

from __future__ import annotations

import threading

from gateway.demo.cast import Cast
from gateway.demo.cycle import Cycle
from gateway.demo.stage import Stage, Wishes, set_stage
from gateway.demo.teller import Teller


def serve(wishes: Wishes, stop: threading.Event) -> None:
    """Loads the demonstration Marac where there is none yet, says where to look and as whom, and waits."""
    teller = Teller()
    with set_stage(wishes, teller.starting) as stage:
        cycle = Cycle(stage, teller)
        if not cycle.lists():
            cycle.receive()
        _say_where(stage, teller)
        while not stop.wait(1.0):
            stage.check_alive()
        teller.console.print("Stopping.")


def _say_where(stage: Stage, teller: Teller) -> None:
    tell = teller.console.print
    tell(f"\nPages    {stage.base_url}", style="bold")
    tell(f"API      {stage.base_url}/api/v1   description at {stage.base_url}/api/v1/openapi.json")
    tell(f"Data     {stage.folder.path}   (./run --fresh starts over)")
    tell("\nSign in as one of these; the sign-in page lists them and asks for no password:")
    for name in Cast.read(stage.gateway.settings.users).names.values():
        tell(f"  {name}")
    tell("\nEvery person, place and number here is made up. Ctrl-C stops everything.")
