"""``marac-gateway health``: is work being done? Measured by what was done last, not by whether a process is up."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from gateway.bootstrap import Gateway
from gateway.cli.output import print_rows
from gateway.cli.session import Incomplete, Json, opened, telling
from gateway.worker.jobs import last_done
from gateway.worker.schedule import BEAT
from gateway.worker.tasks import SWEPT

SILENCE = timedelta(seconds=60)
"""Thirty periods of the scheduler."""


class Part(StrEnum):
    """What can be asked about."""

    ALL = "all"
    DATABASE = "database"
    SCHEDULER = "scheduler"
    WORKER = "worker"


def add_to(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command()(health)


@telling
def health(part: Annotated[Part, typer.Argument(help="Which part.")] = Part.ALL, as_json: Json = False) -> None:
    """Whether the database is at this version's schema, the scheduler rings and the worker sweeps. Exit 1 if not."""
    with opened("health") as gateway:
        rows = [row for row in _rows(gateway) if part in (Part.ALL, row["part"])]
    print_rows(rows, as_json=as_json, title="Health")
    if not all(row["well"] for row in rows):
        raise Incomplete


def _rows(gateway: Gateway) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [{"part": Part.DATABASE.value, "well": gateway.schema_is_current(), "last": None}]
    for part, name in ((Part.SCHEDULER, BEAT), (Part.WORKER, SWEPT)):
        last = last_done(gateway.engine, name)
        rows.append({"part": part.value, "well": last is not None and gateway.clock() - last < SILENCE, "last": last})
    return rows
