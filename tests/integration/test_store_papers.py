"""Look-ups, alerts, actions and tasks in the database: versions, uniqueness also in a race, and what is found by what."""

import threading
from dataclasses import fields, replace
from datetime import timedelta
from uuid import uuid4

import pytest

from gateway.domain.actions import ActionState
from gateway.domain.case_list import Role
from gateway.domain.errors import Conflict, NotFound
from gateway.domain.events import EventKind
from gateway.domain.flags import LIVE_FLAG_STATES, FlagState
from gateway.domain.identifiers import ActionId, AgencyId, FlagId, LookupId, SystemKey, TaskId, UserId
from gateway.domain.lookup import Decision, Lookup, LookupOutcome, LookupState
from gateway.domain.tasks import TaskKind
from gateway.store.audit import SqlAudit
from gateway.store.database import StoreError
from gateway.store.flags import SqlFlags
from tests.integration.cabinet import MEETING, NOW, SYSTEM, TRUST, action, added, cabinet, candidate, corrected, flag, lookup, note, task


@pytest.fixture
def store(database_url):
    with cabinet(database_url) as opened:
        yield opened


@pytest.fixture
def paper(store):
    return added(store)


class TestLookups:
    def put(self, store, *lookups):
        with store.work() as work:
            work.lookups.add(lookups, [note(one.id) for one in lookups])

    def test_come_back_as_they_went_in_and_in_the_order_of_the_list(self, store, paper):
        kept = [lookup(s) for s in paper.subjects]
        self.put(store, *reversed(kept))
        with store.work() as work:
            assert list(work.lookups.of_list(paper.id)) == kept
            assert work.lookups.many([kept[0].id, LookupId(uuid4())]) == {kept[0].id: kept[0]}
            assert list(work.lookups.of_subjects([paper.subjects[2].id])) == [kept[2]]
            with pytest.raises(NotFound):
                work.lookups.get(LookupId(uuid4()))

    def test_only_one_agencys_answers_are_opened_where_states_are_asked_for(self, store, paper):
        other = AgencyId("other")
        said = {"outcome": LookupOutcome.KNOWN, "model": "m-1", "answered_at": NOW}
        kept = [lookup(s, graded=(candidate(),), agency_id=agency, **said) for s, agency in zip(paper.subjects, (TRUST, other) * 3, strict=False)]
        self.put(store, *kept)
        state = [LookupState(**{f.name: getattr(one, f.name) for f in fields(LookupState)}) for one in kept]
        with store.work() as work:
            assert list(work.lookups.states(paper.id)) == state
            assert not any(isinstance(one, Lookup) for one in work.lookups.states(paper.id))
            found = list(work.lookups.states(paper.id, opened_for=other))
        assert found == [whole if whole.agency_id == other else closed for whole, closed in zip(kept, state, strict=True)]
        assert sum(isinstance(one, Lookup) for one in found) == 2

    def test_are_saved_by_the_hundred_with_their_candidates(self, store, paper):
        kept = [lookup(s, system=SystemKey(f"agency-{n}/record")) for n in range(30) for s in paper.subjects]
        self.put(store, *kept)
        changed = [
            replace(one, outcome=LookupOutcome.KNOWN, reason="EXACT", answered_at=NOW, graded=(candidate(f"R-{n}"),)) if n % 2 else one
            for n, one in enumerate(kept)
        ]
        with store.work() as work:
            work.lookups.save(changed, [note(one.id) for one in changed])
        with store.work() as work:
            assert work.lookups.many([one.id for one in kept]) == {one.id: replace(one, version=2) for one in changed}

    def test_a_decision_lasts(self, store, paper):
        one = lookup(paper.subjects[0], outcome=LookupOutcome.POSSIBLE, graded=(candidate("R-1"), candidate("R-2")))
        self.put(store, one)
        decided = replace(one, outcome=LookupOutcome.KNOWN, decision=Decision("R-2", UserId("somebody"), NOW, "seen in person", "digest"))
        with store.work() as work:
            work.lookups.save([decided], [note(one.id)])
        with store.work() as work:
            assert work.lookups.get(one.id).record.record_id == "R-2"

    def test_one_that_moved_on_stops_the_whole_batch(self, store, paper):
        kept = [lookup(s) for s in paper.subjects]
        self.put(store, *kept)
        with store.work() as work:
            work.lookups.save(kept[:1], [note(kept[0].id)])
        with pytest.raises(Conflict, match="STALE_VERSION"), store.work() as work:
            work.lookups.save([replace(one, reason="LATE") for one in kept], [note()] * 5)
        with store.work() as work:
            assert {one.reason for one in work.lookups.of_list(paper.id)} == {"AWAITED"}
            assert len(work.audit.about(str(kept[0].id))) == 2

    def test_one_person_has_one_cell_per_system(self, store, paper):
        self.put(store, lookup(paper.subjects[0]))
        with pytest.raises(StoreError) as refusal:
            self.put(store, lookup(paper.subjects[0]))
        assert (refusal.value.sqlstate, refusal.value.constraint) == ("23505", "lookups_cell")

    def test_are_found_by_the_record_that_they_are_known_as(self, store, paper):
        known = lookup(paper.subjects[0], outcome=LookupOutcome.KNOWN, graded=(candidate("R-1"),))
        self.put(
            store,
            known,
            lookup(paper.subjects[1], outcome=LookupOutcome.POSSIBLE, graded=(candidate("R-1"),)),
            lookup(paper.subjects[2], outcome=LookupOutcome.KNOWN, graded=(candidate("R-2"),)),
            lookup(paper.subjects[3], outcome=LookupOutcome.KNOWN, graded=(candidate("R-1"),), system=SystemKey("other/record")),
        )
        with store.work() as work:
            assert list(work.lookups.known_as([(SYSTEM, "R-1")])) == [known]
            assert len(work.lookups.known_as([(SYSTEM, "R-1"), (SYSTEM, "R-2")])) == 2
            assert list(work.lookups.known_as([])) == []
            work.lookups.save([replace(known, outcome=LookupOutcome.NO_ANSWER, graded=())], [note()])
            assert list(work.lookups.known_as([(SYSTEM, "R-1")])) == []

    def test_of_somebody_who_left_the_list_are_kept_and_not_of_the_list(self, store, paper):
        kept = [lookup(s) for s in paper.subjects]
        self.put(store, *kept)
        with store.work() as work:
            work.case_lists.add(corrected(paper, paper.cases[0]), b"2", [], note())
            assert list(work.lookups.of_list(paper.id)) == kept[:3]
            assert list(work.lookups.of_subjects([paper.subjects[4].id])) == [kept[4]]


class TestFlags:
    def put(self, store, *flags):
        with store.work() as work:
            for one in flags:
                work.flags.add(one, note(one.id))

    def test_come_back_as_they_went_in(self, store, paper):
        whole = flag(
            paper.subjects[0], state=FlagState.PLACED, review_on=MEETING, approved_by=UserId("approver"), approved_at=NOW,
            remote_id="remote", remote_version="3", reason="REASON",
        )  # fmt: skip
        self.put(store, flag(paper.subjects[1], "R-2", Role.PERPETRATOR), whole)
        with store.work() as work:
            assert work.flags.get(whole.id) == whole
            assert len(work.flags.of_list(paper.id)) == len(work.flags.of_agency(TRUST)) == 2
            assert list(work.flags.of_subjects([whole.subject_id])) == [whole]
            assert list(work.flags.of_agency(AgencyId("other"))) == []
            with pytest.raises(NotFound):
                work.flags.get(FlagId(uuid4()))

    def test_review_falls_due_for_live_ones(self, store, paper):
        due = flag(paper.subjects[0], state=FlagState.RECORDED, review_on=MEETING, approved_by=UserId("approver"))
        self.put(store, due, replace(due, id=FlagId(uuid4()), state=FlagState.ENDED))
        with store.work() as work:
            assert list(work.flags.review_due(MEETING - timedelta(days=1))) == []
            assert list(work.flags.review_due(MEETING)) == [due]

    def test_one_live_alert_per_record_and_part(self, store, paper):
        first = flag(paper.subjects[0])
        self.put(store, first)
        with pytest.raises(Conflict, match="FLAG_EXISTS"):
            self.put(store, flag(paper.subjects[1]))
        self.put(store, flag(paper.subjects[0], role=Role.PERPETRATOR), flag(paper.subjects[0], "R-2"))
        self.put(store, flag(paper.subjects[0], system=SystemKey("northmoor-nhs-trust/other")))
        with store.work() as work:
            work.flags.save(replace(first, state=FlagState.REFUSED), note(first.id))
        self.put(store, flag(paper.subjects[0]))

    def test_a_race_leaves_one_and_tells_the_others(self, store, paper):
        outcomes = []
        start = threading.Barrier(8)

        def propose():
            start.wait()
            try:
                self.put(store, flag(paper.subjects[0], "R-9"))
                outcomes.append("placed")
            except Conflict as conflict:
                outcomes.append(conflict.code.value)

        threads = [threading.Thread(target=propose) for _ in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(20)
        assert sorted(outcomes) == ["FLAG_EXISTS"] * 7 + ["placed"]
        with store.work() as work:
            assert len(work.flags.of_list(paper.id)) == 1

    def test_a_flag_that_gave_way_in_a_race_lets_the_next_in(self, store, paper):
        """The second waits for the first to commit; when the first rolls back, the second stands."""
        with store.engine.connect() as connection:
            transaction = connection.begin()
            SqlFlags(connection, store.vault, SqlAudit(connection, store.vault, NOW)).add(flag(paper.subjects[0]), note())
            second = threading.Thread(target=self.put, args=(store, flag(paper.subjects[0])))
            second.start()
            second.join(0.5)
            assert second.is_alive()
            transaction.rollback()
        second.join(10)
        with store.work() as work:
            assert len(work.flags.of_list(paper.id)) == 1

    @pytest.mark.parametrize("state", list(FlagState))
    def test_a_place_is_held_exactly_while_the_flag_lives(self, store, paper, state):
        self.put(store, flag(paper.subjects[0], state=state))
        live = store.ask("SELECT count(*) FROM flags WHERE live_key IS NOT NULL")[0][0]
        assert live == (state in LIVE_FLAG_STATES)

    def test_a_second_save_of_the_same_version_is_refused(self, store, paper):
        one = flag(paper.subjects[0])
        self.put(store, one)
        approved = replace(one, state=FlagState.APPROVED, approved_by=UserId("approver"), approved_at=NOW)
        with store.work() as work:
            work.flags.save(approved, note(one.id))
        with pytest.raises(Conflict, match="STALE_VERSION"), store.work() as work:
            work.flags.save(approved, note(one.id))

    def test_the_database_itself_refuses_the_proposer_as_approver(self, store, paper):
        one = flag(paper.subjects[0])
        self.put(store, one)
        with pytest.raises(StoreError) as refusal, store.work() as work:
            work.flags.save(replace(one, state=FlagState.APPROVED, approved_by=one.proposed_by), note(one.id))
        assert refusal.value.constraint == "flags_second_person"


class TestActions:
    def test_come_back_as_they_went_in_and_are_found(self, store, paper):
        first, second = action(paper.cases[0]), action(paper.cases[1], system=None, due_on=MEETING + timedelta(days=1))
        with store.work() as work:
            work.actions.add([second, first], [note(second.id), note(first.id)])
        with store.work() as work:
            assert work.actions.get(first.id) == first
            assert work.actions.by_reference(second.reference) == second
            assert list(work.actions.of_list(paper.id)) == list(work.actions.of_agency(TRUST)) == [first, second]
            assert list(work.actions.open_with(SYSTEM)) == [first]
            for ask in (lambda: work.actions.get(ActionId(uuid4())), lambda: work.actions.by_reference("none")):
                with pytest.raises(NotFound):
                    ask()

    def test_close_once(self, store, paper):
        one = action(paper.cases[0])
        closed = replace(one, state=ActionState.COMPLETED, detail="done on Tuesday", closed_at=NOW, closed_by="poll", remote_id="T-1")
        with store.work() as work:
            work.actions.add([one], [note(one.id)])
            work.actions.save(closed, note(one.id))
        with pytest.raises(Conflict, match="STALE_VERSION"), store.work() as work:
            work.actions.save(closed, note(one.id))
        with store.work() as work:
            assert work.actions.get(one.id) == replace(closed, version=2)
            assert list(work.actions.open_with(SYSTEM)) == []


class TestTasks:
    def test_one_open_task_per_agency_kind_and_thing(self, store):
        first = task("flag 1")
        with store.work() as work:
            assert work.tasks.open(first, note("task")) == first
            assert work.tasks.open(task("flag 1"), note("task")) == first
            other = work.tasks.open(task("flag 1", agency=AgencyId("police")), note("task"))
            assert other != first
            assert len(work.audit.about("task")) == 2
            assert list(work.tasks.open_of(TRUST)) == [first]
            assert len(work.tasks.open_of(None)) == 2

    def test_in_a_race_too(self, store):
        opened = []
        start = threading.Barrier(6)

        def open_one():
            start.wait()
            with store.work() as work:
                opened.append(work.tasks.open(task("flag 1"), note("task")).id)

        threads = [threading.Thread(target=open_one) for _ in range(6)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(20)
        assert len(opened) == 6
        assert len(set(opened)) == 1

    def test_closed_and_opened_anew(self, store):
        one = task("flag 1")
        with store.work() as work:
            work.tasks.open(one, note())
            closed = replace(one, closed_at=NOW, closed_by=UserId("somebody"), receipt="seen")
            work.tasks.close(closed, note(one.id))
        with store.work() as work:
            assert work.tasks.get(one.id) == replace(closed, version=2)
            assert work.tasks.open(task("flag 1"), note()).id != one.id
            with pytest.raises(Conflict):
                work.tasks.close(closed, note())
            with pytest.raises(NotFound):
                work.tasks.get(TaskId(uuid4()))

    def test_many_at_once_and_only_new_ones_are_recorded(self, store):
        with store.work() as work:
            work.tasks.open(task("a"), note("a"))
            batch = [task("a"), task("b"), task("b"), task("c")]
            work.tasks.open_all(batch, [note(one.about) for one in batch])
            work.tasks.open_all([], [])
            assert sorted(one.about for one in work.tasks.open_of(TRUST)) == ["a", "b", "c"]
            assert [len(work.audit.about(thing)) for thing in "abc"] == [1, 1, 1]

    def test_closed_by_what_they_are_about(self, store):
        with store.work() as work:
            one = work.tasks.open(task("a"), note())
            work.tasks.open(task("a", TaskKind.REVIEW_FLAG), note())
            work.tasks.close_about(TaskKind.PLACE_FLAG_BY_HAND, "a", note("closing", EventKind.TASK_CLOSED))
            work.tasks.close_about(TaskKind.PLACE_FLAG_BY_HAND, "a", note("closing", EventKind.TASK_CLOSED))
            assert [left.kind for left in work.tasks.open_of(None)] == [TaskKind.REVIEW_FLAG]
            assert (work.tasks.get(one.id).closed_by, work.tasks.get(one.id).closed_at) == ("somebody", NOW)
            assert len(work.audit.about("closing")) == 1
