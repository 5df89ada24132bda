"""What may leave, and what of a report a reader may see. The only module that constructs a ``Release``.

Every ``release_*`` answers with a release, already reduced to what the agreement lets out, or with ``Withheld`` and the code that says
why. Nothing here asks anybody or remembers anything: the agreement and the day are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from gateway.domain.actions import Action
from gateway.domain.actors import Actor
from gateway.domain.agreements import Capability, Field, Purpose, RecordSystem, SharingAgreement, SystemKind
from gateway.domain.case_list import Person, Role, Subject
from gateway.domain.errors import Code, InvalidInput
from gateway.domain.flags import ALERT_TEXT, Flag
from gateway.domain.identifiers import FlagId, LocalIdentifier, LookupId, MaracId, SystemKey
from gateway.domain.lookup import Candidate, LookupOutcome
from gateway.domain.releases import (
    RELEASE_TYPES,
    ActionRelease,
    CompletionRelease,
    FlagCheckRelease,
    FlagRelease,
    FlagRemovalRelease,
    LookupRelease,
    MessageKind,
    PollRelease,
    Release,
)
from gateway.domain.reports import HitCell, HitReport, counted
from gateway.policy import permissions
from gateway.policy.permissions import Act
from gateway.policy.strangers import names_any
from gateway.policy.vocabulary import tells


@dataclass(frozen=True, slots=True)
class Withheld:
    """Nothing leaves, and this is why."""

    code: Code


# --------------------------------------------------------------------------------------------------------- agreements


def withheld_by(agreement: SharingAgreement | None, purpose: Purpose, today: date, role: Role | None = None) -> Code | None:
    """The first reason why the agreement lets nothing out for this purpose (and role) today; None if it does."""
    if agreement is None:
        return Code.AGREEMENT_MISSING
    if today < agreement.valid_from:
        return Code.AGREEMENT_NOT_YET_VALID
    if today > agreement.valid_until:
        return Code.AGREEMENT_EXPIRED
    if purpose not in agreement.purposes:
        return Code.PURPOSE_NOT_AGREED
    if role is not None and role not in agreement.roles:
        return Code.ROLE_NOT_COVERED
    return None


def covers(agreement: SharingAgreement, marac_id: MaracId) -> bool:
    """Whether the agreement is for this Marac."""
    return not agreement.maracs or marac_id in agreement.maracs


def sits_at_the_table(agreement: SharingAgreement) -> bool:
    """Whether the agency is one that is asked about people: the coordinator's own case system is not."""
    return not agreement.systems or any(s.kind is not SystemKind.CASE_SYSTEM for s in agreement.systems)


_ASKABLE = frozenset({Capability.SEARCH, Capability.MATCH})


def lookup_systems(agreement: SharingAgreement) -> tuple[RecordSystem, ...]:
    """The agency's systems that can be asked about a person."""
    return tuple(s for s in agreement.systems if s.capabilities & _ASKABLE)


def system_with(agreement: SharingAgreement, capability: Capability) -> RecordSystem | None:
    """The agency's first system that can do this."""
    return next((s for s in agreement.systems if capability in s.capabilities), None)


# ------------------------------------------------------------------------------------------------------------ releases


def release_lookup(
    subject: Subject, agreement: SharingAgreement | None, system: RecordSystem, lookup_id: LookupId, today: date
) -> LookupRelease | Withheld:
    """The question about one person: only the categories that the agreement lists, and of numbers only those that this agency issued.

    No role, no case, no other person. The postcode is of the current address; the mapping never lets it stand alone.
    """
    code = withheld_by(agreement, Purpose.LOOKUP, today, subject.role)
    if agreement is None or code:
        return Withheld(code or Code.AGREEMENT_MISSING)
    person, allowed = subject.person, agreement.lookup_fields
    names = person.names if Field.NAMES in allowed else ()
    own = _issued_by(system, person.identifiers) if Field.OWN_IDENTIFIERS in allowed else ()
    nhs_number = person.nhs_number if Field.NHS_NUMBER in allowed else None
    if not (names or own or nhs_number):
        return Withheld(Code.NOTHING_TO_ASK_WITH)
    return LookupRelease(
        agency_id=agreement.agency_id,
        system=system.key,
        purpose=Purpose.LOOKUP,
        agreement_version=agreement.version,
        lookup_id=lookup_id,
        names=names,
        birth_dates=person.birth_dates if Field.BIRTH_DATES in allowed else (),
        own_identifiers=own,
        nhs_number=nhs_number,
        sex=person.sex if Field.SEX in allowed else None,
        postcode=_current_postcode(subject) if Field.POSTCODE in allowed else None,
    )


def _issued_by(system: RecordSystem, identifiers: tuple[LocalIdentifier, ...]) -> tuple[LocalIdentifier, ...]:
    """Numbers of this system's own scheme: by its declared identifier system, its key, or its agency."""
    own = {system.key, system.key.partition("/")[0], *system.options.get("identifier_system", "").split()}
    return tuple(i for i in identifiers if i.system in own)


def _current_postcode(subject: Subject) -> str | None:
    return next((a.postcode for a in subject.person.addresses if a.current and a.postcode), None)


def release_flag(flag: Flag, agreement: SharingAgreement | None, today: date) -> FlagRelease | Withheld:
    """One alert on one record, in the exact words of the procedure for the role; any other words are withheld."""
    code = withheld_by(agreement, Purpose.FLAG, today, flag.role)
    if agreement is None or code:
        return Withheld(code or Code.AGREEMENT_MISSING)
    if flag.text != ALERT_TEXT.get(flag.role):
        return Withheld(Code.APPROVED_WORDS_ONLY)
    return FlagRelease(
        agency_id=flag.agency_id,
        system=flag.system,
        purpose=Purpose.FLAG,
        agreement_version=agreement.version,
        flag_id=flag.id,
        record_id=flag.record_id,
        text=flag.text,
        identifier=flag.identifier,
    )


def release_canary_flag(agreement: SharingAgreement, system: SystemKey, record_id: str, role: Role, flag_id: FlagId, identifier: str) -> FlagRelease:
    """An alert on the record of one of the agency's own test people, for a probe: the same words as on anybody's."""
    return FlagRelease(
        agency_id=agreement.agency_id,
        system=system,
        purpose=Purpose.FLAG,
        agreement_version=agreement.version,
        flag_id=flag_id,
        record_id=record_id,
        text=ALERT_TEXT[role],
        identifier=identifier,
    )


def release_canary_removal(placed: FlagRelease, remote_id: str | None) -> FlagRemovalRelease:
    """The same alert taken away again, as something that should never have been there."""
    return FlagRemovalRelease(
        agency_id=placed.agency_id,
        system=placed.system,
        purpose=Purpose.FLAG,
        agreement_version=placed.agreement_version,
        flag_id=placed.flag_id,
        record_id=placed.record_id,
        identifier=placed.identifier,
        remote_id=remote_id,
        error=True,
    )


def release_flag_removal(flag: Flag, agreement: SharingAgreement | None, *, error: bool = False) -> FlagRemovalRelease | Withheld:
    """Take our alert away, and only ours. An agreement that has run out does not keep an alert standing; a missing one leaves no way."""
    if agreement is None:
        return Withheld(Code.AGREEMENT_MISSING)
    return FlagRemovalRelease(
        agency_id=flag.agency_id,
        system=flag.system,
        purpose=Purpose.FLAG,
        agreement_version=agreement.version,
        flag_id=flag.id,
        record_id=flag.record_id,
        identifier=flag.identifier,
        remote_id=flag.remote_id,
        error=error,
    )


def release_flag_check(flag: Flag, agreement: SharingAgreement | None) -> FlagCheckRelease | Withheld:
    """Read our alert again. What was placed may be looked after as long as the agency can be reached at all."""
    if agreement is None:
        return Withheld(Code.AGREEMENT_MISSING)
    return FlagCheckRelease(
        agency_id=flag.agency_id,
        system=flag.system,
        purpose=Purpose.FLAG,
        agreement_version=agreement.version,
        flag_id=flag.id,
        record_id=flag.record_id,
        text=flag.text,
        identifier=flag.identifier,
        remote_id=flag.remote_id,
    )


def release_action(
    action: Action, agreement: SharingAgreement | None, system: RecordSystem, people: Iterable[Person], today: date
) -> ActionRelease | Withheld:
    """An action as work for the agency's own people. It names no record and no case, none of ``people`` (everybody on the list), and does
    not say why: such words go by the representative."""
    code = withheld_by(agreement, Purpose.ACTION, today)
    if agreement is None or code:
        return Withheld(code or Code.AGREEMENT_MISSING)
    words = f"{action.owner}\n{action.text}"
    if tells(words.encode(), in_work=True, packed=True):
        return Withheld(Code.MESSAGE_TELLS_WHY)
    if names_any(words, people):
        return Withheld(Code.MESSAGE_NAMES_ANOTHER)
    return ActionRelease(
        agency_id=agreement.agency_id,
        system=system.key,
        purpose=Purpose.ACTION,
        agreement_version=agreement.version,
        action_id=action.id,
        reference=action.reference,
        text=action.text,
        owner=action.owner,
        due_on=action.due_on,
    )


def release_poll(
    agreement: SharingAgreement | None, system: SystemKey, references: tuple[str, ...], since: datetime | None, today: date
) -> PollRelease | Withheld:
    """Ask what became of our work items; carries our own references and nothing about anybody."""
    code = withheld_by(agreement, Purpose.ACTION, today)
    if agreement is None or code:
        return Withheld(code or Code.AGREEMENT_MISSING)
    return PollRelease(
        agency_id=agreement.agency_id,
        system=system,
        purpose=Purpose.ACTION,
        agreement_version=agreement.version,
        since=since,
        references=references,
    )


def release_completion(
    action: Action, case_number: str, outcome: str, agreement: SharingAgreement | None, system: RecordSystem, today: date
) -> CompletionRelease | Withheld:
    """Tell the coordinator's case system how an action ended. ``agreement`` is that of the case system, not of the acting agency."""
    code = withheld_by(agreement, Purpose.COMPLETION, today)
    if agreement is None or code or action.closed_at is None:
        return Withheld(code or Code.AGREEMENT_MISSING)
    return CompletionRelease(
        agency_id=agreement.agency_id,
        system=system.key,
        purpose=Purpose.COMPLETION,
        agreement_version=agreement.version,
        action_id=action.id,
        reference=action.reference,
        case_number=case_number,
        agency=action.agency_id,
        outcome=outcome,
        detail=action.detail,
        completed_at=action.closed_at,
    )


def restore(kind: str, fields: Mapping[str, Any]) -> Release:
    """A release read back from rest, field for field. Raises ``InvalidInput``: ``ENVELOPE_UNREADABLE`` for an unknown kind or other
    fields, ``APPROVED_WORDS_ONLY`` for an alert in words that the procedure does not have."""
    try:
        release = RELEASE_TYPES[MessageKind(kind)](**fields)
    except (ValueError, TypeError):
        raise InvalidInput(Code.ENVELOPE_UNREADABLE) from None
    if isinstance(release, FlagRelease | FlagCheckRelease) and release.text not in ALERT_TEXT.values():
        raise InvalidInput(Code.APPROVED_WORDS_ONLY)
    return release


# --------------------------------------------------------------------------------------------------------------- views


def kept(candidate: Candidate) -> Candidate:
    """What of a record is kept after grading: who it is, never where they live or how to reach them (the most dangerous of all)."""
    return replace(candidate, addresses=(), phones=()) if candidate.addresses or candidate.phones else candidate


def view_report(report: HitReport, reader: Actor) -> HitReport:
    """The report as this reader may see it: an agency its own detail and of others the state alone; who may not see others, one column;
    who has no right to reports (those who run or audit the gateway), nobody."""
    if not permissions.roles_granting(reader, Act.VIEW_REPORT):
        return replace(report, agencies=(), rows=(), states=counted(()))
    others = bool(permissions.roles_granting(reader, Act.VIEW_OTHER_AGENCIES))
    agencies = tuple(a for a in report.agencies if others or a.id == reader.agency_id)
    shown = {a.id for a in agencies}
    told = _SAID_TO_THE_MARAC if permissions.roles_granting(reader, Act.VIEW_REPORT) & permissions.MARAC_WIDE else frozenset()
    sees_roles = bool(permissions.roles_granting(reader, Act.VIEW_ROLE))
    rows = tuple(
        replace(
            row,
            role=row.role if sees_roles else None,
            cells=tuple([cell if cell.agency_id == reader.agency_id else _state_of(cell, told) for cell in row.cells if cell.agency_id in shown]),
        )
        for row in report.rows
    )
    return replace(report, agencies=agencies, rows=rows, states=counted(rows))


_SAID_TO_THE_MARAC = frozenset({LookupOutcome.NO_ANSWER, LookupOutcome.WITHHELD, LookupOutcome.NOT_ASKED})
"""States whose reason is about agreements and machines, so that those who serve the Marac can act on it. Why a match is only possible,
or that a record is protected, stays with the agency."""


def _state_of(cell: HitCell, told: frozenset[LookupOutcome]) -> HitCell:
    """What others than the agency see of a cell, with the reason of the states ``told``."""
    reason = cell.reason if cell.outcome in told else ""
    return HitCell(cell.agency_id, cell.outcome, reason, cell.asked_at, cell.answered_at)
