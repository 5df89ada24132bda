"""Who acts: a person with roles at one agency or for one Marac, or the gateway itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.identifiers import AgencyId, MaracId, UserId


class UserRole(StrEnum):
    """Roles as the procedure knows them (RDaSH SOP; reference roles table). Rights hang on roles in ``gateway.policy.permissions``."""

    COORDINATOR = "coordinator"
    CHAIR = "chair"
    REPRESENTATIVE = "representative"
    DEPUTY = "deputy"
    SAFEGUARDING_ADMINISTRATOR = "safeguarding_administrator"
    NAMED_LEAD = "named_lead"
    SYSTEM_ADMINISTRATOR = "system_administrator"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Actor:
    """``user_id`` is the person behind the account. ``agency_id`` is None for those who serve the Marac and not one agency."""

    user_id: UserId
    roles: frozenset[UserRole]
    agency_id: AgencyId | None = None
    marac_ids: frozenset[MaracId] = frozenset()


def actor_of(claims: Mapping[str, object]) -> Actor:
    """The actor behind a verified token: ``sub``, ``roles``, ``agency``, ``maracs``. Roles that we do not know give no right."""
    known = {role.value for role in UserRole}
    roles, maracs, agency = claims.get("roles"), claims.get("maracs"), claims.get("agency")
    return Actor(
        user_id=UserId(str(claims["sub"])),
        roles=frozenset(UserRole(r) for r in roles if r in known) if isinstance(roles, list) else frozenset(),
        agency_id=AgencyId(str(agency)) if agency else None,
        marac_ids=frozenset(MaracId(str(m)) for m in maracs) if isinstance(maracs, list) else frozenset(),
    )


GATEWAY = Actor(UserId("gateway"), frozenset())
"""The gateway acting by itself: it may record what came back, never decide or approve."""
