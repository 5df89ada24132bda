"""The data folder: git-ignored, held by one process at a time, and the only place where modes and owners are set."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from types import TracebackType

from gateway.embedded.errors import CannotStart


class DataFolder:
    """Made on first use, closed to others (0700), and locked while held."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = self._hold()

    def _hold(self) -> int:
        lock = os.open(self.path / "held", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise CannotStart(
                f"Another gateway is running on {self.path}.", "Stop it first, or give MARAC_DATA another folder."
            ) from None
        return lock

    def sub(self, name: str) -> Path:
        """A folder inside, made if needed."""
        folder = self.path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def empty(self) -> None:
        """Starts over: everything inside is removed, except the lock that we hold."""
        for entry in self.path.iterdir():
            if entry.name == "held":
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def release(self) -> None:
        """Lets another process have it."""
        os.close(self._lock)

    def __enter__(self) -> DataFolder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()
