"""Speaks MLLP to the stub with bare sockets, and holds every reply against hl7apy's tables of HL7 2.5."""

from __future__ import annotations

import itertools
import socket

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

from contracts.stubs.agency import Agency
from contracts.stubs.people import AgencyPerson

_numbers = itertools.count(1)


def header(kind: str, control_id: str = "", mode: str = "", character_set: str = "UNICODE UTF-8", **changed: str) -> str:
    """An MSH as the profile asks for it. ``mode``: MSH-15 and MSH-16, as in ``AL/AL``; ``changed``: ``msh_12="2.4"`` and so on."""
    accept, _, application = mode.partition("/")
    fields = [
        "MSH", "^~\\&", "QUERIES", "ZQX", "CBNT-PAS", "ZCB", "20261122090000+0000", "", kind, control_id or f"T{next(_numbers):06d}", "P",
        "2.5", "", "", accept, application, "", character_set,
    ]  # fmt: skip
    for name, value in changed.items():
        fields[int(name.removeprefix("msh_")) - 1] = value
    return "|".join(fields)


def query(*criteria: str, tag: str = "t1", quantity: str = "20^RD", pointer: str = "", **header_fields: str) -> str:
    """A QBP^Q22 with these criteria (``@PID.5.1.1^Smith``)."""
    segments = [header("QBP^Q22^QBP_Q21", **header_fields), f"QPD|IHE PDQ Query|{tag}|{'~'.join(criteria)}", f"RCP|I|{quantity}"]
    return "\r".join([*segments, *([f"DSC|{pointer}|I"] if pointer else [])]) + "\r"


def about(person: AgencyPerson, **more: str) -> str:
    """The query that finds a person by name and date of birth."""
    return query(f"@PID.5.1.1^{person.family}", f"@PID.5.2^{person.given}", f"@PID.7^{person.birth_date:%Y%m%d}", **more)


def persona(agency: Agency, happens: str) -> AgencyPerson:
    """The person of a persona file."""
    return next(person for person in agency.people if person.persona == happens)


class Line:
    """One connection."""

    def __init__(self, port: int, wait: float = 5) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=wait)
        self._read = b""

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._socket.close()

    def send(self, message: str, encoding: str = "utf-8") -> None:
        """Puts a message on the line."""
        self.send_bytes(b"\x0b" + message.encode(encoding) + b"\x1c\r")

    def send_bytes(self, raw: bytes) -> None:
        """Puts bytes on the line."""
        self._socket.sendall(raw)

    def bytes_until_silence(self, seconds: float = 0.4) -> bytes:
        """What comes until nothing more does."""
        self._socket.settimeout(seconds)
        try:
            while part := self._socket.recv(1 << 20):
                self._read += part
        except TimeoutError:
            pass
        taken, self._read = self._read, b""
        return taken

    def some_bytes(self) -> bytes:
        """What has come so far."""
        return self._socket.recv(1 << 20)

    def is_closed(self, seconds: float = 3) -> bool:
        """Whether the other side ends the connection within this time."""
        self._socket.settimeout(seconds)
        try:
            while self._socket.recv(1 << 20):
                pass
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        return True

    def receive_bytes(self) -> bytes:
        """The next framed message."""
        while b"\x1c\r" not in self._read:
            part = self._socket.recv(1 << 20)
            if not part:
                raise ConnectionError("closed before the end of a frame")
            self._read += part
        frame, _, self._read = self._read.partition(b"\x1c\r")
        assert frame.startswith(b"\x0b")
        return frame[1:]

    def receive(self, encoding: str = "utf-8") -> Reply:
        """The next message, checked against hl7apy."""
        return Reply(self.receive_bytes().decode(encoding))

    def ask(self, message: str, encoding: str = "utf-8") -> Reply:
        """One message, one reply."""
        self.send(message, encoding)
        return self.receive(encoding)


class Reply:
    """A reply, read without any of the stub's code."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.segments = [line.split("|") for line in text.split("\r") if line]
        check(text)

    def field(self, segment: str, number: int) -> str:
        """A field of the first segment of this name, '' when absent; MSH counts its separator."""
        fields = next((fields for fields in self.segments if fields[0] == segment), [])
        place = number - 1 if segment == "MSH" else number
        return fields[place] if place < len(fields) else ""

    def every(self, segment: str, number: int) -> list[str]:
        """This field of every segment of this name."""
        return [fields[number] for fields in self.segments if fields[0] == segment]

    @property
    def outcome(self) -> tuple[str, str]:
        """MSA-1 and QAK-2."""
        return self.field("MSA", 1), self.field("QAK", 2)

    @property
    def error(self) -> tuple[str, str]:
        """ERR-3.1 and ERR-2."""
        return self.field("ERR", 3).partition("^")[0], self.field("ERR", 2)


def check(text: str) -> None:
    """Fails where hl7apy's strict reading of 2.5 finds fault, or where it would lose a segment.

    hl7apy has no profile of IHE's query (QPD-3 repeated, QPD-8), so the echo of the query is checked with its first criterion only.
    """
    lines = [_short(line) for line in text.split("\r") if line]
    message = parse_message("\r".join(lines), validation_level=VALIDATION_LEVEL.STRICT, find_groups=True)
    assert message.validate()
    kept = message.to_er7().strip("\r").split("\r")
    assert [line[:3] for line in kept] == [line[:3] for line in lines]
    assert [line for line in kept if line[:3] != "QPD"] == [line for line in lines if line[:3] != "QPD"]


def _short(line: str) -> str:
    return line if not line.startswith("QPD|") else "|".join(line.partition("~")[0].split("|")[:4])
