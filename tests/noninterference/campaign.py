"""Many worlds, gathered over as many runs as it takes.

    python -m tests.noninterference.campaign 1000        # a thousand more, after those that were done before
    python -m tests.noninterference.campaign --report    # what was gathered so far

Results are kept beside the code of which they speak: a line for each part of the work, with the commit, whether the tree was clean, the numbers of
the worlds, and what came of them. Worlds of an earlier commit still count; they are told apart in the report.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from gateway.bootstrap import migrate
from gateway.embedded.folder import DataFolder
from gateway.embedded.servers import Servers
from tests.noninterference.chance import Chance
from tests.noninterference.coverage import BY_WORLD, CHANNELS, ELSEWHERE, channels_of
from tests.noninterference.flows import Flows
from tests.noninterference.house import House, house
from tests.noninterference.shrinking import shrink
from tests.noninterference.twice import Difference, Verdict, twice
from tests.noninterference.worlds import World, make_world

ROOT = Path(__file__).parents[2]
RESULTS = Path(os.environ.get("NONINTERFERENCE_RESULTS", str(Path(__file__).parent / "results.jsonl")))
PART = 25
"""Worlds that are done and written down together."""
SHARE = 0.02
"""Of all worlds, in which each channel must have been looked through."""


@contextmanager
def own_house(database_url: str = "") -> Iterator[House]:
    """A house on the database given, else on servers of its own, with clock and chance governed."""
    with ExitStack() as stack:
        if not database_url:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            database_url = stack.enter_context(Servers.start(DataFolder(Path(folder)), durable=False)).database_url
            migrate(database_url)
            with psycopg.connect(database_url, autocommit=True) as connection:  # a plan is made once, and not for each handful of rows
                connection.execute("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET plan_cache_mode = force_generic_plan', current_database()); END $$")
        chance = Chance()
        made = stack.enter_context(house(database_url, chance))
        stack.enter_context(chance.governing())
        yield made


def judge(made: House, seeds: Sequence[int], flows: Flows, stop_at_first: bool = False) -> dict[str, Any]:
    """What came of these worlds, as it is kept."""
    began, done = time.process_time(), []
    channels: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    effects: Counter[str] = Counter()
    surfaces, vacuous, failed, unsteady = 0, 0, [], []
    for seed in seeds:
        verdict = twice(made, make_world(seed), flows)
        done.append(seed)
        surfaces += verdict.surfaces
        if verdict.differences and not twice(made, verdict.world, flows).differences:
            unsteady.append({"world": seed, "shows": _told(verdict.differences[0])})  # it does not come again: the machine, and not the secret
        elif verdict.differences:
            failed.append({"world": seed, "pair": verdict.world.pair, "shows": _told(verdict.differences[0])})
        if failed and stop_at_first:
            break
        if not verdict.reached:
            vacuous += 1
            continue
        pairs[verdict.world.pair] += 1
        effects.update(verdict.effects)
        channels.update(channels_of(verdict.world, verdict.seen))
    return {
        "worlds": [done[0], done[-1]], "count": len(done), "vacuous": vacuous, "surfaces": surfaces, "failed": failed, "unsteady": unsteady, "pairs": dict(pairs),
        "channels": dict(channels), "effects": dict(effects), "cpu_s": round(time.process_time() - began, 2),
    }  # fmt: skip


def _told(difference: Difference) -> str:
    """The first line in which the two differ; everybody in it is invented."""
    left, right = (b"\n".join(side).split(b"\n") for side in (difference.left, difference.right))
    pairs = zip(left, right, strict=False)
    a, b = next(((x, y) for x, y in pairs if x != y), (b"\n".join(left)[-120:], b"\n".join(right)[-120:]))
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), 0)
    shown = " | ".join(line[max(0, at - 40) : at + 120].decode("utf-8", "replace") for line in (a, b))
    return f"after {difference.step}: {difference.observer} sees {difference.surface}: {shown}"


def page(made: House, seed: int, flows: Flows) -> str:
    """A failing world made small, on one page."""
    first = twice(made, make_world(seed), flows)
    wanted = _kind(first)

    def fails(world: World) -> bool:
        try:
            return _kind(twice(made, world, flows)) == wanted
        except Exception:  # noqa: BLE001  a world without something that another part needs is no smaller failure
            return False

    small = shrink(first.world, fails)
    last = twice(made, small, flows)
    return "\n".join([small.described(), "", *dict.fromkeys(_told(d) for d in last.differences[:6])])


def _kind(verdict: Verdict) -> tuple[str, str] | None:
    """Of what kind the first difference is: who saw it, and where, without the person's number."""
    first = next(iter(verdict.differences), None)
    return (first.observer, first.surface.rsplit(" ", 1)[0]) if first else None


def _part(seeds: Sequence[int]) -> dict[str, Any]:
    """In a process of its own; its house is opened once."""
    if "house" not in _HELD:
        manager = own_house()
        _HELD["house"], _HELD["manager"] = manager.__enter__(), manager
    return judge(_HELD["house"], seeds, Flows.read())


_HELD: dict[str, Any] = {}


def _settle_down(settled: Any) -> None:
    """A core for each process together with its database, which only works while the process waits: a sixth fewer seconds than wherever they happen to be."""
    cores = sorted(os.sched_getaffinity(0))
    with settled:
        os.sched_setaffinity(0, {cores[settled.value % len(cores)]})
        settled.value += 1


def run(count: int, processes: int) -> int:
    """So many more worlds; the number of those that failed."""
    first = _next_world()
    parts = [range(at, min(at + PART, first + count)) for at in range(first, first + count, PART)]
    failed = 0
    with ProcessPoolExecutor(processes, initializer=_settle_down, initargs=(multiprocessing.Value("i", 0),)) as pool:
        for future in as_completed([pool.submit(_part, part) for part in parts]):
            made = future.result()
            _keep(made)
            failed += len(made["failed"])
            print(_line(made), flush=True)
    return failed


def _line(made: dict[str, Any]) -> str:
    words = f"worlds {made['worlds'][0]} to {made['worlds'][1]}: {made['count'] - made['vacuous']} reached their secret, {len(made['failed'])} differ"
    return "\n".join([words, *(f"  world {f['world']} ({f['pair']}): {f['shows'][:400]}" for f in made["failed"][:3])])


def _next_world() -> int:
    return max((part["worlds"][1] for part in parts_so_far()), default=-1) + 1


def parts_so_far() -> list[dict[str, Any]]:
    """Everything kept."""
    if not RESULTS.exists():
        return []
    return [json.loads(line) for line in RESULTS.read_text(encoding="utf-8").splitlines()]


def _keep(made: dict[str, Any]) -> None:
    made |= {"commit": commit(), "suite": suite()}
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(made) + "\n")


def commit() -> str:
    """The commit of the tree, with a mark when product code differs from it."""
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    product = ["gateway", "mappings", "adapters", "outbox", "contracts"]
    changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", *product], cwd=ROOT, check=False).returncode
    return f"{told}{'+' if changed else ''}"


def suite() -> str:
    """A digest of the suite's own files: results of an earlier suite are told apart."""
    whole = hashlib.sha256()
    for file in (*sorted(Path(__file__).parent.glob("*.py")), Path(__file__).with_name("flows.toml")):
        whole.update(file.read_bytes())
    return whole.hexdigest()[:12]


def report() -> str:
    """What was gathered: worlds, those that count, differences, and in which share of them each channel was looked through."""
    parts = parts_so_far()
    count, vacuous = sum(p["count"] for p in parts), sum(p["vacuous"] for p in parts)
    reached, channels, pairs, commits = count - vacuous, Counter[str](), Counter[str](), Counter[str]()
    for part in parts:
        channels.update(part["channels"])
        pairs.update(part["pairs"])
        commits[part["commit"]] += part["count"] - part["vacuous"]
    failed = [f for part in parts for f in part["failed"]]
    effects = sum((Counter(part["effects"]) for part in parts), Counter[str]())
    lines = [
        f"{count} worlds, of which {reached} reached their secret and count; {vacuous} did not and do not",
        f"{sum(p['surfaces'] for p in parts)} readings compared; {len(failed)} worlds with a difference outside the declared flows",
        f"so the true rate of differing worlds like these is below {3 / reached:.4%} (95%)" if reached and not failed else "",
        f"{sum(len(p['unsteady']) for p in parts)} worlds differed once and not again",
        "by pair: " + ", ".join(f"{pair} {pairs[pair]}" for pair in sorted(pairs)),
        "written at agencies, in worlds: " + ", ".join(f"{what} {number}" for what, number in effects.most_common() if not what.startswith("lookup")),
        "by commit: " + ", ".join(f"{name} {number}" for name, number in commits.items()),
        f"{sum(p['cpu_s'] for p in parts) / max(1, count):.2f} s of CPU a world in the suite's own process",
        *(f"  world {f['world']} ({f['pair']}): {f['shows'][:300]}" for f in failed[:10]),
        *_channel_lines(channels, reached),
    ]
    return "\n".join(line for line in lines if line)


def _channel_lines(channels: Counter[str], reached: int) -> Iterator[str]:
    for number in range(1, 53):
        name = f"C{number:02d}"
        if name in ELSEWHERE:
            yield f"{name}  not here: {ELSEWHERE[name]}"
        else:
            share = channels[name] / max(1, reached)
            yield f"{name}  {share:6.1%} of worlds{'' if share >= SHARE else '   TOO FEW'}"


def missing(channels: Counter[str], reached: int) -> list[str]:
    """Channels that were looked through in too few worlds."""
    return [name for name in sorted({*CHANNELS, *BY_WORLD}) if channels[name] < SHARE * reached]


def main(arguments: Sequence[str] | None = None) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="./test --noninterference", description="Worlds run twice, compared byte for byte.")
    parser.add_argument("worlds", type=int, nargs="?", default=0, help="how many more")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--page", type=int, metavar="WORLD", help="one world that failed, made small")
    parser.add_argument("--judge", type=int, nargs=2, metavar=("FIRST", "COUNT"), help="these worlds, in this process, told as JSON and not kept")
    parser.add_argument("--until-first", action="store_true", help="with --judge: stop at the first that differs")
    parser.add_argument("--database", default="", help="with --judge: a migrated, empty database of one's own")
    parser.add_argument("--report", action="store_true", help="only what was gathered so far")
    asked = parser.parse_args(arguments)
    if asked.judge:
        first, count = asked.judge
        with own_house(asked.database) as made:
            told = judge(made, range(first, first + count), Flows.read(), asked.until_first)
        print(json.dumps(told))
        return 1 if told["failed"] else 0
    if asked.page is not None:
        with own_house() as made:
            print(page(made, asked.page, Flows.read()))
        return 0
    failed = run(asked.worlds, asked.processes) if asked.worlds and not asked.report else 0
    print(report())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
