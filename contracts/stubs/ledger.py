"""The ledger of a stub: every effect it applied, in order, kept on disk, so that tests can tell what was lost or done twice."""

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One applied effect. ``subject`` is the record's local id; content is kept only as a digest."""

    sequence: int
    what: str
    """``flag.create``, ``task.complete``, ``lookup`` ..."""
    key: str
    """What the client calls the thing: its identifier, message control id or idempotency key."""
    subject: str
    digest: str
    """SHA-256 of the content that was applied, hexadecimal."""
    at: str


class Ledger:
    """Append-only. A line is with the operating system before ``record`` returns, so it outlives a SIGKILL of the stub."""

    def __init__(self, path: Path | None = None) -> None:
        self._entries = list(_read(path)) if path else []
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) if path else None
        self._lock = threading.Lock()

    def record(self, what: str, key: str, subject: str, content: bytes = b"") -> Entry:
        """Writes one effect down. Call it before the reply is sent and only when the effect was really applied."""
        with self._lock:
            entry = Entry(
                len(self._entries) + 1, what, key, subject, hashlib.sha256(content).hexdigest(), datetime.now(UTC).isoformat()
            )
            if self._file is not None:
                os.write(self._file, json.dumps(asdict(entry)).encode() + b"\n")
            self._entries.append(entry)
            return entry

    def entries(self, what: str = "", after: int = 0) -> list[Entry]:
        """Entries after a sequence number whose ``what`` starts with the given word; all by default."""
        return [entry for entry in self._entries[after:] if entry.what.startswith(what)]


def _read(path: Path) -> Iterator[Entry]:
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        yield Entry(**json.loads(line))
