"""``marac-gateway queue``: what waits, what is dead, and what may be done about it. Opaque ids, states and codes only."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from gateway.cli.output import columns, out, print_rows
from gateway.cli.session import As, Incomplete, Json, actor_named, opened, telling
from gateway.domain.identifiers import SystemKey
from gateway.services import queue

app = typer.Typer(help="Messages on their way to agencies.", no_args_is_help=True)
Lane = Annotated[str, typer.Argument(help="The destination: <agency>/<system>.")]


@app.command()
@telling
def summary(user: As, as_json: Json = False) -> None:
    """Each destination: what waits, since when, what is dead. Exit 1 while anything is overdue or dead."""
    with opened() as gateway, gateway.transaction() as work:
        lanes = queue.summary(work, actor_named(gateway, user), gateway.queue(work))
    print_rows(columns(lanes, "lane", "waiting", "overdue", "dead", "paused", "oldest"), as_json=as_json, title="Queue", empty="Nothing waits.")
    if any(lane.overdue or lane.dead for lane in lanes):
        raise Incomplete


@app.command()
@telling
def dead(user: As, as_json: Json = False) -> None:
    """Messages that wait for a person, with the reason of each."""
    with opened() as gateway, gateway.transaction() as work:
        letters = queue.dead_letters(work, actor_named(gateway, user), gateway.queue(work))
    print_rows(columns(letters, "message_id", "lane", "kind", "reason", "attempts", "created_at"), as_json=as_json, title="Dead letters", empty="None.")


@app.command()
@telling
def pause(lane: Lane, user: As) -> None:
    """Stop sending to a destination. Nothing is lost."""
    with opened() as gateway, gateway.transaction() as work:
        queue.pause(work, actor_named(gateway, user), gateway.queue(work), SystemKey(lane))
    out.print("Paused.")


@app.command()
@telling
def resume(lane: Lane, user: As) -> None:
    """Send again."""
    with opened() as gateway, gateway.transaction() as work:
        queue.resume(work, actor_named(gateway, user), gateway.queue(work), SystemKey(lane))
        gateway.bell.ring()
    out.print("Sending goes on.")


@app.command()
@telling
def replay(message: Annotated[UUID, typer.Argument(help="The dead letter, by its id.")], user: As, as_json: Json = False) -> None:
    """Send a dead message again, through the same gate as the first time. Exit 1 when the gate stops it."""
    with opened() as gateway:
        with gateway.transaction() as work:
            stopped_by = queue.replay(work, actor_named(gateway, user), gateway.queue(work), message)
        gateway.bell.ring()
    print_rows([{"message": message, "sent": not stopped_by, "stopped_by": stopped_by}], as_json=as_json)
    if stopped_by:
        raise Incomplete
