"""Reading a TOML table with every key checked: wrong, missing and unknown keys are collected, each with what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in an agency's folder: the file, the key as a dotted path ("" for the file as a whole), and the fix."""

    file: str
    key: str
    fix: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.fix}" if self.key else f"{self.file}: {self.fix}"


@dataclass(slots=True)
class Table:
    """A table of a file. Reading a key marks it as known; ``close`` reports the keys that nobody read. Values are never repeated."""

    file: str
    content: Mapping[str, Any]
    problems: list[Problem]
    path: str = ""
    _read: set[str] = field(default_factory=set)

    def wrong(self, key: str, fix: str) -> None:
        """Reports a key."""
        self.problems.append(Problem(self.file, f"{self.path}{key}", fix))

    def text(self, key: str, pattern: str = r".+", says: str = "write a text", default: str | None = None) -> str:
        """A text that matches ``pattern``; ``says`` is the fix. Without a default the key must be there."""
        value = self._value(key, default, says)
        if isinstance(value, str) and (value == default or re.fullmatch(pattern, value)):
            return value
        self._complain(key, value, says)
        return default or ""

    def texts(self, key: str, says: str) -> tuple[str, ...]:
        """A list of texts, not empty."""
        value = self._value(key, None, says)
        if isinstance(value, list) and value and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        self._complain(key, value, says)
        return ()

    def one_of(self, key: str, kind: type[E]) -> E | None:
        """One word of an enumeration."""
        says = f"write one of: {', '.join(kind)}"
        value = self._value(key, None, says)
        if isinstance(value, str) and value in set(kind):
            return kind(value)
        self._complain(key, value, says)
        return None

    def some_of(self, key: str, kind: type[E], default: Iterable[E] | None = None) -> frozenset[E]:
        """A list of words of an enumeration."""
        says = f"write a list of: {', '.join(kind)}"
        value = self._value(key, None if default is None else list(default), says)
        if isinstance(value, list) and all(isinstance(item, str) and item in set(kind) for item in value):
            return frozenset(kind(item) for item in value)
        self._complain(key, value, says)
        return frozenset()

    def day(self, key: str) -> date:
        """A date."""
        says = "write a date, for example 2026-04-01 (without quotation marks)"
        value = self._value(key, None, says)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        self._complain(key, value, says)
        return date.min

    def number(self, key: str, least: float, most: float, default: float) -> float:
        """A number between two bounds, both allowed."""
        says = f"write a number from {least:g} to {most:g}"
        value = self._value(key, default, says)
        if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
            return float(value)
        self._complain(key, value, says)
        return default

    def switch(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self._value(key, default, says := "write true or false")
        if isinstance(value, bool):
            return value
        self._complain(key, value, says)
        return default

    def table(self, key: str) -> Table:
        """A table inside; an empty one where there is none."""
        value = self._value(key, {}, says := "write a table in square brackets")
        if not isinstance(value, dict):
            self._complain(key, value, says)
            value = {}
        return Table(self.file, value, self.problems, f"{self.path}{key}.")

    def tables(self, key: str) -> tuple[Table, ...]:
        """A list of tables (``[[key]]``); none where there is none."""
        value = self._value(key, [], says := "write each as a table in double square brackets")
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            self._complain(key, value, says)
            return ()
        return tuple(Table(self.file, entry, self.problems, f"{self.path}{key}[{number}].") for number, entry in enumerate(value, 1))

    def names(self) -> tuple[str, ...]:
        """Every key of the table, as read."""
        self._read.update(self.content)
        return tuple(self.content)

    def close(self) -> None:
        """Reports every key that nobody read: a misspelt key must not silently change what is shared."""
        for key in self.content:
            if key not in self._read:
                self.wrong(key, f"remove it, or correct its name; known here: {', '.join(sorted(self._read)) or 'nothing'}")

    def _value(self, key: str, default: object, says: str) -> Any:
        self._read.add(key)
        if key not in self.content and default is None:
            self.wrong(key, f"is missing; {says}")
        return self.content.get(key, default)

    def _complain(self, key: str, value: object, says: str) -> None:
        if value is not None:  # a missing key has been reported
            self.wrong(key, says)
