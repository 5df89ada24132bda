"""The model behind the look-up: an agency's answer about one person, graded as the hit report needs it.

KNOWN only with one record that may be linked in a clean and complete answer; NOT_KNOWN only when such an answer holds nobody or plainly
others; NO_ANSWER when nothing trustworthy came; POSSIBLE in every other case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from types import MappingProxyType
from typing import NamedTuple

from gateway.domain.case_list import Person
from gateway.domain.errors import Code
from gateway.domain.lookup import Answer, AnswerKind, Candidate, Evidence, GradedAnswer, GradedCandidate, Lookup, LookupOutcome, by_record
from gateway.domain.sealed import SEALED
from gateway.policy.identity.comparing import MISSING
from gateway.policy.identity.deciding import Offered, Outcome, Ruled, Stop, ruled, worth_a_look
from gateway.policy.identity.explaining import CODE_OF
from gateway.policy.identity.persons import NOBODY, Described, of_candidate, of_person
from gateway.policy.identity.scoring import CONTEXT, Question, Score, Scorer, evidence, restored

_UNSETTLED: Mapping[AnswerKind, Code] = MappingProxyType(
    {
        AnswerKind.TOO_MANY: Code.TOO_MANY_MATCHES,
        AnswerKind.PROTECTED: Code.RECORD_PROTECTED,
        AnswerKind.MAYBE_HIDDEN: Code.RECORD_MAYBE_HIDDEN,
        AnswerKind.NOBODY: Code.ANSWER_INCOMPLETE,
    }
)
"""Answers that hide something, or show somebody and say nobody: whatever they show, a person must look."""
_CERTAIN = (Code.ONE_RECORD_CERTAIN, Code.ONE_RECORD_BY_CASE)


class Compared(NamedTuple):
    """An answer beside the person asked about, before any rule. ``unsettled``: the code of what it hides, "" when it is whole.
    ``ruled_out``: records that a person took from what is asked, for as long as they say the same."""

    records: Mapping[str, Candidate]
    offered: tuple[Offered, ...]
    unsettled: str = ""
    ruled_out: tuple[Offered, ...] = ()

    def __repr__(self) -> str:
        return f"Compared{SEALED}"


def grade(person: Person, answer: Answer, scorer: Scorer) -> GradedAnswer:
    """An answer graded by itself, without the other people of the case: the outcome, its reason (a code), and the records, best first."""
    if plain := without_records(answer):
        return plain
    found = compared(scorer.question(of_person(person)), answer, scorer)
    return graded(ruled(found.offered, scorer.model.thresholds, whole=not found.unsettled), found, scorer)


def without_records(answer: Answer) -> GradedAnswer | None:
    """The grade of an answer that has nothing to compare; None when it has, or hides something."""
    if answer.kind is AnswerKind.FAILED:
        return GradedAnswer(LookupOutcome.NO_ANSWER, answer.reason or Code.NOT_ANSWERED)
    if answer.kind is AnswerKind.CANDIDATES and not answer.candidates:
        return GradedAnswer(LookupOutcome.NO_ANSWER, Code.ANSWER_EMPTY)
    if answer.kind is AnswerKind.NOBODY and not answer.candidates:
        return GradedAnswer(LookupOutcome.NOT_KNOWN, Code.NOBODY_HELD)
    return None


def compared(question: Question, answer: Answer, scorer: Scorer, salt: bytes = b"") -> Compared:
    """Every record of an answer, scored. A record that came twice is one record. ``salt`` is the case's, for the digests of homes."""
    records = by_record(answer.candidates)
    offered = tuple([_offered(question, c, scorer, salt) for c in records.values()])
    if answer.kind is AnswerKind.NOBODY and not offered:
        return Compared(records, offered)
    return Compared(records, offered, answer.reason or _UNSETTLED.get(answer.kind, ""))


def _offered(question: Question, candidate: Candidate, scorer: Scorer, salt: bytes) -> Offered:
    held = of_candidate(candidate)
    return Offered(candidate.record_id, held, scorer.score(question, held), _mark(candidate), candidate.superseded_by, places(held, salt))


def _mark(candidate: Candidate) -> Stop:
    if candidate.superseded_by is not None:
        return Stop.SUPERSEDED
    return Stop.DECEASED if candidate.deceased else Stop.NONE


def places(held: Described, salt: bytes) -> tuple[int, ...]:
    """Sixteen bits for each home, other ones in each case: enough to see that two records of one case share a home, too little to find
    the home again, because hundreds of addresses share each number."""
    return tuple([_place(h.postcode, h.numbers, salt) for h in held.homes if h.postcode and h.numbers])


def _place(postcode: str, numbers: tuple[str, ...], salt: bytes) -> int:
    return int.from_bytes(blake2b(f"{postcode} {' '.join(numbers)}".encode(), digest_size=2, key=salt).digest())


# ------------------------------------------------------------------------------------------------------------ outcomes


def graded(found: Sequence[Ruled], answer: Compared, scorer: Scorer) -> GradedAnswer:
    """What the rules made of an answer, as it is kept. A restricted record is always shown: what it hides could tell it apart."""
    found, model = _one_of_two(found), scorer.model
    held = {o.record: o for o in answer.offered}
    kept = [(n, r) for n, r in enumerate(found) if r.outcome is not Outcome.NO or r.score.total >= model.reach or r.score.hidden]
    told = [_evidence(held[r.record], r.score, scorer, _next_best(found, n)) for n, r in kept]
    candidates = tuple(
        [
            GradedCandidate(answer.records[r.record], e, r.outcome is Outcome.LINK, _stopped_by(r, answer.unsettled))
            for (_, r), e in zip(kept, told, strict=True)
        ]
    )
    if answer.ruled_out:
        candidates += tuple([_ruled_out(o, answer, scorer) for o in answer.ruled_out])
    return outcome(candidates, answer.unsettled, found)


def _one_of_two(found: Sequence[Ruled]) -> Sequence[Ruled]:
    """Where a system seems to hold a person twice, somebody says which record takes an alert: on the one that nobody opens it is none."""
    if len(found) > 1 and found[0].outcome is Outcome.LINK and any(r.stop is Stop.DUPLICATE for r in found[1:]):
        return [found[0]._replace(outcome=Outcome.REVIEW, stop=Stop.DUPLICATE), *found[1:]]
    return found


def _evidence(offered: Offered, score: Score, scorer: Scorer, next_best: float | None) -> Evidence:
    """``offered`` says how the record fitted by itself, ``score`` how it fits with the case."""
    fits = score.hidden or worth_a_look(offered.score, scorer.model.thresholds)
    return evidence(score, tuple([p for p in offered.places or () if isinstance(p, int)]), next_best, fits=fits)


def _ruled_out(o: Offered, answer: Compared, scorer: Scorer) -> GradedCandidate:
    return GradedCandidate(answer.records[o.record], _evidence(o, o.score, scorer, None), certain=False, stopped_by=Code.RULED_OUT)


def _next_best(found: Sequence[Ruled], place: int) -> float | None:
    """``found`` is best first, so the next best of all but the first is the first."""
    if len(found) < 2:
        return None
    return found[0].score.total if place else found[1].score.total


def _stopped_by(r: Ruled, unsettled: str) -> str:
    if r.outcome is Outcome.LINK:
        return ""
    if r.outcome is Outcome.NO:
        return Code.RESTRICTED if r.score.hidden else Code.SOMEBODY_ELSE
    return unsettled or CODE_OF[r.stop]


def outcome(candidates: tuple[GradedCandidate, ...], unsettled: str, found: Sequence[Ruled]) -> GradedAnswer:
    """The state of a look-up with these records."""
    if found and found[0].outcome is Outcome.LINK:
        by_case = found[0].score.levels[CONTEXT] != MISSING
        return GradedAnswer(LookupOutcome.KNOWN, _CERTAIN[by_case], candidates)
    shown = next((c for c in candidates if c.offered and c.stopped_by != Code.RULED_OUT), None)
    if shown or unsettled:
        return GradedAnswer(LookupOutcome.POSSIBLE, unsettled or (shown.stopped_by if shown else ""), candidates)
    return GradedAnswer(LookupOutcome.NOT_KNOWN, Code.OTHERS_ONLY, candidates)


# --------------------------------------------------------------------------------------------------- what was kept before

_BY_RULES = frozenset({*_CERTAIN, Code.OTHERS_ONLY, *CODE_OF.values()})


def by_rules(lookup: Lookup, scorer: Scorer) -> bool:
    """Whether a look-up stands as the rules of this model left it, so that they may be applied again with more known of the case."""
    return lookup.decision is None and lookup.reason in _BY_RULES and lookup.model == scorer.model.version


def offered_before(lookup: Lookup, scorer: Scorer) -> tuple[Offered, ...]:
    """The records of an answer that was kept, ready for the rules again, without what the case said of them then."""
    return tuple([_offered_before(g, scorer) for g in lookup.graded if g.stopped_by != Code.RULED_OUT])


def _offered_before(kept: GradedCandidate, scorer: Scorer) -> Offered:
    candidate, score = kept.candidate, restored(kept.evidence, kept.candidate.restricted)
    if score.levels[CONTEXT] != MISSING:
        score = scorer.again(score, context=False)
    held = NOBODY._replace(nhs=candidate.nhs_number.value if candidate.nhs_number else "")
    return Offered(candidate.record_id, held, score, _mark(candidate), candidate.superseded_by, kept.evidence.places)


def graded_again(found: Sequence[Ruled], lookup: Lookup) -> GradedAnswer:
    """What the rules make of a kept answer now."""
    records = {g.candidate.record_id: g for g in lookup.graded}
    found = _one_of_two(found)
    kept = [_again(r, records[r.record], _next_best(found, n)) for n, r in enumerate(found)]
    kept += [g for g in lookup.graded if g.stopped_by == Code.RULED_OUT]
    return outcome(tuple(kept), "", found)


def _again(r: Ruled, before: GradedCandidate, next_best: float | None) -> GradedCandidate:
    told = evidence(r.score, before.evidence.places, next_best, fits=before.evidence.fits)
    return GradedCandidate(before.candidate, told, r.outcome is Outcome.LINK, _stopped_by(r, ""))
