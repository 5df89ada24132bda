"""What every test may ask for: real servers, fresh databases, agencies' stand-ins, and the gateway on top of them.

    free_port            a loopback port that is free
    empty_database_url   a new, empty PostgreSQL database
    database_url         a new database with every migration applied
    redis_url            an empty Redis
    servers              the servers themselves, to stop and start them (session-wide: leave them running)
    neighbourhood        starts agencies' stand-ins
    settings, gateway    the gateway joined together on this test's database, in this process

``DATABASE_URL`` and ``REDIS_URL`` make the tests use servers of one's own; the role must be allowed to create databases.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis
from hypothesis import HealthCheck
from hypothesis import settings as settings_of_examples
from psycopg import sql

from gateway.bootstrap import Gateway, Settings, load_gateway, make_demonstration_key, migrate
from gateway.demo.agencies import Neighbourhood
from gateway.embedded import ports
from gateway.embedded.folder import DataFolder
from gateway.embedded.servers import Servers
from tests.noninterference.hazards import pytest_runtest_logreport, pytest_sessionfinish  # noqa: F401  which controls of the hazard log passed

AGENCIES = Path(__file__).parents[1] / "contracts" / "agencies"

# How long an example takes says how busy the machine is, not whether the code is right.
settings_of_examples.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings_of_examples.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: none of them is then the last, when the whole is shared between processes."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """``./test`` tells here what failed before the tests, so that pytest's closing line stays the last one."""
    if failed := os.environ.get("CHECKS_FAILED", "").strip():
        terminalreporter.write_line(f"FAILED before the tests: {failed} (see the top)", red=True)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """PostgreSQL and Redis for the whole session."""
    folder = DataFolder(tmp_path_factory.mktemp("servers"))
    given = {"database_url": os.environ.get("DATABASE_URL", ""), "redis_url": os.environ.get("REDIS_URL", "")}
    with Servers.start(folder, durable=False, **given) as running:
        yield running


class Databases:
    """Makes and drops databases on the session's server."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url

    def make(self, template: str = "template0") -> str:
        """A new database; its URL."""
        name = f"test_{secrets.token_hex(6)}"
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        return urlunsplit(urlsplit(self._server_url)._replace(path=f"/{name}"))

    def drop(self, url: str) -> None:
        """Removes it, whoever is still connected."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database_of(url))))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(statement)


def database_of(url: str) -> str:
    """The database's name in a URL."""
    return urlsplit(url).path.lstrip("/")


@pytest.fixture(scope="session")
def databases(servers: Servers) -> Databases:
    """The maker of databases."""
    return Databases(servers.database_url)


@pytest.fixture(scope="session")
def migrated_template(databases: Databases) -> Iterator[str]:
    """Name of a database that every migration was applied to once; new ones are copied from it."""
    url = databases.make()
    migrate(url)
    yield database_of(url)
    databases.drop(url)


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """A new database with nothing in it."""
    url = databases.make()
    yield url
    databases.drop(url)


@pytest.fixture
def database_url(databases: Databases, migrated_template: str) -> Iterator[str]:
    """A new database with every migration applied."""
    url = databases.make(migrated_template)
    yield url
    databases.drop(url)


@pytest.fixture
def redis_url(servers: Servers) -> str:
    """Redis with nothing in it."""
    with redis.Redis.from_url(servers.redis_url) as client:
        client.flushall()
    return servers.redis_url


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Gives a free loopback port each time it is called."""
    return ports.free_port


@pytest.fixture
def neighbourhood(tmp_path: Path) -> Iterator[Callable[..., Neighbourhood]]:
    """Starts agencies' stand-ins: ``neighbourhood("northmoor-police")``, or all; ``agencies=`` names another folder of agencies."""
    started: list[Neighbourhood] = []

    def start(*only: str, agencies: Path = AGENCIES, notices_to: str = "") -> Neighbourhood:
        place = Neighbourhood(agencies, tmp_path / f"neighbourhood{len(started)}", notices_to)
        started.append(place)
        place.start(only)
        return place

    yield start
    for place in started:
        place.stop()


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """Settings of a demonstration on this test's own database, with a key of its own."""
    key_file = tmp_path / "keys"
    make_demonstration_key(key_file)
    return Settings(
        database_url=database_url, redis_url=redis_url, environment="demo", key_file=key_file, data=tmp_path / "data",
        secrets=tmp_path / "neighbourhood0" / "secrets",
    )  # fmt: skip


@pytest.fixture
def gateway(settings: Settings) -> Iterator[Gateway]:
    """The gateway joined together, in this process; no worker runs."""
    whole = load_gateway(settings)
    yield whole
    whole.close()
