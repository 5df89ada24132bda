"""Flag: our alert on one record. Exact words, labels, our identifier, the subject, and nothing else: no narrative, no display, nothing
contained (a contained resource cannot be labelled), no period (an active Flag has no end: R4 Flag.period)."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.domain.receipts import FlagFinding
from mappings import strict_json
from mappings.fhir_r4 import resources as r4
from mappings.fhir_r4.codes import labels
from mappings.fhir_r4.profile import Profile


def build_flag(record_id: str, text: str, identifier: str, profile: Profile) -> bytes:
    """An active Flag with ``text`` word for word."""
    flag = {
        "resourceType": "Flag",
        "meta": {"security": labels(profile.flag_labels)},
        "identifier": [profile.identifier(identifier)],
        "status": "active",
        "code": {"text": text},
        "subject": {"reference": f"Patient/{record_id}"},
    }
    return msgspec.json.encode(flag)


def with_status(content: bytes, status: str) -> bytes:
    """The Flag that the server holds, with its status changed and every other element as it was read. Raises ``Unreadable``."""
    flag: dict[str, Any] = strict_json.read_any(content)
    return msgspec.json.encode(flag | {"status": status})


def ended_status(*, error: bool) -> str:
    """The status of a Flag that has ended, or that was a mistake."""
    return "entered-in-error" if error else "inactive"


def is_ours(flag: r4.Flag, identifier: str, profile: Profile) -> bool:
    """Whether it carries our identifier, under our system."""
    wanted = profile.identifier(identifier)
    return any(i.value == wanted["value"] and i.system == wanted.get("system", i.system) for i in flag.identifier)


def compare(flag: r4.Flag, record_id: str, text: str, profile: Profile, base: str = "") -> FlagFinding | None:
    """What is wrong with a Flag that was read back; None when it stands as it was written.

    ``base`` is the server's own address: the same number at another server is another record. Labels may have been added by the
    server, none may be missing; a code beside the words may be shown instead of them.
    """
    if not _is_on(flag.subject.reference, record_id, base):
        return FlagFinding.WRONG_RECORD
    held = {(label.system, label.code) for label in flag.meta.security}
    wanted = {(label["system"], label["code"]) for label in labels(profile.flag_labels)}
    as_written = flag.status == "active" and flag.code.text == text and not flag.code.coding and wanted <= held
    return None if as_written else FlagFinding.ALTERED


def holds_nothing_more(content: bytes, text: str, identifier: str, profile: Profile) -> bool:
    """Whether a Flag that was read back has, but for its id and meta, what was written and nothing else: a narrative, an extension or an
    end that somebody added says more than was approved, or hides it. Where it stands is for ``compare`` to say."""
    return bool(_written_part(content) == _written_part(build_flag("", text, identifier, profile)))


def _written_part(content: bytes) -> Any:
    flag: Any = strict_json.read_any(content)
    if not isinstance(flag, dict):
        return None
    subject = flag.get("subject")
    standing = {**subject, "reference": ""} if isinstance(subject, dict) else subject
    return {name: value for name, value in flag.items() if name not in ("id", "meta")} | {"subject": standing}


def _is_on(reference: str, record_id: str, base: str) -> bool:
    local = reference.removeprefix(f"{base.rstrip('/')}/") if base else reference
    return local.split("/_history/", 1)[0] == f"Patient/{record_id}"
