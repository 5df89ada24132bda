"""Whose record is it? Candidates are compared field by field; rules, not a score, decide what needs no person.

A record is certain only when name and date of birth agree and something else does too (a number, an address, a telephone), when nothing
contradicts, and when no other record fits. Everything else that could be the person is for a person to settle. The role is never
evidence: it is not even an argument.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from gateway.domain.case_list import BirthDate, Person, Phone, Sex
from gateway.domain.errors import Code
from gateway.domain.identifiers import CaseId, LocalIdentifier, LookupId, SubjectId
from gateway.domain.lookup import (
    Agreement,
    Answer,
    AnswerKind,
    Candidate,
    FieldComparison,
    GradedAnswer,
    GradedCandidate,
    Lookup,
    LookupOutcome,
)
from gateway.domain.sealed import Sealed
from gateway.policy.match_words import LINES
from gateway.policy.names import FoldedName, Home, dialled, folded, home, one_slip

MATCHING_VERSION = "fields-1"
"""Changes with every rule or threshold below; a report says which version graded it."""
GENERATION_YEARS = 12
"""Dates of birth further apart than this are a parent's and a child's rather than a slip."""
SHORT_FORM_LETTERS = 3
"""A given name that begins with the whole other one, if that has so many letters, may be its short form."""

_AGREES, _NEAR, _DIFFERS = Agreement.AGREES, Agreement.NEAR, Agreement.DIFFERS
_FITS = frozenset({_AGREES, _NEAR})
_OPEN = frozenset({_AGREES, _NEAR, Agreement.MISSING, Agreement.HIDDEN})


@dataclass(frozen=True, slots=True, repr=False)
class Asked(Sealed):
    """The person asked about, made ready once for all the answers."""

    names: tuple[FoldedName, ...]
    births: tuple[BirthDate, ...]
    sex: Sex | None
    nhs_number: str
    identifiers: tuple[LocalIdentifier, ...]
    homes: frozenset[Home]
    uprns: frozenset[str]
    phones: frozenset[str]


def asked(person: Person) -> Asked:
    """Folds what the list says of a person, for ``grade``."""
    return Asked(
        names=tuple(folded(n) for n in person.names),
        births=person.birth_dates,
        sex=person.sex,
        nhs_number=person.nhs_number.value if person.nhs_number else "",
        identifiers=person.identifiers,
        homes=frozenset(h for a in person.addresses if (h := home(a))),
        uprns=frozenset(a.uprn for a in person.addresses if a.uprn),
        phones=_dialled(person.phones),
    )


# ------------------------------------------------------------------------------------------------------------ outcomes

_UNSETTLED: Mapping[AnswerKind, Code] = MappingProxyType(
    {
        AnswerKind.TOO_MANY: Code.TOO_MANY_MATCHES,
        AnswerKind.PROTECTED: Code.RECORD_PROTECTED,
        AnswerKind.MAYBE_HIDDEN: Code.RECORD_MAYBE_HIDDEN,
    }
)
"""Answers that hide something: whatever they show, a person must look."""


def grade(person: Person | Asked, answer: Answer) -> GradedAnswer:
    """The outcome of an answer, its reason (a code), and the records that could be the person's, best first.

    KNOWN only with exactly one certain record in a clean and complete answer; NOT_KNOWN only when such an answer holds nobody, or only
    people who are plainly others; NO_ANSWER when nothing trustworthy came; POSSIBLE in every other case.
    """
    if answer.kind is AnswerKind.FAILED:
        return GradedAnswer(LookupOutcome.NO_ANSWER, answer.reason or Code.NOT_ANSWERED)
    if answer.kind is AnswerKind.NOBODY:
        return GradedAnswer(LookupOutcome.NOT_KNOWN, Code.NOBODY_HELD)
    if answer.kind is AnswerKind.CANDIDATES and not answer.candidates:
        return GradedAnswer(LookupOutcome.NO_ANSWER, Code.ANSWER_EMPTY)
    ready = person if isinstance(person, Asked) else asked(person)
    compared = [_Comparison(candidate, ready) for candidate in _each_once(answer.candidates)]
    offered = sorted([c for c in compared if c.could_be()], key=_Comparison.rank, reverse=True)
    unsettled = answer.reason or _UNSETTLED.get(answer.kind, "")
    return _outcome(offered, unsettled)


def _each_once(candidates: Iterable[Candidate]) -> Iterable[Candidate]:
    """A record that came twice is one record, not its own rival."""
    return {c.record_id: c for c in candidates}.values()


def _outcome(offered: Sequence[_Comparison], unsettled: str) -> GradedAnswer:
    graded = tuple(_graded(c, unsettled or _rivalry(c, offered)) for c in offered)
    certain = [g for g in graded if g.certain]
    if len(certain) == 1:
        return GradedAnswer(LookupOutcome.KNOWN, Code.ONE_RECORD_CERTAIN, graded)
    if graded or unsettled:
        return GradedAnswer(LookupOutcome.POSSIBLE, unsettled or graded[0].stopped_by, graded)
    return GradedAnswer(LookupOutcome.NOT_KNOWN, Code.OTHERS_ONLY)


def _graded(compared: _Comparison, stopped_from_outside: str) -> GradedCandidate:
    stopped = compared.stop or stopped_from_outside
    return GradedCandidate(compared.candidate, compared.lines, not stopped, stopped)


def _rivalry(one: _Comparison, offered: Sequence[_Comparison]) -> str:
    return Code.RIVAL if any(other is not one and other.rivals(one) for other in offered) else ""


# ---------------------------------------------------------------------------------------------------------- comparison


class _Comparison:
    """One candidate beside the person asked about, field by field.

    ``lines`` is the explanation; what neither side says of sex, middle name and agency number is left out. ``stop`` is the code of the
    first rule that stops a link without a person, "" when none does.
    """

    __slots__ = (
        "address", "birth", "candidate", "family", "given", "lines", "middle", "mixed", "name_agrees", "nhs_number", "number_agrees",
        "number_differs", "own_number", "phone", "place_agrees", "sex", "stop",
    )  # fmt: skip

    def __init__(self, candidate: Candidate, ready: Asked) -> None:
        self.candidate = candidate
        hidden = candidate.restricted
        self.given, self.family, self.middle, self.mixed = _names(candidate, ready)
        self.birth = _birth(candidate.birth_dates, ready.births, hidden)
        self.sex = _sex(candidate.sex, ready.sex)
        self.nhs_number = _nhs_number(candidate, ready, hidden)
        self.own_number = _own_number(candidate.identifiers, ready.identifiers)
        self.address = _address(candidate, ready, hidden)
        self.phone = _phone(candidate.phones, ready.phones)
        self._conclude()

    def _conclude(self) -> None:
        """What several rules ask for, worked out once."""
        numbers = [n.agreement for n in (self.nhs_number, self.own_number) if n is not None]
        self.number_agrees = _AGREES in numbers
        self.number_differs = _DIFFERS in numbers
        self.name_agrees = self.given.agreement is _AGREES and self.family.agreement is _AGREES
        self.place_agrees = self.address.agreement is _AGREES or self.phone.agreement is _AGREES
        self.stop = next((code for stops, code in _RULES if stops(self)), "")
        fields = (self.given, self.family, self.middle, self.birth, self.sex, self.nhs_number, self.own_number, self.address, self.phone)
        self.lines = tuple([f for f in fields if f is not None])

    def could_be(self) -> bool:
        """False only when the record plainly is somebody else's: what tells people apart differs, and nothing else holds them together."""
        if self.candidate.restricted or self.number_agrees:
            return True
        given, family, birth = self.given.agreement, self.family.agreement, self.birth.agreement
        if given is _DIFFERS:
            if birth is _DIFFERS or self.nhs_number.agreement is _DIFFERS:
                return False
            return birth is _AGREES or family in _FITS or self.place_agrees
        if family is _DIFFERS:
            return birth is not _DIFFERS or self.place_agrees
        return True

    def rivals(self, other: _Comparison) -> bool:
        """Whether this record fits well enough that ``other`` is not certain beside it."""
        if self.candidate.superseded_by == other.candidate.record_id or (other.number_agrees and self.number_differs):
            return False
        fits = self.given.agreement in _OPEN and self.family.agreement in _OPEN and self.birth.agreement in _OPEN
        return fits or self.number_agrees

    def rank(self) -> tuple[bool, int]:
        """For the order of what is shown: certain first, then by how many fields agree."""
        return not self.stop, sum([_WEIGHT.get(line.agreement, 0) for line in self.lines])


_WEIGHT = {_AGREES: 2, _NEAR: 1, _DIFFERS: -2}


def _twin(c: _Comparison) -> bool:
    return (
        c.given.agreement is _DIFFERS and c.family.agreement is _AGREES and c.birth.agreement is _AGREES and c.address.agreement in _FITS
    )


_RULES: tuple[tuple[Callable[[_Comparison], bool], Code], ...] = (
    (lambda c: c.candidate.restricted, Code.RESTRICTED),
    (lambda c: c.candidate.superseded_by is not None, Code.SUPERSEDED),
    (lambda c: c.candidate.deceased, Code.DECEASED),
    (lambda c: c.mixed, Code.MIXED_SCRIPT),
    (lambda c: c.number_agrees and _DIFFERS in (c.given.agreement, c.family.agreement, c.birth.agreement), Code.IDENTIFIER_OF_ANOTHER),
    (_twin, Code.TWIN_OR_SIBLING),
    (lambda c: c.name_agrees and c.birth is LINES["birth_date"]["generation"], Code.GENERATION),
    (lambda c: not c.name_agrees, Code.NAME_DIFFERS),
    (lambda c: c.birth.agreement in (Agreement.MISSING, Agreement.HIDDEN), Code.DATE_MISSING),
    (lambda c: c.birth.agreement is not _AGREES, Code.DATE_DIFFERS),
    (lambda c: c.number_differs, Code.IDENTIFIER_DIFFERS),
    (lambda c: c.sex is not None and c.sex.agreement is _DIFFERS, Code.SEX_CONFLICT),
    (lambda c: c.middle is not None and c.middle.agreement is _DIFFERS and not c.number_agrees, Code.MIDDLE_NAME_DIFFERS),
    (lambda c: not (c.number_agrees or c.place_agrees), Code.NAME_AND_DATE_ONLY),
)
"""What stops a link, in the order in which it is told. A record that passes all of them is certain, unless a rival fits too."""


# -------------------------------------------------------------------------------------------------------------- fields

_GIVEN, _FAMILY, _BIRTH = LINES["given_name"], LINES["family_name"], LINES["birth_date"]


def _names(candidate: Candidate, ready: Asked) -> tuple[FieldComparison, FieldComparison, FieldComparison | None, bool]:
    """The best pairing of any name with any name or alias: given, family, middle, and whether alphabets are mixed in it."""
    if not candidate.names or not ready.names:
        way = "hidden" if candidate.restricted else "missing"
        return _GIVEN[way], _FAMILY[way], None, False
    best = ("missing", "missing", ready.names[0], ready.names[0])
    worth = -1
    for held in map(folded, candidate.names):
        for name in ready.names:
            given, family = _name_ways(name, held)
            now = _NAME_WORTH[given] + _NAME_WORTH[family]
            if now > worth:
                worth, best = now, (given, family, name, held)
            if now == _BEST_WORTH:
                break
    given, family, name, held = best
    return _GIVEN[given], _FAMILY[family], _middle(name, held), name.mixed or held.mixed


_NAME_WORTH = {"same": 4, "near": 2, "swapped": 2, "missing": 1, "differs": 0}
_BEST_WORTH = 8


def _name_ways(a: FoldedName, b: FoldedName) -> tuple[str, str]:
    if a.given and a.family and a.given == b.family and a.family == b.given and a.given != a.family:
        return "swapped", "swapped"
    return _given_way(a, b), _family_way(a, b)


def _given_way(a: FoldedName, b: FoldedName) -> str:
    if not a.given or not b.given:
        return "missing"
    if a.given == b.given or a.whole == b.whole:
        return "same"
    shorter, longer = sorted((a.given, b.given), key=len)
    if longer.startswith(shorter) and (len(shorter) >= SHORT_FORM_LETTERS or len(shorter) == 1):
        return "near"
    second = a.given in b.rest or b.given in a.rest
    return "near" if second or one_slip(a.given, b.given) else "differs"


def _family_way(a: FoldedName, b: FoldedName) -> str:
    if not a.family or not b.family:
        return "missing"
    if a.family == b.family:
        return "same"
    return "near" if a.parts & b.parts or one_slip(a.family, b.family) else "differs"


def _middle(a: FoldedName, b: FoldedName) -> FieldComparison | None:
    if not a.rest or not b.rest or a.whole == b.whole:
        return LINES["middle_name"]["same"] if a.rest and b.rest else None
    same = any(x == y or (min(len(x), len(y)) == 1 and x[0] == y[0]) or one_slip(x, y) for x in a.rest for y in b.rest)
    return LINES["middle_name"]["same" if same else "differs"]


_BIRTH_ORDER = ("same", "swapped", "one_part", "partial", "differs", "generation")


def _birth(held: Sequence[BirthDate], listed: Sequence[BirthDate], hidden: bool) -> FieldComparison:
    """The best pairing of any date with any date that the list gives."""
    if not held or not listed:
        return _BIRTH["hidden" if hidden and not held else "missing"]
    return _BIRTH[min((_date_way(a, b) for a in held for b in listed), key=_BIRTH_ORDER.index)]


def _date_way(a: BirthDate, b: BirthDate) -> str:
    if (a.year, a.month, a.day) == (b.year, b.month, b.day):
        return "same" if a.day and a.month else "partial"
    if abs(a.year - b.year) > GENERATION_YEARS:
        return "generation"
    if not (a.day and a.month and b.day and b.month):
        fits = a.year == b.year and (not a.month or not b.month or a.month == b.month)
        return "partial" if fits else "differs"
    if a.year == b.year and (a.month, a.day) == (b.day, b.month):
        return "swapped"
    return "one_part" if (a.year == b.year) + (a.month == b.month) + (a.day == b.day) == 2 else "differs"


def _sex(held: Sex | None, listed: Sex | None) -> FieldComparison | None:
    if held is None or listed is None or Sex.OTHER in (held, listed):
        return None
    return LINES["sex"]["same" if held is listed else "differs"]


def _nhs_number(candidate: Candidate, ready: Asked, hidden: bool) -> FieldComparison:
    held = candidate.nhs_number
    if held is None or not ready.nhs_number:
        return LINES["nhs_number"]["hidden" if hidden and held is None else "missing"]
    return LINES["nhs_number"]["same" if held.value == ready.nhs_number else "differs"]


def _own_number(held: Sequence[LocalIdentifier], listed: Sequence[LocalIdentifier]) -> FieldComparison | None:
    """Numbers of one scheme are compared with each other; None when no scheme is on both sides."""
    both = [(a.value, b.value) for a in held for b in listed if a.system == b.system]
    if not both:
        return None
    return LINES["agency_number"]["same" if any(a == b for a, b in both) else "differs"]


def _address(candidate: Candidate, ready: Asked, hidden: bool) -> FieldComparison:
    if not candidate.addresses:
        return LINES["address"]["hidden" if hidden else "missing"]
    homes = [h for a in candidate.addresses if (h := home(a))]
    uprns = [a.uprn for a in candidate.addresses if a.uprn]
    if not (homes or uprns) or not (ready.homes or ready.uprns):
        return LINES["address"]["missing"]
    if any(u in ready.uprns for u in uprns) or any(h in ready.homes for h in homes):
        return LINES["address"]["same"]
    same_street = {h.postcode for h in homes} & {h.postcode for h in ready.homes}
    return LINES["address"]["street" if same_street else "differs"]


def _phone(held: Sequence[Phone], listed: frozenset[str]) -> FieldComparison:
    numbers = _dialled(held) if held and listed else frozenset()
    if not numbers or not listed:
        return LINES["phone"]["missing"]
    return LINES["phone"]["same" if numbers & listed else "differs"]


def _dialled(phones: Iterable[Phone]) -> frozenset[str]:
    return frozenset(d for p in phones if (d := dialled(p.number)))


# ------------------------------------------------------------------------------------------- one record, one person


def claimed_twice(lookups: Iterable[Lookup], case_of: Mapping[SubjectId, CaseId]) -> frozenset[LookupId]:
    """Look-ups that are KNOWN as a record which another person of the same case is KNOWN as too."""
    holders: dict[tuple[str, str, CaseId], dict[SubjectId, LookupId]] = {}
    for lookup in lookups:
        if lookup.record and lookup.subject_id in case_of:
            key = (lookup.system, lookup.record.record_id, case_of[lookup.subject_id])
            holders.setdefault(key, {})[lookup.subject_id] = lookup.id
    return frozenset(id_ for held in holders.values() if len(held) > 1 for id_ in held.values())


def doubted(lookup: Lookup, code: Code) -> Lookup:
    """The look-up with nothing certain any more: a person must settle it."""
    graded = tuple(replace(g, certain=False, stopped_by=g.stopped_by or code) for g in lookup.graded)
    return replace(lookup, outcome=LookupOutcome.POSSIBLE, reason=code, graded=graded, decision=None)


def candidates_digest(graded: Iterable[GradedCandidate]) -> str:
    """What a decision is about: who the offered records say they are. Equal digests mean that nobody needs to be asked again."""
    whole = hashlib.sha256()
    for line in sorted("\x1f".join(_identity(g.candidate)) for g in graded):
        whole.update(line.encode() + b"\x1e")
    return whole.hexdigest()


def _identity(c: Candidate) -> Iterable[str]:
    yield c.record_id
    yield from ("\x1d".join((n.family, n.given, *n.middle)) for n in c.names)
    yield from (b.iso() for b in c.birth_dates)
    yield from (f"{i.system}\x1d{i.value}" for i in c.identifiers)
    yield f"{c.nhs_number.value if c.nhs_number else ''}|{c.sex or ''}|{c.restricted}|{c.deceased}|{c.superseded_by or ''}"
