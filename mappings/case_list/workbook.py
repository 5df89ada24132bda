"""An .xlsx workbook as cells. Runs only in the limited child process: it hands a stranger's file to a parser.

openpyxl and not calamine: calamine gives error cells as empty ones, so that a name behind ``#REF!`` would go missing unseen, and it
does not tell hidden rows, formats of dates, or formulas that were never worked out.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from gateway.domain.errors import Code, InvalidInput
from mappings.case_list.grid import MAX_CELL, MAX_COLUMNS, MAX_ROWS, Block, Book, Cell, CellKind, Row, Sheet
from mappings.case_list.package import check_workbook

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_QUOTED_FORMAT = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')


def read_workbook(data: bytes) -> Book:
    """All sheets of the workbook. Raises ``InvalidInput`` when the package is refused or too long, and whatever openpyxl raises."""
    check_workbook(data)
    book = _load(data, values=False)
    values = _load(data, values=True) if _has_formulas(book) else book
    sheets = tuple(_sheet(sheet, values[sheet.title]) for sheet in book.worksheets)
    return Book(sheets=sheets, year_zero=1904 if book.epoch.year == 1904 else 1900)


def _load(data: bytes, *, values: bool) -> Any:
    from openpyxl import load_workbook

    return load_workbook(io.BytesIO(data), data_only=values, keep_links=False)


def _cells(sheet: Any) -> Iterator[Any]:
    """The cells that are there, by row and column. The public iterators make a cell for every gap up to the last formatted row."""
    return (cell for _, cell in sorted(sheet._cells.items()))  # noqa: SLF001


def _has_formulas(book: Any) -> bool:
    return any(cell.data_type == "f" for sheet in book.worksheets for cell in _cells(sheet))


def _sheet(sheet: Any, values: Any) -> Sheet:
    return Sheet(
        rows=_rows(sheet, values),
        hidden=sheet.sheet_state != "visible",
        hidden_rows=frozenset(number for number, row in sheet.row_dimensions.items() if row.hidden or row.height == 0),
        hidden_columns=frozenset(islice(_hidden_columns(sheet), MAX_COLUMNS)),
        merged=tuple(_block(block) for block in sheet.merged_cells.ranges),
    )


def _hidden_columns(sheet: Any) -> Iterator[int]:
    for column in sheet.column_dimensions.values():
        if column.hidden or column.width == 0:
            yield from range(column.min - 1, min(column.max, MAX_COLUMNS))


def _block(block: Any) -> Block:
    return block.min_row, block.min_col - 1, block.max_row, block.max_col - 1


def _rows(sheet: Any, values: Any) -> dict[int, Row]:
    rows: dict[int, dict[int, Cell]] = {}
    for cell in _cells(sheet):
        read = _cell(cell, values)
        if read is None:
            continue
        if cell.column > MAX_COLUMNS:
            raise InvalidInput(Code.LIST_TOO_LONG)
        rows.setdefault(cell.row, {})[cell.column - 1] = read
    if len(rows) > MAX_ROWS:
        raise InvalidInput(Code.LIST_TOO_LONG)
    return {number: tuple(cells.get(at) for at in range(max(cells) + 1)) for number, cells in rows.items()}


def _cell(cell: Any, values: Any) -> Cell | None:
    if cell.data_type == "f":
        worked_out = values._cells.get((cell.row, cell.column))  # noqa: SLF001
        if worked_out is None or worked_out.value is None:
            return Cell("uncalculated", "")
        cell = worked_out
    if cell.value is None:
        return None
    kind, text, shows = _read(cell)
    if len(text) > MAX_CELL:
        raise InvalidInput(Code.FILE_CELL_TOO_LONG)
    return Cell(kind, text, shows) if text.strip() or kind == "error" else None


def _read(cell: Any) -> tuple[CellKind, str, str]:
    value = cell.value
    if cell.data_type == "e":
        return "error", "", ""
    if isinstance(value, bool):
        return "yes_no", str(int(value)), ""
    if isinstance(value, datetime | date):
        moment = value if isinstance(value, datetime) else datetime.combine(value, time())
        return "date", moment.isoformat(), _shows(cell.number_format)
    if isinstance(value, int | float):
        return "number", _number(value), ""
    return "text", _ESCAPED.sub(lambda m: _unescaped(m[1]), str(value)), ""


def _number(value: float) -> str:
    return str(int(value)) if value == value // 1 and abs(value) < 1e15 else repr(value)


def _shows(number_format: str) -> str:
    """Which of ``ymd`` a date format shows. ``m`` next to hours is minutes, but a format with hours shows the whole date or none."""
    plain = _QUOTED_FORMAT.sub("", number_format.split(";", maxsplit=1)[0]).lower()
    return "".join(letter for letter in "ymd" if letter in plain)


def _unescaped(code: str) -> str:
    """Excel writes a control character as ``_x000D_``; only tab and line ends mean anything here."""
    character = chr(int(code, 16))
    return {"\r": "", "\n": "\n", "\t": "\t"}.get(character, f"_x{code}_")
