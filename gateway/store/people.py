"""What a list says of cases and people, sealed; and by which keyed hashes a person is recognised elsewhere."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from uuid import UUID

import msgspec

from gateway.domain.case_list import Case, Person, PersonName, Role, Subject
from gateway.domain.identifiers import CaseId, CaseListId, SubjectId
from gateway.store.crypto import Vault
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
    held: tuple[str, ...] = ()
    let_in: bool = True


CASE = SealedColumn("case_entries.sealed", CaseWords)
SUBJECT = SealedColumn("subject_entries.sealed", SubjectWords, at_least=512)


def seal_case(vault: Vault, case: Case, issue: int) -> bytes:
    """A case without its people, for one issue."""
    return CASE.seal(vault, CaseWords(case.number, case.referral_date, case.repeat, case.notes), case.id, issue)


def open_case(vault: Vault, sealed: bytes, case_id: UUID, issue: int, list_id: UUID, people: tuple[Subject, ...]) -> Case:
    """Inverse of ``seal_case``, with the people given."""
    words = CASE.open(vault, sealed, case_id, issue)
    return Case(CaseId(case_id), CaseListId(list_id), words.number, people, words.referral_date, words.repeat, words.notes)


def seal_subject(vault: Vault, subject: Subject, issue: int) -> bytes:
    """A person with their role, for one issue."""
    return SUBJECT.seal(vault, SubjectWords(ROLES.index(subject.role), subject.person, subject.held, subject.let_in), subject.id, issue)


def open_subject(vault: Vault, sealed: bytes, subject_id: UUID, issue: int, case_id: UUID) -> Subject:
    """Inverse of ``seal_subject``."""
    words = SUBJECT.open(vault, sealed, subject_id, issue)
    return Subject(SubjectId(subject_id), CaseId(case_id), ROLES[words.role], words.person, words.held, words.let_in)


_WORDS = re.compile(r"[^\W_]+")


def person_keys(vault: Vault, person: Person) -> frozenset[bytes]:
    """A key for the NHS number, and one for each name with each date of birth; none when there is nothing of either.

    Names are folded (case, accents, punctuation, order of the parts) before hashing: a false meeting costs a look by a person, a missed
    one could put an alert on somebody who stands in another part elsewhere.
    """
    folded = {_folded(name) for name in person.names} - {""}
    keys = {vault.index("person.name_and_birth", name, born.iso()) for name in folded for born in person.birth_dates}
    if person.nhs_number:
        keys.add(vault.index("person.nhs_number", person.nhs_number.value))
    return frozenset(keys)


def _folded(name: PersonName) -> str:
    decomposed = unicodedata.normalize("NFKD", f"{name.family} {name.given}")
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(sorted(_WORDS.findall(plain.casefold().replace("'", "").replace("’", ""))))
