"""Releases: the only values that may leave for an agency.

Constructed in ``gateway.policy.disclosure`` and nowhere else (a check in tests/architecture keeps it so). A release is already
minimised: what it does not hold cannot leak downstream.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.domain.agreements import Purpose
from gateway.domain.case_list import BirthDate, PersonName, Sex
from gateway.domain.identifiers import ActionId, AgencyId, FlagId, LocalIdentifier, LookupId, NhsNumber, SystemKey
from gateway.domain.sealed import Sealed


class MessageKind(StrEnum):
    """What the outbox carries; the release type of each is the one named."""

    LOOKUP = "lookup"  # LookupRelease -> Answer
    FLAG_PLACE = "flag.place"  # FlagRelease -> FlagReport
    FLAG_CHECK = "flag.check"  # FlagCheckRelease -> FlagReport
    FLAG_END = "flag.end"  # FlagRemovalRelease -> FlagReport
    ACTION_SEND = "action.send"  # ActionRelease -> WorkItemReport
    ACTION_POLL = "action.poll"  # PollRelease -> PollReport
    COMPLETION_TELL = "completion.tell"  # CompletionRelease -> CompletionReport


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Release(Sealed):
    """What every release says: to which agency and system, for which purpose, under which text of the agreement."""

    agency_id: AgencyId
    system: SystemKey
    purpose: Purpose
    agreement_version: str


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class LookupRelease(Release):
    """Ask whether a person is known. No role, no case, no other person. ``postcode`` never stands alone in a search
    (PDS hides restricted people from searches that carry one)."""

    lookup_id: LookupId
    names: tuple[PersonName, ...] = ()
    birth_dates: tuple[BirthDate, ...] = ()
    own_identifiers: tuple[LocalIdentifier, ...] = ()
    nhs_number: NhsNumber | None = None
    sex: Sex | None = None
    postcode: str | None = None


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class FlagRelease(Release):
    """Place one alert on one record; ``text`` is exact, ``identifier`` neutral and ours."""

    flag_id: FlagId
    record_id: str
    text: str
    identifier: str


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class FlagRemovalRelease(Release):
    """End our alert, and only ours. ``error`` when it should never have been there (FHIR ``entered-in-error``)."""

    flag_id: FlagId
    record_id: str
    identifier: str
    remote_id: str | None = None
    error: bool = False


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class FlagCheckRelease(Release):
    """Read our alert again: is it there, ours, unchanged, on the same record, and absent from the subject's views?"""

    flag_id: FlagId
    record_id: str
    text: str
    identifier: str
    remote_id: str | None = None


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class ActionRelease(Release):
    """One action as work in the agency's own system. It names no record: it must not stand in anybody's compartment."""

    action_id: ActionId
    reference: str
    text: str
    owner: str
    due_on: date


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class PollRelease(Release):
    """Ask a system which of our work items changed since a moment; carries nothing about anybody."""

    since: datetime | None = None
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class CompletionRelease(Release):
    """Tell the coordinator's case system, once, how an action ended. ``detail`` is what the agency chose to share."""

    action_id: ActionId
    reference: str
    case_number: str
    agency: AgencyId
    outcome: str
    detail: str
    completed_at: datetime
