"""Completions of actions, told under a key that never changes for the same action."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from gateway.domain.releases import CompletionRelease
from mappings import strict_json

REFERENCE = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""Of a case and of an action, as they may stand in an address."""


class _NewCompletion(msgspec.Struct, rename="camel"):
    agency: str
    outcome: str
    detail: str
    completed_at: str


class _Completion(msgspec.Struct, rename="camel"):
    case_ref: str
    action_ref: str
    agency: str
    outcome: str
    detail: str
    completed_at: datetime


_encoder = msgspec.json.Encoder()
_completions = msgspec.json.Decoder(_Completion)


def path(release: CompletionRelease) -> str | None:
    """Where the completion is put and read; None when a reference cannot stand in an address as it is."""
    references = (release.case_number, release.reference)
    if not all(REFERENCE.fullmatch(reference) and reference.strip(".") for reference in references):
        return None
    return f"cases/{release.case_number}/actions/{release.reference}/completion"


def idempotency_key(release: CompletionRelease) -> str:
    """The same for every attempt to tell of this action."""
    return str(release.action_id)


def build_completion(release: CompletionRelease) -> bytes:
    """The body of the PUT; times in UTC, to the second."""
    completed_at = f"{release.completed_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return _encoder.encode(_NewCompletion(release.agency, release.outcome, release.detail, completed_at))


def is_told(content: bytes, release: CompletionRelease) -> bool:
    """Whether the completion that the system holds is this one. Raises ``strict_json.Unreadable``."""
    held = strict_json.read(content, _completions)
    ours = (release.case_number, release.reference, release.agency, release.outcome, release.detail)
    same_moment = held.completed_at.tzinfo is not None and held.completed_at == release.completed_at.astimezone(UTC).replace(microsecond=0)
    return (held.case_ref, held.action_ref, held.agency, held.outcome, held.detail) == ours and same_moment
