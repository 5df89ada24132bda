"""A relay in a process of its own, to be killed: ``python relay_process.py URL KEYS WITNESS LATENCY LEASE``.

The destination is a file. A delivery appends the message's id to it, at the start of the exchange, and answers after the latency: a kill in
between leaves an effect of which nobody was told. A message in doubt is looked for before it is written, as an agency's connector does.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, text

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway.store.crypto import Vault
from gateway.store.database import open_engine
from gateway.store.keys import load_key_file
from outbox.messages import Delivery, Message, Outcome, Result
from outbox.relay import Relay, RelaySettings
from outbox.schedule import Pace, Schedule


class Witness:
    """One file for all lanes; appends of this size are whole."""

    def __init__(self, path: Path, latency_s: float) -> None:
        self._path, self._latency_s = path, latency_s
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def deliver(self, message: Message) -> Delivery:
        if not (message.unsure and str(message.id) in self._path.read_text()):
            os.write(self._file, f"{message.id}\n".encode())
        await asyncio.sleep(self._latency_s)
        return Delivery(Outcome.DELIVERED, b"reply", digest=b"d" * 32)

    async def close(self) -> None: ...

    def open(self, lane: str) -> Witness:
        return self

    def concurrency(self, lane: str) -> int:
        return 5


def keep(connection: Connection, results: Sequence[Result]) -> None:
    rows = [{"id": r.message.id, "outcome": r.delivery.outcome.value, "final": r.final} for r in results]
    connection.execute(text("INSERT INTO handled (id, outcome, final) VALUES (:id, :outcome, :final)"), rows)


def main(url: str, keys: str, witness: str, latency: str, lease: str) -> None:
    vault = Vault(load_key_file(Path(keys), production=False))
    schedule = Schedule(Pace(first_s=0.05, factor=1.3, longest_s=0.3, attempts=50))
    settings = RelaySettings(look_s=0.02, lease_s=float(lease), most_interruptions=200)
    relay = Relay(open_engine(url), vault, Witness(Path(witness), float(latency)), keep, schedule, settings)
    report = asyncio.run(relay.run())
    print(report.delivered, report.fenced, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
