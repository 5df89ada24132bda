"""One worker process of the benchmark: prepared as a worker is; delivers when it is told to, until nothing is due, as often as it is told.

    python tests/benchmarks/worker.py

Each run is two lines on standard input: the gateway's settings as JSON, answered with ``ready``, and the word to begin, answered with one JSON
line: the CPU seconds that delivering took, and the most memory that the process ever held. Ends with whoever was to tell it.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway.bootstrap import load_gateway, settings_from


def main() -> None:
    """One run of the relay for each pair of lines."""
    prepared = False
    for line in sys.stdin:
        gateway = load_gateway(settings_from(json.loads(line)))
        if not prepared:
            gateway.ready_to_deliver()
            prepared = True
        print("ready", flush=True)
        if sys.stdin.readline():
            before = time.process_time()
            uvloop.run(gateway.relay().run())
            cpu = time.process_time() - before
            print(json.dumps({"cpu": cpu, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}), flush=True)
        gateway.close()


if __name__ == "__main__":
    main()
