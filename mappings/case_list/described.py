"""The tables of docs/case-list.md, written from the code; a test keeps the document equal to them.

python -m mappings.case_list.described
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gateway.domain.errors import CATALOGUE, Code
from mappings.case_list.actions_csv import ACTION_HEADINGS, COMPLETION_HEADINGS, OUTCOMES
from mappings.case_list.columns import ROLE_WORDS, SYNONYMS, Field
from mappings.case_list.problems import ERROR, HELD, HOLDS_CASE, SEVERITY, WARNING

_EFFECT = {ERROR: "stops the file", HELD: "held", WARNING: "let in"}


def tables() -> Mapping[str, str]:
    """Each generated table by the name of its place in the document."""
    return {
        "roles": _table(("Part", "Words"), ((role.value, ", ".join(words)) for role, words in ROLE_WORDS.items())),
        "headings": _table(("Column", "Headings"), ((f.value, ", ".join(h)) for f, h in SYNONYMS.items() if f is not Field.NOT_TAKEN)),
        "not-taken": _table(("Known and left out",), [(", ".join(SYNONYMS[Field.NOT_TAKEN]),)]),
        "findings": _table(("Code", "Effect", "What it means", "Why", "What to do"), _findings()),
        "files": _table(("Code", "What it means", "Why", "What to do"), _of_files()),
        "actions": _table(("Column", "Headings"), ((f.value, ", ".join(h)) for f, h in ACTION_HEADINGS.items())),
        "completions": _table(("Column", "Headings"), ((f.value, ", ".join(h)) for f, h in COMPLETION_HEADINGS.items())),
        "outcomes": _table(("Outcome", "Words"), ((outcome, ", ".join(words)) for outcome, words in OUTCOMES.items())),
    }


def in_document(document: str) -> str:
    """The document with every generated table as it is now. Each stands between ``<!-- name -->`` and ``<!-- end -->``."""
    for name, table in tables().items():
        before, start, rest = document.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        document = f"{before}{start}\n{table}\n{end}{after}"
    return document


def _findings() -> Iterable[Sequence[str]]:
    order = (ERROR, HELD, WARNING)
    for code in sorted(SEVERITY, key=lambda code: (order.index(SEVERITY[code]), code in HOLDS_CASE, code.value)):
        effect = "the whole case is held" if code in HOLDS_CASE else _EFFECT[SEVERITY[code]]
        yield f"`{code.value}`", effect, *CATALOGUE[code]


def _of_files() -> Iterable[Sequence[str]]:
    refusals = (code for code in Code if code.value.startswith("FILE_") and SEVERITY.get(code) != WARNING)
    return ((f"`{code.value}`", *CATALOGUE[code]) for code in sorted(refusals))


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)
