"""What came back from a delivery, as the relay hands it over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID

from gateway.domain.lookup import Answer
from gateway.domain.receipts import CompletionReport, FlagReport, PollReport, WorkItemReport
from gateway.domain.releases import MessageKind, Release
from gateway.domain.sealed import Sealed

Reply: TypeAlias = Answer | FlagReport | WorkItemReport | PollReport | CompletionReport


class Returned(NamedTuple):
    """What a delivery hands to the relay's handler in the same process, unwritten: the release that left, and what came back for it."""

    release: Release
    reply: Reply


@dataclass(frozen=True, slots=True, repr=False)
class Arrived(Sealed):
    """One delivery as it ended or will be tried again.

    ``release`` is what was sent, opened again; ``reply`` is None when nothing trustworthy came back, and ``reason`` then says why.
    ``final``: no further attempt follows. ``unsure``: it may have had its effect. ``left_at`` is when this attempt began, if known.
    """

    kind: MessageKind
    message_id: UUID
    release: Release
    reply: Reply | None
    final: bool
    reason: str = ""
    unsure: bool = False
    left_at: datetime | None = None
