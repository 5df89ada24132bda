"""What came back from a delivery, as the adapters report it and the services record it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.actions import Completion
from gateway.domain.sealed import Sealed


class FlagFinding(StrEnum):
    """What was found after an attempt to place, check or end a flag. Only ``PLACED`` and ``ENDED`` are good news."""

    PLACED = "placed"
    """Read back from the right record, word for word, and absent from every subject-facing view offered."""
    ENDED = "ended"
    """Read back: no longer active, or no longer there, and ours."""
    NOT_THERE = "not_there"
    ALTERED = "altered"
    WRONG_RECORD = "wrong_record"
    SEEN_BY_SUBJECT = "seen_by_subject"
    NOT_HIDDEN_PROVABLY = "not_hidden_provably"
    """A subject-facing view could not be read, so nothing is proved."""
    REFUSED = "refused"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True, repr=False)
class FlagReport(Sealed):
    """``remote_id`` and ``remote_version`` as the system gave them; ``reason`` is a code."""

    finding: FlagFinding
    remote_id: str | None = None
    remote_version: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class WorkItemReport(Sealed):
    """The agency's system has our action (or refuses it, with a code)."""

    accepted: bool
    remote_id: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class PollReport(Sealed):
    """Completions found by a poll, and the work items that the system holds of those asked about. ``unread``: those whose answer is there
    but cannot be read; a person has to look."""

    completions: tuple[Completion, ...] = ()
    present: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, repr=False)
class CompletionReport(Sealed):
    """The coordinator's system has the completion (``accepted``), or has another one under the same reference."""

    accepted: bool
    reason: str = ""
