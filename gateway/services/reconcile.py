"""Expected against observed, row by row: what should stand at each agency, and what was last seen there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.domain.actors import Actor
from gateway.domain.identifiers import AgencyId
from gateway.services.ports import Work


@dataclass(frozen=True, slots=True)
class Difference:
    """One row: a thing of ours at an agency. ``expected`` and ``observed`` are words from closed lists; ids are opaque."""

    agency_id: AgencyId
    kind: str
    """``flag`` or ``action``."""
    about: UUID
    expected: str
    observed: str
    reason: str = ""

    @property
    def agrees(self) -> bool:
        """Whether what was seen is what should be."""
        return self.expected == self.observed


def start(work: Work) -> int:
    """Ask every agency again (alerts and work items), so that what is compared is fresh; returns how many questions were sent."""
    raise NotImplementedError


def compare(work: Work, actor: Actor) -> Sequence[Difference]:
    """Every row the reader may see, agreeing or not; a difference has a task."""
    raise NotImplementedError
