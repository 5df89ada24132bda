"""MLLP connections (0x0B message 0x1C 0x0D): many messages in one, several under way at once, and the ways a line can fail."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from contracts.stubs.agency import Agency
from contracts.stubs.hl7v2_trust.desk import Answers, Desk

START, END = b"\x0b", b"\x1c\r"
MAX_MESSAGE_BYTES = 262_144
_IDLE_SECONDS = 120


class Lines:
    """All connections of the trust."""

    def __init__(self, desk: Desk, agency: Agency, latency: float) -> None:
        """``latency``: seconds before each application reply."""
        self.desk, self.agency, self.latency = desk, agency, latency
        self.attempts: Counter[str] = Counter()
        """How often the record of a persona was touched."""

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection until either side closes it or it is idle for two minutes."""
        line = Line(self, writer)
        try:
            while (raw := await _next_message(reader)) is not None:
                line.take(raw)
        except asyncio.LimitOverrunError:
            line.send(self.desk.too_large((await reader.read(4096)).lstrip(START)))
        except (ConnectionError, TimeoutError, asyncio.CancelledError):
            pass  # gone, idle, or the trust is closing down: the connection ends either way
        finally:
            await line.close()


class Line:
    """One connection, as the answering side sees it."""

    def __init__(self, lines: Lines, writer: asyncio.StreamWriter) -> None:
        self.lines, self._writer = lines, writer
        self._under_way: set[asyncio.Task[None]] = set()

    def take(self, raw: bytes) -> None:
        """Answers one message, in its own time."""
        answers = self.lines.desk.receive(raw)
        if answers.touched is None and not self.lines.latency:
            self.send(answers.accept)
            self.send(answers.application)
            return
        task = asyncio.ensure_future(self._answer(answers))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def send(self, message: bytes | None, end: bytes = END) -> None:
        """Puts one message on the line."""
        if message is not None:
            self.send_bytes(START + message + end)

    def send_bytes(self, raw: bytes) -> None:
        """Puts bytes on the line as they are."""
        if not self._writer.is_closing():
            self._writer.write(raw)

    def hang_up(self) -> None:
        """Closes the connection from this side."""
        self._writer.close()

    async def close(self) -> None:
        """Ends what is under way and the connection with it."""
        for task in self._under_way:
            task.cancel()
        self._writer.close()

    async def _answer(self, answers: Answers) -> None:
        touched = answers.touched
        failure = FAILURES.get(touched.persona or "") if touched else None
        if touched is None or failure is None:
            await _as_usual(self, answers, {})
            return
        self.lines.attempts[touched.local_id] += 1
        behaviour = {"attempt": self.lines.attempts[touched.local_id], **self.lines.agency.behaviour.get(touched.local_id, {})}
        await failure(self, answers, behaviour)


Failure = Callable[[Line, Answers, Mapping[str, Any]], Awaitable[None]]
"""Takes the line, the true answers, and the persona's numbers (``attempt`` counts from 1)."""


async def _next_message(reader: asyncio.StreamReader) -> bytes | None:
    """The next framed message; None when the other side is gone. What stands before a start byte is dropped."""
    async with asyncio.timeout(_IDLE_SECONDS):
        while True:
            try:
                frame = await reader.readuntil(END)
            except asyncio.IncompleteReadError:
                return None
            start = frame.rfind(START)
            if start >= 0:
                return frame[start + 1 : -len(END)]


async def _as_usual(line: Line, answers: Answers, _behaviour: Mapping[str, Any]) -> None:
    if answers.accept:
        line.send(answers.accept)
    await asyncio.sleep(line.lines.latency)
    line.send(answers.application)


async def _never_answers(_line: Line, _answers: Answers, _behaviour: Mapping[str, Any]) -> None:
    """Not even an accept acknowledgement."""


async def _accepted_then_silent(line: Line, answers: Answers, _behaviour: Mapping[str, Any]) -> None:
    line.send(answers.accept)


async def _late(line: Line, answers: Answers, behaviour: Mapping[str, Any]) -> None:
    line.send(answers.accept)
    await asyncio.sleep(float(behaviour.get("seconds", 30)))
    line.send(answers.application)


async def _truncated(line: Line, answers: Answers, _behaviour: Mapping[str, Any]) -> None:
    line.send(answers.accept)
    reply = answers.application or b""
    line.send_bytes(START + reply[: len(reply) // 2])
    line.hang_up()


async def _no_end_bytes(line: Line, answers: Answers, _behaviour: Mapping[str, Any]) -> None:
    line.send(answers.accept)
    line.send(answers.application, end=b"")


async def _huge(line: Line, answers: Answers, behaviour: Mapping[str, Any]) -> None:
    reply = answers.application or b""
    head, _, _ = reply.partition(b"\rPID|")
    group = reply[len(head) + 1 :]
    line.send(answers.accept)
    line.send(head + b"\r" + group * (1 + int(behaviour.get("bytes", 8_000_000)) // max(1, len(group))))


async def _slow(line: Line, answers: Answers, behaviour: Mapping[str, Any]) -> None:
    line.send(answers.accept)
    whole = START + (answers.application or b"") + END
    pause = float(behaviour.get("seconds", 20)) / len(whole)
    for place in range(len(whole)):
        line.send_bytes(whole[place : place + 1])
        await asyncio.sleep(pause)


async def _closes(line: Line, _answers: Answers, _behaviour: Mapping[str, Any]) -> None:
    line.hang_up()


async def _closes_then_answers(line: Line, answers: Answers, behaviour: Mapping[str, Any]) -> None:
    if behaviour["attempt"] <= int(behaviour.get("times", 1)):
        line.hang_up()
    else:
        await _as_usual(line, answers, behaviour)


async def _html(line: Line, _answers: Answers, _behaviour: Mapping[str, Any]) -> None:
    line.send(b"<html><body><h1>Service notice</h1></body></html>")


async def _answers_twice(line: Line, answers: Answers, behaviour: Mapping[str, Any]) -> None:
    await _as_usual(line, answers, behaviour)
    line.send(answers.application)


FAILURES: dict[str, Failure] = {
    "never_answers": _never_answers,
    "accepted_then_silent": _accepted_then_silent,
    "late": _late,
    "truncated": _truncated,
    "no_end_bytes": _no_end_bytes,
    "huge": _huge,
    "slow": _slow,
    "closes": _closes,
    "closes_then_answers": _closes_then_answers,
    "html": _html,
    "answers_twice": _answers_twice,
}
"""What the line does when a message touches the record of this persona."""
