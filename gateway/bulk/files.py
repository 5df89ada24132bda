"""Extracts, lists and results on disk: CSV or Parquet, told apart by the ending of the name; columns by their headings.

A file is read through once before anything else (``Source.checked``), so that what is wrong with it is told at once and by line; after that
any row is found by its number, and no file is ever held whole. Parquet needs pyarrow, which is only loaded when such a file is given.
"""

from __future__ import annotations

import csv
import os
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

from gateway.bulk.rows import Row

Places = npt.NDArray[np.int64]
_BATCH = 10_000
_LONGEST_LINE = 1 << 20
_UTF8_MARK, _OTHER_MARKS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")


class Fault(StrEnum):
    """Why a file is refused."""

    COLUMNS_MISSING = "columns missing"
    COLUMNS_TWICE = "columns twice"
    NOT_UTF8 = "not UTF-8"
    BROKEN = "not a readable table"
    UNEVEN = "a row with more or fewer fields than the headings"
    ID_EMPTY = "an empty id"
    ID_TWICE = "an id that stood before"
    CHANGED = "changed since this work was begun"
    NO_PARQUET = "Parquet needs the package pyarrow"


class FileRefused(ValueError):
    """A file cannot be used. ``where``: names of columns or the number of a line, 1 being the headings; never a value of the file."""

    def __init__(self, path: Path, fault: Fault, where: str = "") -> None:
        super().__init__(f"{path.name}: {fault}{f': {where}' if where else ''}")
        self.fault, self.where = fault, where


class Source(Protocol):
    """A file of rows that are found by their number, the first being 0."""

    path: Path

    def __len__(self) -> int: ...

    def span(self, start: int, stop: int) -> Iterator[Row]:
        """Rows from ``start`` to before ``stop``."""

    def at(self, numbers: Iterable[int]) -> dict[int, Row]:
        """The rows of these numbers."""


def source(path: Path, columns: Sequence[str]) -> Source:
    """The file, checked from end to end; the first of ``columns`` is its id. Raises ``FileRefused``."""
    return ParquetSource(path, columns) if path.suffix == ".parquet" else CsvSource(path, columns)


def rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """All rows of a checked file; a missing value is "". Raises ``FileRefused`` before the first row."""
    checked = source(path, columns)
    return checked.span(0, len(checked))


# --------------------------------------------------------------------------------------------------------------------- CSV


class CsvSource:
    """A CSV file in UTF-8. ``places``: where each row starts, 8 bytes a row; given when the file was checked before."""

    def __init__(self, path: Path, columns: Sequence[str], places: Places | None = None) -> None:
        self.path, self._columns = path, tuple(columns)
        with path.open("rb") as file:
            self._headings = next(_parsed(path, file), ([], 0))[0]
        _require(path, columns, self._headings)
        self._wanted = [self._headings.index(c) for c in columns]
        self.places = self._checked() if places is None else places

    def __len__(self) -> int:
        return len(self.places)

    def _checked(self) -> Places:
        places, ids = array("q"), Ids(self.path)
        with self.path.open("rb") as file:
            parsed = _parsed(self.path, file)
            _, place = next(parsed)
            for number, (fields, end) in enumerate(parsed, 2):
                if fields:
                    if len(fields) != len(self._headings):
                        raise FileRefused(self.path, Fault.UNEVEN, f"row {number}")
                    ids.add(fields[self._wanted[0]], number)
                    places.append(place)
                place = end
        ids.judge()
        return np.frombuffer(places, np.int64) if places else np.empty(0, np.int64)

    def span(self, start: int, stop: int) -> Iterator[Row]:
        """Rows from ``start`` to before ``stop``."""
        if start < stop:
            with self.path.open("rb") as file:
                file.seek(int(self.places[start]))
                left = stop - start
                for fields, _ in _parsed(self.path, file):
                    if fields:
                        yield self._row(fields)
                        left -= 1
                    if not left:
                        return

    def at(self, numbers: Iterable[int]) -> dict[int, Row]:
        """The rows of these numbers."""
        with self.path.open("rb") as file:
            found = {}
            for number in sorted(set(numbers)):
                file.seek(int(self.places[number]))
                found[number] = self._row(next(_parsed(self.path, file))[0])
        return found

    def _row(self, fields: Sequence[str]) -> Row:
        return {c: fields[n] for c, n in zip(self._columns, self._wanted, strict=True)}


def _parsed(path: Path, file: BinaryIO) -> Iterator[tuple[list[str], int]]:
    """The fields of each row and where the next one starts."""
    lines = _Lines(path, file)
    reader = csv.reader(lines, strict=True)
    try:
        for fields in reader:
            yield fields, lines.end
    except csv.Error:
        raise FileRefused(path, Fault.BROKEN, f"line {lines.number}") from None


class _Lines:
    """Lines of a file as text; ``end`` is where the last one that was read ends."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path, self._file = path, file
        self.end, self.number = file.tell(), 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._file.readline(_LONGEST_LINE)
        if not line:
            raise StopIteration
        first, self.number = self.end == 0, self.number + 1
        self.end += len(line)
        if len(line) == _LONGEST_LINE:
            raise FileRefused(self._path, Fault.BROKEN, f"line {self.number} is too long")
        if first and line.startswith(_OTHER_MARKS):
            raise FileRefused(self._path, Fault.NOT_UTF8, "line 1")
        try:
            return line.removeprefix(_UTF8_MARK if first else b"").decode("utf-8")
        except UnicodeDecodeError:
            raise FileRefused(self._path, Fault.NOT_UTF8, f"line {self.number}") from None


# ----------------------------------------------------------------------------------------------------------------- Parquet


class ParquetSource:
    """A Parquet file, read in batches."""

    def __init__(self, path: Path, columns: Sequence[str], checked: bool = False) -> None:
        try:
            from pyarrow import ArrowInvalid, parquet  # type: ignore[import-not-found,import-untyped,unused-ignore]
        except ImportError:
            raise FileRefused(path, Fault.NO_PARQUET) from None
        try:
            self._file = parquet.ParquetFile(path)
        except ArrowInvalid:
            raise FileRefused(path, Fault.BROKEN) from None
        self.path, self._columns = path, tuple(columns)
        _require(path, columns, self._file.schema_arrow.names)
        if not checked:
            self._check()

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def _check(self) -> None:
        ids = Ids(self.path)
        for number, row in enumerate(self.span(0, len(self)), 2):
            ids.add(row[self._columns[0]], number)
        ids.judge()

    def span(self, start: int, stop: int) -> Iterator[Row]:
        """Rows from ``start`` to before ``stop``."""
        for first, size, group in self._groups():
            if first < stop and first + size > start:
                for number, row in enumerate(self._group(group), first):
                    if start <= number < stop:
                        yield row

    def at(self, numbers: Iterable[int]) -> dict[int, Row]:
        """The rows of these numbers."""
        wanted, found = set(numbers), {}
        for first, size, group in self._groups():
            if not wanted.isdisjoint(range(first, first + size)):
                found.update({n: row for n, row in enumerate(self._group(group), first) if n in wanted})
        return found

    def _groups(self) -> Iterator[tuple[int, int, int]]:
        first = 0
        for group in range(self._file.metadata.num_row_groups):
            size = self._file.metadata.row_group(group).num_rows
            yield first, size, group
            first += size

    def _group(self, group: int) -> Iterator[Row]:
        for batch in self._file.iter_batches(_BATCH, row_groups=[group], columns=list(self._columns)):
            for row in batch.to_pylist():
                yield {c: _text(row[c]) for c in self._columns}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


# ------------------------------------------------------------------------------------------------------------------ checks


def _require(path: Path, columns: Sequence[str], present: Sequence[str]) -> None:
    if missing := [c for c in columns if c not in present]:
        raise FileRefused(path, Fault.COLUMNS_MISSING, ", ".join(missing))
    if twice := [c for c in columns if list(present).count(c) > 1]:
        raise FileRefused(path, Fault.COLUMNS_TWICE, ", ".join(twice))


class Ids:
    """Whether every id stands once: by digests of 8 bytes, so that millions take little room."""

    def __init__(self, path: Path) -> None:
        self._path, self._digests, self._numbers = path, array("Q"), array("q")

    def add(self, value: str, number: int) -> None:
        """The id of a row. Raises ``FileRefused`` when it is empty."""
        if not value.strip():
            raise FileRefused(self._path, Fault.ID_EMPTY, f"row {number}")
        self._digests.append(int.from_bytes(blake2b(value.encode(), digest_size=8).digest(), "little"))
        self._numbers.append(number)

    def judge(self) -> None:
        """Raises ``FileRefused`` with the row of an id that stood before."""
        digests = np.array(self._digests, np.uint64)
        order = np.argsort(digests, kind="stable")
        again = np.flatnonzero(digests[order][1:] == digests[order][:-1]) + 1
        if len(again):
            raise FileRefused(self._path, Fault.ID_TWICE, f"row {self._numbers[int(order[again].min())]}")


# ------------------------------------------------------------------------------------------------------------------ result


class Journal:
    """A CSV that grows part by part and survives being killed: what was half written is cut off when it is opened again.

    While it grows it is ``NAME.part`` in ``folder`` beside ``NAME.progress``, which says how many parts are whole and how many bytes they take.
    """

    def __init__(self, folder: Path, name: str, columns: Sequence[str]) -> None:
        self.part, self._progress = folder / f"{name}.part", folder / f"{name}.progress"
        self.done, size = self._resumed()
        self._file = self.part.open("r+b" if size else "wb")
        self._file.truncate(size)
        self._file.seek(size)
        if not size:
            self._file.write((",".join(columns) + "\r\n").encode())

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _resumed(self) -> tuple[int, int]:
        if not (self.part.exists() and self._progress.exists()):
            return 0, 0
        done, size = map(int, self._progress.read_text(encoding="ascii").split())
        return done, size

    def add(self, lines: Iterable[Mapping[str, str]]) -> None:
        """The lines of one more part."""
        for line in lines:
            self._file.write((",".join(_quoted(v) for v in line.values()) + "\r\n").encode())
        settled(self._file)
        self.done += 1
        replaced(self._progress, f"{self.done} {self._file.tell()}".encode("ascii"))


def _quoted(value: str) -> str:
    return f'"{value.replace(chr(34), chr(34) * 2)}"' if any(c in value for c in ',"\r\n') else value


def settled(file: BinaryIO) -> None:
    """Everything written so far is on the disk."""
    file.flush()
    os.fsync(file.fileno())


def replaced(path: Path, content: bytes) -> None:
    """Writes a file as a whole: whoever looks sees all of it or the one before. Several may do so at once."""
    passing = path.with_name(f"{path.name}.{os.getpid()}.new")
    with passing.open("wb") as file:
        file.write(content)
        settled(file)
    passing.replace(path)
