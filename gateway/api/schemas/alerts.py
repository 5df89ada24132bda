"""Alerts: proposals, previews, approvals."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from gateway.api.schemas.base import Schema
from gateway.api.schemas.people import PersonOut, record_of
from gateway.domain.errors import CATALOGUE
from gateway.domain.flags import Flag
from gateway.services.flagging import FlagPreview


class ProposalIn(Schema):
    """For whom, at which agency."""

    subject_id: UUID
    agency: Annotated[str, Field(max_length=100)]


class FlagOut(Schema):
    """An alert: its state, and the exact words."""

    flag_id: UUID
    subject_id: UUID
    agency: str
    system: str
    state: str
    text: str
    content_hash: str
    proposed_by: str
    approved_by: str | None
    review_on: date | None
    reason: str
    frozen: str
    version: int

    @classmethod
    def of(cls, flag: Flag) -> FlagOut:
        """From the domain's value."""
        return cls(
            flag_id=flag.id, subject_id=flag.subject_id, agency=flag.agency_id, system=flag.system, state=flag.state, text=flag.text,
            content_hash=flag.content_hash, proposed_by=flag.proposed_by, approved_by=flag.approved_by, review_on=flag.review_on,
            reason=flag.reason, frozen=flag.frozen, version=flag.version,
        )  # fmt: skip


class FindingOut(Schema):
    """A reason for the verdict, in words."""

    code: str
    title: str
    remedy: str


class PreviewOut(Schema):
    """What would be written and where, and why it may or may not be."""

    verdict: str
    findings: list[FindingOut]
    flag: FlagOut | None
    person: PersonOut
    record: dict[str, object] | None
    labels: list[str]

    @classmethod
    def of(cls, preview: FlagPreview) -> PreviewOut:
        """From the use case's preview."""
        found = [(code, CATALOGUE[code]) for code in preview.placement.findings]
        return cls(
            verdict=preview.placement.verdict, findings=[FindingOut(code=c, title=t.title, remedy=t.remedy) for c, t in found],
            flag=FlagOut.of(preview.flag) if preview.flag else None, person=PersonOut.of(preview.subject.person),
            record=record_of(preview.record) if preview.record else None, labels=list(preview.labels),
        )  # fmt: skip


class ApprovalIn(Schema):
    """The approver repeats what was previewed, by its hash."""

    content_hash: Annotated[str, Field(min_length=64, max_length=64)]
    version: int


class RenewalIn(Schema):
    """The date that the alert's time counts from anew (last referral or last meeting: the area's own rule)."""

    basis_date: date
