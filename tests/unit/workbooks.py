"""Workbooks for tests: good ones, and ones with something in the package that has no place in a case list."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence

from openpyxl import Workbook

LIST = (
    ("Case no", "Role", "Surname", "First name", "DOB"),
    ("1", "V", "Smith", "Jane", "31/01/1980"),
    ("1", "P", "Jones", "Tom", "30/01/1979"),
)


def workbook(rows: Iterable[Sequence[object]] = LIST) -> bytes:
    """An .xlsx file with one sheet of these rows."""
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    return saved(book)


def saved(book: Workbook) -> bytes:
    """The bytes of a workbook."""
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def parts_of(data: bytes) -> dict[str, bytes]:
    """The parts of a package by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def package(parts: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip package of these parts."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as written:
        for name, content in parts.items():
            written.writestr(name, content)
    return data.getvalue()


def with_parts(**changed: bytes) -> bytes:
    """The good workbook with parts added or replaced; ``__`` in a name stands for a slash, ``_dot_`` for a dot."""
    named = {name.replace("__", "/").replace("_dot_", "."): content for name, content in changed.items()}
    return package({**parts_of(workbook()), **named})


def with_sheet_xml(xml: str) -> bytes:
    """The good workbook whose sheet is this XML."""
    return package({**parts_of(workbook()), "xl/worksheets/sheet1.xml": xml.encode()})


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet_xml(rows: str) -> str:
    """A sheet with these row elements."""
    return f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
