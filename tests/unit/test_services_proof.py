"""Probes, signatures and the stop switch as use cases: what each leaves behind, and for whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.domain.errors import Code, Conflict, InvalidInput, NotFound, Refused
from gateway.domain.events import EventKind
from gateway.domain.flags import Flag, FlagState
from gateway.domain.identifiers import SystemKey
from gateway.domain.proofs import EVERYWHERE, ProofState, Seen
from gateway.domain.receipts import FlagFinding, FlagReport
from gateway.domain.register import Answer, Output
from gateway.domain.releases import MessageKind
from gateway.domain.tasks import TaskKind
from gateway.policy.placement import Verdict
from gateway.services import flag_sending, flagging, gate, probing, results, stopping
from gateway.services.stopping import STOPPED_KINDS
from tests.unit import scenes
from tests.unit.fake_papers import good_probe
from tests.unit.fakes import Desk
from tests.unit.scenes import (
    AOIFE,
    CHAIR,
    COORDINATOR,
    LEAD,
    POLICE_REPRESENTATIVE,
    REGISTER,
    REPRESENTATIVE,
    SYSTEM,
    TRUST,
    agreement,
    arrived,
    everybody,
    known,
    lookup_at,
    received,
)

KEY = SystemKey("trust/record")
MANUAL = replace(REGISTER, entries={**REGISTER.entries, Output.SUMMARY: replace(REGISTER.entries[Output.SUMMARY], answer=Answer.BY_HAND)})


@pytest.fixture
def desk() -> Desk:
    return Desk(*everybody())


def by_hand() -> Desk:
    return Desk(agreement(TRUST, replace(scenes.TRUST_SYSTEM, register=MANUAL)))


# --------------------------------------------------------------------------------------------------------------- probes


def test_a_probe_that_fails_stops_the_system_and_tells_its_people(desk: Desk) -> None:
    proof = probing.record_probe(desk, REPRESENTATIVE, good_probe(KEY, desk.now(), seen=Seen.CHANGED))
    assert proof.state is ProofState.FAILED
    stop = desk.stops.of(KEY)
    assert stop is not None
    assert (stop.reason, stop.stopped_by) == (Code.PROBE_FAILED, REPRESENTATIVE.user_id)
    assert {TaskKind.PROBE_FAILED, TaskKind.WRITING_STOPPED} <= set(desk.tasks.kinds(TRUST))
    assert {EventKind.SYSTEM_PROBED, EventKind.WRITING_STOPPED} <= set(desk.audit.kinds())
    assert desk.stops.of(SystemKey("police/records")) is None, "only that system"


def test_a_good_probe_proves_again_and_leaves_the_stop_to_two_people(desk: Desk) -> None:
    probing.record_probe(desk, REPRESENTATIVE, good_probe(KEY, desk.now(), seen=Seen.VACUOUS))
    proof = probing.record_probe(desk, REPRESENTATIVE, good_probe(KEY, desk.now()))
    assert proof.state is ProofState.PROVEN
    assert TaskKind.PROBE_FAILED not in desk.tasks.kinds(TRUST)
    assert desk.stops.of(KEY) is not None


def test_only_one_probe_at_a_time_and_what_a_killed_one_left_is_told(desk: Desk) -> None:
    first, second = desk.new_id(), desk.new_id()
    assert probing.begin(desk, KEY, first) == ()
    with pytest.raises(Conflict) as busy:
        probing.begin(desk, KEY, second)
    assert busy.value.code is Code.PROBE_UNDER_WAY
    desk.pass_time(minutes=11)
    assert probing.begin(desk, KEY, second) == (first,)
    probing.record_probe(desk, REPRESENTATIVE, good_probe(KEY, desk.now(), seen=Seen.NOT_REMOVED))
    assert len(desk.proofs.under_way(KEY)) == 2, "what could not be removed is looked for by the next"
    probing.record_probe(desk, REPRESENTATIVE, good_probe(KEY, desk.now()))
    assert desk.proofs.under_way(KEY) == []


@pytest.mark.parametrize(("who", "key", "error"), [
    (POLICE_REPRESENTATIVE, KEY, NotFound), (COORDINATOR, KEY, Refused), (REPRESENTATIVE, "trust/other", NotFound), (SYSTEM, "police/records", Conflict),
])  # fmt: skip
def test_who_may_not_probe_what(desk: Desk, who: object, key: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        probing.to_probe(desk, who, SystemKey(key))  # type: ignore[arg-type]


@pytest.fixture
def flag(desk: Desk) -> Flag:
    """An approved alert on its way."""
    received(desk)
    known(desk, TRUST, AOIFE)
    proposal = flagging.propose(desk, REPRESENTATIVE, lookup_at(desk, TRUST, "Aoife").subject_id, TRUST).flag
    assert proposal is not None
    return flagging.approve(desk, LEAD, proposal.id, proposal.content_hash, proposal.version)


@pytest.mark.parametrize(("probe", "verdict", "reason"), [
    ("good", Verdict.PLACE, None), ("none", Verdict.BY_HAND, Code.SYSTEM_NOT_PROVEN), ("bad", Verdict.HELD, Code.PROBE_FAILED),
])  # fmt: skip
def test_an_alert_is_written_only_where_it_is_proved_and_typed_nowhere_that_failed(
    desk: Desk, flag: Flag, probe: str, verdict: Verdict, reason: Code | None
) -> None:
    desk.proofs.found[KEY] = {"good": good_probe(KEY, desk.now()), "none": None, "bad": good_probe(KEY, desk.now(), seen=Seen.CHANGED)}[probe]
    subject = desk.case_lists.subjects([flag.subject_id])[flag.subject_id]
    found = gate.placement_of(desk, subject, gate.lookup_behind(desk, flag))
    assert (found.verdict, found.reason) == (verdict, reason)
    assert gate.may_leave(desk, desk.outbox.messages[-1].release) == (reason or "")


def test_a_probe_that_fails_has_what_stands_reviewed(desk: Desk, flag: Flag) -> None:
    report = FlagReport(FlagFinding.PLACED, "remote", "1")
    results.handle(desk, [arrived(desk.outbox.messages[-1], report)])
    assert desk.flags.get(flag.id).state is FlagState.PLACED
    probing.record_probe(desk, REPRESENTATIVE, good_probe(KEY, desk.now(), seen=Seen.CHANGED))
    assert desk.flags.get(flag.id).state is FlagState.PLACED, "what was read back is never undone by itself"
    assert (TaskKind.REVIEW_FLAG, Code.PROBE_FAILED) in {(t.kind, t.reason) for t in desk.tasks.open_of(TRUST)}


def test_what_is_on_its_way_waits_while_writing_is_stopped_and_may_be_taken_away(desk: Desk, flag: Flag) -> None:
    place = desk.outbox.messages[-1].release
    assert gate.may_leave(desk, place) == ""
    stopping.stop(desk, REPRESENTATIVE, KEY)
    assert gate.may_leave(desk, place) == Code.WRITING_STOPPED
    flag_sending.remove(desk, flag, Code.CASE_CLOSED)
    assert desk.outbox.messages[-1].kind == MessageKind.FLAG_END
    stopping.restart(desk, REPRESENTATIVE, KEY)
    stopping.restart(desk, LEAD, KEY)
    assert gate.may_leave(desk, place) == ""


def test_an_alert_that_may_stand_when_writing_is_stopped_is_looked_for_and_ended(desk: Desk, flag: Flag) -> None:
    stopping.stop(desk, REPRESENTATIVE, KEY)
    results.handle(desk, [arrived(desk.outbox.messages[-1], None, unsure=True, reason=Code.WRITING_STOPPED)])
    assert desk.flags.get(flag.id).state is FlagState.WITHDRAWING
    assert desk.outbox.messages[-1].kind == MessageKind.FLAG_END


# ----------------------------------------------------------------------------------------------------------- signatures


def test_two_people_sign_and_the_system_is_proven_with_manual() -> None:
    desk = by_hand()
    assert probing.record_probe(desk, REPRESENTATIVE, good_probe(KEY, desk.now())).state is ProofState.STALE
    half = probing.sign(desk, REPRESENTATIVE, KEY, Output.SUMMARY)
    assert not half.whole
    with pytest.raises(Refused) as alone:
        probing.sign(desk, REPRESENTATIVE, KEY, Output.SUMMARY)
    assert alone.value.code is Code.SECOND_PERSON_NEEDED
    assert probing.sign(desk, LEAD, KEY, Output.SUMMARY).whole
    [shown] = probing.overview(desk, REPRESENTATIVE)
    assert (shown.proof.state, shown.proof.to_sign) == (ProofState.PROVEN_WITH_MANUAL, ())
    desk.pass_time(days=31)
    assert probing.overview(desk, REPRESENTATIVE)[0].proof.state is ProofState.STALE


def test_a_signature_needs_a_probe_and_an_output_left_to_people() -> None:
    desk = by_hand()
    with pytest.raises(InvalidInput):
        probing.sign(desk, REPRESENTATIVE, KEY, Output.PORTAL)
    desk.proofs.found[KEY] = None
    with pytest.raises(Conflict) as first:
        probing.sign(desk, REPRESENTATIVE, KEY, Output.SUMMARY)
    assert first.value.code is Code.PROBE_FIRST
    with pytest.raises(NotFound):
        probing.sign(desk, POLICE_REPRESENTATIVE, KEY, Output.SUMMARY)


# ---------------------------------------------------------------------------------------------------------------- watch


def test_a_proof_that_ends_soon_or_has_ended_is_somebodys_task(desk: Desk) -> None:
    desk.proofs.found[KEY] = good_probe(KEY, desk.now())
    assert probing.watch(desk) == 0
    desk.pass_time(days=24)
    assert probing.watch(desk) == 1
    [task] = [t for t in desk.tasks.open_of(TRUST) if t.kind is TaskKind.PROVE_AGAIN]
    assert task.reason == Code.PROOF_ENDS_SOON


def test_another_release_ends_the_proof(desk: Desk) -> None:
    desk.proofs.found[KEY] = good_probe(KEY, desk.now())
    probing.tell_release(desk, KEY, "7.4.1")
    assert not desk.tasks.kinds(TRUST)
    probing.tell_release(desk, KEY, "")
    probing.tell_release(desk, KEY, "8.0")
    assert desk.tasks.kinds(TRUST) == [TaskKind.PROVE_AGAIN]
    assert probing.overview(desk, SYSTEM)[-1].system.key
    assert next(s for s in probing.overview(desk, SYSTEM) if s.system.key == KEY).proof.state is ProofState.STALE


# ----------------------------------------------------------------------------------------------------------------- stop


def test_one_stops_and_two_restart(desk: Desk) -> None:
    stopping.stop(desk, REPRESENTATIVE, KEY)
    assert desk.tasks.kinds(TRUST) == [TaskKind.WRITING_STOPPED]
    again = stopping.stop(desk, LEAD, KEY)
    assert again.stopped_by == REPRESENTATIVE.user_id, "who did it first stays"
    asked = stopping.restart(desk, REPRESENTATIVE, KEY)
    assert asked is not None
    assert asked.restart_by == REPRESENTATIVE.user_id
    with pytest.raises(Refused):
        stopping.restart(desk, REPRESENTATIVE, KEY)
    assert stopping.restart(desk, LEAD, KEY) is None
    assert desk.outbox.let_gone == [(KEY, Code.WRITING_STOPPED)]
    assert desk.tasks.kinds(TRUST) == []
    with pytest.raises(NotFound):
        stopping.restart(desk, LEAD, KEY)


def test_all_is_stopped_by_those_who_serve_all(desk: Desk) -> None:
    with pytest.raises(Refused):
        stopping.stop(desk, REPRESENTATIVE, EVERYWHERE)
    stopping.stop(desk, CHAIR, EVERYWHERE)
    assert desk.stops.of(KEY) is not None
    assert len([t for t in desk.tasks.open_of(None) if t.kind is TaskKind.WRITING_STOPPED]) == 5
    assert [stop.system for stop in stopping.in_force(desk, REPRESENTATIVE)] == [EVERYWHERE]
    with pytest.raises(Refused):
        stopping.restart(desk, CHAIR, EVERYWHERE)
    assert stopping.restart(desk, COORDINATOR, EVERYWHERE)
    assert stopping.restart(desk, SYSTEM, EVERYWHERE) is None


@pytest.mark.parametrize("key", ["police/records", "nowhere/at-all", "trust/other"])
def test_others_systems_do_not_exist(desk: Desk, key: str) -> None:
    for use in (stopping.stop, stopping.restart):
        with pytest.raises(NotFound):
            use(desk, REPRESENTATIVE, SystemKey(key))


def test_what_is_stopped_is_what_has_an_effect() -> None:
    assert {MessageKind.FLAG_PLACE, MessageKind.ACTION_SEND, MessageKind.COMPLETION_TELL} == STOPPED_KINDS
