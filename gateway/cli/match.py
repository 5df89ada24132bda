"""``marac-gateway match``: why a record was linked, left to a person or left out; the models that grade; lists against whole extracts.

What needs no running gateway (``bulk``, ``train`` and so on) is in ``gateway.cli.match_bulk``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from gateway.bulk.running import explained_in_files
from gateway.cli import match_bulk
from gateway.cli.output import out, print_facts, print_json, print_rows
from gateway.cli.session import As, Json, actor_named, opened, read_bytes, telling
from gateway.domain.identifiers import LookupId
from gateway.domain.models import MatchingModel
from gateway.policy.identity.explaining import Waterfall, explained_again, text
from gateway.policy.identity.model import current
from gateway.policy.identity.scoring import Scorer
from gateway.services import hits, models

app = typer.Typer(help="Matching: explanations, models, and whole extracts.", no_args_is_help=True)
match_bulk.add_to(app)

Told = Sequence[tuple[str, Waterfall]]
Version = Annotated[str, typer.Argument(help="The model, by its version (see: match models).")]


@app.command()
@match_bulk.refusing
def explain(
    lookup: Annotated[UUID | None, typer.Argument(help="The look-up, by its id (see: matches).")] = None,
    user: Annotated[str, typer.Option("--as", help="Who asks, by the id in the users file.", envvar="MARAC_ACTOR", metavar="USER")] = "",
    index: Annotated[Path | None, typer.Option(help="Instead of a look-up: an extract ...", dir_okay=False)] = None,
    queries: Annotated[Path | None, typer.Option(help="... a list of people ...", dir_okay=False)] = None,
    query: Annotated[str, typer.Option(help="... and one of them.")] = "",
    as_json: Json = False,
) -> None:
    """Why each record stands as it does: the bars that add up to its score, the rule that stopped a link, the next-best record."""
    if lookup is not None:
        told = _of_lookup(lookup, user)
    elif index and queries and query:
        told = _of_files(index, queries, query)
    else:
        raise typer.BadParameter("say which look-up, or --index, --queries and --query")
    if as_json:
        print_json([{"record": record, **_document(one)} for record, one in told])
        return
    for record, one in told:
        out.print(f"\n{record}\n{text(one)}", markup=False, soft_wrap=True)
    if not told:
        out.print("No record was offered.")


def _of_lookup(lookup: UUID, user: str) -> Told:
    with opened() as gateway, gateway.transaction() as work:
        match = hits.possible_match(work, actor_named(gateway, user), LookupId(lookup))
    return [(g.candidate.record_id, explained_again(g)) for g in match.lookup.offered]


def _of_files(index: Path, queries: Path, query: str) -> Told:
    found = explained_in_files(index, queries, query, Scorer(current()))
    if found is None:
        raise typer.BadParameter("no such query", param_hint="--query")
    return [(one.ruled.record, one.explained()) for one in found]


def _document(told: Waterfall) -> dict[str, object]:
    return {
        "score": told.total, "outcome": told.outcome, "rule": told.stopped_by, "next_best": told.next_best, "odds": told.odds,
        "bars": [{"what": bar.what, "label": bar.label, "sentence": bar.sentence, "bits": bar.bits} for bar in told.bars],
    }  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- models


@app.command("models")
@telling
def models_(user: As, as_json: Json = False) -> None:
    """Every matching model: who offered it, who approved it, and which one grades."""
    with opened() as gateway, gateway.transaction() as work:
        found = models.known_models(work, actor_named(gateway, user))
        in_use = work.scorer.model.version
    print_rows([_row(model, in_use) for model in found], as_json=as_json, title="Matching models")


@app.command()
@telling
def offer(
    file: Annotated[Path, typer.Argument(help="The model, as match train wrote it.", dir_okay=False)], user: As, as_json: Json = False
) -> None:
    """Keep a model, not in use: another person has to approve it by name."""
    with opened() as gateway, gateway.transaction() as work:
        kept = models.offer_model(work, actor_named(gateway, user), read_bytes(file))
    print_facts(_row(kept, ""), as_json=as_json)


@app.command()
@telling
def approve(version: Version, user: As, as_json: Json = False) -> None:
    """Let this model grade from now on. An earlier one approved again takes its place back."""
    with opened() as gateway, gateway.transaction() as work:
        kept = models.approve_model(work, actor_named(gateway, user), version)
    print_facts(_row(kept, version), as_json=as_json)


def _row(model: MatchingModel, in_use: str) -> dict[str, object]:
    return {
        "version": model.version, "sha256": model.digest, "offered_by": model.offered_by, "offered_at": model.offered_at,
        "approved_by": model.approved_by, "approved_at": model.approved_at, "in_use": model.version == in_use,
    }  # fmt: skip
