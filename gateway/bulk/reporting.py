"""What a model would change, for the person who approves it: levels and weights beside those before, calibration, and pictures of both.

Made from the model's own file, which carries how it was trained; so the report beside the file and the page of the gateway say the same, and the
digest that is approved covers both. Nothing here names anybody: levels, bits, counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from gateway.policy.identity.comparing import FIELDS, LEVELS
from gateway.policy.identity.model import NULLS, Model

MOVED_BITS = 1.0
"""A level that moved by more than this is marked."""
_TITLES = {"weights": "Bits against a stranger, now and before", "calibration": "Chances as worked out, and as numbers kept aside tell"}


@dataclass(frozen=True, slots=True)
class Calibration:
    """Pairs of a session whose chance, worked out without the NHS number, lies in one band: how many, the mean, the share whose numbers are the same."""

    band: str
    pairs: int
    chance: float
    same: float


@dataclass(frozen=True, slots=True)
class Taught:
    """One session of training: on how many pairs, how often it went over them, and the share of one person's among them."""

    name: str
    pairs: int
    rounds: int
    share: float


@dataclass(frozen=True, slots=True)
class Training:
    """How a model came about: records of the index, the version that it started from, sessions, calibration."""

    records: int
    before: str
    sessions: Sequence[Taught]
    calibration: Sequence[Calibration]

    def filed(self) -> dict[str, Any]:
        """As it stands in the model's file."""
        return asdict(self)


def training_in(raw: Mapping[str, Any]) -> Training | None:
    """From a model's file; None where it does not say, or not as we write it."""
    try:
        told = raw["training"]
        sessions = [Taught(str(s["name"]), int(s["pairs"]), int(s["rounds"]), float(s["share"])) for s in told["sessions"]]
        bands = [Calibration(str(c["band"]), int(c["pairs"]), float(c["chance"]), float(c["same"])) for c in told["calibration"]]
        return Training(int(told["records"]), str(told["before"]), sessions, bands)
    except (KeyError, TypeError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class Level:
    """One level of one field: its chance in a match, and by explanation its bits now and before."""

    field: str
    name: str
    chance: float
    bits: Sequence[tuple[float, float]]

    @property
    def moved(self) -> bool:
        """Against a stranger, by more than ``MOVED_BITS``."""
        now, before = self.bits[0]
        return abs(now - before) > MOVED_BITS


def levels(model: Model, before: Model) -> Iterator[Level]:
    """Every level, field by field."""
    for n, field in enumerate(FIELDS):
        for lv, name in enumerate(LEVELS[field]):
            yield Level(field, name, model.chances[field][name], [(model.bits[m][n][lv], before.bits[m][n][lv]) for m in range(len(NULLS))])


def names_counted(model: Model, before: Model) -> list[tuple[str, int, int]]:
    """How many names have a frequency of their own, now and before; which ones is nobody's business here."""
    pairs = (("given", model.given, before.given), ("family", model.family, before.family), ("joint", model.joint, before.joint))
    return [(kind, len(now), len(old)) for kind, now, old in pairs]


def report(model: Model, before: Model, training: Training, files: Mapping[str, str]) -> str:
    """Markdown. ``files``: picture to the name of its file."""
    lines = [f"# Model {model.version}", "", f"Learned without labels from {training.records} records; before it: {before.version}. Not in use until approved by name.", ""]
    lines += [f"- session on {s.pairs} pairs of {s.name}: {s.rounds} rounds, share of one person {s.share:.4f}" for s in training.sessions]
    lines += ["", f"![{_TITLES['weights']}]({files['weights']})", "", *_weights(model, before)]
    moved = [f"{one.field} {one.name} ({one.bits[0][1]:+.1f} to {one.bits[0][0]:+.1f})" for one in levels(model, before) if one.moved]
    lines += ["", f"Moved by more than a bit, marked **: {', '.join(moved) or 'nothing'}.", "", "| names with a frequency of their own | now | before |", "|---|---|---|"]
    lines += [f"| {kind} | {now} | {old} |" for kind, now, old in names_counted(model, before)]
    lines += ["", "Calibration, pairs of one date of birth, NHS number kept aside:", "", f"![{_TITLES['calibration']}]({files['calibration']})", ""]
    lines += ["| chance | pairs | mean chance | numbers the same |", "|---|---|---|---|"]
    return "\n".join([*lines, *[f"| {c.band} | {c.pairs} | {c.chance:.3f} | {c.same:.3f} |" for c in training.calibration], ""])


def _weights(model: Model, before: Model) -> list[str]:
    head = " | ".join(f"bits against a {null} | before" for null in NULLS)
    lines = [f"| field | level | chance in a match | {head} |", "|---|---|---|" + "---|---|" * len(NULLS)]
    for one in levels(model, before):
        bits = " | ".join(f"{now:+.2f} | {old:+.2f}" for now, old in one.bits)
        lines.append(f"| {one.field} | {one.name}{' **' if one.moved else ''} | {one.chance:.4f} | {bits} |")
    return lines


# ---------------------------------------------------------------------------------------------------------------- pictures

_ROW, _LEFT, _SCALE, _MOST = 14, 170, 12.0, 18.0
_SIDE, _EDGE = 320, 40
ALONE = "<style>text{font:11px sans-serif}.now{fill:#005eb8}.before{stroke:#d5281b;stroke-width:2}.axis{stroke:#4c6272}.fair{stroke:#4c6272;stroke-dasharray:4}</style>"
"""The look of a picture in a file of its own; a page brings its own stylesheet."""


def pictures(model: Model, before: Model, training: Training | None, style: str = ALONE) -> dict[str, str]:
    """SVG by name; no calibration where the file does not tell of its training."""
    drawn = {"weights": _weights_drawn(model, before, style)}
    return drawn | ({"calibration": _calibration_drawn(training.calibration, style)} if training else {})


def _drawn(name: str, wide: float, high: float, parts: list[str], style: str) -> str:
    title = escape(_TITLES[name])
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high:.0f}" role="img"><title>{title}</title>{style}{"".join(parts)}</svg>\n'


def _weights_drawn(model: Model, before: Model, style: str) -> str:
    """A bar for each level as it is now; a mark where it stood before."""
    zero = _LEFT + _MOST * _SCALE
    parts, top = [], 0
    for top, one in enumerate(levels(model, before)):
        new, old = one.bits[0]
        y = top * _ROW + 2
        x = zero + min(0.0, new) * _SCALE
        mark = zero + old * _SCALE
        parts.append(f'<text x="2" y="{y + 10}">{escape(one.field)}: {escape(one.name.replace("_", " "))}</text>')
        parts.append(f'<rect class="now" x="{x:.1f}" y="{y}" width="{abs(new) * _SCALE:.1f}" height="{_ROW - 4}"/>')
        parts.append(f'<line class="before" x1="{mark:.1f}" x2="{mark:.1f}" y1="{y}" y2="{y + _ROW - 4}"/>')
    high = (top + 1) * _ROW + 4
    parts.append(f'<line class="axis" x1="{zero}" x2="{zero}" y1="0" y2="{high}"/>')
    return _drawn("weights", zero + _MOST * _SCALE, high, parts, style)


def _calibration_drawn(bands: Sequence[Calibration], style: str) -> str:
    """A point for each band; on the broken line, chances hold."""
    low, high = _EDGE, _EDGE + _SIDE
    parts = [
        f'<line class="axis" x1="{low}" x2="{high}" y1="{high}" y2="{high}"/><line class="axis" x1="{low}" x2="{low}" y1="{low}" y2="{high}"/>',
        f'<line class="fair" x1="{low}" x2="{high}" y1="{high}" y2="{low}"/>',
        f'<text x="{low}" y="{high + 16}">chance worked out, 0 to 1</text><text x="{low}" y="{low - 8}">share whose numbers are the same, 0 to 1</text>',
    ]
    for c in bands:
        x, y = low + c.chance * _SIDE, high - c.same * _SIDE
        parts.append(f'<circle class="now" cx="{x:.1f}" cy="{y:.1f}" r="5"/><text x="{x + 7:.1f}" y="{y + 4:.1f}">{c.pairs}</text>')
    return _drawn("calibration", high + 2 * _EDGE, high + _EDGE, parts, style)
