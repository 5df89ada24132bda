"""The two commands of the README, as a person types them: from any folder, with spaces in the path, and ended in every way."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.witnesses import ROOT

pytestmark = pytest.mark.slow

NEEDED = ("run", "test", ".ci", "gateway", "mappings", "adapters", "outbox", "contracts", "requirements.lock", "requirements-test.lock")
PLAIN = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout at a path with a space, whose environment borrows the packages of this one."""
    place = tmp_path / "a place" / "with spaces"
    place.mkdir(parents=True)
    for name in NEEDED:
        whole = ROOT / name
        if whole.is_dir():
            shutil.copytree(whole, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(whole, place)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place / ".venv")], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = place / ".venv" / "lib" / version / "site-packages"
    (packages / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"], encoding="utf-8")
    stamp(place)
    return place


def stamp(place: Path) -> None:
    """Says that the test lock is installed, as the scripts say it."""
    words = 'source "$1/.ci/environment"; stamp_of "$1/.venv/bin/python" "$(lock_of test)" >"$1/.venv/installed-test"'
    subprocess.run(["bash", "-c", words, "bash", str(place)], check=True, env=PLAIN)


def test_run_works_from_any_folder_whatever_lies_there(checkout: Path, tmp_path: Path) -> None:
    decoy = tmp_path / "decoy"
    (decoy / "gateway").mkdir(parents=True)
    (decoy / "gateway" / "__init__.py").write_text("raise SystemExit('the wrong gateway')", encoding="utf-8")
    link = tmp_path / "link to run"
    link.symlink_to(checkout / "run")
    for command in (checkout / "run", link):
        told = subprocess.run([str(command), "agency", "check", "--json"], cwd=decoy, capture_output=True, text=True, env=PLAIN, check=False)
        assert told.returncode == 0, told.stderr
        assert len(json.loads(told.stdout)["agencies"]) == 5
        assert told.stderr == "", "nothing is said when everything is there already"


def test_a_python_that_is_not_there_is_told_with_the_remedy(checkout: Path, tmp_path: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "readlink", "cat", "mktemp", "rm", "flock", "ls", "env"):
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    told = subprocess.run([str(checkout / "run")], capture_output=True, text=True, env={"PATH": str(tools)}, check=False)
    assert told.returncode == 1
    assert "Python 3.11 or 3.12 was not found" in told.stderr


def test_packages_that_cannot_be_had_are_told_with_what_pip_said(checkout: Path) -> None:
    (checkout / ".venv" / "installed-test").unlink()
    subprocess.run([str(checkout / ".venv" / "bin" / "python"), "-m", "ensurepip"], check=True, capture_output=True)
    lock = "absent-package==1.0 --hash=sha256:" + "0" * 64 + "\n"
    (checkout / "requirements.lock").write_text(lock, encoding="utf-8")
    told = subprocess.run([str(checkout / "run")], capture_output=True, text=True, env=PLAIN | {"PIP_NO_INDEX": "1"}, check=False)
    assert told.returncode == 1
    assert "could not be installed after three tries" in told.stderr
    assert "absent-package" in told.stderr
    assert not (checkout / ".venv" / "installed-runtime").exists()


def test_a_changed_lock_is_installed_again(checkout: Path) -> None:
    """An empty lock installs at once; what matters is that it is noticed, and noted when done."""
    subprocess.run([str(checkout / ".venv" / "bin" / "python"), "-m", "ensurepip"], check=True, capture_output=True)
    for name in ("requirements.lock", "requirements-test.lock"):
        (checkout / name).write_text("# nothing\n", encoding="utf-8")
    told = subprocess.run([str(checkout / "run"), "agency", "check"], capture_output=True, text=True, env=PLAIN, check=False)
    assert told.returncode == 0, told.stderr
    assert "up to date" in told.stderr
    again = subprocess.run([str(checkout / "run"), "agency", "check"], capture_output=True, text=True, env=PLAIN, check=False)
    assert again.stderr == ""


def test_test_tells_what_failed_before_the_tests_and_ends_with_pytest(checkout: Path) -> None:
    """Style, types and import rules are run by the script; a planted fault fails it, and pytest's line stays the last."""
    rules = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (checkout / "pyproject.toml").write_text(re.sub(r"(?m)^packages = .*mappings.*adapters.*$", 'packages = ["outbox"]', rules), encoding="utf-8")
    (checkout / "tests").mkdir()
    (checkout / "tests" / "test_one.py").write_text("def test_one():\n    assert True\n", encoding="utf-8")
    (checkout / "gateway" / "policy" / "planted.py").write_text('"""Planted."""\nimport sqlalchemy\n', encoding="utf-8")
    told = subprocess.run([str(checkout / ".ci" / "run"), "-q"], capture_output=True, text=True, env=PLAIN, check=False)
    assert told.returncode == 1
    assert "import-rules  FAILED" in told.stdout
    assert told.stdout.strip().splitlines()[-1].startswith("1 passed in")


class Running:
    """``./run`` in this checkout, on a data folder of its own. Use it in a ``with``: whatever a test finds, it is ended."""

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def __init__(self, data: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [str(ROOT / "run"), "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=PLAIN | {"MARAC_DATA": str(data)}, start_new_session=True,
        )  # fmt: skip
        self.data, self.said = data, ""

    def read_until(self, words: str) -> str:
        """What was said, up to the line with these words."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if words in line:
                return self.said
        pytest.fail(f"it ended before saying {words!r}:\n{self.said}")

    def rest(self, seconds: float = 60) -> int:
        """Waits for its end; the exit status."""
        assert self.process.stdout is not None
        self.said += self.process.stdout.read()
        self.process.stdout.close()
        return self.process.wait(seconds)

    def left(self) -> list[str]:
        """Processes that still run with this data folder: ours and the servers."""
        return [name for name in (_of(path, str(self.data)) for path in Path("/proc").glob("[0-9]*")) if name]


def _of(process: Path, data: str) -> str:
    try:
        if (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return ""
        told = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        return (process / "comm").read_text().strip() if data.encode() in told else ""
    except OSError:
        return ""


def wait_until(true: Callable[[], bool], seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.1)
    return False


def page(url: str) -> str:
    """What a browser would show, whatever the status."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.read().decode()


def test_run_serves_says_where_and_as_whom_and_ctrl_c_stops_everything(tmp_path: Path) -> None:
    with Running(tmp_path / "data") as running:
        said = running.read_until("Ctrl-C stops everything")
        assert "coordinator" in said
        base = next(word for word in said.split() if word.startswith("http://127.0.0.1:"))
        assert json.loads(page(f"{base}/api/v1/openapi.json"))["openapi"].startswith("3.")
        assert "O&#39;Brien" not in page(f"{base}/lists"), "nobody is signed in"
        assert "Sign in" in page(f"{base}/lists")
        assert len(running.left()) >= 4
        os.killpg(running.process.pid, signal.SIGINT)
        assert running.rest() == 0, running.said
        assert wait_until(lambda: not running.left(), 10), running.left()


def test_data_stays_between_runs_and_fresh_starts_over(tmp_path: Path) -> None:
    seen = []
    for arguments in ((), (), ("--fresh",)):
        with Running(tmp_path / "data", *arguments) as running:
            seen.append("case list received" in running.read_until("Ctrl-C stops everything"))
            running.process.send_signal(signal.SIGTERM)
            assert running.rest() == 0
    assert seen == [True, False, True], "the list is loaded once, and again only into an empty database"


def test_a_killed_run_leaves_nothing_behind(tmp_path: Path) -> None:
    with Running(tmp_path / "data") as running:
        running.read_until("Ctrl-C stops everything")
        assert running.left()
        running.process.kill()
        running.rest()
    assert wait_until(lambda: not running.left()), running.left()


def test_a_second_run_on_the_same_data_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with Running(tmp_path / "data") as first:
        first.read_until("Ctrl-C stops everything")
        with Running(tmp_path / "data") as second:
            assert second.rest() == 1
        assert "Another gateway is running" in second.said
        first.process.send_signal(signal.SIGINT)
        assert first.rest() == 0


def test_run_once_ends_with_0_and_writes_the_report(tmp_path: Path) -> None:
    began = time.monotonic()
    with Running(tmp_path / "data", "--once", "--out", str(tmp_path / "out")) as running:
        assert running.rest(120) == 0, running.said
    assert time.monotonic() - began < 120
    assert "Every step ended as it should" in running.said
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"hit-report.csv", "hit-report.json"}
    assert not running.left()
