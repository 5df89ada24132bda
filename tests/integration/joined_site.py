"""The whole site for tests: pages and API on a real port, the demonstration's agencies and identity provider, a list with its answers.

from tests.integration.joined_site import site   # a fixture, one for each module that imports it
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn

from gateway.bootstrap import Gateway, load_gateway, make_demonstration_key, settings_from
from gateway.cli.site import build_site
from gateway.demo.agencies import ROOT, Neighbourhood
from gateway.demo.cast import Cast
from gateway.demo.stage import prove
from gateway.domain.actors import Actor
from gateway.domain.identifiers import CaseListId, MaracId
from gateway.embedded.ports import free_port
from gateway.services import intake

USERS = ROOT / "contracts" / "demonstration" / "users.toml"
LIST = ROOT / "contracts" / "demonstration" / "case-list.xlsx"
WEB_CLIENT = "case-gateway-web"
PROGRAMS = ("coordinator-office", "trust-office")
MARAC = MaracId("northmoor")


@dataclass
class Site:
    """A running site. ``later`` moves the gateway's clock; identity tokens go by the real one."""

    gateway: Gateway
    neighbourhood: Neighbourhood
    base: str
    issuer: str
    list_id: CaseListId
    later: timedelta = field(default_factory=timedelta)
    opened: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def api(self) -> str:
        """The API's address."""
        return f"{self.base}/api/v1"

    def secret(self, client: str) -> str:
        """The secret by which the identity provider knows a client."""
        return (self.neighbourhood.secrets / f"identity.{client}").read_text(encoding="ascii")

    def token(self, client: str = "coordinator-office") -> str:
        """An access token for a program."""
        form = {"grant_type": "client_credentials"}
        answer = httpx.post(f"{self.issuer}/token", data=form, auth=(client, self.secret(client)))
        return str(answer.json()["access_token"])

    def program(self, client: str = "coordinator-office") -> httpx.Client:
        """A client of the API with that program's token."""
        return self.client(self.api, {"Authorization": f"Bearer {self.token(client)}"})

    def client(self, base: str, headers: dict[str, str] | None = None) -> httpx.Client:
        """A client that is closed with the site."""
        return self.opened.enter_context(httpx.Client(base_url=base, headers=headers, timeout=30))

    def deliver(self, within_s: float = 2.0) -> None:
        """Sends what waits, until nothing is due or the time is over (an agency that is silent is waited for no longer)."""
        _deliver(self.gateway, within_s)

    def sign_in(self, user: str) -> Person:
        """A person at a browser, signed in through the identity provider."""
        person = Person(self)
        person.sign_in(user)
        return person


class Person:
    """A person at a browser without a screen: cookies, links, and forms sent with their hidden fields."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.http = site.client(site.base)

    def sign_in(self, user: str) -> httpx.Response:
        """Goes through the identity provider's page; the answer on the way back."""
        asked = self.http.get("/sign-in")
        assert asked.status_code == 302, asked.text
        chosen = self.http.post(asked.headers["location"], data={"sub": user})
        return self.http.get(chosen.headers["location"])

    def get(self, path: str) -> httpx.Response:
        """A page."""
        return self.http.get(path)

    def page(self, path: str) -> str:
        """The text of a page that must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-600:])
        return answer.text

    @property
    def csrf(self) -> str:
        """The hidden field of this session's forms."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.page("/help"))
        assert found
        return found[1]

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
        """A form of ours."""
        return self.http.post(path, data={"csrf": self.csrf, **(data or {})}, **more)

    def post_and_follow(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> str:
        """A form that must be taken; the page that follows."""
        answer = self.post(path, data, **more)
        assert answer.status_code == 303, (path, answer.status_code, answer.text[-600:])
        return self.page(answer.headers["location"])


@contextlib.contextmanager
def served(app: Any, port: int) -> Iterator[None]:
    """An ASGI application on a real port, in a thread."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_config=None, access_log=False, server_header=False, proxy_headers=False, lifespan="off")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        threading.Event().wait(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


@dataclass
class Town:
    """What all modules share: agencies and identity provider, and a database in which the list was answered, to be copied."""

    neighbourhood: Neighbourhood
    environment: dict[str, str]
    port: int
    template: str
    list_id: CaseListId


_TOWN = pytest.StashKey[Town]()


@pytest.fixture(scope="module")
def site(
    request: pytest.FixtureRequest, databases: Any, migrated_template: str, servers: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The site with the demonstration list handed in and every agency asked; a database of its own for each module."""
    if _TOWN not in request.config.stash:
        built = _build(databases, migrated_template, servers.redis_url, tmp_path_factory.mktemp("town"))
        request.config.stash[_TOWN] = built
        request.config.add_cleanup(built.neighbourhood.stop)
    town = request.config.stash[_TOWN]
    database_url = databases.make(town.template)
    settings = settings_from({**town.environment, "DATABASE_URL": database_url})
    gateway = load_gateway(settings, clock=lambda: datetime.now(UTC) + running.later)
    running = Site(gateway, town.neighbourhood, settings.base_url, settings.oidc_issuer, town.list_id)
    with served(build_site(gateway), town.port), running.opened:
        yield running
    gateway.close()
    databases.drop(database_url)


def _build(databases: Any, migrated: str, redis_url: str, folder: Path) -> Town:
    port, database_url = free_port(), databases.make(migrated)
    base = f"http://127.0.0.1:{port}"
    neighbourhood = Neighbourhood(ROOT / "contracts" / "agencies", folder, base)
    neighbourhood.start()
    make_demonstration_key(folder / "keys")
    environment = {
        "REDIS_URL": redis_url, "MARAC_ENV": "demo", "MARAC_KEY_FILE": str(folder / "keys"), "MARAC_DATA": str(folder),
        "MARAC_BASE_URL": base, "MARAC_USERS": str(USERS), **_start_identity(neighbourhood), **neighbourhood.environment,
    }  # fmt: skip
    gateway = load_gateway(settings_from({**environment, "DATABASE_URL": database_url}))
    prove(gateway)
    list_id = _hand_in(gateway)
    _deliver(gateway, 6)
    gateway.close()
    return Town(neighbourhood, environment, port, urlsplit(database_url).path.lstrip("/"), list_id)


def _deliver(gateway: Gateway, within_s: float) -> None:
    """In a thread of its own: the caller's may belong to a browser's event loop."""
    stop = threading.Event()
    working = threading.Thread(target=lambda: asyncio.run(gateway.relay().run(stop)))
    working.start()
    working.join(within_s)
    stop.set()
    working.join(30)


def _start_identity(neighbourhood: Neighbourhood) -> dict[str, str]:
    """The identity provider's stand-in; the settings that name it."""
    clients = neighbourhood.write_clients("identity", (WEB_CLIENT, *PROGRAMS))
    command = [sys.executable, "-m", "contracts.stubs.identity", "--users", str(USERS), "--client-secrets", str(clients)]
    ready = neighbourhood.start_other("identity", command)
    return {
        "OIDC_ISSUER": f"http://127.0.0.1:{ready['port']}", "OIDC_CLIENT_ID": WEB_CLIENT,
        "OIDC_CLIENT_SECRET_FILE": str(neighbourhood.secrets / f"identity.{WEB_CLIENT}"),
    }  # fmt: skip


def user(name: str) -> Actor:
    """A user of the demonstration."""
    return next(actor for actor in Cast.read(USERS).actors if actor.user_id == name)


def _hand_in(gateway: Gateway) -> CaseListId:
    parsed = gateway.read_case_list(LIST.read_bytes(), LIST.suffix)
    with gateway.transaction() as work:
        return intake.receive_case_list(work, user("u-coordinator"), MARAC, parsed, gateway.today() + timedelta(days=14)).list_id
