"""``marac-gateway report``: the hit report, possible matches, and deciding them."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from gateway.cli.output import out, print_rows
from gateway.cli.session import As, Incomplete, Json, actor_named, opened, telling
from gateway.domain.identifiers import CaseListId, LookupId
from gateway.policy.identity.explaining import explained_again
from gateway.presenting import report_csv, report_json, report_states, report_table
from gateway.services import hits


class Format(StrEnum):
    """How the report is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command()(report)
    app.command()(matches)
    app.command()(settle)
    app.command()(lists)


ListId = Annotated[UUID, typer.Argument(help="The list, by its id (see: lists).")]


@telling
def lists(user: As, as_json: Json = False) -> None:
    """The case lists of one's Maracs."""
    with opened() as gateway, gateway.transaction() as work:
        found = work.case_lists.summaries(actor_named(gateway, user).marac_ids)
        rows = [
            {"list": s.id, "marac": s.marac_id, "meeting": s.meeting_date, "issue": s.issue, "cases": s.cases, "people": s.people, "problems": s.problems}
            for s in found
        ]
    print_rows(rows, as_json=as_json, title="Case lists", empty="No list has been received.")


@telling
def report(
    list_id: ListId, user: As, form: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.TABLE,
    to: Annotated[Path | None, typer.Option("--out", help="A file; standard output without it.")] = None, as_json: Json = False,
) -> None:  # fmt: skip
    """The hit report as one reader may see it: every person at every agency. Exit 1 while an answer is still awaited."""
    with opened() as gateway, gateway.transaction() as work:
        compiled = hits.compile_report(work, actor_named(gateway, user), CaseListId(list_id))
        rows = hits.rows(compiled)
    form = Format.JSON if as_json else form
    written = report_json(rows) if form is Format.JSON else report_csv(rows)
    if to:
        to.write_bytes(written)
    elif form is Format.TABLE:
        out.print(report_table(compiled))
        out.print(report_states(compiled))
    else:
        sys.stdout.buffer.write(written)
    if not compiled.complete:
        raise Incomplete


@telling
def matches(list_id: ListId, user: As, as_json: Json = False) -> None:
    """Possible matches to be settled at one's own agency, with each record offered, its score in bits, and what stopped a link."""
    with opened() as gateway, gateway.transaction() as work:
        found = hits.possible_matches(work, actor_named(gateway, user), CaseListId(list_id))
        rows = [_match(match) for match in found]
    print_rows(rows, as_json=as_json, title="Possible matches", empty="Nothing is to be settled.")


@telling
def settle(
    lookup_id: Annotated[UUID, typer.Argument(help="The possible match, by its id (see: matches).")], user: As,
    version: Annotated[int, typer.Option(help="As shown by matches: what you decided on.")],
    record: Annotated[str | None, typer.Option(help="The record that is this person's.")] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="None of those offered is this person's.")] = False,
    note: Annotated[str, typer.Option(help="Why.")] = "", as_json: Json = False,
) -> None:  # fmt: skip
    """Decide a possible match. The decision lasts until the agency's records change."""
    if (record is None) != nobody:
        raise typer.BadParameter("say either --record or --nobody")
    with opened() as gateway, gateway.transaction() as work:
        lookup = hits.settle_match(work, actor_named(gateway, user), LookupId(lookup_id), record, note, version)
    print_rows([{"lookup": lookup.id, "outcome": lookup.outcome, "version": lookup.version}], as_json=as_json)


def _match(match: hits.PossibleMatch) -> dict[str, object]:
    name = match.subject.person.names[0]
    offered = [f"{g.candidate.record_id} ({g.evidence.total:+.1f}): {explained_again(g).verdict}" for g in match.lookup.offered]
    return {
        "lookup": match.lookup.id, "version": match.lookup.version, "case": match.case_number, "person": f"{name.given} {name.family}",
        "agency": match.lookup.agency_id, "reason": match.lookup.reason, "offered": "\n".join(offered),
    }  # fmt: skip
