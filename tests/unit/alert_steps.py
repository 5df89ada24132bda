"""The steps of an alert that several modules take: a desk where one may stand, and an alert proposed, approved, placed, reported on."""

from __future__ import annotations

import pytest

from gateway.domain.flags import Flag, FlagState
from gateway.domain.receipts import FlagFinding, FlagReport
from gateway.domain.tasks import PersonTask, TaskKind
from gateway.services import flagging, results
from tests.unit.fakes import Desk
from tests.unit.scenes import (
    AOIFE,
    LEAD,
    REPRESENTATIVE,
    TRUST,
    arrived,
    everybody,
    known,
    lookup_at,
    received,
)

S = FlagState
F = FlagFinding


@pytest.fixture
def desk() -> Desk:
    desk = Desk(*everybody())
    received(desk)
    known(desk, TRUST, AOIFE)
    return desk


def proposed(desk: Desk, given: str = "Aoife") -> Flag:
    flag = flagging.propose(desk, REPRESENTATIVE, lookup_at(desk, TRUST, given).subject_id, TRUST).flag
    assert flag is not None
    return flag


def approved(desk: Desk) -> Flag:
    flag = proposed(desk)
    return flagging.approve(desk, LEAD, flag.id, flag.content_hash, flag.version)


def report(desk: Desk, finding: FlagFinding, kind: str = "flag.place", reason: str = "") -> None:
    """The newest message of the kind comes back with this finding."""
    message = [m for m in desk.outbox.messages if m.kind == kind][-1]
    desk.outbox.leave()
    results.handle(desk, [arrived(message, FlagReport(finding, "remote-1", "1", reason))])


def placed(desk: Desk) -> Flag:
    flag = approved(desk)
    report(desk, F.PLACED)
    return desk.flags.get(flag.id)


def task(desk: Desk, kind: TaskKind) -> PersonTask:
    [found] = [t for t in desk.tasks.open_of(None) if t.kind is kind]
    return found
