"""Segments the trust writes: PID, QRI, MSA, ERR, QAK, ADT headers (profile.toml, [response.fields])."""

import itertools
import secrets
from collections.abc import Iterable, Mapping
from functools import lru_cache

from contracts.stubs.card_index import key
from contracts.stubs.hl7v2_trust import er7
from contracts.stubs.hl7v2_trust.demographics import NHS_OID, OWN_OID, Hit, written_date
from contracts.stubs.hl7v2_trust.er7 import Field, Refused, Segment
from contracts.stubs.people import AgencyPerson
from contracts.stubs.places import Address

APPLICATION, FACILITY = "CBNT-PAS", "ZCB"

ERROR_TEXTS = {
    "100": "Segment sequence error", "101": "Required field missing", "102": "Data type error", "103": "Table value not found",
    "200": "Unsupported message type", "201": "Unsupported event code", "202": "Unsupported processing id",
    "203": "Unsupported version id", "204": "Unknown key identifier", "205": "Duplicate key identifier",
    "207": "Application internal error",
}  # fmt: skip

_run, _numbers = secrets.token_hex(4).upper(), itertools.count(1)


def msh(message_type: str, to: Segment | None, character_set: str, *, enhanced: bool = False, number: int = 0) -> str:
    """The header of a message from the trust, addressed to the sender of ``to`` (its MSH). ``number`` is its place in a feed: a feed counts
    for itself, so that its subscribers cannot tell from its numbers how much else the trust answered."""
    receiver = (to.field(3), to.field(4)) if to else ("", "")
    want = "NE" if enhanced else ""
    fields = [
        "MSH", "^~\\&", APPLICATION, FACILITY, *receiver, er7.now(), "", message_type, f"{_run}F{number:07d}" if number else f"{_run}{next(_numbers):08d}", "P", "2.5",
        "", "", want, want, "", character_set,
    ]  # fmt: skip
    return "|".join(fields).rstrip("|")


def msa(code: str, control_id: str) -> str:
    """Which message is answered, and how."""
    return er7.write("MSA", code, control_id)


def err(refused: Refused) -> str:
    """What was wrong and where; never what was sent."""
    place: Field = [refused.place.split("^")] if refused.place else ""
    return er7.write("ERR", "", place, [[refused.code, ERROR_TEXTS[refused.code], "HL70357"]], "E")


def pid(person: AgencyPerson, number: int, domains: frozenset[str] = frozenset(), overrides: Mapping[str, str] | None = None) -> str:
    """The patient. ``overrides`` of a persona: ``pid_7`` (a date written short), ``died`` (YYYYMMDD)."""
    changed = overrides or {}
    return f"PID|{number}||{_demographics(person, domains, changed.get('pid_7', ''), changed.get('died', ''))}"


@lru_cache(maxsize=20_000)
def _demographics(person: AgencyPerson, domains: frozenset[str], born: str, died: str) -> str:
    """PID from field 3 on."""
    names, aliases = _names(person)
    whole = er7.write(
        "PID", "", "", _identifiers(person, domains), "", names, "", born or written_date(person.birth_date),
        person.sex[:1].upper(), aliases, "", _addresses(person), "", _telephones(person), *[""] * 15, died, "Y" if died else "",
    )  # fmt: skip
    return whole.removeprefix("PID|||")


def qri(hit: Hit) -> str:
    """How sure the trust is of a hit, and why."""
    return er7.write("QRI", str(hit.confidence), list(hit.reasons), [["CBNT rule", "", "L"]])


def _identifiers(person: AgencyPerson, domains: frozenset[str]) -> Field:
    held: list[Field] = []
    if person.nhs_number and (not domains or "NHS" in domains):
        held.append([person.nhs_number, "", "", ["NHS", NHS_OID, "ISO"], "NH"])
    if not domains or "CBNT" in domains:
        held.append([person.local_id, "", "", ["CBNT", OWN_OID, "ISO"], "MR"])
    return held


def _names(person: AgencyPerson) -> tuple[Field, Field]:
    """PID-5 (legal, then former family names) and PID-9 (aliases)."""
    names: list[Field] = [_xpn(person.family, person.given, " ".join(person.middle), "L")]
    aliases: list[Field] = []
    for name in person.aliases:
        if key(name.given) == key(person.given):
            names.append(_xpn(name.family, name.given, "", "M"))
        else:
            aliases.append(_xpn(name.family, name.given, "", "A"))
    return names, aliases


def _xpn(family: str, given: str, middle: str, kind: str) -> Field:
    return [family, given, middle, "", "", "", kind]


def _addresses(person: AgencyPerson) -> Field:
    current: list[Field] = [_xad(person.address, "")] if person.address else []
    return current + [_xad(place, "20200101") for place in person.previous_addresses]


def _xad(place: Address, until: str) -> Field:
    first, *others = place.lines
    town = others.pop() if others else ""
    return [first, ", ".join(others), town, "", place.postcode, "GBR", "H", "", "", "", "", "", "", until]


def _telephones(person: AgencyPerson) -> Field:
    if not person.phone:
        return None
    equipment = "CP" if person.phone.startswith("07") else "PH"
    return [["", "PRN", equipment, *[""] * 8, person.phone]]


def demographic_message(event: str, person: AgencyPerson, clinical: Iterable[str], number: int = 0) -> list[str]:
    """ADT^A28 or ADT^A31 about a patient, with the AL1 and DG1 segments given; ``number`` is its place in the feed."""
    return [
        msh(f"ADT^{event}^ADT_A05", None, "UNICODE UTF-8", number=number), er7.write("EVN", event, er7.now()), pid(person, 1),
        er7.write("PV1", "1", "N"), *clinical,
    ]  # fmt: skip
