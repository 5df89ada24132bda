"""Who takes part in the demonstration, and what each agency's own people do in their own system."""

from __future__ import annotations

import json
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gateway.demo.agencies import Played
from gateway.domain.actors import Actor, UserRole, actor_of
from gateway.domain.identifiers import AgencyId

PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Cast:
    """The demonstration's users."""

    actors: tuple[Actor, ...]
    names: Mapping[str, str]

    @classmethod
    def read(cls, users: Path) -> Cast:
        """From the users file."""
        told = tomllib.loads(users.read_text(encoding="utf-8"))["users"]
        return cls(tuple(actor_of(user) for user in told), {user["sub"]: user["name"] for user in told})

    def one(self, role: UserRole, agency: AgencyId | None = None) -> Actor:
        """The user with this role, at this agency or for the Marac."""
        return next(actor for actor in self.actors if role in actor.roles and actor.agency_id == agency)

    def has(self, role: UserRole, agency: AgencyId) -> bool:
        """Whether the agency has such a user."""
        return any(role in actor.roles and actor.agency_id == agency for actor in self.actors)


@dataclass(frozen=True, slots=True)
class WorkItem:
    """An action as an agency's person finds it in their own system; ``finish(outcome, detail)`` is what they do with it."""

    words: str
    finish: Callable[[str, str], None]


_DONE = frozenset({"finished", "completed", "cancelled", "failed", "rejected"})


def work_items(played: Played) -> list[WorkItem]:
    """The open work items in an agency's own system; none where its system takes no work."""
    return [
        WorkItem(item["text"], partial(_finish, played, item["reference"]))
        for item in _ask(f"{played.base}/__staff/work-items")
        if item["status"] not in _DONE
    ]


def _finish(played: Played, reference: str, outcome: str, detail: str) -> None:
    _ask(f"{played.base}/__staff/work-items/{reference}/finish", {"code": outcome.replace("_", "-"), "detail": detail})


def _ask(url: str, body: object | None = None) -> Any:
    """One exchange with a stand-in on this machine, as a person at its screen; None where there is no such screen."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310  our own loopback address
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        if error.code in (404, 405) and body is None:
            return []
        raise
