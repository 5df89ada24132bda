"""Whether a resource is R4 (4.0.1), judged by others' definitions and by our own tables; for tests and for trying out an agreement.

fhir.resources has R4B (4.3.0) and no R4. Of the types that we send, R4B changed none of the elements, but its models do not hold codes
to their required value sets, so these are checked here. Not for the hot path: one Flag costs it as much as the rest of a delivery.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from mappings import strict_json
from mappings.fhir_r4 import codes

_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "Flag.status": codes.FLAG_STATUS,
    "Task.status": codes.TASK_STATUS,
    "Task.intent": codes.TASK_INTENT,
    "Patient.gender": codes.GENDER,
    "Patient.name.use": codes.NAME_USE,
    "Patient.identifier.use": codes.IDENTIFIER_USE,
    "Flag.identifier.use": codes.IDENTIFIER_USE,
    "Task.identifier.use": codes.IDENTIFIER_USE,
}
"""Elements bound to a required value set, of those that we send (R4 4.0.1, "Binding: required")."""


def faults_in(content: bytes) -> list[str]:
    """Every departure found, by the element's path and a word for what is wrong; never by its value. Empty when it conforms."""
    try:
        resource = strict_json.read_any(content)
    except strict_json.Unreadable as fault:
        return [fault.code.value]
    if not isinstance(resource, dict):
        return ["not a resource"]
    return [*_against_models(resource), *_against_value_sets(resource)]


def _against_models(resource: Mapping[str, Any]) -> Iterator[str]:
    kind = str(resource.get("resourceType", ""))
    try:
        model = getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
        model.model_validate(resource)
    except (ImportError, AttributeError, LookupError):  # also of a resource within
        yield "resourceType: unknown"
    except ValidationError as errors:
        for error in errors.errors(include_input=False, include_url=False):
            yield f"{kind}.{'.'.join(str(part) for part in error['loc'])}: {error['type']}"


def _against_value_sets(resource: Mapping[str, Any]) -> Iterator[str]:
    for path, value in _leaves(resource, str(resource.get("resourceType", ""))):
        if path in _REQUIRED and value not in _REQUIRED[path]:
            yield f"{path}: not in the required value set"


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """(path, value) of every simple element; a resource within another begins a path of its own."""
    if isinstance(value, dict):
        inner = str(value["resourceType"]) if "resourceType" in value else path
        for name, held in value.items():
            yield from _leaves(held, f"{inner}.{name}")
    elif isinstance(value, list):
        for held in value:
            yield from _leaves(held, path)
    else:
        yield path, value
