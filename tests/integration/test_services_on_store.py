"""The use cases on the real store and the real outbox, with far sides that answer from a script: the whole cycle, and what must not double."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.bootstrap import Gateway
from gateway.bootstrap.relay import Results
from gateway.domain.actions import ActionState, Completion
from gateway.domain.actors import Actor, UserRole
from gateway.domain.case_list import Person, PersonName, Role
from gateway.domain.case_list_reading import HeldRow
from gateway.domain.errors import Code, Conflict, Refused
from gateway.domain.flags import FlagState
from gateway.domain.identifiers import AgencyId, CaseListId, MaracId, SubjectId, UserId
from gateway.domain.lookup import Answer, AnswerKind, Candidate, LookupOutcome
from gateway.domain.receipts import CompletionReport, FlagFinding, FlagReport, PollReport, WorkItemReport
from gateway.domain.releases import ActionRelease, CompletionRelease, FlagRelease, FlagRemovalRelease, LookupRelease, PollRelease, Release
from gateway.domain.tasks import TaskKind
from gateway.services import actions, flagging, hits, intake, reconcile, tasks
from gateway.services.actions import NewAction
from gateway.services.arrivals import Reply, Returned
from gateway.store.unit_of_work import SqlWork
from mappings.envelopes import open_release
from outbox.messages import Delivery, Message, Outcome
from outbox.relay import Relay
from outbox.schedule import Pace, Schedule
from tests.proven import mark_proven

LIST = Path(__file__).parents[2] / "contracts" / "demonstration" / "case-list.csv"
MARAC, TRUST = MaracId("northmoor"), AgencyId("northmoor-nhs-trust")
MEETING = datetime(2026, 11, 16, tzinfo=UTC).date()

Script = Callable[[Release], Reply]


def actor(name: str, role: UserRole, agency: AgencyId | None = None) -> Actor:
    return Actor(UserId(name), frozenset({role}), agency, frozenset({MARAC}))


COORDINATOR = actor("coordinator", UserRole.COORDINATOR)
REPRESENTATIVE = actor("representative", UserRole.REPRESENTATIVE, TRUST)
LEAD = actor("lead", UserRole.NAMED_LEAD, TRUST)


class FarSides:
    """Every lane answers by the script; ``sent`` keeps what arrived, in order."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.sent: list[Release] = []

    def open(self, lane: str) -> FarSides:
        return self

    def concurrency(self, lane: str) -> int:
        return 10

    async def deliver(self, message: Message) -> Delivery:
        release = open_release(message.body)
        self.sent.append(release)
        return Delivery(Outcome.DELIVERED, Returned(release, self.script(release)), digest=b"d" * 32)

    async def close(self) -> None:
        return None


def helpful(release: Release) -> Reply:
    """Everybody is held as asked, a write is placed, work is taken."""
    match release:
        case LookupRelease():
            record = f"R-{release.names[0].family}-{release.birth_dates[0].iso()}-{release.names[0].given}"
            one = Candidate(record, release.names, release.birth_dates, release.sex, release.nhs_number, open_to_service=True)
            return Answer(AnswerKind.CANDIDATES, (one,))
        case FlagRelease():
            return FlagReport(FlagFinding.PLACED, "remote", "1")
        case FlagRemovalRelease():
            return FlagReport(FlagFinding.ENDED)
        case ActionRelease():
            return WorkItemReport(True, "work-item")
        case PollRelease():
            return PollReport((), frozenset(release.references))
        case CompletionRelease():
            return CompletionReport(True)
        case _:
            return FlagReport(FlagFinding.PLACED, "remote", "1")


class Cycle:
    """A gateway with its far sides."""

    def __init__(self, gateway: Gateway, script: Script = helpful) -> None:
        self.gateway = gateway
        self.far = FarSides(script)
        with self.work() as work:
            mark_proven(work)

    @contextmanager
    def work(self) -> Iterator[SqlWork]:
        with self.gateway.engine.begin() as connection, self.gateway.work_on(connection) as work:
            yield work

    def deliver(self) -> None:
        schedule = Schedule(Pace(first_s=0.01, factor=1.0, longest_s=0.01, attempts=2))
        relay = Relay(self.gateway.engine, self.gateway.vault, self.far, Results(self.gateway.work_on), schedule)
        asyncio.run(relay.run())

    def receive(self) -> intake.ListReceipt:
        parsed = self.gateway.read_case_list(LIST.read_bytes(), ".csv")
        with self.work() as work:
            return intake.receive_case_list(work, COORDINATOR, MARAC, parsed, MEETING)

    def sent(self, kind: type[Release]) -> list[Release]:
        return [r for r in self.far.sent if isinstance(r, kind)]


@pytest.fixture
def cycle(gateway: Gateway) -> Cycle:
    return Cycle(gateway)


def settled_victim(work: SqlWork, list_id: CaseListId, number: str) -> SubjectId:
    """The victim of a case, whose record at the trust a person has confirmed (name and date alone make nobody certain)."""
    case = next(c for c in work.case_lists.get(list_id).cases if c.number == number)
    victim = next(s.id for s in case.subjects if s.role is Role.VICTIM)
    [match] = [m.lookup for m in hits.possible_matches(work, REPRESENTATIVE, list_id) if m.subject.id == victim]
    hits.settle_match(work, REPRESENTATIVE, match.id, match.graded[0].candidate.record_id, "checked", match.version)
    return victim


def test_a_list_is_asked_about_once_and_everybody_ends_in_a_state(cycle: Cycle) -> None:
    first = cycle.receive()
    assert cycle.receive().repeated
    cycle.deliver()
    assert Counter(r.lookup_id for r in cycle.sent(LookupRelease)).most_common(1)[0][1] == 1  # type: ignore[attr-defined]
    with cycle.work() as work:
        report = hits.compile_report(work, COORDINATOR, first.list_id)
    assert report.complete
    assert sum(report.states.values()) == first.people * len(report.agencies)
    assert report.states[LookupOutcome.POSSIBLE] > 100
    assert report.states[LookupOutcome.WITHHELD] > 0


def test_an_alert_an_action_and_their_ends(cycle: Cycle) -> None:
    list_id = cycle.receive().list_id
    cycle.deliver()
    with cycle.work() as work:
        victim = settled_victim(work, list_id, "NM-101")
        flag = flagging.propose(work, REPRESENTATIVE, victim, TRUST).flag
    assert flag is not None
    with cycle.work() as work, pytest.raises(Conflict) as second:
        flagging.propose(work, REPRESENTATIVE, victim, TRUST)
    assert second.value.code is Code.FLAG_EXISTS
    with cycle.work() as work, pytest.raises(Refused):
        flagging.approve(work, REPRESENTATIVE, flag.id, flag.content_hash, flag.version)
    with cycle.work() as work:
        flagging.approve(work, LEAD, flag.id, flag.content_hash, flag.version)
        [action] = actions.assign(work, COORDINATOR, list_id, [NewAction("NM-101", TRUST, "See her alone")], cycle.gateway.holidays)
    cycle.deliver()
    with cycle.work() as work:
        assert work.flags.get(flag.id).state is FlagState.PLACED
        assert work.actions.get(action.id).state is ActionState.WITH_AGENCY
        done = Completion(action.reference, "completed", "Done", work.now(), "callback", "k1")
        assert actions.record_completion(work, TRUST, done) == "closed"
    with cycle.work() as work:
        assert actions.record_completion(work, TRUST, replace(done, key="k2")) == "repeated"
        assert actions.record_completion(work, TRUST, replace(done, key="k3", detail="Other")) == "differs"
        assert reconcile.start(work) == 1
        flagging.end(work, LEAD, flag.id, "closed")
    cycle.deliver()
    with cycle.work() as work:
        assert work.flags.get(flag.id).state is FlagState.ENDED
        assert all(row.agrees for row in reconcile.compare(work, REPRESENTATIVE))
        assert TaskKind.COMPLETION_DIFFERS in [t.kind for t in tasks.open_tasks(work, COORDINATOR)]
    assert [len(cycle.sent(kind)) for kind in (FlagRelease, FlagRemovalRelease, ActionRelease, CompletionRelease)] == [1, 1, 1, 1]
    assert cycle.gateway.verify_audit().whole


def test_an_alert_seen_by_the_subject_is_taken_back_and_told(gateway: Gateway) -> None:
    def leaky(release: Release) -> Reply:
        return FlagReport(FlagFinding.SEEN_BY_SUBJECT, "remote") if isinstance(release, FlagRelease) else helpful(release)

    cycle = Cycle(gateway, leaky)
    list_id = cycle.receive().list_id
    cycle.deliver()
    with cycle.work() as work:
        flag = flagging.propose(work, REPRESENTATIVE, settled_victim(work, list_id, "NM-101"), TRUST).flag
        assert flag is not None
        flagging.approve(work, LEAD, flag.id, flag.content_hash, flag.version)
    cycle.deliver()
    [removal] = cycle.sent(FlagRemovalRelease)
    assert removal.error is True  # type: ignore[attr-defined]
    with cycle.work() as work:
        assert work.flags.get(flag.id).state is FlagState.WITHDRAWN
        assert TaskKind.FLAG_SEEN_BY_SUBJECT in [t.kind for t in tasks.open_tasks(work, REPRESENTATIVE)]


def test_somebody_in_two_parts_gets_no_alert(cycle: Cycle) -> None:
    """Stacey is listed as a victim in one case and in another part of the next: a person decides."""
    list_id = cycle.receive().list_id
    cycle.deliver()
    with cycle.work() as work:
        preview = flagging.propose(work, REPRESENTATIVE, settled_victim(work, list_id, "NM-107"), TRUST)
        assert preview.flag is None
        assert preview.placement.reason is Code.BOTH_ROLES
        assert [t.kind for t in tasks.open_tasks(work, COORDINATOR)].count(TaskKind.BOTH_ROLES) == 2


def test_a_corrected_list_keeps_decisions_and_withdraws_what_is_gone(cycle: Cycle) -> None:
    list_id = cycle.receive().list_id
    cycle.deliver()
    with cycle.work() as work:
        possible = hits.possible_matches(work, REPRESENTATIVE, list_id)
        chosen = possible[0].lookup
        settled = hits.settle_match(work, REPRESENTATIVE, chosen.id, chosen.graded[0].candidate.record_id, "checked", chosen.version)
    parsed = cycle.gateway.read_case_list(LIST.read_bytes(), ".csv")
    kept = tuple(c for c in parsed.cases if c.number != "NM-113")
    with cycle.work() as work:
        receipt = intake.receive_case_list(work, COORDINATOR, MARAC, replace(parsed, cases=kept), MEETING)
        assert (receipt.list_id, receipt.issue, receipt.changes.withdrawn, receipt.changes.added) == (list_id, 2, 3, 0)
        assert work.lookups.get(settled.id) == settled
        assert len(hits.compile_report(work, COORDINATOR, list_id).rows) == receipt.people
    before = len(cycle.far.sent)
    cycle.deliver()
    assert len(cycle.far.sent) == before


def test_somebody_held_in_a_corrected_list_is_neither_gone_nor_missing(cycle: Cycle) -> None:
    list_id = cycle.receive().list_id
    parsed = cycle.gateway.read_case_list(LIST.read_bytes(), ".csv")
    [family] = [c for c in parsed.cases if c.number == "NM-101"]
    known, new = family.people[0], replace(family.people[0], person=Person((PersonName("Held", "Newly"),)))
    rows = tuple(HeldRow(2, "NM-101", (Code.DATE_IMPOSSIBLE,), (who,)) for who in (known, new))
    cases = tuple(replace(c, people=c.people[1:]) if c is family else c for c in parsed.cases)
    doubtful = replace(parsed, cases=cases, held=rows)
    with cycle.work() as work:
        receipt = intake.receive_case_list(work, COORDINATOR, MARAC, doubtful, MEETING)
        assert (receipt.held, receipt.changes.withdrawn, receipt.issue) == (2, 0, 2)
    with cycle.work() as work:
        again = intake.receive_case_list(work, COORDINATOR, MARAC, doubtful, MEETING)
        assert (again.repeated, again.held, Code.LIST_OLDER_ISSUE in [p.code for p in again.problems]) == (True, 2, False)
        older = intake.receive_case_list(work, COORDINATOR, MARAC, parsed, MEETING)
        assert Code.LIST_OLDER_ISSUE in [p.code for p in older.problems]
        report = hits.compile_report(work, COORDINATOR, list_id)
        assert len(report.rows) == receipt.people + receipt.held
        [row] = [r for r in report.rows if r.name.family == "Held"]
        assert {(c.outcome, c.reason) for c in row.cells} == {(LookupOutcome.NOT_ASKED, Code.DATE_IMPOSSIBLE)}
        assert [t.kind for t in tasks.open_tasks(work, COORDINATOR)].count(TaskKind.HELD_ON_LIST) == 2


def test_a_decision_on_two_parts_is_kept_and_lets_the_alert_be_proposed(cycle: Cycle) -> None:
    list_id = cycle.receive().list_id
    cycle.deliver()
    with cycle.work() as work:
        victim = settled_victim(work, list_id, "NM-107")
        [task] = [t for t in tasks.open_tasks(work, COORDINATOR) if (t.kind, t.about) == (TaskKind.BOTH_ROLES, str(victim))]
        tasks.decide_parts(work, COORDINATOR, task.id, True, "Decided with the chair", task.version)
    with cycle.work() as work:
        assert flagging.propose(work, REPRESENTATIVE, victim, TRUST).flag is not None
