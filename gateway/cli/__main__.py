"""``python -m gateway.cli``: the command line, put together."""

from __future__ import annotations

import typer

from gateway.cli import actions, agency, audit, demo, flags, health, intake, match, processes, proving, queue, reconcile, report, sign_ins

app = typer.Typer(
    name="marac-gateway",
    help="Carries case lists to agencies' record systems, and the answers back. Exit: 0 done, 1 refused or incomplete, 2 usage.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for group in (demo, processes, intake, report, reconcile, health, sign_ins):
    group.add_to(app)
for name, module in (("flags", flags), ("actions", actions), ("queue", queue), ("match", match), ("agency", agency), ("audit", audit)):
    app.add_typer(module.app, name=name)
app.add_typer(proving.writing, name="writing")


def main() -> None:
    """The entry of ``marac-gateway``."""
    app(prog_name="marac-gateway")


if __name__ == "__main__":
    main()
