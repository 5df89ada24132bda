"""Actions set at the meeting: sent to the agency's own system, closed once by the agency's own answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from gateway.domain.actions import Action, Completion
from gateway.domain.actors import Actor
from gateway.domain.identifiers import ActionId, AgencyId, CaseListId
from gateway.domain.sealed import Sealed
from gateway.services.ports import HolidayBook, Work
from gateway.services.results import Arrived


@dataclass(frozen=True, slots=True, repr=False)
class NewAction(Sealed):
    """An action as set at the meeting. ``due_on`` None: by the end of the meeting's week."""

    case_number: str
    agency_id: AgencyId
    text: str
    owner: str = ""
    due_on: date | None = None


def assign(work: Work, actor: Actor, list_id: CaseListId, new: Sequence[NewAction], holidays: HolidayBook) -> Sequence[Action]:
    """Assign actions and send them. The same action again is the one already there.

    Raises ``InvalidInput`` (``TEXT_REQUIRED``, ``DUE_DATE_NEEDED``) or ``NotFound`` (case or agency); then none is assigned.
    """
    raise NotImplementedError


def record_completion(work: Work, agency_id: AgencyId, completion: Completion) -> str:
    """An agency's answer about one of its actions, from a poll, a callback or a file.

    Returns ``closed``, ``repeated`` (nothing changed) or ``differs`` (the first answer stands; the coordinator has a task). Raises
    ``NotFound`` when the agency has no such action, ``InvalidInput`` (``DETAIL_REQUIRED``, ``OUTCOME_UNKNOWN``).
    """
    raise NotImplementedError


def complete(work: Work, actor: Actor, action_id: ActionId, outcome: str, detail: str, version: int) -> Action:
    """A representative closes an action of their agency on the page. ``outcome``: ``completed``, ``not_possible``, ``not_done``."""
    raise NotImplementedError


def of_list(work: Work, actor: Actor, list_id: CaseListId) -> Sequence[Action]:
    """The actions of a list: all for the coordinator and the chair, their own for an agency."""
    raise NotImplementedError


def record_work_item(work: Work, arrived: Arrived) -> None:
    """The agency's system took the action, or did not: then its representative has it."""
    raise NotImplementedError


def record_poll(work: Work, arrived: Arrived) -> None:
    """Completions found by a poll; a work item that is gone is a difference for a person."""
    raise NotImplementedError


def record_told(work: Work, arrived: Arrived) -> None:
    """The coordinator's system has the completion, or somebody must enter it."""
    raise NotImplementedError


def start_polls(work: Work) -> int:
    """Ask every system that can be polled about our open work items; returns how many polls were sent."""
    raise NotImplementedError
