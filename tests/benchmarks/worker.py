"""One worker process of the benchmark: prepared as a worker is; delivers once it is told to, until nothing is due.

    python tests/benchmarks/worker.py

The environment is the gateway's. Prints a line when it is ready, waits for one, and prints one JSON line with the CPU seconds that delivering
took and the most memory that the process held. Ends with whoever was to tell it.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway.bootstrap import load_gateway, settings_from


def main() -> None:
    """One run of the relay."""
    gateway = load_gateway(settings_from(os.environ))
    gateway.ready_to_deliver()
    print("ready", flush=True)
    if sys.stdin.readline():
        before = time.process_time()
        uvloop.run(gateway.relay().run())
        cpu = time.process_time() - before
        print(json.dumps({"cpu": cpu, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}), flush=True)
    gateway.close()


if __name__ == "__main__":
    main()
