"""Flag-and-tag: proposed, previewed word for word, approved by a second person, written, read back, renewed and removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from gateway.domain.actors import Actor
from gateway.domain.case_list import Subject
from gateway.domain.flags import Flag
from gateway.domain.identifiers import AgencyId, CaseId, FlagId, SubjectId, SystemKey, TaskId
from gateway.domain.lookup import Candidate
from gateway.domain.sealed import Sealed
from gateway.policy.placement import Placement
from gateway.services.ports import Work
from gateway.services.results import Arrived


@dataclass(frozen=True, slots=True, repr=False)
class FlagPreview(Sealed):
    """What would be written, word for word, beside the record it would stand on.

    ``flag`` is None when the rules allow no alert: ``placement`` says why, and a task is open where a person must decide.
    Approve with ``flag.id``, ``flag.content_hash`` and ``flag.version``.
    """

    subject: Subject
    placement: Placement
    flag: Flag | None = None
    record: Candidate | None = None
    labels: tuple[str, ...] = ()


def propose(work: Work, actor: Actor, subject_id: SubjectId, agency_id: AgencyId) -> FlagPreview:
    """Propose an alert on the record that is this person's. Raises ``Conflict(FLAG_EXISTS)`` while one is live."""
    raise NotImplementedError


def preview(work: Work, actor: Actor, flag_id: FlagId) -> FlagPreview:
    """The same preview again, judged as things stand now; the view is recorded."""
    raise NotImplementedError


def approve(work: Work, actor: Actor, flag_id: FlagId, content_hash: str, version: int) -> Flag:
    """Approve exactly what was previewed, as a second person; then it is sent, or handed to the representative with the words.

    Raises ``Refused`` (``APPROVER_IS_PROPOSER``, or the placement's code), ``Conflict`` (``APPROVAL_CONTENT_CHANGED``,
    ``STALE_VERSION``).
    """
    raise NotImplementedError


def refuse(work: Work, actor: Actor, flag_id: FlagId, reason: str, version: int) -> Flag:
    """Decline a proposal; nothing is written."""
    raise NotImplementedError


def renew(work: Work, actor: Actor, flag_id: FlagId, basis_date: date) -> Flag:
    """Count the alert's time anew from a repeat."""
    raise NotImplementedError


def end(work: Work, actor: Actor, flag_id: FlagId, reason: str) -> Flag:
    """Remove an alert; only ours, and read back."""
    raise NotImplementedError


def end_for_case(work: Work, actor: Actor, case_id: CaseId) -> int:
    """Remove every alert of a case that is closed; returns how many removals began."""
    raise NotImplementedError


def end_expired(work: Work) -> int:
    """Remove alerts whose review date has come; returns how many removals began."""
    raise NotImplementedError


def record_receipt(work: Work, actor: Actor, task_id: TaskId, receipt: str, done: bool) -> Flag:
    """A representative says what they did by hand (placed, removed, looked): ``done`` is whether the alert now is as the task asked."""
    raise NotImplementedError


def record_report(work: Work, arrived: Arrived) -> None:
    """Keep what a write, check or removal came to; anything but good news withdraws the alert or gives a person a task."""
    raise NotImplementedError


def start_checks(work: Work) -> int:
    """Ask every system to read our alerts again; returns how many questions were sent."""
    raise NotImplementedError


def of_list(work: Work, actor: Actor, list_id: object) -> Sequence[Flag]:
    """The alerts of a list that the reader may see: those of the reader's own agency."""
    raise NotImplementedError


def may_still_send(work: Work, flag_id: FlagId, system: SystemKey) -> str:
    """"" if a placement may still leave, else the code that stops it: the gate for sending and for replaying."""
    raise NotImplementedError
