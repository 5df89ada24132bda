"""People and records as answers show them, to those who may see them."""

from __future__ import annotations

from gateway.api.schemas.base import Schema
from gateway.domain.case_list import BirthDate, Person, PersonName
from gateway.domain.lookup import Candidate, GradedCandidate
from gateway.policy.identity.explaining import comparisons, explained_again


class NameOut(Schema):
    """A name, as written."""

    family: str
    given: str
    middle: list[str]

    @classmethod
    def of(cls, name: PersonName) -> NameOut:
        """From the domain's value."""
        return cls(family=name.family, given=name.given, middle=list(name.middle))


class ComparisonOut(Schema):
    """One field of an explanation."""

    field: str
    agreement: str
    sentence: str


class BarOut(Schema):
    """One part of a score: what was compared, how it came out in words, and the bits that it adds or takes."""

    what: str
    label: str
    sentence: str
    bits: float


class ExplanationOut(Schema):
    """Why a record was linked, left to a person or left out. ``bars`` add up to ``score`` (bits: log2 of the odds).

    ``rule``: the rule that stopped a link, in words, or "". ``next_best``: the score of the best other record of the answer.
    """

    score: float
    verdict: str
    rule: str
    next_best: float | None
    bars: list[BarOut]

    @classmethod
    def of(cls, graded: GradedCandidate) -> ExplanationOut:
        """From what was kept with the answer."""
        told = explained_again(graded)
        bars = [BarOut(what=bar.what, label=bar.label, sentence=bar.sentence, bits=bar.bits) for bar in told.bars]
        return cls(score=told.total, verdict=told.outcome.value, rule=told.stopped_by, next_best=told.next_best, bars=bars)


class CandidateOut(Schema):
    """A record that was offered, with the comparison field by field."""

    record_id: str
    names: list[NameOut]
    birth_dates: list[str]
    sex: str | None
    restricted: bool
    open_to_service: bool | None
    certain: bool
    stopped_by: str
    comparisons: list[ComparisonOut]
    explanation: ExplanationOut

    @classmethod
    def of(cls, graded: GradedCandidate) -> CandidateOut:
        """From a graded candidate."""
        return cls(
            **record_of(graded.candidate), certain=graded.certain, stopped_by=graded.stopped_by,
            comparisons=[ComparisonOut(field=c.field, agreement=c.agreement, sentence=c.sentence) for c in comparisons(graded)],
            explanation=ExplanationOut.of(graded),
        )  # fmt: skip


def record_of(candidate: Candidate) -> dict[str, object]:
    return {
        "record_id": candidate.record_id,
        "names": [NameOut.of(n) for n in candidate.names],
        "birth_dates": [d.iso() for d in candidate.birth_dates],
        "sex": candidate.sex,
        "restricted": candidate.restricted,
        "open_to_service": candidate.open_to_service,
    }


class PersonOut(Schema):
    """A person as the list gives them."""

    names: list[NameOut]
    birth_dates: list[str]
    addresses: list[str]

    @classmethod
    def of(cls, person: Person) -> PersonOut:
        """Names, dates of birth and addresses only."""
        return cls(
            names=[NameOut.of(n) for n in person.names], birth_dates=[d.iso() for d in person.birth_dates],
            addresses=[", ".join((*a.lines, a.postcode or "")).strip(", ") for a in person.addresses],
        )  # fmt: skip


def iso(value: BirthDate | None) -> str | None:
    return value.iso() if value else None
