"""Writes the tables of docs/case-list.md anew from the code: ``python docs/write_case_list.py``."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "case-list.md"


def main() -> None:
    """Rewrites the document where a table has changed."""
    sys.path.insert(0, str(ROOT))
    from mappings.case_list.described import in_document

    DOCUMENT.write_text(in_document(DOCUMENT.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
