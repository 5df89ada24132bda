"""Answers graded: each beside its person, then all people of a case at one system together, with what people decided before.

The other people of the case count whenever their answers came: what is kept of those is ruled on again when a new answer says more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from gateway.domain.case_list import Person, Subject
from gateway.domain.errors import Code
from gateway.domain.identifiers import CaseId, LookupId, MaracId, SystemKey
from gateway.domain.lookup import Answer, Decision, GradedAnswer, GradedCandidate, Lookup, LookupOutcome, Pairing, Remembered
from gateway.domain.sealed import Sealed
from gateway.policy import disclosure
from gateway.policy.identity import grading, remembering
from gateway.policy.identity.deciding import Offered, Outcome, Ruled, ruled, settle
from gateway.policy.identity.grading import Compared
from gateway.policy.identity.persons import of_person
from gateway.policy.identity.scoring import Question, Scorer
from gateway.services.ports import Work

Place = tuple[CaseId, SystemKey]
"""The people of one case at one system: the ones who are settled together."""


@dataclass(frozen=True, slots=True, repr=False)
class Answered(Sealed):
    """A look-up with what came back for it, or came to nothing."""

    lookup: Lookup
    answer: Answer
    subject: Subject


@dataclass(slots=True, repr=False)
class _Cell(Sealed):
    """One look-up while its case is settled. ``decision`` stands, whatever the rules say; ``kept``: answered before, not now."""

    lookup: Lookup
    compared: Compared
    plain: GradedAnswer | None = None
    decision: Decision | None = None
    kept: bool = False
    claim: str | None = None
    found: Sequence[Ruled] = field(default=())

    @property
    def chosen(self) -> str | None:
        return self.decision.record_id if self.decision else self.claim


@dataclass(frozen=True, slots=True, repr=False)
class _Asked(Sealed):
    question: Question
    who: bytes


@lru_cache(maxsize=1024)
def asked(person: Person, scorer: Scorer) -> _Asked:
    """A person made ready, once for all the agencies that answer about them; the last thousand stay in this process's memory."""
    ready = of_person(person)
    return _Asked(scorer.question(ready), remembering.who(ready))


# -------------------------------------------------------------------------------------------------------------- a batch


def grade(work: Work, answers: Sequence[Answered]) -> list[tuple[Lookup, Lookup]]:
    """Every look-up that changes, as it was and as it is: those answered, and those of other people of their cases that hang on them."""
    scorer = work.scorer
    fresh = {a.lookup.id: a for a in answers}
    unanswered = {id_: plain for id_, a in fresh.items() if (plain := _no_answer(a.answer))}
    cells = _cells(work, [a for a in answers if a.lookup.id not in unanswered], scorer)
    places: dict[Place, list[_Cell]] = defaultdict(list)
    for cell in cells:
        places[fresh[cell.lookup.id].subject.case_id, cell.lookup.system].append(cell)
    _settle(work, places, scorer)
    changed = [(fresh[id_].lookup, _unanswered(fresh[id_].lookup, plain)) for id_, plain in unanswered.items()]
    for members in places.values():
        changed += [(c.lookup, now) for c in members if (now := _now(work, c, scorer)) != c.lookup or not c.kept]
    return changed


def _no_answer(answer: Answer) -> GradedAnswer | None:
    plain = grading.without_records(answer)
    return plain if plain and plain.outcome is LookupOutcome.NO_ANSWER else None


def _unanswered(lookup: Lookup, plain: GradedAnswer) -> Lookup:
    """What was learnt before stays, with its date."""
    learnt = lookup.answered_at is not None or lookup.decision is not None
    return replace(lookup, outcome=lookup.outcome if learnt else plain.outcome, reason=plain.reason)


def _cells(work: Work, answers: Sequence[Answered], scorer: Scorer) -> list[_Cell]:
    ready = [asked(a.subject.person, scorer) for a in answers]
    found = [_compared(a, r.question, scorer) for a, r in zip(answers, ready, strict=True)]
    maracs = work.case_lists.maracs_of(list({a.subject.case_id for a in answers}))
    pairs = [_pairings(a.lookup, maracs[a.subject.case_id], r.who, c) for a, r, c in zip(answers, ready, found, strict=True)]
    known = work.decisions.recall([pair for of_one in pairs for pair in of_one.values()])
    cells = []
    for a, of_one, c in zip(answers, pairs, found, strict=True):
        told = {record: known[pair] for record, pair in of_one.items() if pair in known} if known else {}
        cells.append(_cell(a, c, told, scorer))
    return cells


def _compared(a: Answered, question: Question, scorer: Scorer) -> Compared:
    return grading.compared(question, a.answer, scorer, a.subject.case_id.bytes)


def _pairings(lookup: Lookup, marac_id: MaracId, who: bytes, found: Compared) -> dict[str, Pairing]:
    return {o.record: Pairing(marac_id, who, lookup.system, o.record) for o in found.offered} if who else {}


# ------------------------------------------------------------------------------------------------------ decided before


def _cell(a: Answered, found: Compared, told: Mapping[str, Remembered], scorer: Scorer) -> _Cell:
    plain = grading.without_records(a.answer)
    if a.lookup.decision is not None:
        return _decided_here(a.lookup, a.lookup.decision, found, plain, scorer)
    cell = _Cell(a.lookup, _without_ruled_out(found, told), plain)
    theirs = [r for r, kept in told.items() if remembering.is_theirs(kept, found.records[r])]
    if len(theirs) == 1:
        cell.decision = _as_decision(theirs[0], told[theirs[0]], found, scorer)
    elif cell.compared.ruled_out and not cell.compared.offered and not found.unsettled:
        latest = max((told[o.record] for o in cell.compared.ruled_out), key=lambda kept: kept.decided_at)
        cell.decision = _as_decision(None, latest, found, scorer)
    return cell


def _without_ruled_out(found: Compared, told: Mapping[str, Remembered]) -> Compared:
    out = [o for o in found.offered if o.record in told and remembering.is_not_theirs(told[o.record], found.records[o.record], o.score)]
    if not out:
        return found
    gone = {o.record for o in out}
    return found._replace(offered=tuple(o for o in found.offered if o.record not in gone), ruled_out=tuple(out))


def _as_decision(record: str | None, kept: Remembered, found: Compared, scorer: Scorer) -> Decision:
    digest = remembering.digest(_decided(found, scorer).candidates)
    return Decision(record, kept.decided_by, kept.decided_at, kept.note, digest)


def _decided_here(lookup: Lookup, decision: Decision, found: Compared, plain: GradedAnswer | None, scorer: Scorer) -> _Cell:
    """A decision lasts while the records say the same of themselves. When they changed a person looks again, unless nobody was known
    before and nobody had been offered."""
    now = _decided(found, scorer).candidates
    same = remembering.digest(now) == decision.candidates_digest
    if same and (decision.record_id is not None or not remembering.fits_better(lookup.graded, now)):
        return _Cell(lookup, found, plain, decision)
    if not lookup.graded and lookup.outcome is LookupOutcome.NOT_KNOWN:
        return _Cell(replace(lookup, decision=None), found, plain)
    return _Cell(replace(lookup, decision=None), found._replace(unsettled=Code.RECORDS_CHANGED))


def _decided(found: Compared, scorer: Scorer) -> GradedAnswer:
    """The records as they stand beside a decision: none of them is linked by a rule."""
    told = found._replace(unsettled=found.unsettled or Code.DECIDED_BY_PERSON)
    return grading.graded(ruled(told.offered, scorer.model.thresholds, whole=False), told, scorer)


# ------------------------------------------------------------------------------------------------------ over the case


def _settle(work: Work, places: Mapping[Place, list[_Cell]], scorer: Scorer) -> None:
    """Rules over each case at each system; with the answers kept before wherever those count."""
    if not places:
        return
    work.lookups.hold({case_id for case_id, _ in places})
    claims = [(cell.lookup.system, claim) for cells in places.values() for cell in cells if (claim := _best(cell))]
    hanging = work.lookups.hanging(list(places), claims)
    for cells in places.values():
        _rule(cells, scorer)
    wider = [place for place, cells in places.items() if place in hanging or any(_open(c, scorer) for c in cells)]
    for place, kept in _kept_at(work, wider, {c.lookup.id for cells in places.values() for c in cells}, scorer).items():
        places[place].extend(kept)
        _rule(places[place], scorer)


def _best(cell: _Cell) -> str | None:
    best = max(cell.compared.offered, key=lambda o: o.score.total, default=None)
    return cell.chosen or (best.record if best else None)


def _open(cell: _Cell, scorer: Scorer) -> bool:
    """Whether more of the case could still change it."""
    if cell.decision or (cell.found and cell.found[0].outcome is Outcome.LINK):
        return False
    return any(o.score.total >= scorer.model.reach for o in cell.compared.offered)


def _rule(cells: list[_Cell], scorer: Scorer) -> None:
    """Nobody's decision gives one record to two people of a case: where it would, the rules hold for both."""
    twice = {record for record, count in Counter(c.chosen for c in cells if c.chosen).items() if count > 1}
    for cell in cells:
        if cell.chosen in twice and not cell.kept and cell.lookup.decision is None:
            cell.decision = None
    case = {str(c.lookup.id): (None, c.compared.offered) for c in cells}
    decided = {str(c.lookup.id): c.chosen for c in cells if c.decision or c.claim}
    found = settle(scorer, case, decided, {str(c.lookup.id) for c in cells if c.compared.unsettled})
    for cell in cells:
        cell.found = found.get(str(cell.lookup.id), ())


def _kept_at(work: Work, places: Sequence[Place], here: set[LookupId], scorer: Scorer) -> dict[Place, list[_Cell]]:
    if not places:
        return {}
    return {
        place: [_kept(lookup, scorer) for lookup in lookups if lookup.id not in here]
        for place, lookups in work.lookups.of_cases_at(places).items()
    }


def _kept(lookup: Lookup, scorer: Scorer) -> _Cell:
    """A look-up as it stands. One that an earlier model graded counts only for the record that it has."""
    if lookup.decision is not None or lookup.model != scorer.model.version:
        return _Cell(lookup, Compared({}, _chosen_only(lookup, scorer)), decision=lookup.decision, kept=True, claim=lookup.claim)
    unsettled = "" if grading.by_rules(lookup, scorer) or lookup.outcome is LookupOutcome.KNOWN else lookup.reason
    return _Cell(lookup, Compared({}, grading.offered_before(lookup, scorer), unsettled), kept=True)


def _chosen_only(lookup: Lookup, scorer: Scorer) -> tuple[Offered, ...]:
    if lookup.model != scorer.model.version or lookup.record is None:
        return ()
    return tuple(o for o in grading.offered_before(lookup, scorer) if o.record == lookup.record.record_id)


# ---------------------------------------------------------------------------------------------------------- as it is now


def _now(work: Work, cell: _Cell, scorer: Scorer) -> Lookup:
    if cell.kept:
        return _kept_now(cell, scorer)
    graded = _graded_now(cell, scorer)
    answered = replace(
        cell.lookup, answered_at=work.now(), graded=tuple([_as_kept(g, cell.lookup) for g in graded.candidates]),
        outcome=graded.outcome, reason=graded.reason, decision=cell.decision, model=scorer.model.version,
    )  # fmt: skip
    if cell.decision is None:
        return answered
    known = LookupOutcome.KNOWN if cell.decision.record_id is not None else LookupOutcome.NOT_KNOWN
    return replace(answered, outcome=cell.lookup.outcome if cell.lookup.decision else known, reason=Code.DECIDED_BY_PERSON)


def _graded_now(cell: _Cell, scorer: Scorer) -> GradedAnswer:
    if cell.plain is not None and not cell.compared.unsettled:
        return cell.plain
    return grading.graded(cell.found, cell.compared, scorer) if cell.decision is None else _decided(cell.compared, scorer)


def _kept_now(cell: _Cell, scorer: Scorer) -> Lookup:
    lookup = cell.lookup
    if cell.decision or cell.claim or cell.compared.unsettled or lookup.outcome is LookupOutcome.NO_ANSWER:
        return lookup
    again = grading.graded_again(cell.found, lookup)
    if grading.by_rules(lookup, scorer):
        return replace(lookup, graded=again.candidates, outcome=again.outcome, reason=again.reason)
    return lookup if again.outcome is LookupOutcome.KNOWN else doubted(lookup, Code(again.reason))


def doubted(lookup: Lookup, code: Code) -> Lookup:
    """The look-up with nothing certain any more: a person must settle it."""
    graded = tuple(replace(g, certain=False, stopped_by=g.stopped_by or code) for g in lookup.graded)
    return replace(lookup, outcome=LookupOutcome.POSSIBLE, reason=code, graded=graded, decision=None)


def _as_kept(graded: GradedCandidate, before: Lookup) -> GradedCandidate:
    """A record as it is kept; where the system does not say whether the person is open to services, what a person found stays."""
    candidate = disclosure.kept(graded.candidate)
    if candidate.open_to_service is None and before.graded:
        said = next((g.candidate.open_to_service for g in before.graded if g.candidate.record_id == candidate.record_id), None)
        candidate = replace(candidate, open_to_service=said)
    return graded if candidate is graded.candidate else replace(graded, candidate=candidate)


# ------------------------------------------------------------------------------------------------------------ remembered


def remember(work: Work, person: Person, lookup: Lookup, decision: Decision) -> None:
    """Keeps a decision about each record that was offered: the chosen one is theirs, the others are not."""
    who = asked(person, work.scorer).who
    if not who:
        return
    marac_id = work.case_lists.head_of(lookup.subject_id).marac_id
    work.decisions.remember(
        {
            Pairing(marac_id, who, lookup.system, g.candidate.record_id): Remembered(
                g.candidate.record_id == decision.record_id, remembering.says(g.candidate), g.evidence.fit,
                decision.decided_by, decision.decided_at, decision.note,
            )
            for g in lookup.offered
        }
    )  # fmt: skip
