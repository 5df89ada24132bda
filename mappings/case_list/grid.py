"""Cells as they stand in a file, before anybody asks what they mean; what the limited child process hands to its parent."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Literal

import msgspec

from gateway.domain.errors import Code, InvalidInput
from gateway.domain.sealed import SEALED

MAX_ROWS = 5_000
MAX_COLUMNS = 256
MAX_CELL = 4_000

CellKind = Literal["text", "number", "date", "yes_no", "error", "uncalculated"]


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
    """As strict JSON."""
    return msgspec.json.encode(reply)


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


def _checked(book: Book) -> Book:
    """The book again, when every cell keeps the limits; raises ``ValueError`` otherwise."""
    codes = {Code(code) for code in book.codes} | {Code(code) for _, code in book.faults}
    cells = [cell for sheet in book.sheets for row in sheet.rows.values() for cell in row if cell]
    fits = all(len(sheet.rows) <= MAX_ROWS and all(len(r) <= MAX_COLUMNS for r in sheet.rows.values()) for sheet in book.sheets)
    if not fits or any(len(cell.text) > MAX_CELL for cell in cells) or len(codes) > len(Code):
        raise ValueError("limits")
    for cell in cells:
        if cell.kind == "date" and not isinstance(cell.moment, date):
            raise ValueError("date")
    return book
