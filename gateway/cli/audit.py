"""``marac-gateway audit``: what was recorded about a thing, and whether the chain of records is whole."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.output import print_facts, print_rows
from gateway.cli.session import As, Incomplete, Json, actor_named, opened, telling
from gateway.services import audit

app = typer.Typer(help="The audit.", no_args_is_help=True)


@app.command()
@telling
def about(thing: Annotated[str, typer.Argument(help="An opaque id.")], user: As, as_json: Json = False) -> None:
    """Everything recorded about one id, oldest first; for auditors, and itself recorded."""
    with opened() as gateway, gateway.transaction() as work:
        events = audit.about(work, actor_named(gateway, user), thing)
    rows = [
        {"at": at, "event": event.kind, "actor": event.actor, "agency": event.agency_id, "facts": ", ".join(f"{k}={v}" for k, v in event.facts.items())}
        for at, event in events
    ]
    print_rows(rows, as_json=as_json, title="Audit", empty="Nothing is recorded about this.")


@app.command()
@telling
def verify(as_json: Json = False) -> None:
    """Read the whole chain. Exit 1 if anything was changed, removed, added or cut off."""
    with opened() as gateway:
        report = gateway.verify_audit()
    print_facts({"whole": report.whole, "entries": report.entries, "broken_at": report.broken_at, "fault": report.fault}, as_json=as_json)
    if not report.whole:
        raise Incomplete
