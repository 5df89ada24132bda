"""What an alert on a Patient rests on, as digests: who the record is about, what it is linked with, whose practice, who else may open it.

Digests only: what is kept to be compared tomorrow holds no name, and a record that is edited in other ways compares equal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from gateway.domain.receipts import Footing


def build_footing(patient: bytes, related: Iterable[bytes] | None) -> Footing | None:
    """From the Patient as it was read and the pages of RelatedPerson (None where the system is not asked for them). None for what is no
    Patient."""
    told = _object(patient)
    if told.get("resourceType") != "Patient":
        return None
    return Footing(
        identity=_digest([_names(told), told.get("birthDate"), _numbers(told)]),
        links=_digest([sorted(map(_link, _list(told, "link"))), told.get("active", True)]),
        practice=_digest(sorted(map(_plain, _list(told, "generalPractitioner")))),
        access=_digest(sorted(_holder(entry) for page in related for entry in _list(_object(page), "entry"))) if related is not None else "",
    )


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, UnicodeDecodeError):
        return {}
    return told if isinstance(told, dict) else {}


def _list(told: Mapping[str, Any], name: str) -> list[Any]:
    found = told.get(name)
    return found if isinstance(found, list) else []


def _names(told: Mapping[str, Any]) -> list[str]:
    """In any order, without the time for which each is used."""
    return sorted(_plain({part: name.get(part) for part in ("family", "given", "use")}) for name in _list(told, "name") if isinstance(name, dict))


def _numbers(told: Mapping[str, Any]) -> list[str]:
    return sorted(f"{one.get('system')}|{one.get('value')}|{one.get('use')}" for one in _list(told, "identifier") if isinstance(one, dict))


def _link(link: Any) -> str:
    return f"{link.get('type')} {link.get('other', {}).get('reference')}" if isinstance(link, dict) else _plain(link)


def _holder(entry: Any) -> str:
    """Somebody who may act for the person: which entry, in force or not, in what capacity."""
    resource = entry.get("resource", {}) if isinstance(entry, dict) else {}
    return _plain({part: resource.get(part) for part in ("id", "active", "relationship", "period")})


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _digest(value: Any) -> str:
    return hashlib.sha256(_plain(value).encode()).hexdigest()
