"""A score in words: bars that add up to it, the rule that stopped a link, and the next-best record beside it. No value of anybody is in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate, pairwise
from math import exp2
from types import MappingProxyType

from gateway.domain.errors import CATALOGUE, Code
from gateway.domain.lookup import Agreement, Bar, Evidence, FieldComparison, GradedCandidate
from gateway.policy.identity.comparing import FIELDS, LEVELS
from gateway.policy.identity.deciding import Outcome, Ruled, Stop
from gateway.policy.identity.scoring import BEFORE, RELATIVE, WHOLE_NAME, evidence

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "given": "given name", "family": "family name", "middle": "middle name", "birth": "birth date", "sex": "recorded sex", "nhs": "NHS number",
        "number": "agency's own number", "address": "address", "phone": "telephone", "context": "other people of the case",
        BEFORE: "before comparing", WHOLE_NAME: "whole name", RELATIVE: "relative or twin",
    }
)  # fmt: skip
SENTENCES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "given": ("same", "stands where the family name should", "short form or other spelling of it", "a keystroke apart, or sounds alike", "one of several given names is the same", "only the initial agrees", "different"),
        "family": ("same", "stands where the given name should", "a keystroke apart, or sounds alike", "one part of it is the same", "different"),
        "middle": ("same", "the initial agrees", "different"),
        "birth": ("same", "same, the first of January, which is often a stand-in", "day and month swapped", "one digit apart", "day or month differs", "agrees as far as it is known", "same day, ten or twenty years apart", "different", "different generation"),
        "sex": ("same", "different"),
        "nhs": ("same", "one digit apart, so one of them is mistyped", "different"),
        "number": ("same", "one digit apart", "different"),
        "address": ("same house", "same house as a previous address", "same house, written differently", "same postcode, house not known", "another house of the same postcode", "same district", "different"),
        "phone": ("same", "different"),
        "context": ("another person of the case is held at the same home",),
    }
)  # fmt: skip
"""Field to a sentence for each of its levels, in their order."""
NOTHING_SAID = "nothing to compare"
_BESIDE_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        BEFORE: "one record of all those asked among",
        WHOLE_NAME: "commoner than its parts suggest",
        RELATIVE: "could be a relative, a twin or somebody of the same name",
    }
)
VERDICTS: Mapping[Outcome, str] = MappingProxyType(
    {Outcome.LINK: "May be linked without a person", Outcome.REVIEW: "A person must look", Outcome.NO: "Taken for somebody else"}
)
CODES: Mapping[str, str] = MappingProxyType(
    {
        "given": "given_name", "family": "family_name", "middle": "middle_name", "birth": "birth_date", "sex": "sex", "nhs": "nhs_number",
        "number": "agency_number", "address": "address", "phone": "phone", "context": "case",
    }
)  # fmt: skip
"""Fields as programs know them; they do not change with the model."""
_SELDOM = frozenset({"middle", "sex", "number", "context"})
"""Fields that are not missed where one side says nothing of them."""
_STILL_THE_SAME: Mapping[str, int] = MappingProxyType({"given": 2, "birth": 1, "address": 1})
"""The last level of a field that is shown as agreeing; else only the first is."""
_LEVEL: Mapping[tuple[str, str], int] = MappingProxyType({(f, name): number for f, names in LEVELS.items() for number, name in enumerate(names)})
RULES: Mapping[Stop, str] = MappingProxyType(
    {
        Stop.UNSETTLED: "the answer hid something",
        Stop.SUPERSEDED: "the record was merged into another",
        Stop.DECEASED: "the record says that the person has died",
        Stop.RESTRICTED: "the record is restricted, so part of it is hidden",
        Stop.MIXED_SCRIPT: "a name is written in another alphabet",
        Stop.IDENTIFIER_OF_ANOTHER: "the number is the same, but name or birth date are somebody else's",
        Stop.TWIN_OR_SIBLING: "could be a twin, brother or sister",
        Stop.GENERATION: "could be a parent or child of the same name",
        Stop.IDENTIFIER_DIFFERS: "a number is somebody else's",
        Stop.SEX_CONFLICT: "the recorded sex differs",
        Stop.MIDDLE_NAME_DIFFERS: "the middle names differ",
        Stop.NAME_DIFFERS: "the name does not agree well enough",
        Stop.DATE_MISSING: "there is no birth date to compare",
        Stop.DATE_DIFFERS: "the birth date does not agree well enough",
        Stop.NAME_AND_DATE_ONLY: "only name and birth date agree; others share those",
        Stop.CLAIMED_TWICE: "the record also fits another person of the case",
        Stop.RIVAL: "another record fits nearly as well",
        Stop.DUPLICATE: "seems to be a second record of the same person",
        Stop.TOO_WEAK: "too little agrees",
        Stop.NONE: "",
    }
)
CODE_OF: Mapping[Stop, Code] = MappingProxyType(
    {stop: Code(stop.value) for stop in Stop if stop.value in Code.__members__}
    | {Stop.DUPLICATE: Code.SECOND_RECORD, Stop.TOO_WEAK: Code.TOO_LITTLE_AGREES}
)
"""Each rule's code in a hit report; an answer that hid something has one of its own."""
_RULE_OF_CODE = {str(code): RULES[stop] for stop, code in CODE_OF.items()}


@dataclass(frozen=True, slots=True)
class Line:
    """One bar in words: what was compared, how it came out, how that counts, and the bits that it adds or takes."""

    what: str
    label: str
    sentence: str
    agreement: Agreement | None
    bits: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """``bars`` add up to ``total``, in bits: log2 of the odds of the same person, as far as the model can tell."""

    bars: tuple[Line, ...]
    total: float
    outcome: Outcome
    stopped_by: str
    next_best: float | None

    @property
    def odds(self) -> str:
        """The total in words. Never a percentage: "100.0 %" beside a record that a person must look at would be read as certain."""
        if abs(self.total) < 1:
            return "about even odds"
        side = "for" if self.total > 0 else "against"
        return f"odds of {'over 1,000' if abs(self.total) >= 10 else f'about {exp2(abs(self.total)):.0f}'} to 1 {side}"

    @property
    def verdict(self) -> str:
        """What becomes of the record, and why, in a sentence."""
        return f"{VERDICTS[self.outcome]}: {self.stopped_by}" if self.stopped_by else VERDICTS[self.outcome]


def explained(best: Ruled, others: Sequence[Ruled] = ()) -> Waterfall:
    """The waterfall of one record as it was ruled on; ``others`` are the person's other records, for the next-best one."""
    beside = [o.score.total for o in others if o.record != best.record]
    return _waterfall(evidence(best.score, next_best=max(beside, default=None)), best.outcome, RULES[best.stop])


def explained_again(kept: GradedCandidate) -> Waterfall:
    """The same from what was kept with the answer."""
    outcome = Outcome.LINK if kept.certain else Outcome.REVIEW if kept.offered else Outcome.NO
    return _waterfall(kept.evidence, outcome, rule(kept.stopped_by))


def rule(code: str) -> str:
    """The words for what stopped a link, by its code in a hit report."""
    if code in _RULE_OF_CODE:
        return _RULE_OF_CODE[code]
    return CATALOGUE[Code(code)].title if code in Code.__members__ else code


def _waterfall(kept: Evidence, outcome: Outcome, stopped_by: str) -> Waterfall:
    return Waterfall(tuple(map(_line, kept.bars)), kept.total, outcome, stopped_by, kept.next_best)


def _line(bar: Bar) -> Line:
    label = LABELS.get(bar.what, bar.what)
    level = _LEVEL.get((bar.what, bar.level))
    if level is None:
        return Line(bar.what, label, _BESIDE_FIELDS.get(bar.what, bar.level), None, bar.bits)
    return Line(bar.what, label, SENTENCES[bar.what][level], _agreement(bar.what, level), bar.bits)


# ------------------------------------------------------------------------------------------------------ field by field


def comparisons(kept: GradedCandidate) -> tuple[FieldComparison, ...]:
    """A line for each field about which both sides say something, and for those that people ask for where one side says nothing."""
    told = {bar.what: bar for bar in kept.evidence.bars}
    silent = Agreement.HIDDEN if kept.candidate.restricted else Agreement.MISSING
    lines = [_compared(f, told.get(f), silent) for f in FIELDS]
    return tuple([line for line in lines if line is not None])


def _compared(field: str, bar: Bar | None, silent: Agreement) -> FieldComparison | None:
    if bar is None:
        return None if field in _SELDOM else FieldComparison(CODES[field], silent, NOTHING_SAID)
    level = _LEVEL.get((field, bar.level))
    if level is None:
        return FieldComparison(CODES[field], Agreement.NEAR, bar.level)
    return FieldComparison(CODES[field], _agreement(field, level), SENTENCES[field][level])


def _agreement(field: str, level: int) -> Agreement:
    if level <= _STILL_THE_SAME.get(field, 0):
        return Agreement.AGREES
    apart = len(LEVELS[field]) - (2 if field in ("birth", "address") else 1)
    return Agreement.DIFFERS if level >= apart else Agreement.NEAR


# ----------------------------------------------------------------------------------------------------- text and picture


def text(waterfall: Waterfall) -> str:
    """As lines for a terminal."""
    lines = [f"{line.label:<26}{line.sentence:<58}{line.bits:+8.1f}" for line in waterfall.bars]
    beside = "" if waterfall.next_best is None else f"; next best {waterfall.next_best:+.1f}"
    verdict = waterfall.outcome.value.upper() + (f": {waterfall.stopped_by}" if waterfall.stopped_by else "")
    return "\n".join([*lines, f"{'total':<84}{waterfall.total:+8.1f}", f"{verdict} ({waterfall.odds}{beside})"])


_ROW, _WORDS, _DRAWN, _FIGURES = 20, 170, 300, 60
"""Of the picture: the height of a row, and the widths of its three columns."""


def picture(waterfall: Waterfall, name: str = "waterfall") -> str:
    """As a small SVG for a page: each bar begins where the one before it ended. The words are in the table beside it.

    ``name`` is unique in the page. Bars that speak for are drawn filled, those against hollow, so that colour is not the only sign.
    """
    ends = [0.0, *accumulate(line.bits for line in waterfall.bars)]
    low, high = min(*ends, 0.0), max(*ends, 0.0)
    per_bit = _DRAWN / (high - low or 1.0)
    rows = [
        _row(n, line.label, line.bits, _WORDS + (min(a, b) - low) * per_bit, abs(line.bits) * per_bit)
        for n, (line, (a, b)) in enumerate(zip(waterfall.bars, pairwise(ends), strict=True))
    ]
    total = waterfall.total
    rows.append(_row(len(rows), "total", total, _WORDS + (min(total, 0.0) - low) * per_bit, abs(total) * per_bit, "total"))
    tall, zero = len(rows) * _ROW, _WORDS - low * per_bit
    told = f"{len(waterfall.bars)} bars add up to {total:+.1f} bits. {waterfall.verdict}."
    return (
        f'<svg class="waterfall" viewBox="0 0 {_WORDS + _DRAWN + _FIGURES} {tall}" role="img" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">What speaks for and against this record</title><desc id="{name}-d">{escape(told)}</desc>'
        f'<line class="zero" x1="{zero:.1f}" y1="0" x2="{zero:.1f}" y2="{tall}"/>{"".join(rows)}</svg>'
    )


def _row(n: int, label: str, bits: float, left: float, width: float, kind: str = "") -> str:
    kind = kind or ("for" if bits >= 0 else "against")
    line = n * _ROW + 14
    return (
        f'<text x="0" y="{line}">{escape(label)}</text><rect class="{kind}" x="{left:.1f}" y="{n * _ROW + 4}" width="{max(width, 0.5):.1f}" '
        f'height="{_ROW - 8}"/><text class="bits" x="{_WORDS + _DRAWN + _FIGURES}" y="{line}">{bits:+.1f}</text>'
    )
