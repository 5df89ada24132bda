"""Tasks for a person: what the gateway could not do safely by itself, in plain words and with an owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.domain.identifiers import AgencyId, TaskId, UserId
from gateway.domain.sealed import Sealed


class TaskKind(StrEnum):
    """Why a person is needed. The words for each are in ``gateway.services.task_words``."""

    SETTLE_MATCH = "settle_match"
    PLACE_FLAG_BY_HAND = "place_flag_by_hand"
    REMOVE_FLAG_BY_HAND = "remove_flag_by_hand"
    CHECK_UNSURE_FLAG = "check_unsure_flag"
    FLAG_SEEN_BY_SUBJECT = "flag_seen_by_subject"
    FLAG_ON_WRONG_RECORD = "flag_on_wrong_record"
    FLAG_CHANGED = "flag_changed"
    ANSWER_BY_HAND = "answer_by_hand"
    DO_ACTION = "do_action"
    COMPLETION_DIFFERS = "completion_differs"
    BOTH_ROLES = "both_roles"
    HELD_ON_LIST = "held_on_list"
    PEOPLE_LEFT_OUT = "people_left_out"
    REVIEW_FLAG = "review_flag"
    MESSAGE_STUCK = "message_stuck"
    DIFFERENCE_FOUND = "difference_found"
    PROBE_FAILED = "probe_failed"
    PROVE_AGAIN = "prove_again"
    WRITING_STOPPED = "writing_stopped"
    RECORD_CHANGED = "record_changed"


@dataclass(frozen=True, slots=True, repr=False)
class PersonTask(Sealed):
    """``about`` is the opaque id of the thing concerned; ``words`` is what to type by hand, if anything; a receipt closes it.

    ``covers``: of a decision to go on, the ids of the entries it was taken about; empty when nobody decided so.
    """

    id: TaskId
    agency_id: AgencyId
    kind: TaskKind
    about: str
    opened_at: datetime
    words: str = ""
    reason: str = ""
    closed_at: datetime | None = None
    closed_by: UserId | None = None
    receipt: str = ""
    version: int = 1
    covers: tuple[str, ...] = ()
