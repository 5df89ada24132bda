"""The product in this process: its pages, its API, its store on real PostgreSQL, its outbox and its connectors. One for each process.

What is not the product's here: who calls the relay's books (one after the other, where the island does it at once), the network to the agencies,
the web framework's pool of threads, and the queue server, which is kombu's own in memory. Everything else is what runs.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import anyio.to_thread
import uvloop
from joserfc import jwt
from joserfc.jwk import ECKey
from kombu import Connection as Broker
from kombu.transport.memory import Channel
from sqlalchemy import Connection, text
from starlette.applications import Starlette
from starlette.routing import Mount

from contracts.agreements import AgreementFolder, load_agreements
from gateway import telemetry
from gateway.api.app import build_api
from gateway.api.auth import TokenChecker
from gateway.bootstrap import Gateway, Settings, load_gateway, make_demonstration_key
from gateway.bootstrap.relay import Results, schedule_for
from gateway.broker import QUEUE
from gateway.cli.site import API, _refusal
from gateway.domain.actors import GATEWAY, Actor
from gateway.domain.events import EventKind
from gateway.services.recording import noted
from gateway.store.schema import METADATA
from gateway.store.sessions import SqlSessions
from gateway.store.unit_of_work import SqlWork
from gateway.web.app import build_web
from gateway.web.headers import Guard
from gateway.web.session import Session
from gateway.web.sign_in import OidcSettings
from outbox.ledger import Ledger
from outbox.messages import Result
from outbox.settlement import Claimed, settle
from tests.noninterference.agencies import VARIABLES, Exchange, Keys, Town, agreements_for, proofs_for
from tests.noninterference.chance import Chance
from tests.noninterference.wires import Asgi, Heard, ask
from tests.noninterference.worlds import World

ROOT = Path(__file__).parents[2]
ISSUER, AUDIENCE = "http://127.0.0.1:9", "case-gateway"
LEASE_S = 36_000.0
T = TypeVar("T")
_EMPTY = text("DO $$ BEGIN SET LOCAL session_replication_role = replica; " + "".join(f"DELETE FROM {table.name}; " for table in reversed(METADATA.sorted_tables)) + "END $$")  # noqa: S608  the audit lets nobody delete, so its guard is put aside

_WEEK = text("SELECT CAST(now() + n * interval '1 day' AS date) FROM generate_series(-3, 3) AS n")


class Fields(io.StringIO):
    """What was logged since it was last taken."""

    def take(self) -> bytes:
        """The lines, and forgets them."""
        lines = self.getvalue().encode()
        self.seek(0)
        self.truncate()
        return lines


class Hour(logging.Filter):
    """The clock of the run for what a line says of itself (a record takes the time from a function of its own)."""

    def __init__(self, chance: Chance) -> None:
        super().__init__()
        self._chance = chance

    def filter(self, record: logging.LogRecord) -> bool:
        """All pass."""
        record.created = self._chance.now.timestamp()
        return True


@dataclass
class House:
    """``gateway`` is that of the run under way."""

    gateway: Gateway
    folder: AgreementFolder
    keys: Keys
    exchange: Exchange
    loop: asyncio.AbstractEventLoop
    chance: Chance
    site: Asgi
    web: Any
    api: Any
    log: Fields
    signing: ECKey
    folders: tuple[Path, ...]
    ledger: Ledger | None = None
    lanes: set[str] = field(default_factory=set)
    shared: tuple[str, ...] = ()
    """Agencies of the run that sit at both tables."""
    aside: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    """One thread for what has a loop of its own: always the same one, for its number stands in what it sends."""

    # --------------------------------------------------------------------------------------------------------- a run

    def begin(self, world: World) -> Town:
        """Everything as on the first day: an empty database, agencies that hold what the world says, nobody signed in."""
        self.chance.begin(world.seed, "morning")
        self._empty()
        town, self.shared = Town(world, self.keys, self.exchange), tuple(world.shared)
        agreements = agreements_for(world, self.folder)
        self.gateway = replace(self.gateway, agreements=agreements, connect=town.connect, clock=self.chance.clock)
        self.web.state.gateway = self.api.state.gateway = self.gateway
        self.web.state.sessions = SqlSessions(self.gateway.engine, self.gateway.vault, Session)
        for probe in proofs_for(world, agreements, self.chance.now):
            self.do(lambda work, p=probe: work.proofs.add(p, noted(EventKind.SYSTEM_PROBED, GATEWAY, p.system)))  # type: ignore[misc]
        self.lanes.clear()
        self.log.take()
        self.rung()
        return town

    def _empty(self) -> None:
        with self.gateway.engine.begin() as connection:
            connection.execute(_EMPTY)

    def do(self, use_case: Callable[[SqlWork], T]) -> T:
        """One use case in one transaction, as pages and commands do it."""
        with self.gateway.transaction() as work:
            return use_case(work)

    # ------------------------------------------------------------------------------------------------------ deliveries

    async def deliver(self) -> int:
        """Delivers what is due, one after the other in the order of lanes and messages, until nothing is."""
        transports, opened, count = self.gateway.transports(), dict[str, Any](), 0
        try:
            while batch := self._claim():
                for whose, part in groupby(batch, self._whose):
                    self.chance.turn_to(whose)
                    settled = []
                    for claimed in part:
                        lane = claimed.message.lane
                        opened[lane] = opened.get(lane) or transports.open(lane)
                        delivery = await opened[lane].deliver(claimed.message)
                        settled.append(settle(claimed, delivery, schedule_for(demonstration=False), self.chance.now, 12))
                    self._books().settle(settled)
                    count += len(settled)
        finally:
            self.chance.turn_to("")
            for transport in opened.values():
                await transport.close()
        return count

    def _whose(self, claimed: Claimed) -> str:
        """What is delivered together: one agency's messages, and of an agency at two tables each by itself. So nobody's ids hang on another's messages."""
        lane = claimed.message.lane
        return f"{lane} {claimed.message.id}" if lane.partition("/")[0] in self.shared else lane

    def _claim(self) -> Sequence[Claimed]:
        ledger = self._books()
        self.lanes |= ledger.sweep(tuple(self.lanes), (), renew=False).taken
        claimed = ledger.claim(dict.fromkeys(sorted(self.lanes), 100)) if self.lanes else []
        return sorted(claimed, key=lambda one: one.message.lane)

    def _books(self) -> Ledger:
        if self.ledger is None:
            self.ledger = Ledger(self.gateway.engine, self.gateway.vault, self._handle, LEASE_S)
            self.ledger.open()
        return self.ledger

    def _handle(self, connection: Connection, results: Sequence[Result]) -> None:
        Results(self.gateway.work_on)(connection, results)

    def crash(self) -> None:
        """The relay's process ends with messages in its hands: they are found again as perhaps sent."""
        self._claim()
        if self.ledger is not None:
            ledger, self.ledger = self.ledger, None
            for line in (ledger._pulse, ledger._claims, ledger._settling):
                line.end()
        self.lanes.clear()

    def time_passes(self) -> None:
        """What waits for its next attempt is due."""
        with self.gateway.engine.begin() as connection:
            connection.execute(text("UPDATE outbox_messages SET due_at = '1900-01-01' WHERE state = 'pending'"))  # nobody's birthday

    # ------------------------------------------------------------------------------------------------------- observing

    def cookie_of(self, actor: Actor, name: str) -> str:
        """Somebody signs in."""
        now = self.chance.now
        cookie: str = self.web.state.sessions.begin(Session(actor, name, f"form-{actor.user_id}", now, now))
        return cookie

    def token_of(self, actor: Actor) -> str:
        """A program's token; good for ever in the run's time."""
        now = int(self.chance.now.timestamp())
        claims = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": actor.user_id, "exp": now + 10**9, "iat": now, "roles": sorted(r.value for r in actor.roles),
            "maracs": sorted(actor.marac_ids), **({"agency": actor.agency_id} if actor.agency_id else {}),
        }  # fmt: skip
        return jwt.encode({"alg": "ES256", "kid": "tests"}, claims, self.signing)

    async def look(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Heard:
        """One request to the site."""
        return await ask(self.site, method, f"http://gateway.test{path}", headers, body)

    def left_behind(self) -> list[Path]:
        """Files that the product made and did not remove."""
        usual = {"keys", "jwks.json", "key.pem", "secret"}
        return [file for folder in self.folders for file in sorted(folder.rglob("*")) if file.is_file() and file.name not in usual]

    def rung(self) -> list[bytes]:
        """Every message that the queue server was given since it was last asked, whole."""
        found: list[bytes] = []
        if not any(waiting.qsize() for waiting in Channel.queues.values()):
            return found
        with Broker("memory://") as broker:
            queue = broker.SimpleQueue(QUEUE)
            while queue.qsize():
                message = queue.get(block=False)
                found.append(json.dumps([message.body, message.headers, message.properties], default=str).encode())
                message.ack()
            queue.close()
        return found

    def this_week(self) -> frozenset[date]:
        """The days that the database's clock is at, and those round them."""
        with self.gateway.engine.connect() as connection:
            return frozenset(connection.execute(_WEEK).scalars())

    def dump(self) -> dict[str, bytes]:
        """Every table as whoever reads the database's files would find it."""
        found = {}
        with self.gateway.engine.connect() as connection:
            for table in METADATA.sorted_tables:
                rows = connection.execute(text(f"SELECT t::text FROM {table.name} t ORDER BY 1")).scalars()  # noqa: S608
                found[table.name] = "\n".join(rows).encode()
        return found


@contextmanager
def house(database_url: str, chance: Chance) -> Iterator[House]:
    """The product on a database of its own, migrated and empty."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        make_demonstration_key(folder / "keys")
        keys = Keys.make(folder)
        settings = Settings(
            database_url=database_url, redis_url="memory://", environment="demo", key_file=folder / "keys", data=folder, secrets=folder,
            variables=VARIABLES, oidc_issuer=ISSUER, oidc_client_id="web", base_url="http://gateway.test",
        )  # fmt: skip
        passing = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.callback(setattr, tempfile, "tempdir", tempfile.tempdir)
        tempfile.tempdir = str(passing)
        gateway = load_gateway(settings, clock=chance.clock)
        stack.callback(gateway.close)
        gateway.engine.pool._pre_ping = False  # nobody else ends its connections
        stack.enter_context(_one_thread())
        loop = uvloop.new_event_loop()
        stack.callback(loop.close)
        exchange = Exchange()
        server = loop.run_until_complete(exchange.open())
        stack.callback(server.close)
        signing = ECKey.generate_key("P-256", parameters={"kid": "tests"})
        site, web, api = _site(gateway, signing)
        log = _logging(stack, chance)
        made = House(gateway, load_agreements(settings.agencies), keys, exchange, loop, chance, site, web, api, log, signing, (folder, passing))
        gateway.bell.ring()  # its first ring says a word to the log that no other says
        yield made
        if made.ledger is not None:
            made.ledger.close(())


@contextmanager
def _one_thread() -> Iterator[None]:
    """What the web framework hands to a pool of threads is done at once: one request is under way at a time, and handing over costs more than most of them."""

    async def at_once(function: Callable[..., T], *args: Any, **_: Any) -> T:
        return function(*args)

    before, anyio.to_thread.run_sync = anyio.to_thread.run_sync, at_once
    try:
        yield
    finally:
        anyio.to_thread.run_sync = before


def _site(gateway: Gateway, signing: ECKey) -> tuple[Asgi, Any, Any]:
    """As ``gateway.cli.site.build_site``, with the keys of an identity provider that is not asked over the network."""
    keys = {"keys": [signing.as_dict(private=False)]}
    oidc = OidcSettings(ISSUER, "web", "not used", "http://gateway.test")
    sessions = SqlSessions(gateway.engine, gateway.vault, Session)
    web = build_web(gateway, oidc, sessions, "signs nothing here")
    api = build_api(gateway, TokenChecker(ISSUER, AUDIENCE, lambda: keys))
    return Guard(Starlette(routes=[Mount(API, api), Mount("/", web)]), _refusal), web, api


def _logging(stack: ExitStack, chance: Chance) -> Fields:
    """The product's own logging, to a place where it can be read."""
    stream, root = Fields(), logging.getLogger()
    before = root.handlers[:], root.level
    telemetry.start_logging("worker", stream)
    for handler in root.handlers:
        handler.addFilter(Hour(chance))
    stack.callback(lambda: (setattr(root, "handlers", before[0]), root.setLevel(before[1]), logging.captureWarnings(False)))
    return stream

