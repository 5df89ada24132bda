"""``marac-gateway intake``: a case list comes in from a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.output import out, print_json, print_rows
from gateway.cli.session import As, Incomplete, Json, actor_named, opened, read_bytes, telling
from gateway.domain.case_list import RowProblem
from gateway.domain.errors import CATALOGUE, Code
from gateway.domain.identifiers import MaracId
from gateway.services import intake as service
from gateway.services.intake import ListReceipt


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command()(intake)
    app.command()(template)


@telling
def intake(
    file: Annotated[Path, typer.Argument(help="The list, .xlsx or .csv.")],
    user: As,
    marac: Annotated[str, typer.Option(help="Which Marac the list is of.")],
    meeting: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%d/%m/%Y"], help="The meeting's day, where the file does not say.")] = None,
    as_json: Json = False,
) -> None:
    """Receive a case list and ask every agency about everybody in it. The same list again changes nothing."""
    with opened() as gateway:
        actor = actor_named(gateway, user)
        parsed = gateway.read_case_list(read_bytes(file), file.suffix)
        if parsed.refused:
            _print_problems(parsed.problems, as_json=as_json)
            raise Incomplete
        with gateway.transaction() as work:
            receipt = service.receive_case_list(work, actor, MaracId(marac), parsed, meeting.date() if meeting else None)
    _print_receipt(receipt, as_json=as_json)
    if any(problem.severity != "warning" for problem in receipt.problems):
        raise Incomplete


@telling
def template(
    to: Annotated[Path, typer.Argument(help="Where to write it; .xlsx or .csv.")],
    layout: Annotated[str, typer.Option(help="row-per-case, row-per-person, actions or completions.")] = "row-per-case",
) -> None:
    """Write a blank file to fill in: a case list, actions or completions."""
    with opened() as gateway:
        to.write_bytes(gateway.case_list_template(f"{layout}{to.suffix.lower()}"))
    out.print(f"Written to {to}.", markup=False)


def _print_receipt(receipt: ListReceipt, *, as_json: bool) -> None:
    changes = receipt.changes
    if as_json:
        print_json({
            "list_id": receipt.list_id, "issue": receipt.issue, "repeated": receipt.repeated, "cases": receipt.cases, "people": receipt.people,
            "held": receipt.held,
            "changes": {"added": changes.added, "changed": changes.changed, "withdrawn": changes.withdrawn, "unchanged": changes.unchanged},
            "problems": [_problem(problem) for problem in receipt.problems],
        })  # fmt: skip
        return
    if receipt.repeated:
        out.print(f"This list was received before; nothing was changed. List {receipt.list_id}.")
        return
    out.print(f"List {receipt.list_id}, issue {receipt.issue}: {receipt.cases} cases, {receipt.people} people.")
    if receipt.held:
        out.print(f"Held, and not asked about as they now stand: {receipt.held}. Correct their rows and send the list again.")
    if receipt.issue > 1:
        out.print(f"Added {changes.added}, changed {changes.changed}, withdrawn {changes.withdrawn}, unchanged {changes.unchanged}.")
    if receipt.problems:
        _print_problems(receipt.problems, as_json=False)


def _print_problems(problems: Sequence[RowProblem], *, as_json: bool) -> None:
    print_rows([_problem(problem) for problem in problems], as_json=as_json, title="What to look at in the file")


def _problem(problem: RowProblem) -> dict[str, object]:
    """Where it is and what to do; never the value."""
    text = CATALOGUE[Code(problem.code)]
    where = {"row": problem.row or "file", "column": problem.column}
    return {**where, "severity": problem.severity, "code": problem.code, "problem": text.title, "remedy": text.remedy}
