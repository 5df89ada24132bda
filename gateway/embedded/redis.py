"""A Redis server of our own: on a free loopback port, with a password, in memory only. Losing it loses nothing but seconds."""

from __future__ import annotations

import contextlib
import secrets
import socket
import time
from pathlib import Path

from gateway.embedded.binaries import redis_program, servers_run_as
from gateway.embedded.child import Child, Program
from gateway.embedded.errors import CannotStart
from gateway.embedded.ports import LOOPBACK, free_port

START_LIMIT_S = 15.0


class RedisServer:
    """The password is made anew for each server and kept over restarts; it is given on standard input, never on a command line."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._program = redis_program()
        self._password = secrets.token_urlsafe(24)
        self._port = 0
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """Where it is, password included: never print it."""
        return f"redis://:{self._password}@{LOOPBACK}:{self._port}/0"

    def start(self) -> None:
        """Starts; a restarted server keeps its port. Raises ``CannotStart``."""
        for _ in range(3):  # another process may take the free port before the server does
            self._port = self._port or free_port()
            program = Program([self._program, "-"], servers_run_as(), {"LC_ALL": "C"}, given=self._configuration())
            self._child = Child("redis", program, self._log)
            if self._comes_up(self._child):
                return
            self._child.stop()
            self._port = 0
        raise CannotStart("Redis did not start.", f"Its own words are in {self._log}.")

    def stop(self) -> None:
        """Ends it, with all that it held."""
        if self._child:
            self._child.stop()

    def kill(self) -> None:
        """SIGKILL, as a fault would."""
        if self._child:
            self._child.kill()

    def _configuration(self) -> bytes:
        lines = (
            f"bind {LOOPBACK}", f"port {self._port}", f"requirepass {self._password}", 'save ""', "appendonly no", "dir /",
            "maxmemory 256mb", "maxmemory-policy noeviction",
        )  # fmt: skip
        return "\n".join(lines).encode("ascii")

    def _comes_up(self, child: Child) -> bool:
        until = time.monotonic() + START_LIMIT_S
        while child.alive and time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, self._port), 1) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode("ascii"))
                if b"+PONG" in _read_for(connection, b"+PONG"):
                    return True
            time.sleep(0.01)
        return False


def _read_for(connection: socket.socket, wanted: bytes) -> bytes:
    told = b""
    while wanted not in told and (part := connection.recv(256)):
        told += part
    return told
