"""Matching at the command line, until it moves under ``marac-gateway match``.

    python -m gateway.bulk bulk --index INDEX.csv --queries QUERIES.csv --out MATCHES.csv [--explain N]
    python -m gateway.bulk explain --index INDEX.csv --queries QUERIES.csv --query ID
    python -m gateway.bulk train INDEX.csv --out MODEL.json --version NAME
    python -m gateway.bulk splink --out SETTINGS.json
"""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from gateway.bulk.exporting import splink_settings
from gateway.bulk.files import rows
from gateway.bulk.rows import INDEX_COLUMNS, QUERY_COLUMNS, describe
from gateway.bulk.running import match_files, matched, scan_of
from gateway.bulk.training import trained
from gateway.policy.identity.explaining import text
from gateway.policy.identity.model import current
from gateway.policy.identity.scoring import Scorer

app = typer.Typer(no_args_is_help=True, add_completion=False)
File = Annotated[Path, typer.Option()]


@app.command()
def bulk(index: File, queries: File, out: File, explain: int = 0) -> None:
    """Match a list or a back-file against a whole extract."""
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("cases", total=None)
        found = match_files(index, queries, out, Scorer(current()), lambda done, of: progress.update(task, completed=done, total=of))
        for one in islice(found, explain):
            typer.echo(f"\n{one.query_id} {one.ruled.record}\n{text(one.explained())}")
        for _ in found:
            pass


@app.command()
def explain(index: File, queries: File, query: Annotated[str, typer.Option()]) -> None:
    """Show why each record of one person would be linked, reviewed or left."""
    asked = list(rows(queries, QUERY_COLUMNS))
    case_id = next((q["case_id"] for q in asked if q["query_id"] == query), None)
    if case_id is None:
        raise typer.BadParameter("no such query")
    scan = scan_of(rows(index, INDEX_COLUMNS), Scorer(current()))
    for one in matched(scan, [q for q in asked if q["case_id"] == case_id]):
        if one.query_id == query:
            typer.echo(f"\n{one.ruled.record}\n{text(one.explained())}")


@app.command()
def train(index: Path, out: File, version: Annotated[str, typer.Option()]) -> None:
    """Learn a new model version from an index, without labels. Nothing is used until somebody approves it by name."""
    model, report = trained([describe(r) for r in rows(index, INDEX_COLUMNS)], version, current())
    out.write_text(json.dumps(model, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    out.with_suffix(".md").write_text(report, encoding="utf-8")
    typer.echo(f"{version}: not in use until approved; report beside it")


@app.command()
def splink(out: File) -> None:
    """Write the model as settings for Splink, the independent check."""
    out.write_text(json.dumps(splink_settings(current()), indent=1) + "\n", encoding="utf-8")


app(prog_name="python -m gateway.bulk") if __name__ == "__main__" else None
