"""Both servers together, or those that the user named instead."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

from gateway.embedded.folder import DataFolder
from gateway.embedded.postgres import PostgresServer
from gateway.embedded.redis import RedisServer

DATABASE = "marac"


@dataclass
class Servers:
    """What runs, and where it is. A URL given by the user starts nothing and is not stopped."""

    database_url: str
    redis_url: str
    postgres: PostgresServer | None = None
    redis: RedisServer | None = None

    @classmethod
    def start(cls, folder: DataFolder, *, database_url: str = "", redis_url: str = "", durable: bool = True) -> Servers:
        """Starts what no URL was given for. Raises ``CannotStart``, with nothing left running."""
        servers = cls(database_url, redis_url)
        try:
            if not database_url:
                servers.postgres = PostgresServer(folder.path / "postgres", folder.sub("logs") / "postgres.log", durable=durable)
                servers.postgres.start()
                servers.database_url = servers.postgres.create_database(DATABASE)
            if not redis_url:
                servers.redis = RedisServer(folder.sub("logs") / "redis.log")
                servers.redis.start()
                servers.redis_url = servers.redis.url
        except BaseException:
            servers.stop()
            raise
        return servers

    def stop(self) -> None:
        """Stops what we started, the truth last."""
        if self.redis:
            self.redis.stop()
        if self.postgres:
            self.postgres.stop()

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
