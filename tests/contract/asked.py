"""What the contract tests of the connectors ask, and whom: releases and destinations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from adapters.connectors import Destination
from gateway.domain.agreements import Capability, Limits, Purpose, RecordSystem, SystemKind
from gateway.domain.case_list import BirthDate, PersonName, Role
from gateway.domain.flags import ALERT_TEXT
from gateway.domain.identifiers import ActionId, AgencyId, FlagId, LocalIdentifier, LookupId, NhsNumber, SystemKey
from gateway.domain.releases import (
    ActionRelease,
    CompletionRelease,
    FlagCheckRelease,
    FlagRelease,
    FlagRemovalRelease,
    LookupRelease,
    PollRelease,
)

LOOKUP = LookupId(UUID("6a9d2f0c-5a5e-4a54-9a62-0d7c1c1f8b11"))
AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def about(
    family: str = "Wiśniewska",
    given: str = "Katarzyna",
    born: date | BirthDate | None = date(1991, 7, 23),
    *,
    aliases: tuple[PersonName, ...] = (),
    also_born: tuple[date, ...] = (),
    numbers: tuple[LocalIdentifier, ...] = (),
    nhs_number: str = "",
    system: str = "calderbrook-nhs-trust/record",
) -> LookupRelease:
    """A look-up about one person."""
    dates = [born if isinstance(born, BirthDate) else BirthDate.of(born)] if born else []
    return LookupRelease(
        agency_id=AgencyId(system.partition("/")[0]), system=SystemKey(system), purpose=Purpose.LOOKUP, agreement_version="v1",
        lookup_id=LOOKUP, names=(PersonName(family, given), *aliases) if family else (),
        birth_dates=(*dates, *(BirthDate.of(day) for day in also_born)), own_identifiers=numbers,
        nhs_number=NhsNumber(nhs_number) if nhs_number else None,
    )  # fmt: skip


def _to(system: str, purpose: Purpose) -> dict[str, Any]:
    return {
        "agency_id": AgencyId(system.partition("/")[0]), "system": SystemKey(system), "purpose": purpose, "agreement_version": "v1"
    }  # fmt: skip


def alert(record_id: str, identifier: str = "ref-5f2c71d0", text: str = ALERT_TEXT[Role.VICTIM]) -> FlagRelease:
    """An alert to place."""
    release = _to("northmoor-police/records", Purpose.FLAG)
    return FlagRelease(**release, flag_id=FlagId(LOOKUP), record_id=record_id, text=text, identifier=identifier)


def alert_check(placed: FlagRelease) -> FlagCheckRelease:
    """The same alert, to be read again."""
    release = _to(placed.system, Purpose.FLAG)
    return FlagCheckRelease(**release, flag_id=placed.flag_id, record_id=placed.record_id, text=placed.text, identifier=placed.identifier)


def alert_end(placed: FlagRelease) -> FlagRemovalRelease:
    """The same alert, to be ended."""
    release = _to(placed.system, Purpose.FLAG)
    return FlagRemovalRelease(**release, flag_id=placed.flag_id, record_id=placed.record_id, identifier=placed.identifier)


def action(
    reference: str, text: str = "Offer an appointment with the support worker", system: str = "northmoor-police/records"
) -> ActionRelease:
    """An action to hand over."""
    return ActionRelease(
        **_to(system, Purpose.ACTION), action_id=ActionId(LOOKUP), reference=reference, text=text, owner="Duty desk",
        due_on=date(2026, 11, 20),
    )  # fmt: skip


def poll(*references: str, since: datetime | None = None, system: str = "northmoor-police/records") -> PollRelease:
    """Ask what became of these."""
    return PollRelease(**_to(system, Purpose.ACTION), since=since, references=references)


def completion(
    reference: str, outcome: str = "completed", detail: str = "Seen on the ward", action_id: UUID = LOOKUP, case_number: str = "NM-101"
) -> CompletionRelease:
    """How an action ended."""
    return CompletionRelease(
        **_to("northmoor-marac/cases", Purpose.COMPLETION), action_id=ActionId(action_id), reference=reference, case_number=case_number,
        agency=AgencyId("northmoor-police"), outcome=outcome, detail=detail, completed_at=AT.replace(microsecond=123456),
    )  # fmt: skip


def destination(
    kind: SystemKind,
    endpoint: str,
    *,
    key: str = "calderbrook-nhs-trust/record",
    credentials: Mapping[str, str] | None = None,
    capabilities: frozenset[Capability] = frozenset({Capability.SEARCH}),
    limits: Limits | None = None,
    options: Mapping[str, str] | None = None,
) -> Destination:
    """A record system with its references resolved."""
    system = RecordSystem(SystemKey(key), kind, "env:X", {}, capabilities, limits or Limits(timeout_s=2.0), options or {})
    return Destination(system, endpoint, credentials or {})
