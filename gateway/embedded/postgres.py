"""A PostgreSQL server of our own: initialised once, on a free loopback port, with a password, ended with us.

As root it runs as ``nobody``. That user may be unable to walk the path to the data folder, so the server is given the folder as an
open descriptor and finds it as ``/proc/self/fd/N``: nothing above the data folder has to be opened up.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
from psycopg import sql

from gateway.embedded.binaries import postgres_programs, servers_run_as
from gateway.embedded.child import Child, Program
from gateway.embedded.errors import CannotStart
from gateway.embedded.ports import LOOPBACK, free_port

SUPERUSER = "postgres"
START_LIMIT_S = 30.0
ENVIRONMENT = {"LC_ALL": "C", "PATH": os.defpath, "TZ": "UTC"}
"""Nothing of ours: ``PG*`` variables of the user would change what the server does."""

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    # Statements, parameters and the DETAIL of errors hold people's data: none may reach the server's log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    # A client that was killed must not hold locks for long.
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "5",
    "timezone": "UTC",
}
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For tests: what a crash of the machine would lose does not matter there; a crash of the server loses nothing."""


class PostgresServer:
    """The server in ``folder`` (its own: owner and mode are set). ``durable`` is False for tests alone."""

    def __init__(self, folder: Path, log: Path, *, durable: bool = True) -> None:
        self._folder, self._log, self._durable = folder.absolute(), log, durable
        self._user = servers_run_as()
        self._programs = postgres_programs()
        self._port = 0
        self._child: Child | None = None
        self._descriptor = -1

    def start(self) -> None:
        """Initialises the folder if it is new, and starts; started again, it keeps its port. Raises ``CannotStart``."""
        self._take_folder()
        self._clear_stale_pid()
        for _ in range(3):  # another process may take the free port before the server does
            self._port = self._port or free_port()
            self._child = self._run("postgres", "cluster", "-p", str(self._port), *self._settings())
            if self._comes_up(self._child):
                return
            self._child.stop()
            self._port = 0
        raise CannotStart("PostgreSQL did not start.", f"Its own words are in {self._log}.")

    def url(self, database: str) -> str:
        """Where a database of this server is, password included: never print it."""
        password = (self._folder / "password").read_text(encoding="ascii")
        return f"postgresql://{SUPERUSER}:{password}@{LOOPBACK}:{self._port}/{database}"

    def create_database(self, name: str, template: str = "template0") -> str:
        """Makes the database unless it exists; its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                made = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
                connection.execute(made)
        return self.url(name)

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back."""
        if self._child:
            self._child.stop(patience_s=20)
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def crash(self) -> None:
        """Immediate shutdown, as a power cut would; start again recovers."""
        if self._child:
            self._child.process.send_signal(signal.SIGQUIT)
            self._child.process.wait(20)
        self.stop()

    def _take_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._user:
            if sys.platform != "linux":
                raise CannotStart("PostgreSQL does not run as root.", "Run as an ordinary user, or set DATABASE_URL.")
            owner = pwd.getpwnam(self._user)
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
            self._descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        if not (self._folder / "cluster").exists():
            self._initialise()
        self._check_version()

    def _initialise(self) -> None:
        """Made beside and renamed, so that what a killed start leaves half-made is never taken for whole."""
        shutil.rmtree(self._folder / "draft", ignore_errors=True)
        password = self._folder / "password"
        password.write_text(secrets.token_urlsafe(24), encoding="ascii")
        password.chmod(0o600)
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(password, owner.pw_uid, owner.pw_gid)
        child = self._run(
            "initdb", "draft", "-U", SUPERUSER, f"--pwfile={self._seen('password')}", "--auth=scram-sha-256", "--encoding=UTF8",
            "--locale=C", "--no-sync", "--no-instructions",
        )  # fmt: skip
        try:
            status = child.process.wait(START_LIMIT_S)
        except subprocess.TimeoutExpired:
            status = child.stop(0)
        if status != 0:
            raise CannotStart("The PostgreSQL data folder could not be made.", f"initdb's own words are in {self._log}.")
        (self._folder / "draft").rename(self._folder / "cluster")

    def _check_version(self) -> None:
        made_by = (self._folder / "cluster" / "PG_VERSION").read_text(encoding="ascii").strip()
        told = subprocess.run([self._programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        if made_by != told.split()[2].split(".")[0]:
            raise CannotStart(
                f"{self._folder} was made by PostgreSQL {made_by}, which is not the version here.",
                "Move the data with pg_dump, or start over with ./run --fresh.",
            )

    def _clear_stale_pid(self) -> None:
        """A server whose parent was killed is shutting down: wait for it. A number left by a crash may belong to another process now."""
        pid_file = self._folder / "cluster" / "postmaster.pid"
        until = time.monotonic() + START_LIMIT_S
        while sys.platform == "linux" and pid_file.exists():
            if not _is_postgres(pid_file):
                pid_file.unlink(missing_ok=True)
                return
            if time.monotonic() > until:
                raise CannotStart(f"Another PostgreSQL is using {self._folder}.", "Stop it first.")
            time.sleep(0.05)

    def _comes_up(self, child: Child) -> bool:
        """The server writes ``ready`` on the last line of its pid file, as ``pg_ctl`` reads it."""
        pid_file = self._folder / "cluster" / "postmaster.pid"
        until = time.monotonic() + START_LIMIT_S
        while child.alive and time.monotonic() < until:
            with contextlib.suppress(FileNotFoundError):
                lines = pid_file.read_text(encoding="utf-8").split("\n")
                if lines[0] == str(child.process.pid) and len(lines) > 7 and lines[7].strip() == "ready":
                    return True
            time.sleep(0.01)
        return False

    def _run(self, name: str, cluster: str, *arguments: str) -> Child:
        descriptors = (self._descriptor,) if self._user else ()
        command = [str(self._programs / name), "-D", self._seen(cluster), *arguments]
        return Child(name, Program(command, self._user, ENVIRONMENT, signal.SIGINT, descriptors=descriptors), self._log)

    def _seen(self, name: str) -> str:
        """The path inside the folder, as the server's user sees it."""
        return f"/proc/self/fd/{self._descriptor}/{name}" if self._user else str(self._folder / name)

    def _settings(self) -> list[str]:
        chosen = SETTINGS if self._durable else SETTINGS | QUICK
        return [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]


def _is_postgres(pid_file: Path) -> bool:
    try:
        pid = int(pid_file.read_text(encoding="utf-8").split("\n")[0])
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == "postgres"
    except (ValueError, OSError):
        return False
