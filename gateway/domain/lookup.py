"""What a record system was asked about a person, and what it answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from gateway.domain.case_list import Address, BirthDate, PersonName, Phone, Sex
from gateway.domain.errors import Code
from gateway.domain.identifiers import AgencyId, LocalIdentifier, LookupId, MaracId, NhsNumber, SubjectId, SystemKey, UserId
from gateway.domain.sealed import Sealed


class LookupOutcome(StrEnum):
    """The six states of one person at one agency. Every cell of a hit report is exactly one of them."""

    KNOWN = "KNOWN"
    POSSIBLE = "POSSIBLE"
    NOT_KNOWN = "NOT_KNOWN"
    NO_ANSWER = "NO_ANSWER"
    WITHHELD = "WITHHELD"
    NOT_ASKED = "NOT_ASKED"


class AnswerKind(StrEnum):
    """What kind of answer came, before anybody grades it.

    Only ``NOBODY``, or a complete list of ``CANDIDATES`` who are all plainly somebody else, may become NOT_KNOWN. ``TOO_MANY``, ``PROTECTED`` and ``MAYBE_HIDDEN`` become POSSIBLE (a person must look);
    ``FAILED`` becomes NO_ANSWER.
    """

    CANDIDATES = "candidates"
    NOBODY = "nobody"
    TOO_MANY = "too_many"
    PROTECTED = "protected"
    MAYBE_HIDDEN = "maybe_hidden"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, repr=False)
class Candidate(Sealed):
    """One record that a system offered. ``record_id`` is that system's own key for the record (FHIR logical id, MRN, nominal id).

    ``restricted``: the system hid part of the record (S-flag, need to know); what is missing then is hidden, not different.
    ``open_to_service``: None when the answer did not say.
    """

    record_id: str
    names: tuple[PersonName, ...] = ()
    birth_dates: tuple[BirthDate, ...] = ()
    sex: Sex | None = None
    nhs_number: NhsNumber | None = None
    identifiers: tuple[LocalIdentifier, ...] = ()
    addresses: tuple[Address, ...] = ()
    phones: tuple[Phone, ...] = ()
    restricted: bool = False
    open_to_service: bool | None = None
    deceased: bool = False
    superseded_by: str | None = None


def by_record(candidates: Iterable[Candidate]) -> dict[str, Candidate]:
    """Each record once, by its id, as it came last; but restricted if any copy of it was: what one copy hides, another may only have left out."""
    found: dict[str, Candidate] = {}
    for candidate in candidates:
        before = found.get(candidate.record_id)
        if before is None or candidate.restricted or not before.restricted:
            found[candidate.record_id] = candidate
    return found


@dataclass(frozen=True, slots=True, repr=False)
class Answer(Sealed):
    """A reply reduced to what matters. ``reason`` is a code from the closed list of its mapping (never text of the system)."""

    kind: AnswerKind
    candidates: tuple[Candidate, ...] = ()
    reason: str = ""

    @classmethod
    def failed(cls, reason: str) -> Answer:
        """The system could not be asked, or did not answer in a way that can be trusted."""
        return cls(AnswerKind.FAILED, (), reason)


class Agreement(StrEnum):
    """How one field of a candidate compares with the list."""

    AGREES = "agrees"
    NEAR = "near"
    DIFFERS = "differs"
    MISSING = "missing"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class FieldComparison:
    """One line of an explanation: which field, how it compares, and the sentence shown to people (no values in it)."""

    field: str
    agreement: Agreement
    sentence: str


class Bar(NamedTuple):
    """One part of a score: what was compared (a field of the model), how it came out (one of its levels), the bits that it adds or takes."""

    what: str
    level: str
    bits: float


@dataclass(frozen=True, slots=True, repr=False)
class Evidence(Sealed):
    """How one record compares with the person, as it is kept: nothing of either. The bars add up to the score, exactly, in bits.

    ``places`` says which records of one case share a home, and where that is cannot be told from it. ``next_best`` is the score of the
    best other record of the answer. ``fits``: worth a person's look by itself, whatever the rules made of it. ``sex_differs`` and ``mixed`` (letters of several alphabets) are what rules need beside the bars.
    """

    bars: tuple[Bar, ...] = ()
    sex_differs: bool = False
    mixed: bool = False
    places: tuple[int, ...] = ()
    next_best: float | None = None
    fits: bool = True

    @property
    def total(self) -> float:
        """The score."""
        return sum([bar.bits for bar in self.bars])

    @property
    def fit(self) -> float:
        """How much agrees: the score before relatives and twins take theirs off, which hides that more agrees than did."""
        return sum([bar.bits for bar in self.bars[:-1]])


@dataclass(frozen=True, slots=True, repr=False)
class GradedCandidate(Sealed):
    """A candidate with its evidence. ``certain`` means that the rules allow a link without a person.

    Records that fit too little are kept beside the others while the case may still say more about them; they are not ``offered``.
    """

    candidate: Candidate
    evidence: Evidence
    certain: bool
    stopped_by: str = ""
    """Code of the rule that stopped a link, "" if none."""

    @property
    def offered(self) -> bool:
        """Whether people see it and may choose it."""
        return self.stopped_by != Code.SOMEBODY_ELSE


@dataclass(frozen=True, slots=True, repr=False)
class GradedAnswer(Sealed):
    """What policy made of an answer: the outcome, the reason code, and the candidates best first."""

    outcome: LookupOutcome
    reason: str
    candidates: tuple[GradedCandidate, ...] = field(default=())


@dataclass(frozen=True, slots=True, repr=False)
class Decision(Sealed):
    """A person's word on a possible match. ``record_id`` None means "not the same person" for every candidate then offered.

    It lasts: ``candidates_digest`` says what was decided on, so that nobody is asked again unless the records change.
    """

    record_id: str | None
    decided_by: UserId
    decided_at: datetime
    note: str
    candidates_digest: str


@dataclass(frozen=True, slots=True, repr=False)
class LookupState(Sealed):
    """How far a question is: one person at one record system of one agency, without what came back.

    ``asked_at`` is when the question left, ``answered_at`` when the answer was read; both None for WITHHELD and NOT_ASKED.
    ``outcome`` is the graded state until somebody decides; after that the decision's: KNOWN or NOT_KNOWN. ``model`` is the version of the
    matching model that graded the answer, "" before there is one.
    """

    id: LookupId
    subject_id: SubjectId
    agency_id: AgencyId
    system: SystemKey
    outcome: LookupOutcome
    reason: str = ""
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    version: int = 1
    model: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Lookup(LookupState):
    """The whole of it: with the records that came back, and what somebody decided."""

    graded: tuple[GradedCandidate, ...] = ()
    decision: Decision | None = None

    @property
    def record(self) -> Candidate | None:
        """The record that is this person's: decided by a person, or the only certain candidate; else None."""
        if self.outcome is not LookupOutcome.KNOWN:
            return None
        if self.decision:
            return next((g.candidate for g in self.graded if g.candidate.record_id == self.decision.record_id), None)
        return next((g.candidate for g in self.graded if g.certain), None)

    @property
    def offered(self) -> tuple[GradedCandidate, ...]:
        """The records that a person may see and choose from, best first."""
        return tuple([g for g in self.graded if g.offered])

    @property
    def claim(self) -> str | None:
        """The record that is this person's, or fits best while nobody has settled it; no other person of the case may have it unasked."""
        if self.outcome is LookupOutcome.POSSIBLE and self.graded:
            return self.graded[0].candidate.record_id
        return self.record.record_id if self.record else None


@dataclass(frozen=True, slots=True, repr=False)
class Pairing(Sealed):
    """One person and one record of one system: what a decision is about, on whatever list of the Marac the person stands. Another Marac's
    answers would else tell that somebody had decided about the person before.

    ``who`` is a digest of everything by which the list says who the person is; somebody described otherwise is somebody else here.
    """

    marac_id: MaracId
    who: bytes
    system: SystemKey
    record_id: str


@dataclass(frozen=True, slots=True, repr=False)
class Remembered(Sealed):
    """What a person decided about a pairing. It holds while the record says the same of itself (``says``, a digest); a "no" also only
    while the record fits no better than it did then (``fit``)."""

    same: bool
    says: bytes
    fit: float
    decided_by: UserId
    decided_at: datetime
    note: str
