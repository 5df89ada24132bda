"""Work in an agency's own system, asked for under our own neutral reference; police and housing word it alike.

It names no record: a work item with a subject would stand in somebody's file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from gateway.domain.actions import Completion
from gateway.domain.error_codes import Code
from gateway.domain.releases import ActionRelease
from mappings import strict_json

REFERENCE = re.compile(r"[A-Za-z0-9_-]{8,64}")
PAGE_LIMIT = 100
OVERLAP = timedelta(minutes=5)
"""How far before the moment asked for a poll begins: clocks differ, and what comes twice counts once."""
_OUTCOMES = {"completed": "completed", "not-possible": "not_possible", "not-done": "not_done"}


class _NewItem(msgspec.Struct, rename="camel", omit_defaults=True):
    text: str
    due_on: date
    owner: str = ""


class Outcome(msgspec.Struct, rename="camel"):
    """How the agency's person finished it. ``detail`` may be empty."""

    code: Literal["completed", "not-possible", "not-done"]
    finished_at: datetime
    detail: str = ""


class WorkItem(msgspec.Struct, rename="camel"):
    """A work item as the system holds it."""

    reference: str
    text: str
    due_on: date
    status: Literal["open", "accepted", "finished"]
    version: int
    withdrawn: bool = False
    subject: dict[str, str] = {}
    outcome: Outcome | None = None


class _Page(msgspec.Struct, rename="camel"):
    items: list[WorkItem]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class ItemPage:
    """One page of a list; ``cursor`` None on the last."""

    items: tuple[WorkItem, ...]
    cursor: str | None


_encoder = msgspec.json.Encoder()
_items = msgspec.json.Decoder(WorkItem)
_pages = msgspec.json.Decoder(_Page)


def build_item(release: ActionRelease) -> bytes:
    """The body of the PUT that creates it."""
    return _encoder.encode(_NewItem(release.text, release.due_on, release.owner))


def read_item(content: bytes) -> WorkItem:
    """Raises ``strict_json.Unreadable``."""
    return strict_json.read(content, _items)


def read_page(content: bytes) -> ItemPage:
    """Raises ``strict_json.Unreadable``."""
    page = strict_json.read(content, _pages)
    return ItemPage(tuple(page.items), page.next_cursor)


def is_ours(item: WorkItem, release: ActionRelease) -> bool:
    """Whether the system holds what was asked for: under our reference, word for word, on nobody's record."""
    same = (item.reference, item.text, item.due_on) == (release.reference, release.text, release.due_on)
    return same and not item.withdrawn and not item.subject


def completions(items: Iterable[WorkItem], source: str) -> tuple[Completion, ...]:
    """The answers in these items. ``source`` is ``poll`` or ``callback``; the key is the same by either way, so it counts once."""
    return tuple(completion for item in items if (completion := _completion(item, source)))


def _completion(item: WorkItem, source: str) -> Completion | None:
    if item.status != "finished" or item.outcome is None or item.outcome.finished_at.tzinfo is None:
        return None
    outcome = item.outcome
    return Completion(
        reference=item.reference,
        outcome=_OUTCOMES[outcome.code],
        detail=outcome.detail.strip(),
        completed_at=outcome.finished_at,
        source=source,
        key=f"{item.reference}.{item.version}",
    )


def since(moment: datetime) -> str:
    """``updatedSince`` for a poll since a moment."""
    return f"{moment - OVERLAP:%Y-%m-%dT%H:%M:%SZ}"


REFUSALS = {403: Code.AGENCY_REFUSED, 409: Code.RECORD_CHANGED_MEANWHILE}
"""Why a work item was not taken, by status; any other is ``AGENCY_REFUSED``."""
