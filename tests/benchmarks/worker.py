"""One process of the gateway in the benchmark, prepared as a worker is, which does what it is told.

    python tests/benchmarks/worker.py

Lines on standard input, each answered with one line: the gateway's settings as JSON, by ``ready``; ``deliver``, when nothing is due any more, by
the CPU seconds that it took and the most memory that the process ever held; ``report`` with the id of a list, by the CPU seconds that compiling
its hit report took, whether that is complete, and how many people are in each state. Ends with whoever was to tell it.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from uuid import UUID

import uvloop

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway.bootstrap import Gateway, load_gateway, settings_from
from gateway.domain.identifiers import CaseListId
from gateway.services import hits
from tests.benchmarks.people import COORDINATOR


def main() -> None:
    """Takes lines until there are no more."""
    gateway: Gateway | None = None
    for line in sys.stdin:
        word, _, list_id = line.strip().partition(" ")
        if gateway and word == "deliver":
            answer = delivered(gateway)
        elif gateway and word == "report":
            answer = compiled(gateway, CaseListId(UUID(list_id)))
        else:
            gateway, answer = opened(line, gateway), "ready"
        print(answer, flush=True)


def opened(settings: str, before: Gateway | None) -> Gateway:
    """The gateway of these settings, instead of the one before, with its connections open: a worker looks every few seconds whether
    something is due, and keeps them. The first one prepares the process."""
    gateway = load_gateway(settings_from(json.loads(settings)))
    if before:
        before.close()
    else:
        gateway.ready_to_deliver()
    uvloop.run(gateway.relay().run())
    return gateway


def delivered(gateway: Gateway) -> str:
    """One run of the relay."""
    before = time.process_time()
    uvloop.run(gateway.relay().run())
    cpu = time.process_time() - before
    return json.dumps({"cpu": cpu, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024})


def compiled(gateway: Gateway, list_id: CaseListId) -> str:
    """The hit report, as a coordinator has it compiled."""
    before = time.process_time()
    with gateway.transaction() as work:
        report = hits.compile_report(work, COORDINATOR, list_id)
    return json.dumps({"cpu": time.process_time() - before, "complete": report.complete, "states": dict(report.states)})


if __name__ == "__main__":
    main()
