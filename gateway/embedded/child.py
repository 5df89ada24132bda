"""A child process: started through the launcher, so that it ends with us, and stopped in an orderly way.

Start children from a thread that lives as long as they shall: the kernel counts the end of the starting thread as the parent's.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

LAUNCHER = Path(__file__).with_name("launch.py")


class Child:
    """One running program. Output goes to ``log``; with ``talks`` its standard output is kept as a pipe (``lines``)."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        *,
        user: str = "",
        environment: Mapping[str, str] | None = None,
        stop_signal: int = signal.SIGTERM,
        given: bytes = b"",
        descriptors: Sequence[int] = (),
        folder: str = "/",
        talks: bool = False,
    ) -> None:
        self.name, self.log, self._stop_signal = name, log, stop_signal
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(stop_signal)), user]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*launcher, *map(str, command)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if talks else output,
                stderr=output,
                env=environment,
                cwd=folder,
                pass_fds=tuple(descriptors),
                start_new_session=True,
            )
        self._give(given)

    def _give(self, given: bytes) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(given)
            self.process.stdin.close()
        except BrokenPipeError:  # it ended at once; whoever waits for it will see that
            pass

    @property
    def lines(self) -> IO[bytes]:
        """Standard output of a child that talks."""
        assert self.process.stdout is not None
        return self.process.stdout

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL, as a fault would; returns when it is gone."""
        self.process.kill()
        self.process.wait()
        self._release()

    def stop(self, patience_s: float = 10.0) -> int:
        """Asks it to end, and insists after ``patience_s`` seconds; its exit status."""
        if self.alive:
            self.process.send_signal(self._stop_signal)
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
