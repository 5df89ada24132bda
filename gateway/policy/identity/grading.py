"""The model behind the look-up: an agency's answer about one person, graded as the hit report needs it.

Same outcomes as ``gateway.policy.matching.grade``: KNOWN only with one record that may be linked in a clean and complete answer; NOT_KNOWN
only when such an answer holds nobody or plainly others; NO_ANSWER when nothing trustworthy came; POSSIBLE in every other case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from gateway.domain.case_list import Person
from gateway.domain.errors import Code
from gateway.domain.lookup import Agreement, Answer, AnswerKind, Candidate, FieldComparison, GradedAnswer, GradedCandidate, LookupOutcome
from gateway.policy.identity.comparing import FIELDS, LEVELS, MISSING
from gateway.policy.identity.deciding import Offered, Outcome, Ruled, Stop, ruled
from gateway.policy.identity.explaining import LABELS, NOTHING_SAID, SENTENCES
from gateway.policy.identity.persons import of_candidate, of_person
from gateway.policy.identity.scoring import Score, Scorer

_UNSETTLED: Mapping[AnswerKind, Code] = MappingProxyType(
    {
        AnswerKind.TOO_MANY: Code.TOO_MANY_MATCHES,
        AnswerKind.PROTECTED: Code.RECORD_PROTECTED,
        AnswerKind.MAYBE_HIDDEN: Code.RECORD_MAYBE_HIDDEN,
    }
)
_CODES: Mapping[Stop, str] = MappingProxyType({Stop.DUPLICATE: Code.RIVAL, Stop.TOO_WEAK: Code.NAME_DIFFERS})
"""Rules of the model whose code in a hit report has another name; all others have the same."""
_SAME_AS_SAME: Mapping[str, int] = MappingProxyType({"given": 2, "birth": 1, "address": 1})
"""The last level of a field that is shown as agreeing; 0 where nothing is said."""


def grade(person: Person, answer: Answer, scorer: Scorer, population: int | None = None) -> GradedAnswer:
    """The outcome of an answer, its reason (a code), and the records that could be the person's, best first.

    ``population``: about how many records the system holds; the model's own number if unknown.
    """
    if answer.kind is AnswerKind.FAILED:
        return GradedAnswer(LookupOutcome.NO_ANSWER, answer.reason or Code.NOT_ANSWERED)
    if answer.kind is AnswerKind.NOBODY:
        return GradedAnswer(LookupOutcome.NOT_KNOWN, Code.NOBODY_HELD)
    if answer.kind is AnswerKind.CANDIDATES and not answer.candidates:
        return GradedAnswer(LookupOutcome.NO_ANSWER, Code.ANSWER_EMPTY)
    by_id, unsettled = {c.record_id: c for c in answer.candidates}, answer.reason or _UNSETTLED.get(answer.kind, "")
    return _outcome(_graded(_ruled(person, by_id, scorer, population), by_id, unsettled), unsettled)


def _ruled(person: Person, by_id: Mapping[str, Candidate], scorer: Scorer, population: int | None) -> list[Ruled]:
    question = scorer.question(of_person(person), population)
    held = {key: of_candidate(candidate) for key, candidate in by_id.items()}
    return ruled([Offered(key, one, scorer.score(question, one)) for key, one in held.items()], scorer.model.thresholds)


def _graded(found: Sequence[Ruled], by_id: Mapping[str, Candidate], unsettled: str) -> tuple[GradedCandidate, ...]:
    """Records to show. A restricted one is always among them: what it hides could be what tells it apart."""
    shown = [r for r in found if r.outcome is not Outcome.NO or by_id[r.record].restricted]
    return tuple([_one(r, by_id[r.record], unsettled) for r in shown])


def _one(one: Ruled, candidate: Candidate, unsettled: str) -> GradedCandidate:
    stopped = unsettled or _of_the_record(candidate) or _CODES.get(one.stop, one.stop.value)
    return GradedCandidate(candidate, comparisons(one.score, candidate.restricted), one.outcome is Outcome.LINK and not stopped, stopped)


def _of_the_record(candidate: Candidate) -> str:
    if candidate.restricted:
        return Code.RESTRICTED
    if candidate.superseded_by is not None:
        return Code.SUPERSEDED
    return Code.DECEASED if candidate.deceased else ""


def _outcome(graded: tuple[GradedCandidate, ...], unsettled: str) -> GradedAnswer:
    if any(g.certain for g in graded):
        return GradedAnswer(LookupOutcome.KNOWN, Code.ONE_RECORD_CERTAIN, graded)
    if graded or unsettled:
        return GradedAnswer(LookupOutcome.POSSIBLE, unsettled or graded[0].stopped_by, graded)
    return GradedAnswer(LookupOutcome.NOT_KNOWN, Code.OTHERS_ONLY)


def comparisons(score: Score, hidden: bool) -> tuple[FieldComparison, ...]:
    """A line for each field about which both sides say something, and for those of a restricted record that are hidden."""
    silent = Agreement.HIDDEN if hidden else Agreement.MISSING
    lines = [_line(f, level, silent) for f, level in zip(FIELDS, score.levels, strict=True)]
    return tuple([line for line in lines if line is not None])


def _line(field: str, level: int, silent: Agreement) -> FieldComparison | None:
    if level == MISSING:
        return None if field in ("middle", "sex", "number", "context") else FieldComparison(LABELS[field], silent, NOTHING_SAID)
    return FieldComparison(LABELS[field], _agreement(field, level), SENTENCES[field][level])


def _agreement(field: str, level: int) -> Agreement:
    if level <= _SAME_AS_SAME.get(field, 0):
        return Agreement.AGREES
    apart = len(LEVELS[field]) - (2 if field in ("birth", "address") else 1)
    return Agreement.DIFFERS if level >= apart else Agreement.NEAR
