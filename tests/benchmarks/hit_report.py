"""The headline benchmark: 40 cases, 160 people, 8 agencies, a complete hit report with audit, ten in flight per agency.

    .venv/bin/python -m tests.benchmarks.hit_report [--rounds 3] [--people 160]

In one run, round by round: the gateway (intake, outbox, relay, matching, sealed rows, chained audit, report), and the usual stack
(``usual_stack.py``). Wall time is given as a multiple of the physical limit, people x latency / in flight; CPU per look-up is that of the
asking process and of PostgreSQL together, and again as a multiple of what ``orjson.loads`` of 40 kB takes in the same minute: that compares with
runs on other machines. The gateway's process is prepared as a worker is; the peer's is as Python starts. Every run is checked to have done its work: each look-up answered KNOWN, the audit chain whole.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from math import inf
from pathlib import Path

import orjson
import uvloop

from gateway.bootstrap import Gateway, load_gateway, make_demonstration_key, migrate, settings_from
from gateway.domain.actors import Actor, UserRole
from gateway.domain.case_list import Address, BirthDate, Person, PersonName, Role, Sex
from gateway.domain.case_list_reading import ParsedCase, ParsedList, ParsedPerson
from gateway.domain.identifiers import CaseListId, MaracId, NhsNumber, UserId
from gateway.domain.lookup import LookupOutcome
from gateway.embedded.folder import DataFolder
from gateway.embedded.servers import Servers
from gateway.services import hits, intake
from tests.benchmarks.people import BenchPerson, bench_people
from tests.benchmarks.responders import searchset
from tests.benchmarks.usual_stack import run_usual_stack

IN_FLIGHT = 10
MARAC = MaracId("benchmark")
COORDINATOR = Actor(UserId("u-bench"), frozenset({UserRole.COORDINATOR}), None, frozenset({MARAC}))
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
    """What one run took: seconds on the wall, and of CPU in the asking process and in PostgreSQL."""

    wall: float
    cpu: float
    cpu_database: float


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


def ask_all(gateway: Gateway, people: list[BenchPerson], database_cpu: Callable[[], float]) -> Cost:
    """Intake outside the clock; then deliver everything, grade it, keep it, and compile the report."""
    with gateway.transaction() as work:
        receipt = intake.receive_case_list(work, COORDINATOR, MARAC, as_list(people))
    before, database_before, began = time.process_time(), database_cpu(), time.perf_counter()
    uvloop.run(gateway.relay().run())
    with gateway.transaction() as work:
        report = hits.compile_report(work, COORDINATOR, CaseListId(receipt.list_id))
    cost = Cost(time.perf_counter() - began, time.process_time() - before, database_cpu() - database_before)
    states = dict(report.states)
    asked = len(people) * 8
    answered = states[LookupOutcome.KNOWN] + states[LookupOutcome.POSSIBLE]
    assert report.complete
    assert answered == asked, f"{answered} of {asked} answered: {states}"
    assert gateway.verify_audit().whole, "the audit chain does not verify"
    return cost


@contextmanager
def as_a_worker(gateway: Gateway) -> Iterator[None]:
    """The process prepared as that of a worker; afterwards as Python starts it."""
    before = gc.get_threshold()
    gateway.ready_to_deliver()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


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


def run(rounds: int, count: int, latencies: list[float]) -> list[dict[str, object]]:
    """All rounds at each latency; a row of medians for each."""
    people = bench_people(count)
    rows = []
    with tempfile.TemporaryDirectory() as place, Servers.start(DataFolder(Path(place) / "servers")) as servers:
        pid = int((Path(place) / "servers" / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0])
        for latency in latencies:
            with responders(count, latency) as ports:
                rows.append(_rounds(rounds, people, latency, ports, Path(place), servers, lambda: cpu_of_tree(pid)))
    return rows


def _rounds(
    rounds: int, people: list[BenchPerson], latency: float, ports: dict[str, int], place: Path, servers: Servers,
    database_cpu: Callable[[], float],
) -> dict[str, object]:  # fmt: skip
    ours, theirs, yardsticks = [], [], []
    for number in range(rounds):
        assert servers.postgres is not None
        url = servers.postgres.create_database(f"bench_{int(latency)}_{number}")
        migrate(url)
        gateway = _gateway(place, ports, url, servers.redis_url)
        with as_a_worker(gateway):
            ours.append(ask_all(gateway, people, database_cpu))
        gateway.close()
        yardsticks.append(yardstick_us())
        theirs.append(usual(people, ports, url, database_cpu))
    ideal = len(people) * latency / 1000 / IN_FLIGHT
    sides = {"gateway": _row(ours, people, ideal), "usual": _row(theirs, people, ideal)}
    return {"latency_ms": latency, "lookups": len(people) * 8, "ideal_s": ideal, "yardstick_us": statistics.median(yardsticks), **sides}


def _gateway(place: Path, ports: dict[str, int], url: str, redis_url: str) -> Gateway:
    folder, key = place / "agencies", place / "key"
    variables = write_agencies(folder, ports)
    make_demonstration_key(key)
    told = {"DATABASE_URL": url, "REDIS_URL": redis_url, "MARAC_ENV": "demo", "MARAC_KEY_FILE": str(key), "MARAC_AGENCIES": str(folder)}
    return load_gateway(settings_from({**told, **variables}))


def _row(costs: list[Cost], people: list[BenchPerson], ideal: float) -> dict[str, float]:
    lookups = len(people) * 8
    return {
        "wall_s": statistics.median(c.wall for c in costs),
        "of_ideal": statistics.median(c.wall for c in costs) / ideal,
        "cpu_us": 1e6 * statistics.median(c.cpu + c.cpu_database for c in costs) / lookups,
        "database_us": 1e6 * statistics.median(c.cpu_database for c in costs) / lookups,
    }


def show(rows: list[dict[str, object]]) -> None:
    """The table that goes into the notes."""
    print("| latency | look-ups | ideal | gateway: wall, x ideal, CPU us/look-up (of it PostgreSQL) | usual stack | CPU ratio | CPU in 40 kB of orjson |")
    for row in rows:
        ours, theirs = row["gateway"], row["usual"]
        cells = [f"{s['wall_s']:.2f} s, x{s['of_ideal']:.2f}, {s['cpu_us']:.0f} ({s['database_us']:.0f})" for s in (ours, theirs)]  # type: ignore[index]
        ratio, by_yardstick = theirs["cpu_us"] / ours["cpu_us"], [f"{s['cpu_us'] / row['yardstick_us']:.1f}" for s in (ours, theirs)]  # type: ignore[index, operator]
        cells += [f"1/{ratio:.1f}", f"{by_yardstick[0]} against {by_yardstick[1]} (of {row['yardstick_us']:.0f} us)"]
        print(f"| {row['latency_ms']:.0f} ms | {row['lookups']} | {row['ideal_s']:.2f} s | {' | '.join(cells)} |")
    print(f"peak memory of the asking process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--people", type=int, default=160)
    parser.add_argument("--latency-ms", type=float, nargs="*", default=[20, 200])
    options = parser.parse_args()
    show(run(options.rounds, options.people, options.latency_ms))
