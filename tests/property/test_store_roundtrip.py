"""Whatever a value of the domain holds, the database gives it back equal: names in any script, parts missing, nothing at all."""

from contextlib import contextmanager
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.actions import Action, ActionState
from gateway.domain.case_list import Address, BirthDate, Case, CaseList, Person, PersonName, Phone, Role, RowProblem, Sex, Subject
from gateway.domain.events import AuditEvent, EventKind
from gateway.domain.flags import ALERT_TEXT, Flag, FlagState
from gateway.domain.identifiers import (
    ActionId,
    AgencyId,
    CaseId,
    CaseListId,
    FlagId,
    LocalIdentifier,
    LookupId,
    MaracId,
    NhsNumber,
    SubjectId,
    SystemKey,
    TaskId,
    UserId,
)
from gateway.domain.lookup import Bar, Candidate, Decision, Evidence, GradedCandidate, Lookup, LookupOutcome
from gateway.domain.receipts import Footing
from gateway.domain.tasks import PersonTask, TaskKind
from gateway.store.audit import verify
from gateway.store.unit_of_work import SqlWork
from tests.integration.cabinet import NOW, Cabinet, NoAgreements, added, cabinet, case_list, note, seal

words = st.text(max_size=40)
filled = st.text(min_size=1, max_size=40)
codes = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", max_size=20)
marac_ids = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20)
ids = st.builds(uuid4)  # never twice the same: that would be another test
moments = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (the strategy adds the zone)
days = st.dates(date(1900, 1, 1), date(2099, 12, 31))
agencies = st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True).map(AgencyId)
systems = st.from_regex(r"[a-z0-9-]{1,20}/[a-z]{1,10}", fullmatch=True).map(SystemKey)
users = filled.map(UserId)
versions = st.integers(1, 1_000_000)


def _nhs_number(serial):
    digits = f"999{serial:06d}"
    check = 11 - sum(int(d) * w for d, w in zip(digits, range(10, 1, -1), strict=True)) % 11
    return None if check == 10 else NhsNumber(digits + str(check % 11))


numbers = st.integers(0, 999_998).map(_nhs_number)
names = st.builds(PersonName, words, words, st.lists(words, max_size=3).map(tuple))
births = (
    days.map(BirthDate.of)
    | st.builds(BirthDate, st.integers(1900, 2030))
    | st.builds(BirthDate, st.integers(1900, 2030), st.integers(1, 12))
)
own_numbers = st.builds(LocalIdentifier, words, words)
addresses = st.builds(Address, st.lists(words, max_size=4).map(tuple), st.none() | words, st.none() | words, st.booleans())
phones = st.builds(Phone, words, st.none() | st.booleans(), words)
sexes = st.none() | st.sampled_from(Sex)


def some(strategy, most=3):
    return st.lists(strategy, max_size=most).map(tuple)


people = st.builds(
    Person,
    st.lists(names, min_size=1, max_size=4).map(tuple),
    some(births),
    sexes,
    numbers,
    some(own_numbers),
    some(addresses),
    some(phones),
)
candidates = st.builds(
    Candidate, words, some(names), some(births), sexes, numbers, some(own_numbers), some(addresses), some(phones), st.booleans(),
    st.none() | st.booleans(), st.booleans(), st.none() | words,
)  # fmt: skip
bits = st.floats(allow_nan=False, allow_infinity=False)
bars = st.builds(Bar, words, words, bits)
evidence = st.builds(Evidence, some(bars, 6), st.booleans(), st.booleans(), some(st.integers(0, 65535)), st.none() | bits, st.booleans())
graded = st.builds(GradedCandidate, candidates, evidence, st.booleans(), codes)
decisions = st.builds(Decision, st.none() | words, users, moments, words, words)


@st.composite
def case_lists(draw):
    list_id = CaseListId(draw(ids))
    cases = []
    for _ in range(draw(st.integers(0, 3))):
        case_id = CaseId(draw(ids))
        subjects = [
            Subject(SubjectId(draw(ids)), case_id, draw(st.sampled_from(Role)), draw(people)) for _ in range(draw(st.integers(0, 3)))
        ]
        repeat = draw(st.none() | st.booleans())
        cases.append(Case(case_id, list_id, draw(words), tuple(subjects), draw(st.none() | days), repeat, draw(words)))
    return CaseList(list_id, MaracId(draw(marac_ids)), draw(days), draw(moments), tuple(cases))


problems = st.builds(RowProblem, st.integers(0, 100_000), codes, codes, st.sampled_from(["error", "held", "warning"]))
storable = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(scope="module")
def store(databases, migrated_template):
    url = databases.make(migrated_template)
    with cabinet(url) as opened:
        yield opened
    databases.drop(url)


@pytest.fixture(scope="module")
def subject(store: Cabinet):
    return added(store, case_list(((Role.VICTIM, Person((PersonName("Somebody", ""),))),))).subjects[0]


@contextmanager
def trial(store: Cabinet):
    """A transaction that leaves nothing behind, so that examples do not meet each other."""
    with store.engine.connect() as connection, connection.begin() as transaction:
        yield SqlWork(connection, store.vault, NoAgreements(), seal, now=NOW)
        transaction.rollback()


def test_every_field_of_what_is_stored_is_drawn_here():
    """So that a field added to the domain and forgotten by the store fails here, and not at an agency."""
    fields = {kind: len(dataclass_fields(kind)) for kind in (Subject, Person, Case, CaseList, Lookup, Candidate, Flag, Action, PersonTask)}
    assert fields == {Subject: 6, Person: 7, Case: 7, CaseList: 6, Lookup: 12, Candidate: 12, Flag: 23, Action: 15, PersonTask: 12}


@storable
@given(case_lists(), st.lists(problems, max_size=4))
def test_case_lists(store, paper, found):
    with trial(store) as work:
        work.case_lists.add(paper, b"digest", found, note())
        assert work.case_lists.get(paper.id) == paper
        assert work.case_lists.problems(paper.id) == found
        for case in paper.cases:
            assert work.case_lists.case(case.id) == case
        for one in paper.subjects:
            assert work.case_lists.same_person(one) >= {one.id}


@storable
@given(st.data())
def test_lookups(store, subject, data):
    def drawn(**fixed):
        return Lookup(
            **{"id": LookupId(data.draw(ids)), "subject_id": subject.id, "agency_id": data.draw(agencies), "system": data.draw(systems)} | fixed,
            outcome=data.draw(st.sampled_from(LookupOutcome)), reason=data.draw(codes), asked_at=data.draw(st.none() | moments),
            answered_at=data.draw(st.none() | moments), graded=data.draw(some(graded)), decision=data.draw(st.none() | decisions),
            version=data.draw(versions), model=data.draw(codes),
        )  # fmt: skip

    first = drawn()
    changed = drawn(id=first.id, agency_id=first.agency_id, system=first.system)
    with trial(store) as work:
        work.lookups.add([first], [note()])
        assert work.lookups.get(first.id) == first
        work.lookups.save([replace(changed, version=first.version)], [note()])
        assert work.lookups.get(first.id) == replace(changed, version=first.version + 1)


@storable
@given(st.data())
def test_flags(store, subject, data):
    def drawn(**fixed):
        role, proposer = data.draw(st.sampled_from(Role)), data.draw(users)
        same = {
            "id": FlagId(data.draw(ids)), "agency_id": data.draw(agencies), "system": data.draw(systems), "proposed_by": proposer,
            "proposed_at": data.draw(moments), "version": data.draw(versions),
        }  # fmt: skip
        return Flag(
            **same | fixed, subject_id=subject.id, record_id=data.draw(words), role=role, text=ALERT_TEXT.get(role, ""), identifier=data.draw(words),
            state=data.draw(st.sampled_from(FlagState)), content_hash=data.draw(words), review_on=data.draw(st.none() | days),
            approved_by=data.draw(st.none() | users.filter(lambda user: user not in {proposer, fixed.get("proposed_by")})),
            approved_at=data.draw(st.none() | moments), remote_id=data.draw(st.none() | words), remote_version=data.draw(st.none() | words),
            reason=data.draw(codes), sent_at=data.draw(st.none() | moments), by_hand=data.draw(st.booleans()),
            footing=data.draw(st.none() | st.builds(Footing, words, words, words, words)), frozen=data.draw(codes),
        )  # fmt: skip

    first = drawn()
    kept = ("id", "agency_id", "system", "proposed_by", "proposed_at", "version")
    changed = drawn(**{name: getattr(first, name) for name in kept})
    with trial(store) as work:
        work.flags.add(first, note())
        assert work.flags.get(first.id) == first
        work.flags.save(changed, note())
        assert work.flags.get(first.id) == replace(changed, version=first.version + 1)


@storable
@given(st.data())
def test_actions(store, subject, data):
    def drawn(**fixed):
        same = {
            "id": ActionId(data.draw(ids)), "agency_id": data.draw(agencies), "reference": data.draw(ids).hex,
            "assigned_at": data.draw(moments), "version": data.draw(versions),
        }  # fmt: skip
        return Action(
            **same | fixed, case_id=subject.case_id, text=data.draw(words), owner=data.draw(words), due_on=data.draw(days),
            state=data.draw(st.sampled_from(ActionState)), system=data.draw(st.none() | systems), remote_id=data.draw(st.none() | words),
            detail=data.draw(words), closed_at=data.draw(st.none() | moments), closed_by=data.draw(words),
        )  # fmt: skip

    first = drawn()
    kept = ("id", "agency_id", "reference", "assigned_at", "version")
    changed = drawn(**{name: getattr(first, name) for name in kept})
    with trial(store) as work:
        work.actions.add([first], [note()])
        assert work.actions.get(first.id) == first
        work.actions.save(changed, note())
        assert work.actions.by_reference(first.reference) == replace(changed, version=first.version + 1)


tasks = st.builds(
    PersonTask, ids.map(TaskId), agencies, st.sampled_from(TaskKind), codes, moments, words, codes, st.none() | moments, st.none() | users, words,
    versions, some(words),
)  # fmt: skip


@storable
@given(tasks, st.data())
def test_tasks(store, first, data):
    closed = replace(first, closed_at=data.draw(moments), closed_by=data.draw(users), receipt=data.draw(words))
    with trial(store) as work:
        work.tasks.open(first, note())
        assert work.tasks.get(first.id) == first
        work.tasks.close(closed, note())
        assert work.tasks.get(first.id) == replace(closed, version=first.version + 1)


facts = st.dictionaries(codes, words | st.integers(-(2**62), 2**62) | st.booleans(), max_size=5)
events = st.builds(AuditEvent, st.sampled_from(EventKind), codes, codes, st.none() | agencies, facts)


@storable
@given(st.lists(events, min_size=1, max_size=10))
def test_audit(store, recorded):
    with trial(store) as work:
        work.audit.record(*recorded)
        for about in {event.about for event in recorded}:
            assert [event for _, event in work.audit.about(about)] == [event for event in recorded if event.about == about]
        assert verify(work.connection, store.vault).whole
