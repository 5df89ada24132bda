"""``marac-gateway match``: why a record was linked, left to a person or left out; the models that grade; lists against whole extracts.

What needs no running gateway (``bulk``, ``train``) is in ``gateway.cli.match_bulk``, which adds its commands with ``add_to(app)``.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import typer

app = typer.Typer(help="Matching: explanations, models, and whole extracts.", no_args_is_help=True)

if find_spec("gateway.cli.match_bulk"):
    import_module("gateway.cli.match_bulk").add_to(app)


@app.callback()
def group() -> None:
    """Matching: explanations, models, and whole extracts."""
