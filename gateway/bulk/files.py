"""Extracts, lists and results on disk: CSV or Parquet, told apart by the ending of the name; columns by their headings.

Parquet needs pyarrow, which is only loaded when such a file is given.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.bulk.rows import Row

_BATCH = 10_000


class ColumnsMissing(ValueError):
    """The file lacks columns; the text names the columns, nothing of their content."""


def rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Rows with at least these columns; a missing value is "". Raises ``ColumnsMissing`` before the first row."""
    return _parquet_rows(path, columns) if path.suffix == ".parquet" else _csv_rows(path, columns)


def _csv_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        _require(columns, reader.fieldnames or ())
        for row in reader:
            yield {c: row[c] or "" for c in columns}


def _parquet_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    from pyarrow import parquet  # type: ignore[import-not-found,import-untyped,unused-ignore]

    file = parquet.ParquetFile(path)
    _require(columns, file.schema_arrow.names)
    for batch in file.iter_batches(_BATCH, columns=list(columns)):
        for row in batch.to_pylist():
            yield {c: _text(row[c]) for c in columns}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _require(columns: Sequence[str], present: Sequence[str]) -> None:
    missing = [c for c in columns if c not in present]
    if missing:
        raise ColumnsMissing(f"columns missing: {', '.join(missing)}")


class Journal:
    """A CSV that grows case by case and survives being stopped: what was half written is cut off when it is opened again.

    While it grows it is ``NAME.part`` beside ``NAME.progress``, which holds how many cases are whole and how many bytes they take.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._path, self._part, self._progress = path, path.with_name(path.name + ".part"), path.with_name(path.name + ".progress")
        self.done, size = self._resumed()
        self._file = self._part.open("r+b" if size else "wb")
        self._file.truncate(size)
        self._file.seek(size)
        if not size:
            self._file.write((",".join(columns) + "\r\n").encode())

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _resumed(self) -> tuple[int, int]:
        if not (self._part.exists() and self._progress.exists()):
            return 0, 0
        done, size = map(int, self._progress.read_text(encoding="ascii").split())
        return done, size

    def add(self, lines: Sequence[Mapping[str, str]]) -> None:
        """The lines of one more case."""
        for line in lines:
            self._file.write((",".join(_quoted(v) for v in line.values()) + "\r\n").encode())
        self._file.flush()
        self.done += 1
        self._progress.write_text(f"{self.done} {self._file.tell()}", encoding="ascii")

    def finish(self) -> None:
        """The result takes its own name."""
        self._file.close()
        self._part.replace(self._path)
        self._progress.unlink(missing_ok=True)


def _quoted(value: str) -> str:
    return f'"{value.replace(chr(34), chr(34) * 2)}"' if any(c in value for c in ',"\r\n') else value
