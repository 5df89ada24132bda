"""What the whole-cycle tests look at afterwards: every byte that went to an agency, to Redis, or into a log."""

from __future__ import annotations

import csv
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).parents[2]
LIST = ROOT / "contracts" / "demonstration" / "case-list.csv"


class Recorder:
    """A proxy in front of one agency that keeps what the gateway sent, in order."""

    def __init__(self, target: str) -> None:
        place = urlsplit(target)
        self._to = (place.hostname or "", place.port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.url = place._replace(netloc=f"127.0.0.1:{self._listener.getsockname()[1]}").geturl()
        self._sent: list[bytes] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def sent(self) -> bytes:
        """Everything that went to the agency."""
        with self._lock:
            return b"".join(self._sent)

    def request_lines(self) -> list[str]:
        """The request lines of HTTP, which hold the addresses."""
        return re.findall(r"(?m)^((?:GET|POST|PUT|PATCH|DELETE|HEAD) \S+) HTTP/1\.1\r$", self.sent.decode("utf-8", "replace"))

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(here,), daemon=True).start()

    def _serve(self, here: socket.socket) -> None:
        with here:
            try:
                there = socket.create_connection(self._to, 5)
            except OSError:
                return
            with there:
                there.settimeout(None)
                answers = threading.Thread(target=self._pump, args=(there, here, False), daemon=True)
                answers.start()
                self._pump(here, there, keep=True)
                answers.join()

    def _pump(self, source: socket.socket, sink: socket.socket, keep: bool) -> None:
        try:
            while part := source.recv(65536):
                if keep:
                    with self._lock:
                        self._sent.append(part)
                sink.sendall(part)
        except OSError:
            pass
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Takes no further connection."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def monitored(url: str) -> Iterator[list[str]]:
    """Every command that Redis gets, as it tells them (MONITOR), a line each."""
    place = urlsplit(url)
    seen: list[str] = []
    with socket.create_connection((place.hostname or "", place.port or 6379), 5) as connection:
        connection.sendall(f"AUTH {place.password}\r\nMONITOR\r\n".encode())
        listener = threading.Thread(target=_listen, args=(connection, seen), daemon=True)
        listener.start()
        yield seen
        connection.shutdown(socket.SHUT_RDWR)
        listener.join(5)


def _listen(connection: socket.socket, seen: list[str]) -> None:
    connection.settimeout(None)
    with connection.makefile("rb") as lines:
        for line in lines:
            seen.append(line.decode("utf-8", "replace"))


def dumped(url: str) -> dict[str, bytes]:
    """Every row of every table of ours, as COPY writes them out, by table."""
    with psycopg.connect(url) as connection:
        tables = [name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]
        found = {}
        for table in tables:
            with connection.cursor().copy(f'COPY "{table}" TO STDOUT') as copied:  # type: ignore[arg-type]
                found[table] = b"".join(bytes(part) for part in copied)
    return found


def numbers_of(words: set[str]) -> set[str]:
    """Of canaries, those that no file holds by chance: telephone and NHS numbers, written together."""
    return {word for word in words if re.fullmatch(r"\d{10,11}", word)}


def canaries() -> set[str]:
    """Names, dates of birth and numbers of everybody on the demonstration's list, as they may be written."""
    with LIST.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    found: set[str] = set()
    for row in rows:
        for heading, cell in row.items():
            for value in filter(None, (part.strip() for part in (cell or "").split(";"))):
                found |= _forms(heading.lower(), value)
    return {canary for canary in found if len(canary) > 3}


def _forms(heading: str, value: str) -> set[str]:
    if "surname" in heading:
        return {value}
    if "nhs number" in heading:
        return {value, value.replace(" ", "")}
    if "phone" in heading:
        return {value, value.replace(" ", "")}
    if "dob" in heading and re.fullmatch(r"\d\d/\d\d/\d{4}", value):
        day, month, year = value.split("/")
        return {value, f"{year}-{month}-{day}", f"{year}{month}{day}"}
    if "postcode" in heading:
        return {value}
    return set()


def found_in(text: str, words: set[str]) -> set[str]:
    """Which of the words stand in the text, as words of their own. What is found is named only by its kind, never shown."""
    return {word for word in words if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE)}
