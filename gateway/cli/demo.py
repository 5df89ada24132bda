"""``marac-gateway demo``: a whole demonstration on this machine, to look at, or played through once without a person."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.session import Incomplete, telling
from gateway.demo.agencies import ROOT
from gateway.demo.stage import Wishes


def add_to(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command()(demo)


@telling
def demo(
    once: Annotated[bool, typer.Option("--once", help="Play one whole cycle without a person, print each step, and end.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over: remove the data folder's content first.")] = False,
    port: Annotated[int, typer.Option(help="The web server's port; another free one is taken if this is in use.")] = 8000,
    to: Annotated[Path, typer.Option("--out", help="Where --once writes the hit report (CSV and JSON).")] = ROOT / "out",
    data: Annotated[Path, typer.Option(help="Where data stays between runs.", envvar="MARAC_DATA")] = ROOT / ".data",
    agencies: Annotated[Path, typer.Option(help="The folder of agencies.", envvar="MARAC_AGENCIES")] = ROOT / "contracts" / "agencies",
    database_url: Annotated[str, typer.Option(envvar="DATABASE_URL", help="A PostgreSQL server of your own.")] = "",
    redis_url: Annotated[str, typer.Option(envvar="REDIS_URL", help="A Redis server of your own.")] = "",
) -> None:
    """Start PostgreSQL, Redis, worker, scheduler, stand-ins of five agencies and the web server, with a made-up Marac. Ctrl-C stops all."""
    from gateway.demo import play, show

    wishes = Wishes(data.resolve(), agencies.resolve(), fresh, port, database_url=database_url, redis_url=redis_url)
    if once:
        if not play.play_once(wishes, to):
            raise Incomplete
        return
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    show.serve(wishes, stop)
