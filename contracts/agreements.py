"""Agencies by configuration: a folder per agency with its ``agreement.toml``, loaded and checked.

What cannot be read shares nothing: a missing, broken or expired agreement is no agreement, and the gateway withholds. The format
is explained in docs/agreements.md; the five demonstration agencies show it in use.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path

from contracts.register import FILE_NAME as REGISTER_FILE
from contracts.register import looked_at, read_registers, register_notes
from contracts.tables import Problem, Table
from gateway.domain.agreements import (
    DEFAULT_LOOKUP_FIELDS,
    AlertReach,
    Capability,
    Field,
    Limits,
    Purpose,
    RecordSystem,
    SharingAgreement,
    SystemKind,
)
from gateway.domain.case_list import Role
from gateway.domain.identifiers import AgencyId, MaracId, SystemKey
from gateway.domain.register import Register
from gateway.policy.vocabulary import tells

FILE_NAME = "agreement.toml"
_ID = r"[a-z0-9]+(-[a-z0-9]+)*"
_ID_FIX = "in lower case letters and digits, with hyphens between words"
_REFERENCE = r"(env:[A-Z][A-Z0-9_]*|file:[A-Za-z0-9][A-Za-z0-9._-]*)"
_REFERENCE_FIX = "write a reference, env:NAME or file:NAME; the value itself never stands in an agreement"


class Received(StrEnum):
    """Categories of data that an agency sends back."""

    CANDIDATES = "candidates"
    """Records that may be the person's: names, dates of birth, identifiers, addresses, telephones as that agency holds them."""
    OPEN_TO_SERVICE = "open_to_service"
    """Whether the person is open to the agency's services."""
    ALERT_RECEIPTS = "alert_receipts"
    """Whether and where an alert stands."""
    COMPLETIONS = "completions"
    """How an action ended, with the detail that the agency chose to share."""


class Jurisdiction(StrEnum):
    """Whose bank holidays count."""

    ENGLAND_WALES = "england-wales"
    SCOTLAND = "scotland"
    NORTHERN_IRELAND = "northern-ireland"


_ANYWHERE = frozenset({Capability.SEARCH})
_WORK = frozenset({Capability.WORK_ITEMS, Capability.WORK_ITEM_POLL, Capability.CALLBACKS})
_HIDING = frozenset({Capability.OPEN_TO_SERVICE, Capability.HIDDEN_FLAG, Capability.SUBJECT_VIEW, Capability.CONDITIONAL_UPDATE})
CAN: Mapping[SystemKind, frozenset[Capability]] = {
    SystemKind.FHIR_R4: _ANYWHERE | _WORK | _HIDING | {Capability.MATCH, Capability.CONDITIONAL_CREATE},
    SystemKind.HL7V2: _ANYWHERE,
    SystemKind.POLICE: _ANYWHERE | _WORK | _HIDING,
    SystemKind.HOUSING: _ANYWHERE | _WORK | _HIDING,
    SystemKind.CASE_SYSTEM: frozenset({Capability.COMPLETIONS}),
}
"""What a kind of system can do at most: an agreement that claims more was written for another system."""


@dataclass(frozen=True, slots=True)
class AgreementFolder:
    """The agreements that can be used, and what is wrong with the others. Implements ``gateway.services.ports.AgreementBook``."""

    agreements: Mapping[AgencyId, SharingAgreement] = field(default_factory=dict)
    problems: Sequence[Problem] = ()

    def of(self, agency_id: AgencyId) -> SharingAgreement | None:
        """The agency's agreement, in force or not; None where there is none that can be read."""
        return self.agreements.get(agency_id)

    def all(self) -> Sequence[SharingAgreement]:
        """Every agreement that can be read, in the order of the agencies' ids."""
        return tuple(self.agreements.values())


def load_agreements(folder: Path) -> AgreementFolder:
    """Reads every agency's folder. Never raises for what is wrong inside: that agency has no agreement, and ``problems`` says why."""
    if not folder.is_dir():
        return AgreementFolder(problems=(Problem(str(folder), "", "no such folder; name one in MARAC_AGENCIES"),))
    agreements: dict[AgencyId, SharingAgreement] = {}
    problems: list[Problem] = []
    for agency in sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith((".", "_"))):
        agreement, found = read_agreement(agency)
        problems += found
        if agreement and not found:
            agreements[agreement.agency_id] = agreement
    if not agreements and not problems:
        problems.append(Problem(str(folder), "", f"holds no agency; add <agency id>/{FILE_NAME}"))
    return AgreementFolder(agreements, tuple(problems))


def read_agreement(agency: Path) -> tuple[SharingAgreement | None, Sequence[Problem]]:
    """One agency's agreement and everything that is wrong with it."""
    file = f"{agency.name}/{FILE_NAME}"
    try:
        content = (agency / FILE_NAME).read_bytes()
        table = Table(file, tomllib.loads(content.decode("utf-8")), [])
    except FileNotFoundError:
        return None, (Problem(file, "", "there is no such file; nothing is shared with this agency until there is one"),)
    except UnicodeDecodeError:
        return None, (Problem(file, "", "save it as UTF-8"),)
    except tomllib.TOMLDecodeError as fault:
        return None, (Problem(file, "", f"is not TOML: {_place(fault)}"),)
    registers, wrong = read_registers(agency)
    agreement = _agreement(AgencyId(agency.name), table, hashlib.sha256(content).hexdigest()[:16], registers)
    return agreement, (*table.problems, *wrong, *_unknown(agency, agreement, registers))


def _unknown(agency: Path, agreement: SharingAgreement, registers: Mapping[str, Register]) -> Sequence[Problem]:
    """Registers of systems that the agreement does not name."""
    known = {system.key.partition("/")[2] for system in agreement.systems}
    fix = f"is no system of {FILE_NAME}; remove it, or correct its name"
    return tuple(Problem(f"{agency.name}/{REGISTER_FILE}", name, fix) for name in registers if name not in known)


def in_force(agreement: SharingAgreement, today: date) -> bool:
    """Whether the agreement holds on this day; both its dates are inclusive."""
    return agreement.valid_from <= today <= agreement.valid_until


def expiry_notes(agreements: Sequence[SharingAgreement], today: date, days: int = 60) -> Sequence[tuple[AgencyId, str]]:
    """Agencies whose agreement is not in force, or ends soon, with a sentence for each."""
    notes = []
    for agreement in agreements:
        if today < agreement.valid_from:
            notes.append((agreement.agency_id, f"is not valid before {agreement.valid_from:%d %B %Y}; nothing is shared until then"))
        elif today > agreement.valid_until:
            notes.append((agreement.agency_id, f"ended on {agreement.valid_until:%d %B %Y}; nothing is shared"))
        elif (agreement.valid_until - today).days <= days:
            notes.append((agreement.agency_id, f"ends on {agreement.valid_until:%d %B %Y}"))
    return tuple(notes)


def lookup_only_notes(agreements: Sequence[SharingAgreement], today: date) -> Sequence[Problem]:
    """What keeps a system that could hide an alert from being written to, each with its file, its key and what to do."""
    return tuple(
        note
        for agreement in agreements
        for system in agreement.systems
        if Capability.HIDDEN_FLAG in system.capabilities
        for note in register_notes(f"{agreement.agency_id}/{REGISTER_FILE}", system, today)
    )


def _place(fault: tomllib.TOMLDecodeError) -> str:
    """Where the fault is, without the text that stands there."""
    told = str(fault)
    return told[told.rindex("(") + 1 : -1] if "(at " in told else "see its first lines"


def _agreement(agency_id: AgencyId, table: Table, version: str, registers: Mapping[str, Register]) -> SharingAgreement:
    about, shares, receives, flags, systems = (table.table(key) for key in ("agreement", "shares", "receives", "flags", "systems"))
    agreement = SharingAgreement(
        agency_id=agency_id,
        name=about.text("name", says="write the agency's full name"),
        parties=about.texts("parties", "list the organisations that signed"),
        maracs=frozenset(MaracId(marac) for marac in about.texts("maracs", "list the ids of the Maracs, such as northmoor")),
        lawful_basis=about.text("lawful_basis", says="name the lawful basis of the sharing"),
        valid_from=about.day("valid_from"),
        valid_until=about.day("valid_until"),
        jurisdiction=about.text("jurisdiction", "|".join(Jurisdiction), f"write one of: {', '.join(Jurisdiction)}", "england-wales"),
        representative=about.text("representative", _ID, f"name a mailbox or rota {_ID_FIX}"),
        purposes=shares.some_of("purposes", Purpose),
        roles=shares.some_of("roles", Role, ()),
        lookup_fields=shares.some_of("lookup_fields", Field, DEFAULT_LOOKUP_FIELDS),
        receives=frozenset(str(item) for item in receives.some_of("categories", Received)),
        perpetrator_flags=flags.switch("perpetrators", default=False),
        flag_review_months=int(flags.number("review_months", 1, 12, 12)),
        systems=tuple(_system(agency_id, name, systems.table(name), registers.get(name)) for name in systems.names()),
        version=version,
    )
    _check_whole(agreement, table, about, shares)
    for part in (table, about, shares, receives, flags):
        part.close()
    return agreement


def _check_whole(agreement: SharingAgreement, table: Table, about: Table, shares: Table) -> None:
    """What only shows when several keys are seen together."""
    if agreement.valid_until < agreement.valid_from:
        about.wrong("valid_until", "must not be before valid_from")
    if Purpose.LOOKUP in agreement.purposes and not agreement.roles:
        shares.wrong("roles", f"list whom the agency may be asked about: {', '.join(Role)}")
    if Purpose.LOOKUP in agreement.purposes and not agreement.lookup_fields - {Field.POSTCODE, Field.SEX}:
        shares.wrong("lookup_fields", "a person cannot be found by these alone; add names")
    if Field.BIRTH_DATES in agreement.lookup_fields and Field.NAMES not in agreement.lookup_fields:
        shares.wrong("lookup_fields", "dates of birth without names find the wrong people; add names")
    if not re.fullmatch(_ID, agreement.agency_id):
        table.wrong("", f"name the folder {_ID_FIX}")
    for system in agreement.systems:
        if not re.fullmatch(_ID, system.key.partition("/")[2]):
            table.wrong(f"systems.{system.key.partition('/')[2]}", f"name the system {_ID_FIX}")


def _system(agency_id: AgencyId, name: str, table: Table, register: Register | None) -> RecordSystem:
    kind = table.one_of("kind", SystemKind)
    capabilities = table.some_of("capabilities", Capability, ())
    if kind and (beyond := capabilities - CAN[kind]):
        table.wrong("capabilities", f"a system of this kind cannot do: {', '.join(sorted(beyond))}")
    views = looked_at(register) if register else {}
    _check_hiding(table, capabilities, views, register)
    if register is None or register.unanswered:
        capabilities -= {Capability.SUBJECT_VIEW}
    system = RecordSystem(
        key=SystemKey(f"{agency_id}/{name}"),
        kind=kind or SystemKind.FHIR_R4,
        endpoint=table.text("endpoint", _REFERENCE, _REFERENCE_FIX),
        credentials=_texts(table.table("credentials"), _REFERENCE, _REFERENCE_FIX),
        capabilities=capabilities,
        limits=_limits(table.table("limits")),
        options={**_options(table.table("options")), **views},
        register=register,
        alerts_stand_on=_reach(table, kind, capabilities),
    )
    table.close()
    return system


def _reach(table: Table, kind: SystemKind | None, capabilities: frozenset[Capability]) -> AlertReach:
    """Whose record an alert stands on. A landlord's alerts stand on the home unless the agreement says otherwise."""
    usual = AlertReach.TENANCY if kind is SystemKind.HOUSING else AlertReach.PERSON
    reach = (table.one_of("alerts_stand_on", AlertReach) if "alerts_stand_on" in table.content else None) or usual
    if reach is not AlertReach.PERSON and Capability.HIDDEN_FLAG in capabilities:
        table.wrong("alerts_stand_on", "hidden_flag needs alerts_stand_on = \"person\": nothing wider is ever written to")
    return reach


def _check_hiding(table: Table, capabilities: frozenset[Capability], views: Mapping[str, str], register: Register | None) -> None:
    """An alert is only written where it can be looked at afterwards from the subject's side."""
    if Capability.HIDDEN_FLAG in capabilities and Capability.SUBJECT_VIEW not in capabilities:
        table.wrong("capabilities", "hidden_flag needs subject_view: what cannot be looked at afterwards is not written")
    elif Capability.SUBJECT_VIEW in capabilities and register is not None and not views:
        table.wrong("capabilities", f"subject_view needs at least one output of {REGISTER_FILE} that is looked at and that others than staff get")


def _texts(table: Table, pattern: str, says: str) -> Mapping[str, str]:
    return {name: table.text(name, pattern, says) for name in table.names()}


def _options(table: Table) -> Mapping[str, str]:
    """Settings of the connector. What of them stands in messages must not say why we ask; how the system itself is called is its own."""
    options = _texts(table, r".*", "write a text")
    for name, value in options.items():
        if not name.startswith("receiving_") and tells(value.encode()):
            table.wrong(name, "says why you ask; agree a neutral name with the agency, because what is sent leaves traces that people can ask for")
    return options


def _limits(table: Table) -> Limits:
    usual = Limits()
    limits = Limits(
        concurrency=int(table.number("concurrency", 1, 100, usual.concurrency)),
        per_second=table.number("per_second", 0, 1000, usual.per_second),
        timeout_s=table.number("timeout_s", 0.1, 300, usual.timeout_s),
        max_reply_bytes=int(table.number("max_reply_bytes", 1024, 64 * 1024 * 1024, usual.max_reply_bytes)),
        max_flag_text=int(table.number("max_flag_text", 0, 100_000, usual.max_flag_text)),
    )
    table.close()
    return limits
