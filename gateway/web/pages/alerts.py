"""Alerts: proposed, previewed word for word, approved by a second person, ended."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import Response

from gateway.domain.errors import CATALOGUE
from gateway.domain.flags import FLAG_MACHINE
from gateway.domain.identifiers import AgencyId, CaseListId, FlagId, SubjectId
from gateway.domain.lookup import LookupOutcome
from gateway.policy.permissions import can_be_second_person
from gateway.services import flagging, hits
from gateway.web.reader import Posting, Reader, Reading

router = APIRouter(include_in_schema=False)


@router.get("/lists/{list_id}/alerts")
def overview(reader: Reading, list_id: UUID) -> Response:
    """The alerts of a list at the reader's agency, and for whom one could be proposed."""
    flags = reader.do(lambda work: flagging.of_list(work, reader.actor, CaseListId(list_id)))
    report = reader.do(lambda work: hits.compile_report(work, reader.actor, CaseListId(list_id)))
    people = {row.subject_id: row for row in report.rows}
    live = {flag.subject_id for flag in flags if flag.state not in FLAG_MACHINE.ends()}
    known = [row for row in report.rows if row.subject_id not in live and _known_here(reader, row.cells)]
    return reader.page(
        "alerts.html", list_id=list_id, flags=flags, people=people, known=known, owners=FLAG_MACHINE.owners, catalogue=CATALOGUE
    )


def _known_here(reader: Reader, cells: object) -> bool:
    return any(c.agency_id == reader.actor.agency_id and c.outcome is LookupOutcome.KNOWN for c in cells)  # type: ignore[attr-defined]


@router.post("/lists/{list_id}/alerts")
def propose(reader: Posting, list_id: UUID, subject_id: Annotated[UUID, Form()]) -> Response:
    """Propose one; the preview says what would be written, or why nothing can be."""
    agency = reader.actor.agency_id or AgencyId("")
    preview = reader.do(lambda work: flagging.propose(work, reader.actor, SubjectId(subject_id), agency))
    if preview.flag is None:
        return _preview(reader, list_id, preview)
    return reader.back_to(f"/lists/{list_id}/alerts/{preview.flag.id}", "proposed")


@router.get("/lists/{list_id}/alerts/{flag_id}")
def one(reader: Reading, list_id: UUID, flag_id: UUID) -> Response:
    """The preview, judged as things stand now."""
    return _preview(reader, list_id, reader.do(lambda work: flagging.preview(work, reader.actor, FlagId(flag_id))))


def _preview(reader: Reader, list_id: UUID, preview: flagging.FlagPreview) -> Response:
    findings = [(code, CATALOGUE[code]) for code in preview.placement.findings]
    second = preview.flag is not None and can_be_second_person(reader.actor, preview.flag.proposed_by)
    return reader.page("alert.html", list_id=list_id, preview=preview, findings=findings, second=second, catalogue=CATALOGUE)


@router.post("/lists/{list_id}/alerts/{flag_id}/approval")
def approve(
    reader: Posting, list_id: UUID, flag_id: UUID, content_hash: Annotated[str, Form()], version: Annotated[int, Form()]
) -> Response:
    """Approve exactly what was shown."""
    reader.do(lambda work: flagging.approve(work, reader.actor, FlagId(flag_id), content_hash, version))
    return reader.back_to(f"/lists/{list_id}/alerts/{flag_id}", "approved")


@router.post("/lists/{list_id}/alerts/{flag_id}/refusal")
def refuse(
    reader: Posting, list_id: UUID, flag_id: UUID, reason: Annotated[str, Form(max_length=2000)], version: Annotated[int, Form()]
) -> Response:
    """Decline; nothing is written."""
    reader.do(lambda work: flagging.refuse(work, reader.actor, FlagId(flag_id), reason, version))
    return reader.back_to(f"/lists/{list_id}/alerts", "refused")


@router.post("/lists/{list_id}/alerts/{flag_id}/end")
def end(reader: Posting, list_id: UUID, flag_id: UUID, reason: Annotated[str, Form(max_length=2000)]) -> Response:
    """Remove it; only ours, and read back."""
    reader.do(lambda work: flagging.end(work, reader.actor, FlagId(flag_id), reason))
    return reader.back_to(f"/lists/{list_id}/alerts/{flag_id}", "ending")
