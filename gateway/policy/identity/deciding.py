"""What may be linked without a person, what a person must look at, and what is nobody's business: rules over a whole case.

A score alone never links. Roles are no argument of anything here, so they cannot be evidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
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

    UNSETTLED = "UNSETTLED"
    SUPERSEDED = "SUPERSEDED"
    DECEASED = "DECEASED"
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


Place = tuple[str, tuple[str, ...]] | int
"""A home by postcode and numbers, or by a short digest that is the same for the same home (one kind within one case)."""


class Offered(NamedTuple):
    """One record beside the person, scored. ``record`` is the key of the record in its system.

    ``mark``: what the record says of itself that keeps it from being linked (``SUPERSEDED``, ``DECEASED``); ``survivor``: the record it
    was merged into. ``places``: its homes; read from ``held`` where not given.
    """

    record: str
    held: Described
    score: Score
    mark: Stop = Stop.NONE
    survivor: str | None = None
    places: tuple[Place, ...] | None = None

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
    for broken, code in _RULES:
        if broken(score):
            return code
    return Stop.NONE


# ------------------------------------------------------------------------------------------------------------ one person


def ruled(offered: Sequence[Offered], t: Thresholds, claimed: Collection[str] = (), *, whole: bool = True) -> list[Ruled]:
    """The records of one person, best first, each with its outcome. ``claimed``: records that also fit another person of the case.
    ``whole``: nothing is hidden behind the answer; else nothing of it is linked.

    When the best record is linked the others are nobody's business, but for what could be a duplicate of it, which a person should see.
    """
    ranked = sorted(offered, key=_rank) if len(offered) > 1 else offered
    if not ranked:
        return []
    best, rest = ranked[0], ranked[1:]
    why = _stops_best(best, rest, t, claimed) if whole else Stop.UNSETTLED
    if why is not Stop.NONE:
        return [_for_review(o, why if o is best else None, t) for o in ranked]
    others = [Ruled(o.record, *_beside_a_link(o, best, t), o.score) for o in rest]
    return [Ruled(best.record, Outcome.LINK, Stop.NONE, best.score), *others]


def worth_a_look(score: Score, t: Thresholds) -> bool:
    """Whether a record is for a person, if nothing else settles it. One with the person's own number is, whatever else it says; and so is a
    parent or child of the same name in the same home, for it could be a wrong year."""
    return score.total >= t.review or _numbered(score.levels) or _namesake_at_home(score.levels)


def _namesake_at_home(lv: Levels) -> bool:
    return lv[BIRTH] == _GENERATION and lv[GIVEN] in _GIVEN_FITS and lv[FAMILY] in _FAMILY_FITS and lv[ADDRESS] in _HOME


def _rank(o: Offered) -> tuple[bool, float, str]:
    return o.mark is not Stop.NONE, -o.score.total, o.record


def _stops_best(best: Offered, rest: Sequence[Offered], t: Thresholds, claimed: Collection[str]) -> Stop:
    if own := best.mark or stop(best.score):
        return own
    if best.record in claimed:
        return Stop.CLAIMED_TWICE
    close = max(best.score.total - t.rival, t.review)
    if any(_rivals(o, best, close) for o in rest):
        return Stop.RIVAL
    return Stop.NONE if best.score.total >= t.link else Stop.TOO_WEAK


def _rivals(o: Offered, best: Offered, close: float) -> bool:
    if o.survivor == best.record:
        return False
    return (o.score.total > close and not _duplicates(o, best)) or _could_be_hidden(o.score) or _has_the_number(o.score, best.score)


def _has_the_number(s: Score, best: Score) -> bool:
    """A record with the person's own number beside a best one that does not have it."""
    return s.levels[NHS] == _SAME and best.levels[NHS] != _SAME


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
    if o.survivor == best.record:
        return Outcome.NO, Stop.SUPERSEDED
    if o.score.total >= t.anchor or (o.score.total >= t.review and _duplicates(o, best)):
        own = o.mark or stop(o.score)
        return Outcome.REVIEW, Stop.DUPLICATE if own in (Stop.NONE, Stop.NAME_AND_DATE_ONLY, Stop.DECEASED) else own
    return Outcome.NO, Stop.TOO_WEAK


def _for_review(o: Offered, why: Stop | None, t: Thresholds) -> Ruled:
    if not worth_a_look(o.score, t):
        return Ruled(o.record, Outcome.NO, Stop.TOO_WEAK, o.score)
    return Ruled(o.record, Outcome.REVIEW, why or o.mark or stop(o.score) or Stop.RIVAL, o.score)


# -------------------------------------------------------------------------------------------------------------- one case

Case = Mapping[str, tuple[Question | None, Sequence[Offered]]]
Decided = Mapping[str, str | None]
"""People about whom somebody decided, and the record that is theirs; None: none of those offered."""


def settle(scorer: Scorer, case: Case, decided: Decided = MappingProxyType({}), in_doubt: Collection[str] = ()) -> dict[str, list[Ruled]]:
    """All people of one case at one system: context is given, then the rules are applied, so that no record is linked to two people.

    Whoever is ``decided`` is ruled about no more, but counts for the others. ``in_doubt``: people to whom the answer hid something.
    """
    thresholds = scorer.model.thresholds
    known = {person: list(offered) for person, (_, offered) in case.items()}
    if len(known) > 1:
        known = _with_context(scorer, known, decided)
    claims = _claims(known, thresholds, decided) if len(known) > 1 else {}
    found = {}
    for person, offered in known.items():
        if person not in decided:
            claimed = {r for r, people in claims.items() if people - {person}}
            found[person] = _by_itself(scorer, offered, ruled(offered, thresholds, claimed, whole=person not in in_doubt), claimed)
    return found


def _by_itself(scorer: Scorer, offered: Sequence[Offered], found: list[Ruled], claimed: Collection[str]) -> list[Ruled]:
    """A link that would stand without the case is told without it, so that what hangs on the case can be seen to."""
    if not found or found[0].outcome is not Outcome.LINK or found[0].score.levels[CONTEXT] == MISSING:
        return found
    best = found[0].record
    alone = [o._replace(score=scorer.again(o.score, context=False)) if o.record == best else o for o in offered]
    again = ruled(alone, scorer.model.thresholds, claimed)
    return again if again[0].outcome is Outcome.LINK and again[0].record == best else found


Known = dict[str, list[Offered]]


def _with_context(scorer: Scorer, known: Known, decided: Decided) -> Known:
    anchors: dict[Place, set[tuple[str, str]]] = defaultdict(set)
    for person, offered in known.items():
        for o in offered:
            if _anchors(o, decided[person] == o.record if person in decided else None, scorer.model.thresholds):
                for place in _places(o):
                    anchors[place].add((person, o.record))
    if not anchors:
        return known
    return {person: [_placed(scorer, o, _beside(person, o, anchors)) for o in offered] for person, offered in known.items()}


def _anchors(o: Offered, chosen: bool | None, t: Thresholds) -> bool:
    """Whether a record is surely enough its person's to say where they live; ``chosen`` is what a person said of it, if anybody did."""
    if chosen is not None:
        return chosen
    return o.score.total >= t.anchor and o.score.levels[GIVEN] in _GIVEN_FITS and o.score.levels[BIRTH] in _BORN


def _beside(person: str, o: Offered, anchors: Mapping[Place, set[tuple[str, str]]]) -> bool:
    return any(p != person and r != o.record for place in _places(o) for p, r in anchors.get(place, ()))


def _placed(scorer: Scorer, o: Offered, context: bool) -> Offered:
    return o._replace(score=scorer.again(o.score)) if context else o


def _places(o: Offered) -> Sequence[Place]:
    return [(h.postcode, h.numbers) for h in o.held.homes if h.postcode and h.numbers] if o.places is None else o.places


def _claims(known: Known, t: Thresholds, decided: Decided) -> Mapping[str, set[str]]:
    """Record to the people who have it, or whose best record it is, and good enough to be theirs."""
    claims: dict[str, set[str]] = defaultdict(set)
    for person, offered in known.items():
        if person in decided:
            if (record := decided[person]) is not None:
                claims[record].add(person)
            continue
        best = max(offered, key=lambda o: (o.score.total, o.record), default=None)
        if best and best.score.total >= t.anchor:
            claims[best.record].add(person)
    return claims
