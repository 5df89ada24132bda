"""Whether a system counts as proven at this moment, for whoever is about to write to it."""

from __future__ import annotations

from gateway.domain.agreements import Capability, RecordSystem
from gateway.domain.proofs import Proof, ProofState
from gateway.domain.register import Answer
from gateway.policy import proving
from gateway.services.ports import Work

_HIDES = frozenset({Capability.HIDDEN_FLAG})


def is_written_to(system: RecordSystem) -> bool:
    """Whether the gateway may ever write alerts to it: only then there is something to prove."""
    return system.capabilities >= _HIDES


def proof_of(work: Work, system: RecordSystem) -> Proof:
    """What its last probe and its signatures come to today. What cannot count is not asked for: this is asked at every alert."""
    register, probe = system.register, work.proofs.last(system.key)
    checks = work.proofs.checks(system.key) if register and register.answered(Answer.BY_HAND) else ()
    release = work.proofs.release(system.key) if register and probe else ""
    return proving.state_of(system.key, register, probe, checks, release, work.now().date())


def proof_state(work: Work, system: RecordSystem | None) -> ProofState:
    """The state alone; of no system nothing was ever proved."""
    return proof_of(work, system).state if system else ProofState.NOT_PROBED
