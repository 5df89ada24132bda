"""What a person decided about a record lasts: over asking again, corrected lists and later ones, until the record or the person changes.

A "yes" makes the record theirs again only while the record says exactly the same of itself. A "no" takes it from what is asked only while
it also fits no better than it did then: somebody who has moved to the person's own home since is worth another look.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from gateway.domain.lookup import Candidate, GradedCandidate, Remembered
from gateway.policy.identity.persons import Described
from gateway.policy.identity.scoring import Score

BETTER_BITS = 3.0
"""So much more evidence than at the time of a "no" is another question."""


def who(asked: Described) -> bytes:
    """A digest of all that says who a person is: names, dates of birth, sex and numbers as they are compared, and, without an NHS number,
    their homes too, because namesakes share the rest. Empty for somebody of whom too little is said to be told from others."""
    if not asked.nhs and not (asked.names and asked.births):
        return b""
    parts = [*sorted("\x1d".join((*n.tokens, "", n.family)) for n in asked.names), *sorted(map(str, asked.births)), asked.sex, asked.nhs]
    parts += sorted(map("\x1d".join, asked.numbers))
    if not asked.nhs:
        parts += sorted(f"{h.postcode} {' '.join(h.numbers)} {h.street}" for h in asked.homes)
    return hashlib.sha256("\x1f".join(parts).encode()).digest()


def says(candidate: Candidate) -> bytes:
    """A digest of who a record says that it is; where they live is no part of it, so that a move asks nothing anew."""
    return hashlib.sha256("\x1f".join(_says(candidate)).encode()).digest()


def _says(c: Candidate) -> Iterable[str]:
    yield c.record_id
    yield from ("\x1d".join((n.family, n.given, *n.middle)) for n in c.names)
    yield from (b.iso() for b in c.birth_dates)
    yield from (f"{i.system}\x1d{i.value}" for i in c.identifiers)
    yield f"{c.nhs_number.value if c.nhs_number else ''}|{c.sex or ''}|{c.restricted}|{c.deceased}|{c.superseded_by or ''}"


def digest(graded: Iterable[GradedCandidate]) -> str:
    """What a decision was about: who the records that fit say they are. Equal digests mean that nobody needs to be asked again."""
    return hashlib.sha256(b"".join(sorted(says(g.candidate) for g in graded if g.evidence.fits))).hexdigest()


def is_theirs(kept: Remembered, candidate: Candidate) -> bool:
    """Whether the "yes" still holds."""
    return kept.same and kept.says == says(candidate)


def is_not_theirs(kept: Remembered, candidate: Candidate, score: Score) -> bool:
    """Whether the "no" still holds for a record that fits like this now."""
    return not kept.same and kept.says == says(candidate) and score.total - score.bars[-1] <= kept.fit + BETTER_BITS


def fits_better(before: Iterable[GradedCandidate], now: Iterable[GradedCandidate]) -> bool:
    """Whether any record fits clearly better than when it was decided on."""
    then = {g.candidate.record_id: g.evidence.fit for g in before}
    return any(g.evidence.fit > then.get(g.candidate.record_id, g.evidence.fit) + BETTER_BITS for g in now)
