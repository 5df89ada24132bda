"""What an agreement settles about an HL7 v2 interface: the names in MSH, character sets, whose identifiers are whose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

NHS_NUMBER_OID = "2.16.840.1.113883.2.1.4.1"
"""Of NHS numbers (HL7 UK)."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Each field is an option of the same name in ``RecordSystem.options``. The defaults say nothing of why we ask."""

    sending_application: str = "RECORDS-GATEWAY"
    sending_facility: str = "RECORDS"
    receiving_application: str = ""
    receiving_facility: str = ""
    processing_id: str = "P"
    character_set: str = "UNICODE UTF-8"
    """MSH-18 of what we send."""
    assumed_character_set: str = "ASCII"
    """How a reply is read whose MSH-18 is empty."""
    acknowledgement: str = "original"
    """``original`` (one reply) or ``enhanced`` (an accept acknowledgement, then the reply)."""
    query_name: str = "IHE PDQ Query"
    """QPD-1."""
    nhs_number_authority: str = "NHS"
    nhs_number_oid: str = NHS_NUMBER_OID
    own_authority: str = ""
    """Namespace of the system's own numbers in PID-3; the first identifier that is no NHS number when empty."""
    own_oid: str = ""
    quantity: str = "50"
    """RCP-2: persons asked for in one message."""
    given_wildcard: str = ""
    """``*`` where the system takes a trailing one; the second question then asks for the beginning of the first given name."""
    second_question: str = "yes"
    """``no`` leaves out the question by full name and year of birth that follows when nobody was found."""

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Profile:
        """From a system's options; those that are not of this interface are left alone."""
        return cls(**{field.name: options[field.name] for field in fields(cls) if field.name in options})

    @property
    def enhanced(self) -> bool:
        """Whether MSH-15 and MSH-16 ask for both acknowledgements."""
        return self.acknowledgement == "enhanced"
