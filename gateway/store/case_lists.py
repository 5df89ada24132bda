"""Case lists: every issue kept as it came, and for each case and person the latest issue that holds them.

A corrected list keeps the ids of whoever stayed; whoever a later issue no longer holds is marked as withdrawn, never removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NoReturn

import msgspec
from sqlalchemy import Connection, Row, Select, select, text
from sqlalchemy.dialects.postgresql import insert

from gateway.domain.case_list import Case, CaseList, Person, Role, RowProblem, Subject
from gateway.domain.errors import Code, Conflict, NotFound
from gateway.domain.events import AuditEvent
from gateway.domain.identifiers import CaseId, CaseListId, MaracId, SubjectId
from gateway.services.ports import CaseListSummary
from gateway.store import tables as t
from gateway.store.audit import SqlAudit
from gateway.store.batches import copy_in
from gateway.store.crypto import Vault
from gateway.store.person_keys import person_keys
from gateway.store.sealed_column import SealedColumn

ROLES = (Role.VICTIM, Role.PERPETRATOR, Role.CHILD, Role.OTHER)
"""Roles are sealed as their place here: one byte each, so that the length of a sealed value says nothing. Only ever added to."""


class CaseWords(msgspec.Struct, array_like=True):
    """What a list says of a case, apart from its people."""

    number: str
    referral_date: date | None
    repeat: bool | None
    notes: str


class SubjectWords(msgspec.Struct, array_like=True):
    """What a list says of a person."""

    role: int
    person: Person


CASE = SealedColumn("case_entries.sealed", CaseWords)
SUBJECT = SealedColumn("subject_entries.sealed", SubjectWords, at_least=512)

_ONE_INTAKE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('case_lists:' || :marac_id, 0))")
_KEEP_CASES = text("""
    INSERT INTO cases (id, list_id) SELECT unnest(CAST(:ids AS uuid[])), :list_id
    ON CONFLICT (id) DO UPDATE SET list_id = excluded.list_id
""")
_KEEP_SUBJECTS = text("""
    INSERT INTO subjects (id, case_id, list_id)
    SELECT s.id, s.case_id, :list_id FROM unnest(CAST(:ids AS uuid[]), CAST(:cases AS uuid[])) AS s (id, case_id)
    ON CONFLICT (id) DO UPDATE SET list_id = excluded.list_id, case_id = excluded.case_id, withdrawn_at = NULL
""")
_WITHDRAW_OTHERS = text("""
    UPDATE subjects s SET withdrawn_at = :at FROM case_lists l
    WHERE s.list_id = l.id AND l.marac_id = :marac_id AND l.meeting_date = :meeting_date AND l.id <> :list_id AND s.withdrawn_at IS NULL
""")
_SAME_PERSON = text("""
    SELECT DISTINCT e.list_id, e.subject_id, e.sealed
    FROM person_keys k
    JOIN case_lists l ON l.id = k.list_id
    JOIN subject_entries e ON e.list_id = k.list_id AND e.subject_id = k.subject_id
    WHERE k.key = ANY(:keys) AND l.marac_id = :marac_id
""")


class SqlCaseLists:
    """Implements ``services.ports.CaseLists``."""

    def __init__(self, connection: Connection, vault: Vault, audit: SqlAudit) -> None:
        self._connection, self._vault, self._audit = connection, vault, audit

    def add(self, case_list: CaseList, digest: bytes, problems: Sequence[RowProblem], audit: AuditEvent) -> None:
        """Raises ``Conflict(STALE_VERSION)`` when the meeting has a list with this issue number already."""
        self._add_list(case_list, digest, len(problems))
        columns = ("list_id", "position", "row", "column", "code", "severity")
        rows = ((case_list.id, place, p.row, p.column, p.code, p.severity) for place, p in enumerate(problems))
        copy_in(self._connection, t.row_problems, columns, rows)
        self._add_cases(case_list)
        self._add_subjects(case_list)
        self._audit.record(audit)

    def find_same(self, marac_id: MaracId, digest: bytes) -> CaseListId | None:
        """The newest list of this Marac with this content. From here to the end of the transaction no other list of the Marac is taken in,
        so that the same file sent twice at once is one list."""
        self._connection.execute(_ONE_INTAKE_AT_A_TIME, {"marac_id": marac_id})
        same = select(t.case_lists.c.id).where(t.case_lists.c.marac_id == marac_id, t.case_lists.c.digest == self._key(digest))
        found = self._connection.execute(same.order_by(t.case_lists.c.received_at.desc()).limit(1)).scalar()
        return CaseListId(found) if found else None

    def get(self, list_id: CaseListId) -> CaseList:
        """One issue as it came. Raises ``NotFound``."""
        return self._whole(select(t.case_lists).where(t.case_lists.c.id == list_id)) or _absent()

    def latest(self, marac_id: MaracId, meeting_date: date) -> CaseList | None:
        """The newest issue for a meeting."""
        lists = select(t.case_lists).where(t.case_lists.c.marac_id == marac_id, t.case_lists.c.meeting_date == meeting_date)
        return self._whole(lists.order_by(t.case_lists.c.issue.desc()).limit(1))

    def problems(self, list_id: CaseListId) -> Sequence[RowProblem]:
        """In the order in which they were found."""
        found = select(t.row_problems).where(t.row_problems.c.list_id == list_id).order_by(t.row_problems.c.position)
        return [RowProblem(r.row, r.column, r.code, r.severity) for r in self._connection.execute(found)]

    def summaries(self, marac_ids: frozenset[MaracId]) -> Sequence[CaseListSummary]:
        """Newest meeting first, newest issue first."""
        lists = t.case_lists.c
        found = select(t.case_lists).where(lists.marac_id.in_(marac_ids)).order_by(lists.meeting_date.desc(), lists.issue.desc())
        return [_summary(row) for row in self._connection.execute(found)]

    def case(self, case_id: CaseId) -> Case:
        """As the latest issue that holds it says. Raises ``NotFound``."""
        list_id = self._connection.execute(select(t.cases.c.list_id).where(t.cases.c.id == case_id)).scalar() or _absent()
        return self._cases(list_id, t.case_entries.c.case_id == case_id, t.subject_entries.c.case_id == case_id)[0]

    def subjects(self, ids: Sequence[SubjectId]) -> Mapping[SubjectId, Subject]:
        """As the latest issue that holds each says; ids that are not there are left out."""
        latest = (t.subjects.c.id == t.subject_entries.c.subject_id) & (t.subjects.c.list_id == t.subject_entries.c.list_id)
        found = select(t.subject_entries).join(t.subjects, latest).where(t.subjects.c.id == text("ANY(:ids)"))
        rows = self._connection.execute(found, {"ids": list(ids)})
        return {SubjectId(row.subject_id): self._subject(row) for row in rows}

    def roles_of(self, subject: Subject) -> frozenset[Role]:
        """Every role of the same person in any list of the same Marac, their own included. Raises ``NotFound`` before the list is added."""
        marac = select(t.case_lists.c.marac_id).join(t.cases, t.cases.c.list_id == t.case_lists.c.id).where(t.cases.c.id == subject.case_id)
        marac_id = self._connection.execute(marac).scalar() or _absent()
        keys = list(person_keys(self._vault, subject.person))
        rows = self._connection.execute(_SAME_PERSON, {"keys": keys, "marac_id": marac_id}) if keys else ()
        return frozenset({subject.role, *(self._subject_words(row)[0] for row in rows)})

    def is_current(self, subject_id: SubjectId) -> bool:
        """Raises ``NotFound``."""
        found = select(t.subjects.c.withdrawn_at).where(t.subjects.c.id == subject_id)
        row = self._connection.execute(found).one_or_none() or _absent()
        return row.withdrawn_at is None

    def _key(self, digest: bytes) -> bytes:
        return self._vault.index("case_lists.digest", digest)

    def _add_list(self, case_list: CaseList, digest: bytes, problems: int) -> None:
        counts = {"cases": len(case_list.cases), "people": len(case_list.subjects), "problems": problems}
        values = {name: getattr(case_list, name) for name in ("id", "marac_id", "meeting_date", "issue", "received_at")}
        row = insert(t.case_lists).values(**values, digest=self._key(digest), **counts)
        added = row.on_conflict_do_nothing(constraint="case_lists_issue")
        if self._connection.execute(added).rowcount != 1:
            raise Conflict(Code.STALE_VERSION)

    def _add_cases(self, case_list: CaseList) -> None:
        self._connection.execute(_KEEP_CASES, {"ids": [case.id for case in case_list.cases], "list_id": case_list.id})
        rows = ((case_list.id, case.id, place, self._case_words(case_list, case)) for place, case in enumerate(case_list.cases))
        copy_in(self._connection, t.case_entries, ("list_id", "case_id", "position", "sealed"), rows)

    def _case_words(self, case_list: CaseList, case: Case) -> bytes:
        words = CaseWords(case.number, case.referral_date, case.repeat, case.notes)
        return CASE.seal(self._vault, words, case_list.id, case.id)

    def _add_subjects(self, case_list: CaseList) -> None:
        subjects = [(case.id, subject) for case in case_list.cases for subject in case.subjects]
        kept = {"ids": [s.id for _, s in subjects], "cases": [case_id for case_id, _ in subjects], "list_id": case_list.id}
        self._connection.execute(_KEEP_SUBJECTS, kept)
        rows = ((case_list.id, s.id, case_id, place, self._sealed(case_list, s)) for place, (case_id, s) in enumerate(subjects))
        copy_in(self._connection, t.subject_entries, ("list_id", "subject_id", "case_id", "position", "sealed"), rows)
        keys = ((key, case_list.id, s.id) for _, s in subjects for key in person_keys(self._vault, s.person))
        copy_in(self._connection, t.person_keys, ("key", "list_id", "subject_id"), keys)
        values = {
            "at": case_list.received_at,
            "marac_id": case_list.marac_id,
            "meeting_date": case_list.meeting_date,
            "list_id": case_list.id,
        }
        self._connection.execute(_WITHDRAW_OTHERS, values)

    def _sealed(self, case_list: CaseList, subject: Subject) -> bytes:
        words = SubjectWords(ROLES.index(subject.role), subject.person)
        return SUBJECT.seal(self._vault, words, case_list.id, subject.id)

    def _whole(self, query: Select[Any]) -> CaseList | None:
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        cases = self._cases(row.id)
        return CaseList(CaseListId(row.id), MaracId(row.marac_id), row.meeting_date, row.received_at, tuple(cases), row.issue)

    def _cases(self, list_id: CaseListId, *only: Any) -> list[Case]:
        """Cases of one issue with their people; ``only`` is a condition on cases and one on people."""
        case_only, subject_only = only or (True, True)
        entries = select(t.subject_entries).where(t.subject_entries.c.list_id == list_id, subject_only)
        people: dict[CaseId, list[Subject]] = {}
        for row in self._connection.execute(entries.order_by(t.subject_entries.c.position)):
            people.setdefault(row.case_id, []).append(self._subject(row))
        cases = select(t.case_entries).where(t.case_entries.c.list_id == list_id, case_only).order_by(t.case_entries.c.position)
        return [self._case(row, people.get(row.case_id, [])) for row in self._connection.execute(cases)]

    def _case(self, row: Row[Any], people: list[Subject]) -> Case:
        words = CASE.open(self._vault, row.sealed, row.list_id, row.case_id)
        return Case(
            CaseId(row.case_id), CaseListId(row.list_id), words.number, tuple(people), words.referral_date, words.repeat, words.notes
        )

    def _subject(self, row: Row[Any]) -> Subject:
        role, person = self._subject_words(row)
        return Subject(SubjectId(row.subject_id), CaseId(row.case_id), role, person)

    def _subject_words(self, row: Row[Any]) -> tuple[Role, Person]:
        words = SUBJECT.open(self._vault, row.sealed, row.list_id, row.subject_id)
        return ROLES[words.role], words.person


def _summary(row: Row[Any]) -> CaseListSummary:
    list_id, marac_id = CaseListId(row.id), MaracId(row.marac_id)
    return CaseListSummary(list_id, marac_id, row.meeting_date, row.issue, row.received_at, row.cases, row.people, row.problems)


def _absent() -> NoReturn:
    raise NotFound(Code.NOT_FOUND)
