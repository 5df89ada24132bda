"""What an OperationOutcome means for a look-up, by R4's IssueType codes. Its texts are never kept: they may quote a person."""

from __future__ import annotations

from gateway.domain.error_codes import Code
from gateway.domain.lookup import Answer, AnswerKind
from mappings.fhir_r4.resources import OperationOutcome

_TOO_MANY = frozenset({"multiple-matches", "too-costly", "too-long"})
_HIDDEN = frozenset({"suppressed"})
_PASSING = frozenset({"transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled"})
_OF_NO_MATTER = frozenset({"information", "warning"})


def passes(outcome: OperationOutcome) -> bool:
    """Whether the server says that trying again later may help (IssueType ``transient`` and what lies under it)."""
    return any(issue.code in _PASSING and issue.severity not in _OF_NO_MATTER for issue in outcome.issue)


def as_answer(outcome: OperationOutcome) -> Answer:
    """The answer of a server that sent this instead of a searchset: too many, hidden, or no answer."""
    codes = {issue.code for issue in outcome.issue}
    told = {coding.code for issue in outcome.issue for coding in issue.details.coding}
    if codes & _TOO_MANY or "TOO_MANY_MATCHES" in told:
        return Answer(AnswerKind.TOO_MANY, (), Code.TOO_MANY_MATCHES)
    if codes & _HIDDEN:
        return Answer(AnswerKind.MAYBE_HIDDEN, (), Code.RECORD_MAYBE_HIDDEN)
    return Answer.failed(Code.AGENCY_REFUSED)


def beside_results(outcome: OperationOutcome) -> Answer | None:
    """What an outcome among the entries of a searchset adds: None when it only informs. A parameter that was not used, or results that
    were kept back, make nothing found not "nobody"."""
    codes = {issue.code for issue in outcome.issue}
    if codes & _TOO_MANY:
        return Answer(AnswerKind.TOO_MANY, (), Code.TOO_MANY_MATCHES)
    if codes & (_HIDDEN | {"security", "forbidden"}):
        return Answer(AnswerKind.MAYBE_HIDDEN, (), Code.RECORD_MAYBE_HIDDEN)
    if codes <= {"informational", "success"}:
        return None
    return Answer(AnswerKind.MAYBE_HIDDEN, (), Code.ANSWER_INCOMPLETE)
