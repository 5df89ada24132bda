"""Connectors to health record systems: FHIR R4 over HTTP, HL7 v2 over MLLP."""
