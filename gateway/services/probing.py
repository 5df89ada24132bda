"""What a probe came to, the signatures for what only people can look at, and the watch over both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from gateway.domain.actors import GATEWAY, Actor
from gateway.domain.agreements import RecordSystem, SharingAgreement
from gateway.domain.errors import Code, Conflict, InvalidInput, NotFound, Refused
from gateway.domain.events import EventKind
from gateway.domain.flags import LIVE_FLAG_STATES
from gateway.domain.identifiers import AgencyId, SystemKey
from gateway.domain.proofs import HandCheck, Lack, Probe, Proof, ProofState, Seen, WriteStop
from gateway.domain.register import Answer, Output, Register
from gateway.domain.tasks import TaskKind
from gateway.policy import permissions
from gateway.policy.permissions import Act
from gateway.policy.proving import SIGNATURE_LASTS, WARNED_BEFORE
from gateway.services import flag_review, own_maracs, proving, stopping
from gateway.services.ports import Work
from gateway.services.recording import end_task, give_task, noted


@dataclass(frozen=True, slots=True)
class SystemProof:
    """One system as the page shows it. ``written_to`` is whether the gateway ever writes alerts there."""

    system: RecordSystem
    agency_name: str
    written_to: bool
    proof: Proof
    probe: Probe | None
    checks: tuple[HandCheck, ...]
    stop: WriteStop | None


def overview(work: Work, actor: Actor) -> Sequence[SystemProof]:
    """Every system that the reader may see, with its proof and whether it is stopped."""
    own = permissions.reach(actor, Act.VIEW_PROOFS)
    return [
        _as_shown(work, agreement, system)
        for agreement in sorted(work.agreements.all(), key=lambda a: a.name)
        for system in agreement.systems
        if own in (None, agreement.agency_id) and own_maracs.lane(work, actor, system.key)
    ]


def _as_shown(work: Work, agreement: SharingAgreement, system: RecordSystem) -> SystemProof:
    last, checks = work.proofs.last(system.key), tuple(work.proofs.checks(system.key))
    proof, written_to = proving.proof_of(work, system), proving.is_written_to(system)
    return SystemProof(system, agreement.name, written_to, proof, last, checks, work.stops.of(system.key))


def system_for(work: Work, actor: Actor, act: Act, key: SystemKey) -> RecordSystem:
    """A system of the actor's reach. Raises ``NotFound``."""
    own = permissions.reach(actor, act)
    found = next((s for a in work.agreements.all() for s in a.systems if s.key == key), None)
    if found is None or own not in (None, AgencyId(key.partition("/")[0])) or not own_maracs.lane(work, actor, key):
        raise NotFound(Code.NOT_FOUND)
    return found


def to_probe(work: Work, actor: Actor, key: SystemKey) -> RecordSystem:
    """The system if the actor may probe it and there is something to prove. Raises ``Conflict(LOOKUP_ONLY)``."""
    system = system_for(work, actor, Act.PROBE_SYSTEM, key)
    if not proving.is_written_to(system) or system.register is None:
        raise Conflict(Code.LOOKUP_ONLY)
    return system


# --------------------------------------------------------------------------------------------------------------- probes

ONE_AT_A_TIME = timedelta(minutes=10)
"""For so long a probe counts as under way; one that was killed is cleared up by the next after that."""


def begin(work: Work, key: SystemKey, probe_id: UUID) -> tuple[UUID, ...]:
    """Note that a probe is about to write; the ids of earlier ones that never ended, whose alerts may still stand on test people's records.

    Raises ``Conflict(PROBE_UNDER_WAY)`` while another may be at work: each would find the other's alert.
    """
    under_way = work.proofs.under_way(key)
    if any(work.now() - began_at < ONE_AT_A_TIME for _, began_at in under_way):
        raise Conflict(Code.PROBE_UNDER_WAY)
    work.proofs.begin(key, probe_id, noted(EventKind.SYSTEM_PROBED, GATEWAY, key, AgencyId(key.partition("/")[0]), begun=True))
    return tuple(earlier for earlier, _ in under_way)


def give_up(work: Work, key: SystemKey, probe_id: UUID) -> None:
    """It could not be made, and nothing was written."""
    work.proofs.end(key, [probe_id])



def record_probe(work: Work, actor: Actor, probe: Probe) -> Proof:
    """Keep a probe. One that failed stops the system in the same transaction, gives its people a task, and has what stands there reviewed."""
    agency_id = AgencyId(probe.system.partition("/")[0])
    if not any(one.seen is Seen.NOT_REMOVED for one in probe.observations):
        work.proofs.end(probe.system, [id_ for id_, _ in work.proofs.under_way(probe.system)])
    seen = Counter(one.seen.value for one in probe.observations)
    facts: dict[str, str | int | bool] = {"passed": probe.passed, "register": probe.register_digest, "probe": str(probe.id), **seen}
    work.proofs.add(probe, noted(EventKind.SYSTEM_PROBED, actor, probe.system, agency_id, **facts))
    if probe.passed:
        for kind in (TaskKind.PROBE_FAILED, TaskKind.PROVE_AGAIN):
            end_task(work, kind, probe.system, actor, agency_id)
    else:
        stopping.put(work, actor, probe.system, Code.PROBE_FAILED)
        give_task(work, agency_id, TaskKind.PROBE_FAILED, probe.system, Code.PROBE_FAILED)
        standing = [f for f in work.flags.of_agency(agency_id) if f.system == probe.system and f.state in LIVE_FLAG_STATES]
        flag_review.review(work, standing, Code.PROBE_FAILED)
    found = next(s for a in work.agreements.all() for s in a.systems if s.key == probe.system)
    return proving.proof_of(work, found)


# ----------------------------------------------------------------------------------------------------------- signatures


def sign(work: Work, actor: Actor, key: SystemKey, output: Output) -> HandCheck:
    """Sign that one looked at an output that only people can look at, and that it shows no alert; the second person's signature makes it
    whole. Raises ``InvalidInput(OUTPUT_NOT_BY_HAND)``, ``Conflict(PROBE_FIRST)``, ``Refused(SECOND_PERSON_NEEDED)``."""
    system = system_for(work, actor, Act.SIGN_HAND_CHECK, key)
    register, last = system.register, work.proofs.last(key)
    if register is None or output not in {entry.output for entry in register.answered(Answer.BY_HAND)}:
        raise InvalidInput(Code.OUTPUT_NOT_BY_HAND)
    if last is None or last.register_digest != register.digest:
        raise Conflict(Code.PROBE_FIRST)
    half = _half_signed(work, register, last, output)
    event = noted(EventKind.HAND_CHECK_SIGNED, actor, key, AgencyId(key.partition("/")[0]), output=output.value, second=half is not None)
    if half is None:
        check = _first_signature(work, actor, last, output)
        work.proofs.sign(check, event)
        return check
    if half.signed_by == actor.user_id:
        raise Refused(Code.SECOND_PERSON_NEEDED)
    whole = replace(half, second_by=actor.user_id, second_at=work.now())
    work.proofs.countersign(whole, event)
    return whole


def _first_signature(work: Work, actor: Actor, last: Probe, output: Output) -> HandCheck:
    expires = work.now().date() + SIGNATURE_LASTS
    return HandCheck(work.new_id(), last.system, output, last.register_digest, last.system_version, actor.user_id, work.now(), expires)


def _half_signed(work: Work, register: Register, last: Probe, output: Output) -> HandCheck | None:
    """The newest first signature that still waits for its second, for the same register and release."""
    today = work.now().date()
    waiting = (
        check for check in reversed(work.proofs.checks(last.system))
        if check.output is output and not check.whole and check.expires_on >= today
        and (check.register_digest, check.system_version) == (register.digest, last.system_version)
    )  # fmt: skip
    return next(waiting, None)


# ---------------------------------------------------------------------------------------------------------------- watch


def tell_release(work: Work, key: SystemKey, release: str) -> None:
    """A system was asked which release it is: another than was proved ends the proof, and its people are told."""
    last = work.proofs.last(key)
    work.proofs.tell_release(key, release)
    if last is not None and release and release != last.system_version:
        give_task(work, AgencyId(key.partition("/")[0]), TaskKind.PROVE_AGAIN, key, Code.RELEASE_CHANGED)


def watch(work: Work) -> int:
    """Tell the people of every system whose proof has ended or ends soon; returns how many there are."""
    due = list(_due(work))
    for system, code in due:
        give_task(work, AgencyId(system.partition("/")[0]), TaskKind.PROVE_AGAIN, system, code)
    work.audit.record(noted(EventKind.RECONCILED, GATEWAY, "proofs", None, due=len(due)))
    return len(due)


def _due(work: Work) -> Iterator[tuple[SystemKey, Code]]:
    for agreement in work.agreements.all():
        for system in filter(proving.is_written_to, agreement.systems):
            proof = proving.proof_of(work, system)
            if proof.state is ProofState.STALE:
                yield system.key, Code.RELEASE_CHANGED if Lack.VERSION_CHANGED in proof.lacks else Code.SYSTEM_NOT_PROVEN
            elif proof.until is not None and proof.until - work.now().date() <= WARNED_BEFORE:
                yield system.key, Code.PROOF_ENDS_SOON
