"""When a system counts as proven: one row for each situation, and for each finding of the probe."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from gateway.domain.identifiers import SystemKey, UserId
from gateway.domain.proofs import HandCheck, Lack, Probe, ProofState, Seen
from gateway.domain.register import Answer, Audience, Canary, Entry, Output, Register
from gateway.policy.proving import PROOF_LASTS, Captures, observe, state_of
from tests.unit.fake_papers import good_probe

KEY = SystemKey("trust/record")
NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
ANSWERED = {o: Entry(o, Answer.NOT_OFFERED, Audience.SUBJECT, "owner", "tested", date(2027, 12, 31)) for o in Output}
BY_HAND = {**ANSWERED, Output.SUMMARY: replace(ANSWERED[Output.SUMMARY], answer=Answer.BY_HAND)}
WHOLE, MANUAL = Register(ANSWERED, digest="d1"), Register(BY_HAND, digest="d1")
GOOD, BAD = good_probe(KEY, NOW, "d1"), good_probe(KEY, NOW, "d1", seen=Seen.CHANGED)
SIGNED = HandCheck(UUID(int=1), KEY, Output.SUMMARY, "d1", "7.4.1", UserId("a"), NOW, TODAY + timedelta(days=30), UserId("b"), NOW)

P, M, F, S, N = ProofState.PROVEN, ProofState.PROVEN_WITH_MANUAL, ProofState.FAILED, ProofState.STALE, ProofState.NOT_PROBED
SITUATIONS: dict[str, tuple[Register | None, Probe | None, list[HandCheck], str, int, ProofState, set[Lack]]] = {
    # what                          register  probe  signatures  release  days later  state  what is lacking
    "just probed":                  (WHOLE, GOOD, [], "", 0, P, set()),
    "the thirtieth day":            (WHOLE, GOOD, [], "", 30, P, set()),
    "the thirty-first day":         (WHOLE, GOOD, [], "", 31, S, {Lack.TOO_OLD}),
    "never probed":                 (WHOLE, None, [], "", 0, N, {Lack.NEVER_PROBED}),
    "no register":                  (None, GOOD, [], "", 0, S, {Lack.REGISTER_MISSING}),
    "failed":                       (WHOLE, BAD, [], "", 0, F, {Lack.PROBE_FAILED}),
    "failed long ago":              (WHOLE, BAD, [], "", 90, F, {Lack.PROBE_FAILED, Lack.TOO_OLD}),
    "the same release":             (WHOLE, GOOD, [], "7.4.1", 1, P, set()),
    "another release":              (WHOLE, GOOD, [], "7.5.0", 1, S, {Lack.VERSION_CHANGED}),
    "another register":             (replace(WHOLE, digest="d2"), GOOD, [], "", 1, S, {Lack.REGISTER_CHANGED}),
    "an answer is missing":         (Register({o: e for o, e in ANSWERED.items() if o is not Output.FEEDS}, digest="d1"), GOOD, [], "", 0, S, {Lack.REGISTER_INCOMPLETE}),
    "an answer is past its review": (Register({**ANSWERED, Output.FEEDS: replace(ANSWERED[Output.FEEDS], review_on=date(2026, 11, 1))}, digest="d1"), GOOD, [], "", 0, S, {Lack.REGISTER_OVERDUE}),
    "not signed":                   (MANUAL, GOOD, [], "", 0, S, {Lack.NOT_SIGNED}),
    "signed by two":                (MANUAL, GOOD, [SIGNED], "", 0, M, set()),
    "signed by one":                (MANUAL, GOOD, [replace(SIGNED, second_by=None)], "", 0, S, {Lack.NOT_SIGNED}),
    "signed for another release":   (MANUAL, GOOD, [replace(SIGNED, system_version="7.4.0")], "", 0, S, {Lack.NOT_SIGNED}),
    "signed for another register":  (MANUAL, GOOD, [replace(SIGNED, register_digest="d0")], "", 0, S, {Lack.NOT_SIGNED}),
    "signed for another output":    (MANUAL, GOOD, [replace(SIGNED, output=Output.FEEDS)], "", 0, S, {Lack.NOT_SIGNED}),
    "the signature ran out":        (MANUAL, GOOD, [replace(SIGNED, expires_on=TODAY)], "", 1, S, {Lack.NOT_SIGNED}),
    "failed though signed":         (MANUAL, BAD, [SIGNED], "", 0, F, {Lack.PROBE_FAILED}),
}  # fmt: skip


@pytest.mark.parametrize("situation", SITUATIONS)
def test_each_situation(situation: str) -> None:
    register, probe, checks, release, days, state, lacks = SITUATIONS[situation]
    proof = state_of(KEY, register, probe, checks, release, TODAY + timedelta(days=days))
    assert (proof.state, set(proof.lacks)) == (state, lacks)
    assert proof.state.lets_write is (state in (P, M))
    assert (proof.until is None) is not proof.state.lets_write


def test_every_lack_and_every_state_is_a_situation() -> None:
    assert {lack for *_, lacks in SITUATIONS.values() for lack in lacks} == set(Lack)
    assert {row[5] for row in SITUATIONS.values()} == set(ProofState)


def test_a_proof_lasts_as_long_as_its_first_part_that_runs_out() -> None:
    early = replace(SIGNED, expires_on=TODAY + timedelta(days=5))
    assert state_of(KEY, MANUAL, GOOD, [early], "", TODAY).until == TODAY + timedelta(days=5)
    assert state_of(KEY, WHOLE, GOOD, [], "", TODAY).until == TODAY + PROOF_LASTS


PORTAL, STAFF = (Entry(o, Answer.LOOKED_AT, Audience.SUBJECT, "owner", "tested", date(2027, 1, 1), ("/{record_id}",)) for o in (Output.PORTAL, Output.STAFF_VIEW))
A, B, C = b"a 12:01", b"b 12:02", b"a 12:03"
FINDINGS = [
    (PORTAL, Canary.VICTIM, (A, A, A, A), Seen.SAME),
    (PORTAL, Canary.VICTIM, (A, A, B, A), Seen.CHANGED),
    (PORTAL, Canary.VICTIM, (A, A, A, B), Seen.LEFT_TRACE),
    (PORTAL, Canary.VICTIM, (A, A, B, B), Seen.CHANGED),
    (PORTAL, Canary.VICTIM, (A, B, A, A), Seen.RESTLESS),
    (PORTAL, Canary.CHILD, (A, A, B, A), Seen.CHANGED),
    *((PORTAL, Canary.VICTIM, tuple(None if n == m else A for m in range(4)), Seen.UNREADABLE) for n in range(4)),
    (PORTAL, Canary.VICTIM, (A, A, C, A), Seen.CHANGED),
    (replace(PORTAL, ignores=r"\d\d:\d\d"), Canary.VICTIM, (A, A, C, A), Seen.SAME),
    (replace(PORTAL, ignores=r"\d\d:\d\d"), Canary.VICTIM, (A, A, B, A), Seen.CHANGED),
    (STAFF, Canary.VICTIM, (A, A, A, A), Seen.VACUOUS),
    (STAFF, Canary.PERPETRATOR, (A, A, A, A), Seen.VACUOUS),
    (STAFF, Canary.PERPETRATOR, (A, A, B, B), Seen.SAME),
    (STAFF, Canary.JOINT_TENANT, (A, A, A, A), Seen.SAME),
]


@pytest.mark.parametrize(("entry", "canary", "taken", "seen"), FINDINGS)
def test_each_finding(entry: Entry, canary: Canary, taken: tuple[bytes | None, ...], seen: Seen) -> None:
    observation = observe(Captures(entry, canary, 0, taken))
    assert observation.seen is seen
    assert observation.seen.good is (seen is Seen.SAME)
    assert len(observation.hashes) == 4
    assert all(len(one) in (0, 64) for one in observation.hashes), "hashes are kept, never what was seen"
