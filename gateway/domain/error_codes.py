"""The error catalogue: every code that can be shown, with its cause and its remedy in plain words.

One line each, grouped by room. Texts never contain a value: a row and a column say where to look.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class CodeText(NamedTuple):
    """What a code means (``title``), why it happens (``cause``), what to do (``remedy``)."""

    title: str
    cause: str
    remedy: str


class Code(StrEnum):
    """Stable names; they appear in replies, exports and the runbook."""

    # identifiers
    NHS_NUMBER_LENGTH = "NHS_NUMBER_LENGTH"
    NHS_NUMBER_REPEATED = "NHS_NUMBER_REPEATED"
    NHS_NUMBER_CHECK_DIGIT = "NHS_NUMBER_CHECK_DIGIT"
    CHI_NUMBER_INVALID = "CHI_NUMBER_INVALID"
    PNC_ID_INVALID = "PNC_ID_INVALID"
    UPRN_INVALID = "UPRN_INVALID"
    ODS_CODE_INVALID = "ODS_CODE_INVALID"
    # general
    NOT_FOUND = "NOT_FOUND"
    NOT_PERMITTED = "NOT_PERMITTED"
    STALE_VERSION = "STALE_VERSION"
    TRANSITION_NOT_ALLOWED = "TRANSITION_NOT_ALLOWED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    # agreements and disclosure
    AGREEMENT_MISSING = "AGREEMENT_MISSING"
    AGREEMENT_EXPIRED = "AGREEMENT_EXPIRED"
    AGREEMENT_NOT_YET_VALID = "AGREEMENT_NOT_YET_VALID"
    PURPOSE_NOT_AGREED = "PURPOSE_NOT_AGREED"
    ROLE_NOT_COVERED = "ROLE_NOT_COVERED"
    NOTHING_TO_ASK_WITH = "NOTHING_TO_ASK_WITH"
    # flags
    APPROVER_IS_PROPOSER = "APPROVER_IS_PROPOSER"
    APPROVAL_CONTENT_CHANGED = "APPROVAL_CONTENT_CHANGED"
    NOT_OPEN_TO_SERVICE = "NOT_OPEN_TO_SERVICE"
    OPEN_TO_SERVICE_UNKNOWN = "OPEN_TO_SERVICE_UNKNOWN"
    PERPETRATOR_FLAGS_OFF = "PERPETRATOR_FLAGS_OFF"
    CHILD_RECORDS_NOT_FLAGGED = "CHILD_RECORDS_NOT_FLAGGED"
    BOTH_ROLES = "BOTH_ROLES"
    MATCH_NOT_SETTLED = "MATCH_NOT_SETTLED"
    FLAG_EXISTS = "FLAG_EXISTS"
    SYSTEM_CANNOT_HIDE = "SYSTEM_CANNOT_HIDE"
    FIELD_TOO_SHORT = "FIELD_TOO_SHORT"
    # actions
    DETAIL_REQUIRED = "DETAIL_REQUIRED"
    ACTION_ALREADY_CLOSED = "ACTION_ALREADY_CLOSED"


_TEXTS: dict[Code, CodeText] = {
    Code.NHS_NUMBER_LENGTH: CodeText("NHS number is not ten digits", "Digits are missing, added, or were changed by a spreadsheet.", "Copy the number again from the record, as text; leave the cell empty if it is not known."),
    Code.NHS_NUMBER_REPEATED: CodeText("NHS number is one digit repeated", "A placeholder was typed.", "Leave the cell empty if the number is not known."),
    Code.NHS_NUMBER_CHECK_DIGIT: CodeText("NHS number fails its check digit", "One digit is wrong or two are swapped.", "Check the number against the record; it is never corrected here."),
    Code.CHI_NUMBER_INVALID: CodeText("CHI number is not valid", "It is not ten digits with a valid check digit.", "Check the number against the record."),
    Code.PNC_ID_INVALID: CodeText("PNC id is not valid", "It is not YYYY/NNNNNNNL with the right letter.", "Check the id against the record."),
    Code.UPRN_INVALID: CodeText("UPRN is not valid", "It is not one to twelve digits.", "Check the number, or leave it empty."),
    Code.ODS_CODE_INVALID: CodeText("ODS code is not valid", "It has other characters than capital letters and digits.", "Check the code of the organisation."),
    Code.NOT_FOUND: CodeText("Not found", "It does not exist, or it is not yours to see.", "Check the reference with the person who gave it to you."),
    Code.NOT_PERMITTED: CodeText("Not permitted", "Your role does not include this.", "Ask the person in your agency who holds the role."),
    Code.STALE_VERSION: CodeText("It has changed since you opened it", "Somebody else saved a change first.", "Open it again and decide on what you then see."),
    Code.TRANSITION_NOT_ALLOWED: CodeText("That step is not possible now", "It is in a state that does not lead there.", "Open it again to see its state and what can follow."),
    Code.IDEMPOTENCY_KEY_REUSED: CodeText("Idempotency key used for another request", "The same key came with other content.", "Use a new key for a new request."),
    Code.AGREEMENT_MISSING: CodeText("No sharing agreement", "No agreement with this agency is configured.", "Add the agency's agreement; until then nothing is sent."),
    Code.AGREEMENT_EXPIRED: CodeText("Sharing agreement has expired", "Its last valid day has passed.", "Renew the agreement and its dates; until then nothing is sent."),
    Code.AGREEMENT_NOT_YET_VALID: CodeText("Sharing agreement is not valid yet", "Its first valid day is in the future.", "Check the dates of the agreement."),
    Code.PURPOSE_NOT_AGREED: CodeText("Purpose is not agreed", "The agreement with this agency does not list the purpose.", "Ask the agency's information governance lead."),
    Code.ROLE_NOT_COVERED: CodeText("Not covered by the agreement", "The agreement does not cover people in this part of the case.", "Ask the agency's information governance lead."),
    Code.NOTHING_TO_ASK_WITH: CodeText("Too little to ask with", "The agreement allows nothing that is known about this person.", "Complete the case list, or widen the agreement."),
    Code.APPROVER_IS_PROPOSER: CodeText("A second person must approve", "You proposed this alert.", "Ask a colleague with the right to approve."),
    Code.APPROVAL_CONTENT_CHANGED: CodeText("The content changed after the preview", "What would be written is not what was previewed.", "Open the preview again and approve what you see."),
    Code.NOT_OPEN_TO_SERVICE: CodeText("Not open to the agency's services", "The procedure places alerts only for people open to services.", "No alert is placed. Refer back if that changes."),
    Code.OPEN_TO_SERVICE_UNKNOWN: CodeText("Not known whether open to services", "The agency's system did not say.", "Look in the agency's system, then record the answer."),
    Code.PERPETRATOR_FLAGS_OFF: CodeText("Alerts of this kind are switched off for this agency", "The agency's policy switch is off.", "The agency's safeguarding lead decides; the default is off."),
    Code.CHILD_RECORDS_NOT_FLAGGED: CodeText("Children's records are not given alerts", "A parent may see a child's record.", "Speak to the agency's safeguarding children lead."),
    Code.BOTH_ROLES: CodeText("This person stands in two parts", "They appear in more than one part in this or an earlier list.", "A person must decide; no alert is placed meanwhile."),
    Code.MATCH_NOT_SETTLED: CodeText("The match is not settled", "Nobody has decided that the record is this person's.", "Settle the possible match first."),
    Code.FLAG_EXISTS: CodeText("An alert is already there", "One live alert per person, part and agency is kept.", "Open the existing alert."),
    Code.SYSTEM_CANNOT_HIDE: CodeText("The system cannot hold a hidden alert", "It is not shown to hide an alert from the person concerned.", "A task with the words to use goes to the agency's representative."),
    Code.FIELD_TOO_SHORT: CodeText("The field is too short for the exact words", "The words may not be cut.", "A task with the words to use goes to the agency's representative."),
    Code.DETAIL_REQUIRED: CodeText("Detail is required", "An action is closed with what was done.", "Write what was done, or why it was not possible."),
    Code.ACTION_ALREADY_CLOSED: CodeText("The action is already closed", "An answer was recorded before.", "Open the action; a difference is shown to the coordinator."),
}

CATALOGUE: Mapping[Code, CodeText] = MappingProxyType(_TEXTS)
