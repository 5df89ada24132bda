"""An outbox to try: a database, a key, destinations that do as they are told, and a handler that keeps what it gets."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, text

from gateway.store.crypto import Vault
from gateway.store.database import open_engine
from gateway.store.keys import Keys
from gateway.store.schema import upgrade
from outbox.messages import Delivery, Message, Outcome, Result
from outbox.relay import Relay, RelayReport, RelaySettings
from outbox.schedule import Pace, Schedule
from outbox.writer import Draft, Writer

LANE, OTHER_LANE = "northmoor-nhs-trust/record", "northmoor-police/records"
QUICK = Schedule(Pace(first_s=0.02, factor=1.5, longest_s=0.2, attempts=5, patience_s=60))
SOON = RelaySettings(look_s=0.02, gather_s=0.005, lease_s=5.0)
KEYS = Keys.fresh()
RETRY = Delivery(Outcome.RETRY, reason="BUSY")
DONE = Delivery(Outcome.DELIVERED, b"reply")

Script = Callable[[Message], Delivery | float]
"""What a destination does with a message: an answer, or seconds to take before it delivers."""


def delivers(_: Message) -> Delivery:
    return Delivery(Outcome.DELIVERED, b"reply", digest=b"d" * 32)


class Destination:
    """Counts what is under way and who has it open, remembers what came, and follows its script."""

    def __init__(self, script: Script = delivers) -> None:
        self.script = script
        self.came: list[Message] = []
        self.under_way = self.most_under_way = 0
        self.open = self.most_open = 0

    async def deliver(self, message: Message) -> Delivery:
        self.came.append(message)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            told = self.script(message)
            if isinstance(told, float):
                await asyncio.sleep(told)
                told = delivers(message)
            else:
                await asyncio.sleep(0)
            return told
        finally:
            self.under_way -= 1

    async def close(self) -> None:
        self.open -= 1


class Post:
    """Destinations by lane, made when first asked for."""

    def __init__(self, limit: int = 4) -> None:
        self.lanes: defaultdict[str, Destination] = defaultdict(Destination)
        self.limit = limit

    def open(self, lane: str) -> Destination:
        opened = self.lanes[lane]
        opened.open += 1
        opened.most_open = max(opened.most_open, opened.open)
        return opened

    def concurrency(self, lane: str) -> int:
        return self.limit


class Keeper:
    """The handler: writes each result to a table of its own, in the transaction it is given. ``poison`` messages make it fail."""

    def __init__(self) -> None:
        self.poison: set[UUID] = set()
        self.calls: list[int] = []
        self.results: list[Result] = []

    def __call__(self, connection: Connection, results: Sequence[Result]) -> None:
        self.calls.append(len(results))
        rows = [{"id": r.message.id, "outcome": r.delivery.outcome.value, "final": r.final} for r in results]
        connection.execute(text("INSERT INTO handled (id, outcome, final) VALUES (:id, :outcome, :final)"), rows)
        if any(r.message.id in self.poison for r in results):
            raise ValueError("a fault of the handler")
        self.results += results


class Office:
    """Everything together. ``send`` commits at once; ``run`` is one run of a relay of its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.vault = engine, Vault(KEYS)
        self.post, self.keeper = Post(), Keeper()

    def send(self, count: int = 1, lane: str = LANE, kind: str = "lookup", **more: object) -> list[UUID]:
        drafts = [Draft(uuid4(), lane, kind, f"body {n}".encode(), datetime.now(UTC), **more) for n in range(count)]
        with self.engine.begin() as connection:
            Writer(connection, self.vault).send_many(drafts)
        return [draft.id for draft in drafts]

    def relay(self, settings: RelaySettings = SOON, schedule: Schedule = QUICK) -> Relay:
        return Relay(self.engine, self.vault, self.post, self.keeper, schedule, settings)

    def run(self, **more: object) -> RelayReport:
        return asyncio.run(self.relay(**more).run())

    @contextmanager
    def running(self, **more: object) -> Iterator[threading.Event]:
        """A relay that runs beside the test until it is stopped by the event given; what it raised is raised here."""
        stop = threading.Event()
        with ThreadPoolExecutor(1) as thread:
            run = thread.submit(lambda: asyncio.run(self.relay(**more).run(stop, idle_exit=False)))
            run.add_done_callback(lambda _: stop.set())
            try:
                yield stop
            finally:
                stop.set()
            run.result(30)

    def wait_until(self, reached: Callable[[], bool], stop: threading.Event, seconds: float = 20) -> None:
        """Raises when it is not reached in time, or when the relay ended before."""
        until = time.monotonic() + seconds
        while not reached():
            assert not stop.is_set(), "the relay ended"
            assert time.monotonic() < until, f"not reached in time: {self.states()}"
            time.sleep(0.02)

    def ask(self, statement: str, **values: object) -> list[tuple]:
        with self.engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    def states(self) -> Counter[str]:
        return Counter(state for (state,) in self.ask("SELECT state FROM outbox_messages"))

    def row(self, message_id: UUID) -> dict[str, object]:
        with self.engine.begin() as connection:
            found = connection.execute(text("SELECT * FROM outbox_messages WHERE id = :id"), {"id": message_id})
            return dict(found.mappings().one())


@contextmanager
def office(url: str) -> Iterator[Office]:
    """An office on a database that is brought up to date."""
    engine = open_engine(url)
    try:
        upgrade(engine)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS handled (id uuid, outcome text, final bool)"))
        yield Office(engine)
    finally:
        engine.dispose()
