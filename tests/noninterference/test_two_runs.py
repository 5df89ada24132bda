"""The share of the two-run suite that every run of the tests has, and the checks of the suite itself."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.noninterference import hazards, planting
from tests.noninterference.campaign import ROOT, SHARE
from tests.noninterference.coverage import BY_WORLD, CHANNELS, ELSEWHERE
from tests.noninterference.flows import Flows
from tests.noninterference.worlds import PAIRS, make_world

WORLDS, PROCESSES = int(os.environ.get("NONINTERFERENCE_WORLDS", "300")), 2
"""Each world is two runs. Fewer may be asked for where a machine is busy; then the figures below are asked of those."""
STATEMENT = ROOT / "docs" / "testing-statement.md"


def _judged(first: int, count: int, database_url: str) -> dict[str, Any]:
    arguments = ["-m", "tests.noninterference.campaign", "--judge", str(first), str(count), "--database", database_url]
    told = subprocess.run([sys.executable, "-W", "ignore", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.stdout, told.stderr[-2000:]
    return dict(json.loads(told.stdout.splitlines()[-1]))


@pytest.mark.timeout(1500)
@pytest.mark.slow
def test_a_share_of_the_worlds_shows_no_difference(databases: Any, migrated_template: str) -> None:
    each = WORLDS // PROCESSES
    urls = [databases.make(migrated_template) for _ in range(PROCESSES)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        parts = list(pool.map(_judged, range(0, WORLDS, each), [each] * PROCESSES, urls))
    for url in urls:
        databases.drop(url)
    assert [failed for part in parts for failed in part["failed"]] == []
    reached = sum(part["count"] - part["vacuous"] for part in parts)
    assert reached >= WORLDS * 2 / 3, "most worlds must reach their secret, or they show nothing"
    effects, channels = Counter[str](), Counter[str]()
    for part in parts:
        effects.update(part["effects"])
        channels.update(part["channels"])
    assert effects["flag.create"] >= WORLDS / 4, "alerts must really have been written"
    assert not [name for name in {*CHANNELS, *BY_WORLD} if channels[name] < SHARE * reached]


def test_every_channel_is_exercised_or_listed_with_its_reason() -> None:
    every = {f"C{number:02d}" for number in range(1, 53)}
    assert set(CHANNELS) | set(BY_WORLD) | set(ELSEWHERE) == every
    assert not (set(CHANNELS) | set(BY_WORLD)) & set(ELSEWHERE)
    listed = set(re.findall(r"^\| (C\d\d) \|", STATEMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert listed == set(ELSEWHERE)


def test_a_world_is_made_of_its_number_alone() -> None:
    assert make_world(7) == make_world(7)
    assert {make_world(number).pair for number in range(200)} == set(PAIRS)


def test_flows_name_pairs_that_there_are_and_say_why() -> None:
    for flow in Flows.read().declared:
        assert flow.pairs <= set(PAIRS)
        assert flow.why
        assert "S4" not in flow.pairs, "other content alone may change nothing for anybody"


def test_no_flow_reaches_anybody_but_those_who_run_or_audit_the_gateway_an_agencys_own_people_and_who_must_decide() -> None:
    declared = Flows.read().declared
    assert {flow.observer for flow in declared} == {"O9 operator", "O? s-auditor", "O? s-shared", "O? s-coordinator"}
    assert {flow.surface for flow in declared if flow.observer == "O? s-coordinator"} == {"GET *tasks*"}


@pytest.mark.parametrize("patch", planting.patches(), ids=lambda patch: patch.stem)
def test_a_planted_leak_says_what_it_is_and_applies_to_the_present_tree(patch: Path) -> None:
    assert len(planting.heading(patch).splitlines()) == 2
    applied = subprocess.run(["git", "apply", "--check", "--recount", "-C1", str(patch)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert applied.returncode == 0, applied.stderr


def test_there_are_sixty_planted_leaks() -> None:
    assert len(planting.patches()) == 60


@pytest.mark.timeout(900)
@pytest.mark.slow
def test_a_planted_leak_is_caught_and_a_harmless_patch_is_not(tmp_path: Path) -> None:
    leak = next(patch for patch in planting.patches() if "title-has-name" in patch.name)
    harmless = tmp_path / "harmless.patch"
    harmless.write_text("A comment.\nIt does no harm.\n\n--- a/gateway/web/session.py\n+++ b/gateway/web/session.py\n@@ -1 +1,2 @@\n+# nothing\n" + _first_line())
    with ThreadPoolExecutor(2) as pool:
        caught, missed = pool.map(lambda patch: planting.try_patch(patch, budget=4), (leak, harmless))
    assert (caught["result"], missed["result"]) == ("caught", "missed"), (caught, missed)


def _first_line() -> str:
    return " " + (ROOT / "gateway" / "web" / "session.py").read_text(encoding="utf-8").splitlines()[0] + "\n"


def test_each_control_of_the_hazard_log_names_a_test_that_is_there() -> None:
    named = hazards.controls()
    assert {hazard for hazard, _, _ in named} == {f"H{number:02d}" for number in range(1, 25)}
    assert [test for _, _, test in named if not hazards.is_there(test)] == []
