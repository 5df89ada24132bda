"""Case lists: every issue kept as it came, and for each case and person the newest issue that holds them.

A corrected list keeps the ids of whoever stayed; whoever a later issue no longer holds is marked as withdrawn, never removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import Connection, Row, Select, bindparam, select, text

from gateway.domain.case_list import Case, CaseList, Role, RowProblem, Subject
from gateway.domain.errors import Code, Conflict, NotFound
from gateway.domain.events import AuditEvent
from gateway.domain.identifiers import CaseId, CaseListId, MaracId, SubjectId
from gateway.services.ports import CaseListSummary, ListHead
from gateway.store import tables as t
from gateway.store.audit import SqlAudit
from gateway.store.batches import copy_in
from gateway.store.crypto import Vault
from gateway.store.people import open_case, open_subject, person_keys, seal_case, seal_subject

_ONE_INTAKE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('case_lists:' || :marac_id, 0))")
_NEW_LIST = text("""
    INSERT INTO case_lists (id, marac_id, meeting_date, issue) VALUES (:id, :marac_id, :meeting_date, 1) ON CONFLICT DO NOTHING
""")
_NEXT_ISSUE = text("""
    UPDATE case_lists l SET issue = :issue, meeting_date = :meeting_date
    WHERE l.id = :id AND l.marac_id = :marac_id AND l.issue = :issue - 1 AND NOT EXISTS (
        SELECT FROM case_lists o WHERE o.marac_id = l.marac_id AND o.meeting_date = :meeting_date AND o.id <> l.id)
""")
_FIND_SAME = text("""
    SELECT i.list_id FROM list_issues i JOIN case_lists l ON l.id = i.list_id
    WHERE i.digest = :digest AND l.marac_id = :marac_id ORDER BY i.received_at DESC LIMIT 1
""")
_IS_NEWEST = text("""
    SELECT EXISTS (SELECT FROM list_issues i JOIN case_lists l ON l.id = i.list_id AND l.issue = i.issue WHERE l.id = :id AND i.digest = :digest)
""")
_KEEP_CASES = text("""
    INSERT INTO cases (id, list_id, issue, position)
    SELECT c.id, :list_id, :issue, c.position FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS c (id, position)
    ON CONFLICT (id) DO UPDATE SET issue = excluded.issue, position = excluded.position, withdrawn_at = NULL
    WHERE cases.list_id = excluded.list_id
""")
_KEEP_SUBJECTS = text("""
    INSERT INTO subjects (id, case_id, list_id, issue, position)
    SELECT s.id, s.case_id, :list_id, :issue, s.position
    FROM unnest(CAST(:ids AS uuid[]), CAST(:cases AS uuid[])) WITH ORDINALITY AS s (id, case_id, position)
    ON CONFLICT (id) DO UPDATE SET case_id = excluded.case_id, issue = excluded.issue, position = excluded.position, withdrawn_at = NULL
    WHERE subjects.list_id = excluded.list_id
""")
_KEEP_KEYS = text("""
    INSERT INTO person_keys (key, subject_id) SELECT unnest(CAST(:keys AS bytea[])), unnest(CAST(:ids AS uuid[])) ON CONFLICT DO NOTHING
""")
_WITHDRAW_CASES = text("UPDATE cases SET withdrawn_at = :at WHERE list_id = :list_id AND issue < :issue AND withdrawn_at IS NULL")
_WITHDRAW_SUBJECTS = text("UPDATE subjects SET withdrawn_at = :at WHERE list_id = :list_id AND issue < :issue AND withdrawn_at IS NULL")
_MARAC = text("SELECT l.marac_id FROM cases c JOIN case_lists l ON l.id = c.list_id WHERE c.id = :case_id")
_MARACS = text("""
    SELECT l.id, l.marac_id FROM case_lists l WHERE l.id = ANY(CAST(:ids AS uuid[]))
    UNION ALL SELECT c.id, l.marac_id FROM cases c JOIN case_lists l ON l.id = c.list_id WHERE c.id = ANY(CAST(:ids AS uuid[]))
    UNION ALL SELECT s.id, l.marac_id FROM subjects s JOIN case_lists l ON l.id = s.list_id WHERE s.id = ANY(CAST(:ids AS uuid[]))
""")
_HEAD_OF = text("SELECT l.marac_id, l.meeting_date FROM subjects s JOIN case_lists l ON l.id = s.list_id WHERE s.id = :subject_id")
_SAME_PERSON = text("""
    SELECT DISTINCT e.subject_id, e.issue, e.sealed, s.case_id
    FROM person_keys k
    JOIN subjects s ON s.id = k.subject_id
    JOIN case_lists l ON l.id = s.list_id
    JOIN subject_entries e ON e.subject_id = s.id
    WHERE k.key = ANY(:keys) AND l.marac_id = :marac_id
""")
_SUMMARIES = text("""
    SELECT l.id, l.marac_id, l.meeting_date, l.issue, i.received_at, i.cases, i.people, i.problems
    FROM case_lists l JOIN list_issues i ON i.list_id = l.id AND i.issue = l.issue
    WHERE l.marac_id = ANY(:marac_ids) ORDER BY l.meeting_date DESC, l.marac_id
""")
_SUBJECTS = (
    select(t.subjects, t.subject_entries.c.sealed)
    .join(t.subject_entries, (t.subject_entries.c.subject_id == t.subjects.c.id) & (t.subject_entries.c.issue == t.subjects.c.issue))
    .order_by(t.subjects.c.position)
)
_CASES = (
    select(t.cases, t.case_entries.c.sealed)
    .join(t.case_entries, (t.case_entries.c.case_id == t.cases.c.id) & (t.case_entries.c.issue == t.cases.c.issue))
    .order_by(t.cases.c.position)
)
_LISTS = select(t.case_lists, t.list_issues.c.received_at).join(
    t.list_issues, (t.list_issues.c.list_id == t.case_lists.c.id) & (t.list_issues.c.issue == t.case_lists.c.issue)
)
_THE_LIST = _LISTS.where(t.case_lists.c.id == bindparam("list_id"))
_OF_MEETING = _LISTS.where(t.case_lists.c.marac_id == bindparam("marac_id"), t.case_lists.c.meeting_date == bindparam("meeting_date"))
_THE_CASE = _CASES.where(t.cases.c.id == bindparam("case_id"))
_CASES_NOW = _CASES.where(t.cases.c.list_id == bindparam("list_id"), t.cases.c.withdrawn_at.is_(None))
_THE_SUBJECTS = _SUBJECTS.where(t.subjects.c.id == text("ANY(:ids)"))
_OF_CASE = _SUBJECTS.where(t.subjects.c.case_id == bindparam("case_id"), t.subjects.c.issue == bindparam("issue"))
_SUBJECTS_NOW = _SUBJECTS.where(t.subjects.c.list_id == bindparam("list_id"), t.subjects.c.withdrawn_at.is_(None))
_WITHDRAWN = select(t.subjects.c.withdrawn_at).where(t.subjects.c.id == bindparam("subject_id"))


class SqlCaseLists:
    """Implements ``services.ports.CaseLists``."""

    def __init__(self, connection: Connection, vault: Vault, audit: SqlAudit) -> None:
        self._connection, self._vault, self._audit = connection, vault, audit

    def add(self, case_list: CaseList, digest: bytes, problems: Sequence[RowProblem], audit: AuditEvent) -> None:
        """A first issue, or the next of a list already there. Raises ``Conflict(STALE_VERSION)`` when another took that place."""
        values = {name: getattr(case_list, name) for name in ("id", "marac_id", "meeting_date", "issue")}
        added = self._connection.execute(_NEW_LIST if case_list.issue == 1 else _NEXT_ISSUE, values)
        if added.rowcount != 1:
            raise Conflict(Code.STALE_VERSION)
        self._add_issue(case_list, digest, problems)
        self._add_cases(case_list)
        self._add_subjects(case_list)
        self._audit.record(audit)

    def find_same(self, marac_id: MaracId, digest: bytes) -> CaseListId | None:
        """The newest list of this Marac of which any issue had this content. From here to the end of the transaction no other list of the
        Marac is taken in, so that the same file sent twice at once is one list."""
        self._connection.execute(_ONE_INTAKE_AT_A_TIME, {"marac_id": marac_id})
        found = self._connection.execute(_FIND_SAME, {"marac_id": marac_id, "digest": self._key(digest)}).scalar()
        return CaseListId(found) if found else None

    def is_newest(self, list_id: CaseListId, digest: bytes) -> bool:
        """Whether it is the newest issue that had this content."""
        return bool(self._connection.execute(_IS_NEWEST, {"id": list_id, "digest": self._key(digest)}).scalar())

    def get(self, list_id: CaseListId) -> CaseList:
        """Its newest issue. Raises ``NotFound``."""
        return self._whole(_THE_LIST, list_id=list_id) or _absent()

    def head_of(self, subject_id: SubjectId) -> ListHead:
        """Raises ``NotFound``."""
        row = self._connection.execute(_HEAD_OF, {"subject_id": subject_id}).one_or_none() or _absent()
        return ListHead(MaracId(row.marac_id), row.meeting_date)

    def latest(self, marac_id: MaracId, meeting_date: date) -> CaseList | None:
        """The newest issue for a meeting."""
        return self._whole(_OF_MEETING, marac_id=marac_id, meeting_date=meeting_date)

    def problems(self, list_id: CaseListId) -> Sequence[RowProblem]:
        """Of the newest issue, in the order in which they were found."""
        newest = (t.case_lists.c.id == t.row_problems.c.list_id) & (t.case_lists.c.issue == t.row_problems.c.issue)
        found = select(t.row_problems).join(t.case_lists, newest).where(t.case_lists.c.id == list_id).order_by(t.row_problems.c.position)
        return [RowProblem(r.row, r.column, r.code, r.severity) for r in self._connection.execute(found)]

    def maracs_of(self, ids: Sequence[UUID]) -> Mapping[UUID, MaracId]:
        """Of lists, cases and subjects alike."""
        return {row.id: MaracId(row.marac_id) for row in self._connection.execute(_MARACS, {"ids": list(ids)})} if ids else {}

    def summaries(self, marac_ids: frozenset[MaracId]) -> Sequence[CaseListSummary]:
        """Newest meeting first."""
        return [_summary(row) for row in self._connection.execute(_SUMMARIES, {"marac_ids": list(marac_ids)})]

    def case(self, case_id: CaseId) -> Case:
        """As the newest issue that holds it says. Raises ``NotFound``."""
        row = self._connection.execute(_THE_CASE, {"case_id": case_id}).one_or_none() or _absent()
        people = self._subjects(_OF_CASE, case_id=case_id, issue=row.issue)
        return open_case(self._vault, row.sealed, row.id, row.issue, row.list_id, tuple(people))

    def subjects(self, ids: Sequence[SubjectId]) -> Mapping[SubjectId, Subject]:
        """As the newest issue that holds each says; ids that are not there are left out."""
        return {s.id: s for s in self._subjects(_THE_SUBJECTS, ids=list(ids))}

    def roles_of(self, subject: Subject) -> frozenset[Role]:
        """Every role of the same person in any issue of any list of the same Marac, the one given included."""
        return frozenset({subject.role, *(found.role for found in self._same(subject))})

    def same_person(self, subject: Subject) -> frozenset[SubjectId]:
        """Every subject of the same Marac with a key in common, the one given included."""
        return frozenset({subject.id, *(found.id for found in self._same(subject))})

    def is_current(self, subject_id: SubjectId) -> bool:
        """Raises ``NotFound``."""
        row = self._connection.execute(_WITHDRAWN, {"subject_id": subject_id}).one_or_none() or _absent()
        return row.withdrawn_at is None

    def _key(self, digest: bytes) -> bytes:
        return self._vault.index("case_lists.digest", digest)

    def _add_issue(self, case_list: CaseList, digest: bytes, problems: Sequence[RowProblem]) -> None:
        place = (case_list.id, case_list.issue)
        counts = (len(case_list.cases), len(case_list.subjects), len(problems))
        issue = (*place, case_list.meeting_date, case_list.received_at, self._key(digest), *counts)
        copy_in(self._connection, t.list_issues, t.list_issues.c.keys(), [issue])
        rows = [(*place, number, p.row, p.column, p.code, p.severity) for number, p in enumerate(problems)]
        copy_in(self._connection, t.row_problems, t.row_problems.c.keys(), rows)

    def _add_cases(self, case_list: CaseList) -> None:
        place = _place(case_list)
        kept = self._connection.execute(_KEEP_CASES, place | {"ids": [case.id for case in case_list.cases]})
        _all_kept(kept.rowcount, len(case_list.cases))
        rows = ((case.id, case_list.issue, seal_case(self._vault, case, case_list.issue)) for case in case_list.cases)
        copy_in(self._connection, t.case_entries, t.case_entries.c.keys(), rows)
        self._connection.execute(_WITHDRAW_CASES, place)

    def _add_subjects(self, case_list: CaseList) -> None:
        place, people = _place(case_list), case_list.subjects
        kept = self._connection.execute(_KEEP_SUBJECTS, place | {"ids": [s.id for s in people], "cases": [s.case_id for s in people]})
        _all_kept(kept.rowcount, len(people))
        rows = ((s.id, case_list.issue, seal_subject(self._vault, s, case_list.issue)) for s in people)
        copy_in(self._connection, t.subject_entries, t.subject_entries.c.keys(), rows)
        keys = [(key, s.id) for s in people for key in person_keys(self._vault, s.person)]
        self._connection.execute(_KEEP_KEYS, {"keys": [key for key, _ in keys], "ids": [subject_id for _, subject_id in keys]})
        self._connection.execute(_WITHDRAW_SUBJECTS, place)

    def _whole(self, query: Select[Any], **values: object) -> CaseList | None:
        row = self._connection.execute(query, values).one_or_none()
        if row is None:
            return None
        cases = tuple(self._current_cases(row.id))
        return CaseList(CaseListId(row.id), MaracId(row.marac_id), row.meeting_date, row.received_at, cases, row.issue)

    def _current_cases(self, list_id: UUID) -> list[Case]:
        people: dict[UUID, list[Subject]] = {}
        for subject in self._subjects(_SUBJECTS_NOW, list_id=list_id):
            people.setdefault(subject.case_id, []).append(subject)
        rows = self._connection.execute(_CASES_NOW, {"list_id": list_id})
        return [open_case(self._vault, r.sealed, r.id, r.issue, r.list_id, tuple(people.get(r.id, ()))) for r in rows]

    def _subjects(self, query: Select[Any], **values: object) -> list[Subject]:
        rows = self._connection.execute(query, values).all()
        return [open_subject(self._vault, row.sealed, row.id, row.issue, row.case_id) for row in rows]

    def _same(self, subject: Subject) -> list[Subject]:
        """Raises ``NotFound`` when the subject's case is not stored: which Marac to look in would be a guess."""
        marac_id = self._connection.execute(_MARAC, {"case_id": subject.case_id}).scalar() or _absent()
        keys = list(person_keys(self._vault, subject.person))
        rows = self._connection.execute(_SAME_PERSON, {"keys": keys, "marac_id": marac_id})
        return [open_subject(self._vault, row.sealed, row.subject_id, row.issue, row.case_id) for row in rows]


def _place(case_list: CaseList) -> dict[str, object]:
    return {"list_id": case_list.id, "issue": case_list.issue, "at": case_list.received_at}


def _all_kept(kept: int, wanted: int) -> None:
    """An id that belongs to another list is not taken over."""
    if kept != wanted:
        raise Conflict(Code.STALE_VERSION)


def _summary(row: Row[Any]) -> CaseListSummary:
    list_id, marac_id = CaseListId(row.id), MaracId(row.marac_id)
    return CaseListSummary(list_id, marac_id, row.meeting_date, row.issue, row.received_at, row.cases, row.people, row.problems)


def _absent() -> NoReturn:
    raise NotFound(Code.NOT_FOUND)
