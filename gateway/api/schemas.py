"""What the API takes and gives. Names, dates and records appear only in answers to those who may see them, never in an address."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gateway.domain.actions import Action
from gateway.domain.case_list import BirthDate, Person, PersonName, RowProblem
from gateway.domain.errors import CATALOGUE, Code
from gateway.domain.flags import Flag
from gateway.domain.lookup import Candidate, GradedCandidate, Lookup
from gateway.domain.reports import CellDetail, HitCell, HitReport, HitRow
from gateway.domain.tasks import PersonTask
from gateway.services import task_words
from gateway.services.flagging import FlagPreview
from gateway.services.hits import PossibleMatch
from gateway.services.intake import ListReceipt
from gateway.services.ports import CaseListSummary
from gateway.services.queue import DeadLetter, LaneSummary
from gateway.services.reconcile import Difference

Words = Annotated[str, Field(max_length=2000)]


class Schema(BaseModel):
    """Base: unknown fields are refused, and errors never show what was given."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)


class ProblemOut(BaseModel):
    """An error, by RFC 9457: ``type`` and ``code`` are stable, ``remedy`` says what to do. ``errors`` and ``problems`` say where."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    remedy: str = ""
    errors: list[PlaceOut] = []
    problems: list[ProblemRow] = []


class PlaceOut(Schema):
    """Where in a request, and what kind of fault."""

    at: str
    kind: str


class ProblemRow(Schema):
    """A problem in a file: where, which code, what to do. Never the value."""

    row: int
    column: str
    code: str
    severity: str
    title: str
    remedy: str

    @classmethod
    def of(cls, problem: RowProblem) -> ProblemRow:
        """With the catalogue's words."""
        text = CATALOGUE[Code(problem.code)]
        return cls(row=problem.row, column=problem.column, code=problem.code, severity=problem.severity, title=text.title, remedy=text.remedy)


class ReceiptOut(Schema):
    """What became of a list. ``repeated``: the same content had been received before and nothing was done."""

    list_id: UUID
    repeated: bool
    issue: int
    cases: int
    people: int
    held: int
    added: int
    changed: int
    withdrawn: int
    problems: list[ProblemRow]

    @classmethod
    def of(cls, receipt: ListReceipt) -> ReceiptOut:
        """From the use case's receipt."""
        changes = receipt.changes
        return cls(
            list_id=receipt.list_id, repeated=receipt.repeated, issue=receipt.issue, cases=receipt.cases, people=receipt.people,
            held=receipt.held, added=changes.added, changed=changes.changed, withdrawn=changes.withdrawn,
            problems=[ProblemRow.of(p) for p in receipt.problems],
        )  # fmt: skip


class ListOut(Schema):
    """A line of the list of lists."""

    list_id: UUID
    marac: str
    meeting_date: date
    issue: int
    received_at: datetime
    cases: int
    people: int
    problems: int

    @classmethod
    def of(cls, summary: CaseListSummary) -> ListOut:
        """From the store's summary."""
        return cls(
            list_id=summary.id, marac=summary.marac_id, meeting_date=summary.meeting_date, issue=summary.issue,
            received_at=summary.received_at, cases=summary.cases, people=summary.people, problems=summary.problems,
        )  # fmt: skip


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


class CandidateOut(Schema):
    """A record that was offered, with the comparison field by field."""

    record_id: str
    names: list[NameOut]
    birth_dates: list[str]
    sex: str | None
    addresses: list[str]
    restricted: bool
    open_to_service: bool | None
    certain: bool
    stopped_by: str
    comparisons: list[ComparisonOut]

    @classmethod
    def of(cls, graded: GradedCandidate) -> CandidateOut:
        """From a graded candidate."""
        return cls(
            **_record(graded.candidate), certain=graded.certain, stopped_by=graded.stopped_by,
            comparisons=[ComparisonOut(field=c.field, agreement=c.agreement, sentence=c.sentence) for c in graded.comparisons],
        )  # fmt: skip


def _record(candidate: Candidate) -> dict[str, object]:
    return {
        "record_id": candidate.record_id,
        "names": [NameOut.of(n) for n in candidate.names],
        "birth_dates": [d.iso() for d in candidate.birth_dates],
        "sex": candidate.sex,
        "addresses": [", ".join((*a.lines, a.postcode or "")).strip(", ") for a in candidate.addresses],
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


class DetailOut(Schema):
    """What one record system of the reader's own agency answered."""

    lookup_id: UUID
    system: str
    outcome: str
    reason: str
    record_id: str | None
    open_to_service: bool | None
    decided_by: str | None
    decided_at: datetime | None
    version: int
    candidates: list[CandidateOut]

    @classmethod
    def of(cls, detail: CellDetail) -> DetailOut:
        """From the report's detail."""
        return cls(
            lookup_id=detail.lookup_id, system=detail.system, outcome=detail.outcome, reason=detail.reason, record_id=detail.record_id,
            open_to_service=detail.open_to_service, decided_by=detail.decided_by, decided_at=detail.decided_at, version=detail.version,
            candidates=[CandidateOut.of(c) for c in detail.candidates],
        )  # fmt: skip


class CellOut(Schema):
    """One person at one agency: exactly one of the six states."""

    agency: str
    outcome: str
    reason: str
    asked_at: datetime | None
    answered_at: datetime | None
    details: list[DetailOut]

    @classmethod
    def of(cls, cell: HitCell) -> CellOut:
        """From the report's cell."""
        return cls(
            agency=cell.agency_id, outcome=cell.outcome, reason=cell.reason, asked_at=cell.asked_at, answered_at=cell.answered_at,
            details=[DetailOut.of(d) for d in cell.details],
        )  # fmt: skip


class RowOut(Schema):
    """One person of the list."""

    subject_id: UUID
    case_number: str
    role: str | None
    name: NameOut
    birth_date: str | None
    cells: list[CellOut]

    @classmethod
    def of(cls, row: HitRow) -> RowOut:
        """From the report's row."""
        return cls(
            subject_id=row.subject_id, case_number=row.case_number, role=row.role, name=NameOut.of(row.name),
            birth_date=_iso(row.birth_date), cells=[CellOut.of(c) for c in row.cells],
        )  # fmt: skip


class ReportOut(Schema):
    """A hit report as this reader may see it. ``states`` counts the cells in each state; they sum to people times agencies."""

    list_id: UUID
    marac: str
    meeting_date: date
    issue: int
    compiled_at: datetime
    complete: bool
    matching_version: str
    agencies: dict[str, str]
    states: dict[str, int]
    rows: list[RowOut]

    @classmethod
    def of(cls, report: HitReport) -> ReportOut:
        """From the compiled report."""
        return cls(
            list_id=report.list_id, marac=report.marac_id, meeting_date=report.meeting_date, issue=report.issue,
            compiled_at=report.compiled_at, complete=report.complete, matching_version=report.matching_version,
            agencies={a.id: a.name for a in report.agencies}, states={k.value: v for k, v in report.states.items()},
            rows=[RowOut.of(r) for r in report.rows],
        )  # fmt: skip


class PossibleOut(Schema):
    """A person beside the records that may be theirs."""

    lookup_id: UUID
    case_number: str
    person: PersonOut
    reason: str
    version: int
    candidates: list[CandidateOut]

    @classmethod
    def of(cls, match: PossibleMatch) -> PossibleOut:
        """From the work-list."""
        lookup = match.lookup
        return cls(
            lookup_id=lookup.id, case_number=match.case_number, person=PersonOut.of(match.subject.person), reason=lookup.reason,
            version=lookup.version, candidates=[CandidateOut.of(c) for c in lookup.graded],
        )  # fmt: skip


class DecisionIn(Schema):
    """``record_id`` of the record that is this person's, or null: none of those offered."""

    record_id: Annotated[str, Field(max_length=200)] | None
    note: Words = ""
    version: int


class AnswerIn(Schema):
    """What a representative found in their own system."""

    known: bool
    note: Words
    version: int


class OpenIn(Schema):
    """Whether the person is open to the agency's services."""

    open_to_service: bool
    note: Words = ""
    version: int


class LookupOut(Schema):
    """A look-up after a decision."""

    lookup_id: UUID
    outcome: str
    reason: str
    version: int

    @classmethod
    def of(cls, lookup: Lookup) -> LookupOut:
        """State only."""
        return cls(lookup_id=lookup.id, outcome=lookup.outcome, reason=lookup.reason, version=lookup.version)


class ProposalIn(Schema):
    """For whom, at which agency."""

    subject_id: UUID
    agency: Annotated[str, Field(max_length=100)]


class FlagOut(Schema):
    """An alert: its state, and the exact words."""

    flag_id: UUID
    subject_id: UUID
    agency: str
    system: str
    state: str
    text: str
    content_hash: str
    proposed_by: str
    approved_by: str | None
    review_on: date | None
    reason: str
    version: int

    @classmethod
    def of(cls, flag: Flag) -> FlagOut:
        """From the domain's value."""
        return cls(
            flag_id=flag.id, subject_id=flag.subject_id, agency=flag.agency_id, system=flag.system, state=flag.state, text=flag.text,
            content_hash=flag.content_hash, proposed_by=flag.proposed_by, approved_by=flag.approved_by, review_on=flag.review_on,
            reason=flag.reason, version=flag.version,
        )  # fmt: skip


class FindingOut(Schema):
    """A reason for the verdict, in words."""

    code: str
    title: str
    remedy: str


class PreviewOut(Schema):
    """What would be written and where, and why it may or may not be."""

    verdict: str
    findings: list[FindingOut]
    flag: FlagOut | None
    person: PersonOut
    record: dict[str, object] | None
    labels: list[str]

    @classmethod
    def of(cls, preview: FlagPreview) -> PreviewOut:
        """From the use case's preview."""
        found = [(code, CATALOGUE[code]) for code in preview.placement.findings]
        return cls(
            verdict=preview.placement.verdict, findings=[FindingOut(code=c, title=t.title, remedy=t.remedy) for c, t in found],
            flag=FlagOut.of(preview.flag) if preview.flag else None, person=PersonOut.of(preview.subject.person),
            record=_record(preview.record) if preview.record else None, labels=list(preview.labels),
        )  # fmt: skip


class ApprovalIn(Schema):
    """The approver repeats what was previewed, by its hash."""

    content_hash: Annotated[str, Field(min_length=64, max_length=64)]
    version: int


class ReasonIn(Schema):
    """Why."""

    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    version: int = 0


class RenewalIn(Schema):
    """The date that the alert's time counts from anew (last referral or last meeting: the area's own rule)."""

    basis_date: date


class ActionIn(Schema):
    """An action set at the meeting. Without ``due_on``: by the end of the meeting's week."""

    case_number: Annotated[str, Field(max_length=100)]
    agency: Annotated[str, Field(max_length=100)]
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    owner: Annotated[str, Field(max_length=200)] = ""
    due_on: date | None = None


class ActionOut(Schema):
    """An action and its state."""

    action_id: UUID
    reference: str
    agency: str
    text: str
    owner: str
    due_on: date
    state: str
    detail: str
    closed_at: datetime | None
    version: int

    @classmethod
    def of(cls, action: Action) -> ActionOut:
        """From the domain's value."""
        return cls(
            action_id=action.id, reference=action.reference, agency=action.agency_id, text=action.text, owner=action.owner,
            due_on=action.due_on, state=action.state, detail=action.detail, closed_at=action.closed_at, version=action.version,
        )  # fmt: skip


class CompletionIn(Schema):
    """How an action ended. ``not_possible``: circumstances changed; it is kept apart from ``not_done``."""

    outcome: Literal["completed", "not_possible", "not_done"]
    detail: Annotated[str, Field(min_length=1, max_length=4000)]
    version: int


class FileRowOut(Schema):
    """What became of one row of a file."""

    row: int
    result: str


class FileOut(Schema):
    """What became of a file of actions or completions."""

    accepted: int
    rows: list[FileRowOut]
    problems: list[ProblemRow]


class TaskOut(Schema):
    """A task for a person, in plain words. ``about`` is the opaque id of the thing concerned."""

    task_id: UUID
    agency: str
    kind: str
    title: str
    what: str
    to_do: str
    words: str
    about: str
    reason: str
    opened_at: datetime
    version: int

    @classmethod
    def of(cls, task: PersonTask) -> TaskOut:
        """With the words for its kind."""
        said = task_words.words_for(task.kind)
        return cls(
            task_id=task.id, agency=task.agency_id, kind=task.kind, title=said.title, what=said.what, to_do=said.to_do,
            words=task.words, about=task.about, reason=task.reason, opened_at=task.opened_at, version=task.version,
        )  # fmt: skip


class ReceiptIn(Schema):
    """What was done. For an alert placed or removed by hand, ``done`` says whether it now is as the task asked."""

    receipt: Annotated[str, Field(min_length=1, max_length=2000)]
    done: bool = True
    version: int


class LaneOut(Schema):
    """One destination of the queue."""

    lane: str
    waiting: int
    overdue: int
    dead: int
    paused: bool
    oldest: datetime | None

    @classmethod
    def of(cls, lane: LaneSummary) -> LaneOut:
        """From the queue's summary."""
        return cls(lane=lane.lane, waiting=lane.waiting, overdue=lane.overdue, dead=lane.dead, paused=lane.paused, oldest=lane.oldest)


class LaneIn(Schema):
    """Which destination."""

    lane: Annotated[str, Field(max_length=200)]


class DeadOut(Schema):
    """A message that waits for a person; opaque ids and codes only."""

    message_id: UUID
    lane: str
    kind: str
    reason: str
    attempts: int
    created_at: datetime

    @classmethod
    def of(cls, letter: DeadLetter) -> DeadOut:
        """From the queue."""
        return cls(
            message_id=letter.message_id, lane=letter.lane, kind=letter.kind, reason=letter.reason, attempts=letter.attempts,
            created_at=letter.created_at,
        )  # fmt: skip


class ReplayOut(Schema):
    """``stopped_by`` is "" when the message was sent again."""

    stopped_by: str


class DifferenceOut(Schema):
    """One row of a reconciliation."""

    agency: str
    kind: str
    about: UUID
    expected: str
    observed: str
    agrees: bool
    reason: str

    @classmethod
    def of(cls, row: Difference) -> DifferenceOut:
        """From the comparison."""
        return cls(
            agency=row.agency_id, kind=row.kind, about=row.about, expected=row.expected, observed=row.observed, agrees=row.agrees,
            reason=row.reason,
        )  # fmt: skip


class AuditIn(Schema):
    """Which opaque id."""

    about: Annotated[str, Field(min_length=1, max_length=100)]


class EventOut(Schema):
    """An entry of the audit."""

    at: datetime
    kind: str
    actor: str
    about: str
    agency: str | None
    facts: dict[str, str | int | bool]


class StartedOut(Schema):
    """How many questions were sent."""

    started: int


def _iso(value: BirthDate | None) -> str | None:
    return value.iso() if value else None
