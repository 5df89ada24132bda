"""A case is closed: its alerts are removed everywhere, and each removal is read back."""

from __future__ import annotations

from gateway.domain.actors import Actor
from gateway.domain.errors import Code, NotFound
from gateway.domain.identifiers import CaseListId
from gateway.policy.permissions import Act
from gateway.services import flagging, reaching
from gateway.services.ports import Work


def close_case(work: Work, actor: Actor, list_id: CaseListId, case_number: str) -> int:
    """Close one case of a list, by the coordinator's own number; returns how many removals began.

    Raises ``Refused`` without the right, ``NotFound`` when the list is not of the actor's Marac or has no such case.
    """
    found = reaching.list_for(work, actor, Act.CLOSE_CASE, list_id)
    case = next((c for c in found.cases if c.number == case_number), None)
    if case is None:
        raise NotFound(Code.NOT_FOUND)
    return flagging.end_for_case(work, actor, case.id)
