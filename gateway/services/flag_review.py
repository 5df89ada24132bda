"""When the ground of an alert is gone or in doubt: one on its way is stopped, the words are taken back, what stands a person reviews."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.domain.actors import GATEWAY
from gateway.domain.errors import Code
from gateway.domain.events import EventKind
from gateway.domain.flags import LIVE_FLAG_STATES, Flag, FlagState
from gateway.domain.tasks import TaskKind
from gateway.services import flag_sending, gate
from gateway.services.ports import Work
from gateway.services.recording import end_task, give_task, give_tasks, noted

_ON_ITS_WAY = frozenset({FlagState.PLACING, FlagState.UNSURE})
_GOING = frozenset({FlagState.WITHDRAWING, FlagState.ENDING})


def review(work: Work, flags: Iterable[Flag], reason: str) -> None:
    """Somebody looks at each live alert. One that may not be written any more is stopped, or ended if it was; nobody keeps words to type
    for it. What was read back, or placed by a person, is never undone by itself."""
    live = [f for f in flags if f.state in LIVE_FLAG_STATES - _GOING]
    give_tasks(work, TaskKind.REVIEW_FLAG, ((f.agency_id, f.id, reason) for f in live))
    for flag in live:
        end_task(work, TaskKind.PLACE_FLAG_BY_HAND, flag.id, agency_id=flag.agency_id)
        if flag.state in _ON_ITS_WAY and not _allowed(work, flag):
            _stop(work, flag, reason)


def _stop(work: Work, flag: Flag, reason: str) -> None:
    stopped = flag_sending.stop(work, flag, reason)
    work.flags.save(stopped, noted(EventKind.FLAG_ENDED, GATEWAY, flag.id, flag.agency_id, state=stopped.state.value))
    end_task(work, TaskKind.CHECK_UNSURE_FLAG, flag.id, agency_id=flag.agency_id)


def place_by_hand_again(work: Work, flag: Flag) -> None:
    """The words again for an alert that is with the representative, once it was reviewed and may stand; else the review again."""
    if _allowed(work, flag):
        give_task(work, flag.agency_id, TaskKind.PLACE_FLAG_BY_HAND, flag.id, flag_sending.as_code(flag.reason), flag.text)
    else:
        give_task(work, flag.agency_id, TaskKind.REVIEW_FLAG, flag.id, Code.MATCH_NOT_SETTLED)


def _allowed(work: Work, flag: Flag) -> bool:
    subject = work.case_lists.subjects([flag.subject_id])[flag.subject_id]
    return gate.placement_of(work, subject, gate.lookup_behind(work, flag)).allowed
