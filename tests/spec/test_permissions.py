"""Who may do what: the roles table of the reference, row by row, for every role; allow and deny are both asserted."""

from __future__ import annotations

import pytest

from gateway.domain.actors import GATEWAY, Actor, UserRole
from gateway.domain.errors import Code, NotFound, Refused
from gateway.domain.identifiers import AgencyId, MaracId, UserId
from gateway.policy import permissions
from gateway.policy.permissions import MARAC_WIDE, Act, can, can_be_second_person, check_can, check_second_person, reach
from tests.unit.scenes import COORDINATOR, MARAC, POLICE, REPRESENTATIVE, TRUST, actor

CO, CH, RE, DE, SA, NL, SY, AU = (
    UserRole.COORDINATOR, UserRole.CHAIR, UserRole.REPRESENTATIVE, UserRole.DEPUTY, UserRole.SAFEGUARDING_ADMINISTRATOR,
    UserRole.NAMED_LEAD, UserRole.SYSTEM_ADMINISTRATOR, UserRole.AUDITOR,
)  # fmt: skip

TABLE = {
    #                          CO CH RE DE SA NL SY AU
    Act.RECEIVE_LIST:         "Y  -  -  -  -  -  -  -",
    Act.VIEW_LIST:            "Y  Y  Y  Y  Y  Y  -  -",
    Act.VIEW_REPORT:          "Y  Y  Y  Y  Y  Y  -  -",
    Act.VIEW_OTHER_AGENCIES:  "Y  Y  Y  Y  -  -  -  -",
    Act.VIEW_ROLE:            "Y  Y  Y  Y  -  Y  -  -",
    Act.SETTLE_MATCH:         "-  -  Y  Y  Y  -  -  -",
    Act.ANSWER_BY_HAND:       "-  -  Y  Y  Y  -  -  -",
    Act.ASK_AGAIN:            "Y  -  Y  Y  Y  -  -  -",
    Act.PROPOSE_FLAG:         "-  -  Y  Y  Y  -  -  -",
    Act.APPROVE_FLAG:         "-  -  Y  Y  -  Y  -  -",
    Act.VIEW_FLAG:            "-  -  Y  Y  Y  Y  -  -",
    Act.END_FLAG:             "-  -  Y  Y  -  Y  -  -",
    Act.CLOSE_CASE:           "Y  -  -  -  -  -  -  -",
    Act.ASSIGN_ACTION:        "Y  -  -  -  -  -  -  -",
    Act.VIEW_ACTION:          "Y  Y  Y  Y  -  Y  -  -",
    Act.COMPLETE_ACTION:      "Y  -  Y  Y  -  Y  -  -",
    Act.WORK_ON_TASKS:        "Y  -  Y  Y  Y  Y  -  -",
    Act.DECIDE_PARTS:         "Y  -  -  -  -  -  -  -",
    Act.VIEW_QUEUE:           "Y  -  Y  Y  Y  -  Y  -",
    Act.CHANGE_QUEUE:         "-  -  -  -  -  -  Y  -",
    Act.RECONCILE:            "Y  -  Y  Y  -  Y  Y  -",
    Act.RECONCILE_FLAGS:      "-  -  Y  Y  -  Y  Y  -",
    Act.VIEW_AUDIT:           "-  -  -  -  -  -  -  Y",
    Act.VIEW_MODELS:          "Y  -  Y  Y  Y  Y  Y  Y",
    Act.OFFER_MODEL:          "-  -  -  -  -  -  Y  -",
    Act.APPROVE_MODEL:        "-  -  -  -  -  -  Y  -",
    Act.VIEW_PROOFS:          "Y  Y  Y  Y  Y  Y  Y  -",
    Act.PROBE_SYSTEM:         "-  -  Y  Y  Y  Y  Y  -",
    Act.SIGN_HAND_CHECK:      "-  -  Y  Y  Y  Y  -  -",
    Act.STOP_WRITING:         "Y  Y  Y  Y  Y  Y  Y  -",
    Act.RESTART_WRITING:      "Y  -  Y  Y  -  Y  Y  -",
    Act.RECALL_FLAG:          "-  -  Y  Y  -  Y  -  -",
    Act.SIGN_OUT_OTHERS:      "-  -  -  -  -  -  Y  -",
}  # fmt: skip
COLUMNS = (CO, CH, RE, DE, SA, NL, SY, AU)
CELLS = [(act, role, mark == "Y") for act, row in TABLE.items() for role, mark in zip(COLUMNS, row.split(), strict=True)]


def someone(*roles: UserRole, agency: AgencyId | None = TRUST) -> Actor:
    return actor("u-1", *roles, agency=None if set(roles) <= MARAC_WIDE else agency)


def test_the_table_has_every_act_and_every_role() -> None:
    assert set(TABLE) == set(Act)
    assert set(COLUMNS) == set(UserRole)


@pytest.mark.parametrize(("act", "role", "allowed"), CELLS, ids=[f"{a}-{r}" for a, r, _ in CELLS])
def test_each_cell(act: Act, role: UserRole, allowed: bool) -> None:
    who = someone(role)
    assert can(who, act, marac_id=MARAC, agency_id=TRUST) == allowed
    if not allowed:
        with pytest.raises(Refused) as refused:
            check_can(who, act)
        assert refused.value.code is Code.NOT_PERMITTED


@pytest.mark.parametrize("act", list(Act))
def test_outside_ones_marac_nothing_exists(act: Act) -> None:
    who = Actor(UserId("u-1"), permissions.RIGHTS[act], TRUST, frozenset({MaracId("southmoor")}))
    who = Actor(who.user_id, frozenset({next(iter(sorted(who.roles)))}), who.agency_id, who.marac_ids)
    with pytest.raises(NotFound):
        check_can(who, act, marac_id=MARAC)


@pytest.mark.parametrize("act", [a for a in Act if permissions.RIGHTS[a] & {RE}])
def test_another_agencys_things_do_not_exist_for_an_agencys_people(act: Act) -> None:
    check_can(REPRESENTATIVE, act, marac_id=MARAC, agency_id=TRUST)
    with pytest.raises(NotFound) as absent:
        check_can(REPRESENTATIVE, act, marac_id=MARAC, agency_id=POLICE)
    assert absent.value.code is Code.NOT_FOUND


@pytest.mark.parametrize("act", list(Act))
def test_nobody_and_the_gateway_itself_have_no_rights(act: Act) -> None:
    assert not can(GATEWAY, act)
    assert not can(someone(), act)


@pytest.mark.parametrize("case_role", [CO, CH, RE, DE, SA, NL])
@pytest.mark.parametrize("other", [SY, AU])
def test_who_runs_or_audits_the_gateway_loses_every_case_right(case_role: UserRole, other: UserRole) -> None:
    both = someone(case_role, other)
    allowed = {act for act in Act if can(both, act)}
    assert allowed == {act for act in Act if other in permissions.RIGHTS[act]}


def test_two_roles_add_up() -> None:
    both = someone(SA, NL)
    assert can(both, Act.PROPOSE_FLAG, agency_id=TRUST)
    assert can(both, Act.APPROVE_FLAG, agency_id=TRUST)


def test_reach_is_everything_for_those_who_serve_the_marac_and_one_agency_for_the_rest() -> None:
    assert reach(COORDINATOR, Act.VIEW_ACTION) is None
    assert reach(REPRESENTATIVE, Act.VIEW_ACTION) == TRUST
    with pytest.raises(Refused):
        reach(someone(RE, agency=None), Act.VIEW_ACTION)


def test_the_second_person_is_another_person_whatever_their_roles() -> None:
    check_second_person(REPRESENTATIVE, UserId("somebody-else"))
    assert can_be_second_person(REPRESENTATIVE, UserId("somebody-else"))
    assert not can_be_second_person(REPRESENTATIVE, REPRESENTATIVE.user_id)
    with pytest.raises(Refused) as refused:
        check_second_person(actor(REPRESENTATIVE.user_id, NL, agency=TRUST), REPRESENTATIVE.user_id)
    assert refused.value.code is Code.APPROVER_IS_PROPOSER
