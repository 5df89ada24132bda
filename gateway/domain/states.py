"""State machines as tables: who owns each state, which event leads where. Pictures in docs/ are drawn from these tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from gateway.domain.errors import Code, Conflict

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True)
class StateMachine(Generic[S, E]):
    """``moves`` maps (state, event) to the next state; ``owners`` names who must act in each state."""

    name: str
    start: S
    moves: Mapping[tuple[S, E], S]
    owners: Mapping[S, str]

    def after(self, state: S, event: E) -> S:
        """The next state. Raises ``Conflict(TRANSITION_NOT_ALLOWED)`` when the table has no such move."""
        try:
            return self.moves[state, event]
        except KeyError:
            raise Conflict(Code.TRANSITION_NOT_ALLOWED) from None

    def ends(self) -> frozenset[S]:
        """States that nothing leaves."""
        return frozenset(self.owners) - frozenset(state for state, _ in self.moves)
