"""Where an alert may stand: the specification as a table. Each row is a situation; allow and deny are both asserted."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from gateway.domain.agreements import AlertReach, Capability, Limits, Purpose, SharingAgreement
from gateway.domain.case_list import Role
from gateway.domain.errors import CATALOGUE, Code
from gateway.domain.identifiers import LookupId, SubjectId
from gateway.domain.lookup import Candidate, Evidence, GradedCandidate, Lookup, LookupOutcome
from gateway.domain.proofs import ProofState
from gateway.policy import placement
from gateway.policy.placement import Placement, Situation, Verdict, check
from tests.unit.scenes import AOIFE, OLD_TRUST, OLD_TRUST_SYSTEM, TRUST, TRUST_SYSTEM, agreement, record_of

VICTIM, PERPETRATOR, CHILD, OTHER = Role.VICTIM, Role.PERPETRATOR, Role.CHILD, Role.OTHER
PLACE, BY_HAND, HELD, NONE = Verdict.PLACE, Verdict.BY_HAND, Verdict.HELD, Verdict.NONE
TODAY = date(2026, 11, 2)

RECORD = record_of(AOIFE, "R1")
AGREED = agreement(TRUST, TRUST_SYSTEM)
SWITCHED_ON = replace(AGREED, perpetrator_flags=True)


def known(record: Candidate = RECORD, outcome: LookupOutcome = LookupOutcome.KNOWN) -> Lookup:
    graded = (GradedCandidate(record, Evidence(), outcome is LookupOutcome.KNOWN),)
    return Lookup(LookupId(UUID(int=1)), SubjectId(UUID(int=2)), TRUST, TRUST_SYSTEM.key, outcome, graded=graded)


def situation(**more: object) -> Situation:
    base = Situation(VICTIM, frozenset({VICTIM}), known(), AGREED, TRUST_SYSTEM, TODAY)
    return replace(base, **more)  # type: ignore[arg-type]


def role(role: Role, agreed: SharingAgreement = AGREED) -> dict[str, object]:
    return {"role": role, "roles_ever": frozenset({role}), "agreement": agreed}


def without(*capabilities: Capability) -> dict[str, object]:
    return {"system": replace(TRUST_SYSTEM, capabilities=TRUST_SYSTEM.capabilities - set(capabilities))}


def record(**changes: object) -> dict[str, object]:
    return {"lookup": known(replace(RECORD, **changes))}  # type: ignore[arg-type]


def limit(letters: int) -> dict[str, object]:
    return {"system": replace(TRUST_SYSTEM, limits=Limits(max_flag_text=letters))}


_HIDES = (Capability.HIDDEN_FLAG, Capability.SUBJECT_VIEW)


def reach(stands_on: AlertReach, *lacking: Capability) -> dict[str, object]:
    return {"system": replace(TRUST_SYSTEM, alerts_stand_on=stands_on, capabilities=TRUST_SYSTEM.capabilities - set(lacking))}


TABLE = [
    # who                                                         what is different                                      verdict  deciding reason
    ("a victim, open to services, a system that proves hiding",   {},                                                    PLACE,   None),
    ("a perpetrator, switch off (the default)",                   role(PERPETRATOR),                                     NONE,    Code.PERPETRATOR_FLAGS_OFF),
    ("a perpetrator, switch on, hiding proved",                   role(PERPETRATOR, SWITCHED_ON),                        PLACE,   None),
    ("a perpetrator, switch on, hiding cannot be checked",        role(PERPETRATOR, SWITCHED_ON) | without(Capability.SUBJECT_VIEW), NONE, Code.PERPETRATOR_NEEDS_PROOF),
    ("a perpetrator, switch off, system that cannot hide",        role(PERPETRATOR) | without(Capability.HIDDEN_FLAG),   NONE,    Code.PERPETRATOR_FLAGS_OFF),
    ("a child",                                                   role(CHILD, SWITCHED_ON),                              NONE,    Code.CHILD_RECORDS_NOT_FLAGGED),
    ("another person of the case",                                role(OTHER, SWITCHED_ON),                              NONE,    Code.ROLE_NOT_FLAGGED),
    # two parts
    ("a victim who was a perpetrator in an earlier list",         {"roles_ever": frozenset({VICTIM, PERPETRATOR})},      HELD,    Code.BOTH_ROLES),
    ("a perpetrator, switch on, who is a victim elsewhere",       role(PERPETRATOR, SWITCHED_ON) | {"roles_ever": frozenset({VICTIM})}, HELD, Code.BOTH_ROLES),
    ("a victim who was a child of an earlier case",               {"roles_ever": frozenset({CHILD})},                    HELD,    Code.BOTH_ROLES),
    ("the newest issue keeps the person out",                     {"held": True},                                        HELD,    Code.HELD_ON_LIST),
    # the record
    ("match only possible",                                       {"lookup": known(outcome=LookupOutcome.POSSIBLE)},     NONE,    Code.MATCH_NOT_SETTLED),
    ("not known",                                                 {"lookup": known(outcome=LookupOutcome.NOT_KNOWN)},    NONE,    Code.MATCH_NOT_SETTLED),
    ("no answer",                                                 {"lookup": known(outcome=LookupOutcome.NO_ANSWER)},    NONE,    Code.MATCH_NOT_SETTLED),
    ("another person of the case on the same record",             {"shared": True},                                      HELD,    Code.MATCH_OF_ANOTHER),
    ("a protected record",                                        record(restricted=True),                               HELD,    Code.RESTRICTED),
    ("the record says they died",                                 record(deceased=True),                                 HELD,    Code.DECEASED),
    ("a record merged into another",                              record(superseded_by="R2"),                            HELD,    Code.SUPERSEDED),
    ("not open to services",                                      record(open_to_service=False),                         NONE,    Code.NOT_OPEN_TO_SERVICE),
    ("not said whether open, the gateway would write",            record(open_to_service=None),                          HELD,    Code.OPEN_TO_SERVICE_UNKNOWN),
    ("not said whether open, a person would write",               record(open_to_service=None) | without(Capability.HIDDEN_FLAG), BY_HAND, Code.SYSTEM_CANNOT_HIDE),
    ("not open, a person would write",                            record(open_to_service=False) | without(Capability.HIDDEN_FLAG), NONE, Code.NOT_OPEN_TO_SERVICE),
    ("no longer on the list",                                     {"current": False},                                    NONE,    Code.SUBJECT_WITHDRAWN),
    # the system
    ("cannot hide",                                               without(Capability.HIDDEN_FLAG),                       BY_HAND, Code.SYSTEM_CANNOT_HIDE),
    ("hides, but hiding cannot be checked from the outside",      without(Capability.SUBJECT_VIEW),                      BY_HAND, Code.SYSTEM_CANNOT_HIDE),
    ("the agreement no longer names the system",                  {"system": None},                                      BY_HAND, Code.SYSTEM_CANNOT_HIDE),
    ("alerts stand on the household",                             reach(AlertReach.HOUSEHOLD),                           BY_HAND, Code.ALERT_ON_HOUSEHOLD),
    ("alerts stand on the tenancy, joint tenants see them",       reach(AlertReach.TENANCY),                             BY_HAND, Code.ALERT_ON_TENANCY),
    ("a perpetrator, switch on, alerts stand on the tenancy",     role(PERPETRATOR, SWITCHED_ON) | reach(AlertReach.TENANCY, *_HIDES), NONE, Code.PERPETRATOR_NEEDS_PROOF),
    ("a general practice record",                                 reach(AlertReach.GENERAL_PRACTICE),                    NONE,    Code.ALERT_IN_PRACTICE_RECORD),
    ("a regional record that ignores labels",                     reach(AlertReach.SHARED_RECORD),                       NONE,    Code.ALERT_IN_SHARED_RECORD),
    ("an event that is copied to subscribers",                    reach(AlertReach.BROADCAST),                           NONE,    Code.ALERT_IS_BROADCAST),
    ("never probed",                                              {"proof": ProofState.NOT_PROBED},                      BY_HAND, Code.SYSTEM_NOT_PROVEN),
    ("the proof is too old",                                      {"proof": ProofState.STALE},                           BY_HAND, Code.SYSTEM_NOT_PROVEN),
    ("the probe saw the alert",                                   {"proof": ProofState.FAILED},                          HELD,    Code.PROBE_FAILED),
    ("a perpetrator, switch on, the proof is too old",            role(PERPETRATOR, SWITCHED_ON) | {"proof": ProofState.STALE}, NONE, Code.PERPETRATOR_NEEDS_PROOF),
    ("the field holds exactly the words",                         limit(34),                                             PLACE,   None),
    ("the field is a letter short: refused, never cut",           limit(33),                                             BY_HAND, Code.FIELD_TOO_SHORT),
    ("no limit declared",                                         limit(0),                                              PLACE,   None),
    ("the longer words in a field for the shorter",               role(PERPETRATOR, SWITCHED_ON) | limit(79),            BY_HAND, Code.FIELD_TOO_SHORT),
    # the agreement
    ("no agreement",                                              {"agreement": None},                                   NONE,    Code.AGREEMENT_MISSING),
    ("expired yesterday",                                         {"agreement": replace(AGREED, valid_until=date(2026, 11, 1))}, NONE, Code.AGREEMENT_EXPIRED),
    ("last day",                                                  {"agreement": replace(AGREED, valid_until=TODAY)},     PLACE,   None),
    ("begins tomorrow",                                           {"agreement": replace(AGREED, valid_from=date(2026, 11, 3))}, NONE, Code.AGREEMENT_NOT_YET_VALID),
    ("alerts not agreed",                                         {"agreement": replace(AGREED, purposes=frozenset({Purpose.LOOKUP}))}, NONE, Code.PURPOSE_NOT_AGREED),
    ("victims not covered",                                       {"agreement": replace(AGREED, roles=frozenset({CHILD}))}, NONE, Code.ROLE_NOT_COVERED),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "verdict", "reason"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_table(changes: dict[str, object], verdict: Verdict, reason: Code | None) -> None:
    found = check(situation(**changes))
    assert (found.verdict, found.reason) == (verdict, reason)
    assert found.allowed == (verdict in (PLACE, BY_HAND))


def test_every_verdict_and_every_reason_to_hold_or_deny_stands_in_the_table() -> None:
    told = {row[3] for row in TABLE}
    assert {row[2] for row in TABLE} == set(Verdict)
    assert told - {None} <= set(CATALOGUE)
    assert {Code.BOTH_ROLES, Code.MATCH_OF_ANOTHER, Code.NOT_OPEN_TO_SERVICE, Code.SYSTEM_CANNOT_HIDE, Code.FIELD_TOO_SHORT} <= told


def test_every_reason_that_the_policy_knows_decides_a_row() -> None:
    """A rule without a row would be a rule that nobody specified."""
    source = ast.parse(Path(placement.__file__).read_text(encoding="utf-8"))
    known = {node.attr for node in ast.walk(source) if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Code"}
    assert known <= {row[3] for row in TABLE if row[3]}
    assert len(known) > 18


def test_a_denial_beats_a_hold_and_a_hold_beats_by_hand_and_all_reasons_are_told() -> None:
    found = check(situation(**(record(restricted=True, open_to_service=False) | without(Capability.HIDDEN_FLAG))))
    assert found == Placement(NONE, (Code.NOT_OPEN_TO_SERVICE, Code.RESTRICTED, Code.SYSTEM_CANNOT_HIDE))


def test_where_a_person_writes_not_knowing_whether_open_is_told_and_does_not_hold_the_task_back() -> None:
    found = check(situation(**(record(open_to_service=None) | without(Capability.HIDDEN_FLAG))))
    assert found == Placement(BY_HAND, (Code.SYSTEM_CANNOT_HIDE, Code.OPEN_TO_SERVICE_UNKNOWN))


def test_nothing_but_the_first_row_of_each_kind_lets_the_gateway_write() -> None:
    """Turning any single safe fact of the clean situation around stops the gateway's own write."""
    unsafe = [row for row in TABLE if row[2] is not PLACE]
    assert len(unsafe) >= 25
    assert all(check(situation(**row[1])).verdict is not PLACE for row in unsafe)


def test_a_system_of_another_kind_of_trust_is_for_its_representative() -> None:
    found = check(situation(agreement=agreement(OLD_TRUST, OLD_TRUST_SYSTEM), system=OLD_TRUST_SYSTEM))
    assert (found.verdict, found.reason) == (BY_HAND, Code.SYSTEM_CANNOT_HIDE)
