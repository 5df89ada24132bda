"""Asking record systems whether they know a person, and keeping what they answer."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.domain.actors import Actor
from gateway.domain.identifiers import LookupId
from gateway.services.ports import Work
from gateway.services.results import Arrived


def record_answers(work: Work, arrived: Sequence[Arrived]) -> None:
    """Grade and keep a batch of answers: one read of the look-ups, one of the people, one write."""
    raise NotImplementedError


def ask_again(work: Work, actor: Actor, lookup_id: LookupId) -> None:
    """Ask once more, under the agreement as it is today. What is known stays until the new answer comes."""
    raise NotImplementedError


def record_by_hand(work: Work, actor: Actor, lookup_id: LookupId, known: bool, note: str, version: int) -> None:
    """A representative looked in their own system: known or not. For agencies that cannot be asked, or did not answer."""
    raise NotImplementedError


def record_open_to_service(work: Work, actor: Actor, lookup_id: LookupId, is_open: bool, note: str, version: int) -> None:
    """A representative says whether the person, already known, is open to the agency's services."""
    raise NotImplementedError
