"""Flag-and-tag: the alert on a person's record at one agency, from proposal to removal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.domain.case_list import Role
from gateway.domain.identifiers import AgencyId, FlagId, SubjectId, SystemKey, UserId
from gateway.domain.receipts import Footing
from gateway.domain.sealed import Sealed
from gateway.domain.states import StateMachine

ALERT_TEXT = {
    Role.VICTIM: "high risk victim of domestic abuse",
    Role.PERPETRATOR: "alleged high-risk perpetrator of domestic abuse (not to be disclosed to patient)",
}
"""The exact words of the procedure (RDaSH SOP 4.2.6). They stand here and nowhere else, and nothing is ever added to them."""

ALERT_LABELS = ("V", "SDV", "NOPAT", "NOLIST")
"""What every alert carries where the system knows labels (HL7 v3 Confidentiality and ActCode): very restricted, sexual and domestic
violence related, not for the person concerned, not listed for them."""


class FlagState(StrEnum):
    """``PLACED`` only after read-back from the right record and a look at the subject-facing views that the system offers."""

    PROPOSED = "proposed"
    REFUSED = "refused"
    APPROVED = "approved"
    PLACING = "placing"
    UNSURE = "unsure"
    PLACED = "placed"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"
    WITH_REPRESENTATIVE = "with_representative"
    RECORDED = "recorded"
    ENDING = "ending"
    ENDED = "ended"


class FlagEvent(StrEnum):
    """What can happen to a flag."""

    APPROVE = "approve"
    REFUSE = "refuse"
    SEND = "send"
    HAND_OVER = "hand_over"
    CONFIRM = "confirm"
    LOSE_TRACK = "lose_track"
    FAIL_CHECK = "fail_check"
    CONFIRM_WITHDRAWN = "confirm_withdrawn"
    RECORD_RECEIPT = "record_receipt"
    RENEW = "renew"
    END = "end"
    CONFIRM_ENDED = "confirm_ended"
    CANCEL = "cancel"


_S, _E = FlagState, FlagEvent
FLAG_MACHINE = StateMachine(
    name="flag",
    start=_S.PROPOSED,
    moves={
        (_S.PROPOSED, _E.APPROVE): _S.APPROVED,
        (_S.PROPOSED, _E.REFUSE): _S.REFUSED,
        (_S.PROPOSED, _E.CANCEL): _S.REFUSED,
        (_S.APPROVED, _E.SEND): _S.PLACING,
        (_S.APPROVED, _E.HAND_OVER): _S.WITH_REPRESENTATIVE,
        (_S.PLACING, _E.CONFIRM): _S.PLACED,
        (_S.PLACING, _E.LOSE_TRACK): _S.UNSURE,
        (_S.PLACING, _E.FAIL_CHECK): _S.WITHDRAWING,
        (_S.PLACING, _E.HAND_OVER): _S.WITH_REPRESENTATIVE,
        (_S.UNSURE, _E.CONFIRM): _S.PLACED,
        (_S.UNSURE, _E.FAIL_CHECK): _S.WITHDRAWING,
        (_S.UNSURE, _E.HAND_OVER): _S.WITH_REPRESENTATIVE,
        (_S.WITHDRAWING, _E.CONFIRM_WITHDRAWN): _S.WITHDRAWN,
        (_S.WITH_REPRESENTATIVE, _E.RECORD_RECEIPT): _S.RECORDED,
        (_S.WITH_REPRESENTATIVE, _E.END): _S.ENDED,
        (_S.PLACED, _E.RENEW): _S.PLACED,
        (_S.PLACED, _E.END): _S.ENDING,
        (_S.PLACED, _E.FAIL_CHECK): _S.WITHDRAWING,
        (_S.RECORDED, _E.RENEW): _S.RECORDED,
        (_S.RECORDED, _E.END): _S.ENDING,
        (_S.ENDING, _E.CONFIRM_ENDED): _S.ENDED,
    },
    owners={
        _S.PROPOSED: "approver",
        _S.REFUSED: "nobody",
        _S.APPROVED: "gateway",
        _S.PLACING: "gateway",
        _S.UNSURE: "representative",
        _S.PLACED: "gateway",
        _S.WITHDRAWING: "gateway",
        _S.WITHDRAWN: "nobody",
        _S.WITH_REPRESENTATIVE: "representative",
        _S.RECORDED: "gateway",
        _S.ENDING: "gateway",
        _S.ENDED: "nobody",
    },
)

LIVE_FLAG_STATES = frozenset(FlagState) - FLAG_MACHINE.ends()
"""States in which a flag holds its place: one live flag per record, role and agency."""


@dataclass(frozen=True, slots=True, repr=False)
class Flag(Sealed):
    """An alert. ``record_id`` and ``role`` say whose; ``text`` is one of ``ALERT_TEXT``; ``remote_id`` and ``remote_version`` are the
    system's own after the write; ``identifier`` is ours, neutral and opaque. ``review_on`` is held here, never on the wire
    (an active Flag has no end: R4 ``Flag.period``). ``sent_at`` is since when a write of ours may stand there, ``by_hand`` whether a person
    was given the words and may have placed them: what is said to be gone is looked for as long as either may have left it. ``footing`` is
    what the record said when the alert was placed; ``frozen`` the code of what changed in it since, until a person has decided."""

    id: FlagId
    subject_id: SubjectId
    agency_id: AgencyId
    system: SystemKey
    record_id: str
    role: Role
    text: str
    identifier: str
    state: FlagState
    proposed_by: UserId
    proposed_at: datetime
    content_hash: str
    review_on: date | None = None
    approved_by: UserId | None = None
    approved_at: datetime | None = None
    remote_id: str | None = None
    remote_version: str | None = None
    reason: str = ""
    version: int = 1
    sent_at: datetime | None = None
    by_hand: bool = False
    footing: Footing | None = None
    frozen: str = ""
