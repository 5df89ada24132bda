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
    # agencies' systems: why there is no answer, or none that settles it
    AGENCY_UNREACHABLE = "AGENCY_UNREACHABLE"
    AGENCY_TIMEOUT = "AGENCY_TIMEOUT"
    AGENCY_BUSY = "AGENCY_BUSY"
    AGENCY_FAULT = "AGENCY_FAULT"
    AGENCY_REFUSED = "AGENCY_REFUSED"
    CERTIFICATE_REFUSED = "CERTIFICATE_REFUSED"
    CREDENTIALS_REFUSED = "CREDENTIALS_REFUSED"
    CREDENTIALS_MISSING = "CREDENTIALS_MISSING"
    REDIRECT_REFUSED = "REDIRECT_REFUSED"
    REPLY_TOO_LARGE = "REPLY_TOO_LARGE"
    REPLY_UNREADABLE = "REPLY_UNREADABLE"
    REPLY_UNEXPECTED = "REPLY_UNEXPECTED"
    REPLY_OTHER_RECORD = "REPLY_OTHER_RECORD"
    ANSWER_INCOMPLETE = "ANSWER_INCOMPLETE"
    TOO_MANY_MATCHES = "TOO_MANY_MATCHES"
    RECORD_PROTECTED = "RECORD_PROTECTED"
    RECORD_MAYBE_HIDDEN = "RECORD_MAYBE_HIDDEN"
    RECORD_NOT_FOUND = "RECORD_NOT_FOUND"
    RECORD_CHANGED_MEANWHILE = "RECORD_CHANGED_MEANWHILE"
    SEVERAL_WITH_OUR_IDENTIFIER = "SEVERAL_WITH_OUR_IDENTIFIER"
    KIND_NOT_SUPPORTED = "KIND_NOT_SUPPORTED"
    CONNECTOR_FAILED = "CONNECTOR_FAILED"
    ENVELOPE_UNREADABLE = "ENVELOPE_UNREADABLE"
    ENVELOPE_VERSION_UNKNOWN = "ENVELOPE_VERSION_UNKNOWN"


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
    Code.AGENCY_UNREACHABLE: CodeText("The agency's system could not be reached", "No connection was made, or it broke before anything was sent.", "It is tried again by itself. If it lasts, ask the agency's system administrator."),
    Code.AGENCY_TIMEOUT: CodeText("The agency's system did not answer in time", "The time agreed for one exchange passed.", "It is tried again by itself. If it lasts, ask the agency's system administrator."),
    Code.AGENCY_BUSY: CodeText("The agency's system asked us to wait", "It is busy, or its agreed rate was reached.", "It is tried again by itself after the time it named."),
    Code.AGENCY_FAULT: CodeText("The agency's system reported a fault of its own", "Something failed on its side.", "It is tried again by itself. If it lasts, ask the agency's system administrator."),
    Code.AGENCY_REFUSED: CodeText("The agency's system refused the request", "It does not accept what was asked, or not from us.", "Ask the agency's system administrator; the request is not repeated by itself."),
    Code.CERTIFICATE_REFUSED: CodeText("The agency's certificate was refused", "It has expired, is for another host, or is not signed by a known authority.", "Ask the agency to mend its certificate. Nothing was sent, and checking is never switched off."),
    Code.CREDENTIALS_REFUSED: CodeText("Our credentials were refused", "The agency's system or its authorisation server does not accept them.", "Check the client and key registered with the agency."),
    Code.CREDENTIALS_MISSING: CodeText("Our credentials for the agency are missing", "A reference in the agreement leads to nothing readable.", "Set the variable or file that the agreement names."),
    Code.REDIRECT_REFUSED: CodeText("The agency's system pointed elsewhere", "It answered with a redirect; these are never followed.", "Check the endpoint in the agreement with the agency."),
    Code.REPLY_TOO_LARGE: CodeText("The reply was too large", "It passed the agreed size, or unpacked to far more than was sent.", "Ask the agency's system administrator; nothing of it was kept."),
    Code.REPLY_UNREADABLE: CodeText("The reply could not be read", "It was empty, cut short, or not in the agreed format.", "Ask the agency's system administrator; nothing of it was kept."),
    Code.REPLY_UNEXPECTED: CodeText("The reply was not an answer to what was asked", "Its kind or shape is not the agreed one.", "Ask the agency's system administrator; nothing of it was kept."),
    Code.REPLY_OTHER_RECORD: CodeText("The reply was about another record", "The system answered with something that was not asked for.", "Ask the agency's system administrator; nothing of it was used."),
    Code.ANSWER_INCOMPLETE: CodeText("The answer was not complete", "The system said that there is more than it gave.", "Look in the agency's own system, then record what you find."),
    Code.TOO_MANY_MATCHES: CodeText("Too many records match", "The system holds too many similar people to list.", "Look in the agency's own system, then record what you find."),
    Code.RECORD_PROTECTED: CodeText("A record is protected", "The system says that a record is restricted.", "Somebody with the right to see it must look in the agency's own system."),
    Code.RECORD_MAYBE_HIDDEN: CodeText("A record may be hidden", "The system's answer can mean that a record is there but not shown to us.", "Somebody with the right to see it must look in the agency's own system."),
    Code.RECORD_NOT_FOUND: CodeText("The record was not found", "The system has no such record, or no longer shows it to us.", "Look in the agency's own system; the record may have been merged."),
    Code.RECORD_CHANGED_MEANWHILE: CodeText("It changed in the agency's system meanwhile", "Somebody there saved it while we did.", "Look in the agency's own system; nothing was overwritten."),
    Code.SEVERAL_WITH_OUR_IDENTIFIER: CodeText("The agency's system holds several of ours", "More than one entry carries our identifier.", "Remove all but one in the agency's own system, then check again."),
    Code.KIND_NOT_SUPPORTED: CodeText("The agency's system cannot do this", "It is not among the capabilities in the agreement.", "A person does it by hand; a task says how."),
    Code.CONNECTOR_FAILED: CodeText("The connection to the agency failed inside the gateway", "A fault in our own software.", "Tell the system administrator; the log names the place."),
    Code.ENVELOPE_UNREADABLE: CodeText("A stored message cannot be read", "Its content is not what was stored.", "Tell the system administrator; a backup may be needed."),
    Code.ENVELOPE_VERSION_UNKNOWN: CodeText("A stored message is of an unknown version", "It was written by another version of this software.", "Run the version that wrote it until the queue is empty, then change over."),
}

CATALOGUE: Mapping[Code, CodeText] = MappingProxyType(_TEXTS)
