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
    IDEMPOTENCY_KEY_MISSING = "IDEMPOTENCY_KEY_MISSING"
    REQUEST_MALFORMED = "REQUEST_MALFORMED"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    IDENTITY_UNAVAILABLE = "IDENTITY_UNAVAILABLE"
    SIGN_IN_NEEDED = "SIGN_IN_NEEDED"
    UPLOAD_TOO_LARGE = "UPLOAD_TOO_LARGE"
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
    ENDPOINT_NOT_SECURE = "ENDPOINT_NOT_SECURE"
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
    IDENTIFIER_NOT_OURS = "IDENTIFIER_NOT_OURS"
    SUBJECT_VIEW_UNREADABLE = "SUBJECT_VIEW_UNREADABLE"
    SUBJECT_VIEW_CHANGED = "SUBJECT_VIEW_CHANGED"
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
    HELD_ON_LIST = "HELD_ON_LIST"
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
    TAKES_TOO_LONG = "TAKES_TOO_LONG"
    # tasks
    RECEIPT_REQUIRED = "RECEIPT_REQUIRED"
    TASK_CLOSED = "TASK_CLOSED"
    # files that are read
    FILE_EMPTY = "FILE_EMPTY"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    FILE_KIND_NOT_ACCEPTED = "FILE_KIND_NOT_ACCEPTED"
    FILE_KIND_DIFFERS = "FILE_KIND_DIFFERS"
    FILE_OLD_EXCEL = "FILE_OLD_EXCEL"
    FILE_BINARY_EXCEL = "FILE_BINARY_EXCEL"
    FILE_OPEN_DOCUMENT = "FILE_OPEN_DOCUMENT"
    FILE_PDF = "FILE_PDF"
    FILE_WORD = "FILE_WORD"
    FILE_ENCRYPTED = "FILE_ENCRYPTED"
    FILE_HAS_MACROS = "FILE_HAS_MACROS"
    FILE_HAS_EXTERNAL_LINKS = "FILE_HAS_EXTERNAL_LINKS"
    FILE_HAS_EMBEDDED_OBJECTS = "FILE_HAS_EMBEDDED_OBJECTS"
    FILE_STRUCTURE_REFUSED = "FILE_STRUCTURE_REFUSED"
    FILE_UNREADABLE = "FILE_UNREADABLE"
    FILE_ENCODING_UNCERTAIN = "FILE_ENCODING_UNCERTAIN"
    FILE_ENCODING_ASSUMED = "FILE_ENCODING_ASSUMED"
    FILE_QUOTES_BROKEN = "FILE_QUOTES_BROKEN"
    FILE_CELL_TOO_LONG = "FILE_CELL_TOO_LONG"
    # case lists: the sheet and its headings
    LIST_TOO_LONG = "LIST_TOO_LONG"
    HEADINGS_NOT_FOUND = "HEADINGS_NOT_FOUND"
    HEADING_AMBIGUOUS = "HEADING_AMBIGUOUS"
    HEADING_UNKNOWN = "HEADING_UNKNOWN"
    COLUMN_WITHOUT_HEADING = "COLUMN_WITHOUT_HEADING"
    ROLE_COLUMN_MISSING = "ROLE_COLUMN_MISSING"
    NAME_COLUMN_MISSING = "NAME_COLUMN_MISSING"
    SEVERAL_LISTS_IN_FILE = "SEVERAL_LISTS_IN_FILE"
    SEVERAL_TABLES_ON_SHEET = "SEVERAL_TABLES_ON_SHEET"
    SHEET_HIDDEN = "SHEET_HIDDEN"
    SHEET_NOT_READ = "SHEET_NOT_READ"
    COLUMN_HIDDEN = "COLUMN_HIDDEN"
    ROW_HIDDEN = "ROW_HIDDEN"
    ROW_SHIFTED = "ROW_SHIFTED"
    ROW_WITHOUT_PEOPLE = "ROW_WITHOUT_PEOPLE"
    ROW_REPEATED = "ROW_REPEATED"
    TOTAL_ROW_LEFT_OUT = "TOTAL_ROW_LEFT_OUT"
    TOTAL_DIFFERS = "TOTAL_DIFFERS"
    CELL_ERROR = "CELL_ERROR"
    CELL_NOT_CALCULATED = "CELL_NOT_CALCULATED"
    # case lists: dates
    DATE_IMPOSSIBLE = "DATE_IMPOSSIBLE"
    DATE_NOT_READ = "DATE_NOT_READ"
    DATE_IN_FUTURE = "DATE_IN_FUTURE"
    DATE_HAS_TIME = "DATE_HAS_TIME"
    DATES_MIXED = "DATES_MIXED"
    DATES_ORDER_ASSUMED = "DATES_ORDER_ASSUMED"
    DATE_PARTIAL = "DATE_PARTIAL"
    DATE_TWO_DIGIT_YEAR = "DATE_TWO_DIGIT_YEAR"
    DATE_FROM_NUMBER = "DATE_FROM_NUMBER"
    DATE_UNLIKELY = "DATE_UNLIKELY"
    BIRTH_DATE_MISSING = "BIRTH_DATE_MISSING"
    AGE_NOT_DATE = "AGE_NOT_DATE"
    MEETING_DATE_NOT_READ = "MEETING_DATE_NOT_READ"
    MEETING_DATES_DIFFER = "MEETING_DATES_DIFFER"
    REFERRAL_DATE_NOT_READ = "REFERRAL_DATE_NOT_READ"
    # case lists: names
    NAME_MISSING = "NAME_MISSING"
    NAME_UNKNOWN = "NAME_UNKNOWN"
    NAME_ONE_LETTER = "NAME_ONE_LETTER"
    NAME_ONE_WORD = "NAME_ONE_WORD"
    GIVEN_NAME_MISSING = "GIVEN_NAME_MISSING"
    NAME_TOO_LONG = "NAME_TOO_LONG"
    NAME_ODD_CHARACTERS = "NAME_ODD_CHARACTERS"
    NAME_HIDDEN_CHARACTERS = "NAME_HIDDEN_CHARACTERS"
    NAME_MIXED_SCRIPTS = "NAME_MIXED_SCRIPTS"
    NAME_GARBLED = "NAME_GARBLED"
    NAME_TWO_PEOPLE = "NAME_TWO_PEOPLE"
    NAME_SUFFIX_LEFT_OUT = "NAME_SUFFIX_LEFT_OUT"
    ALIAS_ONE_WORD = "ALIAS_ONE_WORD"
    ALIAS_NOT_READ = "ALIAS_NOT_READ"
    CHILDREN_NOT_SEPARATED = "CHILDREN_NOT_SEPARATED"
    CHILDREN_DO_NOT_PAIR = "CHILDREN_DO_NOT_PAIR"
    # case lists: people and cases
    ROLE_NOT_READ = "ROLE_NOT_READ"
    CASE_NUMBER_MADE = "CASE_NUMBER_MADE"
    CASE_NUMBER_IS_DATE = "CASE_NUMBER_IS_DATE"
    CASE_NUMBER_REPEATED = "CASE_NUMBER_REPEATED"
    CASE_WITHOUT_VICTIM = "CASE_WITHOUT_VICTIM"
    CASE_WITHOUT_PERPETRATOR = "CASE_WITHOUT_PERPETRATOR"
    CASES_NOT_SEPARATED = "CASES_NOT_SEPARATED"
    CASE_REPEATED = "CASE_REPEATED"
    SAME_PERSON_TWO_ROLES = "SAME_PERSON_TWO_ROLES"
    PERSON_IN_BOTH_ROLES = "PERSON_IN_BOTH_ROLES"
    PERSON_IN_SEVERAL_CASES = "PERSON_IN_SEVERAL_CASES"
    PERSON_REPEATED_DIFFERENTLY = "PERSON_REPEATED_DIFFERENTLY"
    NHS_NUMBER_SHARED = "NHS_NUMBER_SHARED"
    PERSON_UNDER_16 = "PERSON_UNDER_16"
    CHILD_IS_ADULT = "CHILD_IS_ADULT"
    SEX_NOT_READ = "SEX_NOT_READ"
    ADDRESS_IS_REFERENCE = "ADDRESS_IS_REFERENCE"
    POSTCODE_NOT_READ = "POSTCODE_NOT_READ"
    PHONE_NOT_READ = "PHONE_NOT_READ"
    PHONE_LOST_ZERO = "PHONE_LOST_ZERO"
    SAFE_TO_CALL_NOT_READ = "SAFE_TO_CALL_NOT_READ"
    REPEAT_NOT_READ = "REPEAT_NOT_READ"
    IDENTIFIER_NOT_READ = "IDENTIFIER_NOT_READ"
    # actions and completions files
    CASE_NUMBER_MISSING = "CASE_NUMBER_MISSING"
    AGENCY_NOT_READ = "AGENCY_NOT_READ"
    OWNER_MISSING = "OWNER_MISSING"
    DUE_DATE_NOT_READ = "DUE_DATE_NOT_READ"
    REFERENCE_MISSING = "REFERENCE_MISSING"
    COMPLETED_AT_NOT_READ = "COMPLETED_AT_NOT_READ"
    # calendar
    HOLIDAYS_NOT_KNOWN = "HOLIDAYS_NOT_KNOWN"
    HOLIDAY_FILE_INVALID = "HOLIDAY_FILE_INVALID"
    JURISDICTION_UNKNOWN = "JURISDICTION_UNKNOWN"


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
    Code.IDEMPOTENCY_KEY_MISSING: CodeText("Idempotency-Key header is missing", "Every write names itself, so that sending it twice does it once.", "Send a header Idempotency-Key with a new value for each new request."),
    Code.REQUEST_MALFORMED: CodeText("The request is not as described", "A field is missing, not known here, or not of its kind.", "Compare it with the description of this operation; the places are listed."),
    Code.INTERNAL_ERROR: CodeText("Something failed on our side", "A fault that was not foreseen; it has been recorded without what you sent.", "Try again. If it stays, tell the system administrator the time."),
    Code.IDENTITY_UNAVAILABLE: CodeText("Who you are could not be checked", "The organisation's sign-in service did not answer, or not as agreed.", "Try again in a minute. If it stays, the service desk looks whether the sign-in service is up."),
    Code.SIGN_IN_NEEDED: CodeText("Not signed in", "No access token was sent, or it is not good for this service, or it has run out.", "Get a new access token from your organisation's identity provider and send it as a bearer token."),
    Code.UPLOAD_TOO_LARGE: CodeText("What was sent is too large", "More than 5 MB was sent at once; no list needs as much.", "Copy the list alone into the blank template and send that."),
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
    Code.ENDPOINT_NOT_SECURE: CodeText("The agency's address is not secure", "It is not https, and would leave this machine's own network.", "Set an https address for the agency; nothing was sent."),
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
    Code.IDENTIFIER_NOT_OURS: CodeText("The entry no longer carries our identifier", "Somebody changed it in the agency's system.", "Look in the agency's own system; what is not ours is not touched."),
    Code.SUBJECT_VIEW_UNREADABLE: CodeText("A view of the subject's could not be read", "The system does not offer it, or it differs each time it is read.", "Check the views named in the agreement with the agency; until then no alert is written."),
    Code.SUBJECT_VIEW_CHANGED: CodeText("Something that the person concerned can see has changed", "A view of theirs is not the same as before the alert.", "The alert is withdrawn by itself. Tell the agency's system administrator at once."),
    Code.KIND_NOT_SUPPORTED: CodeText("The agency's system cannot do this", "It is not among the capabilities in the agreement.", "A person does it by hand; a task says how."),
    Code.CONNECTOR_FAILED: CodeText("The connection to the agency failed inside the gateway", "A fault in our own software.", "Tell the system administrator; the log names the place."),
    Code.ENVELOPE_UNREADABLE: CodeText("A stored message cannot be read", "Its content is not what was stored.", "Tell the system administrator; a backup may be needed."),
    Code.ENVELOPE_VERSION_UNKNOWN: CodeText("A stored message is of an unknown version", "It was written by another version of this software.", "Run the version that wrote it until the queue is empty, then change over."),
    Code.MEETING_DATE_MISSING: CodeText("The meeting's date is missing", "Neither the file nor the form names it.", "Enter the date of the meeting and send the list again."),
    Code.LIST_REFUSED: CodeText("The list was not let in", "At least one problem in it stops the whole file.", "Mend the rows named and send the list again; nothing of it was kept."),
    Code.LIST_EMPTY: CodeText("There is nobody on the list", "No case with a person could be read.", "Check that the right file and sheet were sent."),
    Code.LIST_OLDER_ISSUE: CodeText("An older issue of this list came again", "The same content was received before, and a newer issue has been accepted since.", "Nothing was changed. Send a corrected list if the newer issue is wrong."),
    Code.SUBJECT_WITHDRAWN: CodeText("No longer on the list", "A corrected list leaves this person out.", "Nothing is undone by itself; review what was placed or assigned."),
    Code.HELD_ON_LIST: CodeText("Held on the list", "The list names this person in a way that cannot be taken in yet.", "Correct the list; until then nobody is asked about who is new, and no alert is placed."),
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
    Code.TAKES_TOO_LONG: CodeText("It takes too long", "It was sent a day ago or more, and nothing settled has come back.", "Look at the queue, and in the agency's system."),
    Code.COMPLETION_NOT_TOLD: CodeText("The coordinator's system was not told", "It did not take the completion.", "Enter it there by hand."),
    Code.RECEIPT_REQUIRED: CodeText("Say what was done", "A task is closed with a few words about what was done.", "Write what you did or found."),
    Code.TASK_CLOSED: CodeText("The task is closed already", "Somebody closed it before.", "Open the list of tasks again."),
    Code.FILE_EMPTY: CodeText("The file is empty", "Nothing was in it.", "Save the file again and send it."),
    Code.FILE_TOO_LARGE: CodeText("The file is too large", "A case list is far smaller; something else is in the file, or it unpacks to very much.", "Copy the list alone into the blank template and send that."),
    Code.FILE_KIND_NOT_ACCEPTED: CodeText("This kind of file is not accepted", "Only .xlsx and .csv files are read.", "Save the list as .xlsx (Excel Workbook) or as CSV UTF-8 and send that."),
    Code.FILE_KIND_DIFFERS: CodeText("The file is not what its name says", "Its content is of another kind than the ending of its name.", "Open it, save it as .xlsx or as CSV UTF-8, and send that."),
    Code.FILE_OLD_EXCEL: CodeText("Excel 97-2003 files are not accepted", "The old format (.xls) can carry too much that cannot be checked.", "Open it in Excel, save as .xlsx (Excel Workbook), and send that."),
    Code.FILE_BINARY_EXCEL: CodeText("Excel binary workbooks are not accepted", "The .xlsb format cannot be checked well enough.", "Open it in Excel, save as .xlsx (Excel Workbook), and send that."),
    Code.FILE_OPEN_DOCUMENT: CodeText("OpenDocument files are not accepted", "Only .xlsx and .csv files are read.", "Save it as .xlsx and send that."),
    Code.FILE_PDF: CodeText("PDF files are not accepted", "A table in a PDF cannot be read reliably.", "Send the .xlsx or .csv file that the PDF was made from."),
    Code.FILE_WORD: CodeText("Word files are not accepted", "Only .xlsx and .csv files are read.", "Copy the table into the blank template and send that."),
    Code.FILE_ENCRYPTED: CodeText("The file is protected with a password", "It cannot be opened without the password.", "Remove the password (File, Info, Protect Workbook) and send it by a secure way."),
    Code.FILE_HAS_MACROS: CodeText("The file carries macros", "Macros are programs; none is accepted.", "Save as .xlsx (Excel Workbook) without macros and send that."),
    Code.FILE_HAS_EXTERNAL_LINKS: CodeText("The file links to other files", "Its values may come from elsewhere, and reading it could tell others.", "Break the links (Data, Edit Links), save as .xlsx, and send that."),
    Code.FILE_HAS_EMBEDDED_OBJECTS: CodeText("Other documents are embedded in the file", "What they hold cannot be checked.", "Copy the list alone into the blank template and send that."),
    Code.FILE_STRUCTURE_REFUSED: CodeText("The file is put together in an unsafe way", "Its inner parts have unsafe names, are doubled, too many, or of a refused kind.", "Open it in Excel, save it again as .xlsx, and send that."),
    Code.FILE_UNREADABLE: CodeText("The file could not be read", "It is damaged or was made by a program with faults; reading it was stopped.", "Open it in Excel, save it again as .xlsx, or use the blank template."),
    Code.FILE_ENCODING_UNCERTAIN: CodeText("The letters of the file cannot be told with certainty", "It was not saved as UTF-8, so accented letters could be read wrongly.", "Save it as CSV UTF-8 (or as .xlsx) and send that."),
    Code.FILE_ENCODING_ASSUMED: CodeText("The file was read as Windows text", "It was not saved as UTF-8, but could be read as Western European.", "Check names with accents; next time save as CSV UTF-8."),
    Code.FILE_QUOTES_BROKEN: CodeText("The quotation marks of a row do not close", "A cell with a comma, a line break or a quotation mark was not written as CSV needs.", "Mend the row, or save the list from Excel as CSV UTF-8 or .xlsx."),
    Code.FILE_CELL_TOO_LONG: CodeText("A cell is far too long", "More text than a case list needs stands in one cell, often from a missing quotation mark.", "Shorten the cell, or look for a quotation mark that does not close."),
    Code.LIST_TOO_LONG: CodeText("The list is too long", "It has more than 500 cases, 5,000 rows or 256 columns, or one case has more than 60 people.", "Send one meeting at a time; remove formatting or rows below the list."),
    Code.HEADINGS_NOT_FOUND: CodeText("The headings were not recognised", "No row has enough of the known headings.", "Use the blank template, or headings from the table in the documentation."),
    Code.HEADING_AMBIGUOUS: CodeText("A heading can be understood in two ways", "It does not say whose it is, or stands twice.", "Say whose it is in the heading, e.g. before it the word victim, and send the list again."),
    Code.HEADING_UNKNOWN: CodeText("A heading was not recognised", "It is not in the table of known headings; the column was left out.", "Rename it if the column matters; otherwise nothing is needed."),
    Code.COLUMN_WITHOUT_HEADING: CodeText("Cells stand under no heading", "They were left out.", "Give the column a heading, or remove the cells."),
    Code.ROLE_COLUMN_MISSING: CodeText("It does not say who is who", "There is neither a column for the part each person has, nor headings that name it.", "Add a Role column, or use the blank template."),
    Code.NAME_COLUMN_MISSING: CodeText("There is no column with names", "No known heading for names was found.", "Use the blank template, or headings from the table in the documentation."),
    Code.SEVERAL_LISTS_IN_FILE: CodeText("Several sheets look like a case list", "It cannot be told which one is meant.", "Keep one list in the file and send it again."),
    Code.SEVERAL_TABLES_ON_SHEET: CodeText("Several tables stand on one sheet", "Other headings follow further down.", "Put everything under one row of headings, or send two files."),
    Code.SHEET_HIDDEN: CodeText("A hidden sheet was not read", "The workbook holds a sheet that is hidden.", "If it belongs to the list, unhide it and send again; otherwise delete it."),
    Code.SHEET_NOT_READ: CodeText("A sheet was not read", "It has no known headings.", "If it belongs to the list, put it under the same headings."),
    Code.COLUMN_HIDDEN: CodeText("A hidden column was read", "The column is hidden in the file but has a known heading.", "Check it; delete the column if it does not belong there."),
    Code.ROW_HIDDEN: CodeText("A hidden row is held", "The row is hidden or filtered out in the file.", "Unhide it if it belongs to the list, or delete it, and send again."),
    Code.ROW_SHIFTED: CodeText("The row has more cells than there are headings", "Often a comma in an address without quotation marks, so the cells have moved.", "Mend the row, or save the list from Excel as CSV UTF-8 or .xlsx."),
    Code.ROW_WITHOUT_PEOPLE: CodeText("Nobody could be read from the row", "There is text in it but no person.", "Complete the row, or delete it."),
    Code.ROW_REPEATED: CodeText("A row stands twice", "The same person with the same details is there again; one was taken.", "Nothing is needed, if that is right."),
    Code.TOTAL_ROW_LEFT_OUT: CodeText("A totals row was left out", "The row counts; it names nobody.", "Nothing is needed, if that is right."),
    Code.TOTAL_DIFFERS: CodeText("The total differs from the cases found", "The number in the totals row is not the number of cases read.", "Check that the list is complete."),
    Code.CELL_ERROR: CodeText("A cell shows an error", "A formula in it does not work.", "Write the value itself into the cell."),
    Code.CELL_NOT_CALCULATED: CodeText("A cell holds a formula without a result", "The file was saved by a program that did not work it out.", "Open it in Excel, save it, or write the value itself."),
    Code.DATE_IMPOSSIBLE: CodeText("There is no such day", "The day, month or year does not exist, or lies too far back.", "Check the date and write it as day/month/year."),
    Code.DATE_NOT_READ: CodeText("The date could not be read", "It is not in a known form.", "Write it as day/month/year, e.g. 31/01/1980, or leave the cell empty if it is not known."),
    Code.DATE_IN_FUTURE: CodeText("The date lies in the future", "Nobody who is on the list can be born then; an expected date is not a date of birth.", "Check the date; for an unborn child leave it empty."),
    Code.DATE_HAS_TIME: CodeText("The date carries a time of day", "Such a date has often slipped by a day on its way between programs.", "Check the day and write it without a time."),
    Code.DATES_MIXED: CodeText("Dates of both orders stand in the file", "Some can only be month first, or a spreadsheet has turned some round; so none is certain.", "Write every date as day/month/year with the cells formatted as text, and send the list again."),
    Code.DATES_ORDER_ASSUMED: CodeText("No date in the file proves the order of day and month", "All were read day first, as is usual here.", "Check the dates of birth."),
    Code.DATE_PARTIAL: CodeText("Only part of the date is known", "The cell gives a year, or a month and year.", "Complete it if you can."),
    Code.DATE_TWO_DIGIT_YEAR: CodeText("The year has two digits", "The century was chosen by rule.", "Check it, and write the year with four digits."),
    Code.DATE_FROM_NUMBER: CodeText("A date was kept as a number", "The cell is not formatted as a date; it was read by the calendar of the workbook.", "Check the date."),
    Code.DATE_UNLIKELY: CodeText("The date of birth is unlikely", "It makes the person older than 110 years.", "Check the year."),
    Code.BIRTH_DATE_MISSING: CodeText("There is no date of birth", "Without it people of the same name cannot be told apart.", "Add it if it is known."),
    Code.AGE_NOT_DATE: CodeText("An age is not a date of birth", "It was left out.", "Add the date of birth if it is known."),
    Code.MEETING_DATE_NOT_READ: CodeText("The date of the meeting could not be read", "It is not in a known form.", "Choose the date of the meeting when you send the list."),
    Code.MEETING_DATES_DIFFER: CodeText("Several dates of a meeting stand in the file", "A list is for one meeting.", "Send one file for each meeting."),
    Code.REFERRAL_DATE_NOT_READ: CodeText("The date of referral could not be read", "It is not in a known form; it was left out.", "Write it as day/month/year."),
    Code.NAME_MISSING: CodeText("There is no name", "Details of a person stand there without a name.", "Add the name."),
    Code.NAME_UNKNOWN: CodeText("The name is a placeholder", "Unknown, unborn, Baby of and the like name nobody who could be looked up.", "Add the name once it is known; the person is shown but not asked about."),
    Code.NAME_ONE_LETTER: CodeText("A name has one letter", "An initial is too little to look somebody up with.", "Write the name in full."),
    Code.NAME_ONE_WORD: CodeText("The name is one word", "It cannot be told whether it is a first name or a surname.", "Write both, or use the surname column for a person with one name."),
    Code.GIVEN_NAME_MISSING: CodeText("There is no first name", "Only a surname is given.", "Add it if it is known."),
    Code.NAME_TOO_LONG: CodeText("The name is too long", "More than 100 letters stand in one name, or more than eight names.", "Check that nothing else is in the cell."),
    Code.NAME_ODD_CHARACTERS: CodeText("The name has characters that are not of a name", "Digits, symbols or signs stand in it.", "Write the name alone."),
    Code.NAME_HIDDEN_CHARACTERS: CodeText("The name has invisible characters", "They change how it reads and is compared.", "Type the name anew."),
    Code.NAME_MIXED_SCRIPTS: CodeText("The name mixes alphabets", "Letters that look alike come from different alphabets.", "Type the name anew."),
    Code.NAME_GARBLED: CodeText("The name has damaged letters", "Accented letters were spoiled on the way between programs.", "Type the name anew, and save as .xlsx or CSV UTF-8."),
    Code.NAME_TWO_PEOPLE: CodeText("Two people seem to stand in one cell", "The cell joins names.", "Give each person a row or columns of their own."),
    Code.NAME_SUFFIX_LEFT_OUT: CodeText("A suffix was left out of the name", "Junior, Senior and the like are not part of the name that is looked up.", "Nothing is needed, if that is right."),
    Code.ALIAS_ONE_WORD: CodeText("An alias is one word", "It cannot be told whether it is a first name or a surname; it was taken as a surname.", "Write the alias as a whole name."),
    Code.ALIAS_NOT_READ: CodeText("An alias could not be used", "It is a placeholder, an initial, or has characters that are not of a name; it was left out.", "Write the alias as a whole name."),
    Code.CHILDREN_NOT_SEPARATED: CodeText("The children in the cell cannot be told apart", "Names follow each other without lines of their own.", "Put each child on a line of its own, with the whole name, or use a column or row for each."),
    Code.CHILDREN_DO_NOT_PAIR: CodeText("The children and their details do not pair", "There are more or fewer lines than names.", "Give each child columns or a row of its own."),
    Code.ROLE_NOT_READ: CodeText("The part of the person was not recognised", "The cell is empty or says something else than victim, perpetrator, child or other.", "Write one of these words."),
    Code.CASE_NUMBER_MADE: CodeText("A case number was made by order", "The list gives none.", "Give each case a number, so that a corrected list can be compared."),
    Code.CASE_NUMBER_IS_DATE: CodeText("A case number is kept as a date", "A spreadsheet has turned it into a date.", "Format the column as text and write the number again."),
    Code.CASE_NUMBER_REPEATED: CodeText("A case number stands for two cases", "Other people stand under the same number.", "Give each case its own number."),
    Code.CASE_WITHOUT_VICTIM: CodeText("The case has no victim", "Nobody in it has that part; columns may have been mixed up.", "Complete the case."),
    Code.CASE_WITHOUT_PERPETRATOR: CodeText("The case has no perpetrator", "Nobody in it has that part.", "Add the person if known."),
    Code.CASES_NOT_SEPARATED: CodeText("It cannot be told where one case ends and the next begins", "There are no case numbers, and the rows do not begin with the victim of each case.", "Add a column with case numbers and send the list again."),
    Code.CASE_REPEATED: CodeText("A case seems to stand twice", "The same people stand under another number.", "Check whether both are meant."),
    Code.SAME_PERSON_TWO_ROLES: CodeText("One person stands in two parts of one case", "The same name and date of birth, or the same number, stand under both.", "Check who is who and send the list again."),
    Code.PERSON_IN_BOTH_ROLES: CodeText("One person is harmed in one case and alleged to harm in another", "The same name and date of birth stand under both.", "Check whether it is the same person; nothing is placed without a decision."),
    Code.PERSON_IN_SEVERAL_CASES: CodeText("One person stands in several cases", "The same name and date of birth are there again.", "Nothing is needed, if that is right."),
    Code.PERSON_REPEATED_DIFFERENTLY: CodeText("A person stands twice with different details", "The second entry is held; the first was taken.", "Put all details of the person into one row."),
    Code.NHS_NUMBER_SHARED: CodeText("Two people have the same NHS number", "One of them is wrong.", "Check both numbers against the record."),
    Code.PERSON_UNDER_16: CodeText("The person is under 16", "Cases are of people aged 16 or over.", "Check the date of birth and the part."),
    Code.CHILD_IS_ADULT: CodeText("Somebody listed as a child is an adult", "The date of birth makes the person 18 or older.", "Check the date of birth and the part."),
    Code.SEX_NOT_READ: CodeText("The sex was not recognised", "It was left out.", "Write female, male or other, or leave the cell empty."),
    Code.ADDRESS_IS_REFERENCE: CodeText("The address points to another cell", "Words such as same as above are not an address; it was left out.", "Write the address itself."),
    Code.POSTCODE_NOT_READ: CodeText("The postcode was not recognised", "It is not in the form of a postcode, or several stand there; it was left out.", "Check the postcode."),
    Code.PHONE_NOT_READ: CodeText("The telephone number was not recognised", "It has too few or too many digits; it is kept as written.", "Check the number."),
    Code.PHONE_LOST_ZERO: CodeText("A telephone number has lost its first zero", "A spreadsheet kept it as a number; it is kept as written.", "Format the column as text and write the number again."),
    Code.SAFE_TO_CALL_NOT_READ: CodeText("It does not say clearly whether it is safe to call", "It counts as not safe.", "Write yes or no."),
    Code.REPEAT_NOT_READ: CodeText("It does not say clearly whether the case is a repeat", "It was left out.", "Write yes or no."),
    Code.IDENTIFIER_NOT_READ: CodeText("An identifier could not be read", "It is not written as scheme=number.", "Write each as scheme=number, with a semicolon between."),
    Code.CASE_NUMBER_MISSING: CodeText("There is no case number", "The action does not say to which case it belongs.", "Add the case number as it stands in the case list."),
    Code.AGENCY_NOT_READ: CodeText("The agency was not recognised", "It is empty or not written as the agency's short name.", "Use the short name, e.g. as shown in the list of agencies."),
    Code.OWNER_MISSING: CodeText("The action has no owner", "Nobody is named who does it.", "Name the person or team."),
    Code.DUE_DATE_NOT_READ: CodeText("The due date could not be read", "It is not in a known form, or lies far away.", "Write it as day/month/year."),
    Code.REFERENCE_MISSING: CodeText("The reference is missing", "It is not said which action is meant.", "Copy the reference from the list of actions."),
    Code.COMPLETED_AT_NOT_READ: CodeText("The time of completion could not be read", "It is not in a known form, or lies in the future.", "Write it as day/month/year or day/month/year hour:minute."),
    Code.HOLIDAYS_NOT_KNOWN: CodeText("The bank holidays of that year are not known", "The date lies outside the years the calendar covers.", "Reckon the date by hand, or add the year to the holiday file."),
    Code.HOLIDAY_FILE_INVALID: CodeText("The holiday file cannot be used", "It is not valid, or has keys or dates that are not understood.", "Check it against the example in the documentation."),
    Code.JURISDICTION_UNKNOWN: CodeText("The jurisdiction is not known", "It is none of england-wales, scotland and northern-ireland.", "Correct the agreement."),
}

CATALOGUE: Mapping[Code, CodeText] = MappingProxyType(_TEXTS)
