"""Matching models as they are kept: by name, with who offered and who approved them. Their content is the policy's business."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.identifiers import UserId

RELEASE = UserId("release")
"""Who offered and approved the model that a release of the gateway brings."""


@dataclass(frozen=True, slots=True)
class MatchingModel:
    """``digest`` is the SHA-256 of the model's file, in hexadecimal. Nothing grades before ``approved_at``; the one approved last does."""

    version: str
    digest: str
    offered_by: UserId
    offered_at: datetime | None = None
    approved_by: UserId | None = None
    approved_at: datetime | None = None
