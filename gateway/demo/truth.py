"""The demonstration's truth: what a careful reader of the agencies' records would answer, compared with a hit report cell by cell."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

Cell = tuple[str, str, str, str]
"""Case number, role, name, agency."""


def differences(truth: Path, rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Each cell that differs, as a sentence. ``rows`` are the report's own (``services.hits.rows``), of every agency's own view, so that
    record numbers can be compared too."""
    with truth.open(encoding="utf-8", newline="") as file:
        expected = {_key(row["case_number"], row["role"], row["name"], row["agency"]): row for row in csv.DictReader(file)}
    found = {_key(row["case"], row["role"], _name(row), row["agency"]): row for row in rows}
    missing = [f"{' / '.join(key)}: is not in the report" for key in expected.keys() - found.keys()]
    added = [f"{' / '.join(key)}: is in the report and nowhere else" for key in found.keys() - expected.keys()]
    return sorted(missing + added + list(_compared(expected, found)))


def _compared(expected: Mapping[Cell, Mapping[str, str]], found: Mapping[Cell, Mapping[str, str]]) -> Iterable[str]:
    for key in expected.keys() & found.keys():
        wanted, got = expected[key], found[key]
        if wanted["state"] != got["state"]:
            yield f"{' / '.join(key)}: {wanted['state']} was expected ({wanted['reason']}), {got['state']} came ({got['reason']})"
        elif got["record"] and wanted["record_id"] != got["record"]:
            yield f"{' / '.join(key)}: another record than expected"


def _key(*parts: str) -> Cell:
    case, role, name, agency = (" ".join(part.split()) for part in parts)
    return case, role, name, agency


def _name(row: Mapping[str, str]) -> str:
    return f"{row['given_name']} {row['family_name']}"
