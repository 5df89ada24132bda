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
    # store and keys
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE"
    STORE_FAILED = "STORE_FAILED"
    SEAL_BROKEN = "SEAL_BROKEN"
    KEY_FILE_MISSING = "KEY_FILE_MISSING"
    KEY_FILE_UNREADABLE = "KEY_FILE_UNREADABLE"
    KEY_FILE_OPEN_TO_OTHERS = "KEY_FILE_OPEN_TO_OTHERS"
    KEY_FILE_FOR_DEVELOPMENT = "KEY_FILE_FOR_DEVELOPMENT"
    KEY_FILE_BESIDE_DATA = "KEY_FILE_BESIDE_DATA"
    REQUEST_MALFORMED = "REQUEST_MALFORMED"
    INTERNAL_ERROR = "INTERNAL_ERROR"
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
    NOT_ALL_ASKED = "NOT_ALL_ASKED"
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
    # lists
    MEETING_DATE_MISSING = "MEETING_DATE_MISSING"
    LIST_REFUSED = "LIST_REFUSED"
    LIST_EMPTY = "LIST_EMPTY"
    LIST_OLDER_ISSUE = "LIST_OLDER_ISSUE"
    SUBJECT_WITHDRAWN = "SUBJECT_WITHDRAWN"
    # look-ups: why a cell is as it is
    AWAITED = "AWAITED"
    ASKED_AGAIN = "ASKED_AGAIN"
    NOT_YET_ASKED = "NOT_YET_ASKED"
    NO_LOOKUP_SYSTEM = "NO_LOOKUP_SYSTEM"
    NOT_ANSWERED = "NOT_ANSWERED"
    ANSWER_EMPTY = "ANSWER_EMPTY"
    NOBODY_HELD = "NOBODY_HELD"
    OTHERS_ONLY = "OTHERS_ONLY"
    ONE_RECORD_CERTAIN = "ONE_RECORD_CERTAIN"
    DECIDED_BY_PERSON = "DECIDED_BY_PERSON"
    RECORDS_CHANGED = "RECORDS_CHANGED"
    RECORD_TAKEN = "RECORD_TAKEN"
    RECORD_NOT_OFFERED = "RECORD_NOT_OFFERED"
    # matching: what stops a link without a person
    RIVAL = "RIVAL"
    CLAIMED_TWICE = "CLAIMED_TWICE"
    NAME_AND_DATE_ONLY = "NAME_AND_DATE_ONLY"
    NAME_DIFFERS = "NAME_DIFFERS"
    DATE_DIFFERS = "DATE_DIFFERS"
    DATE_MISSING = "DATE_MISSING"
    IDENTIFIER_OF_ANOTHER = "IDENTIFIER_OF_ANOTHER"
    IDENTIFIER_DIFFERS = "IDENTIFIER_DIFFERS"
    SEX_CONFLICT = "SEX_CONFLICT"
    MIDDLE_NAME_DIFFERS = "MIDDLE_NAME_DIFFERS"
    TWIN_OR_SIBLING = "TWIN_OR_SIBLING"
    GENERATION = "GENERATION"
    MIXED_SCRIPT = "MIXED_SCRIPT"
    RESTRICTED = "RESTRICTED"
    DECEASED = "DECEASED"
    SUPERSEDED = "SUPERSEDED"
    # alerts, more
    ROLE_NOT_FLAGGED = "ROLE_NOT_FLAGGED"
    MATCH_OF_ANOTHER = "MATCH_OF_ANOTHER"
    APPROVED_WORDS_ONLY = "APPROVED_WORDS_ONLY"
    FLAG_NOT_THERE = "FLAG_NOT_THERE"
    FLAG_ALTERED = "FLAG_ALTERED"
    FLAG_WRONG_RECORD = "FLAG_WRONG_RECORD"
    FLAG_SEEN_BY_SUBJECT = "FLAG_SEEN_BY_SUBJECT"
    FLAG_NOT_HIDDEN_PROVABLY = "FLAG_NOT_HIDDEN_PROVABLY"
    FLAG_REFUSED = "FLAG_REFUSED"
    FLAG_UNSURE = "FLAG_UNSURE"
    FLAG_EXPIRED = "FLAG_EXPIRED"
    CASE_CLOSED = "CASE_CLOSED"
    # actions, more
    TEXT_REQUIRED = "TEXT_REQUIRED"
    DUE_DATE_NEEDED = "DUE_DATE_NEEDED"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    NO_WORK_ITEM_SYSTEM = "NO_WORK_ITEM_SYSTEM"
    WORK_ITEM_MISSING = "WORK_ITEM_MISSING"
    COMPLETION_DIFFERS = "COMPLETION_DIFFERS"
    COMPLETION_NOT_TOLD = "COMPLETION_NOT_TOLD"
    # tasks
    RECEIPT_REQUIRED = "RECEIPT_REQUIRED"
    TASK_CLOSED = "TASK_CLOSED"


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
    Code.STORE_UNAVAILABLE: CodeText("The database did not answer", "It is stopped, overloaded, or cannot be reached.", "Try again; if it stays so, the administrator looks at the database server."),
    Code.STORE_FAILED: CodeText("The database refused a statement", "A fault of the gateway, or a database of another version.", "Nothing was saved. Tell the administrator the time; the log holds the kind of fault."),
    Code.SEAL_BROKEN: CodeText("A sealed value could not be opened", "It was changed in the database, moved to another row, or sealed with a key that is not in the key file.", "Nothing was done. The administrator restores the right key file, or the row."),
    Code.KEY_FILE_MISSING: CodeText("The key file is not there", "MARAC_KEY_FILE points to no file.", "Put the key file back; without it nothing that was stored can be read."),
    Code.KEY_FILE_UNREADABLE: CodeText("The key file cannot be read", "It is not a key file of this version, or is damaged.", "Restore it from its safe copy."),
    Code.KEY_FILE_OPEN_TO_OTHERS: CodeText("The key file is open to others", "Its mode or its owner lets other users of the machine read it.", "Give it mode 0600 and the user that runs the gateway as owner."),
    Code.KEY_FILE_FOR_DEVELOPMENT: CodeText("The key file is for development", "It was made for demonstration and may be known to others.", "Make a key file for production, and keep it apart from backups of the database."),
    Code.KEY_FILE_BESIDE_DATA: CodeText("The key file lies with the data", "A copy of the data folder would hold the key as well.", "Move it to a folder outside the data folder."),
    Code.REQUEST_MALFORMED: CodeText("The request is not as described", "A field is missing, not known here, or not of its kind.", "Compare it with the description of this operation; the places are listed."),
    Code.INTERNAL_ERROR: CodeText("Something failed on our side", "A fault that was not foreseen; it has been recorded without what you sent.", "Try again. If it stays, tell the system administrator the time."),
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
    Code.NOT_ALL_ASKED: CodeText("Not every name and date could be asked", "More names and dates of birth are known than one look-up may ask about, or one of them cannot be written for this system.", "Look in the agency's own system under the other names, then record what you find."),
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
    Code.MEETING_DATE_MISSING: CodeText("The meeting's date is missing", "Neither the file nor the form names it.", "Enter the date of the meeting and send the list again."),
    Code.LIST_REFUSED: CodeText("The list was not let in", "At least one problem in it stops the whole file.", "Mend the rows named and send the list again; nothing of it was kept."),
    Code.LIST_EMPTY: CodeText("There is nobody on the list", "No case with a person could be read.", "Check that the right file and sheet were sent."),
    Code.LIST_OLDER_ISSUE: CodeText("An older issue of this list came again", "The same content was received before, and a newer issue has been accepted since.", "Nothing was changed. Send a corrected list if the newer issue is wrong."),
    Code.SUBJECT_WITHDRAWN: CodeText("No longer on the list", "A corrected list leaves this person out.", "Nothing is undone by itself; review what was placed or assigned."),
    Code.AWAITED: CodeText("Not answered yet", "The question has left, or is about to, and no answer has come.", "Wait, or look at the queue if it takes long."),
    Code.ASKED_AGAIN: CodeText("Asked again", "A new answer is awaited; what is shown is the earlier one.", "Wait for the new answer."),
    Code.NOT_YET_ASKED: CodeText("Not asked", "The agency joined, or the person was added, after the questions left.", "Ask for the list to be looked up again."),
    Code.NO_LOOKUP_SYSTEM: CodeText("No system to ask", "The agency has no record system that can be asked.", "Its representative looks the person up and records the answer."),
    Code.NOT_ANSWERED: CodeText("No answer came", "Every attempt failed, or time ran out.", "Ask again, or have the representative look."),
    Code.ANSWER_EMPTY: CodeText("An answer that says nothing", "The system answered without a record and without saying that there is none.", "Ask again; if it repeats, tell the agency's system owner."),
    Code.NOBODY_HELD: CodeText("Nobody of this description is held", "The system answered, completely, that it has no such record.", "Nothing to do."),
    Code.OTHERS_ONLY: CodeText("Only other people are held", "Every record offered plainly belongs to somebody else.", "Nothing to do."),
    Code.ONE_RECORD_CERTAIN: CodeText("One record is certain", "The fields named agree and nothing contradicts.", "Nothing to do."),
    Code.DECIDED_BY_PERSON: CodeText("Decided by a person", "Somebody compared the records and recorded a decision.", "Nothing to do; it is asked again only if the records change."),
    Code.RECORDS_CHANGED: CodeText("The records have changed", "What was decided on is no longer what the system holds.", "Look at the records again and decide."),
    Code.RECORD_TAKEN: CodeText("The record is held to be somebody else's", "Another person of the same case is linked to this record.", "Settle that person first; one record belongs to one person."),
    Code.RECORD_NOT_OFFERED: CodeText("That record was not offered", "It is not among the records the system answered with.", "Choose one of the records shown."),
    Code.RIVAL: CodeText("Two records fit", "More than one record could be this person's.", "Compare them and choose one, or none."),
    Code.CLAIMED_TWICE: CodeText("One record, two people", "The same record fits two people of the case.", "Compare both people with the record and choose."),
    Code.NAME_AND_DATE_ONLY: CodeText("Name and date of birth agree, and nothing else", "There are namesakes born on the same day.", "Look for an address, telephone or number that agrees."),
    Code.NAME_DIFFERS: CodeText("The name is not the same", "It is spelled otherwise, shortened, swapped or another name.", "Look whether it is a former name or a slip."),
    Code.DATE_DIFFERS: CodeText("The date of birth is not the same", "It differs, or agrees only in part.", "Look whether a digit or day and month were swapped."),
    Code.DATE_MISSING: CodeText("No whole date of birth to compare", "The list or the record has none.", "Find the date of birth, then decide."),
    Code.IDENTIFIER_OF_ANOTHER: CodeText("The number belongs to a record of somebody else", "The number agrees, but the name or the date of birth does not.", "Check the number on the list; it may be a relative's."),
    Code.IDENTIFIER_DIFFERS: CodeText("The number is not the record's", "Name and date of birth agree, but the numbers differ.", "Check the number on the list; the record may be a namesake's."),
    Code.SEX_CONFLICT: CodeText("The sex recorded differs", "List and record contradict each other.", "Compare with care; it may be a relative."),
    Code.MIDDLE_NAME_DIFFERS: CodeText("The middle name differs", "List and record contradict each other.", "It may be a parent or child of the same name."),
    Code.TWIN_OR_SIBLING: CodeText("Possibly a twin, brother or sister", "Family name, date of birth and address agree, the given name does not.", "Compare the given names; never link on the address alone."),
    Code.GENERATION: CodeText("Possibly a parent or child of the same name", "The same name, with dates of birth more than twelve years apart.", "Compare the dates of birth."),
    Code.MIXED_SCRIPT: CodeText("Letters of different alphabets", "A name mixes alphabets, or is written in another than the record.", "Compare the names by eye."),
    Code.RESTRICTED: CodeText("The record is protected", "The system hides part of it.", "Only somebody with access to the record can compare it."),
    Code.DECEASED: CodeText("The record says that the person has died", "It may be a mistake, or somebody else's record.", "Compare with care."),
    Code.SUPERSEDED: CodeText("The record was merged into another", "It is no longer in use.", "Look at the record that replaced it."),
    Code.ROLE_NOT_FLAGGED: CodeText("No alert is placed for this part", "The procedure has words for two parts only.", "Nothing to do."),
    Code.MATCH_OF_ANOTHER: CodeText("The record is linked to two people", "Another person of the case is linked to the same record.", "Settle the matches first."),
    Code.APPROVED_WORDS_ONLY: CodeText("Not the approved words", "The words are not exactly those of the procedure.", "Propose the alert again."),
    Code.FLAG_NOT_THERE: CodeText("The alert was not found", "It was sent, or was there, and is not on the record.", "Look at the record; propose again if it is needed."),
    Code.FLAG_ALTERED: CodeText("The alert was changed", "Words, labels or state are not what was approved.", "Find out who changed it and why; it is being withdrawn."),
    Code.FLAG_WRONG_RECORD: CodeText("The alert stands on another record", "It was read back from a record that was not approved.", "It is being withdrawn; look at both records now."),
    Code.FLAG_SEEN_BY_SUBJECT: CodeText("The alert can be seen by the person", "A view that the person or their family can open changed.", "It is being withdrawn; follow the agency's disclosure procedure now."),
    Code.FLAG_NOT_HIDDEN_PROVABLY: CodeText("Hiding could not be proved", "A view that the person can open could not be read.", "It is being withdrawn; tell the system owner."),
    Code.FLAG_REFUSED: CodeText("The system refused the alert", "It answered that it does not take it.", "Place it by hand, with the words given, where the person cannot see it."),
    Code.FLAG_UNSURE: CodeText("Not known whether the alert is there", "It was sent and no trustworthy answer came.", "Look at the record before anything else is done."),
    Code.FLAG_EXPIRED: CodeText("The alert's time is over", "Its review date has come and it was not renewed.", "Nothing to do; it is being removed."),
    Code.CASE_CLOSED: CodeText("The case is closed", "The Marac closed the case.", "Nothing to do; the alert is being removed."),
    Code.TEXT_REQUIRED: CodeText("An action needs a text", "It is empty.", "Write what is to be done."),
    Code.DUE_DATE_NEEDED: CodeText("A due date is needed", "The end of the meeting's week cannot be reckoned for that year.", "Enter the due date."),
    Code.OUTCOME_UNKNOWN: CodeText("Not one of the three answers", "An action ends as completed, not_possible or not_done.", "Use one of these words."),
    Code.NO_WORK_ITEM_SYSTEM: CodeText("No system takes this action", "The agency has no record system that takes actions.", "Its representative passes it on."),
    Code.WORK_ITEM_MISSING: CodeText("The action is missing from the agency's system", "It was accepted there and is no longer found.", "Ask the agency; send it again if it was deleted."),
    Code.COMPLETION_DIFFERS: CodeText("Two different answers about one action", "It was closed before with other content.", "Ask the agency which is right; the first one stands."),
    Code.COMPLETION_NOT_TOLD: CodeText("The coordinator's system was not told", "It did not take the completion.", "Enter it there by hand."),
    Code.RECEIPT_REQUIRED: CodeText("Say what was done", "A task is closed with a few words about what was done.", "Write what you did or found."),
    Code.TASK_CLOSED: CodeText("The task is closed already", "Somebody closed it before.", "Open the list of tasks again."),
}

CATALOGUE: Mapping[Code, CodeText] = MappingProxyType(_TEXTS)
