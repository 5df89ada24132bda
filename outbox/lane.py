"""One destination as an island serves it: what is at hand, what is under way, and how much to fetch."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from math import inf

from outbox.messages import Delivery, Message, Outcome
from outbox.settlement import NO_TRANSPORT, Claimed
from outbox.transport import Transport

_FAST_S, _STEADY_S, _PATIENT_S = 0.1, 0.5, 0.05


@dataclass
class Lane:
    """``limit`` deliveries at once; nothing is sent after ``lease_over`` (monotonic clock)."""

    name: str
    transport: Transport
    limit: int
    lease_over: float
    waiting: deque[tuple[Claimed, float]] = field(default_factory=deque)
    """What is at hand, each with the moment after which it may not leave."""
    under_way: int = 0
    dry: bool = False
    """The last claim found less than it asked for."""
    paused: bool = False
    """Nothing more is sent: somebody stopped it, or it is to be given back."""
    leaving: bool = False
    """It is to be given back, to another island's share."""
    pace_s: float = _STEADY_S / 2
    """What a delivery took lately; before the first, a guess."""
    moved: float = field(default_factory=time.monotonic)
    """When something was last taken from what is at hand, or put there."""

    @property
    def room(self) -> int:
        """How many more could be at hand. A slow lane keeps no stock, so that what waits can still be withdrawn."""
        return 0 if self.dry or self.paused else self.limit + self._stock - self.under_way - len(self.waiting)

    @property
    def hungry(self) -> bool:
        """Whether it is time to fetch: half of the stock is gone, or a place is free where none is kept."""
        return self.room > self._stock // 2

    @property
    def patience_s(self) -> float:
        """How long it may wait to be fetched for, together with other lanes: a part of the time that what is at hand lasts."""
        return min(self.pace_s / 5, _PATIENT_S) if self.waiting else 0.0

    @property
    def _stock(self) -> int:
        return 2 * self.limit if self.pace_s < _FAST_S else self.limit if self.pace_s < _STEADY_S else 0

    @property
    def busy(self) -> bool:
        """Whether anything is under way or at hand."""
        return bool(self.under_way or self.waiting)

    @property
    def vacant(self) -> bool:
        """Whether it is paused, and nothing is under way any more."""
        return self.paused and not self.busy

    @property
    def stuck(self) -> bool:
        """Whether what is at hand has not moved for a while."""
        if not self.waiting or time.monotonic() - self.moved < _STEADY_S:
            return False
        self.pace_s = max(self.pace_s, _STEADY_S)
        return True

    def stock(self, claimed: Claimed, now: float) -> None:
        """Keeps a message at hand."""
        self.moved = now
        self.waiting.append((claimed, inf if claimed.expires_in_s is None else now + claimed.expires_in_s))

    def next(self) -> tuple[Claimed, bool] | None:
        """The next to send and whether it may still leave; None when there is none, all are under way, or the lane may not be served."""
        now = time.monotonic()
        if self.paused or not self.waiting or self.under_way >= self.limit or now >= self.lease_over:
            return None
        claimed, until = self.waiting.popleft()
        self.moved = now
        return claimed, now < until

    def delivered_in(self, seconds: float) -> None:
        """Follows the destination's pace."""
        self.pace_s += 0.3 * (seconds - self.pace_s)


class NoTransport:
    """Stands in for a transport that could not be made; the agreement may be mended before the last attempt."""

    async def deliver(self, message: Message) -> Delivery:
        """Nothing was sent."""
        return Delivery(Outcome.RETRY, reason=NO_TRANSPORT)

    async def close(self) -> None:
        """Nothing to close."""
