"""People, agencies and steps that many tests begin with. Everybody is invented; NHS numbers are of the 999 test range."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from uuid import uuid4

from gateway.domain.actors import Actor, UserRole
from gateway.domain.agreements import DEFAULT_LOOKUP_FIELDS, Capability, Field, Limits, Purpose, RecordSystem, SharingAgreement, SystemKind
from gateway.domain.case_list import Address, BirthDate, Person, PersonName, Phone, Role, Sex
from gateway.domain.case_list_reading import ParsedCase, ParsedList, ParsedPerson
from gateway.domain.identifiers import AgencyId, CaseListId, LocalIdentifier, MaracId, NhsNumber, SystemKey, UserId
from gateway.domain.lookup import Answer, AnswerKind, Candidate, Lookup
from gateway.domain.register import Answer as OutputAnswer
from gateway.domain.register import Audience, Entry, Output, Register
from gateway.domain.releases import MessageKind, Release
from gateway.services import intake, results
from gateway.services.arrivals import Arrived, Reply
from tests.unit.fake_delivery import Sent
from tests.unit.fakes import Desk

MARAC = MaracId("northmoor")
TRUST, OLD_TRUST, POLICE, HOMES, OFFICE = (AgencyId(name) for name in ("trust", "old-trust", "police", "homes", "marac-office"))
MEETING = date(2026, 11, 16)
EVERY_ROLE = frozenset(Role)
ALL_PURPOSES = frozenset({Purpose.LOOKUP, Purpose.FLAG, Purpose.ACTION})
NUMBERS = ("9990000018", "9990000026", "9990000034", "9990000042")


def system(agency: AgencyId, name: str, kind: SystemKind, *can: Capability, **more: object) -> RecordSystem:
    return RecordSystem(SystemKey(f"{agency}/{name}"), kind, "env:URL", capabilities=frozenset(can), **more)  # type: ignore[arg-type]


C = Capability
NOT_OFFERED = {o: Entry(o, OutputAnswer.NOT_OFFERED, Audience.SUBJECT, "somebody", "tested", date(2027, 12, 31)) for o in Output}
REGISTER = Register(entries=NOT_OFFERED)
"""Every output answered for; of the digest that the fakes' good probe was made under."""
TRUST_SYSTEM = system(
    TRUST, "record", SystemKind.FHIR_R4,
    C.SEARCH, C.MATCH, C.OPEN_TO_SERVICE, C.HIDDEN_FLAG, C.SUBJECT_VIEW, C.WORK_ITEMS, C.WORK_ITEM_POLL,
    options={"identifier_system": "https://trust.example/record-number"}, limits=Limits(max_flag_text=200), register=REGISTER,
)  # fmt: skip
OLD_TRUST_SYSTEM = system(OLD_TRUST, "record", SystemKind.HL7V2, C.SEARCH)
POLICE_SYSTEM = system(POLICE, "records", SystemKind.POLICE, C.SEARCH, C.WORK_ITEMS, C.WORK_ITEM_POLL)
OFFICE_SYSTEM = system(OFFICE, "cases", SystemKind.CASE_SYSTEM, C.COMPLETIONS)


def agreement(agency: AgencyId, *systems: RecordSystem, **changes: object) -> SharingAgreement:
    made = SharingAgreement(
        agency_id=agency,
        name=agency.replace("-", " ").title(),
        parties=("Northmoor Marac", agency),
        lawful_basis="DPA 2018 Sch 1 para 18",
        purposes=ALL_PURPOSES,
        roles=EVERY_ROLE,
        lookup_fields=DEFAULT_LOOKUP_FIELDS | {Field.NHS_NUMBER},
        valid_from=date(2026, 1, 1),
        valid_until=date(2027, 12, 31),
        systems=systems,
        version="v1",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def everybody() -> tuple[SharingAgreement, ...]:
    """A trust that can do all, a trust that only answers, the police, an agency without any system, and the coordinator's office."""
    return (
        agreement(TRUST, TRUST_SYSTEM),
        agreement(OLD_TRUST, OLD_TRUST_SYSTEM),
        agreement(POLICE, POLICE_SYSTEM),
        agreement(HOMES),
        agreement(OFFICE, OFFICE_SYSTEM, purposes=frozenset({Purpose.COMPLETION})),
    )


# -------------------------------------------------------------------------------------------------------------- people


def person(given: str, family: str, born: str = "1988-03-14", **more: object) -> Person:
    base = Person(names=(PersonName(family, given),), birth_dates=(BirthDate.from_iso(born),))
    return replace(base, **more)  # type: ignore[arg-type]


ADDRESS = Address(("3 Cornflower Walk", "Northmoor"), "ZZ9 1AB")
AOIFE = person(
    "Aoife", "O'Brien", sex=Sex.FEMALE, nhs_number=NhsNumber(NUMBERS[0]), addresses=(ADDRESS,), phones=(Phone("07700 900701", True),)
)
DECLAN = person("Declan", "O'Brien", "1985-11-02", sex=Sex.MALE, nhs_number=NhsNumber(NUMBERS[1]), addresses=(ADDRESS,))
NIAMH = person("Niamh", "O'Brien", "2015-06-09", sex=Sex.FEMALE, nhs_number=NhsNumber(NUMBERS[2]))
OTHER = person("Stacey", "Barraclough", "1990-01-11", nhs_number=NhsNumber(NUMBERS[3]))


def case(number: str, *people: tuple[Role, Person], **more: object) -> ParsedCase:
    return ParsedCase(number, tuple(ParsedPerson(r, p, n) for n, (r, p) in enumerate(people, 2)), 2, **more)  # type: ignore[arg-type]


FAMILY = case("NM-1", (Role.VICTIM, AOIFE), (Role.PERPETRATOR, DECLAN), (Role.CHILD, NIAMH), referral_date=date(2026, 10, 19))


def listed(*cases: ParsedCase, meeting: date | None = MEETING) -> ParsedList:
    return ParsedList(meeting, cases)


# -------------------------------------------------------------------------------------------------------------- actors


def actor(name: str, *roles: UserRole, agency: AgencyId | None = None, maracs: Iterable[MaracId] = (MARAC,)) -> Actor:
    return Actor(UserId(name), frozenset(roles), agency, frozenset(maracs))


COORDINATOR = actor("coordinator", UserRole.COORDINATOR)
CHAIR = actor("chair", UserRole.CHAIR)
REPRESENTATIVE = actor("representative", UserRole.REPRESENTATIVE, agency=TRUST)
LEAD = actor("lead", UserRole.NAMED_LEAD, agency=TRUST)
ADMINISTRATOR = actor("administrator", UserRole.SAFEGUARDING_ADMINISTRATOR, agency=TRUST)
OLD_TRUST_REPRESENTATIVE = actor("old-trust-representative", UserRole.REPRESENTATIVE, agency=OLD_TRUST)
OLD_TRUST_LEAD = actor("old-trust-lead", UserRole.NAMED_LEAD, agency=OLD_TRUST)
POLICE_REPRESENTATIVE = actor("police-representative", UserRole.REPRESENTATIVE, agency=POLICE)
SYSTEM = actor("system", UserRole.SYSTEM_ADMINISTRATOR)
AUDITOR = actor("auditor", UserRole.AUDITOR)


# --------------------------------------------------------------------------------------------------------------- steps


def received(desk: Desk, *cases: ParsedCase) -> CaseListId:
    """A list in, all questions waiting."""
    return intake.receive_case_list(desk, COORDINATOR, MARAC, listed(*(cases or (FAMILY,)))).list_id


def lookup_at(desk: Desk, agency: AgencyId, given: str) -> Lookup:
    """The look-up of the person with this given name at this agency."""
    people = desk.case_lists.subjects(list({k.subject_id for k in desk.lookups.held.values()}))
    return next(k for k in desk.lookups.held.values() if k.agency_id == agency and people[k.subject_id].person.names[0].given == given)


def record_of(who: Person, record_id: str, **more: object) -> Candidate:
    """The record an agency would hold of somebody, exactly as listed."""
    base = Candidate(
        record_id, who.names, who.birth_dates, who.sex, who.nhs_number, who.identifiers, who.addresses, who.phones, open_to_service=True
    )
    return replace(base, **more)  # type: ignore[arg-type]


def found(*candidates: Candidate) -> Answer:
    return Answer(AnswerKind.CANDIDATES, candidates)


NOBODY = Answer(AnswerKind.NOBODY)


def arrived(message: Sent | Release, reply: Reply | None, *, kind: str | None = None, final: bool = True, **more: object) -> Arrived:
    release, kind = (message.release, message.kind) if isinstance(message, Sent) else (message, kind or "lookup")
    return Arrived(MessageKind(kind), uuid4(), release, reply, final, **more)  # type: ignore[arg-type]


def answer(desk: Desk, lookup: Lookup, reply: Reply | None, **more: object) -> None:
    """The newest question about this look-up is answered."""
    message = [m for m in desk.outbox.messages if getattr(m.release, "lookup_id", None) == lookup.id][-1]
    results.handle(desk, [arrived(message, reply, **more)])


def known(desk: Desk, agency: AgencyId, who: Person, record_id: str = "R1", **more: object) -> Lookup:
    """The agency answers that it holds this person, exactly."""
    lookup = lookup_at(desk, agency, who.names[0].given)
    answer(desk, lookup, found(record_of(who, record_id, **more)))
    return desk.lookups.get(lookup.id)


def own_number(value: str) -> LocalIdentifier:
    return LocalIdentifier("https://trust.example/record-number", value)
