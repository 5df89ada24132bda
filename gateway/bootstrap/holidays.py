"""Bank holidays for the use cases: the library's, with the Marac's own file where one is named."""

from __future__ import annotations

from pathlib import Path

from gateway.domain.calendar import BankHolidays
from mappings.bank_holidays import Overrides, bank_holidays, read_overrides


class Holidays:
    """Implements ``services.ports.HolidayBook``. Raises ``InvalidInput`` for a file that is not understood."""

    def __init__(self, own_file: Path | None = None) -> None:
        self._overrides = read_overrides(own_file.read_text(encoding="utf-8")) if own_file else Overrides()

    def of(self, jurisdiction: str) -> BankHolidays:
        """The bank holidays of ``england-wales``, ``scotland`` or ``northern-ireland``."""
        return bank_holidays(jurisdiction, self._overrides)
