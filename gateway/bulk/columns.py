"""An extract as columns: every distinct value once, every record as small numbers that point to them, and back.

A record with several names or dates of birth takes a row for each pairing; ``record`` says whose row it is.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from gateway.policy.identity.persons import Birth, Described, Home, Name

Codes = npt.NDArray[np.int32]
NOTHING = -1
"""The code of a field that a record says nothing about."""
MIDDLES = 3


class Column:
    """Distinct values of one field and the rows that hold each of them."""

    def __init__(self, values: Iterable[Hashable | None]) -> None:
        numbers: dict[Hashable, int] = {}
        self.codes: Codes = np.fromiter((NOTHING if v is None else numbers.setdefault(v, len(numbers)) for v in values), np.int32)
        self.number = numbers
        self.values: list[Hashable] = list(numbers)
        self._order = np.argsort(self.codes, kind="stable").astype(np.int32)
        self._starts = np.searchsorted(self.codes[self._order], np.arange(len(self.values) + 1)).astype(np.int64)

    def rows(self, codes: Iterable[int]) -> Codes:
        """Rows that hold any of these values."""
        slices = [self._order[self._starts[c] : self._starts[c + 1]] for c in codes]
        return np.concatenate(slices) if slices else np.empty(0, np.int32)


@dataclass(frozen=True)
class Extract:
    """A whole index. ``described`` holds each record as the scorer wants it; the columns are for finding and for counting."""

    keys: Sequence[str]
    described: Sequence[Described]
    record: Codes
    given: Column
    family: Column
    tokens: Column
    middles: tuple[Column, ...]
    birth: Column
    home: Column
    nhs: Column
    phone: Column
    sex: Column

    @classmethod
    def of(cls, records: Iterable[tuple[str, Described]]) -> Extract:
        """Reads every record once."""
        keys, described = zip(*records, strict=True)
        rows = [(n, *row) for n, one in enumerate(described) for row in _rows(one)]
        names = [name for _, name, *_ in rows]
        return cls(
            keys,
            described,
            np.fromiter((r[0] for r in rows), np.int32),
            Column(n.given or None for n in names),
            Column((n.family, n.parts) if n.family else None for n in names),
            Column(n.tokens or None for n in names),
            tuple(Column(n.middle[i] if len(n.middle) > i else None for n in names) for i in range(MIDDLES)),
            Column(r[2] for r in rows),
            Column(r[3] for r in rows),
            Column(described[r[0]].nhs or None for r in rows),
            Column(r[4] for r in rows),
            Column(described[r[0]].sex or None for r in rows),
        )

    def __len__(self) -> int:
        return len(self.keys)


NOBODY = Name("", (), (), "", ())
Row = tuple[Name, Birth | None, Home | None, str | None]


def _rows(one: Described) -> Iterator[Row]:
    yield from product(one.names or (NOBODY,), one.births or (None,), one.homes or (None,), sorted(one.phones) or (None,))
