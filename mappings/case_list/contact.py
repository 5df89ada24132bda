"""Addresses, telephones, sex, yes and no, and numbers that identify: each read as written, nothing repaired."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.domain.case_list import Address, Phone, Sex
from gateway.domain.errors import Code, InvalidInput
from gateway.domain.identifiers import ChiNumber, LocalIdentifier, NhsNumber, PncId, Uprn
from mappings.case_list.dates import is_blank
from mappings.case_list.grid import Cell
from mappings.case_list.names import tidy
from mappings.case_list.problems import Reading

_POSTCODE = re.compile(r"\b([A-Z]{1,2}[0-9][A-Z0-9]?)\s*([0-9][A-Z]{2})\b", re.IGNORECASE)
_REFERENCE = re.compile(
    r"same(?: (?:as|address|house|place)\b.*)?|as (?:above|below|victim|perp|mother|father|per|for)\b.*|see (?:above|below|victim|notes?).*|\"|ditto|do\.?|\^+|with (?:victim|mother|mum|father|dad).*",
    re.IGNORECASE,
)
_LINES = re.compile(r"\s*[,\n]\s*")
_SEVERAL = re.compile(r"\s*[;\n]\s*")
_PHONES = re.compile(r"\s*[;\n/,]\s*|\s+or\s+", re.IGNORECASE)
_NUMBER = re.compile(r"[+(]?[\d()][\d\s().\-]*\d")
_DIGITS = range(7, 16)
_LOST_ZERO = re.compile(r"[1-9]\d{9}")
_SEXES = {
    Sex.FEMALE: ("f", "female", "woman", "girl", "w"),
    Sex.MALE: ("m", "male", "man", "boy"),
    Sex.OTHER: ("other", "o", "x", "non-binary", "nonbinary", "non binary", "intersex", "indeterminate"),
}
_SEX_OF = {word: sex for sex, words in _SEXES.items() for word in words}
_YES = re.compile(r"(?:yes|y|true|safe)\b(.*)", re.IGNORECASE | re.DOTALL)
_NOT_CHOSEN = re.compile(r"y(?:es)?\s*/\s*no?|no?\s*/\s*y(?:es)?", re.IGNORECASE)
_NO = re.compile(r"(?:not safe|unsafe|do not (?:call|ring|contact)|don'?t|no|n|false|never)\b(.*)", re.IGNORECASE | re.DOTALL)
_PHONE_NOTE = re.compile(r"\(([^()]*[a-z][^()]*)\)|(?<=\d)\s*[-:]?\s+([a-z].*)$|^([a-z][a-z ]*)[:\s]+(?=[+\d(])", re.IGNORECASE)


def postcodes_in(text: str) -> list[str]:
    """Every postcode in a text, as the Post Office writes it."""
    return list(dict.fromkeys(f"{m[1]} {m[2]}".upper() for m in _POSTCODE.finditer(text)))


def read_address(lines: Iterable[str], postcode: str, uprn: str, *, current: bool = True) -> Reading[Address | None]:
    """One address from its cells: the lines, a postcode apart or at the end of them, and the property reference."""
    written = [part for text in lines for part in _LINES.split(tidy_lines(text)) if part]
    if written and _REFERENCE.fullmatch(", ".join(written)):
        return Reading(None, (Code.ADDRESS_IS_REFERENCE,))
    found = postcodes_in(postcode) or postcodes_in(" , ".join(written))
    codes: list[Code] = [Code.POSTCODE_NOT_READ] if len(found) > 1 or (postcode and not postcodes_in(postcode)) else []
    code = found[0] if len(found) == 1 and not codes else None
    number = _uprn(uprn)
    kept = tuple(part for part in (_without(part, code) for part in written) if part)
    codes.extend(number.codes)
    return Reading(Address(kept, code, number.value, current) if kept or code or number.value else None, tuple(codes))


def read_previous(text: str) -> Reading[tuple[Address, ...]]:
    """Previous addresses, one to a line or with a semicolon between."""
    read = [read_address([part], "", "", current=False) for part in _SEVERAL.split(text) if part.strip()]
    return Reading(tuple(r.value for r in read if r.value), tuple(dict.fromkeys(c for r in read for c in r.codes)))


def read_phones(cells: Iterable[Cell], safe: Cell | None) -> Reading[tuple[Phone, ...]]:
    """All numbers, each with what the safe-to-call cell says, or a word at the number itself; where they differ, no counts."""
    says = read_safe_to_call(safe)
    phones: list[Phone] = []
    codes: list[Code] = list(says.codes)
    for cell in cells:
        for part in _PHONES.split(cell.text):
            if part.strip() and not is_blank(Cell("text", part)):
                read = _phone(part.strip(), says.value)
                phones.append(read.value)
                codes.extend(read.codes)
    return Reading(tuple(dict.fromkeys(phones)), tuple(dict.fromkeys(codes)))


def read_safe_to_call(cell: Cell | None) -> Reading[tuple[bool | None, str]]:
    """Yes, no or not said, and the words that go with it ("after 6 pm"). What is not clearly yes is never yes."""
    if cell is None or is_blank(cell):
        return Reading((None, ""))
    text = tidy(cell.plain())
    if _NOT_CHOSEN.fullmatch(text):
        return Reading((None, ""), (Code.SAFE_TO_CALL_NOT_READ,))
    if match := _NO.fullmatch(text):
        return Reading((False, match[1].strip(" -:;,.")))
    if match := _YES.fullmatch(text):
        return Reading((True, match[1].strip(" -:;,.")))
    return Reading((None, text), (Code.SAFE_TO_CALL_NOT_READ,))


def read_sex(cell: Cell) -> Reading[Sex | None]:
    """Female, male or other."""
    if is_blank(cell):
        return Reading(None)
    sex = _SEX_OF.get(tidy(cell.text).casefold().rstrip("."))
    return Reading(sex, () if sex else (Code.SEX_NOT_READ,))


def read_yes_no(cell: Cell, otherwise: Code) -> Reading[bool | None]:
    """Yes or no; anything else is a finding."""
    if is_blank(cell):
        return Reading(None)
    word = cell.plain().strip().casefold()
    known = {"yes": True, "y": True, "true": True, "repeat": True, "no": False, "n": False, "false": False, "new": False}.get(word)
    return Reading(known, (otherwise,) if known is None else ())


def read_nhs_number(cell: Cell) -> Reading[NhsNumber | None]:
    """The number, or None with the reason; the person stays on the list either way."""
    if is_blank(cell):
        return Reading(None)
    try:
        return Reading(NhsNumber.parse(cell.text))
    except InvalidInput as refused:
        return Reading(None, (refused.code,))


def read_identifiers(text: str) -> Reading[tuple[LocalIdentifier, ...]]:
    """``scheme=number; scheme=number``: identifiers that an agency itself issued."""
    found: list[LocalIdentifier] = []
    codes: list[Code] = []
    for part in filter(None, map(str.strip, _SEVERAL.split(text))):
        scheme, sign, value = part.partition("=")
        if sign and scheme.strip() and value.strip():
            found.append(LocalIdentifier(scheme.strip(), value.strip()))
        else:
            codes.append(Code.IDENTIFIER_NOT_READ)
    return Reading(tuple(found), tuple(dict.fromkeys(codes)))


def read_chi_number(text: str) -> Reading[tuple[LocalIdentifier, ...]]:
    """A Scottish CHI number as an identifier of the scheme ``chi``."""
    return _checked("chi", re.sub(r"\s", "", text), ChiNumber)


def read_pnc_id(text: str) -> Reading[tuple[LocalIdentifier, ...]]:
    """A Police National Computer id as an identifier of the scheme ``pnc``."""
    return _checked("pnc", text.strip().upper(), PncId)


def _checked(scheme: str, value: str, check: type[ChiNumber] | type[PncId]) -> Reading[tuple[LocalIdentifier, ...]]:
    try:
        check(value)
    except InvalidInput as refused:
        return Reading((), (refused.code,))
    return Reading((LocalIdentifier(scheme, value),))


def _uprn(text: str) -> Reading[str | None]:
    if not text:
        return Reading(None)
    try:
        return Reading(Uprn(text).value)
    except InvalidInput as refused:
        return Reading(None, (refused.code,))


def _phone(written: str, says: tuple[bool | None, str]) -> Reading[Phone]:
    safe, note = says
    beside = _PHONE_NOTE.search(written)
    if beside:
        words = next(group for group in beside.groups() if group)
        own = read_safe_to_call(Cell("text", words)).value
        safe, note = _stricter(own, says) if own[0] is not None else (safe, f"{words}; {note}" if note else words)
    number = tidy(_PHONE_NOTE.sub("", written)) if beside else tidy(written)
    digits = re.sub(r"\D", "", number)
    if not _NUMBER.fullmatch(number) or len(digits) not in _DIGITS:
        return Reading(Phone(written, safe, note), (Code.PHONE_NOT_READ,))
    return Reading(Phone(number, safe, note), (Code.PHONE_LOST_ZERO,) if _LOST_ZERO.fullmatch(number) else ())


def _stricter(own: tuple[bool | None, str], says: tuple[bool | None, str]) -> tuple[bool | None, str]:
    """What the number itself says, unless the safe-to-call cell says no."""
    return says if says[0] is False and own[0] else own


def tidy_lines(text: str) -> str:
    """Tidy within each line; line ends stay."""
    return "\n".join(filter(None, map(tidy, text.splitlines())))


def _without(line: str, postcode: str | None) -> str:
    """The line without the postcode that was read from it."""
    if postcode is None:
        return line
    return tidy(_POSTCODE.sub(lambda m: "" if f"{m[1]} {m[2]}".upper() == postcode else m[0], line)).strip(" .,-")
