"""What a probe's captures say, and whether a system counts as proven: pure, so that every situation is a row of a table in the tests."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.domain.identifiers import SystemKey
from gateway.domain.proofs import HandCheck, Lack, Observation, Probe, Proof, ProofState, Seen
from gateway.domain.register import Answer, Canary, Entry, Output, Register

PROOF_LASTS = timedelta(days=30)
"""A proof is of one moment; systems and their settings move on (safety 4.2)."""
SIGNATURE_LASTS = timedelta(days=30)
WARNED_BEFORE = timedelta(days=7)
"""So long before a proof ends its agency has a task to probe again."""

ALERTED = frozenset({Canary.PERPETRATOR, Canary.VICTIM})
"""The test people whose records get an alert; the others' must not change either."""


@dataclass(frozen=True, slots=True, repr=False)
class Captures:
    """One address as it was for one test person: before, before again, while the alert stood, after. None where it could not be had, or
    was not shown to be the record's. Status, headers (without Date) and body are all in the bytes."""

    entry: Entry
    canary: Canary
    place: int
    taken: tuple[bytes | None, ...]


def observe(captures: Captures) -> Observation:
    """The finding of one address."""
    taken = [None if one is None else _blanked(one, captures.entry.ignores) for one in captures.taken]
    hashes = tuple("" if one is None else hashlib.sha256(one).hexdigest() for one in taken)
    return Observation(captures.entry.output, captures.canary, captures.place, _seen(captures, taken), hashes)


def _blanked(capture: bytes, ignores: str) -> bytes:
    return re.sub(ignores.encode(), b"", capture) if ignores else capture


def _seen(captures: Captures, taken: Sequence[bytes | None]) -> Seen:
    before, again, during, after = taken
    if None in (before, again, during, after):
        return Seen.UNREADABLE
    if before != again:
        return Seen.RESTLESS
    if captures.entry.output is Output.STAFF_VIEW:
        return Seen.VACUOUS if captures.canary in ALERTED and during == before else Seen.SAME
    if during != before:
        return Seen.CHANGED
    return Seen.SAME if after == before else Seen.LEFT_TRACE


# ------------------------------------------------------------------------------------------------------------- states


def state_of(
    system: SystemKey, register: Register | None, probe: Probe | None, checks: Sequence[HandCheck], version: str, today: date
) -> Proof:
    """What a system's last probe and its signatures come to. ``version`` is the release that the system last told, "" where it tells none."""
    lacks = tuple(_lacks(register, probe, checks, version, today))
    to_sign = _to_sign(register, probe, checks, today) if register else ()
    by_hand = bool(register and register.answered(Answer.BY_HAND))
    proven = ProofState.PROVEN_WITH_MANUAL if by_hand else ProofState.PROVEN
    state = next((state for lack, state in _STATES if lack in lacks), ProofState.STALE if lacks else proven)
    until = _until(register, probe, checks) if register and probe and state.lets_write else None
    return Proof(system, state, lacks, until, probe.ended_at if probe else None, to_sign)


_STATES = ((Lack.PROBE_FAILED, ProofState.FAILED), (Lack.NEVER_PROBED, ProofState.NOT_PROBED))


def _lacks(register: Register | None, probe: Probe | None, checks: Sequence[HandCheck], version: str, today: date) -> Iterator[Lack]:
    if register is None:
        yield Lack.REGISTER_MISSING
    if probe is None:
        yield Lack.NEVER_PROBED
    elif not probe.passed:
        yield Lack.PROBE_FAILED
    if register is None:
        return
    if register.unanswered:
        yield Lack.REGISTER_INCOMPLETE
    if register.overdue(today):
        yield Lack.REGISTER_OVERDUE
    if _to_sign(register, probe, checks, today):
        yield Lack.NOT_SIGNED
    if probe is not None:
        yield from _outlived(register, probe, version, today)


def _outlived(register: Register, probe: Probe, version: str, today: date) -> Iterator[Lack]:
    if today > probe.ended_at.date() + PROOF_LASTS:
        yield Lack.TOO_OLD
    if probe.register_digest != register.digest:
        yield Lack.REGISTER_CHANGED
    if version and version != probe.system_version:
        yield Lack.VERSION_CHANGED


def _to_sign(register: Register, probe: Probe | None, checks: Sequence[HandCheck], today: date) -> tuple[Output, ...]:
    valid = {check.output for check in checks if check.whole and check.expires_on >= today and _same_system(check, register, probe)}
    return tuple(entry.output for entry in register.answered(Answer.BY_HAND) if entry.output not in valid)


def _until(register: Register, probe: Probe, checks: Sequence[HandCheck]) -> date:
    """The first day on which something of it runs out."""
    needed = {entry.output for entry in register.answered(Answer.BY_HAND)}
    signed = [check.expires_on for check in checks if check.whole and check.output in needed and _same_system(check, register, probe)]
    return min([probe.ended_at.date() + PROOF_LASTS, *(entry.review_on for entry in register.entries.values()), *signed])


def _same_system(check: HandCheck, register: Register, probe: Probe | None) -> bool:
    """What somebody saw holds for the register and the release that they saw it under."""
    return check.register_digest == register.digest and probe is not None and check.system_version == probe.system_version
