"""Signing somebody out when their role or employment ends (safety 8.6)."""

from __future__ import annotations

import pytest

from gateway.domain.actors import Actor, UserRole
from gateway.domain.errors import Refused
from gateway.domain.events import EventKind
from gateway.domain.identifiers import UserId
from gateway.services import sign_ins
from tests.unit.fakes import Desk

GONE, STAYS = UserId("u-gone"), UserId("u-stays")
ADMINISTRATOR = Actor(UserId("u-system"), frozenset({UserRole.SYSTEM_ADMINISTRATOR}))


def test_every_session_of_theirs_ends_nobody_elses_and_it_is_recorded() -> None:
    desk = Desk()
    desk.sign_ins.held = {GONE: 3, STAYS: 1}
    assert sign_ins.sign_out(desk, ADMINISTRATOR, GONE) == 3
    assert desk.sign_ins.held == {STAYS: 1}
    assert [(e.kind, e.actor, e.about, dict(e.facts)) for _, e in desk.audit.events] == [(EventKind.SIGNED_OUT, "u-system", GONE, {"sessions": 3})]


def test_somebody_who_was_not_signed_in_is_recorded_too() -> None:
    desk = Desk()
    assert sign_ins.sign_out(desk, ADMINISTRATOR, GONE) == 0
    assert len(desk.audit.events) == 1
    assert desk.audit.events[0][1].about == sign_ins.NOBODY


def test_only_an_administrator_may() -> None:
    desk = Desk()
    desk.sign_ins.held = {GONE: 1}
    with pytest.raises(Refused):
        sign_ins.sign_out(desk, Actor(UserId("u-lead"), frozenset({UserRole.NAMED_LEAD})), GONE)
    assert desk.sign_ins.held == {GONE: 1}
