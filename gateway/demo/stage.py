"""Everything of a demonstration, started in order and stopped in reverse: servers, stand-ins, worker, scheduler, web server.

All of it is children of this process: they end with it, however it ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from contracts.agreements import load_agreements
from gateway.bootstrap import Gateway, load_gateway, make_demonstration_key, migrate, settings_from
from gateway.demo.agencies import ROOT, Neighbourhood
from gateway.demo.cast import Cast
from gateway.domain.actors import UserRole
from gateway.domain.errors import Conflict
from gateway.embedded.child import Child, Program
from gateway.embedded.errors import CannotStart
from gateway.embedded.folder import DataFolder
from gateway.embedded.ports import LOOPBACK, listening
from gateway.embedded.servers import Servers
from gateway.services.proving import is_written_to

DEMONSTRATION = ROOT / "contracts" / "demonstration"
WEB_CLIENT = "case-gateway-web"
START_LIMIT_S = 30.0

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for on the command line. ``port`` 0 takes any free one."""

    data: Path = ROOT / ".data"
    agencies: Path = ROOT / "contracts" / "agencies"
    fresh: bool = False
    port: int = 8000
    web: bool = True
    workers: int = 1
    database_url: str = ""
    redis_url: str = ""
    extra: dict[str, str] = field(default_factory=dict)
    rewrite: Callable[[dict[str, str]], dict[str, str]] = dict
    """Given the processes' environment before they start, gives the one they get: tests put recorders and faults between."""


@dataclass
class Stage:
    """A running demonstration. ``environment`` is what its processes were given: with it, any command speaks to this one."""

    wishes: Wishes
    folder: DataFolder
    servers: Servers
    neighbourhood: Neighbourhood
    environment: dict[str, str]
    gateway: Gateway
    base_url: str = ""
    children: dict[str, Child] = field(default_factory=dict)

    def start_process(self, name: str, *arguments: str, descriptors: Sequence[int] = ()) -> Child:
        """One of the gateway's own processes: ``marac-gateway <arguments>``, logging to its own file."""
        command = [sys.executable, "-m", "gateway.cli", *arguments]
        log = self.folder.sub("logs") / f"{name}.log"
        # Orphaned, it is killed at once: the database goes with us, and everything of ours is made to be killed.
        program = Program(command, environment=self.environment, orphaned=signal.SIGKILL, descriptors=descriptors)
        self.children[name] = Child(name, program, log)
        return self.children[name]

    def check_alive(self) -> None:
        """Raises ``CannotStart`` when a process has ended by itself."""
        for child in self.children.values():
            if not child.alive:
                raise CannotStart(f"The {child.name} process has ended.", f"Its own words are in {child.log}.")


@contextmanager
def set_stage(wishes: Wishes, tell: Tell) -> Iterator[Stage]:
    """Starts everything; on leaving, however that comes, everything is stopped, the database last."""
    with ExitStack() as stack:
        folder = stack.enter_context(DataFolder(wishes.data))
        if wishes.fresh:
            folder.empty()
        if problems := load_agreements(wishes.agencies).problems:
            raise CannotStart("\n".join(map(str, problems)), "Mend the agreements, then start again.")
        tell("PostgreSQL and Redis")
        servers = stack.enter_context(Servers.start(folder, database_url=wishes.database_url, redis_url=wishes.redis_url))
        migrate(servers.database_url)
        door = stack.enter_context(listening(wishes.port))
        base_url = f"http://{LOOPBACK}:{door.getsockname()[1]}"
        tell("agencies")
        neighbourhood = stack.enter_context(Neighbourhood(wishes.agencies, folder.path, base_url if wishes.web else ""))
        neighbourhood.start()
        environment = wishes.rewrite(_environment(wishes, folder, servers, neighbourhood, base_url))
        gateway = load_gateway(settings_from(environment))
        stack.callback(gateway.close)
        stage = Stage(wishes, folder, servers, neighbourhood, environment, gateway, base_url)
        stack.callback(_stop, stage)
        tell("proof that alerts stay hidden")
        prove(gateway)
        tell("worker and scheduler")
        _start_processes(stage, tell, door)
        yield stage


def prove(gateway: Gateway) -> None:
    """The agencies' own people probe each system that is written to. One that fails is stopped, and the demonstration goes on without it."""
    cast = Cast.read(gateway.settings.users)
    for agreement in gateway.agreements.all():
        for system in filter(is_written_to, agreement.systems):
            with contextlib.suppress(Conflict, StopIteration):
                gateway.prober.probe(cast.one(UserRole.REPRESENTATIVE, agreement.agency_id), system.key)


def _start_processes(stage: Stage, tell: Tell, door: socket.socket) -> None:
    for number in range(stage.wishes.workers):
        stage.start_process(f"worker{number or ''}", "worker")
    stage.start_process("scheduler", "schedule")
    if stage.wishes.web:
        tell("web server")
        _start_identity(stage)
        stage.start_process("web", "serve", "--descriptor", str(door.fileno()), descriptors=(door.fileno(),))
        door.close()
        _wait_for(f"{stage.base_url}/api/v1/openapi.json", stage)


def _start_identity(stage: Stage) -> None:
    """The identity provider's stand-in; its address is known only when it runs."""
    clients = stage.neighbourhood.write_clients("identity", (WEB_CLIENT, "coordinator-office", "trust-office"))
    users = stage.wishes.extra.get("MARAC_USERS", str(DEMONSTRATION / "users.toml"))
    command = [sys.executable, "-m", "contracts.stubs.identity", "--users", users, "--client-secrets", str(clients)]
    ready = stage.neighbourhood.start_other("identity", command)
    stage.environment |= {
        "OIDC_ISSUER": f"http://{LOOPBACK}:{ready['port']}",
        "OIDC_CLIENT_ID": WEB_CLIENT,
        "OIDC_CLIENT_SECRET_FILE": str(stage.neighbourhood.secrets / f"identity.{WEB_CLIENT}"),
    }


def _environment(wishes: Wishes, folder: DataFolder, servers: Servers, neighbourhood: Neighbourhood, base_url: str) -> dict[str, str]:
    key_file = folder.path / "demonstration.keys"
    make_demonstration_key(key_file)
    return {
        "PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1",
        "DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url, "MARAC_ENV": "demo", "MARAC_KEY_FILE": str(key_file),
        "MARAC_DATA": str(folder.path), "MARAC_BASE_URL": base_url, "MARAC_USERS": str(DEMONSTRATION / "users.toml"),
        "MARAC_POLL_EVERY": "PT2S", **neighbourhood.environment, **wishes.extra,
    }  # fmt: skip


def _wait_for(url: str, stage: Stage) -> None:
    until = time.monotonic() + START_LIMIT_S
    while time.monotonic() < until:
        stage.check_alive()
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  our own loopback address
            if answer.status == 200:
                return
        time.sleep(0.05)
    raise CannotStart("The web server did not answer in time.", f"Its own words are in {stage.children['web'].log}.")


def _stop(stage: Stage) -> None:
    for child in stage.children.values():
        child.ask_to_stop()
    for child in stage.children.values():
        child.stop()
