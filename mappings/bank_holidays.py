"""Bank holidays of the three jurisdictions, from the ``holidays`` library and an override file for what is proclaimed late.

The override file (TOML) adds and removes days::

    [england-wales]
    add = [2023-05-08]
    remove = []
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from types import MappingProxyType

import holidays

from gateway.domain.calendar import BankHolidays
from gateway.domain.errors import Code, InvalidInput

JURISDICTIONS: Mapping[str, str] = MappingProxyType({"england-wales": "ENG", "scotland": "SCT", "northern-ireland": "NIR"})
"""Our names, with the library's. Wales has the same bank holidays as England."""
KNOWN_YEARS = frozenset(range(2000, 2051))
"""Years whose rules the library knows. Other years count as known once the override file names a day of theirs."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """Days to add and to take away, by jurisdiction."""

    added: Mapping[str, frozenset[date]] = field(default_factory=dict)
    removed: Mapping[str, frozenset[date]] = field(default_factory=dict)


def read_overrides(text: str) -> Overrides:
    """The override file. Raises ``InvalidInput(HOLIDAY_FILE_INVALID)`` for any key or value that is not understood."""
    try:
        tables = tomllib.loads(text)
        return Overrides(*({name: _days(table, key) for name, table in tables.items()} for key in ("add", "remove")))
    except (tomllib.TOMLDecodeError, ValueError):
        pass
    raise InvalidInput(Code.HOLIDAY_FILE_INVALID)


def _days(table: object, key: str) -> frozenset[date]:
    if not isinstance(table, dict) or not table.keys() <= {"add", "remove"}:
        raise ValueError(key)
    days = table.get(key, [])
    if not isinstance(days, list) or not all(type(day) is date for day in days):
        raise ValueError(key)
    return frozenset(days)


def bank_holidays(jurisdiction: str, overrides: Overrides | None = None) -> BankHolidays:
    """The bank holidays of a jurisdiction. Raises ``InvalidInput`` for an unknown one, also when the override file names it."""
    overrides = overrides or Overrides()
    if not {jurisdiction, *overrides.added, *overrides.removed} <= JURISDICTIONS.keys():
        raise InvalidInput(Code.JURISDICTION_UNKNOWN)
    added = overrides.added.get(jurisdiction, frozenset())
    days = (_library(jurisdiction) | added) - overrides.removed.get(jurisdiction, frozenset())
    return BankHolidays(jurisdiction, days, KNOWN_YEARS | {day.year for day in added})


@lru_cache
def _library(jurisdiction: str) -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv=JURISDICTIONS[jurisdiction], years=KNOWN_YEARS))
