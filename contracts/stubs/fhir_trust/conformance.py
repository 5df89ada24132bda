"""What the server says of itself: CapabilityStatement, and where tokens are had."""

from collections.abc import Iterable

from contracts.stubs.fhir_trust.trust import Trust
from contracts.stubs.fhir_trust.wire import Resource

VERSION = "7.4.1"
_PATIENT = ("_id", "identifier", "family", "given", "name", "birthdate", "gender", "address-postalcode", "phone", "telecom",
            "general-practitioner", "active")  # fmt: skip
_FLAG = ("_id", "_lastUpdated", "identifier", "patient", "subject", "author")
_TASK = ("_id", "_lastUpdated", "identifier", "group-identifier", "status", "owner", "patient", "subject", "focus", "requester", "code",
         "business-status", "modified", "authored-on")  # fmt: skip
_KINDS = {"identifier": "token", "group-identifier": "token", "status": "token", "code": "token", "business-status": "token",
          "gender": "token", "_id": "token", "active": "token", "telecom": "token", "phone": "token", "birthdate": "date",
          "_lastUpdated": "date", "modified": "date", "authored-on": "date", "patient": "reference", "subject": "reference",
          "author": "reference", "owner": "reference", "focus": "reference", "requester": "reference",
          "general-practitioner": "reference"}  # fmt: skip


def capability_statement(trust: Trust) -> Resource:
    """The CapabilityStatement of this installation, with its switches heeded."""
    patient = _resource("Patient", ("read", "search-type"), _PATIENT)
    patient["searchRevInclude"] = ["EpisodeOfCare:patient", "Flag:patient", "Task:patient"]
    operations = [_operation("everything", "Patient-everything")]
    if trust.setting("match", True):
        operations.append(_operation("match", "Patient-match"))
    patient["operation"] = operations
    return {
        "resourceType": "CapabilityStatement", "status": "active", "date": "2026-06-01", "kind": "instance", "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"], "software": {"name": "Patient record", "version": VERSION},
        "implementation": {"description": trust.agency.name, "url": trust.base},
        "rest": [{
            "mode": "server", "security": _security(trust),
            "resource": [
                patient, _resource("EpisodeOfCare", ("read", "search-type"), ("patient", "status")),
                _written(trust, "Flag", _FLAG), _written(trust, "Task", _TASK),
            ],
        }],
    }  # fmt: skip


def smart_configuration(trust: Trust) -> Resource:
    """``/.well-known/smart-configuration`` (SMART App Launch 2, backend services)."""
    return {
        "token_endpoint": _token_url(trust), "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "capabilities": ["client-confidential-asymmetric", "permission-v2"],
    }  # fmt: skip


def _written(trust: Trust, kind: str, parameters: Iterable[str]) -> Resource:
    interactions = ("create", "read", "vread", "update", "delete", "history-instance", "history-type", "search-type")
    switches = {"versioning": "versioned-update", "conditionalCreate": bool(trust.setting("conditional_create", True)),
                "conditionalUpdate": False, "conditionalDelete": "not-supported", "updateCreate": False}  # fmt: skip
    return _resource(kind, interactions, parameters) | switches


def _resource(kind: str, interactions: Iterable[str], parameters: Iterable[str]) -> Resource:
    return {
        "type": kind, "interaction": [{"code": code} for code in interactions],
        "searchParam": [{"name": name, "type": _KINDS.get(name, "string")} for name in parameters],
    }  # fmt: skip


def _operation(name: str, definition: str) -> Resource:
    return {"name": name, "definition": f"http://hl7.org/fhir/OperationDefinition/{definition}"}


def _security(trust: Trust) -> Resource:
    uris = {"url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
            "extension": [{"url": "token", "valueUri": _token_url(trust)}]}  # fmt: skip
    service = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"}]}
    return {"extension": [uris], "service": [service]}


def _token_url(trust: Trust) -> str:
    return f"{trust.origin}/oauth/token"
