"""Actions set at the meeting, and the agency's own answer that closes each of them once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.domain.identifiers import ActionId, AgencyId, CaseId, SystemKey
from gateway.domain.sealed import Sealed
from gateway.domain.states import StateMachine


class ActionState(StrEnum):
    """``NOT_POSSIBLE`` (circumstances changed) is kept apart from ``NOT_DONE``."""

    ASSIGNED = "assigned"
    SENDING = "sending"
    WITH_AGENCY = "with_agency"
    WITH_REPRESENTATIVE = "with_representative"
    COMPLETED = "completed"
    NOT_POSSIBLE = "not_possible"
    NOT_DONE = "not_done"


class ActionEvent(StrEnum):
    """What can happen to an action."""

    SEND = "send"
    ACCEPT = "accept"
    HAND_OVER = "hand_over"
    COMPLETE = "complete"
    FIND_IMPOSSIBLE = "find_impossible"
    LEAVE_UNDONE = "leave_undone"


_S, _E = ActionState, ActionEvent
_OPEN = (_S.ASSIGNED, _S.SENDING, _S.WITH_AGENCY, _S.WITH_REPRESENTATIVE)
ACTION_MACHINE = StateMachine(
    name="action",
    start=_S.ASSIGNED,
    moves={
        (_S.ASSIGNED, _E.SEND): _S.SENDING,
        (_S.ASSIGNED, _E.HAND_OVER): _S.WITH_REPRESENTATIVE,
        (_S.SENDING, _E.ACCEPT): _S.WITH_AGENCY,
        (_S.SENDING, _E.HAND_OVER): _S.WITH_REPRESENTATIVE,
        **{(state, _E.COMPLETE): _S.COMPLETED for state in _OPEN},
        **{(state, _E.FIND_IMPOSSIBLE): _S.NOT_POSSIBLE for state in _OPEN},
        **{(state, _E.LEAVE_UNDONE): _S.NOT_DONE for state in _OPEN},
    },
    owners={
        _S.ASSIGNED: "gateway",
        _S.SENDING: "gateway",
        _S.WITH_AGENCY: "agency",
        _S.WITH_REPRESENTATIVE: "representative",
        _S.COMPLETED: "nobody",
        _S.NOT_POSSIBLE: "coordinator",
        _S.NOT_DONE: "coordinator",
    },
)

CLOSED_BY = {
    "completed": ActionEvent.COMPLETE,
    "not_possible": ActionEvent.FIND_IMPOSSIBLE,
    "not_done": ActionEvent.LEAVE_UNDONE,
}
"""The three answers an agency can give, by the word used in CSV, callbacks and the API."""


@dataclass(frozen=True, slots=True, repr=False)
class Action(Sealed):
    """One action. ``owner`` is the person or team named at the meeting; ``reference`` is ours, neutral, and goes on the wire."""

    id: ActionId
    case_id: CaseId
    agency_id: AgencyId
    reference: str
    text: str
    owner: str
    due_on: date
    state: ActionState
    assigned_at: datetime
    system: SystemKey | None = None
    remote_id: str | None = None
    detail: str = ""
    closed_at: datetime | None = None
    closed_by: str = ""
    version: int = 1


@dataclass(frozen=True, slots=True, repr=False)
class Completion(Sealed):
    """An agency's answer about one action. ``source`` is ``poll``, ``callback``, ``csv`` or ``page``; ``key`` makes it count once."""

    reference: str
    outcome: str
    detail: str
    completed_at: datetime
    source: str
    key: str
