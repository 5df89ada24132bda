"""How one agency's FHIR server is set up, from the options of its agreement; what is not named there is as R4 or the NHS has it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from gateway.domain.agreements import Capability, RecordSystem
from mappings.fhir_r4.codes import HIDING_LABELS, NHS_NUMBER, URI_VALUES


@dataclass(frozen=True, slots=True)
class Profile:
    """Each field is the option of the same name, unless said."""

    nhs_number_system: str = NHS_NUMBER
    identifier_system: tuple[str, ...] = ()
    """Systems of the agency's own numbers; the first is used for those that come without one."""
    our_identifier_system: str = ""
    """System of the identifiers that we put on what we write: neutral. Default: the identifier as a URI, ``urn:uuid:...``."""
    flag_labels: tuple[str, ...] = HIDING_LABELS
    task_labels: tuple[str, ...] = HIDING_LABELS
    open_statuses: frozenset[str] = frozenset({"active", "onhold", "waitlist"})
    """Statuses of an EpisodeOfCare that mean "open to the agency's services"."""
    not_possible_codes: frozenset[str] = frozenset({"circumstances-changed", "not-possible"})
    """Codes of Task.statusReason that mean that the action was not possible; any other means not done."""
    or_lists: bool = True
    """Whether a search takes several values with commas between them, as R4 has it; option ``or_lists = "no"`` where it does not."""
    related_persons: bool = False
    """Option ``related_persons = "yes"``: the system tells by RelatedPerson who else may open a record."""
    match: bool = False
    """Capability ``match``."""
    search: bool = False
    """Capability ``search``."""
    open_to_service: bool = False
    """Capability ``open_to_service``."""

    @classmethod
    def of(cls, system: RecordSystem) -> Profile:
        """The profile that the agreement describes."""
        options = system.options
        usual = cls()
        return cls(
            nhs_number_system=options.get("nhs_number_system", NHS_NUMBER),
            identifier_system=tuple(options.get("identifier_system", "").split()),
            our_identifier_system=options.get("our_identifier_system", ""),
            flag_labels=tuple(options["flag_labels"].split()) if "flag_labels" in options else usual.flag_labels,
            task_labels=tuple(options["task_labels"].split()) if "task_labels" in options else usual.task_labels,
            open_statuses=frozenset(options.get("open_statuses", "").split()) or usual.open_statuses,
            not_possible_codes=frozenset(options.get("not_possible_codes", "").split()) or usual.not_possible_codes,
            or_lists=options.get("or_lists", "yes") != "no",
            related_persons=options.get("related_persons", "no") == "yes",
            match=Capability.MATCH in system.capabilities,
            search=Capability.SEARCH in system.capabilities,
            open_to_service=Capability.OPEN_TO_SERVICE in system.capabilities,
        )

    def identifier(self, value: str) -> dict[str, str]:
        """Our identifier as FHIR writes it: under the agreed system, else as a URI if it is a UUID, else by its value alone."""
        if self.our_identifier_system:
            return {"system": self.our_identifier_system, "value": value}
        urn = _urn(value)
        return {"system": URI_VALUES, "value": urn} if urn else {"value": value}

    def token(self, value: str) -> str:
        """Our identifier as a search for it writes it."""
        written = self.identifier(value)
        return "|".join(escaped(part) for part in written.values())


def escaped(value: str) -> str:
    """A value in a search parameter: what separates values there is escaped (R4 3.1.1.4.0.1)."""
    if value.isalnum():
        return value
    for character in "\\,|$":
        value = value.replace(character, f"\\{character}")
    return value


def _urn(value: str) -> str:
    try:
        return UUID(value).urn
    except ValueError:
        return ""
