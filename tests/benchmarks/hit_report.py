"""The headline benchmark: 40 cases, 160 people, 8 agencies, a complete hit report with audit, ten in flight per agency.

    .venv/bin/python -m tests.benchmarks.hit_report [--rounds 3] [--people 160] [--workers 1 2]

In one run, round by round: the gateway (outbox, relay, matching, sealed rows, chained audit, report) with as many worker processes as asked for
(``worker.py``), and the usual stack (``usual_stack.py``). Wall time is given as a multiple of the physical limit, people x latency / in flight;
CPU per look-up is that of all our processes and of PostgreSQL together, and again as a multiple of what ``orjson.loads`` of 40 kB takes in the
same minute: that compares with runs on other machines. Every run is checked to have done its work: each look-up answered, the audit chain whole.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from math import inf
from pathlib import Path

import orjson

from gateway.bootstrap import load_gateway, make_demonstration_key, migrate, settings_from
from gateway.domain.case_list import Address, BirthDate, Person, PersonName, Role, Sex
from gateway.domain.case_list_reading import ParsedCase, ParsedList, ParsedPerson
from gateway.domain.identifiers import NhsNumber
from gateway.domain.lookup import LookupOutcome
from gateway.embedded.folder import DataFolder
from gateway.embedded.servers import Servers
from gateway.services import intake
from tests.benchmarks.people import COORDINATOR, MARAC, BenchPerson, bench_people
from tests.benchmarks.responders import searchset
from tests.benchmarks.usual_stack import run_usual_stack

IN_FLIGHT = 10
_ROOT = Path(__file__).parents[2]
_SYSTEMS = {
    "fhir": ('kind = "fhir_r4"', '["search", "open_to_service"]', "http://127.0.0.1:{port}"),
    "hl7": ('kind = "hl7v2"', '["search"]', "mllp://127.0.0.1:{port}"),
    "police": ('kind = "police"', '["search"]', "http://127.0.0.1:{port}"),
    "housing": ('kind = "housing"', '["search"]', "http://127.0.0.1:{port}"),
}
_AGREEMENT = """
[agreement]
name = "Agency {name}"
parties = ["Benchmark", "Agency {name}"]
maracs = ["benchmark"]
lawful_basis = "none: nobody here is real"
valid_from = 2020-01-01
valid_until = 2099-12-31
jurisdiction = "england-wales"
representative = "nobody"
[shares]
purposes = ["lookup"]
roles = ["victim", "perpetrator", "child", "other"]
lookup_fields = ["names", "birth_dates"]
[receives]
categories = ["candidates"]
[flags]
perpetrators = false
review_months = 12
[systems.record]
{kind}
endpoint = "env:BENCH_{upper}"
capabilities = {capabilities}
[systems.record.limits]
concurrency = {in_flight}
timeout_s = 30
"""


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds on the wall, of CPU in the asking processes, and in PostgreSQL; the most memory that one of them held."""

    wall: float
    cpu: float
    cpu_database: float
    peak_mib: float = 0.0


@contextmanager
def responders(people: int, latency_ms: float) -> Iterator[dict[str, int]]:
    """The eight agencies, in a process of their own; their ports by name."""
    script = Path(__file__).with_name("responders.py")
    command = [sys.executable, str(script), "--people", str(people), "--latency-ms", str(latency_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def write_agencies(folder: Path, ports: dict[str, int]) -> dict[str, str]:
    """Eight agreements; the environment variables that their endpoints refer to."""
    variables = {}
    for name, port in ports.items():
        kind, capabilities, endpoint = _SYSTEMS[name.rstrip("123")]
        (folder / name).mkdir(parents=True, exist_ok=True)
        text = _AGREEMENT.format(name=name, upper=name.upper(), kind=kind, capabilities=capabilities, in_flight=IN_FLIGHT)
        (folder / name / "agreement.toml").write_text(text, encoding="utf-8")
        variables[f"BENCH_{name.upper()}"] = endpoint.format(port=port)
    return variables


def as_list(people: list[BenchPerson]) -> ParsedList:
    """The people as a list of cases of four."""
    roles = (Role.VICTIM, Role.PERPETRATOR, Role.CHILD, Role.CHILD)
    cases = [people[n : n + 4] for n in range(0, len(people), 4)]
    return ParsedList(date(2026, 12, 10), tuple(
        ParsedCase(f"B-{number}", tuple(ParsedPerson(role, _person(p), p.number) for role, p in zip(roles, case, strict=False)), number)
        for number, case in enumerate(cases, 1)
    ))  # fmt: skip


def _person(p: BenchPerson) -> Person:
    address = Address((p.street, "Northmoor"), p.postcode)
    return Person((PersonName(p.family, p.given),), (BirthDate.of(p.born),), Sex.FEMALE, NhsNumber(p.nhs_number), (), (address,))


@contextmanager
def worker() -> Iterator[subprocess.Popen[str]]:
    """A worker process, for as many runs as it is told of."""
    command = [sys.executable, str(Path(__file__).with_name("worker.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


def ask_all(
    told: Mapping[str, str], people: list[BenchPerson], processes: Sequence[subprocess.Popen[str]], database_cpu: Callable[[], float]
) -> Cost:
    """Intake outside the clock; then deliver everything, grade it, keep it, and compile the report."""
    assert say(processes, json.dumps(told)) == ["ready\n"] * len(processes)
    gateway = load_gateway(settings_from(told))
    with gateway.transaction() as work:
        receipt = intake.receive_case_list(work, COORDINATOR, MARAC, as_list(people))
    database_before, began = database_cpu(), time.perf_counter()
    delivered = [json.loads(line) for line in say(processes, "deliver")]
    (report,) = (json.loads(line) for line in say(processes[:1], f"report {receipt.list_id}"))
    wall, cpu = time.perf_counter() - began, report["cpu"] + sum(one["cpu"] for one in delivered)
    cost = Cost(wall, cpu, database_cpu() - database_before, max(one["peak_mib"] for one in delivered))
    states = report["states"]
    asked = len(people) * 8
    answered = states.get(LookupOutcome.KNOWN, 0) + states.get(LookupOutcome.POSSIBLE, 0)
    assert report["complete"]
    assert answered == asked, f"{answered} of {asked} answered: {states}"
    assert gateway.verify_audit().whole, "the audit chain does not verify"
    gateway.close()
    return cost


def say(processes: Sequence[subprocess.Popen[str]], line: str) -> list[str]:
    """One line to all of them at once; what each answers."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
    return [process.stdout.readline() for process in processes if process.stdout]


def yardstick_us() -> float:
    """Microseconds that this machine takes now for ``orjson.loads`` of a searchset of 40 kB: the shortest of many."""
    content = searchset(bench_people(53))
    best = inf
    for _ in range(200):
        began = time.perf_counter()
        orjson.loads(content)
        best = min(best, time.perf_counter() - began)
    return 1e6 * best


def usual(people: list[BenchPerson], ports: dict[str, int], url: str, database_cpu: Callable[[], float]) -> Cost:
    """The peer, with the same people and agencies."""
    before, database_before, began = time.process_time(), database_cpu(), time.perf_counter()
    stored = asyncio.run(run_usual_stack(people, ports, url, IN_FLIGHT))
    cost = Cost(time.perf_counter() - began, time.process_time() - before, database_cpu() - database_before)
    assert stored == len(people) * 8
    return cost


def cpu_of_tree(pid: int) -> float:
    """Seconds of CPU of a process, its children, and the children that it has reaped."""
    total, ticks = 0.0, 100.0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(folder.name) == pid:
            total += sum(int(f) for f in fields[11:15]) / ticks
        elif int(fields[1]) == pid:
            total += sum(int(f) for f in fields[11:13]) / ticks
    return total


def run(rounds: int, count: int, latencies: list[float], workers: list[int]) -> list[dict[str, object]]:
    """All rounds at each latency; a row of medians for each."""
    people = bench_people(count)
    rows = []
    with tempfile.TemporaryDirectory() as place, Servers.start(DataFolder(Path(place) / "servers")) as servers, ExitStack() as running:
        processes = [running.enter_context(worker()) for _ in range(max(workers))]
        pid = int((Path(place) / "servers" / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0])
        for latency in latencies:
            with responders(count, latency) as ports:
                told = _settings(Path(place), ports, servers)
                rows.append(_rounds(rounds, people, latency, ports, {n: processes[:n] for n in workers}, told, servers, lambda: cpu_of_tree(pid)))
    return rows


def _rounds(
    rounds: int, people: list[BenchPerson], latency: float, ports: dict[str, int], workers: Mapping[int, Sequence[subprocess.Popen[str]]],
    told: Mapping[str, str], servers: Servers, database_cpu: Callable[[], float],
) -> dict[str, object]:  # fmt: skip
    ours: dict[int, list[Cost]] = {many: [] for many in workers}
    theirs, yardsticks, url = [], [], ""
    for number in range(rounds):
        for many, processes in workers.items():
            url = _database(servers, f"bench_{int(latency)}_{number}_{many}")
            ours[many].append(ask_all({**told, "DATABASE_URL": url}, people, processes, database_cpu))
        yardsticks.append(yardstick_us())
        theirs.append(usual(people, ports, url, database_cpu))
    ideal = len(people) * latency / 1000 / IN_FLIGHT
    sides = {"gateway": {many: _row(costs, people, ideal) for many, costs in ours.items()}, "usual": _row(theirs, people, ideal)}
    return {"latency_ms": latency, "lookups": len(people) * 8, "ideal_s": ideal, "yardstick_us": statistics.median(yardsticks), **sides}


def _database(servers: Servers, name: str) -> str:
    assert servers.postgres is not None
    url = servers.postgres.create_database(name)
    migrate(url)
    return url


def _settings(place: Path, ports: dict[str, int], servers: Servers) -> dict[str, str]:
    folder, key = place / "agencies", place / "key"
    variables = write_agencies(folder, ports)
    if not key.exists():
        make_demonstration_key(key)
    return {**variables, "REDIS_URL": servers.redis_url, "MARAC_ENV": "demo", "MARAC_KEY_FILE": str(key), "MARAC_AGENCIES": str(folder)}


def _row(costs: list[Cost], people: list[BenchPerson], ideal: float) -> dict[str, float]:
    lookups = len(people) * 8
    return {
        "wall_s": statistics.median(c.wall for c in costs),
        "of_ideal": statistics.median(c.wall for c in costs) / ideal,
        "cpu_us": 1e6 * statistics.median(c.cpu + c.cpu_database for c in costs) / lookups,
        "database_us": 1e6 * statistics.median(c.cpu_database for c in costs) / lookups,
        "peak_mib": max(c.peak_mib for c in costs),
    }


def show(rows: list[dict[str, object]]) -> None:
    """The table that goes into the notes."""
    print("| latency, ideal | who | wall, x ideal | CPU us/look-up (of it PostgreSQL) | CPU ratio | CPU in 40 kB of orjson |")
    for row in rows:
        ours, theirs, yardstick = row["gateway"], row["usual"], row["yardstick_us"]
        print(f"| {row['latency_ms']:.0f} ms, {row['ideal_s']:.2f} s, orjson {yardstick:.0f} us |||||||")
        for who, side in (*((f"{many} worker(s), {s['peak_mib']:.0f} MiB", s) for many, s in ours.items()), ("usual stack", theirs)):  # type: ignore[attr-defined]
            ratio, marks = theirs["cpu_us"] / side["cpu_us"], side["cpu_us"] / yardstick  # type: ignore[index]
            wall, cpu = f"{side['wall_s']:.2f} s, x{side['of_ideal']:.2f}", f"{side['cpu_us']:.0f} ({side['database_us']:.0f})"
            print(f"|| {who} | {wall} | {cpu} | 1/{ratio:.1f} | {marks:.1f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--people", type=int, default=160)
    parser.add_argument("--latency-ms", type=float, nargs="*", default=[20, 200])
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="worker processes on the gateway's side; each number is a side of its own")
    options = parser.parse_args()
    show(run(options.rounds, options.people, options.latency_ms, options.workers))
