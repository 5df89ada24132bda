"""Why each record of one person would be linked, reviewed or left, from files alone.

    python -m gateway.bulk --index INDEX.csv --queries QUERIES.csv --query ID

Everything else is under ``marac-gateway match``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.bulk.running import explained_in_files
from gateway.policy.identity.explaining import text
from gateway.policy.identity.model import current
from gateway.policy.identity.scoring import Scorer

app = typer.Typer(add_completion=False)
File = Annotated[Path, typer.Option()]


@app.command()
def explain(index: File, queries: File, query: Annotated[str, typer.Option()]) -> None:
    """Show why each record of one person would be linked, reviewed or left."""
    found = explained_in_files(index, queries, query, Scorer(current()))
    if found is None:
        raise typer.BadParameter("no such query")
    for one in found:
        typer.echo(f"\n{one.ruled.record}\n{text(one.explained())}")


app(prog_name="python -m gateway.bulk") if __name__ == "__main__" else None
