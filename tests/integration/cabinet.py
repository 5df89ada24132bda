"""The store on a real database, and papers to put into it. Everybody is invented; NHS numbers are of the 999 test range."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from sqlalchemy import Engine, text

from gateway.domain.actions import Action, ActionState
from gateway.domain.agreements import SharingAgreement
from gateway.domain.case_list import Address, BirthDate, Case, CaseList, Person, PersonName, Phone, Role, RowProblem, Subject
from gateway.domain.events import AuditEvent, EventKind
from gateway.domain.flags import ALERT_TEXT, Flag, FlagState
from gateway.domain.identifiers import (
    ActionId,
    AgencyId,
    CaseId,
    CaseListId,
    FlagId,
    LookupId,
    MaracId,
    NhsNumber,
    SubjectId,
    SystemKey,
    TaskId,
    UserId,
)
from gateway.domain.lookup import Bar, Candidate, Evidence, GradedCandidate, Lookup, LookupOutcome
from gateway.domain.releases import Release
from gateway.domain.tasks import PersonTask, TaskKind
from gateway.store.crypto import Vault
from gateway.store.database import open_engine
from gateway.store.keys import Keys
from gateway.store.unit_of_work import SqlWork

MARAC, OTHER_MARAC = MaracId("northmoor"), MaracId("southmoor")
TRUST, SYSTEM = AgencyId("northmoor-nhs-trust"), SystemKey("northmoor-nhs-trust/record")
NOW = datetime(2031, 3, 3, 9, 30, 15, 123456, tzinfo=UTC)
MEETING = date(2031, 3, 14)


class NoAgreements:
    """No agency has agreed to anything."""

    def of(self, agency_id: AgencyId) -> SharingAgreement | None:
        return None

    def all(self) -> Sequence[SharingAgreement]:
        return []


def seal(release: Release) -> bytes:
    return f"sealed {release.system}".encode()


class Cabinet:
    """One database with one set of keys; each ``work`` is a transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.vault = engine, Vault(Keys.fresh())

    @contextmanager
    def work(self, now: datetime = NOW) -> Iterator[SqlWork]:
        with self.engine.begin() as connection, SqlWork(connection, self.vault, NoAgreements(), seal, now=now) as work:
            yield work

    def ask(self, statement: str, **values: object) -> list[tuple]:
        with self.engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []


def broken_off(store: Cabinet, step: Callable[[SqlWork], object]) -> None:
    """A transaction that takes a step and then fails."""
    with store.work() as work:
        step(work)
        raise ZeroDivisionError


@contextmanager
def cabinet(url: str) -> Iterator[Cabinet]:
    engine = open_engine(url)
    try:
        yield Cabinet(engine)
    finally:
        engine.dispose()


def note(about: object = "thing", kind: EventKind = EventKind.LIST_RECEIVED, **facts: str | int | bool) -> AuditEvent:
    return AuditEvent(kind, "somebody", str(about), TRUST, facts)


def person(given: str, family: str, born: str = "1988-03-14", number: str | None = None) -> Person:
    return Person(
        names=(PersonName(family, given),),
        birth_dates=(BirthDate.from_iso(born),),
        nhs_number=NhsNumber(number) if number else None,
        addresses=(Address(("3 Cornflower Walk", "Northmoor"), "ZZ9 1AB"),),
        phones=(Phone("07700 900701", None, "after six"),),
    )


def case_list(*people: Sequence[tuple[Role, Person]], marac: MaracId = MARAC, meeting: date = MEETING) -> CaseList:
    """A list with one case for each sequence of people."""
    list_id = CaseListId(uuid4())
    return CaseList(list_id, marac, meeting, NOW, tuple(_case(list_id, n, rows) for n, rows in enumerate(people, 1)))


def _case(list_id: CaseListId, number: int, rows: Sequence[tuple[Role, Person]]) -> Case:
    case_id = CaseId(uuid4())
    people = tuple(Subject(SubjectId(uuid4()), case_id, role, who) for role, who in rows)
    return Case(case_id, list_id, f"NM-{number}", people, date(2031, 2, 1), None, "notes of the referrer")


FAMILY = (
    (Role.VICTIM, person("Aoife", "O'Brien", number="9990000018")),
    (Role.PERPETRATOR, person("Declan", "Fearon", "1985-11-02")),
    (Role.CHILD, person("Niamh", "O'Brien", "2015-06-09")),
)
NEIGHBOURS = ((Role.VICTIM, person("Stacey", "Barraclough", "1990-01-11")), (Role.PERPETRATOR, person("Wayne", "Oldroyd", "1979-12-30")))
PROBLEM = RowProblem(4, "Date of birth", "DATE_IMPOSSIBLE", "held")


def added(store: Cabinet, paper: CaseList | None = None, digest: bytes = b"digest") -> CaseList:
    """A list, in the database."""
    paper = paper or case_list(FAMILY, NEIGHBOURS)
    with store.work() as work:
        work.case_lists.add(paper, digest, [PROBLEM], note(paper.id))
    return paper


def corrected(paper: CaseList, *cases: Case) -> CaseList:
    """The next issue of a list, with these cases."""
    return replace(paper, issue=paper.issue + 1, cases=cases, received_at=NOW.replace(day=paper.received_at.day + 1))


EVIDENCE = Evidence((Bar("before", "", -14.25), Bar("birth", "same", 14.0)), places=(77,))


def candidate(record_id: str = "R-1", **more: object) -> GradedCandidate:
    who = person("Aoife", "O'Brien")
    return GradedCandidate(Candidate(record_id, who.names, who.birth_dates, **more), EVIDENCE, certain=True)  # type: ignore[arg-type]


def lookup(subject: Subject, **changes: object) -> Lookup:
    blank = Lookup(LookupId(uuid4()), subject.id, TRUST, SYSTEM, LookupOutcome.NO_ANSWER, "AWAITED", NOW)
    return replace(blank, **changes)  # type: ignore[arg-type]


def flag(subject: Subject, record_id: str = "R-1", role: Role = Role.VICTIM, **changes: object) -> Flag:
    blank = Flag(
        FlagId(uuid4()), subject.id, TRUST, SYSTEM, record_id, role, ALERT_TEXT[role], "urn:ours:1", FlagState.PROPOSED,
        UserId("proposer"), NOW, "hash of what was shown",
    )  # fmt: skip
    return replace(blank, **changes)  # type: ignore[arg-type]


def action(case: Case, **changes: object) -> Action:
    blank = Action(
        ActionId(uuid4()),
        case.id,
        TRUST,
        f"A-{uuid4().hex[:8]}",
        "Ring on Tuesday",
        "Health visitor",
        MEETING,
        ActionState.ASSIGNED,
        NOW,
        SYSTEM,
    )
    return replace(blank, **changes)  # type: ignore[arg-type]


def task(about: UUID | str, kind: TaskKind = TaskKind.PLACE_FLAG_BY_HAND, agency: AgencyId = TRUST, **changes: object) -> PersonTask:
    blank = PersonTask(TaskId(uuid4()), agency, kind, str(about), NOW, "words to use", "SYSTEM_CANNOT_HIDE")
    return replace(blank, **changes)  # type: ignore[arg-type]
