"""What one run of the relay came to."""

from __future__ import annotations

from dataclasses import dataclass

from outbox.ledger import Settled
from outbox.messages import MessageState, Outcome


@dataclass
class RelayReport:
    """Counts of one run. ``fenced``: results that came too late to count; ``next_due_s``: when the next message falls due, if one waits."""

    delivered: int = 0
    retried: int = 0
    unsure: int = 0
    dead: int = 0
    withdrawn: int = 0
    parked: int = 0
    fenced: int = 0
    lanes: int = 0
    next_due_s: float | None = None

    def count(self, settled: Settled) -> None:
        """Adds one batch."""
        self.fenced += settled.fenced
        self.parked += settled.parked
        for settlement in settled.settled:
            self.delivered += settlement.state is MessageState.DELIVERED
            self.retried += settlement.state is MessageState.PENDING
            self.dead += settlement.state is MessageState.DEAD
            self.withdrawn += settlement.state is MessageState.WITHDRAWN
            self.unsure += settlement.result.delivery.outcome is Outcome.UNSURE
