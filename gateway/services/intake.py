"""A case list comes in: kept once, every person asked about at every agency of the Marac, a corrected list as a difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from gateway.domain.actors import Actor
from gateway.domain.case_list import RowProblem
from gateway.domain.case_list_reading import ParsedList
from gateway.domain.identifiers import CaseListId, MaracId
from gateway.services.ports import Work


@dataclass(frozen=True, slots=True)
class Changes:
    """What a corrected list changed, in people; ids and decisions of the unchanged stay."""

    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class ListReceipt:
    """``repeated``: the same content was received before, and nothing was done. ``list_id`` is the same for every issue of a list."""

    list_id: CaseListId
    repeated: bool
    cases: int
    people: int
    problems: Sequence[RowProblem] = ()
    changes: Changes = Changes()
    issue: int = 1


def receive_case_list(work: Work, actor: Actor, marac_id: MaracId, parsed: ParsedList, meeting_date: date | None = None) -> ListReceipt:
    """Accept a list as read. ``meeting_date`` is used when the file does not name it.

    Raises ``Refused`` without the right, ``InvalidInput`` (``LIST_REFUSED``, ``LIST_EMPTY``, ``MEETING_DATE_MISSING``) when it cannot be
    accepted; then nothing of it is kept.
    """
    raise NotImplementedError
