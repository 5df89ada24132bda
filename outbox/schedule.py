"""When a message is tried again, and when not any more. Pure: the same message gives the same answer, and no two wait alike."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

_SPREAD = 0.2
"""A delay is lengthened or shortened by up to this share, so that what failed together does not come back together."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Delays grow from ``first_s`` by ``factor`` up to ``longest_s``; after ``attempts`` in all nothing more is tried.

    ``patience_s`` bounds what a destination may ask for with Retry-After.
    """

    first_s: float = 30.0
    factor: float = 2.0
    longest_s: float = 3_600.0
    attempts: int = 12
    patience_s: float = 6 * 3_600.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """A pace for each kind of message, and one for all others."""

    default: Pace = Pace()
    by_kind: Mapping[str, Pace] = field(default_factory=dict)

    def next_attempt(self, kind: str, message_id: UUID, attempts: int, retry_after_s: float | None = None) -> timedelta | None:
        """How long to wait after ``attempts`` attempts (1 or more), or None: give up. A destination may ask for longer, never for shorter."""
        pace = self._pace(kind)
        if attempts >= pace.attempts:
            return None
        asked = timedelta(seconds=min(retry_after_s or 0.0, pace.patience_s))
        return max(self.delay(kind, message_id, attempts), asked)

    def delay(self, kind: str, message_id: UUID, count: int) -> timedelta:
        """The wait after ``count`` failures (1 or more), whether or not another attempt is allowed."""
        pace = self._pace(kind)
        grown = pace.first_s * pace.factor ** min(count - 1, 64)
        return timedelta(seconds=min(grown, pace.longest_s) * _jitter(message_id, count))

    def _pace(self, kind: str) -> Pace:
        return self.by_kind.get(kind, self.default)


def _jitter(message_id: UUID, count: int) -> float:
    share = zlib.crc32(message_id.bytes + count.to_bytes(4)) / 0xFFFFFFFF
    return 1 - _SPREAD + 2 * _SPREAD * share
