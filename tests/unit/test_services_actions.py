"""Actions: into the agency's own system, closed once by its own answer, the coordinator's system told once."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from gateway.domain.actions import ACTION_MACHINE, Action, ActionState, Completion
from gateway.domain.agreements import Purpose
from gateway.domain.calendar import BankHolidays
from gateway.domain.errors import Code, Conflict, InvalidInput, NotFound, Refused
from gateway.domain.events import EventKind
from gateway.domain.identifiers import ActionId, AgencyId, CaseListId, MaracId
from gateway.domain.receipts import CompletionReport, PollReport, WorkItemReport
from gateway.domain.releases import ActionRelease, CompletionRelease, PollRelease
from gateway.domain.tasks import TaskKind
from gateway.policy.vocabulary import tells
from gateway.services import actions, results
from gateway.services.actions import NewAction, assign
from tests.unit.fakes import Desk, MemoryHolidays
from tests.unit.scenes import (
    CHAIR,
    COORDINATOR,
    HOMES,
    LEAD,
    MARAC,
    OFFICE,
    POLICE,
    POLICE_REPRESENTATIVE,
    REPRESENTATIVE,
    SYSTEM,
    TRUST,
    TRUST_SYSTEM,
    arrived,
    everybody,
    received,
)

S = ActionState
WHEN = datetime(2026, 11, 17, 10, tzinfo=UTC)
NEW = NewAction("NM-1", TRUST, "See the client alone", "Midwife")


@pytest.fixture
def desk() -> Desk:
    desk = Desk(*everybody())
    received(desk)
    desk.outbox.leave()
    return desk


def the_list(desk: Desk) -> CaseListId:
    [list_id] = desk.case_lists.issues
    return list_id


def assigned(desk: Desk, *new: NewAction) -> list[Action]:
    return list(assign(desk, COORDINATOR, the_list(desk), new or (NEW,), MemoryHolidays()))


def with_agency(desk: Desk, new: NewAction = NEW) -> Action:
    [action] = assigned(desk, new)
    [message] = desk.outbox.leave()
    results.handle(desk, [arrived(message, WorkItemReport(True, "task-1"))])
    return desk.actions.get(action.id)


def answer(action: Action, outcome: str = "completed", detail: str = "Done on Monday", key: str = "k1", source: str = "poll") -> Completion:
    return Completion(action.reference, outcome, detail, WHEN, source, key)


def polled(desk: Desk, *completions: Completion, present: tuple[str, ...] = ()) -> None:
    actions.start_polls(desk)
    message = next(m for m in desk.outbox.leave() if m.kind == "action.poll")
    results.handle(desk, [arrived(message, PollReport(completions, frozenset(present)))])


class TestAssigning:
    def test_it_becomes_work_in_the_agencys_own_system(self, desk: Desk) -> None:
        [action] = assigned(desk)
        assert (action.state, action.system) == (S.SENDING, TRUST_SYSTEM.key)
        [message] = desk.outbox.waiting("action.send")
        release = message.release
        assert isinstance(release, ActionRelease)
        assert (release.text, release.owner, release.reference) == ("See the client alone", "Midwife", action.reference)
        results.handle(desk, [arrived(message, WorkItemReport(True, "task-1"))])
        after = desk.actions.get(action.id)
        assert (after.state, after.remote_id) == (S.WITH_AGENCY, "task-1")

    def test_by_default_it_falls_due_with_the_meetings_week(self, desk: Desk) -> None:
        assert assigned(desk)[0].due_on == date(2026, 11, 20)
        assert assigned(desk, replace(NEW, due_on=date(2026, 12, 1)))[0].due_on == date(2026, 12, 1)

    def test_a_year_whose_holidays_are_not_known_is_never_guessed(self, desk: Desk) -> None:
        class Unknown:
            def of(self, jurisdiction: str) -> BankHolidays:
                return BankHolidays(jurisdiction, frozenset(), frozenset())

        with pytest.raises(InvalidInput) as refused:
            assign(desk, COORDINATOR, the_list(desk), [NEW], Unknown())
        assert refused.value.code is Code.DUE_DATE_NEEDED

    @pytest.mark.parametrize(
        ("new", "code"),
        [
            (replace(NEW, text="  "), Code.TEXT_REQUIRED),
            (replace(NEW, case_number="NM-9"), Code.NOT_FOUND),
            (replace(NEW, agency_id=AgencyId("nowhere")), Code.NOT_FOUND),
            (replace(NEW, agency_id=OFFICE), Code.NOT_FOUND),
        ],
    )
    def test_one_that_cannot_be_assigned_stops_all(self, desk: Desk, new: NewAction, code: Code) -> None:
        with pytest.raises((InvalidInput, NotFound)) as refused:
            assigned(desk, NEW, new)
        assert refused.value.code is code
        assert not desk.actions.held
        assert not desk.outbox.waiting()

    def test_the_same_again_is_the_one_already_there(self, desk: Desk) -> None:
        first = assigned(desk, NEW, NEW)
        again = assigned(desk, NEW)
        assert len({a.id for a in [*first, *again]}) == len(desk.actions.held) == len(desk.outbox.waiting("action.send")) == 1

    def test_references_are_neutral_short_and_all_different(self, desk: Desk) -> None:
        references = {a.reference for a in assigned(desk, *(replace(NEW, text=f"Task {n}") for n in range(50)))}
        assert len(references) == 50
        assert all((len(r) == 12 and r.isalnum() and r.isupper()) or r.isdigit() for r in references)
        assert not any(set(r) & set("ILOU") for r in references)

    @pytest.mark.parametrize("agency", [HOMES, TRUST])
    def test_where_no_system_takes_it_or_nothing_may_leave_the_representative_has_it(self, desk: Desk, agency: AgencyId) -> None:
        agreed = desk.agreements.held[TRUST]
        desk.agreements.held[TRUST] = replace(agreed, purposes=frozenset({Purpose.LOOKUP}))
        [action] = assigned(desk, replace(NEW, agency_id=agency))
        assert (action.state, desk.outbox.waiting()) == (S.WITH_REPRESENTATIVE, [])
        [task] = [t for t in desk.tasks.open_of(agency) if t.kind is TaskKind.DO_ACTION]
        assert task.about == str(action.id)
        assert task.reason in (Code.NO_WORK_ITEM_SYSTEM, Code.PURPOSE_NOT_AGREED)

    @pytest.mark.parametrize("reply", [WorkItemReport(False, reason=Code.AGENCY_REFUSED), None])
    def test_what_the_system_does_not_take_the_representative_has(self, desk: Desk, reply: WorkItemReport | None) -> None:
        [action] = assigned(desk)
        [message] = desk.outbox.leave()
        results.handle(desk, [arrived(message, reply, final=False, reason=Code.AGENCY_TIMEOUT)])
        assert desk.actions.get(action.id).state is S.SENDING
        results.handle(desk, [arrived(message, reply, reason=Code.AGENCY_TIMEOUT)])
        assert desk.actions.get(action.id).state is S.WITH_REPRESENTATIVE
        assert TaskKind.DO_ACTION in desk.tasks.kinds(TRUST)

    def test_only_by_the_coordinator(self, desk: Desk) -> None:
        for who in (REPRESENTATIVE, CHAIR, SYSTEM):
            with pytest.raises(Refused):
                assign(desk, who, the_list(desk), [NEW], MemoryHolidays())


class TestTheAgencysAnswer:
    @pytest.mark.parametrize(("outcome", "state"), [("completed", S.COMPLETED), ("not_possible", S.NOT_POSSIBLE), ("not_done", S.NOT_DONE)])
    def test_it_closes_the_action_with_its_detail_and_the_coordinators_system_is_told_once(
        self, desk: Desk, outcome: str, state: ActionState
    ) -> None:
        action = with_agency(desk)
        assert actions.record_completion(desk, TRUST, answer(action, outcome)) == "closed"
        after = desk.actions.get(action.id)
        assert (after.state, after.detail, after.closed_at, after.closed_by) == (state, "Done on Monday", WHEN, "poll")
        [message] = desk.outbox.waiting("completion.tell")
        release = message.release
        assert isinstance(release, CompletionRelease)
        assert (release.agency_id, release.agency, release.case_number, release.outcome) == (OFFICE, TRUST, "NM-1", outcome)

    @pytest.mark.parametrize(("outcome", "detail", "code"), [("completed", " ", Code.DETAIL_REQUIRED), ("done", "x", Code.OUTCOME_UNKNOWN)])
    def test_without_detail_or_in_other_words_nothing_closes(self, desk: Desk, outcome: str, detail: str, code: Code) -> None:
        action = with_agency(desk)
        with pytest.raises(InvalidInput) as refused:
            actions.record_completion(desk, TRUST, answer(action, outcome, detail))
        assert refused.value.code is code
        assert desk.actions.get(action.id) == action
        assert actions.record_completion(desk, TRUST, answer(action)) == "closed"

    def test_another_agency_cannot_close_it_and_is_told_that_it_does_not_exist(self, desk: Desk) -> None:
        action = with_agency(desk)
        for reference in (action.reference, "NOTTHERE"):
            with pytest.raises(NotFound):
                actions.record_completion(desk, POLICE, replace(answer(action), reference=reference))
        assert desk.actions.get(action.id).closed_at is None

    def test_the_same_answer_by_every_way_counts_once(self, desk: Desk) -> None:
        action = with_agency(desk)
        ways = [answer(action, key="k1"), answer(action, key="k1"), answer(action, key="k2"), answer(action, key="k1", source="callback")]
        assert [actions.record_completion(desk, TRUST, c) for c in ways] == ["closed", "repeated", "repeated", "repeated"]
        assert len(desk.outbox.waiting("completion.tell")) == 1
        assert desk.tasks.kinds() == [TaskKind.ANSWER_BY_HAND] * 3

    @pytest.mark.parametrize("key", ["k1", "k2"])
    @pytest.mark.parametrize("change", [{"outcome": "not_done"}, {"detail": "Done on Tuesday"}])
    def test_another_answer_overwrites_nothing_and_is_shown_to_the_coordinator(self, desk: Desk, key: str, change: dict[str, str]) -> None:
        action = with_agency(desk)
        actions.record_completion(desk, TRUST, answer(action))
        closed = desk.actions.get(action.id)
        assert actions.record_completion(desk, TRUST, replace(answer(action, key=key), **change)) == "differs"
        assert desk.actions.get(action.id) == closed
        [task] = desk.tasks.open_of(OFFICE)
        assert (task.kind, task.about) == (TaskKind.COMPLETION_DIFFERS, str(action.id))
        assert len(desk.outbox.waiting("completion.tell")) == 1

    def test_every_order_of_the_same_arrivals_ends_with_one_closing_and_one_telling(self) -> None:
        for order in itertools.permutations(range(4)):
            desk = Desk(*everybody())
            received(desk)
            desk.outbox.leave()
            [action] = assigned(desk)
            [message] = desk.outbox.leave()
            steps = [
                lambda d=desk, m=message: results.handle(d, [arrived(m, WorkItemReport(True, "task-1"))]),
                lambda d=desk, a=action: actions.record_completion(d, TRUST, answer(a)),
                lambda d=desk, a=action: actions.record_completion(d, TRUST, answer(a, source="callback", key="c1")),
                lambda d=desk, m=message: results.handle(d, [arrived(m, WorkItemReport(True, "task-1"))]),
            ]
            for n in order:
                steps[n]()
            after = desk.actions.get(action.id)
            assert (after.state, after.remote_id) == (S.COMPLETED, "task-1")
            assert len(desk.outbox.waiting("completion.tell")) == 1

    def test_a_refusal_by_the_system_after_the_answer_leaves_it_closed(self, desk: Desk) -> None:
        [action] = assigned(desk)
        [message] = desk.outbox.leave()
        actions.record_completion(desk, TRUST, answer(action))
        results.handle(desk, [arrived(message, None, reason=Code.AGENCY_TIMEOUT)])
        assert desk.actions.get(action.id).state is S.COMPLETED
        assert TaskKind.DO_ACTION not in desk.tasks.kinds()


class TestOnThePage:
    def test_the_representative_closes_an_action_of_their_own_agency(self, desk: Desk) -> None:
        [action] = assigned(desk, replace(NEW, agency_id=HOMES))
        homes = replace(REPRESENTATIVE, agency_id=HOMES)
        after = actions.complete(desk, homes, action.id, "not_possible", "Moved away", action.version)
        assert (after.state, after.closed_by) == (S.NOT_POSSIBLE, homes.user_id)
        assert TaskKind.DO_ACTION not in desk.tasks.kinds(HOMES)
        with pytest.raises(NotFound):
            actions.complete(desk, POLICE_REPRESENTATIVE, action.id, "completed", "x", 1)

    def test_the_same_twice_is_once_and_another_answer_is_refused(self, desk: Desk) -> None:
        action = with_agency(desk)
        first = actions.complete(desk, LEAD, action.id, "completed", "Done", action.version)
        assert actions.complete(desk, LEAD, action.id, "completed", "Done", action.version) == first
        with pytest.raises(Conflict) as refused:
            actions.complete(desk, LEAD, action.id, "not_done", "Not", first.version)
        assert refused.value.code is Code.ACTION_ALREADY_CLOSED
        assert len(desk.outbox.waiting("completion.tell")) == 1

    def test_on_what_was_seen(self, desk: Desk) -> None:
        action = with_agency(desk)
        with pytest.raises(Conflict):
            actions.complete(desk, LEAD, action.id, "completed", "Done", action.version - 1)

    def test_a_file_counts_each_row_by_itself(self, desk: Desk) -> None:
        action = with_agency(desk)
        other = replace(answer(action, key="k2", source="csv"), reference="NOTTHERE")
        rows = [answer(action, source="csv"), other, answer(action, source="csv"), answer(action, "not_done", source="csv", key="k3")]
        assert actions.record_file(desk, REPRESENTATIVE, TRUST, rows) == ["closed", "unknown", "repeated", "differs"]
        with pytest.raises(NotFound):
            actions.record_file(desk, REPRESENTATIVE, POLICE, rows)

    def test_a_file_of_whoever_serves_another_table_closes_nothing_and_does_not_tell_what_is_there(self, desk: Desk) -> None:
        action, nothing = with_agency(desk), Completion("NOTTHERE", "completed", "Done", desk.now(), "csv", "k9")
        elsewhere = frozenset({MaracId("elsewhere")})
        for stranger in (replace(REPRESENTATIVE, marac_ids=elsewhere), replace(COORDINATOR, marac_ids=elsewhere)):
            assert actions.record_file(desk, stranger, TRUST, [answer(action, source="csv"), nothing]) == ["unknown", "unknown"]
        assert desk.actions.held[action.id] == action

    def test_who_sees_which(self, desk: Desk) -> None:
        assigned(desk, NEW, replace(NEW, agency_id=POLICE))
        assert len(actions.of_list(desk, COORDINATOR, the_list(desk))) == len(actions.of_list(desk, CHAIR, the_list(desk))) == 2
        assert [a.agency_id for a in actions.of_list(desk, POLICE_REPRESENTATIVE, the_list(desk))] == [POLICE]
        with pytest.raises(Refused):
            actions.of_list(desk, SYSTEM, the_list(desk))


class TestPolls:
    def test_each_system_is_asked_about_its_open_items_and_nothing_about_anybody(self, desk: Desk) -> None:
        action = with_agency(desk)
        assert actions.start_polls(desk) == 1
        [message] = desk.outbox.waiting("action.poll")
        assert isinstance(message.release, PollRelease)
        assert message.release.references == (action.reference,)

    def test_a_poll_replaces_one_that_still_waits(self, desk: Desk) -> None:
        with_agency(desk)
        actions.start_polls(desk)
        actions.start_polls(desk)
        assert len(desk.outbox.waiting("action.poll")) == 1

    def test_nothing_open_is_nothing_asked(self, desk: Desk) -> None:
        action = with_agency(desk)
        actions.record_completion(desk, TRUST, answer(action))
        assert actions.start_polls(desk) == 0

    def test_one_bad_answer_costs_the_others_nothing_and_becomes_a_task(self, desk: Desk) -> None:
        first, second = with_agency(desk), with_agency(desk, replace(NEW, text="Another"))
        unknown = replace(answer(first), reference="NOTTHERE")
        polled(desk, unknown, answer(first, detail=""), answer(second, key="k2"), present=(first.reference,))
        assert desk.actions.get(first.id).state is S.WITH_AGENCY
        assert desk.actions.get(second.id).state is S.COMPLETED
        [task] = [t for t in desk.tasks.open_of(TRUST) if t.kind is TaskKind.DO_ACTION]
        assert (task.about, task.reason) == (str(first.id), Code.DETAIL_REQUIRED)
        polled(desk, answer(first, key="k3"))
        assert desk.actions.get(first.id).state is S.COMPLETED
        assert TaskKind.DO_ACTION not in desk.tasks.kinds(TRUST)

    def test_an_item_that_is_gone_is_a_difference_until_it_is_back(self, desk: Desk) -> None:
        action = with_agency(desk)
        polled(desk)
        [task] = [t for t in desk.tasks.open_of(TRUST) if t.kind is TaskKind.DIFFERENCE_FOUND]
        assert (task.about, task.reason) == (str(action.id), Code.WORK_ITEM_MISSING)
        polled(desk, present=(action.reference,))
        assert TaskKind.DIFFERENCE_FOUND not in desk.tasks.kinds(TRUST)

    def test_a_poll_that_failed_says_nothing_about_what_is_there(self, desk: Desk) -> None:
        with_agency(desk)
        actions.start_polls(desk)
        [message] = desk.outbox.leave()
        results.handle(desk, [arrived(message, None, reason=Code.AGENCY_TIMEOUT)])
        assert TaskKind.DIFFERENCE_FOUND not in desk.tasks.kinds(TRUST)

    def test_an_answer_that_nobody_can_make_out_is_asked_of_the_representative(self, desk: Desk) -> None:
        action = with_agency(desk)
        actions.start_polls(desk)
        [message] = desk.outbox.leave()
        unreadable = PollReport((), frozenset({action.reference}), frozenset({action.reference, "not-ours"}))
        results.handle(desk, [arrived(message, unreadable)])
        [task] = [t for t in desk.tasks.open_of(TRUST) if t.kind is TaskKind.DO_ACTION]
        assert (task.about, task.reason) == (str(action.id), Code.REPLY_UNREADABLE)
        assert desk.actions.get(action.id).state is S.WITH_AGENCY

    def test_a_poll_of_one_agency_cannot_close_anothers_action(self, desk: Desk) -> None:
        ours, theirs = with_agency(desk), with_agency(desk, replace(NEW, agency_id=POLICE))
        actions.start_polls(desk)
        message = next(m for m in desk.outbox.leave() if m.release.agency_id == TRUST)
        results.handle(desk, [arrived(message, PollReport((answer(theirs),), frozenset({ours.reference})))])
        assert desk.actions.get(theirs.id).closed_at is None


class TestNotices:
    def test_one_without_what_it_must_have_is_taken_and_becomes_a_task(self, desk: Desk) -> None:
        action = with_agency(desk)
        assert actions.take_notice(desk, TRUST, answer(action, detail=" ", source="callback")) == "incomplete"
        assert desk.actions.get(action.id).state is S.WITH_AGENCY
        [task] = [t for t in desk.tasks.open_of(TRUST) if t.kind is TaskKind.DO_ACTION]
        assert (task.about, task.reason) == (str(action.id), Code.DETAIL_REQUIRED)
        assert actions.take_notice(desk, TRUST, answer(action, key="k2", source="callback")) == "closed"
        assert TaskKind.DO_ACTION not in desk.tasks.kinds(TRUST)

    def test_about_a_closed_action_it_says_nothing_new(self, desk: Desk) -> None:
        action = with_agency(desk)
        actions.take_notice(desk, TRUST, answer(action, source="callback"))
        assert actions.take_notice(desk, TRUST, answer(action, detail="", key="k2", source="callback")) == "repeated"
        assert TaskKind.DO_ACTION not in desk.tasks.kinds(TRUST)
        assert desk.audit.kinds()[-1] is EventKind.COMPLETION_REPEATED

    def test_about_anothers_action_it_is_not_theirs(self, desk: Desk) -> None:
        action = with_agency(desk)
        for detail in ("", "Done"):
            with pytest.raises(NotFound):
                actions.take_notice(desk, POLICE, answer(action, detail=detail))
        assert TaskKind.DO_ACTION not in desk.tasks.kinds()


class TestTelling:
    def told(self, desk: Desk, reply: CompletionReport | None, **more: object) -> None:
        actions.record_completion(desk, TRUST, answer(with_agency(desk)))
        [message] = desk.outbox.leave()
        results.handle(desk, [arrived(message, reply, **more)])

    def test_told(self, desk: Desk) -> None:
        self.told(desk, CompletionReport(True))
        assert desk.audit.kinds()[-1] is EventKind.COMPLETION_TOLD
        assert desk.tasks.open_of(OFFICE) == []

    @pytest.mark.parametrize(
        ("reply", "kind"), [(CompletionReport(False, "OTHER"), TaskKind.COMPLETION_DIFFERS), (None, TaskKind.MESSAGE_STUCK)]
    )
    def test_not_told_is_a_task(self, desk: Desk, reply: CompletionReport | None, kind: TaskKind) -> None:
        self.told(desk, reply, reason=Code.AGENCY_TIMEOUT)
        assert desk.tasks.kinds(OFFICE) == [kind]

    def test_what_the_case_systems_agreement_withholds_is_a_task(self, desk: Desk) -> None:
        desk.agreements.held[OFFICE] = replace(desk.agreements.held[OFFICE], valid_until=date(2026, 1, 31))
        actions.record_completion(desk, TRUST, answer(with_agency(desk)))
        assert desk.tasks.kinds(OFFICE) == [TaskKind.DIFFERENCE_FOUND]
        assert not desk.outbox.waiting("completion.tell")

    def test_a_marac_without_a_case_system_closes_all_the_same(self) -> None:
        desk = Desk(*everybody()[:3])
        received(desk)
        desk.outbox.leave()
        action = with_agency(desk)
        assert actions.record_completion(desk, TRUST, answer(action)) == "closed"
        assert actions.record_completion(desk, TRUST, answer(action, "not_done", key="k2")) == "differs"
        assert [t.agency_id for t in desk.tasks.open_of(None)] == [MARAC]


def test_random_traces_never_lose_or_double_an_action() -> None:
    """Whatever comes in whichever order: each action is in one state, is told at most once, and once if it is closed."""
    for seed in range(40):
        rng = random.Random(seed)
        desk = Desk(*everybody())
        received(desk)
        desk.outbox.leave()
        made = assigned(desk, *(replace(NEW, text=f"Task {n}", agency_id=rng.choice((TRUST, POLICE, HOMES))) for n in range(6)))
        waiting = desk.outbox.leave()
        for _ in range(40):
            action = rng.choice(made)
            match rng.randrange(4):
                case 0 if waiting:
                    reply = rng.choice((WorkItemReport(True, "t"), WorkItemReport(False), None))
                    results.handle(desk, [arrived(rng.choice(waiting), reply, final=rng.random() < 0.7)])
                case 1:
                    actions.record_completion(
                        desk, action.agency_id, answer(action, rng.choice(("completed", "not_done")), key=str(rng.randrange(5)))
                    )
                case 2:
                    actions.start_polls(desk)
                case _:
                    fresh = [m for m in desk.outbox.leave() if m.kind == "action.poll"]
                    results.handle(desk, [arrived(m, PollReport((), frozenset(m.release.references))) for m in fresh])  # type: ignore[attr-defined]
        told = [m.release.action_id for m in desk.outbox.messages if m.kind == "completion.tell"]  # type: ignore[attr-defined]
        closed = [a.id for a in desk.actions.held.values() if a.state in ACTION_MACHINE.ends()]
        assert sorted(told) == sorted(closed)
        assert len(desk.actions.held) == 6


@pytest.mark.parametrize("number", [16_783, 21_314])
def test_a_reference_into_which_chance_wrote_a_word_is_drawn_anew(number: int) -> None:
    """Of these two ids the first draw holds "FGM" between digits; the gate would have stopped the work item for ever."""
    reference = actions.reference_for(ActionId(UUID(int=number)))
    assert not tells(reference.encode())
    assert len(reference) == 12
    assert reference == actions.reference_for(ActionId(UUID(int=number)))
