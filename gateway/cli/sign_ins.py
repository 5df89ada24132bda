"""``marac-gateway sign-out``: when somebody's role or employment ends."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.output import out
from gateway.cli.session import As, actor_named, opened, telling
from gateway.domain.identifiers import UserId
from gateway.services import sign_ins


def add_to(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command(name="sign-out")(sign_out)


@telling
def sign_out(person: Annotated[str, typer.Argument(help="The account, by the id that the identity provider gives it.")], user: As) -> None:
    """End every session of a person at once. End their account at the identity provider first, or they can sign in again."""
    with opened() as gateway, gateway.transaction() as work:
        ended = sign_ins.sign_out(work, actor_named(gateway, user), UserId(person))
    out.print(f"{ended} session{'' if ended == 1 else 's'} ended." if ended else "They were not signed in.")
