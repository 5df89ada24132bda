"""Who may do what: rights hang on roles (reference table "who sees what"), and reach only to one's own Marac and agency.

``check_*`` raises, ``can_*`` answers. A right that the role lacks is ``Refused(NOT_PERMITTED)``; what lies outside one's Marac or agency
is ``NotFound``, exactly as if it did not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from gateway.domain.actors import Actor, UserRole
from gateway.domain.errors import Code, GatewayError, NotFound, Refused
from gateway.domain.identifiers import AgencyId, MaracId, UserId


class Act(StrEnum):
    """What a person can do or see."""

    RECEIVE_LIST = "receive_list"
    VIEW_LIST = "view_list"
    VIEW_REPORT = "view_report"
    VIEW_OTHER_AGENCIES = "view_other_agencies"
    VIEW_ROLE = "view_role"
    SETTLE_MATCH = "settle_match"
    ANSWER_BY_HAND = "answer_by_hand"
    ASK_AGAIN = "ask_again"
    PROPOSE_FLAG = "propose_flag"
    APPROVE_FLAG = "approve_flag"
    VIEW_FLAG = "view_flag"
    END_FLAG = "end_flag"
    CLOSE_CASE = "close_case"
    ASSIGN_ACTION = "assign_action"
    VIEW_ACTION = "view_action"
    COMPLETE_ACTION = "complete_action"
    WORK_ON_TASKS = "work_on_tasks"
    DECIDE_PARTS = "decide_parts"
    VIEW_QUEUE = "view_queue"
    CHANGE_QUEUE = "change_queue"
    RECONCILE = "reconcile"
    RECONCILE_FLAGS = "reconcile_flags"
    VIEW_AUDIT = "view_audit"
    VIEW_MODELS = "view_models"
    OFFER_MODEL = "offer_model"
    APPROVE_MODEL = "approve_model"
    VIEW_PROOFS = "view_proofs"
    PROBE_SYSTEM = "probe_system"
    SIGN_HAND_CHECK = "sign_hand_check"
    STOP_WRITING = "stop_writing"
    RESTART_WRITING = "restart_writing"
    RECALL_FLAG = "recall_flag"
    SIGN_OUT_OTHERS = "sign_out_others"


_COORDINATOR = UserRole.COORDINATOR
_CHAIR = UserRole.CHAIR
_REPRESENTATIVES = frozenset({UserRole.REPRESENTATIVE, UserRole.DEPUTY})
_LEAD = UserRole.NAMED_LEAD
_ADMINISTRATOR = UserRole.SAFEGUARDING_ADMINISTRATOR
_SYSTEM = UserRole.SYSTEM_ADMINISTRATOR
_AGENCY = _REPRESENTATIVES | {_LEAD, _ADMINISTRATOR}

RIGHTS: Mapping[Act, frozenset[UserRole]] = MappingProxyType(
    {
        Act.RECEIVE_LIST: frozenset({_COORDINATOR}),
        Act.VIEW_LIST: _AGENCY | {_COORDINATOR, _CHAIR},
        Act.VIEW_REPORT: _AGENCY | {_COORDINATOR, _CHAIR},
        Act.VIEW_OTHER_AGENCIES: _REPRESENTATIVES | {_COORDINATOR, _CHAIR},
        Act.VIEW_ROLE: _REPRESENTATIVES | {_LEAD, _COORDINATOR, _CHAIR},
        Act.SETTLE_MATCH: _REPRESENTATIVES | {_ADMINISTRATOR},
        Act.ANSWER_BY_HAND: _REPRESENTATIVES | {_ADMINISTRATOR},
        Act.ASK_AGAIN: _REPRESENTATIVES | {_ADMINISTRATOR, _COORDINATOR},
        Act.PROPOSE_FLAG: _REPRESENTATIVES | {_ADMINISTRATOR},
        Act.APPROVE_FLAG: _REPRESENTATIVES | {_LEAD},
        Act.VIEW_FLAG: _AGENCY,
        Act.END_FLAG: _REPRESENTATIVES | {_LEAD},
        Act.CLOSE_CASE: frozenset({_COORDINATOR}),
        Act.ASSIGN_ACTION: frozenset({_COORDINATOR}),
        Act.VIEW_ACTION: _REPRESENTATIVES | {_LEAD, _COORDINATOR, _CHAIR},
        Act.COMPLETE_ACTION: _REPRESENTATIVES | {_LEAD, _COORDINATOR},
        Act.WORK_ON_TASKS: _AGENCY | {_COORDINATOR},
        Act.DECIDE_PARTS: frozenset({_COORDINATOR}),
        Act.VIEW_QUEUE: _REPRESENTATIVES | {_ADMINISTRATOR, _COORDINATOR, _SYSTEM},
        Act.CHANGE_QUEUE: frozenset({_SYSTEM}),
        Act.RECONCILE: _REPRESENTATIVES | {_LEAD, _COORDINATOR, _SYSTEM},
        Act.RECONCILE_FLAGS: _REPRESENTATIVES | {_LEAD, _SYSTEM},
        Act.VIEW_AUDIT: frozenset({UserRole.AUDITOR}),
        Act.VIEW_MODELS: _REPRESENTATIVES | {_LEAD, _ADMINISTRATOR, _COORDINATOR, _SYSTEM, UserRole.AUDITOR},
        Act.OFFER_MODEL: frozenset({_SYSTEM}),
        Act.APPROVE_MODEL: frozenset({_SYSTEM}),
        Act.VIEW_PROOFS: _AGENCY | {_COORDINATOR, _CHAIR, _SYSTEM},
        Act.PROBE_SYSTEM: _REPRESENTATIVES | {_LEAD, _ADMINISTRATOR, _SYSTEM},
        Act.SIGN_HAND_CHECK: _AGENCY,
        Act.STOP_WRITING: _AGENCY | {_COORDINATOR, _CHAIR, _SYSTEM},
        Act.RESTART_WRITING: _REPRESENTATIVES | {_LEAD, _COORDINATOR, _SYSTEM},
        Act.RECALL_FLAG: _REPRESENTATIVES | {_LEAD},
        Act.SIGN_OUT_OTHERS: frozenset({_SYSTEM}),
    }
)
"""Every act and the roles that include it."""

NO_CASE_RIGHTS = frozenset({_SYSTEM, UserRole.AUDITOR})
"""An account with one of these has no other right beside them: who runs or audits the gateway sees no people."""

MARAC_WIDE = frozenset({_COORDINATOR, _CHAIR, _SYSTEM, UserRole.AUDITOR})
"""Roles that serve the Marac or the installation and not one agency."""


def roles_granting(actor: Actor, act: Act) -> frozenset[UserRole]:
    """Those of the actor's roles that include the act."""
    roles = actor.roles & NO_CASE_RIGHTS or actor.roles
    return roles & RIGHTS[act]


def check_can(actor: Actor, act: Act, *, marac_id: MaracId | None = None, agency_id: AgencyId | None = None) -> None:
    """Raises ``Refused(NOT_PERMITTED)`` without a role for it, ``NotFound`` outside the actor's Maracs or agency."""
    granting = roles_granting(actor, act)
    if not granting:
        raise Refused(Code.NOT_PERMITTED)
    if marac_id is not None and marac_id not in actor.marac_ids:
        raise NotFound(Code.NOT_FOUND)
    if agency_id is not None and not granting & MARAC_WIDE and actor.agency_id != agency_id:
        raise NotFound(Code.NOT_FOUND)


def can(actor: Actor, act: Act, *, marac_id: MaracId | None = None, agency_id: AgencyId | None = None) -> bool:
    """Whether ``check_can`` would let it pass."""
    try:
        check_can(actor, act, marac_id=marac_id, agency_id=agency_id)
    except GatewayError:
        return False
    return True


def check_second_person(actor: Actor, first: UserId) -> None:
    """Raises ``Refused(APPROVER_IS_PROPOSER)`` when the person behind the account is the one who proposed."""
    if actor.user_id == first:
        raise Refused(Code.APPROVER_IS_PROPOSER)


def can_be_second_person(actor: Actor, first: UserId) -> bool:
    """Whether this is another person than the first."""
    return actor.user_id != first


def reach(actor: Actor, act: Act) -> AgencyId | None:
    """The one agency the actor may see in this act, or None for all (those who serve the Marac). Raises as ``check_can``."""
    check_can(actor, act)
    if roles_granting(actor, act) & MARAC_WIDE:
        return None
    if actor.agency_id is None:
        raise Refused(Code.NOT_PERMITTED)
    return actor.agency_id
