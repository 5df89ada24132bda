"""``marac-gateway serve | worker | schedule | migrate``: the processes of an installation. Each ends in order on SIGTERM."""

from __future__ import annotations

import signal
import threading
from typing import Annotated

import typer

from gateway.cli.output import out
from gateway.cli.session import opened, telling


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    for command in (serve, worker, schedule, migrate):
        app.command()(command)


@telling
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.")] = 8000,
    descriptor: Annotated[int, typer.Option(help="A socket that listens already, handed on by whoever started this.", hidden=True)] = -1,
) -> None:
    """The web pages and the API."""
    from gateway.cli.site import run_site

    with opened("web") as gateway:
        run_site(gateway, host, port, descriptor)


@telling
def worker() -> None:
    """Delivers messages and does periodic work."""
    from gateway.worker.app import run_worker

    with opened("worker") as gateway:
        status = run_worker(gateway)
    raise typer.Exit(status)


@telling
def schedule() -> None:
    """Rings for the worker every two seconds. Any number may run."""
    from gateway.worker.schedule import run_scheduler

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with opened("scheduler") as gateway:
        run_scheduler(gateway, stop)


@telling
def migrate() -> None:
    """Bring the database to the schema of this version."""
    with opened("migrate") as gateway:
        gateway.migrate()
    out.print("The database is at the schema of this version.")
