"""The house's layers, and what only one room may do."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGES, ROOT, name_of, product_files, tree_of


def test_the_layers_hold() -> None:
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    ran = subprocess.run(
        [sys.executable, "-c", lint], cwd=ROOT, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False
    )
    assert ran.returncode == 0, ran.stdout


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


ONLY_IN = {
    "httpx": {"adapters/http.py"},
    "httpx_aiohttp": {"adapters/http.py"},
    "tenacity": {"adapters/http.py"},
    "aiohttp": {"adapters/http.py"},
    "socket": {  # to an agency in mllp alone; the others find free ports and hand our own door to the web server
        "adapters/mllp.py", "gateway/embedded/ports.py", "gateway/embedded/redis.py", "gateway/demo/stage.py", "gateway/cli/site.py",
    },
    "ssl": {"adapters/tls.py", "adapters/mllp.py", "adapters/http.py"},
    "urllib.request": {"gateway/demo/cast.py", "gateway/demo/stage.py"},
    "celery": {"gateway/broker.py", "gateway/worker/app.py", "gateway/worker/tasks.py", "gateway/bulk/sharing.py"},
    "psycopg": {"gateway/store/database.py", "gateway/store/batches.py", "outbox/bulk.py", "gateway/embedded/postgres.py"},
    "structlog": {"gateway/telemetry.py"},
}
"""Libraries that reach outside, and the only modules that may use each."""


@pytest.mark.parametrize("library", ONLY_IN)
def test_what_reaches_outside_stands_in_one_place(library: str) -> None:
    users = {name_of(path) for path in product_files() if any(f"{name}.".startswith(f"{library}.") for name in imports_of(path))}
    assert users <= ONLY_IN[library]


def test_the_domain_needs_nothing_but_the_standard_library() -> None:
    for path in (ROOT / "gateway" / "domain").glob("*.py"):
        foreign = {name for name in imports_of(path) if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("gateway.domain")}
        assert not foreign, f"{name_of(path)} imports {foreign}"


READERS_OF_THE_ENVIRONMENT = ("gateway/config.py", "gateway/embedded/", "gateway/demo/")


def test_the_environment_is_read_in_one_place() -> None:
    for path in product_files():
        if name_of(path).startswith(READERS_OF_THE_ENVIRONMENT):
            continue
        for node in ast.walk(tree_of(path)):
            reads = isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb")
            assert not reads, f"{name_of(path)}:{getattr(node, 'lineno', 0)} reads the environment"


def test_no_other_distribution_provides_one_of_our_names() -> None:
    provided = packages_distributions()
    for name in PACKAGES:
        assert set(provided.get(name, ())) <= {"marac-gateway"}, f"{name} is also provided by {provided[name]}"


def test_our_packages_hide_no_library() -> None:
    assert not {"fhir", "hl7", "hl7apy", "stubs"} & {path.name for path in ROOT.iterdir()}


def test_no_import_is_relative() -> None:
    for path in product_files():
        assert not any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree_of(path))), name_of(path)
