"""``marac-gateway reconcile``: what should stand at each agency against what was seen there, row by row."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.output import columns, out, print_rows
from gateway.cli.session import As, Incomplete, Json, actor_named, opened, telling
from gateway.policy import permissions
from gateway.services import reconcile as service


def add_to(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command()(reconcile)


@telling
def reconcile(
    user: As, ask: Annotated[bool, typer.Option("--ask", help="First ask every agency again; look at the rows a minute later.")] = False,
    differences: Annotated[bool, typer.Option("--differences", help="Only rows that differ.")] = False, as_json: Json = False,
) -> None:  # fmt: skip
    """Expected against observed, for every alert and action that one may see. Exit 1 if any row differs."""
    with opened() as gateway:
        actor = actor_named(gateway, user)
        with gateway.transaction() as work:
            if ask:
                permissions.check_can(actor, permissions.Act.RECONCILE)
                service.start(work)
            rows = service.compare(work, actor)
    told = [row for row in rows if not (differences and row.agrees)]
    print_rows(
        columns(told, "agency_id", "kind", "about", "expected", "observed", "agrees", "reason"), as_json=as_json, title="Expected against observed",
        empty="No row differs." if differences else "Nothing is expected anywhere yet.",
    )  # fmt: skip
    differing = sum(not row.agrees for row in rows)
    if differing:
        if not as_json:
            out.print(f"{differing} of {len(rows)} rows differ; each has a task for a person.", style="bold red")
        raise Incomplete
