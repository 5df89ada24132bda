"""Completions of actions: each taken once, under the caller's key."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from contracts.stubs.ledger import Ledger
from contracts.stubs.rest.bodies import Record, now, plain
from contracts.stubs.rest.problems import Problem


class NewCompletion(Record, frozen=True):
    """What the caller says was done."""

    agency: Annotated[str, Meta(pattern=r"^[a-z0-9-]{2,64}$")]
    outcome: Literal["completed", "not_possible", "not_done"]
    detail: Annotated[str, Meta(min_length=1, max_length=4000)]
    completed_at: Annotated[datetime, Meta(tz=True)]


@dataclass(frozen=True, slots=True)
class Completion:
    """One completion as it was taken."""

    case: str
    action: str
    told: NewCompletion
    received_at: str

    def shown(self) -> dict[str, object]:
        """As the interface writes it."""
        return {"caseRef": self.case, "actionRef": self.action, "receivedAt": self.received_at, **plain(self.told)}


@dataclass(slots=True)
class Completions:
    """Cases with their actions, and what was told about each."""

    ledger: Ledger
    known_actions_only: bool
    _actions: dict[tuple[str, str], Completion | None] = field(default_factory=dict)
    _keys: dict[str, Completion] = field(default_factory=dict)

    def expect(self, case: str, action: str) -> None:
        """The coordinator sets an action."""
        self._actions.setdefault((case, action), None)

    def take(self, case: str, action: str, key: str, told: NewCompletion) -> tuple[Completion, bool]:
        """Takes a completion, or answers with the one this key brought; whether it is new. Raises Problem 404 or 409."""
        before = self._keys.get(key)
        if before is not None:
            if (before.case, before.action, before.told) != (case, action, told):
                raise Problem(409, "key-reused")
            return before, False
        self._check_free(case, action)
        completion = Completion(case, action, told, now())
        self._actions[case, action] = self._keys[key] = completion
        self.ledger.record("completion.take", key, f"{case}/{action}", msgspec.json.encode(told))
        return completion, True

    def held(self, case: str, action: str) -> Completion:
        """The completion of an action. Raises Problem 404."""
        completion = self._actions.get((case, action))
        if completion is None:
            raise Problem(404, "not-found")
        return completion

    def actions(self, case: str) -> list[dict[str, object]]:
        """The actions of a case by reference. Raises Problem 404 for a case not known."""
        held = {action: completion for (of, action), completion in self._actions.items() if of == case}
        if not held:
            raise Problem(404, "not-found")
        return [_shown_action(action, held[action]) for action in sorted(held)]

    def _check_free(self, case: str, action: str) -> None:
        known = (case, action) in self._actions
        if self.known_actions_only and not known:
            raise Problem(404, "not-found")
        if self._actions.get((case, action)) is not None:
            raise Problem(409, "already-completed")


def _shown_action(action: str, completion: Completion | None) -> dict[str, object]:
    if completion is None:
        return {"actionRef": action, "state": "open"}
    return {"actionRef": action, "state": completion.told.outcome, "completion": completion.shown()}
