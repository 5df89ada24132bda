"""An extract as columns: every distinct value once, every record as small numbers that point to them, and back.

A record with several names or dates of birth takes a row for each pairing; ``record`` says whose row it is. A record with absurdly many is
``crowded``: each value stands in some row, not each pairing, so whoever searches by rows must look at such a record in any case.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice, product
from math import prod

import numpy as np
import numpy.typing as npt

from gateway.bulk.rows import Packed, Row
from gateway.policy.identity.persons import Birth, Described, Home, Name

Codes = npt.NDArray[np.int32]
NOTHING = -1
"""The code of a field that a record says nothing about."""
MIDDLES = 3
_MOST_ROWS = 256


class Column:
    """Distinct values of one field and the rows that hold each of them. ``add`` rows first, then ``close`` it."""

    def __init__(self, values: Iterable[Hashable | None] = ()) -> None:
        self.number: dict[Hashable, int] = {}
        self._growing = array("i")
        for value in values:
            self.add(value)
        self.close()

    def add(self, value: Hashable | None) -> None:
        """The value of one more row."""
        self._growing.append(NOTHING if value is None else self.number.setdefault(value, len(self.number)))

    def close(self) -> Column:
        """Makes what was added ready to be looked up."""
        self.codes: Codes = np.array(self._growing, np.int32)
        self._growing = array("i")
        self.values: list[Hashable] = list(self.number)
        self._order = np.argsort(self.codes, kind="stable").astype(np.int32)
        self._starts = np.searchsorted(self.codes[self._order], np.arange(len(self.values) + 1)).astype(np.int64)
        return self

    def rows(self, codes: Iterable[int]) -> Codes:
        """Rows that hold any of these values."""
        slices = [self._order[self._starts[c] : self._starts[c + 1]] for c in codes]
        return np.concatenate(slices) if slices else np.empty(0, np.int32)


@dataclass(frozen=True)
class Extract:
    """An index, or a part of one. ``described`` gives each record as the scorer wants it; the columns are for finding and for counting."""

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
    crowded: tuple[int, ...] = ()

    @classmethod
    def of(cls, records: Iterable[tuple[str, Described]]) -> Extract:
        """Reads every record once and keeps its description, so that looking again is quickest."""
        kept: list[Described] = []

        def keeping() -> Iterator[tuple[str, Described]]:
            for key, one in records:
                kept.append(one)
                yield key, one

        return cls._from(keeping(), kept)

    @classmethod
    def packed(cls, rows: Iterable[Row]) -> Extract:
        """Reads every row of an index once and keeps it as text, so that a large part of an index takes little room."""
        kept = Packed()
        return cls._from(((row["rec_id"], kept.keep(row)) for row in rows), kept)

    @classmethod
    def _from(cls, records: Iterable[tuple[str, Described]], kept: Sequence[Described]) -> Extract:
        keys, record, columns, crowded = [], array("i"), [Column() for _ in range(8 + MIDDLES)], []
        for number, (key, one) in enumerate(records):
            keys.append(key)
            if _pairings(one) > _MOST_ROWS:
                crowded.append(number)
            for row in _rows(one):
                record.append(number)
                for column, value in zip(columns, _values(one, *row), strict=True):
                    column.add(value)
        given, family, tokens, birth, home, nhs, phone, sex, *middles = (c.close() for c in columns)
        return cls(keys, kept, np.array(record, np.int32), given, family, tokens, tuple(middles), birth, home, nhs, phone, sex, tuple(crowded))

    def __len__(self) -> int:
        return len(self.keys)


NOBODY = Name("", (), (), "", ())
_Described = tuple[Name, Birth | None, Home | None, str | None]


def _pairings(one: Described) -> int:
    return prod(max(1, len(values)) for values in (one.names, one.births, one.homes, one.phones))


def _rows(one: Described) -> Iterator[_Described]:
    values = one.names or (NOBODY,), one.births or (None,), one.homes or (None,), sorted(one.phones) or (None,)
    if _pairings(one) <= _MOST_ROWS:
        yield from product(*values)
    else:
        yield from islice(zip(*map(cycle, values), strict=False), max(map(len, values)))


def _values(one: Described, name: Name, born: Birth | None, home: Home | None, phone: str | None) -> tuple[Hashable | None, ...]:
    middles = (*name.middle, *[None] * MIDDLES)[:MIDDLES]
    family = (name.family, name.parts) if name.family else None
    return (name.given or None, family, name.tokens or None, born, home, one.nhs or None, phone, one.sex or None, *middles)
