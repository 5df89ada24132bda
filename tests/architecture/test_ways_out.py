"""Every way by which a byte can leave is known, and each goes through the gate. A module that opens another one fails the build."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import name_of, product_files, tree_of

LIBRARIES = frozenset({
    "aiohttp", "asyncssh", "celery", "fabric", "ftplib", "grpc", "h11", "http.client", "http.server", "httpcore", "httpx", "httpx_aiohttp", "imaplib",
    "kombu", "multiprocessing", "nntplib", "paramiko", "pika", "poplib", "psycopg", "pycurl", "redis", "requests", "smtplib", "socket", "socketserver",
    "ssl", "subprocess", "telnetlib", "urllib.request", "urllib3", "uvicorn", "webbrowser", "websockets", "xmlrpc", "zmq",
})  # fmt: skip
"""Libraries that reach outside the process."""

CALLS = frozenset({
    "create_connection", "create_datagram_endpoint", "create_server", "create_subprocess_exec", "create_subprocess_shell", "create_unix_connection",
    "create_unix_server", "execv", "execve", "execvp", "fork", "getaddrinfo", "open_connection", "open_unix_connection", "Popen", "popen", "posix_spawn", "sendfile",
    "sendmsg", "sendto", "sock_connect", "sock_sendall", "spawnv", "start_server", "start_tls", "start_unix_server", "startfile", "system", "urlopen",
})  # fmt: skip
"""Calls that open one without such a library, of ``asyncio`` or ``os``."""

KNOWN = {
    # to agencies and to the identity provider: through the gate of adapters/egress.py
    "adapters/http.py": {"aiohttp", "ssl"},
    "adapters/mllp.py": {"create_connection", "ssl"},
    "adapters/tls.py": {"ssl"},
    # to our own two servers
    "gateway/store/database.py": {"psycopg"},
    "outbox/bulk.py": {"psycopg"},
    "gateway/broker.py": {"celery"},
    "gateway/worker/app.py": {"celery"},
    "gateway/worker/tasks.py": {"celery"},
    "gateway/bulk/sharing.py": {"celery", "kombu"},
    # children on this machine: a parser without a network, the embedded servers, our own processes
    "adapters/reading.py": {"subprocess", "Popen"},
    "gateway/embedded/child.py": {"subprocess", "Popen"},
    "gateway/embedded/launch.py": {"execv"},
    "gateway/embedded/postgres.py": {"psycopg", "subprocess"},
    "gateway/embedded/ports.py": {"socket"},
    "gateway/embedded/redis.py": {"socket", "create_connection"},
    # being asked: pages and API
    "gateway/cli/site.py": {"uvicorn", "socket"},  # the socket whose port was told
    # the demonstration looks whether its own processes are up, and hands its web server the door
    "gateway/demo/cast.py": {"urllib.request", "urlopen"},
    "gateway/demo/stage.py": {"urllib.request", "urlopen", "socket"},
}
"""Every module that can reach outside, and with what."""


def libraries_of(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("__import__", "importlib.import_module", "import_module"):
            names = [argument.value for argument in node.args if isinstance(argument, ast.Constant) and isinstance(argument.value, str)]
        for name in names:
            yield from (library for library in LIBRARIES if f"{name}.".startswith(f"{library}."))


def calls_of(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name in CALLS and (name != "system" or ast.unparse(node) == "os.system"):  # a record system is a value of ours
            yield name


def ways_out(path: Path) -> set[str]:
    tree = tree_of(path)
    return {*libraries_of(tree), *calls_of(tree)}


def test_every_way_out_is_known() -> None:
    unknown = {name_of(path): sorted(found) for path in product_files() if (found := ways_out(path) - KNOWN.get(name_of(path), set()))}
    assert unknown == {}


def test_no_way_out_is_listed_that_is_not_there() -> None:
    there = {name_of(path): ways_out(path) for path in product_files()}
    stale = {name: sorted(listed - there.get(name, set())) for name, listed in KNOWN.items() if listed - there.get(name, set())}
    assert stale == {}


@pytest.mark.parametrize("planted", [
    "import socket", "import smtplib", "from urllib.request import urlopen", "from urllib import request", "import httpx", "import requests.sessions",
    "import asyncio\nasync def f():\n    await asyncio.open_connection('h', 1)", "import os\nos.system('curl x')", "import subprocess",
    "import importlib\nimportlib.import_module('socket')", "async def f(loop):\n    await loop.create_connection(None, 'h', 1)",
    "from multiprocessing.connection import Client", "import http.client as c",
])  # fmt: skip
def test_the_check_sees_a_way_out_that_was_planted(planted: str, tmp_path: Path) -> None:
    module = tmp_path / "planted.py"
    module.write_text(planted, encoding="utf-8")
    assert ways_out(module)


def uses(path: Path, wanted: str) -> int:
    """How often an expression stands in a module."""
    return sum(isinstance(node, ast.Attribute) and ast.unparse(node).endswith(wanted) for node in ast.walk(tree_of(path)))


@pytest.mark.parametrize(("wanted", "module"), [("wire.send", "adapters/http.py"), ("_transport.write", "adapters/mllp.py")])
def test_bytes_are_written_in_one_place_of_each_transport(wanted: str, module: str) -> None:
    assert {name_of(path): uses(path, wanted) for path in product_files() if uses(path, wanted)} == {module: 1}


def test_both_transports_ask_the_gate_and_nobody_makes_a_gate_of_their_own() -> None:
    asking = {name_of(path) for path in product_files() if uses(path, "permit.check")}
    assert asking == {"adapters/http.py", "adapters/mllp.py"}
    gates = {
        name_of(path)
        for path in product_files()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef) and {ast.unparse(base).split(".")[-1] for base in node.bases} & {"Egress", "Permit"}
    }
    assert gates == set()
