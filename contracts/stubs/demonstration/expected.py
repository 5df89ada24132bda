"""What a careful reader of the agencies' records would answer for each person: the truth a hit report is compared with.

KNOWN      one record, and the NHS number, name and date of birth agree; or name, date of birth and address (or telephone) agree,
           with no conflict and no rival.
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
    numbers = agency in _HOLD_NHS_NUMBERS and "no_number" not in words and member.listed_number is not None
    if numbers and member.listed_number != member.nhs_number:
        return "POSSIBLE", "the NHS number on the list is not the record's"
    if numbers:
        return "KNOWN", "NHS number, name and date of birth agree"
    if "elsewhere" not in words and "no_address" not in words:
        return "KNOWN", "name, date of birth and address agree"
    return "POSSIBLE", "name and date of birth agree and nothing else"


_DOUBTS = {
    "restricted": "a record is protected",
    "twice": "two records fit",
    "birth_name": "held under another name of the list, at another address",
    "swapped_date": "day and month of birth are swapped",
}
