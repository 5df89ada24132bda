"""What every command needs: the gateway, who acts, and errors turned into words and an exit status."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

import typer

from gateway.bootstrap import Gateway, Misconfigured, load_gateway
from gateway.cli.output import print_error, print_trouble
from gateway.domain.actors import Actor, actor_of
from gateway.domain.errors import CATALOGUE, Code, GatewayError
from gateway.embedded.errors import CannotStart
from gateway.telemetry import place_of, start_logging

REFUSED = 1
"""Exit status: refused or incomplete. 0 is done, 2 wrong usage."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
As = Annotated[str, typer.Option("--as", help="Who acts, by the id in the users file.", envvar="MARAC_ACTOR", metavar="USER")]

P = ParamSpec("P")
R = TypeVar("R")


class Incomplete(Exception):
    """The command did what it could, and something is left: exit 1 without another word."""


@contextmanager
def opened(process: str = "command") -> Iterator[Gateway]:
    """The gateway by the environment's settings, with logging set up."""
    start_logging(process)
    gateway = load_gateway()
    try:
        yield gateway
    finally:
        gateway.close()


def actor_named(gateway: Gateway, user: str) -> Actor:
    """The actor of the users file. Whoever may run commands on this machine may act as any of them: keep the machine closed."""
    try:
        told = tomllib.loads(gateway.settings.users.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        raise typer.BadParameter("the users file cannot be read; name one in MARAC_USERS", param_hint="--as") from None
    for entry in told.get("users", []):
        if entry.get("sub") == user:
            return actor_of(entry)
    raise typer.BadParameter("is not in the users file", param_hint="--as")


def read_bytes(path: Path) -> bytes:
    """A file named on the command line, or standard input for ``-``."""
    import sys

    return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()


def telling(command: Callable[P, R]) -> Callable[P, R]:
    """Errors become words on standard error and exit 1; nothing is printed as a traceback, which could hold values."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        as_json = bool(kwargs.get("as_json", False))
        try:
            return command(*args, **kwargs)
        except GatewayError as error:
            print_error(error, as_json=as_json)
        except Misconfigured as fault:
            print_trouble("The settings will not do:\n" + "\n".join(f"  {problem}" for problem in fault.problems), _SETTINGS, as_json=as_json)
        except CannotStart as fault:
            print_trouble(fault.cause, fault.remedy, as_json=as_json)
        except FileNotFoundError:
            print_trouble("There is no such file.", "Check the path.", as_json=as_json)
        except Incomplete:
            pass
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except Exception as error:  # noqa: BLE001  a traceback would quote what was being read
            title, cause, remedy = CATALOGUE[Code.INTERNAL_ERROR]
            print_trouble(f"{title} ({place_of(error)}). {cause}", remedy, as_json=as_json)
        raise typer.Exit(REFUSED)

    return run


_SETTINGS = "Every variable is explained in docs/runbook.md; ./run sets them for a demonstration."
