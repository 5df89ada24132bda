"""The trust's records as FHIR: Patient and EpisodeOfCare."""

from typing import Any

from contracts.stubs.fhir_trust.wire import Resource
from contracts.stubs.people import AgencyPerson, PersonName
from contracts.stubs.places import Address

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ODS_CODE = "https://fhir.nhs.uk/Id/ods-organization-code"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
WRITTEN = "2026-06-01T08:00:00.000+00:00"
_VERIFIED = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"
_VERIFIED_SYSTEM = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus"


def patient(person: AgencyPerson, hospital_number: str) -> Resource:
    """The Patient a caller sees. A restricted record (S-flag) comes without address, telecom and practice, and says so by a label."""
    meta: dict[str, Any] = {"versionId": "1", "lastUpdated": WRITTEN}
    if person.restricted:
        meta["security"] = [{"system": CONFIDENTIALITY, "code": "R", "display": "restricted"}]
    resource: Resource = {
        "resourceType": "Patient", "id": person.local_id, "meta": meta,
        "identifier": _identifiers(person, hospital_number), "active": person.persona != "superseded",
        "name": [_name(person), *(_other_name(alias) for alias in person.aliases)],
        "gender": person.sex, "birthDate": person.birth_date.isoformat(),
    }  # fmt: skip
    if person.persona == "deceased":
        resource["deceasedDateTime"] = "2026-05-04"
    if not person.restricted:
        resource |= _whereabouts(person)
    return resource


def episodes(person: AgencyPerson) -> list[Resource]:
    """Episodes of care: an active one where the person is open to services, a finished one for some of the others."""
    if not person.open_to_services and int(person.local_id[-1]) % 2:
        return []
    period = {"start": "2026-03-02"} if person.open_to_services else {"start": "2024-01-15", "end": "2024-09-30"}
    return [
        {
            "resourceType": "EpisodeOfCare", "id": f"{person.local_id}-1", "meta": {"versionId": "1", "lastUpdated": WRITTEN},
            "status": "active" if person.open_to_services else "finished",
            "patient": {"reference": f"Patient/{person.local_id}"}, "period": period,
            "managingOrganization": {"identifier": {"system": ODS_CODE, "value": "ZNM"}},
        }
    ]  # fmt: skip


def _identifiers(person: AgencyPerson, hospital_number: str) -> list[Resource]:
    own = {"use": "usual", "system": hospital_number, "value": person.local_id}
    if person.nhs_number is None:
        return [own]
    verified = {"url": _VERIFIED, "valueCodeableConcept": {"coding": [{"system": _VERIFIED_SYSTEM, "code": "01"}]}}
    return [{"extension": [verified], "use": "official", "system": NHS_NUMBER, "value": person.nhs_number}, own]


def _name(person: AgencyPerson) -> Resource:
    return {"use": "official", "family": person.family, "given": [person.given, *person.middle]}


def _other_name(alias: PersonName) -> Resource:
    return {"use": "old", "family": alias.family, "given": [alias.given]}


def _whereabouts(person: AgencyPerson) -> Resource:
    found: Resource = {"generalPractitioner": [{"type": "Organization", "identifier": {"system": ODS_CODE, "value": "Z9900"}}]}
    homes = [_address(home, "old") for home in person.previous_addresses]
    if person.address:
        homes.insert(0, _address(person.address, "home"))
    if homes:
        found["address"] = homes
    if person.phone:
        use = "mobile" if person.phone.startswith("07") else "home"
        found["telecom"] = [{"system": "phone", "value": person.phone, "use": use}]
    return found


def _address(home: Address, use: str) -> Resource:
    return {"use": use, "line": list(home.lines[:-1]), "city": home.lines[-1], "postalCode": home.postcode}
