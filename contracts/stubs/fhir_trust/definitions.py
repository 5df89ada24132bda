"""What a Flag, a Task and the Patient of a $match may contain: R4 (4.0.1) elements, cardinalities and required value sets.

Written from the R4 definitions, for the elements this trust takes. An element that is not here is refused, as is a code
outside a required value set: R4B models let some of both through.
"""

import re
from collections.abc import Mapping
from typing import Any

from contracts.stubs.fhir_trust.wire import Refusal, Resource

FLAG_STATUS = ("active", "inactive", "entered-in-error")
TASK_STATUS = (
    "draft", "requested", "received", "accepted", "rejected", "ready", "cancelled", "in-progress", "on-hold", "failed",
    "completed", "entered-in-error",
)  # fmt: skip
_CODES = {
    "flag-status": FLAG_STATUS,
    "task-status": TASK_STATUS,
    "task-intent": (
        "unknown", "proposal", "plan", "order", "original-order", "reflex-order", "filler-order", "instance-order", "option",
    ),
    "request-priority": ("routine", "urgent", "asap", "stat"),
    "administrative-gender": ("male", "female", "other", "unknown"),
    "identifier-use": ("usual", "official", "temp", "secondary", "old"),
    "narrative-status": ("generated", "extensions", "additional", "empty"),
    "name-use": ("usual", "official", "temp", "nickname", "anonymous", "old", "maiden"),
    "contact-point-system": ("phone", "fax", "email", "pager", "url", "sms", "other"),
    "contact-point-use": ("home", "work", "temp", "old", "mobile"),
    "address-use": ("home", "work", "temp", "old", "billing"),
}  # fmt: skip
_PATTERNS = {
    "string": r"[\s\S]*\S[\s\S]*",
    "uri": r"\S+",
    "id": r"[A-Za-z0-9\-.]{1,64}",
    "date": r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?",
    "dateTime": r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]\d\d:\d\d))?)?)?",
    "instant": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
}

# Element to type; ! required, * repeats. Types are names of _TYPES, _PATTERNS, _CODES, or boolean and integer.
_ELEMENT = {"id": "string", "extension": "Extension*"}
_RESOURCE = {"resourceType": "string!", "id": "id", "meta": "Meta", "implicitRules": "uri", "language": "string", "text": "Narrative"}
_TYPES: dict[str, dict[str, str]] = {
    "Extension": {"url": "uri!", "extension": "Extension*", "valueString": "string", "valueCode": "string", "valueBoolean": "boolean",
                  "valueDateTime": "dateTime", "valueDate": "date", "valueUri": "uri", "valueCoding": "Coding",
                  "valueCodeableConcept": "CodeableConcept", "valueReference": "Reference", "valueIdentifier": "Identifier"},
    "Meta": {**_ELEMENT, "versionId": "id", "lastUpdated": "instant", "source": "uri", "profile": "uri*", "security": "Coding*",
             "tag": "Coding*"},
    "Narrative": {**_ELEMENT, "status": "narrative-status!", "div": "string!"},
    "Coding": {**_ELEMENT, "system": "uri", "version": "string", "code": "string", "display": "string", "userSelected": "boolean"},
    "CodeableConcept": {**_ELEMENT, "coding": "Coding*", "text": "string"},
    "Identifier": {**_ELEMENT, "use": "identifier-use", "type": "CodeableConcept", "system": "uri", "value": "string",
                   "period": "Period", "assigner": "Reference"},
    "Reference": {**_ELEMENT, "reference": "string", "type": "uri", "identifier": "Identifier", "display": "string"},
    "Period": {**_ELEMENT, "start": "dateTime", "end": "dateTime"},
    "Annotation": {**_ELEMENT, "authorReference": "Reference", "authorString": "string", "time": "dateTime", "text": "string!"},
    "HumanName": {**_ELEMENT, "use": "name-use", "text": "string", "family": "string", "given": "string*", "prefix": "string*",
                  "suffix": "string*", "period": "Period"},
    "ContactPoint": {**_ELEMENT, "system": "contact-point-system", "value": "string", "use": "contact-point-use", "rank": "integer",
                     "period": "Period"},
    "Address": {**_ELEMENT, "use": "address-use", "type": "string", "text": "string", "line": "string*", "city": "string",
                "district": "string", "state": "string", "postalCode": "string", "country": "string", "period": "Period"},
    "Task.restriction": {**_ELEMENT, "repetitions": "integer", "period": "Period", "recipient": "Reference*"},
    "Task.parameter": {**_ELEMENT, "type": "CodeableConcept!", "valueString": "string", "valueCode": "string", "valueDateTime": "dateTime",
                       "valueDate": "date", "valueBoolean": "boolean", "valueCodeableConcept": "CodeableConcept",
                       "valueReference": "Reference", "valueIdentifier": "Identifier"},
    "Flag": {**_RESOURCE, "extension": "Extension*", "identifier": "Identifier*", "status": "flag-status!", "category": "CodeableConcept*",
             "code": "CodeableConcept!", "subject": "Reference!", "period": "Period", "encounter": "Reference", "author": "Reference"},
    "Task": {**_RESOURCE, "extension": "Extension*", "identifier": "Identifier*", "instantiatesCanonical": "uri",
             "instantiatesUri": "uri", "basedOn": "Reference*", "groupIdentifier": "Identifier", "partOf": "Reference*",
             "status": "task-status!", "statusReason": "CodeableConcept", "businessStatus": "CodeableConcept", "intent": "task-intent!",
             "priority": "request-priority", "code": "CodeableConcept", "description": "string", "focus": "Reference", "for": "Reference",
             "encounter": "Reference", "executionPeriod": "Period", "authoredOn": "dateTime", "lastModified": "dateTime",
             "requester": "Reference", "performerType": "CodeableConcept*", "owner": "Reference", "location": "Reference",
             "reasonCode": "CodeableConcept", "reasonReference": "Reference", "insurance": "Reference*", "note": "Annotation*",
             "relevantHistory": "Reference*", "restriction": "Task.restriction", "input": "Task.parameter*", "output": "Task.parameter*"},
    "Patient": {**_RESOURCE, "extension": "Extension*", "identifier": "Identifier*", "active": "boolean", "name": "HumanName*",
                "telecom": "ContactPoint*", "gender": "administrative-gender", "birthDate": "date", "deceasedBoolean": "boolean",
                "deceasedDateTime": "dateTime", "address": "Address*", "generalPractitioner": "Reference*"},
}  # fmt: skip


def check(resource: Resource) -> None:
    """Raises a Refusal (400) naming the first element that R4, or this trust, does not take."""
    _check_object(resource, str(resource["resourceType"]), str(resource["resourceType"]))


def _check_object(value: object, kind: str, path: str) -> None:
    if not isinstance(value, Mapping) or not value:
        raise Refusal(400, "structure", "NOT_AN_OBJECT", path)
    elements = _TYPES[kind]
    for name in value:
        if name not in elements:
            raise Refusal(400, "structure", "UNKNOWN_ELEMENT", path)
    for name, told in elements.items():
        if name in value:
            _check_element(value[name], told.rstrip("!"), f"{path}.{name}")
        elif told.endswith("!"):
            raise Refusal(400, "required", "MISSING_ELEMENT", f"{path}.{name}")


def _check_element(value: Any, told: str, path: str) -> None:
    if not told.endswith("*"):
        _check_value(value, told, path)
        return
    if not isinstance(value, list) or not value:
        raise Refusal(400, "structure", "NOT_A_LIST", path)
    for item in value:
        _check_value(item, told[:-1], path)


def _check_value(value: Any, kind: str, path: str) -> None:
    if kind in _TYPES:
        _check_object(value, kind, path)
    elif kind in _CODES:
        if value not in _CODES[kind]:
            raise Refusal(400, "code-invalid", "NOT_IN_VALUE_SET", path)
    elif kind in ("boolean", "integer"):
        if type(value) is not {"boolean": bool, "integer": int}[kind]:
            raise Refusal(400, "value", "WRONG_TYPE", path)
    elif not isinstance(value, str) or not re.fullmatch(_PATTERNS[kind], value):
        raise Refusal(400, "value", "WRONG_FORMAT", path)
