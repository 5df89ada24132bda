"""May this alert stand on this record, seen by whom?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.error_codes import Code


class Verdict(StrEnum):
    """``PLACE``: the gateway writes it. ``BY_HAND``: the representative does, with the words. ``HELD``: a person must decide first;
    no alert meanwhile. ``NONE``: no alert."""

    PLACE = "place"
    BY_HAND = "by_hand"
    HELD = "held"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Placement:
    """The verdict and every reason for it, the deciding one first."""

    verdict: Verdict
    findings: tuple[Code, ...] = ()
