"""Cells as they stand in a file, before anybody asks what they mean; what the limited child process hands to its parent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from typing import Literal

import msgspec

from gateway.domain.errors import Code, InvalidInput
from gateway.domain.sealed import SEALED

MAX_ROWS = 5_000
MAX_COLUMNS = 256
MAX_CELL = 4_000
MAX_CHARACTERS = 1_000_000
"""In all cells together; 500 cases of five people have less than half of it."""
MAX_REPLY = 4 * 1024 * 1024

CellKind = Literal["text", "number", "date", "yes_no", "error", "uncalculated", "too_long"]


class Cell(msgspec.Struct, frozen=True, array_like=True):
    """One cell that is not empty. ``text`` is what it holds: a date as ISO with its time, a number without needless zeros.

    ``shows`` is for dates: which of ``y``, ``m``, ``d`` the cell's format shows (a typed "Nov 84" is stored as a whole date).
    """

    kind: CellKind
    text: str
    shows: str = ""

    def __repr__(self) -> str:
        return f"Cell{SEALED}"

    @property
    def moment(self) -> datetime | None:
        """The date and time of a date cell."""
        return datetime.fromisoformat(self.text) if self.kind == "date" else None

    def plain(self) -> str:
        """The cell as a person would type it: dates day first, yes and no as words, all else as it stands."""
        if self.kind == "yes_no":
            return "Yes" if self.text == "1" else "No"
        moment = self.moment
        if moment is None:
            return self.text
        return f"{moment:%d/%m/%Y}" if moment.time() == time() else f"{moment:%d/%m/%Y %H:%M}"


Row = tuple[Cell | None, ...]
Block = tuple[int, int, int, int]
"""A merged block of cells: first row, first column, last row, last column; rows count from 1, columns from 0."""


class Sheet(msgspec.Struct, frozen=True):
    """``rows`` by row number as the spreadsheet shows it; empty rows are left out. Columns count from 0."""

    rows: dict[int, Row]
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merged: tuple[Block, ...] = ()

    def __repr__(self) -> str:
        return f"Sheet{SEALED}"


class Book(msgspec.Struct, frozen=True):
    """A file of cells. ``codes`` are findings about the file as a whole; ``faults`` are (row, code) where a row could not be read.

    ``year_zero`` is the calendar of its serial dates, 1900 or 1904; 0 where the file has none (CSV).
    """

    sheets: tuple[Sheet, ...]
    year_zero: Literal[0, 1900, 1904] = 0
    codes: tuple[str, ...] = ()
    faults: tuple[tuple[int, str], ...] = ()

    def __repr__(self) -> str:
        return f"Book{SEALED}"


class Refusal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The child's other answer: the file as a whole was refused."""

    refused: str


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The child's answer: exactly one of the two."""

    book: Book | None = None
    refusal: Refusal | None = None


def write_reply(reply: Reply) -> bytes:
    """As strict JSON; a book that is too long becomes a refusal."""
    data = msgspec.json.encode(reply)
    too_long = len(data) > MAX_REPLY or (reply.book is not None and _characters(reply.book) > MAX_CHARACTERS)
    return msgspec.json.encode(Reply(refusal=Refusal(Code.LIST_TOO_LONG.value))) if too_long else data


def read_reply(data: bytes) -> Book:
    """The book that the child read. Raises ``InvalidInput``: its refusal, or ``FILE_UNREADABLE`` for anything it should not have said."""
    try:
        reply = msgspec.json.decode(data, type=Reply)
        if reply.book is not None and reply.refusal is None:
            return _checked(reply.book)
        refused = Code(reply.refusal.refused) if reply.refusal else Code.FILE_UNREADABLE
    except (msgspec.MsgspecError, ValueError, RecursionError):
        refused = Code.FILE_UNREADABLE
    raise InvalidInput(refused)


def _cells(book: Book) -> Iterator[Cell]:
    return (cell for sheet in book.sheets for row in sheet.rows.values() for cell in row if cell)


def _characters(book: Book) -> int:
    return sum(len(cell.text) for cell in _cells(book))


def _checked(book: Book) -> Book:
    """The book again, when it keeps the limits and every code and date in it is one; raises ``ValueError`` otherwise."""
    for code in (*book.codes, *(code for _, code in book.faults)):
        Code(code)
    for sheet in book.sheets:
        if len(sheet.rows) > MAX_ROWS or any(len(row) > MAX_COLUMNS for row in sheet.rows.values()):
            raise ValueError("size")
    for cell in _cells(book):
        if len(cell.text) > MAX_CELL or (cell.moment is not None and cell.moment.tzinfo is not None):
            raise ValueError("cell")
    if _characters(book) > MAX_CHARACTERS:
        raise ValueError("size")
    return book
