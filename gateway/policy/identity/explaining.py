"""A score in words: bars that add up to it, the rule that stopped a link, and the next-best record beside it. No value of anybody is in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp2
from types import MappingProxyType

from gateway.policy.identity.comparing import FIELDS, LEVELS, MISSING
from gateway.policy.identity.deciding import Outcome, Ruled, Stop

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "given": "given name", "family": "family name", "middle": "middle name", "birth": "birth date", "sex": "recorded sex", "nhs": "NHS number",
        "number": "agency's own number", "address": "address", "phone": "telephone", "context": "other people of the case",
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
RULES: Mapping[Stop, str] = MappingProxyType(
    {
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


@dataclass(frozen=True, slots=True)
class Bar:
    """One line: what was compared, how it came out, and the bits that it adds or takes."""

    label: str
    sentence: str
    bits: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """``bars`` add up to ``total``. ``chance``: odds of the same person as a share, as far as the model can tell."""

    bars: tuple[Bar, ...]
    total: float
    outcome: Outcome
    stopped_by: str
    next_best: float | None

    @property
    def chance(self) -> float:
        """Between 0 and 1."""
        return 1.0 / (1.0 + exp2(-max(-60.0, min(60.0, self.total))))


def explained(best: Ruled, others: Sequence[Ruled] = ()) -> Waterfall:
    """The waterfall of one record; ``others`` are the person's other records, for the next-best one."""
    score = best.score
    prior, *fields, joint, kin = score.bars
    bars = [Bar("before comparing", "one record of all those asked among", prior)]
    bars += [Bar(LABELS[f], _sentence(f, level), bits) for f, level, bits in zip(FIELDS, score.levels, fields, strict=True) if level != MISSING]
    bars += [Bar("whole name", "commoner than its parts suggest", joint)] if joint else []
    bars += [Bar("relative or twin", "could be a relative, a twin or somebody of the same name", kin)]
    beside = [o.score.total for o in others if o.record != best.record]
    return Waterfall(tuple(bars), score.total, best.outcome, RULES[best.stop], max(beside, default=None))


def _sentence(field: str, level: int) -> str:
    return SENTENCES[field][level] if level < len(LEVELS[field]) else NOTHING_SAID


def text(waterfall: Waterfall) -> str:
    """As lines for a terminal."""
    lines = [f"{bar.label:<26}{bar.sentence:<58}{bar.bits:+8.1f}" for bar in waterfall.bars]
    verdict = waterfall.outcome.value.upper() + (f": {waterfall.stopped_by}" if waterfall.stopped_by else "")
    beside = "" if waterfall.next_best is None else f"; next best {waterfall.next_best:+.1f}"
    return "\n".join([*lines, f"{'total':<84}{waterfall.total:+8.1f}", f"{verdict} ({waterfall.chance:.2%}{beside})"])


_WIDE, _HIGH, _BITS = 460, 18, 5.0


def picture(waterfall: Waterfall) -> str:
    """As a small SVG for a page: bars from left to right of zero; the words are in the page's own table beside it."""
    middle, rows = _WIDE // 2, []
    for n, bar in enumerate(waterfall.bars):
        width = min(abs(bar.bits) * _BITS, middle)
        left = middle if bar.bits >= 0 else middle - width
        kind = "for" if bar.bits >= 0 else "against"
        rows.append(f'<rect class="{kind}" x="{left:.1f}" y="{n * _HIGH + 3}" width="{width:.1f}" height="{_HIGH - 6}"/>')
    high = len(waterfall.bars) * _HIGH
    axis = f'<line x1="{middle}" y1="0" x2="{middle}" y2="{high}"/>'
    return f'<svg viewBox="0 0 {_WIDE} {high}" role="img" aria-label="Bits for and against">{"".join(rows)}{axis}</svg>'
