"""What came back from a delivery, as the adapters report it and the services record it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.actions import Completion
from gateway.domain.error_codes import Code
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
class Footing(Sealed):
    """What an alert rests on, as digests of what the record says; "" where the system does not tell.

    ``identity``: names, date of birth and numbers; ``links``: other records it was merged with; ``practice``: the person's practice;
    ``access``: who else may open it.
    """

    identity: str = ""
    links: str = ""
    practice: str = ""
    access: str = ""

    def change_to(self, now: Footing) -> Code | None:
        """What changed since, the gravest first; what is not told any more counts as changed, what was never told does not."""
        pairs = (
            (self.links, now.links, Code.RECORD_LINKS_CHANGED),
            (self.identity, now.identity, Code.RECORD_IDENTITY_CHANGED),
            (self.access, now.access, Code.ACCESS_CHANGED),
            (self.practice, now.practice, Code.PRACTICE_CHANGED),
        )
        return next((code for before, after, code in pairs if before and before != after), None)


@dataclass(frozen=True, slots=True, repr=False)
class FlagReport(Sealed):
    """``remote_id`` and ``remote_version`` as the system gave them; ``reason`` is a code; ``footing`` is what the record says now, of an
    alert that was found as it should be."""

    finding: FlagFinding
    remote_id: str | None = None
    remote_version: str | None = None
    reason: str = ""
    footing: Footing | None = None


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
