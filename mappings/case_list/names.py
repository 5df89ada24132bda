"""Names as lists give them: one cell or several columns, titles, aliases, placeholders, and characters that no name has.

What is written is kept elsewhere (``ParsedPerson.written``); here a name is only taken apart. Comparison is the matching's affair.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from gateway.domain.case_list import PersonName
from gateway.domain.errors import Code
from mappings.case_list.problems import HELD, SEVERITY, Reading

MAX_NAME = 100
MAX_WORDS = 8
"""Surname and first names; more words are a sentence."""
_APOSTROPHES = "'\u2018\u2019\u02bc\u0060\u00b4"
_HYPHENS = "-\u2010\u2011\u2012\u2013\u2014\u2212"
_JOINERS = frozenset(_APOSTROPHES + _HYPHENS + " .\u00b7")
_WHOLE_WORD_LETTERS = frozenset({"HAN", "HANGUL"})
"""Scripts in which one character is a whole name."""
_STACKED = re.compile("[\u0300-\u036f]{4}")
"""So many combining marks on one letter are not writing."""
_GARBLED = re.compile(
    "\ufffd|\u00e2\u20ac|\u201a\u00c4|[\u00c3\u00c2\u00c4\u00c5][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "rev", "sir", "dame", "lady", "lord"})
_SUFFIXES = frozenset({"jr", "jnr", "junior", "sr", "snr", "senior", "ii", "iii", "iv"})
_PARTICLES = frozenset({"van", "von", "de", "der", "den", "del", "della", "di", "da", "das", "do", "dos", "du", "la", "le", "el", "al", "bin", "bint", "ibn", "abu", "ap", "st", "st.", "ter", "ten", "te"})  # fmt: skip
_PLACEHOLDERS = frozenset({
    "unknown", "not known", "unk", "n k", "nk", "n a", "na", "none", "tbc", "tba", "to be confirmed", "unborn", "unborn child", "unborn baby",
    "ubb", "baby", "unnamed", "no name", "not given", "not stated", "not recorded", "anonymous", "anon", "withheld", "name withheld",
    "mr x", "x", "xx", "xxx", "male", "female", "man", "woman", "boy", "girl", "infant", "newborn", "nil", "redacted", "as above", "same as above",
})  # fmt: skip
_PLACEHOLDER_STARTS = re.compile(
    r"(?:baby (?:of|boy|girl)|bb of|unknown|unborn|infant of|child of|son of|daughter of|unidentified|not known|name not)\b|baby\b",
    re.IGNORECASE,
)
NOBODY = frozenset({"none", "no children", "no", "n/a", "na", "nil", "0", "-", "none known", "n\\a"})
"""What a list writes where there is nobody; unlike a placeholder, this is not a person."""
_FORMERLY = r"n(?:\u00e9|e)e\b|formerly(?: known as)?\b|maiden name\b"
_ALSO = r"a\.?k\.?a\b\.?|a/k/a\b|also known as\b|alias\b|previously(?: known as)?\b|now known as\b|known as\b"
_ALIAS_WORD = re.compile(rf"(?:(?P<former>(?<!\w)(?:{_FORMERLY}))|(?<!\w)(?:{_ALSO}))\s*[:.]?\s*", re.IGNORECASE)
_ALIAS_SIGN = re.compile(r"\s*[/;\n]\s*|\s+or\s+", re.IGNORECASE)
_BRACKETS = re.compile(r"(?<=\s)['\u2018]([^'\u2019]+)['\u2019](?=\s)|\(([^()]*)\)|\[([^\[\]]*)\]|\"([^\"]*)\"|\u201c([^\u201d]*)\u201d")
_TWO_PEOPLE = re.compile(r"\s(?:and|&|\+|with)\s", re.IGNORECASE)
_SPACE = re.compile(r"\s+")


def tidy(text: str) -> str:
    """The text with runs of white space (no-break spaces too) as one space, and none at its ends."""
    return _SPACE.sub(" ", text).strip()


def starts_with_alias_word(text: str) -> bool:
    """Whether the text goes on with another name of the same person ("aka ...", "nee ...")."""
    return bool(_ALIAS_WORD.match(text.lstrip(" ,(")))


def split_name(text: str) -> Reading[PersonName | None]:
    """One whole name: "Jane Mary Smith", "SMITH Jane", "Smith, Jane Mary", "Anna van der Berg"."""
    words, codes = _without_titles(tidy(text).replace(", ", ",").split(" "))
    plain = " ".join(words)
    if is_placeholder(plain):
        return Reading(None, (Code.NAME_UNKNOWN,))
    if _TWO_PEOPLE.search(f" {plain} "):
        return Reading(None, (Code.NAME_TWO_PEOPLE,))
    if "," in plain:
        family, _, rest = plain.partition(",")
        given = rest.replace(",", " ").split()
    else:
        given, family = _family_last(words)
    if not given or not family:
        return Reading(None, (*check_characters(plain), Code.NAME_ONE_WORD))
    return _checked(PersonName(tidy(family), given[0], tuple(given[1:])), codes)


def join_name(family: str, given: str, middle: str) -> Reading[PersonName | None]:
    """One name from its columns. A surname alone is allowed (some people have one name); a first name alone is not enough."""
    family, given, middle = tidy(family), tidy(given), tidy(middle)
    whole = tidy(f"{given} {family}")
    if any(part and is_placeholder(part) for part in (family, given, whole)):
        return Reading(None, (Code.NAME_UNKNOWN,))
    if _TWO_PEOPLE.search(f" {whole} "):
        return Reading(None, (Code.NAME_TWO_PEOPLE,))
    if not family:
        return Reading(None, (Code.NAME_ONE_WORD if given or middle else Code.NAME_MISSING,))
    words, codes = _without_titles(given.split(" ")) if given else ([], ())
    if not words:
        return _checked(PersonName(family), (*codes, Code.GIVEN_NAME_MISSING))
    return _checked(PersonName(family, words[0], (*words[1:], *middle.split())), codes)


def main_and_aliases(text: str) -> tuple[str, list[tuple[str, bool]]]:
    """The main name of a cell, and its aliases, each with whether it was a former surname ("nee", "formerly")."""
    aliases: list[tuple[str, bool]] = []

    def take(match: re.Match[str]) -> str:
        aliases.extend(_aliases_in(next(group for group in match.groups() if group is not None)))
        return " "

    outside = _BRACKETS.sub(take, text)
    main, *more = _pieces(outside)
    return tidy(main[0]).rstrip(" ,("), [*aliases, *more]


def read_aliases(text: str, main: PersonName) -> Reading[tuple[PersonName, ...]]:
    """The names of an aliases column, or of the rest of a name cell."""
    return name_aliases(_aliases_in(_BRACKETS.sub(lambda m: "; " + next(g for g in m.groups() if g is not None), text)), main)


def name_aliases(written: Iterable[tuple[str, bool]], main: PersonName) -> Reading[tuple[PersonName, ...]]:
    """Each alias as a name; one that cannot be used is left out with a finding."""
    names: list[PersonName] = []
    codes: list[Code] = []
    for text, former in written:
        read = _alias(text, main, former=former)
        codes.extend(read.codes)
        if read.value and read.value != main:
            names.append(read.value)
    return Reading(tuple(dict.fromkeys(names)), tuple(dict.fromkeys(codes)))


def former_family_names(text: str, main: PersonName) -> Reading[tuple[PersonName, ...]]:
    """A column of former surnames: each with the main first name."""
    return name_aliases([(piece, True) for piece, _ in _aliases_in(text)], main)


def is_placeholder(text: str) -> bool:
    """Whether the words stand for a name that nobody knows: "Unknown", "N/K", "Baby of", "?"."""
    words = " ".join(re.findall(r"\w+", text.casefold()))
    return not words or words in _PLACEHOLDERS or bool(_PLACEHOLDER_STARTS.match(words))


def check_characters(text: str) -> tuple[Code, ...]:
    """Findings about the characters of a name."""
    if _GARBLED.search(text):
        return (Code.NAME_GARBLED,)
    if any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs", "Cn") for c in text):
        return (Code.NAME_HIDDEN_CHARACTERS,)
    stacked = _STACKED.search(unicodedata.normalize("NFD", text))
    letters = "".join(c for c in text if c not in _JOINERS)
    dressed_up = unicodedata.normalize("NFKC", letters) != unicodedata.normalize("NFC", letters)  # full-width, mathematical, ligatures
    if stacked or dressed_up or not all(unicodedata.category(c)[0] in "LM" or c in _JOINERS for c in text):
        return (Code.NAME_ODD_CHARACTERS,)
    if len({_script(c) for c in text if unicodedata.category(c) in ("Lu", "Ll", "Lt", "Lo")}) > 1:
        return (Code.NAME_MIXED_SCRIPTS,)
    return ()


def _checked(name: PersonName, codes: tuple[Code, ...]) -> Reading[PersonName | None]:
    parts = [name.family, name.given, *name.middle]
    found = [*codes, *(code for part in parts for code in check_characters(part))]
    if len(parts) > MAX_WORDS or any(len(part) > MAX_NAME for part in parts):
        found.append(Code.NAME_TOO_LONG)
    if any(part and _is_letter(part) for part in (name.family, name.given)):
        found.append(Code.NAME_ONE_LETTER)
    held = any(SEVERITY[code] == HELD for code in found)
    return Reading(None if held else name, tuple(dict.fromkeys(found)))


def _letters(text: str) -> int:
    return sum(unicodedata.category(c)[0] == "L" for c in text)


def _is_letter(part: str) -> bool:
    return _letters(part) <= 1 and not any(_script(c) in _WHOLE_WORD_LETTERS for c in part)


def _script(character: str) -> str:
    """The first word of a letter's Unicode name (LATIN, CYRILLIC); full-width Latin counts as a script of its own."""
    name = unicodedata.name(character, "UNNAMED").split(" ")[0]
    return "HAN" if name in ("CJK", "HIRAGANA", "KATAKANA") else name.split("-")[0]


def _without_titles(words: list[str]) -> tuple[list[str], tuple[Code, ...]]:
    while len(words) > 1 and words[0].rstrip(".").casefold() in _TITLES:
        words = words[1:]
    if len(words) > 2 and words[-1].rstrip(".").casefold() in _SUFFIXES:
        return words[:-1], (Code.NAME_SUFFIX_LEFT_OUT,)
    return words, ()


def _family_last(words: list[str]) -> tuple[list[str], str]:
    """Given names and family name: capitals tell ("SMITH Jane", "Jane SMITH JONES"), else the last word with its particles."""
    loud = [_is_loud(word) for word in words]
    if any(loud) and not all(loud):
        first, last = loud.index(True), len(loud) - loud[::-1].index(True)
        if all(loud[first:last]) and (first == 0 or last == len(words)):
            return [*words[:first], *words[last:]], " ".join(words[first:last])
    start = len(words) - 1
    while start > 1 and words[start - 1].casefold() in _PARTICLES:
        start -= 1
    return words[:start], " ".join(words[start:])


def _is_loud(word: str) -> bool:
    """In capitals and not initials ("JJ"); of two letters only those with a vowel, or Ng, are taken for a surname."""
    capitals = _letters(word) > 1 and word == word.upper() and word != word.lower()
    return capitals and (_letters(word) > 2 or word == "NG" or any(c in "AEIOUY" for c in word))


def _pieces(text: str) -> list[tuple[str, bool]]:
    """The text cut at alias words and signs; each piece with whether a word for "formerly" stands before it. The first is the main one."""
    pieces: list[tuple[str, bool]] = []
    at, former = 0, False
    for match in [*_ALIAS_WORD.finditer(text), None]:
        piece = text[at : match.start() if match else len(text)]
        pieces.extend((part, former) for part in _ALIAS_SIGN.split(piece))
        if match:
            at, former = match.end(), match["former"] is not None
    return [pieces[0], *((tidy(p).strip(",:( "), f) for p, f in pieces[1:] if tidy(p).strip(",:( "))]


def _aliases_in(text: str) -> list[tuple[str, bool]]:
    return [(tidy(piece).strip(":( "), former) for piece, former in _pieces(text) if tidy(piece).strip(":( ")]


def _alias(text: str, main: PersonName, *, former: bool) -> Reading[PersonName | None]:
    if text.casefold() in NOBODY or is_placeholder(text):
        return Reading(None, () if text.casefold() in NOBODY else (Code.ALIAS_NOT_READ,))
    read = split_name(text)
    if read.value:
        return Reading(read.value, read.codes)
    if read.codes != (Code.NAME_ONE_WORD,):
        return Reading(None, (Code.ALIAS_NOT_READ,))
    alone = _checked(PersonName(tidy(text.strip(",")), main.given, main.middle) if former else PersonName(tidy(text.strip(","))), ())
    if alone.value is None:
        return Reading(None, (Code.ALIAS_NOT_READ,))
    return Reading(alone.value, () if former else (Code.ALIAS_ONE_WORD,))
