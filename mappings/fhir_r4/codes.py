"""Systems and codes of R4 that we send or read, each with where it is defined."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

FHIR_JSON = "application/fhir+json"
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
"""NHS Digital naming system; a number counts as an NHS number under this system only."""
URI_VALUES = "urn:ietf:rfc:3986"
"""System of identifiers whose value is itself a URI, such as ``urn:uuid:...`` (R4 2.24.0.5 Identifier)."""

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
LABEL_SYSTEMS = {
    "U": CONFIDENTIALITY,
    "L": CONFIDENTIALITY,
    "M": CONFIDENTIALITY,
    "N": CONFIDENTIALITY,
    "R": CONFIDENTIALITY,
    "V": CONFIDENTIALITY,
}
"""Labels of confidentiality by their letter; every other label that we set is an ActCode."""

HIDING_LABELS = ("V", "SDV", "NOPAT", "NOLIST")
"""Very restricted; domestic violence; not to the patient, family or caregivers; only to those on a list. A request to the recipient,
never a lock: whether it is kept is looked at after every write."""

RESTRICTED_LABELS = frozenset({"R", "V", "REDACTED", "MASKED"})
"""Labels that say that part of a record is kept from us. The names are told apart by code alone: older servers use older systems."""

FlagStatus = Literal["active", "inactive", "entered-in-error"]
TaskStatus = Literal[
    "draft", "requested", "received", "accepted", "rejected", "ready", "cancelled", "in-progress", "on-hold", "failed", "completed",
    "entered-in-error",
]  # fmt: skip
Gender = Literal["male", "female", "other", "unknown"]
IdentifierUse = Literal["usual", "official", "temp", "secondary", "old"]
NameUse = Literal["usual", "official", "temp", "nickname", "anonymous", "old", "maiden"]
FLAG_STATUS, TASK_STATUS, GENDER, IDENTIFIER_USE, NAME_USE = (get_args(codes) for codes in (FlagStatus, TaskStatus, Gender, IdentifierUse, NameUse))
"""Required value sets: what we send is held against them, and a reply with another code is not read (``resources``)."""
TASK_INTENT = (
    "unknown",
    "proposal",
    "plan",
    "order",
    "original-order",
    "reflex-order",
    "filler-order",
    "instance-order",
    "option",
)


def labels(codes: Iterable[str]) -> list[dict[str, str]]:
    """Security labels as ``meta.security`` holds them; without display, which would spell out what is kept quiet."""
    return [{"system": LABEL_SYSTEMS.get(code, ACT_CODE), "code": code} for code in codes]
