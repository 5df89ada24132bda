"""Writes docs/codes.md anew from the error catalogue: ``python docs/write_codes.py``. A test compares the two."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "codes.md"
sys.path.insert(0, str(ROOT))

from gateway.domain.errors import CATALOGUE, Code  # noqa: E402  found by the line above

HEAD = """# Codes

Every code that a reply, a report, a task or a log can show: what it means, why it happens, what to do. Written by `docs/write_codes.py` from
the catalogue in the code. A code never comes with a value: a row and a column, or an opaque id, say where to look.

| code | what it means | why | what to do |
|---|---|---|---|
"""


def document() -> str:
    """The whole file."""
    return HEAD + "".join(f"| `{code}` | {' | '.join(_cell(text) for text in CATALOGUE[code])} |\n" for code in sorted(Code))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
