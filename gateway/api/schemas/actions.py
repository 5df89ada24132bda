"""Actions, their files and answers, and tasks for people."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from gateway.api.schemas.base import ProblemRow, Schema
from gateway.domain.actions import Action
from gateway.domain.tasks import PersonTask
from gateway.services import task_words


class ActionIn(Schema):
    """An action set at the meeting. Without ``due_on``: by the end of the meeting's week."""

    case_number: Annotated[str, Field(max_length=100)]
    agency: Annotated[str, Field(max_length=100)]
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    owner: Annotated[str, Field(max_length=200)] = ""
    due_on: date | None = None


class ActionOut(Schema):
    """An action and its state."""

    action_id: UUID
    reference: str
    agency: str
    text: str
    owner: str
    due_on: date
    state: str
    detail: str
    closed_at: datetime | None
    version: int

    @classmethod
    def of(cls, action: Action) -> ActionOut:
        """From the domain's value."""
        return cls(
            action_id=action.id, reference=action.reference, agency=action.agency_id, text=action.text, owner=action.owner,
            due_on=action.due_on, state=action.state, detail=action.detail, closed_at=action.closed_at, version=action.version,
        )  # fmt: skip


class CompletionIn(Schema):
    """How an action ended. ``not_possible``: circumstances changed; it is kept apart from ``not_done``."""

    outcome: Literal["completed", "not_possible", "not_done"]
    detail: Annotated[str, Field(min_length=1, max_length=4000)]
    version: int


class FileRowOut(Schema):
    """What became of one row of a file."""

    row: int
    result: str


class FileOut(Schema):
    """What became of a file of actions or completions."""

    accepted: int
    rows: list[FileRowOut]
    problems: list[ProblemRow]


class TaskOut(Schema):
    """A task for a person, in plain words. ``about`` is the opaque id of the thing concerned."""

    task_id: UUID
    agency: str
    kind: str
    title: str
    what: str
    to_do: str
    words: str
    about: str
    reason: str
    opened_at: datetime
    version: int

    @classmethod
    def of(cls, task: PersonTask) -> TaskOut:
        """With the words for its kind."""
        said = task_words.words_for(task.kind)
        return cls(
            task_id=task.id, agency=task.agency_id, kind=task.kind, title=said.title, what=said.what, to_do=said.to_do,
            words=task.words, about=task.about, reason=task.reason, opened_at=task.opened_at, version=task.version,
        )  # fmt: skip


class ReceiptIn(Schema):
    """What was done. For an alert placed or removed by hand, ``done`` says whether it now is as the task asked; for somebody
    in two parts (``both_roles``) whether an alert may go on, and nothing is released unless it is said."""

    receipt: Annotated[str, Field(min_length=1, max_length=2000)]
    done: bool = True
    version: int
