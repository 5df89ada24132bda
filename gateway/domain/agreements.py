"""What one agency agreed to: who may be asked about, with what, for which purpose, until when, and through which systems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from gateway.domain.case_list import Role
from gateway.domain.identifiers import AgencyId, MaracId, SystemKey
from gateway.domain.register import Register


class Purpose(StrEnum):
    """Why something leaves. Each release names one, and the agreement must list it."""

    LOOKUP = "lookup"
    FLAG = "flag"
    ACTION = "action"
    COMPLETION = "completion"


class Field(StrEnum):
    """Categories of data that an agreement may let out in a look-up. The default is names, dates of birth and the agency's own identifiers."""

    NAMES = "names"
    BIRTH_DATES = "birth_dates"
    OWN_IDENTIFIERS = "own_identifiers"
    NHS_NUMBER = "nhs_number"
    SEX = "sex"
    POSTCODE = "postcode"


DEFAULT_LOOKUP_FIELDS = frozenset({Field.NAMES, Field.BIRTH_DATES, Field.OWN_IDENTIFIERS})


class SystemKind(StrEnum):
    """Which connector speaks to the system."""

    FHIR_R4 = "fhir_r4"
    HL7V2 = "hl7v2"
    POLICE = "police"
    HOUSING = "housing"
    CASE_SYSTEM = "case_system"


class Capability(StrEnum):
    """What a system can do. What is not listed is not tried; a person gets a task instead."""

    SEARCH = "search"
    MATCH = "match"
    OPEN_TO_SERVICE = "open_to_service"
    HIDDEN_FLAG = "hidden_flag"
    CONDITIONAL_CREATE = "conditional_create"
    CONDITIONAL_UPDATE = "conditional_update"
    SUBJECT_VIEW = "subject_view"
    """The system offers a view as the subject would see it, so that hiding can be checked after a write."""
    WORK_ITEMS = "work_items"
    WORK_ITEM_POLL = "work_item_poll"
    CALLBACKS = "callbacks"
    COMPLETIONS = "completions"


class AlertReach(StrEnum):
    """Whose record an alert stands on in a system, and so who gets to see the place. Only a person's own record is ever written to."""

    PERSON = "person"
    HOUSEHOLD = "household"
    TENANCY = "tenancy"
    """A home or its tenancy, which joint tenants see."""
    GENERAL_PRACTICE = "general-practice"
    """A record that its subject, proxies and parents read online, and that moves with them."""
    SHARED_RECORD = "shared-record"
    """A record of many organisations, whose applications need not keep our labels."""
    BROADCAST = "broadcast"
    """An event that is copied to whoever subscribes (HL7 v2 ADT)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the agency's system bears. ``timeout_s`` is the whole of one exchange, not a read time-out."""

    concurrency: int = 10
    per_second: float = 0.0
    """0 means that no rate was agreed."""
    timeout_s: float = 30.0
    max_reply_bytes: int = 2 * 1024 * 1024
    max_flag_text: int = 0
    """Longest text that the flag field holds, in characters; 0 means that no limit was declared."""


@dataclass(frozen=True, slots=True)
class RecordSystem:
    """One record system of an agency. ``endpoint`` and ``credentials`` are references (``env:NAME``, ``file:NAME``), never secrets."""

    key: SystemKey
    kind: SystemKind
    endpoint: str
    credentials: Mapping[str, str] = field(default_factory=dict)
    capabilities: frozenset[Capability] = frozenset()
    limits: Limits = Limits()
    options: Mapping[str, str] = field(default_factory=dict)
    """Settings of the connector by name, e.g. ``identifier_system``, ``receiving_facility``, ``nhs_number_system``."""
    register: Register | None = None
    """What the system shows to others than its staff; None where nobody wrote that down."""
    alerts_stand_on: AlertReach = AlertReach.PERSON


@dataclass(frozen=True, slots=True)
class SharingAgreement:
    """One agency's agreement, as read from ``agreement.toml``. Dates are inclusive."""

    agency_id: AgencyId
    name: str
    parties: tuple[str, ...]
    lawful_basis: str
    purposes: frozenset[Purpose]
    roles: frozenset[Role]
    lookup_fields: frozenset[Field]
    valid_from: date
    valid_until: date
    systems: tuple[RecordSystem, ...]
    receives: frozenset[str] = frozenset()
    """Categories of data that the agency sends us back (documented in ``contracts/agreements.py``)."""
    perpetrator_flags: bool = False
    flag_review_months: int = 12
    jurisdiction: str = "england-wales"
    """Whose bank holidays count: ``england-wales``, ``scotland`` or ``northern-ireland``."""
    representative: str = ""
    """Neutral name of the mailbox or rota that tasks for a person go to."""
    maracs: frozenset[MaracId] = frozenset()
    """Maracs that the agreement covers; none named means every Marac of this installation."""
    version: str = ""
    """Digest of the file, so that a release says under which text it was made."""

    def system(self, key: SystemKey) -> RecordSystem:
        """The system by key; ``KeyError`` when the agreement does not name it."""
        return next(s for s in self.systems if s.key == key)
