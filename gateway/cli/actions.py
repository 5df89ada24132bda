"""``marac-gateway actions``: what the meeting asked of agencies, and how it ended."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from gateway.cli.output import columns, print_facts, print_rows
from gateway.cli.session import As, Incomplete, Json, actor_named, opened, read_bytes, telling
from gateway.domain.case_list import RowProblem
from gateway.domain.errors import CATALOGUE, Code
from gateway.domain.identifiers import ActionId, AgencyId, CaseListId, TaskId
from gateway.services import actions, tasks
from gateway.services.actions import NewAction

app = typer.Typer(help="Actions of the meeting.", no_args_is_help=True)
_SHOWN = ("id", "agency_id", "owner", "due_on", "state", "detail", "closed_by", "version")

ListId = Annotated[UUID, typer.Argument(help="The case list, by its id.")]


@app.command("list")
@telling
def list_(list_id: ListId, user: As, as_json: Json = False) -> None:
    """The actions of a list: all for the coordinator, their own for an agency."""
    with opened() as gateway, gateway.transaction() as work:
        rows = columns(actions.of_list(work, actor_named(gateway, user), CaseListId(list_id)), *_SHOWN)
    print_rows(rows, as_json=as_json, title="Actions", empty="No action.")


@app.command()
@telling
def assign(
    list_id: ListId, file: Annotated[Path, typer.Argument(help="CSV: case number, agency, owner, action, due date.")], user: As, as_json: Json = False
) -> None:
    """Assign the actions of a file; each goes to the agency's own system. All or none."""
    with opened() as gateway:
        read = gateway.read_actions(read_bytes(file))
        if read.refused:
            _print_problems(read.problems, as_json=as_json)
            raise Incomplete
        new = [NewAction(a.case_number, a.agency_id, a.text, a.owner, a.due_on) for a in read.actions]
        with gateway.transaction() as work:
            done = actions.assign(work, actor_named(gateway, user), CaseListId(list_id), new, gateway.holidays)
    print_rows(columns(done, *_SHOWN), as_json=as_json, title="Assigned", empty="No action in the file.")
    if read.problems:
        _print_problems(read.problems, as_json=as_json)
        raise Incomplete


@app.command()
@telling
def complete(
    action: Annotated[UUID, typer.Argument(help="The action, by its id.")], user: As,
    outcome: Annotated[str, typer.Option(help="completed, not_possible (circumstances changed) or not_done.")],
    detail: Annotated[str, typer.Option(help="What was done, or why it could not be.")],
    version: Annotated[int, typer.Option(help="As shown by list.")], as_json: Json = False,
) -> None:  # fmt: skip
    """Close an action of one's own agency."""
    with opened() as gateway, gateway.transaction() as work:
        done = actions.complete(work, actor_named(gateway, user), ActionId(action), outcome, detail, version)
    print_facts(columns([done], *_SHOWN)[0], as_json=as_json)


@app.command()
@telling
def completions(
    file: Annotated[Path, typer.Argument(help="CSV: reference, outcome, detail, completed at.")], user: As,
    agency: Annotated[str, typer.Option(help="Whose completions these are.")], as_json: Json = False,
) -> None:  # fmt: skip
    """Take an agency's completions from a file. Rows that came before change nothing."""
    with opened() as gateway:
        read = gateway.read_completions(read_bytes(file))
        with gateway.transaction() as work:
            results = actions.record_file(work, actor_named(gateway, user), AgencyId(agency), read.completions)
    print_rows([{"row": number, "result": result} for number, result in enumerate(results, 1)], as_json=as_json, empty="No row.")
    if read.problems or "unknown" in results:
        _print_problems(read.problems, as_json=as_json)
        raise Incomplete


@app.command("tasks")
@telling
def open_tasks(user: As, as_json: Json = False) -> None:
    """Open tasks of one's own agency: what the gateway could not do safely by itself."""
    with opened() as gateway, gateway.transaction() as work:
        rows = columns(tasks.open_tasks(work, actor_named(gateway, user)), "id", "kind", "opened_at", "words", "reason", "version")
    print_rows(rows, as_json=as_json, title="Tasks", empty="No open task.")


@app.command()
@telling
def receipt(
    task: Annotated[UUID, typer.Argument(help="The task, by its id (see: tasks).")], user: As,
    words: Annotated[str, typer.Option(help="What was done, in a few words.")],
    version: Annotated[int, typer.Option(help="As shown by tasks.")],
    done: Annotated[bool | None, typer.Option("--yes/--no", help="The answer, where the task asks one: does the alert now stand, or is it gone?")] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Close a task with what was done. A task that asks a question (an alert by hand, somebody in two parts) needs its answer said."""
    with opened() as gateway, gateway.transaction() as work:
        actor = actor_named(gateway, user)
        if done is None:
            tasks.close_task(work, actor, TaskId(task), words, version)
        else:
            tasks.close_with_answer(work, actor, TaskId(task), done, words, version)
    print_facts({"closed": task}, as_json=as_json)


def _print_problems(problems: tuple[RowProblem, ...], *, as_json: bool) -> None:
    rows = [
        {"row": p.row or "file", "column": p.column, "severity": p.severity, "code": p.code, "remedy": CATALOGUE[Code(p.code)].remedy}
        for p in problems
    ]
    print_rows(rows, as_json=as_json, title="What to look at in the file")
