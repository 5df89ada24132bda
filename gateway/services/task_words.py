"""What each task says: what happened and what to do. No name, no date of birth, no part in the case: the page adds the person."""

from __future__ import annotations

from typing import NamedTuple

from gateway.domain.tasks import TaskKind


class TaskWords(NamedTuple):
    """``what`` happened, and what ``to_do``."""

    title: str
    what: str
    to_do: str


def words_for(kind: TaskKind) -> TaskWords:
    """The words of a kind of task."""
    raise NotImplementedError
