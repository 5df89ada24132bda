"""Alerts: proposed, previewed word for word, approved by a second person, ended."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from gateway.api.caller import Calling, Writing
from gateway.api.schemas import ApprovalIn, FlagOut, MergeIn, PlaceOfAlertOut, PreviewOut, ProposalIn, ReasonIn, RenewalIn, StartedOut
from gateway.domain.identifiers import AgencyId, CaseListId, FlagId, SubjectId, SystemKey
from gateway.services import flag_recall, flagging, record_changes
from gateway.store.unit_of_work import SqlWork

router = APIRouter(tags=["alerts"])


@router.post("/alerts", response_model=PreviewOut, status_code=201)
def propose(caller: Writing, given: ProposalIn) -> Response:
    """Propose an alert. The answer shows what would be written, word for word, or why no alert is possible."""
    return caller.write(
        lambda work: PreviewOut.of(flagging.propose(work, caller.actor, SubjectId(given.subject_id), AgencyId(given.agency))), status=201
    )


@router.get("/case-lists/{list_id}/alerts")
def of_list(caller: Calling, list_id: UUID) -> list[FlagOut]:
    """The alerts of a list at the caller's agency."""
    return [FlagOut.of(f) for f in caller.read(lambda work: flagging.of_list(work, caller.actor, CaseListId(list_id)))]


@router.get("/alerts/{flag_id}")
def preview(caller: Calling, flag_id: UUID) -> PreviewOut:
    """The preview again, judged as things stand now."""
    return PreviewOut.of(caller.read(lambda work: flagging.preview(work, caller.actor, FlagId(flag_id))))


@router.post("/alerts/{flag_id}/approval", response_model=FlagOut)
def approve(caller: Writing, flag_id: UUID, given: ApprovalIn) -> Response:
    """Approve exactly what was previewed. Must be another person than the proposer."""
    return caller.write(
        lambda work: FlagOut.of(flagging.approve(work, caller.actor, FlagId(flag_id), given.content_hash, given.version))
    )


@router.post("/alerts/{flag_id}/refusal", response_model=FlagOut)
def refuse(caller: Writing, flag_id: UUID, given: ReasonIn) -> Response:
    """Decline a proposal; nothing is written."""
    return caller.write(lambda work: FlagOut.of(flagging.refuse(work, caller.actor, FlagId(flag_id), given.reason, given.version)))


@router.post("/alerts/{flag_id}/renewal", response_model=FlagOut)
def renew(caller: Writing, flag_id: UUID, given: RenewalIn) -> Response:
    """Count the alert's time anew from a repeat."""
    return caller.write(lambda work: FlagOut.of(flagging.renew(work, caller.actor, FlagId(flag_id), given.basis_date)))


@router.post("/alerts/{flag_id}/recall", response_model=PlaceOfAlertOut)
def recall(caller: Writing, flag_id: UUID) -> Response:
    """Recall an alert that should never have stood there, from every place it went."""

    def act(work: SqlWork) -> PlaceOfAlertOut:
        flag_recall.recall(work, caller.actor, FlagId(flag_id))
        return PlaceOfAlertOut.of(flag_recall.proof(work, caller.actor, FlagId(flag_id)))

    return caller.write(act)


@router.get("/alerts/{flag_id}/recall")
def recalled(caller: Calling, flag_id: UUID) -> PlaceOfAlertOut:
    """Where an alert went, and whether it is known to be gone."""
    return PlaceOfAlertOut.of(caller.read(lambda work: flag_recall.proof(work, caller.actor, FlagId(flag_id))))


@router.post("/people/{subject_id}/recall", response_model=list[PlaceOfAlertOut])
def recall_person(caller: Writing, subject_id: UUID) -> Response:
    """Recall every alert for a person at every agency; for the coordinator."""

    def act(work: SqlWork) -> list[PlaceOfAlertOut]:
        flag_recall.recall_person(work, caller.actor, SubjectId(subject_id))
        return [PlaceOfAlertOut.of(place) for place in flag_recall.proof_of_person(work, caller.actor, SubjectId(subject_id))]

    return caller.write(act)


@router.post("/systems/merges", response_model=StartedOut)
def merges(caller: Writing, given: MergeIn) -> Response:
    """An agency says that records were merged, linked or taken apart: alerts on any of them are frozen until a person has looked. Nothing is
    moved. ``started`` is how many."""
    return caller.write(
        lambda work: StartedOut(started=record_changes.take_merge(work, caller.actor, SystemKey(given.system), frozenset(given.records)))
    )


@router.post("/alerts/{flag_id}/end", response_model=FlagOut)
def end(caller: Writing, flag_id: UUID, given: ReasonIn) -> Response:
    """Remove an alert: only ours, and read back."""
    return caller.write(lambda work: FlagOut.of(flagging.end(work, caller.actor, FlagId(flag_id), given.reason)))
