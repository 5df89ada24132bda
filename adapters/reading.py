"""Files that strangers made, read in a child process with hard limits; the parent only ever sees checked cells.

Every read starts a fresh interpreter (``adapters/reading_child.py``) with an empty environment, and gives it the bytes through a pipe:
nothing is written to disk. Death, silence, or an answer that it should not give are one and the same refusal.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, cast

from gateway.domain.case_list_reading import ParsedActions, ParsedCompletions, ParsedList
from gateway.domain.errors import Code, InvalidInput
from mappings.case_list.actions_csv import read_actions, read_completions
from mappings.case_list.grid import MAX_REPLY, Book, read_reply
from mappings.case_list.package import check_ending, check_start
from mappings.case_list.reading import read_list

WALL_CLOCK_S = 10.0
"""A list is read in a fraction of a second; nobody waits longer than this, whatever the file."""
_CHILD = Path(__file__).with_name("reading_child.py")


def read_case_list(data: bytes, filename_suffix: str, today: date | None = None) -> ParsedList:
    """A case list from an .xlsx or .csv file. ``filename_suffix`` is the ending of its name (".xlsx"), in any case.

    Raises ``InvalidInput`` with the code for the file as a whole; findings in rows and columns are in the result.
    """
    return read_list(read_cells(data, filename_suffix), today or _today())


def read_actions_file(data: bytes, filename_suffix: str, today: date | None = None) -> ParsedActions:
    """Actions set at a meeting (case number, agency, owner, action, due date). Raises as ``read_case_list``."""
    return read_actions(read_cells(data, filename_suffix), today or _today())


def read_completions_file(data: bytes, filename_suffix: str, now: datetime | None = None) -> ParsedCompletions:
    """Answers to actions (reference, outcome, detail, completed at). Raises as ``read_case_list``."""
    return read_completions(read_cells(data, filename_suffix), now or datetime.now(UTC))


def read_cells(data: bytes, filename_suffix: str) -> Book:
    """The cells of a file, read in the child. Raises ``InvalidInput``."""
    ending = filename_suffix.lower()
    check_ending(ending)
    check_start(data, ending)
    return read_reply(_ask_child(data, ending))


def _today() -> date:
    return datetime.now(UTC).date()


def _ask_child(data: bytes, ending: str) -> bytes:
    with _child(ending) as (process, to_child, from_child):
        feeder = threading.Thread(target=_feed, args=(to_child, data), daemon=True)
        feeder.start()
        reply = from_child.read(MAX_REPLY + 1)
        if len(reply) > MAX_REPLY:
            process.kill()
        feeder.join()
        ended = process.wait()
    if ended or len(reply) > MAX_REPLY:
        raise InvalidInput(Code.FILE_UNREADABLE)
    return reply


@contextmanager
def _child(ending: str) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]]:
    """A child that is dead when the block ends, whatever happens, and after the wall clock in any case."""
    command = [sys.executable, "-I", "-B", "-X", "utf8", str(_CHILD), ending]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/", close_fds=True
    ) as process:
        alarm = threading.Timer(WALL_CLOCK_S, process.kill)
        alarm.start()
        try:
            yield process, cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        finally:
            alarm.cancel()
            process.kill()


def _feed(to_child: IO[bytes], data: bytes) -> None:
    try:
        to_child.write(data)
        to_child.close()
    except (BrokenPipeError, ValueError):
        pass  # the child is gone; its end tells
