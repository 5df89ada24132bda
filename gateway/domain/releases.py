"""Releases: the only values that may leave for an agency.

Constructed in ``gateway.policy.disclosure`` and nowhere else (a check in tests/architecture keeps it so). A release is already
minimised: what it does not hold cannot leak downstream.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from gateway.domain.agreements import Purpose
from gateway.domain.case_list import BirthDate, PersonName, Sex
from gateway.domain.identifiers import ActionId, AgencyId, FlagId, LocalIdentifier, LookupId, NhsNumber, SystemKey
from gateway.domain.sealed import Sealed


class MessageKind(StrEnum):
    """What the outbox carries; its release type is in ``RELEASE_TYPES``, and its report is the one named."""

    LOOKUP = "lookup"  # -> Answer
    FLAG_PLACE = "flag.place"  # -> FlagReport
    FLAG_CHECK = "flag.check"  # -> FlagReport
    FLAG_END = "flag.end"  # -> FlagReport
    ACTION_SEND = "action.send"  # -> WorkItemReport
    ACTION_POLL = "action.poll"  # -> PollReport
    COMPLETION_TELL = "completion.tell"  # -> CompletionReport


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


RELEASE_TYPES: Mapping[MessageKind, type[Release]] = MappingProxyType({
    MessageKind.LOOKUP: LookupRelease, MessageKind.FLAG_PLACE: FlagRelease, MessageKind.FLAG_CHECK: FlagCheckRelease,
    MessageKind.FLAG_END: FlagRemovalRelease, MessageKind.ACTION_SEND: ActionRelease, MessageKind.ACTION_POLL: PollRelease,
    MessageKind.COMPLETION_TELL: CompletionRelease,
})  # fmt: skip
KIND_OF: Mapping[type[Release], MessageKind] = MappingProxyType({release_type: kind for kind, release_type in RELEASE_TYPES.items()})
