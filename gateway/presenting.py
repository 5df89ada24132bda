"""A hit report on a terminal and in files. What a reader may see has been decided before it comes here."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum

import orjson
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from gateway.domain.reports import HitReport

TONES = {
    "KNOWN": "bold green", "POSSIBLE": "bold yellow", "NO_ANSWER": "bold red", "WITHHELD": "magenta", "NOT_ASKED": "magenta",
    "NOT_KNOWN": "dim", "placed": "green", "recorded": "green", "completed": "green", "dead": "bold red", "unsure": "bold red",
}  # fmt: skip


def shown(value: object) -> Text:
    """A value as text in a table: words of agencies cannot steer the terminal, nor be taken for markup."""
    if value is None:
        return Text("")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, datetime):
        return Text(value.strftime("%d %b %H:%M:%S"))
    if isinstance(value, date):
        return Text(value.strftime("%d %b %Y"))
    text = str(value.value if isinstance(value, Enum) else value)
    return Text("".join(map(_harmless, text)), style=TONES.get(text, ""))


def _harmless(character: str) -> str:
    """Line breaks stay; every other control character could move the cursor or hide text."""
    return character if character == "\n" or unicodedata.category(character)[0] != "C" else "\N{REPLACEMENT CHARACTER}"


def report_table(report: HitReport) -> Table:
    """One line for each person, one column for each agency."""
    title = f"Hit report, meeting of {report.meeting_date:%d %B %Y}, issue {report.issue}"
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("case", "role"):
        table.add_column(name, no_wrap=True)
    table.add_column("person")
    for agency in report.agencies:
        table.add_column(agency.name, min_width=9)
    for row in report.rows:
        person = " ".join(part for part in (row.name.given, row.name.family) if part)
        table.add_row(*map(shown, (row.case_number, row.role, person)), *(shown(cell.outcome) for cell in row.cells))
    return table


def report_states(report: HitReport) -> str:
    """How many cells stand in each state, as a line."""
    return ", ".join(f"{count} {state.value}" for state, count in report.states.items())


def report_csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    """The report's rows (``services.hits.rows``) as CSV, with a byte order mark, so that a spreadsheet reads the names right."""
    text = io.StringIO()
    if rows:
        table = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
        table.writeheader()
        table.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def report_json(rows: Sequence[Mapping[str, str]]) -> bytes:
    """The same as a JSON array."""
    return orjson.dumps(list(rows), option=orjson.OPT_INDENT_2) + b"\n"
