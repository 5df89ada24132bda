"""A write that was lost and lands late: an alert that is called gone is looked for again, and ended when it is there after all."""

from __future__ import annotations

import pytest

from gateway.domain.flags import Flag, FlagState
from gateway.domain.receipts import FlagFinding, FlagReport
from gateway.domain.tasks import TaskKind
from gateway.services import flagging, results
from tests.unit.fake_delivery import Sent
from tests.unit.fakes import Desk
from tests.unit.scenes import AOIFE, LEAD, REPRESENTATIVE, TRUST, arrived, everybody, known, lookup_at, received


@pytest.fixture
def desk() -> Desk:
    desk = Desk(*everybody())
    received(desk)
    known(desk, TRUST, AOIFE)
    desk.outbox.leave()
    return desk


def leaving(desk: Desk, kind: str) -> Sent:
    [message] = [m for m in desk.outbox.leave() if m.kind == kind]
    return message


def reported(desk: Desk, message: Sent, finding: FlagFinding, **more: object) -> None:
    results.handle(desk, [arrived(message, FlagReport(finding), **more)])


def called_gone(desk: Desk) -> Flag:
    """Sent, never answered, ended by a person, and not found when it was to be removed."""
    flag = flagging.propose(desk, REPRESENTATIVE, lookup_at(desk, TRUST, "Aoife").subject_id, TRUST).flag
    assert flag is not None
    flagging.approve(desk, LEAD, flag.id, flag.content_hash, flag.version)
    reported(desk, leaving(desk, "flag.place"), FlagFinding.UNSURE, final=False)
    flagging.end(desk, LEAD, flag.id, "a mistake")
    reported(desk, leaving(desk, "flag.end"), FlagFinding.NOT_THERE)
    assert desk.flags.get(flag.id).state is FlagState.WITHDRAWN
    return flag


def test_it_is_looked_for_day_by_day_and_taken_back_when_it_is_there(desk: Desk) -> None:
    flag = called_gone(desk)
    desk.pass_time(days=1)
    assert flagging.start_checks(desk) == 1
    reported(desk, leaving(desk, "flag.check"), FlagFinding.NOT_THERE)
    assert TaskKind.FLAG_CHANGED not in desk.tasks.kinds(TRUST)
    desk.pass_time(days=1)
    flagging.start_checks(desk)
    reported(desk, leaving(desk, "flag.check"), FlagFinding.PLACED)
    removal = leaving(desk, "flag.end")
    assert removal.release.flag_id == flag.id  # type: ignore[attr-defined]
    assert (str(flag.id), TaskKind.FLAG_CHANGED) in {(t.about, t.kind) for t in desk.tasks.open_of(TRUST)}
    assert desk.flags.get(flag.id).state is FlagState.WITHDRAWN


def test_a_look_that_fails_is_a_persons_and_is_not_given_up(desk: Desk) -> None:
    flag = called_gone(desk)
    desk.pass_time(days=14)
    assert flagging.start_checks(desk) == 1
    reported(desk, leaving(desk, "flag.check"), FlagFinding.UNSURE)
    assert (str(flag.id), TaskKind.DIFFERENCE_FOUND) in {(t.about, t.kind) for t in desk.tasks.open_of(TRUST)}
    desk.pass_time(days=30)
    assert flagging.start_checks(desk) == 1
    reported(desk, leaving(desk, "flag.check"), FlagFinding.NOT_THERE)
    assert flagging.start_checks(desk) == 0


def test_after_a_fortnight_without_a_trace_it_ends(desk: Desk) -> None:
    called_gone(desk)
    desk.pass_time(days=15)
    assert flagging.start_checks(desk) == 0


def test_what_never_left_is_not_looked_for(desk: Desk) -> None:
    flag = flagging.propose(desk, REPRESENTATIVE, lookup_at(desk, TRUST, "Aoife").subject_id, TRUST).flag
    assert flag is not None
    flagging.refuse(desk, LEAD, flag.id, "not needed", flag.version)
    assert flagging.start_checks(desk) == 0
