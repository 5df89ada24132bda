"""What may be linked without a person, what a person must look at, and what is nobody's business: rules over a whole case.

A score alone never links. Roles are no argument of anything here, so they cannot be evidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from gateway.domain.sealed import SEALED
from gateway.policy.identity.comparing import LEVELS, MISSING
from gateway.policy.identity.model import Thresholds
from gateway.policy.identity.persons import Described
from gateway.policy.identity.scoring import (
    ADDRESS,
    BIRTH,
    CONTEXT,
    FAMILY,
    GIVEN,
    MIDDLE,
    NHS,
    NUMBER,
    PHONE,
    Levels,
    Question,
    Score,
    Scorer,
)


class Outcome(StrEnum):
    """What becomes of one record beside one person."""

    LINK = "link"
    REVIEW = "review"
    NO = "no"


class Stop(StrEnum):
    """The rule that stops a link. The names are those of the reasons in a hit report."""

    RESTRICTED = "RESTRICTED"
    MIXED_SCRIPT = "MIXED_SCRIPT"
    IDENTIFIER_OF_ANOTHER = "IDENTIFIER_OF_ANOTHER"
    TWIN_OR_SIBLING = "TWIN_OR_SIBLING"
    GENERATION = "GENERATION"
    IDENTIFIER_DIFFERS = "IDENTIFIER_DIFFERS"
    SEX_CONFLICT = "SEX_CONFLICT"
    MIDDLE_NAME_DIFFERS = "MIDDLE_NAME_DIFFERS"
    NAME_DIFFERS = "NAME_DIFFERS"
    DATE_MISSING = "DATE_MISSING"
    DATE_DIFFERS = "DATE_DIFFERS"
    NAME_AND_DATE_ONLY = "NAME_AND_DATE_ONLY"
    CLAIMED_TWICE = "CLAIMED_TWICE"
    RIVAL = "RIVAL"
    DUPLICATE = "DUPLICATE"
    TOO_WEAK = "TOO_WEAK"
    NONE = ""


class Offered(NamedTuple):
    """One record beside the person, scored. ``record`` is the key of the record in its system."""

    record: str
    held: Described
    score: Score

    def __repr__(self) -> str:
        return f"Offered{SEALED}"


class Ruled(NamedTuple):
    """What the rules made of it."""

    record: str
    outcome: Outcome
    stop: Stop
    score: Score


# ------------------------------------------------------------------------------------------------------------ one record


def _at(field: str, *levels: str) -> frozenset[int]:
    return frozenset(LEVELS[field].index(level) if level != "missing" else MISSING for level in levels)


_GIVEN_FITS = _at("given", "same", "swapped", "variant")
_GIVEN_OTHER = _at("given", "near", "part", "initial", "different")
_FAMILY_FITS = _at("family", "same", "swapped", "near", "part")
_BORN = _at("birth", "same", "same_january")
_BORN_SLIPPED = _at("birth", "swapped", "one_digit")
_BORN_OTHERWISE = _at("birth", "one_part", "decade", "different", "generation")
_HOME = _at("address", "same", "previous", "near")
_GENERATION = LEVELS["birth"].index("generation")
_SAME, _SLIP, _NUMBER_DIFFERS = 0, 1, 2
_GIVEN_DIFFERS, _FAMILY_DIFFERS = LEVELS["given"].index("different"), LEVELS["family"].index("different")
_MIDDLE_DIFFERS = LEVELS["middle"].index("different")


def _numbered(lv: Levels) -> bool:
    return lv[NHS] == _SAME or lv[NUMBER] == _SAME


def _another_number(s: Score) -> bool:
    lv = s.levels
    return _numbered(lv) and (lv[GIVEN] == _GIVEN_DIFFERS or lv[BIRTH] in _BORN_OTHERWISE)


def _number_differs(s: Score) -> bool:
    """A slip of an NHS number fails its own check digit, so it is nobody's; it stops nothing where all else is the same."""
    lv = s.levels
    if lv[NHS] == _SLIP and lv[NUMBER] in (_SAME, MISSING):
        return not (lv[GIVEN] == _SAME and lv[FAMILY] == _SAME and lv[BIRTH] in _BORN and lv[ADDRESS] in _HOME)
    return lv[NHS] == _NUMBER_DIFFERS or lv[NUMBER] in (_SLIP, _NUMBER_DIFFERS)


def _maybe_twin(s: Score) -> bool:
    lv = s.levels
    return lv[GIVEN] in _GIVEN_OTHER and lv[BIRTH] in _BORN and lv[FAMILY] in _FAMILY_FITS and not _numbered(lv)


def _name_differs(s: Score) -> bool:
    lv = s.levels
    if _numbered(lv):
        return lv[GIVEN] == MISSING
    settled = lv[BIRTH] in _BORN and lv[ADDRESS] in _HOME and lv[GIVEN] == _SAME
    return lv[GIVEN] not in _GIVEN_FITS or (lv[FAMILY] not in _FAMILY_FITS and not settled)


def _date_differs(s: Score) -> bool:
    """A slip is believed where name and home are the same, or the number and a place: clerks do copy the number of a namesake."""
    lv = s.levels
    if lv[BIRTH] in _BORN:
        return False
    if _numbered(lv):
        return not (lv[ADDRESS] in _HOME or lv[PHONE] == _SAME or lv[CONTEXT] == _SAME)
    named = lv[GIVEN] == _SAME and lv[FAMILY] == _SAME
    return not (lv[BIRTH] in _BORN_SLIPPED and named and (lv[ADDRESS] in _HOME or lv[CONTEXT] == _SAME))


def _name_and_date_only(s: Score) -> bool:
    lv = s.levels
    return not (_numbered(lv) or lv[ADDRESS] in _HOME or lv[PHONE] == _SAME or lv[CONTEXT] == _SAME)


_RULES: tuple[tuple[Callable[[Score], bool], Stop], ...] = (
    (lambda s: s.hidden, Stop.RESTRICTED),
    (lambda s: s.mixed, Stop.MIXED_SCRIPT),
    (_another_number, Stop.IDENTIFIER_OF_ANOTHER),
    (_maybe_twin, Stop.TWIN_OR_SIBLING),
    (lambda s: s.levels[BIRTH] == _GENERATION, Stop.GENERATION),
    (_number_differs, Stop.IDENTIFIER_DIFFERS),
    (lambda s: s.sex_differs, Stop.SEX_CONFLICT),
    (lambda s: s.levels[MIDDLE] == _MIDDLE_DIFFERS and not _numbered(s.levels), Stop.MIDDLE_NAME_DIFFERS),
    (_name_differs, Stop.NAME_DIFFERS),
    (lambda s: s.levels[BIRTH] == MISSING, Stop.DATE_MISSING),
    (_date_differs, Stop.DATE_DIFFERS),
    (_name_and_date_only, Stop.NAME_AND_DATE_ONLY),
)
"""In the order in which they are told."""


def stop(score: Score) -> Stop:
    """The first rule that one record breaks by itself, or ``NONE``."""
    return next((code for broken, code in _RULES if broken(score)), Stop.NONE)


# ------------------------------------------------------------------------------------------------------------ one person


def ruled(offered: Sequence[Offered], thresholds: Thresholds, claimed: frozenset[str] = frozenset()) -> list[Ruled]:
    """The records of one person, best first, each with its outcome. ``claimed``: records that also fit another person of the case.

    When the best record is linked the others are nobody's business, but for what could be a duplicate of it, which a person should see.
    """
    ranked = sorted(offered, key=lambda o: (-o.score.total, o.record))
    if not ranked:
        return []
    best, rest = ranked[0], ranked[1:]
    why = _stops_best(best, rest, thresholds, claimed)
    if why is not Stop.NONE:
        return [_for_review(o, why if o is best else None, thresholds) for o in ranked]
    others = [Ruled(o.record, *_beside_a_link(o, best, thresholds), o.score) for o in rest]
    return [Ruled(best.record, Outcome.LINK, Stop.NONE, best.score), *others]


def _stops_best(best: Offered, rest: Sequence[Offered], t: Thresholds, claimed: frozenset[str]) -> Stop:
    if own := stop(best.score):
        return own
    if best.record in claimed:
        return Stop.CLAIMED_TWICE
    close = max(best.score.total - t.rival, t.review)
    if any((o.score.total > close and not _duplicates(o, best)) or _could_be_hidden(o.score) for o in rest):
        return Stop.RIVAL
    return Stop.NONE if best.score.total >= t.link else Stop.TOO_WEAK


def _could_be_hidden(s: Score) -> bool:
    """A restricted record of which nothing that it shows speaks against the person: what it hides could be theirs."""
    lv = s.levels
    against = lv[GIVEN] == _GIVEN_DIFFERS or lv[FAMILY] == _FAMILY_DIFFERS or lv[BIRTH] in _BORN_OTHERWISE or lv[NHS] == _NUMBER_DIFFERS
    return s.hidden and not against


def _duplicates(a: Offered, b: Offered) -> bool:
    """Two records of one system that carry one NHS number, with nothing that sets either apart from the person."""
    fits = all(o.score.levels[GIVEN] in _GIVEN_FITS and o.score.levels[BIRTH] in _BORN and not o.score.sex_differs for o in (a, b))
    return fits and a.held.nhs == b.held.nhs != ""


def _beside_a_link(o: Offered, best: Offered, t: Thresholds) -> tuple[Outcome, Stop]:
    if o.score.total >= t.anchor or (o.score.total >= t.review and _duplicates(o, best)):
        return Outcome.REVIEW, stop(o.score) or Stop.DUPLICATE
    return Outcome.NO, Stop.TOO_WEAK


def _for_review(o: Offered, why: Stop | None, t: Thresholds) -> Ruled:
    if o.score.total < t.review:
        return Ruled(o.record, Outcome.NO, Stop.TOO_WEAK, o.score)
    return Ruled(o.record, Outcome.REVIEW, why or stop(o.score) or Stop.RIVAL, o.score)


# -------------------------------------------------------------------------------------------------------------- one case


def settle(scorer: Scorer, case: Mapping[str, tuple[Question, Sequence[Offered]]]) -> dict[str, list[Ruled]]:
    """All people of one case at one system: context is given, then the rules are applied, so that no record is linked to two people."""
    thresholds = scorer.model.thresholds
    known = _with_context(scorer, case)
    claims = _claims(known, thresholds)
    return {
        person: ruled(offered, thresholds, frozenset(r for r, people in claims.items() if people - {person}))
        for person, offered in known.items()
    }


def _with_context(scorer: Scorer, case: Mapping[str, tuple[Question, Sequence[Offered]]]) -> dict[str, list[Offered]]:
    anchors: dict[tuple[str, tuple[str, ...]], set[tuple[str, str]]] = defaultdict(set)
    for person, (_, offered) in case.items():
        for o in offered:
            if o.score.total >= scorer.model.thresholds.anchor and o.score.levels[GIVEN] in _GIVEN_FITS and o.score.levels[BIRTH] in _BORN:
                for place in _places(o.held):
                    anchors[place].add((person, o.record))
    return {
        person: [_placed(scorer, question, o, any(p != person and r != o.record for h in _places(o.held) for p, r in anchors.get(h, ()))) for o in offered]
        for person, (question, offered) in case.items()
    }


def _placed(scorer: Scorer, question: Question, o: Offered, context: bool) -> Offered:
    return o._replace(score=scorer.again(question, o.score)) if context else o


def _places(held: Described) -> list[tuple[str, tuple[str, ...]]]:
    return [(h.postcode, h.numbers) for h in held.homes if h.postcode and h.numbers]


def _claims(known: Mapping[str, Sequence[Offered]], t: Thresholds) -> Mapping[str, set[str]]:
    """Record to the people whose best record it is, and good enough to be theirs."""
    claims: dict[str, set[str]] = defaultdict(set)
    for person, offered in known.items():
        best = max(offered, key=lambda o: (o.score.total, o.record), default=None)
        if best and best.score.total >= t.anchor:
            claims[best.record].add(person)
    return MappingProxyType(claims)
