"""What the use cases need from outside, as Protocols. The store implements them on PostgreSQL; tests with hand-written fakes.

One ``Work`` is one transaction: state, audit event and outbox message are written through it, and all commit together or none.
Every write takes its audit event; a write without one cannot be expressed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from gateway.domain.actions import Action
from gateway.domain.agreements import SharingAgreement
from gateway.domain.calendar import BankHolidays
from gateway.domain.case_list import Case, CaseList, Role, RowProblem, Subject
from gateway.domain.events import AuditEvent
from gateway.domain.flags import Flag
from gateway.domain.identifiers import (
    ActionId,
    AgencyId,
    CaseId,
    CaseListId,
    FlagId,
    LookupId,
    MaracId,
    SubjectId,
    SystemKey,
    TaskId,
    UserId,
)
from gateway.domain.lookup import Lookup, LookupState, Pairing, Remembered
from gateway.domain.models import MatchingModel
from gateway.domain.proofs import HandCheck, Probe, WriteStop
from gateway.domain.releases import Release
from gateway.domain.tasks import PersonTask, TaskKind
from gateway.policy.identity.scoring import Scorer


@dataclass(frozen=True, slots=True)
class CaseListSummary:
    """A line of the list of lists: counts only."""

    id: CaseListId
    marac_id: MaracId
    meeting_date: date
    issue: int
    received_at: datetime
    cases: int
    people: int
    problems: int


@dataclass(frozen=True, slots=True)
class ListHead:
    """What a list is, without anybody on it."""

    marac_id: MaracId
    meeting_date: date


class CaseLists(Protocol):
    """Accepted lists. ``digest`` is the SHA-256 of the canonical content; the store keys it (HMAC) before it keeps or compares it,
    so that the same list sent again is recognised and nothing can be guessed from it.

    A corrected list is the next issue of the same list: ``add`` with the id of a list already there and ``issue`` one higher.
    Cases and subjects who were there before come with their old ids; those who are not in the new issue stay readable
    (``subjects``, ``case``) but are no longer current. ``get``, ``latest``, ``summaries`` and every ``of_list`` speak of the newest issue.
    """

    def add(self, case_list: CaseList, digest: bytes, problems: Sequence[RowProblem], audit: AuditEvent) -> None: ...

    def find_same(self, marac_id: MaracId, digest: bytes) -> CaseListId | None:
        """The list of which any issue had this content."""

    def is_newest(self, list_id: CaseListId, digest: bytes) -> bool:
        """Whether it is the newest issue of the list that had this content."""

    def get(self, list_id: CaseListId) -> CaseList: ...

    def head_of(self, subject_id: SubjectId) -> ListHead:
        """The list that the subject is or was on."""

    def problems(self, list_id: CaseListId) -> Sequence[RowProblem]: ...

    def latest(self, marac_id: MaracId, meeting_date: date) -> CaseList | None: ...

    def summaries(self, marac_ids: frozenset[MaracId]) -> Sequence[CaseListSummary]: ...

    def case(self, case_id: CaseId) -> Case: ...

    def subjects(self, ids: Sequence[SubjectId]) -> Mapping[SubjectId, Subject]: ...

    def roles_of(self, subject: Subject) -> frozenset[Role]:
        """Every role in which the same person stands in this or any earlier list, found by keyed hashes of NHS number and of
        name with date of birth."""

    def same_person(self, subject: Subject) -> frozenset[SubjectId]:
        """Every subject, in this or any earlier list and issue, whom the same keyed hashes name; the subject itself included."""

    def maracs_of(self, ids: Sequence[UUID]) -> Mapping[UUID, MaracId]:
        """The Marac of each list, case or subject with one of these ids, of any issue."""

    def is_current(self, subject_id: SubjectId) -> bool:
        """Whether the subject stands in the latest issue of their list."""


class Lookups(Protocol):
    """The cells of hit reports."""

    def add(self, lookups: Sequence[Lookup], audit: Sequence[AuditEvent]) -> None: ...

    def get(self, lookup_id: LookupId) -> Lookup: ...

    def many(self, ids: Sequence[LookupId]) -> Mapping[LookupId, Lookup]: ...

    def of_list(self, list_id: CaseListId) -> Sequence[Lookup]:
        """Of everybody in the newest issue."""

    def states(self, list_id: CaseListId, opened_for: AgencyId | None = None) -> Sequence[LookupState]:
        """The same, but of every agency's answers only those of ``opened_for`` are opened (they are ``Lookup``)."""

    def of_subjects(self, ids: Sequence[SubjectId]) -> Sequence[Lookup]: ...

    def known_as(self, records: Sequence[tuple[SystemKey, str]]) -> Sequence[Lookup]:
        """Look-ups of any list that are now KNOWN as one of these records (found by a keyed hash of system and record id)."""

    def hold(self, cases: Collection[CaseId]) -> None:
        """From here to the end of the transaction nobody else who holds them settles these cases."""

    def hanging(self, places: Sequence[tuple[CaseId, SystemKey]], records: Sequence[tuple[SystemKey, str]]) -> frozenset[tuple[CaseId, SystemKey]]:
        """The cases at systems where other current look-ups hang on the case, wait for more, or claim one of these records."""

    def of_cases_at(self, places: Sequence[tuple[CaseId, SystemKey]]) -> Mapping[tuple[CaseId, SystemKey], Sequence[Lookup]]:
        """Of the people now in each case, the look-ups at that system that were answered or decided."""

    def save(self, lookups: Sequence[Lookup], audit: Sequence[AuditEvent]) -> None:
        """Each lookup carries the version it was read at; raises ``Conflict(STALE_VERSION)`` if any moved on."""


class Decisions(Protocol):
    """What people decided about a person and a record, on whatever list: the newest word on each pairing."""

    def recall(self, pairings: Sequence[Pairing]) -> Mapping[Pairing, Remembered]: ...

    def remember(self, decided: Mapping[Pairing, Remembered]) -> None: ...


class Models(Protocol):
    """Matching models by version; the one approved last grades, and until then the one of the release."""

    def all(self) -> Sequence[MatchingModel]: ...

    def get(self, version: str) -> MatchingModel: ...

    def content(self, version: str) -> bytes: ...

    def add(self, model: MatchingModel, content: bytes, at: datetime, audit: AuditEvent) -> None: ...

    def approve(self, version: str, by: UserId, at: datetime, audit: AuditEvent) -> None: ...


class Flags(Protocol):
    """Alerts. ``add`` raises ``Conflict(FLAG_EXISTS)`` while another is live for the same record, role and agency, also in a race."""

    def add(self, flag: Flag, audit: AuditEvent) -> None: ...

    def get(self, flag_id: FlagId) -> Flag: ...

    def save(self, flag: Flag, audit: AuditEvent) -> None: ...

    def of_list(self, list_id: CaseListId) -> Sequence[Flag]: ...

    def of_agency(self, agency_id: AgencyId) -> Sequence[Flag]: ...

    def of_subjects(self, ids: Sequence[SubjectId]) -> Sequence[Flag]: ...

    def review_due(self, today: date) -> Sequence[Flag]: ...


class Actions(Protocol):
    """Actions and their answers."""

    def add(self, actions: Sequence[Action], audit: Sequence[AuditEvent]) -> None: ...

    def get(self, action_id: ActionId) -> Action: ...

    def by_reference(self, reference: str) -> Action:
        """Raises ``NotFound`` when no action has this reference."""

    def save(self, action: Action, audit: AuditEvent) -> None: ...

    def of_list(self, list_id: CaseListId) -> Sequence[Action]: ...

    def of_agency(self, agency_id: AgencyId) -> Sequence[Action]: ...

    def open_with(self, system: SystemKey) -> Sequence[Action]: ...


class Tasks(Protocol):
    """Tasks for people. One open task per kind and thing: opening it again changes nothing and returns the open one."""

    def open(self, task: PersonTask, audit: AuditEvent) -> PersonTask: ...

    def open_all(self, tasks: Sequence[PersonTask], audit: Sequence[AuditEvent]) -> None:
        """As ``open`` for many at once, in one statement; the audit event of a task already open is not recorded."""

    def get(self, task_id: TaskId) -> PersonTask: ...

    def close(self, task: PersonTask, audit: AuditEvent) -> None: ...

    def close_about(self, kind: TaskKind, about: str, audit: AuditEvent) -> None:
        """Closes the open task of this kind about this thing, if there is one; only then is the event recorded."""

    def last_closed(self, kind: TaskKind, about: str) -> PersonTask | None:
        """The task of this kind about this thing that was closed last."""

    def open_of(self, agency_id: AgencyId | None) -> Sequence[PersonTask]:
        """Open tasks of one agency, oldest first; None for all."""


class Proofs(Protocol):
    """What is known of each system's outputs: probes, the signatures of those who looked by hand, and the release last told."""

    def last(self, system: SystemKey) -> Probe | None: ...

    def add(self, probe: Probe, audit: AuditEvent) -> None: ...

    def begin(self, system: SystemKey, probe_id: UUID, audit: AuditEvent) -> None: ...

    def under_way(self, system: SystemKey) -> Sequence[tuple[UUID, datetime]]:
        """Probes that began and of which it is not known that they removed what they placed, with when each began."""

    def end(self, system: SystemKey, probe_ids: Sequence[UUID]) -> None: ...

    def checks(self, system: SystemKey) -> Sequence[HandCheck]: ...

    def check(self, check_id: UUID) -> HandCheck: ...

    def sign(self, check: HandCheck, audit: AuditEvent) -> None: ...

    def countersign(self, check: HandCheck, audit: AuditEvent) -> None: ...

    def release(self, system: SystemKey) -> str:
        """The release that the system last told of itself; "" where it never did."""

    def tell_release(self, system: SystemKey, release: str) -> None: ...


class Stops(Protocol):
    """Where writing is stopped. ``of`` answers for a system whether it alone or everything is."""

    def of(self, system: SystemKey) -> WriteStop | None: ...

    def only(self, system: SystemKey) -> WriteStop | None:
        """The stop under exactly this name."""

    def open(self) -> Sequence[WriteStop]: ...

    def add(self, stop: WriteStop, audit: AuditEvent) -> bool:
        """False when it was stopped already; then nothing changes."""

    def ask_restart(self, stop: WriteStop, audit: AuditEvent) -> None: ...

    def end(self, stop: WriteStop, ended_by: UserId, ended_at: datetime, audit: AuditEvent) -> None: ...


class Audit(Protocol):
    """The chained audit. Views are recorded before the data leaves."""

    def record(self, *events: AuditEvent) -> None: ...

    def about(self, thing: str) -> Sequence[tuple[datetime, AuditEvent]]: ...


class Outbox(Protocol):
    """Accepts releases and nothing else. ``order_key`` keeps messages about one thing in order; after ``not_after`` it is not sent."""

    def send(self, kind: str, release: Release, *, order_key: str = "", not_after: datetime | None = None) -> UUID: ...

    def withdraw(self, order_key: str) -> int:
        """Stop what has not left yet; returns how many."""

    def let_go(self, system: SystemKey, reason: str) -> int:
        """What was held for this reason may leave now, at one system or (``*``) at all; returns how many."""


class Inbox(Protocol):
    """Accepts what comes back, once per source and key."""

    def accept_once(self, source: str, key: str, content: bytes) -> str:
        """``new``, ``same`` (already accepted with this content) or ``different`` (accepted before with other content)."""


class AgreementBook(Protocol):
    """The agreements as configured, in force or not: policy judges the dates, so that an expired one withholds with its reason."""

    def of(self, agency_id: AgencyId) -> SharingAgreement | None: ...

    def all(self) -> Sequence[SharingAgreement]: ...


class HolidayBook(Protocol):
    """The bank holidays of a jurisdiction (``england-wales``, ``scotland``, ``northern-ireland``)."""

    def of(self, jurisdiction: str) -> BankHolidays: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Whose matter a thing is. ``marac_id`` is None for a task, ``agency_id`` for a list."""

    marac_id: MaracId | None
    agency_id: AgencyId | None


NOWHERE = Place(MaracId(""), None)
"""Where what is not there belongs: to a Marac of nobody, so that it is refused by the same line as what is somebody else's."""


class SignIns(Protocol):
    """Sessions of people who signed in."""

    def end_all_of(self, user_id: UserId) -> int:
        """Ends every session of a person; returns how many there were."""


class Work(Protocol):
    """One transaction with everything a use case touches. Time and ids come from here, so that runs can be repeated."""

    @property
    def case_lists(self) -> CaseLists: ...
    @property
    def lookups(self) -> Lookups: ...
    @property
    def decisions(self) -> Decisions: ...
    @property
    def models(self) -> Models: ...
    @property
    def scorer(self) -> Scorer:
        """The matching model in use."""

    @property
    def flags(self) -> Flags: ...
    @property
    def actions(self) -> Actions: ...
    @property
    def tasks(self) -> Tasks: ...
    @property
    def proofs(self) -> Proofs: ...
    @property
    def stops(self) -> Stops: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def sign_ins(self) -> SignIns: ...
    @property
    def agreements(self) -> AgreementBook: ...

    def now(self) -> datetime:
        """This moment, UTC, the same through one transaction."""

    def place_of(self, thing: UUID) -> Place:
        """Whose matter a list, look-up, alert, action or task is; ``NOWHERE`` for none of these. The same little work either way."""

    def new_id(self) -> UUID: ...
