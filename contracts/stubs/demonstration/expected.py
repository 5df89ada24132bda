"""What a careful reader of the agencies' records would answer for each person: the truth a hit report is compared with.

KNOWN      one record, and the NHS number, name and date of birth agree; or name, date of birth and address (or telephone) agree,
           with no conflict and no rival. Day and month may be swapped where name and address agree to the letter: that is how
           dates are mistyped, and nobody else of that name lives there. Name and date of birth alone are enough where another person
           of the same case, of whom they agree too, is held at the same home.
POSSIBLE   something was found and something disagrees, is missing, is protected, or there are several.
NOT_KNOWN  a clean, full answer of nobody.            NO_ANSWER  the system did not answer properly.
WITHHELD   the agreement lets nothing be asked.       NOT_ASKED  never at the end of the demonstration.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from contracts.stubs.demonstration import CastMember, cases, cast, holdings, local_id, withheld_roles

AGENCIES = ("northmoor-nhs-trust", "calderbrook-nhs-trust", "northmoor-police", "northmoor-homes")
_HOLD_NHS_NUMBERS = {"northmoor-nhs-trust", "calderbrook-nhs-trust"}
_AGENCY_FOLDERS = Path(__file__).parents[2] / "agencies"
_NO_ANSWER = {
    "html_with_200": "a login page came instead of an answer",
    "truncated": "the answer broke off",
    "wrong_person": "the answer was about somebody else",
    "never_answers": "no answer came",
}


@dataclass(frozen=True, slots=True)
class Expectation:
    """One cell of the true hit report. ``record_id`` is the agency's own and only given for KNOWN."""

    case_number: str
    role: str
    name: str
    agency: str
    state: str
    record_id: str
    open_to_services: str
    """``yes``, ``no`` or empty where the agency's system does not say or nobody is KNOWN."""
    reason: str


def truth() -> Iterator[Expectation]:
    """Every person in every role at every agency, in the order of the list."""
    for case in cases():
        for role, key in case.roles:
            for agency in AGENCIES:
                state, reason = _state(role, cast()[key], agency)
                known = state == "KNOWN"
                yield Expectation(
                    case.number, role, cast()[key].full_name, agency, state, local_id(key, pattern_of(agency)) if known else "",
                    _open(key, agency) if known else "", reason,
                )  # fmt: skip


@cache
def pattern_of(agency: str) -> str:
    """The format of an agency's own record numbers, from its stub.toml."""
    return str(tomllib.loads((_AGENCY_FOLDERS / agency / "stub.toml").read_text(encoding="utf-8"))["local_id"])


def _open(key: str, agency: str) -> str:
    if agency != "northmoor-nhs-trust":
        return ""
    return "yes" if "open" in holdings()[agency][key] else "no"


def _state(role: str, member: CastMember, agency: str) -> tuple[str, str]:
    if role in withheld_roles().get(agency, ()):
        return "WITHHELD", "the agreement does not cover this role"
    words = holdings()[agency].get(member.key)
    if _namesake_held(member, agency):
        return "POSSIBLE", "another person of the same name and date of birth is held"
    if words is None:
        return "NOT_KNOWN", "nobody of this name and date of birth is held"
    persona = next((word.partition(":")[2] for word in words if word.startswith("misbehaves:")), "")
    if persona in _NO_ANSWER:
        return "NO_ANSWER", _NO_ANSWER[persona]
    if persona == "too_many":
        return "POSSIBLE", "too many were found"
    return _graded(member, agency, words)


def _namesake_held(member: CastMember, agency: str) -> bool:
    return any(cast()[key].namesake_of == member.key for key in holdings()[agency])


def _graded(member: CastMember, agency: str, words: tuple[str, ...]) -> tuple[str, str]:
    for word, reason in _DOUBTS.items():
        if word in words:
            return "POSSIBLE", reason
    if "swapped_date" in words:
        at_home = "elsewhere" not in words and "no_address" not in words
        return ("KNOWN" if at_home else "POSSIBLE"), "day and month of birth are swapped" + (", all else agrees" if at_home else "")
    numbers = agency in _HOLD_NHS_NUMBERS and "no_number" not in words and member.listed_number is not None
    if numbers and member.listed_number != member.nhs_number:
        return "POSSIBLE", "the NHS number on the list is not the record's"
    if numbers:
        return "KNOWN", "NHS number, name and date of birth agree"
    if "elsewhere" not in words and "no_address" not in words:
        return "KNOWN", "name, date of birth and address agree"
    if _held_with_family(member, agency):
        return "KNOWN", "name and date of birth agree, and somebody of the case is held at the same home"
    return "POSSIBLE", "name and date of birth agree and nothing else"


def _held_with_family(member: CastMember, agency: str) -> bool:
    """Whether another person of a case is held at the same home of which the list says nothing, by a name and date that agree."""
    together = [key for case in cases() if member.key in (keys := [k for _, k in case.roles]) for key in keys if key != member.key]
    return any(
        "elsewhere" in (words := holdings()[agency].get(key, ())) and cast()[key].former == member.former and not _doubtful(words)
        for key in together
    )


def _doubtful(words: tuple[str, ...]) -> bool:
    """Whether the way somebody is held leaves who they are in doubt."""
    return any(word in words for word in (*_DOUBTS, "swapped_date"))


_DOUBTS = {
    "restricted": "a record is protected",
    "twice": "two records fit",
    "birth_name": "held under another name of the list, at another address",
}
