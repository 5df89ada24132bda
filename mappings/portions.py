"""The names and dates of birth of one person in the portions that one search of a system takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from gateway.domain.case_list import PersonName
from gateway.domain.releases import LookupRelease
from gateway.domain.sealed import Sealed

MOST_SEARCHES = 6
"""About one person in one look-up."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, repr=False)
class Portion(Sealed):
    """One search: any of these names with any of these whole dates; no dates means by name alone."""

    names: tuple[PersonName, ...]
    dates: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a system bears in one search: names, dates, letters of a family name and of a given name."""

    names: int
    dates: int
    family: int
    given: int


def portions(release: LookupRelease, sizes: Sizes) -> tuple[tuple[Portion, ...], bool]:
    """The searches, and whether they cover every name and date.

    A given name that is too long is left out: the search is then wider. A family name is never cut. Where a date is known only in part,
    one more search goes by name alone.
    """
    names = [_within(name, sizes) for name in release.names if 0 < len(name.family) <= sizes.family]
    dates = [day for day in (birth.whole for birth in release.birth_dates) if day]
    partial = len(dates) < len(release.birth_dates)
    found = [
        Portion(some_names, some_dates)
        for some_names in _chunks(list(dict.fromkeys(names)), sizes.names)
        for some_dates in [*(_chunks(list(dict.fromkeys(dates)), sizes.dates) if dates else [()]), *([()] if partial and dates else [])]
    ]
    complete = len(names) == len(release.names) and len(found) <= MOST_SEARCHES
    return tuple(found[:MOST_SEARCHES]), complete


def _within(name: PersonName, sizes: Sizes) -> PersonName:
    return PersonName(name.family, name.given if len(name.given) <= sizes.given else "")


def _chunks(items: Sequence[T], size: int) -> Iterator[tuple[T, ...]]:
    for start in range(0, len(items), size):
        yield tuple(items[start : start + size])
