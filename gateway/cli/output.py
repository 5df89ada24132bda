"""What a command prints: tables for people, JSON for programs (``--json``), errors with what to do. Nothing else goes to standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any
from uuid import UUID

import orjson
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.domain.errors import GatewayError
from gateway.presenting import shown

out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False)

def print_rows(rows: Sequence[Mapping[str, object]], *, as_json: bool, title: str = "", empty: str = "Nothing.") -> None:
    """Rows with the same keys, as a table or as a JSON array."""
    if as_json:
        print_json(list(rows))
        return
    if not rows:
        out.print(empty)
        return
    table = Table(title=title or None, title_justify="left", title_style="bold", header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in rows[0]:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(shown(value) for value in row.values()))
    out.print(table)


def print_facts(facts: Mapping[str, object], *, as_json: bool) -> None:
    """One thing: its facts line by line, or as a JSON object."""
    if as_json:
        print_json(dict(facts))
        return
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        out.print(Text(f"{name.replace('_', ' '):{width}}  ").append_text(shown(value)))


def print_json(value: object) -> None:
    """JSON on standard output, one document."""
    sys.stdout.write(orjson.dumps(value, default=_plain, option=orjson.OPT_INDENT_2).decode() + "\n")


def print_error(error: GatewayError, *, as_json: bool) -> None:
    """The code, what it means, why, and what to do, on standard error."""
    title, cause, remedy = error.text
    if as_json:
        sys.stderr.write(orjson.dumps({"code": error.code, "title": title, "cause": cause, "remedy": remedy}).decode() + "\n")
        return
    err.print(Text(f"{title} ", style="bold red").append(f"({error.code.value})", style="dim"))
    err.print(Text(cause))
    err.print(Text(remedy, style="bold"))


def print_trouble(cause: str, remedy: str = "", *, as_json: bool = False) -> None:
    """An error that has no code of the catalogue: of the set-up, or of a file that is not there."""
    if as_json:
        sys.stderr.write(orjson.dumps({"cause": cause, "remedy": remedy}).decode() + "\n")
        return
    err.print(Text(cause, style="bold red"))
    if remedy:
        err.print(Text(remedy, style="bold"))


def columns(items: Iterable[object], *names: str) -> list[dict[str, object]]:
    """Attributes of things as rows; a dotted name goes deeper."""
    return [{name.rpartition(".")[2]: _deep(item, name) for name in names} for item in items]


def _deep(item: Any, name: str) -> object:
    for part in name.split("."):
        item = getattr(item, part)
    return item


def _plain(value: object) -> object:
    if isinstance(value, UUID | Enum):
        return str(value.value if isinstance(value, Enum) else value)
    if isinstance(value, frozenset | tuple):
        return list(value)
    raise TypeError(type(value).__name__)
