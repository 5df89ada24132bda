"""Who has an account: the Marac's own people, who may know, and everybody else, who may not."""

from __future__ import annotations

from gateway.domain.actors import Actor, UserRole
from gateway.domain.identifiers import AgencyId, MaracId, UserId
from tests.noninterference.worlds import NORTH, POLICE, SOUTH, SOUTH_TRUST, TRUST, World


def _actor(user: str, role: UserRole | None, agency: str = "", *maracs: str) -> Actor:
    return Actor(UserId(user), frozenset({role} if role else ()), AgencyId(agency) if agency else None, frozenset(map(MaracId, maracs)))


COORDINATOR = _actor("n-coordinator", UserRole.COORDINATOR, "", NORTH)
CHAIR = _actor("n-chair", UserRole.CHAIR, "", NORTH)
OPERATOR = _actor("operator", UserRole.SYSTEM_ADMINISTRATOR, "", NORTH, SOUTH)
AUDITOR = _actor("auditor", UserRole.AUDITOR, "", NORTH)
SOUTHERN_COORDINATOR = _actor("s-coordinator", UserRole.COORDINATOR, "", SOUTH)
SOUTHERN_REPRESENTATIVE = _actor("s-representative", UserRole.REPRESENTATIVE, SOUTH_TRUST, SOUTH)
NOBODY = _actor("nobody", None, TRUST, NORTH)
"""An account at an agency of the Marac, without any role."""


def representative(agency: str, marac: str = NORTH) -> Actor:
    """The agency's representative at one table."""
    return _actor(f"{marac[0]}-representative-{agency}", UserRole.REPRESENTATIVE, agency, marac)


def lead(agency: str, marac: str = NORTH) -> Actor:
    """The agency's named lead, who approves."""
    return _actor(f"{marac[0]}-lead-{agency}", UserRole.NAMED_LEAD, agency, marac)


def outsiders(world: World) -> dict[str, Actor]:
    """Accounts with no right to the case: people of the other Marac, of an agency that sits at both tables but not at this one, and one
    without a role."""
    found = {"no-role": NOBODY}
    if world.southern:
        found |= {"s-coordinator": SOUTHERN_COORDINATOR, "s-representative": SOUTHERN_REPRESENTATIVE, "s-auditor": _actor("s-auditor", UserRole.AUDITOR, "", SOUTH)}
    if world.southern and world.shared:
        found["s-shared"] = representative(world.shared[0], SOUTH)
    return found


__all__ = ["AUDITOR", "CHAIR", "COORDINATOR", "OPERATOR", "POLICE", "lead", "outsiders", "representative"]
