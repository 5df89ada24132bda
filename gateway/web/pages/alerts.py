"""Alerts: proposed, previewed word for word, approved by a second person, ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import Response

from gateway.domain.errors import CATALOGUE, Code
from gateway.domain.flags import ALERT_TEXT, FLAG_MACHINE
from gateway.domain.identifiers import AgencyId, CaseListId, FlagId, LookupId, SubjectId
from gateway.domain.lookup import Lookup, LookupOutcome
from gateway.domain.reports import CellDetail, HitRow
from gateway.policy.permissions import can_be_second_person
from gateway.services import flag_recall, flagging, hits, lookups
from gateway.services.ports import Work
from gateway.web.reader import Posting, Reader, Reading

router = APIRouter(include_in_schema=False)


@router.get("/lists/{list_id}/alerts")
def overview(reader: Reading, list_id: UUID) -> Response:
    """The alerts of a list at the reader's agency, and for whom one could be proposed."""
    flags = reader.do(lambda work: flagging.of_list(work, reader.actor, CaseListId(list_id)))
    report = reader.do(lambda work: hits.compile_report(work, reader.actor, CaseListId(list_id)))
    live = {flag.subject_id for flag in flags if flag.state not in FLAG_MACHINE.ends()}
    known = [(row, here) for row in report.rows if row.subject_id not in live and (here := _known_here(reader, row))]
    return reader.page(
        "alerts.html", list_id=list_id, flags=flags, people={row.subject_id: row for row in report.rows}, owners=FLAG_MACHINE.owners,
        known=[(row, here) for row, here in known if row.role is None or row.role in ALERT_TEXT], others=_without_words(known),
    )  # fmt: skip


def _known_here(reader: Reader, row: HitRow) -> CellDetail | None:
    """What the reader's own system holds of a person, where it is known."""
    details = (d for cell in row.cells if cell.agency_id == reader.actor.agency_id for d in cell.details)
    return next((d for d in details if d.outcome is LookupOutcome.KNOWN), None)


def _without_words(known: Sequence[tuple[HitRow, CellDetail]]) -> int:
    """How many stand in a part for which the procedure has no alert."""
    return sum(row.role is not None and row.role not in ALERT_TEXT for row, _ in known)


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
    lookup = reader.do(lambda work: _asked_here(work, reader, preview.subject.id))
    second = preview.flag is not None and can_be_second_person(reader.actor, preview.flag.proposed_by)
    flag = preview.flag
    place = reader.do(lambda work: flag_recall.proof(work, reader.actor, flag.id)) if flag else None
    return reader.page(
        "alert.html", place=place, list_id=list_id, preview=preview, findings=findings, second=second, lookup=lookup, me=reader.actor.user_id,
        catalogue=CATALOGUE, codes=Code.__members__,
    )  # fmt: skip


def _asked_here(work: Work, reader: Reader, subject: SubjectId) -> Lookup | None:
    """The look-up at the reader's agency by which the person is known."""
    found = (k for k in work.lookups.of_subjects([subject]) if k.agency_id == reader.actor.agency_id and k.record)
    return next(found, None)


@router.post("/lists/{list_id}/open-to-service")
def open_to_service(
    reader: Posting, list_id: UUID, lookup_id: Annotated[UUID, Form()], version: Annotated[int, Form()],
    is_open: Annotated[bool, Form()], note: Annotated[str, Form(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """A representative looked, and says whether the person is open to the agency's services."""
    reader.do(lambda work: lookups.record_open_to_service(work, reader.actor, LookupId(lookup_id), is_open, note, version))
    return reader.back_to(f"/lists/{list_id}/alerts", "opened")


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


@router.post("/lists/{list_id}/alerts/{flag_id}/renewal")
def renew(reader: Posting, list_id: UUID, flag_id: UUID, basis_date: Annotated[date, Form()]) -> Response:
    """Count its time anew from a repeat."""
    reader.do(lambda work: flagging.renew(work, reader.actor, FlagId(flag_id), basis_date))
    return reader.back_to(f"/lists/{list_id}/alerts/{flag_id}", "renewed")


@router.post("/lists/{list_id}/alerts/{flag_id}/recall")
def recall(reader: Posting, list_id: UUID, flag_id: UUID) -> Response:
    """It should never have stood there: it is taken from every place it went."""
    reader.do(lambda work: flag_recall.recall(work, reader.actor, FlagId(flag_id)))
    return reader.back_to(f"/lists/{list_id}/alerts/{flag_id}", "recalled")


@router.post("/lists/{list_id}/alerts/{flag_id}/end")
def end(reader: Posting, list_id: UUID, flag_id: UUID, reason: Annotated[str, Form(max_length=2000)]) -> Response:
    """Remove it; only ours, and read back."""
    reader.do(lambda work: flagging.end(work, reader.actor, FlagId(flag_id), reason))
    return reader.back_to(f"/lists/{list_id}/alerts/{flag_id}", "ending")
