"""Golden files: canonical YAML on our side, the exact text on the wire beside it.

``build_*.yaml`` holds a release and gives the text in the file of the same name; ``read_*.yaml`` holds what is made of that text.
HL7 stands one segment to a line (CR on the wire); JSON as it is sent.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from gateway.domain.agreements import Purpose
from gateway.domain.case_list import BirthDate, PersonName
from gateway.domain.identifiers import ActionId, AgencyId, FlagId, LocalIdentifier, LookupId, NhsNumber, SystemKey
from gateway.domain.releases import ActionRelease, CompletionRelease, FlagRelease, LookupRelease, Release

GOLDEN = Path(__file__).parent
_ID = UUID("6a9d2f0c-5a5e-4a54-9a62-0d7c1c1f8b11")


def situations(room: str, prefix: str) -> list[Path]:
    """The YAML files of one mapping; at least one, or the test has nothing to say."""
    found = sorted((GOLDEN / room).glob(f"{prefix}*.yaml"))
    assert found, f"no golden files {room}/{prefix}*"
    return found


def load(file: Path) -> dict[str, Any]:
    """The YAML of a golden file."""
    content: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return content


def er7(file: Path) -> bytes:
    """The HL7 text beside a YAML file, as it is on the wire."""
    return file.with_suffix(".er7").read_text(encoding="utf-8").replace("\n", "\r").encode()


def _release(purpose: Purpose) -> dict[str, Any]:
    return {"agency_id": AgencyId("ashby"), "system": SystemKey("ashby/record"), "purpose": purpose, "agreement_version": "v1"}


def lookup(told: Mapping[str, Any]) -> LookupRelease:
    """A look-up from YAML: ``names`` as "family, given, middle", dates as ISO (whole or in part)."""
    return LookupRelease(
        **_release(Purpose.LOOKUP), lookup_id=LookupId(_ID),
        names=tuple(_name(text) for text in told.get("names", ())),
        birth_dates=tuple(BirthDate.from_iso(str(text)) for text in told.get("birth_dates", ())),
        own_identifiers=tuple(LocalIdentifier(scheme, str(value)) for scheme, value in told.get("own_identifiers", {}).items()),
        nhs_number=NhsNumber(str(told["nhs_number"])) if "nhs_number" in told else None,
    )  # fmt: skip


def _name(text: str) -> PersonName:
    family, given, *middle = [part.strip() for part in f"{text},".split(",")][:3] if "," in text else [text, ""]
    return PersonName(family, given, tuple(word for word in middle if word))


def other(told: Mapping[str, Any]) -> Release:
    """A flag, an action or a completion from YAML."""
    kinds: dict[str, Any] = {
        "flag": lambda: FlagRelease(**_release(Purpose.FLAG), flag_id=FlagId(_ID), **told["flag"]),
        "action": lambda: ActionRelease(**_release(Purpose.ACTION), action_id=ActionId(_ID), **told["action"]),
        "completion": lambda: CompletionRelease(**_release(Purpose.COMPLETION), action_id=ActionId(_ID), **told["completion"]),
    }
    release: Release = next(make() for kind, make in kinds.items() if kind in told)
    return release


def plain(value: Any) -> Any:
    """A domain value as YAML has it: only what is there, sealed or not."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, BirthDate):
        return value.iso()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        kept = {
            name: told
            for name, told in fields.items()
            if told not in (None, "", [], False) or (name == "open_to_service" and told is False)
        }
        return kept["value"] if set(kept) == {"value"} else kept
    if isinstance(value, tuple | list | frozenset):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date | datetime) else value
