"""Decisions and models in the database, and which look-ups are settled together."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import replace

import pytest

from gateway.domain.errors import Code, Conflict, NotFound, Unavailable
from gateway.domain.identifiers import SystemKey, UserId
from gateway.domain.lookup import LookupOutcome, Pairing, Remembered
from gateway.domain.models import MatchingModel
from gateway.policy.identity.model import current, shipped_file
from gateway.store.database import StoreError
from tests.integration.cabinet import MARAC, NOW, OTHER_MARAC, SYSTEM, added, cabinet, candidate, corrected, lookup, note


@pytest.fixture
def store(database_url):
    with cabinet(database_url) as opened:
        yield opened


def word(**more) -> Remembered:
    return replace(Remembered(True, b"says", 12.5, UserId("somebody"), NOW, "looked twice"), **more)


class TestDecisions:
    PAIR, OTHER = Pairing(MARAC, b"w" * 32, SYSTEM, "R-1"), Pairing(MARAC, b"w" * 32, SYSTEM, "R-2")

    def test_are_found_by_person_system_and_record_and_the_newest_word_stands(self, store):
        with store.work() as work:
            work.decisions.remember({self.PAIR: word(), self.OTHER: word(same=False)})
            work.decisions.remember({self.PAIR: word(note="looked again")})
        elsewhere, another = replace(self.PAIR, system=SystemKey("another/record")), replace(self.PAIR, marac_id=OTHER_MARAC)
        with store.work() as work:
            assert work.decisions.recall([self.PAIR, self.OTHER, elsewhere, another, replace(self.PAIR, who=b"x" * 32)]) == {
                self.PAIR: word(note="looked again"), self.OTHER: word(same=False)
            }  # fmt: skip
            assert work.decisions.recall([]) == {}
            work.decisions.remember({})

    def test_nothing_of_them_stands_in_clear(self, store):
        with store.work() as work:
            work.decisions.remember({self.PAIR: word()})
        [row] = store.ask("SELECT key, sealed FROM match_decisions")
        assert not any(secret in bytes(part) for part in row for secret in (b"R-1", b"looked", b"somebody", b"says"))


class TestModels:
    def other(self, version="other-1") -> tuple[MatchingModel, bytes]:
        content = json.dumps(json.loads(shipped_file()) | {"version": version}).encode()
        return MatchingModel(version, hashlib.sha256(content).hexdigest(), UserId("trainer")), content

    def offered(self, store) -> MatchingModel:
        model, content = self.other()
        with store.work() as work:
            work.models.add(model, content, NOW, note())
        return model

    def test_the_releases_own_grades_until_another_is_approved_and_can_come_back(self, store):
        model = self.offered(store)
        with store.work() as work:
            assert [m.version for m in work.models.all()] == [current().version, "other-1"]
            assert work.scorer.model.version == current().version
        with store.work() as work:
            work.models.approve("other-1", UserId("approver"), NOW, note())
        with store.work() as work:
            assert work.scorer.model.version == "other-1"
            assert work.models.get("other-1") == replace(model, offered_at=NOW, approved_by=UserId("approver"), approved_at=NOW)
        with store.work() as work:
            work.models.approve(current().version, UserId("approver"), NOW.replace(hour=11), note())
        with store.work() as work:
            assert work.scorer.model.version == current().version
            assert len(work.models.all()) == 2

    def test_a_version_is_taken_once(self, store):
        self.offered(store)
        for version in ("other-1", current().version):
            with pytest.raises(Conflict) as taken, store.work() as work:
                work.models.add(*self.other(version), NOW, note())
            assert taken.value.code is Code.MODEL_EXISTS
        with pytest.raises(NotFound), store.work() as work:
            work.models.get("nobody-1")

    def test_the_database_too_wants_a_second_person(self, store):
        self.offered(store)
        with pytest.raises(StoreError) as refused, store.work() as work:
            work.models.approve("other-1", UserId("trainer"), NOW, note())
        assert refused.value.constraint == "matching_models_second_person"

    def test_another_content_under_an_approved_digest_grades_nothing(self, store):
        model, content = self.other("other-2")
        with store.work() as work:
            work.models.add(replace(model, digest=hashlib.sha256(b"what was looked at").hexdigest()), content, NOW, note())
            work.models.approve("other-2", UserId("approver"), NOW, note())
        with pytest.raises(Unavailable), store.work() as work:
            work.models.in_use()


class TestTogether:
    def test_what_hangs_on_a_case_is_found_without_opening_anything(self, store):
        paper = added(store)
        mother, partner, child, neighbour, _ = paper.subjects
        place, elsewhere = (mother.case_id, SYSTEM), (neighbour.case_id, SYSTEM)
        cells = [
            lookup(mother), lookup(partner, outcome=LookupOutcome.KNOWN, reason="ONE_RECORD_CERTAIN", graded=(candidate("R-1"),)),
            lookup(child, outcome=LookupOutcome.NOT_KNOWN, reason="NOBODY_HELD"), lookup(neighbour, outcome=LookupOutcome.POSSIBLE, reason="RIVAL"),
        ]  # fmt: skip
        with store.work() as work:
            work.lookups.add(cells, [note(c.id) for c in cells])
        with store.work() as work:
            assert work.lookups.hanging([place, elsewhere], []) == {elsewhere}
            assert work.lookups.hanging([place], [(SYSTEM, "R-1")]) == {place}
            assert work.lookups.hanging([(mother.case_id, SystemKey("another/record"))], [(SYSTEM, "R-1")]) == frozenset()
            found = work.lookups.of_cases_at([place])
            assert {c.id for c in found[place]} == {cells[1].id, cells[2].id}

    def test_a_possible_match_claims_its_best_record_but_is_not_known_as_it(self, store):
        paper = added(store)
        cell = lookup(paper.subjects[0], outcome=LookupOutcome.POSSIBLE, reason="RIVAL", graded=(replace(candidate("R-1"), certain=False),))
        with store.work() as work:
            work.lookups.add([cell], [note(cell.id)])
        with store.work() as work:
            assert list(work.lookups.known_as([(SYSTEM, "R-1")])) == []

    def test_who_is_withdrawn_counts_no_more(self, store):
        paper = added(store)
        cell = lookup(paper.subjects[0], outcome=LookupOutcome.POSSIBLE, reason="RIVAL")
        with store.work() as work:
            work.lookups.add([cell], [note(cell.id)])
            shorter = replace(paper.cases[0], subjects=paper.cases[0].subjects[1:])
            work.case_lists.add(corrected(paper, shorter, paper.cases[1]), b"next", [], note(paper.id))
        with store.work() as work:
            assert work.lookups.hanging([(paper.subjects[0].case_id, SYSTEM)], []) == frozenset()

    def test_two_who_settle_one_case_come_one_after_the_other(self, store):
        paper = added(store)
        case_id, order = paper.subjects[0].case_id, []
        held, second = threading.Event(), threading.Thread(target=lambda: self._second(store, case_id, held, order))
        with store.work() as work:
            work.lookups.hold([case_id])
            second.start()
            assert held.wait(20)
            second.join(0.3)
            order.append("first")
        second.join(20)
        assert order == ["first", "second"]

    def _second(self, store, case_id, held, order):
        with store.work() as work:
            held.set()
            work.lookups.hold([case_id])
            order.append("second")
