"""Embedded PostgreSQL and Redis: nothing opened up, nothing left behind, nothing lost."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from gateway.embedded import binaries
from gateway.embedded.child import Child, Program
from gateway.embedded.errors import CannotStart
from gateway.embedded.folder import DataFolder
from gateway.embedded.postgres import PostgresServer
from gateway.embedded.redis import RedisServer
from gateway.embedded.servers import Servers

ROOT = Path(__file__).parents[2]


@pytest.fixture
def closed_folder(tmp_path: Path) -> Path:
    """A folder that nobody but its owner may enter, as ``/root`` is."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    return closed


def wait_until(true: Callable[[], bool], seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.05)
    return False


def test_data_outlives_a_stop_and_the_folders_above_keep_their_modes(closed_folder: Path) -> None:
    before = [folder.stat().st_mode for folder in closed_folder.parents]
    for expected in (1, 2):
        with DataFolder(closed_folder / "data") as folder, Servers.start(folder) as servers:
            with psycopg.connect(servers.database_url) as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
                connection.execute("INSERT INTO kept VALUES (1)")
                assert connection.execute("SELECT count(*) FROM kept").fetchone() == (expected,)
            assert redis.Redis.from_url(servers.redis_url).ping()
    assert stat.S_IMODE(closed_folder.stat().st_mode) == 0o700
    assert [folder.stat().st_mode for folder in closed_folder.parents] == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give up rights; an ordinary user's servers run as that user")
def test_servers_of_root_run_as_nobody(closed_folder: Path) -> None:
    with DataFolder(closed_folder / "data") as folder, Servers.start(folder) as servers:
        with psycopg.connect(servers.database_url) as connection:
            pid = connection.info.backend_pid
            assert Path(f"/proc/{pid}").stat().st_uid == 65534
        info = redis.Redis.from_url(servers.redis_url).info("server")
        assert Path(f"/proc/{info['process_id']}").stat().st_uid == 65534


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's unprivileged servers may be unable to reach the wheels")
def test_programs_in_a_closed_folder_are_copied_for_the_unprivileged_user(
    closed_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = closed_folder / "package" / "bin"
    tree.mkdir(parents=True)
    program = tree / "redis-server"
    program.write_bytes(Path("/bin/true").read_bytes())
    program.chmod(0o700)
    cache = Path("/var/cache/marac-gateway-test")
    monkeypatch.setattr(binaries, "PROGRAM_CACHE", cache)
    try:
        copy = binaries._reachable(tree)
        assert copy.is_relative_to(cache)
        assert subprocess.run([copy / "redis-server"], user="nobody", group="nogroup", extra_groups=[], check=False).returncode == 0
        assert stat.S_IMODE(closed_folder.stat().st_mode) == 0o700
    finally:
        subprocess.run(["rm", "-rf", str(cache)], check=True)


def test_a_killed_parent_leaves_no_server_behind(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent("""
            import os, sys, time
            from pathlib import Path
            from gateway.embedded.folder import DataFolder
            from gateway.embedded.servers import Servers
            servers = Servers.start(DataFolder(Path(sys.argv[1])))
            print(servers.postgres._child.process.pid, servers.redis._child.process.pid, flush=True)
            time.sleep(600)
        """), str(tmp_path / "data")],
        cwd=ROOT, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert len(pids) == 2
    assert wait_until(lambda: not any(_runs(pid) for pid in pids))
    with DataFolder(tmp_path / "data") as folder, Servers.start(folder) as servers, psycopg.connect(servers.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_stale_pid_file_with_a_living_number_does_not_stop_a_start(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    server = PostgresServer(folder, tmp_path / "log", durable=False)
    server.start()
    server.crash()
    pid_file = folder / "cluster" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{folder}\n")
    again = PostgresServer(folder, tmp_path / "log", durable=False)
    again.start()
    try:
        with psycopg.connect(again.url("postgres")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        again.stop()


def test_a_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    (folder / "draft").mkdir(parents=True)
    (folder / "draft" / "PG_VERSION").write_text("18\n")
    server = PostgresServer(folder, tmp_path / "log", durable=False)
    server.start()
    server.stop()


def test_a_folder_of_another_version_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    (folder / "cluster").mkdir(parents=True)
    (folder / "cluster" / "PG_VERSION").write_text("9\n")
    server = PostgresServer(folder, tmp_path / "log")
    with pytest.raises(CannotStart, match="made by PostgreSQL 9"):
        server.start()
    server.stop()


def test_one_process_at_a_time_holds_the_data_folder(tmp_path: Path) -> None:
    held = DataFolder(tmp_path / "data")
    with pytest.raises(CannotStart, match="Another gateway is running"):
        DataFolder(tmp_path / "data")
    held.release()
    DataFolder(tmp_path / "data").release()


def test_starting_over_empties_the_folder_and_nothing_beside_it(tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    beside.write_text("kept")
    folder = DataFolder(tmp_path / "data")
    (folder.sub("postgres") / "file").write_text("gone")
    (folder.path / "link").symlink_to(beside)
    folder.empty()
    assert [entry.name for entry in folder.path.iterdir()] == ["held"]
    assert beside.read_text() == "kept"
    folder.release()


def test_servers_ask_for_their_passwords(servers: Servers, tmp_path: Path) -> None:
    assert "@" in servers.database_url
    without = servers.database_url.split("//")[0] + "//postgres:wrong@" + servers.database_url.split("@")[1]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(without)
    with redis.Redis.from_url("redis://" + servers.redis_url.split("@")[1]) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_the_password_of_redis_stands_on_no_command_line(tmp_path: Path) -> None:
    server = RedisServer(tmp_path / "log")
    server.start()
    try:
        password = server.url.split(":")[2].split("@")[0]
        told = subprocess.run(["ps", "axww"], capture_output=True, text=True, check=True).stdout
        assert "redis-server" in told
        assert password not in told
    finally:
        server.stop()


def test_own_servers_are_used_and_not_stopped(servers: Servers, tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    with Servers.start(folder, database_url=servers.database_url, redis_url=servers.redis_url) as given:
        assert given.postgres is None
        assert given.redis is None
    with psycopg.connect(servers.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    folder.release()


def test_no_wheel_and_nothing_on_path_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(binaries, "_wheel_folder", lambda *_: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotStart, match="set DATABASE_URL"):
        binaries.postgres_programs()
    with pytest.raises(CannotStart, match="set REDIS_URL"):
        binaries.redis_program()


def test_the_server_log_holds_no_value_of_a_failed_statement(servers: Servers, empty_database_url: str) -> None:
    canary = "Zzyzxcanary"
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE t (v text UNIQUE)")
        connection.execute("INSERT INTO t VALUES (%s)", [canary])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO t VALUES (%s)", [canary])
        with pytest.raises(psycopg.errors.SyntaxError):
            connection.execute(f"SELEKT '{canary}'")
    if servers.postgres is None:
        pytest.fail("this checks our own server's settings: run it without DATABASE_URL")
    assert canary not in servers.postgres._log.read_text()


def test_a_child_that_ignores_its_stop_signal_is_killed(tmp_path: Path) -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    child = Child("stubborn", Program([sys.executable, "-c", stubborn], talks=True), tmp_path / "log")
    assert child.lines.readline() == b"up\n"
    assert child.stop(patience_s=0.2) == -signal.SIGKILL
