"""A child process: started through the launcher, so that it ends with us, and stopped in an orderly way.

Start children from a thread that lives as long as they shall: the kernel counts the end of the starting thread as the parent's.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, cast

LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True)
class Program:
    """What to run and how. ``user`` is "" to stay who we are; ``given`` goes to standard input; ``environment`` None is ours.

    ``orphaned`` is the signal that it gets when we are gone; 0 for ``stop_signal``. With ``talks`` its standard output is a pipe (``Child.lines``), else it goes to the log with standard error.
    """

    command: Sequence[str | Path]
    user: str = ""
    environment: Mapping[str, str] | None = None
    stop_signal: int = signal.SIGTERM
    orphaned: int = 0
    given: bytes = b""
    descriptors: Sequence[int] = ()
    folder: str = "/"
    talks: bool = False


class Child:
    """One running program, writing to the file ``log``."""

    def __init__(self, name: str, program: Program, log: Path) -> None:
        self.name, self.log, self._stop_signal = name, log, program.stop_signal
        orphaned = int(program.orphaned or program.stop_signal)
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(orphaned), program.user]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*launcher, *map(str, program.command)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if program.talks else output,
                stderr=output,
                env=program.environment,
                cwd=program.folder,
                pass_fds=tuple(program.descriptors),
                start_new_session=True,
            )
        self._give(program.given)

    def _give(self, given: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):  # it ended at once; whoever waits for it will see that
            cast("IO[bytes]", self.process.stdin).write(given)
            cast("IO[bytes]", self.process.stdin).close()

    @property
    def lines(self) -> IO[bytes]:
        """Standard output of a child that talks."""
        return cast("IO[bytes]", self.process.stdout)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL, as a fault would; returns when it is gone."""
        self.process.kill()
        self.process.wait()
        self._release()

    def ask_to_stop(self) -> None:
        """Sends the stop signal and does not wait, so that several can end at the same time."""
        if self.alive:
            self.process.send_signal(self._stop_signal)

    def stop(self, patience_s: float = 10.0) -> int:
        """Asks it to end, and insists after ``patience_s`` seconds; its exit status."""
        self.ask_to_stop()
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
        status = self.process.wait()
        self._release()
        return status

    def _release(self) -> None:
        if self.process.stdout:
            self.process.stdout.close()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
