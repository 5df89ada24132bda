"""Has the suite teeth? Leaks are planted in a copy of the tree, one at a time, and the suite must find each within its budget of worlds.

    python -m tests.noninterference.planting                     # every patch of the folder "planted", going on after those done before
    python -m tests.noninterference.planting path/to/a.patch     # any patch, from anywhere: caught or missed
    python -m tests.noninterference.planting --pages             # besides, the failing world of each made small, on a page

A patch is what ``git diff`` writes, against the root of the tree; lines before the first ``diff`` or ``---`` say what is planted and why it would do harm.
Results are kept for the present tree and suite (``planted-results.jsonl``); a change of either begins anew.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from tests.noninterference.campaign import ROOT, commit, suite

PLANTED = Path(__file__).parent / "planted"
RESULTS = Path(__file__).parent / "planted-results.jsonl"
PAGES = Path(__file__).parent / "planted-pages"
BUDGET = 300
"""Worlds within which a leak must be found."""
FIRST = 500_000
"""The first of those worlds: others than the ones that are gathered."""
LONGEST_PAGE = 66
"""Lines of a page, long ones counted as often as they are wrapped."""
PARTS = ("gateway", "mappings", "adapters", "outbox", "contracts", "tests/noninterference")


def try_patch(patch: Path, *, pages: bool = False, budget: int = BUDGET) -> dict[str, Any]:
    """``caught`` with the world that showed it, ``missed`` after the whole budget, or ``does not apply``."""
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        tree = Path(folder)
        _copy(tree)
        applied = subprocess.run(["git", "apply", "--recount", "-C1", "-"], cwd=tree, input=patch.read_bytes(), capture_output=True, check=False)
        if applied.returncode:
            return {"patch": patch.name, "result": "does not apply", "shows": applied.stderr.decode("utf-8", "replace")[-300:]}
        told = _suite(tree, "--judge", str(FIRST), str(budget), "--until-first")
        if told.returncode not in (0, 1):
            return {"patch": patch.name, "result": "does not run", "shows": told.stderr[-400:]}
        made = json.loads(told.stdout.splitlines()[-1])
        found = {"patch": patch.name, "result": "caught" if made["failed"] else "missed", "worlds": made["count"]}
        if made["failed"]:
            found |= {"world": made["failed"][0]["world"], "shows": made["failed"][0]["shows"][:500]}
            found |= _page(tree, patch, made["failed"][0]["world"]) if pages else {}
        return found


def _copy(tree: Path) -> None:
    """The present tree's code, as it is and not as it was committed."""
    for part in PARTS:
        left_out = shutil.ignore_patterns("__pycache__", "planted*", "results.jsonl", "*.xlsx")
        shutil.copytree(ROOT / part, tree / part, ignore=left_out)


def _suite(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-W", "ignore", "-m", "tests.noninterference.campaign", *arguments]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)


def _page(tree: Path, patch: Path, world: int) -> dict[str, Any]:
    """The failing world made small. ``lines`` is how much of a page it takes."""
    PAGES.mkdir(exist_ok=True)
    text = f"{heading(patch)}\n{_suite(tree, '--page', str(world)).stdout}"
    (PAGES / f"{patch.stem}.txt").write_text(text, encoding="utf-8")
    return {"lines": sum(1 + len(line) // 160 for line in text.splitlines())}


def heading(patch: Path) -> str:
    """What a patch says of itself."""
    lines = patch.read_text(encoding="utf-8").splitlines()
    end = next((n for n, line in enumerate(lines) if line.startswith(("diff ", "--- "))), 0)
    return "\n".join(lines[:end]).strip()


def patches() -> list[Path]:
    """Those of the folder."""
    return sorted(PLANTED.glob("*.patch"))


def run(wanted: Sequence[Path], processes: int, *, pages: bool, keep: bool) -> list[dict[str, Any]]:
    """Each of them; those already done on this very tree and suite are not done again."""
    stamp = {"commit": commit(), "suite": suite()}
    before = [one for one in _kept() if {k: one.get(k) for k in stamp} == stamp] if keep and not stamp["commit"].endswith("+") else []
    done = {one["patch"]: one for one in before if "lines" in one or not pages}
    with ThreadPoolExecutor(processes) as pool:
        asked = [pool.submit(try_patch, patch, pages=pages) for patch in wanted if patch.name not in done]
        for future in as_completed(asked):
            found = future.result() | stamp
            done[found["patch"]] = found
            print(f"{found['result']:14} {found['patch']}  {found.get('shows', '')[:220]}", flush=True)
            if keep:
                with RESULTS.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(found) + "\n")
    return [done[patch.name] for patch in wanted]


def _kept() -> list[dict[str, Any]]:
    return [json.loads(line) for line in RESULTS.read_text(encoding="utf-8").splitlines()] if RESULTS.exists() else []


def main(arguments: Sequence[str] | None = None) -> int:
    """See the module. Ends with 0 only when everything was caught."""
    parser = argparse.ArgumentParser(prog="./test --planted", description="Leaks planted in a copy; the suite must find each.")
    parser.add_argument("patches", type=Path, nargs="*", help="patch files; those of the folder when none is given")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--pages", action="store_true", help="the failing world of each, made small")
    asked = parser.parse_args(arguments)
    found = run(asked.patches or patches(), asked.processes, pages=asked.pages, keep=not asked.patches)
    caught = sum(one["result"] == "caught" for one in found)
    print(f"{caught} of {len(found)} caught, each within {BUDGET} worlds")
    for one in found:
        if one["result"] != "caught":
            print(f"  {one['result']}: {one['patch']}  {one.get('shows', '')}")
    return 0 if caught == len(found) else 1


if __name__ == "__main__":
    sys.exit(main())
