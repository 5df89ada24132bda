"""The hazard log's controls and the tests that hold them; after a run, which of those passed.

tests/conftest.py takes its two hooks from here: each run writes out/hazard-evidence.csv.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOG = ROOT / "docs" / "clinical-safety" / "hazard-log.md"
EVIDENCE = ROOT / "out" / "hazard-evidence.csv"
_NAMED = re.compile(r"`(tests/[\w/]+\.py(?:::\w+)?)`")


def controls() -> list[tuple[str, str, str]]:
    """Hazard, control and test, each time that a control names one."""
    found, hazard = [], ""
    for line in LOG.read_text(encoding="utf-8").splitlines():
        if line.startswith("## H"):
            hazard = line.split()[1]
        if line.startswith("- "):
            control = line[2:].split(": `")[0]
            found += [(hazard, control, test) for test in _NAMED.findall(line)]
    return found


def is_there(test: str) -> bool:
    """Whether a test of this name is in the suite."""
    path, _, name = test.partition("::")
    file = ROOT / path
    return file.is_file() and (not name or bool(re.search(rf"^\s*(async )?def {name}\(", file.read_text(encoding="utf-8"), re.MULTILINE)))


_outcomes: dict[str, set[str]] = defaultdict(set)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Takes down what became of each test; a test with several examples passed when all of them did."""
    if report.when == "call" or report.outcome != "passed":
        path, *names = report.nodeid.split("[")[0].split("::")
        for name in (path, f"{path}::{names[-1]}" if names else path):
            _outcomes[name].add(report.outcome)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Writes the evidence; of a worker among several nothing, for the one that began them hears it all."""
    if hasattr(session.config, "workerinput") or session.config.option.collectonly:
        return
    EVIDENCE.parent.mkdir(exist_ok=True)
    with EVIDENCE.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("hazard", "control", "test", "result"))
        table.writerows((hazard, control, test, _result(test)) for hazard, control, test in controls())


def _result(test: str) -> str:
    seen = _outcomes.get(test, set())
    return "not run" if not seen else "passed" if seen == {"passed"} else "failed"
