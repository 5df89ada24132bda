"""Several replies to one look-up made one answer, and whether a reply is about the person asked for at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from gateway.domain.error_codes import Code
from gateway.domain.lookup import Answer, AnswerKind, Candidate, by_record
from gateway.domain.releases import LookupRelease

_GRAVEST_FIRST = (AnswerKind.PROTECTED, AnswerKind.TOO_MANY, AnswerKind.MAYBE_HIDDEN, AnswerKind.CANDIDATES, AnswerKind.NOBODY)
_LETTERS_APART = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe"})


def merge(answers: Sequence[Answer], complete: bool = True) -> Answer:
    """One answer of several: every candidate once (by record id), and the gravest kind.

    A failure among answers that offered somebody leaves ``MAYBE_HIDDEN``; among others it is the answer. ``complete`` False says that
    not everything could be asked: then nothing found is not "nobody" (``TOO_MANY``, ``NOT_ALL_ASKED``).
    """
    if len(answers) == 1 and complete:
        return answers[0]
    candidates = tuple(by_record(candidate for answer in answers for candidate in answer.candidates).values())
    failures = [answer for answer in answers if answer.kind is AnswerKind.FAILED]
    if failures:
        return Answer(AnswerKind.MAYBE_HIDDEN, candidates, Code.ANSWER_INCOMPLETE) if candidates else failures[0]
    kinds = {answer.kind: answer.reason for answer in reversed(answers)}
    kind = next((kind for kind in _GRAVEST_FIRST if kind in kinds), None)
    if kind is None:
        return Answer.failed(Code.NOTHING_TO_ASK_WITH)
    if not complete and kind in (AnswerKind.CANDIDATES, AnswerKind.NOBODY):
        return Answer(AnswerKind.TOO_MANY, candidates, Code.NOT_ALL_ASKED)
    return Answer(kind, candidates, kinds[kind])


def about_the_person(answer: Answer, release: LookupRelease) -> Answer:
    """The answer itself, or ``REPLY_OTHER_RECORD`` when none of its candidates has anything in common with who was asked for.

    A system that answers with somebody else must not be read as "others only, so not known".
    """
    if not answer.candidates or any(_has_in_common(candidate, release) for candidate in answer.candidates):
        return answer
    return Answer.failed(Code.REPLY_OTHER_RECORD)


def _has_in_common(candidate: Candidate, release: LookupRelease) -> bool:
    """A number, a part of a family name or a date of birth; or the record hides all of these."""
    own = {identifier.value for identifier in release.own_identifiers}
    if candidate.record_id in own or any(identifier.value in own for identifier in candidate.identifiers):
        return True
    if candidate.nhs_number is not None and candidate.nhs_number == release.nhs_number:
        return True
    if not candidate.names and not candidate.birth_dates:
        return candidate.restricted
    if set(candidate.birth_dates) & set(release.birth_dates):
        return True
    return bool(_family_parts(n.family for n in candidate.names) & _family_parts(n.family for n in release.names))


def _family_parts(families: Iterable[str]) -> set[str]:
    """Family names without case, marks and apostrophes: whole, and each part of a joined one."""
    parts: set[str] = set()
    for family in families:
        plain = "".join(
            c for c in unicodedata.normalize("NFKD", family.casefold().translate(_LETTERS_APART)) if not unicodedata.combining(c)
        )
        words = re.findall(r"\w+", re.sub(r"['’ʼ`´.]", "", plain))
        parts |= {*words, "".join(words)}
    return parts - {""}
