"""Headings: which words mean which column. Case, punctuation and the order of words do not matter.

A heading is read as the part somebody has (victim, perpetrator, child), a number (child 2), and a field. The tables below are the
documentation too: docs/case-list.md is written from them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.case_list import Role


class Field(StrEnum):
    """What a column holds; the value is how a problem names it."""

    CASE_NUMBER = "case number"
    MEETING_DATE = "meeting date"
    REFERRAL_DATE = "referral date"
    REPEAT = "repeat"
    NOTES = "notes"
    ROLE = "role"
    NAME = "name"
    FAMILY_NAME = "surname"
    GIVEN_NAME = "first name"
    MIDDLE_NAMES = "middle names"
    ALIASES = "other names"
    FORMER_FAMILY_NAME = "former surname"
    BIRTH_DATE = "date of birth"
    SEX = "sex"
    NHS_NUMBER = "NHS number"
    CHI_NUMBER = "CHI number"
    PNC_ID = "PNC id"
    IDENTIFIERS = "other identifiers"
    ADDRESS = "address"
    ADDRESS_LINE = "address line"
    POSTCODE = "postcode"
    UPRN = "UPRN"
    PREVIOUS_ADDRESSES = "previous addresses"
    PHONE = "phone"
    SAFE_TO_CALL = "safe to call"
    NOT_TAKEN = "not taken"


CASE_FIELDS = frozenset({Field.CASE_NUMBER, Field.MEETING_DATE, Field.REFERRAL_DATE, Field.REPEAT, Field.NOTES, Field.NOT_TAKEN})
SEVERAL_ALLOWED = frozenset({Field.ALIASES, Field.ADDRESS_LINE, Field.PHONE, Field.NOTES, Field.IDENTIFIERS, Field.NOT_TAKEN})
"""Fields that may have several columns, as long as their headings differ."""

SYNONYMS: Mapping[Field, tuple[str, ...]] = {
    Field.CASE_NUMBER: (
        "case number", "case no", "case ref", "case reference", "case id", "case", "no", "number", "ref", "reference", "marac number",
        "marac no", "marac ref", "marac reference", "marac case number", "marac case no", "marac id", "agenda item", "agenda number",
        "agenda no", "item", "item number", "item no", "list number", "list no", "referral number", "referral no", "referral ref",
    ),
    Field.MEETING_DATE: ("meeting date", "date of meeting", "marac date", "date of marac", "marac meeting date", "date of marac meeting", "hearing date", "conference date"),
    Field.REFERRAL_DATE: ("referral date", "date of referral", "date referred", "referred", "referred on", "date received", "date referral received", "received"),
    Field.REPEAT: ("repeat", "repeat case", "repeat yes no", "is repeat", "repeat marac", "repeat victim", "repeat referral", "new or repeat"),
    Field.NOTES: ("notes", "note", "case notes", "comments", "comment", "remarks"),
    Field.ROLE: ("role", "role in case", "person type", "type of person", "party", "person role", "involvement", "capacity", "v p", "v p c", "victim perpetrator", "victim perpetrator child", "victim or perpetrator", "victim perpetrator or child", "victim perp", "victim perp child"),
    Field.NAME: ("name", "full name", "names", "person", "person name", "name and dob", "names and dobs", "name and date of birth", "names and dates of birth", "name and age", "names and ages", "name dob and age"),
    Field.FAMILY_NAME: ("surname", "family name", "last name", "family", "sur name"),
    Field.GIVEN_NAME: ("first name", "first names", "forename", "forenames", "given name", "given names", "fore name", "christian name", "first", "given"),
    Field.MIDDLE_NAMES: ("middle name", "middle names", "other forenames", "second name", "second names", "middle"),
    Field.ALIASES: ("other names", "other name", "alias", "aliases", "aka", "a k a", "also known as", "known as", "alternative names", "alternative name", "other names used", "nickname", "nicknames", "alternative spellings", "previous names", "previous name", "former names", "former name"),
    Field.FORMER_FAMILY_NAME: ("former surname", "previous surname", "maiden name", "maiden surname", "birth surname", "surname at birth", "nee", "name at birth", "previous family name", "former family name", "former last name", "previous last name"),
    Field.BIRTH_DATE: ("date of birth", "dob", "d o b", "birth date", "birthdate", "born", "birth", "dates of birth", "dobs", "date born", "birthday"),
    Field.SEX: ("sex", "gender", "m f", "sex gender", "gender sex", "male female"),
    Field.NHS_NUMBER: ("nhs number", "nhs no", "nhs", "nhs id", "nhsno"),
    Field.CHI_NUMBER: ("chi number", "chi no", "chi"),
    Field.PNC_ID: ("pnc id", "pnc", "pnc number", "pnc no", "pncid"),
    Field.IDENTIFIERS: ("other identifiers", "identifiers", "identifier", "agency identifiers", "other references", "agency references"),
    Field.ADDRESS: ("address", "home address", "current address", "full address", "present address", "address and postcode", "current home address", "address with postcode", "last known address"),
    Field.ADDRESS_LINE: ("address line", "street", "town", "city", "county", "village", "house", "house number", "house name", "house number street", "locality", "district", "flat"),
    Field.POSTCODE: ("postcode", "post code", "postal code", "pc", "home postcode", "current postcode", "address postcode"),
    Field.UPRN: ("uprn", "property reference", "unique property reference number"),
    Field.PREVIOUS_ADDRESSES: ("previous address", "previous addresses", "former address", "former addresses", "other address", "other addresses", "past address", "past addresses", "old address"),
    Field.PHONE: ("phone", "telephone", "phone number", "telephone number", "phone no", "telephone no", "tel", "tel no", "tel number", "mobile", "mobile number", "mobile no", "mobile phone", "mobile phone number", "home tel", "work tel", "home phone", "home telephone", "contact number", "contact no", "contact telephone", "contact phone", "contact telephone number", "landline", "safe number", "safe contact number", "work phone"),
    Field.SAFE_TO_CALL: ("safe to call", "safe to contact", "safe to ring", "safe to phone", "is it safe to call", "safe contact", "safe to call times", "safe to call yes no", "safe to call when"),
    Field.NOT_TAKEN: (
        "time", "slot", "time slot", "referring agency", "referrer", "agency", "referred by", "source of referral", "referral source", "lead agency", "idva", "idaa", "advocate",
        "reason for referral", "referral reason", "reason", "risk", "risk level", "dash", "dash score", "score", "risk score", "visible high risk", "professional judgement", "escalation", "consent", "aware of referral", "aware", "victim aware",
        "consent given", "relationship", "relationship to victim", "relationship to perpetrator", "ethnicity", "ethnic origin", "ethnic group", "nationality", "religion", "language", "first language", "preferred language", "interpreter", "interpreter needed", "interpreter required", "disability", "disabled", "lgbt", "lgbtq", "sexuality", "sexual orientation",
        "age", "ages", "gp", "gp surgery", "gp practice", "school", "nursery", "occupation", "employer", "pregnant", "pregnancy", "immigration status", "housing provider", "landlord", "tenure", "number of children", "no of children", "children number", "children yes no", "any children", "lives with", "living with", "children live with",
        "crime number", "crime no", "crime ref", "crime reference", "crime reference number", "police ref", "police reference", "incident number", "incident no", "incident date", "date of incident", "last marac", "last marac date", "date of last marac", "date of last referral", "previous marac", "officer", "oic", "email", "e mail",
        "summary", "background", "incident", "incident details", "concerns", "circumstances", "outcome", "action", "actions", "research", "status", "marital status", "title",
    ),
}  # fmt: skip

ROLE_WORDS: Mapping[Role, tuple[str, ...]] = {
    Role.VICTIM: ("victim", "victims", "survivor", "survivors"),
    Role.PERPETRATOR: ("perpetrator", "perpetrators", "perp", "perps", "offender", "offenders", "abuser", "abusers", "suspect", "suspects"),
    Role.CHILD: ("child", "children", "childs", "childrens", "kid", "kids", "dependant", "dependants", "dependent", "dependents"),
    Role.OTHER: ("associate", "associates", "relative", "relatives"),
}
_ROLE_OF = {word: role for role, words in ROLE_WORDS.items() for word in words}
_OTHER_PERSON = frozenset({"other", "person"})
FILLER_WORDS = frozenset({"of", "the", "s", "to", "and", "please", "if", "known", "details", "detail", "alleged", "information", "info", "for", "a", "is", "their", "his", "her", "dd", "mm", "yyyy", "yy", "uk", "in", "with", "include", "full"})  # fmt: skip
_NOT_FILLER_IN = frozenset({"known as", "also known as", "a k a", "full name", "full address", "last known address"})


@dataclass(frozen=True, slots=True)
class Column:
    """What a column means. ``role`` is None where the heading does not say; ``number`` tells child 2 from child 1."""

    field: Field
    role: Role | None = None
    number: int = 1

    @property
    def label(self) -> str:
        """How a problem names the column: ``victim date of birth``, ``child 2 name``, ``case number``."""
        whose = f"{self.role.value} " if self.role else ""
        which = f"{self.number} " if self.number > 1 else ""
        return f"{whose}{which}{self.field.value}"


_SPELLINGS = (
    (re.compile(r"\((e?s)\)"), r"\1"),
    (re.compile(r"\([^()]*\)"), " "),
    (re.compile(r"['\u2019]s\b"), " "),
    (re.compile(r"\by(es)?\s*/\s*no?\b"), " "),
    (re.compile("#"), " number "),
)


def words_of(heading: str) -> tuple[str, ...]:
    """The heading's words: lower case, accents, brackets' hints and punctuation gone, digits apart from letters."""
    plain = unicodedata.normalize("NFKD", heading).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    for pattern, instead in _SPELLINGS:
        plain = pattern.sub(instead, plain)
    return tuple(re.findall(r"[a-z]+|[0-9]+", plain))


def _key(words: Iterable[str]) -> frozenset[str]:
    """Order-free key of a heading; filler goes unless nothing else would be left."""
    words = frozenset(words)
    return words - FILLER_WORDS or words


def _table() -> dict[frozenset[str], Field]:
    table: dict[frozenset[str], Field] = {}
    for field, headings in SYNONYMS.items():
        for heading in headings:
            table.setdefault(frozenset(words_of(heading)), field)
    for field, headings in SYNONYMS.items():
        for heading in headings:
            if heading not in _NOT_FILLER_IN:
                table.setdefault(_key(words_of(heading)), field)
    return table


_FIELD_OF = _table()
_MULTIPLE = frozenset({Field.PHONE, Field.ALIASES, Field.ADDRESS_LINE, Field.IDENTIFIERS, Field.NOTES})


def recognise(heading: str) -> Column | None:
    """What the heading means, or None when it is not in the tables."""
    words = words_of(heading)
    if not words or len(words) > 12:
        return None
    whole = _field(words)
    if whole in CASE_FIELDS | {Field.ROLE}:
        return Column(whole)
    role, number, rest = _whose(words)
    field, number_of_field = _numbered(rest, known_role=role is not None)
    if field is None:
        return None
    if field in CASE_FIELDS | {Field.ROLE}:
        return Column(field) if field is Field.NOT_TAKEN or role is None else None
    if role is None and _ROLE_OF.keys() & set(words):
        return None
    if role and number == 1 and field not in _MULTIPLE:
        number = number_of_field
    return Column(field, role, number)


def _field(words: Iterable[str]) -> Field | None:
    words = tuple(words)
    return _FIELD_OF.get(frozenset(words)) or _FIELD_OF.get(_key(words))


def _whose(words: tuple[str, ...]) -> tuple[Role | None, int, tuple[str, ...]]:
    """The role that the heading names, the number that stands next to it, and the other words."""
    if set(words) >= _OTHER_PERSON:
        return Role.OTHER, *_number_apart(tuple(w for w in words if w not in _OTHER_PERSON))
    roles = {_ROLE_OF[word] for word in words if word in _ROLE_OF}
    if len(roles) != 1:
        return None, 1, tuple(word for word in words if word not in _ROLE_OF) if _field(words) is None else words
    rest: list[str] = []
    number = 1
    for before, word in zip(("", *words), words, strict=False):
        if word.isdigit() and before in _ROLE_OF:
            number = int(word)
        elif word not in _ROLE_OF:
            rest.append(word)
    return roles.pop(), number, tuple(rest)


def _number_apart(words: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    digits = [word for word in words if word.isdigit()]
    return (int(digits[0]) if digits else 1), tuple(word for word in words if not word.isdigit())


def _numbered(words: tuple[str, ...], *, known_role: bool) -> tuple[Field | None, int]:
    """The field, and its own number: "address 2" is a line of an address, "name 2" the second person's name."""
    number, rest = _number_apart(words)
    field = Field.NAME if known_role and not frozenset(rest) - FILLER_WORDS else _field(rest)
    if field is Field.ADDRESS and len(rest) != len(words):
        field = Field.ADDRESS_LINE
    return field, number
