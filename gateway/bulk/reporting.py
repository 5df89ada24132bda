"""What a training run did, for the person who approves the model: levels and weights, what changed, calibration, and pictures of both.

Nothing here names anybody: levels, bits, counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from gateway.bulk.training import Learned
from gateway.policy.identity.comparing import FIELDS, LEVELS
from gateway.policy.identity.model import NULLS

MOVED_BITS = 1.0
"""A level that moved by more than this is marked."""
_TITLES = {"weights": "Bits against a stranger, learned and before", "calibration": "Chances as worked out, and as numbers kept aside tell"}


def report(learned: Learned, files: Mapping[str, str]) -> str:
    """Markdown. ``files``: picture to the name of its file."""
    model, before = learned.model, learned.before
    lines = [f"# Model {model['version']}", "", f"Learned without labels from {learned.records} records; before it: {before.version}. Not in use until approved by name.", ""]
    lines += [f"- session on {s.pairs} pairs of {name}: {s.rounds} rounds, share of one person {s.shares[0]:.4f}" for name, s in learned.sessions.items()]
    lines += ["", f"![{_TITLES['weights']}]({files['weights']})", "", *_weights(learned)]
    moved = [f"{field} {level} ({old:+.1f} to {new:+.1f})" for field, level, old, new in _levels(learned) if abs(new - old) > MOVED_BITS]
    lines += ["", f"Moved by more than a bit, marked **: {', '.join(moved) or 'nothing'}.", *_names(learned)]
    lines += ["", "Calibration, pairs of one date of birth, NHS number kept aside:", "", f"![{_TITLES['calibration']}]({files['calibration']})", ""]
    lines += ["| chance | pairs | mean chance | numbers the same |", "|---|---|---|---|"]
    return "\n".join([*lines, *[f"| {c.band} | {c.pairs} | {c.chance:.3f} | {c.same:.3f} |" for c in learned.calibration], ""])


def _levels(learned: Learned) -> Iterator[tuple[str, str, float, float]]:
    """Field, level, bits against a stranger before and now."""
    for n, field in enumerate(FIELDS):
        for lv, level in enumerate(LEVELS[field]):
            yield field, level, learned.before.bits[0][n][lv], learned.model["fields"][field][level]["stranger"]


def _weights(learned: Learned) -> list[str]:
    head = " | ".join(f"bits against a {null} | before" for null in NULLS)
    lines = [f"| field | level | chance in a match | {head} |", "|---|---|---|" + "---|---|" * len(NULLS)]
    for n, field in enumerate(FIELDS):
        for lv, level in enumerate(LEVELS[field]):
            new = learned.model["fields"][field][level]
            bits = " | ".join(f"{new[null]:+.2f} | {learned.before.bits[m][n][lv]:+.2f}" for m, null in enumerate(NULLS))
            mark = " **" if abs(new["stranger"] - learned.before.bits[0][n][lv]) > MOVED_BITS else ""
            lines.append(f"| {field} | {level}{mark} | {new['chance']:.4f} | {bits} |")
    return lines


def _names(learned: Learned) -> list[str]:
    """How many names have a frequency of their own, before and now; which ones is nobody's business here."""
    names, before = learned.model["names"], learned.before
    return ["", "| names with a frequency of their own | now | before |", "|---|---|---|",
            *[f"| {kind} | {len(names[kind])} | {len(old)} |" for kind, old in (("given", before.given), ("family", before.family), ("joint", before.joint))]]  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------- pictures

_ROW, _LEFT, _SCALE, _MOST = 14, 170, 12.0, 18.0
_SIDE, _EDGE = 320, 40
_STYLE = "<style>text{font:11px sans-serif}.now{fill:#005eb8}.before{stroke:#d5281b;stroke-width:2}.axis{stroke:#4c6272}.fair{stroke:#4c6272;stroke-dasharray:4}</style>"


def pictures(learned: Learned) -> dict[str, str]:
    """SVG by name."""
    return {"weights": _weights_drawn(learned), "calibration": _calibration_drawn(learned)}


def _drawn(name: str, wide: float, high: float, parts: list[str]) -> str:
    title = escape(_TITLES[name])
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high:.0f}" role="img"><title>{title}</title>{_STYLE}{"".join(parts)}</svg>\n'


def _weights_drawn(learned: Learned) -> str:
    """A bar for each level as learned; a mark where it stood before."""
    zero = _LEFT + _MOST * _SCALE
    parts, top = [], 0
    for top, (field, level, old, new) in enumerate(_levels(learned)):
        y = top * _ROW + 2
        x = zero + min(0.0, new) * _SCALE
        mark = zero + old * _SCALE
        parts.append(f'<text x="2" y="{y + 10}">{escape(field)}: {escape(level.replace("_", " "))}</text>')
        parts.append(f'<rect class="now" x="{x:.1f}" y="{y}" width="{abs(new) * _SCALE:.1f}" height="{_ROW - 4}"/>')
        parts.append(f'<line class="before" x1="{mark:.1f}" x2="{mark:.1f}" y1="{y}" y2="{y + _ROW - 4}"/>')
    high = (top + 1) * _ROW + 4
    parts.append(f'<line class="axis" x1="{zero}" x2="{zero}" y1="0" y2="{high}"/>')
    return _drawn("weights", zero + _MOST * _SCALE, high, parts)


def _calibration_drawn(learned: Learned) -> str:
    """A point for each band; on the broken line, chances hold."""
    low, high = _EDGE, _EDGE + _SIDE
    parts = [
        f'<line class="axis" x1="{low}" x2="{high}" y1="{high}" y2="{high}"/><line class="axis" x1="{low}" x2="{low}" y1="{low}" y2="{high}"/>',
        f'<line class="fair" x1="{low}" x2="{high}" y1="{high}" y2="{low}"/>',
        f'<text x="{low}" y="{high + 16}">chance worked out, 0 to 1</text><text x="{low}" y="{low - 8}">share whose numbers are the same, 0 to 1</text>',
    ]
    for c in learned.calibration:
        x, y = low + c.chance * _SIDE, high - c.same * _SIDE
        parts.append(f'<circle class="now" cx="{x:.1f}" cy="{y:.1f}" r="5"/><text x="{x + 7:.1f}" y="{y + 4:.1f}">{c.pairs}</text>')
    return _drawn("calibration", high + 2 * _EDGE, high + _EDGE, parts)
