"""Patients found: the pages of a searchset made one answer, with what each record says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.domain.case_list import Address, BirthDate, PersonName, Phone, Sex
from gateway.domain.error_codes import Code
from gateway.domain.errors import InvalidInput
from gateway.domain.identifiers import LocalIdentifier, NhsNumber
from gateway.domain.lookup import Answer, AnswerKind, Candidate, by_record
from mappings.fhir_r4 import resources as r4
from mappings.fhir_r4.codes import RESTRICTED_LABELS
from mappings.fhir_r4.outcome import beside_results
from mappings.fhir_r4.profile import Profile
from mappings.fhir_r4.searches import PAGE
from mappings.strict_json import Unreadable


@dataclass(frozen=True, slots=True)
class _Told:
    """What the episodes of care of an answer say: who is open to services, and whether all others are not."""

    are_open: frozenset[str] = frozenset()
    rest_are_not: bool = False

    def about(self, record_id: str) -> bool | None:
        """None where nothing is said."""
        return True if record_id in self.are_open else False if self.rest_are_not else None


_SILENT = _Told()
_SEXES = {"female": Sex.FEMALE, "male": Sex.MALE, "other": Sex.OTHER}


def read_pages(pages: Sequence[r4.Bundle], profile: Profile, *, whole: bool) -> Answer:
    """The answer that these pages of a search give; ``whole`` False says that there were more than were followed.

    Nobody is said to be not open to services unless the answer is whole and has episodes of care in it: a server may ignore that they were
    asked for. Nothing found is "nobody" only when the server neither counts more than it gave nor says that something was kept back.
    Raises ``Unreadable`` for an entry that no search for people may hold.
    """
    episodes = any(isinstance(entry.resource, r4.EpisodeOfCare) for page in pages for entry in page.entry)
    told = _Told(_open_records(pages, profile), rest_are_not=whole and episodes) if profile.open_to_service else _SILENT
    return _read(pages, profile, told, whole=whole)


def read_match(page: r4.Bundle, profile: Profile) -> Answer:
    """The answer to a $match, which does not say who is open to services. As many as were asked for are taken for too many: there may
    be more behind them. Raises ``Unreadable``."""
    answer = _read((page,), profile, _SILENT, whole=True)
    if answer.kind is AnswerKind.CANDIDATES and len(answer.candidates) >= PAGE:
        return Answer(AnswerKind.TOO_MANY, answer.candidates, Code.TOO_MANY_MATCHES)
    return answer


def _read(pages: Sequence[r4.Bundle], profile: Profile, told: _Told, *, whole: bool) -> Answer:
    patients = list(_patients(pages))
    candidates = tuple(by_record(_candidate(p, profile, told) for p in patients).values())
    beside = _beside(pages)
    if not whole or max((page.total or 0 for page in pages), default=0) > len(patients):
        reason = Code.ANSWER_INCOMPLETE
        return Answer(AnswerKind.TOO_MANY, candidates, reason) if candidates else Answer(AnswerKind.MAYBE_HIDDEN, (), reason)
    if beside:
        return Answer(beside.kind, candidates, beside.reason)
    return Answer(AnswerKind.CANDIDATES, candidates) if candidates else Answer(AnswerKind.NOBODY)


def read_record(patient: r4.Patient, profile: Profile) -> Candidate:
    """One record read by its id. Raises ``Unreadable``."""
    return _candidate(patient, profile, _SILENT)


def read_open(page: r4.Bundle, record_id: str, profile: Profile) -> bool:
    """Whether one of the episodes found says that the record's person is open to the agency's services."""
    return record_id in _open_records((page,), profile)


def _patients(pages: Iterable[r4.Bundle]) -> Iterable[r4.Patient]:
    for page in pages:
        for entry in page.entry:
            if isinstance(entry.resource, r4.Patient):
                yield entry.resource
            elif not isinstance(entry.resource, r4.EpisodeOfCare | r4.OperationOutcome):
                raise Unreadable(Code.REPLY_UNEXPECTED)


def _beside(pages: Iterable[r4.Bundle]) -> Answer | None:
    outcomes = (entry.resource for page in pages for entry in page.entry if isinstance(entry.resource, r4.OperationOutcome))
    return next((answer for outcome in outcomes if (answer := beside_results(outcome))), None)


def _open_records(pages: Iterable[r4.Bundle], profile: Profile) -> frozenset[str]:
    return frozenset(
        id_in(entry.resource.patient.reference)
        for page in pages
        for entry in page.entry
        if isinstance(entry.resource, r4.EpisodeOfCare) and entry.resource.status in profile.open_statuses
    )


def id_in(reference: str, kind: str = "Patient") -> str:
    """The logical id in ``Patient/123``, in the same at an absolute address, and with a version behind it; "" for anything else."""
    parts = reference.split("/_history/", 1)[0].split("/")
    return parts[-1] if len(parts) >= 2 and parts[-2] == kind else ""


def _candidate(patient: r4.Patient, profile: Profile, told: _Told) -> Candidate:
    return Candidate(
        record_id=patient.id,
        names=tuple(name for name in map(_name, sorted(patient.name, key=_is_former)) if name.family or name.given),
        birth_dates=(_birth_date(patient.birth_date),) if patient.birth_date else (),
        sex=_SEXES.get(patient.gender or ""),
        nhs_number=_nhs_number(patient, profile),
        identifiers=tuple(LocalIdentifier(i.system, i.value) for i in patient.identifier if i.value),
        addresses=tuple(map(_address, patient.address)),
        phones=tuple(Phone(point.value) for point in patient.telecom if point.system == "phone" and point.value),
        restricted=any(label.code in RESTRICTED_LABELS for label in patient.meta.security),
        open_to_service=told.about(patient.id),
        deceased=patient.deceased_boolean or bool(patient.deceased_date_time),
        superseded_by=_superseded_by(patient),
    )


def _is_former(name: r4.HumanName) -> bool:
    return name.use in ("old", "maiden", "nickname", "temp", "anonymous")


def _name(name: r4.HumanName) -> PersonName:
    given = [part for part in name.given if part]
    return PersonName(name.family, given[0] if given else "", tuple(given[1:]))


def _birth_date(text: str) -> BirthDate:
    try:
        return BirthDate.from_iso(text)
    except ValueError:
        raise Unreadable(Code.REPLY_UNEXPECTED) from None


def _nhs_number(patient: r4.Patient, profile: Profile) -> NhsNumber | None:
    """The one valid NHS number of the record; None for none, and for several, because then nobody can say which."""
    numbers = {i.value for i in patient.identifier if i.system == profile.nhs_number_system and i.use != "old" and i.value}
    if len(numbers) != 1:
        return None
    try:
        return NhsNumber.parse(numbers.pop())
    except InvalidInput:
        return None


def _address(address: r4.Address) -> Address:
    lines = [*address.line, address.district, address.city]
    return Address(tuple(line for line in lines if line), address.postal_code or None, current=address.use != "old")


def _superseded_by(patient: r4.Patient) -> str | None:
    """The surviving record; "" when the record only says that it is no longer in use."""
    survivor = next((id_in(link.other.reference) for link in patient.link if link.type == "replaced-by"), None)
    return survivor if survivor is not None else None if patient.active else ""
