"""A CSV file as cells. The encoding is told only when it is certain, the delimiter by the headings it brings out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from itertools import islice

from gateway.domain.errors import Code, InvalidInput
from mappings.case_list.columns import recognise
from mappings.case_list.grid import MAX_CELL, MAX_COLUMNS, MAX_ROWS, Book, Cell, Row, Sheet

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_DELIMITERS = (",", ";", "\t")
_HEADING_ROWS = 30
_HEADING_TEXT = 50_000
"""Characters from the start in which the headings are looked for."""
_NAMED_DELIMITER = re.compile(r"sep=([,;\t])\r?\n?", re.IGNORECASE)
_GUARDED = re.compile(r"^'(?=[=+\-@\t\r])")
"""The apostrophe with which careful writers keep a spreadsheet from taking a text for a formula."""
# Bytes that only Windows text of Western Europe would hold in a list of people: pound sign, curly quotes, dashes, no-break space, degree sign,
# and accented letters that stand next to a letter. MacRoman keeps its accented letters at 80-9F and its quotes at D2-D5.
_SIGNS = rb"\x85\x91-\x94\x96\x97\xa0\xa3\xb0"
_ACCENTED = rb"\xc0-\xd1\xd6\xd9-\xf6\xf8-\xff"
_UNCERTAIN = re.compile(rb"[^\x00-\x7f%b%b]|(?<![A-Za-z])[%b](?![A-Za-z])" % (_SIGNS, _ACCENTED, _ACCENTED))


def read_delimited(data: bytes) -> Book:
    """The one sheet of the file. Raises ``InvalidInput`` when the encoding is uncertain or a cell or the file is too long."""
    text, codes = decode(data)
    if "\x00" in text:
        raise InvalidInput(Code.FILE_ENCODING_UNCERTAIN)
    rows, faults = split_rows(text, _delimiter(text))
    return Book(sheets=(Sheet(rows=rows),), codes=codes, faults=faults)


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The text, and a code when its encoding was concluded and not declared."""
    try:
        for mark, encoding in _BOMS:
            if data.startswith(mark):
                return data[len(mark) :].decode(encoding), ()
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        pass
    if any(data.startswith(mark) for mark, _ in _BOMS) or _UNCERTAIN.search(data):
        raise InvalidInput(Code.FILE_ENCODING_UNCERTAIN)
    return data.decode("cp1252"), (Code.FILE_ENCODING_ASSUMED.value,)


def _delimiter(text: str) -> str:
    """The delimiter that the file names, else the one under which the most headings are recognised."""
    named = _NAMED_DELIMITER.match(text)
    return named[1] if named else max(_DELIMITERS, key=lambda delimiter: _headings_found(text, delimiter))


def _headings_found(text: str, delimiter: str) -> int:
    start = csv.reader(io.StringIO(text[:_HEADING_TEXT], newline=""), delimiter=delimiter)
    try:
        return max((len({recognise(cell) for cell in row} - {None}) for row in islice(start, _HEADING_ROWS)), default=0)
    except csv.Error:
        return 0


def split_rows(text: str, delimiter: str) -> tuple[dict[int, Row], tuple[tuple[int, str], ...]]:
    """Rows by number, each with its cells, and the row at which the quotation marks break, if they do."""
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: dict[int, Row] = {}
    number = 0
    try:
        for number, fields in enumerate(reader, start=1):
            if len(fields) > MAX_COLUMNS:
                raise InvalidInput(Code.LIST_TOO_LONG)
            if not (number == 1 and _NAMED_DELIMITER.fullmatch(delimiter.join(fields))) and any(map(str.strip, fields)):
                rows[number] = _row(fields)
            if len(rows) > MAX_ROWS:
                raise InvalidInput(Code.LIST_TOO_LONG)
    except csv.Error as fault:
        if "field limit" in str(fault):
            raise InvalidInput(Code.FILE_CELL_TOO_LONG) from None
        return rows, ((number + 1, Code.FILE_QUOTES_BROKEN.value),)
    return rows, ()


def _row(fields: Iterable[str]) -> Row:
    return tuple(Cell("text", _GUARDED.sub("", field)) if field.strip() else None for field in fields)
