"""How names, addresses and telephone numbers are compared: what is folded away first, and what counts as the same."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from gateway.domain.case_list import Address, PersonName
from gateway.domain.sealed import Sealed

_JOINERS = dict.fromkeys(map(ord, "'’‘ʼ`´.-‐‑‒–—_ \t,"))
"""Apostrophes, hyphens, points and spaces: agencies keep or drop them at will."""
_LETTERS_APART = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
"""Letters that do not come apart into a letter and a mark."""
_APART = re.compile(r"[\s\-‐‑‒–—_,]+")
_NUMBERS = re.compile(r"[0-9]+[a-z]?(?![0-9a-z])")


def fold(text: str) -> str:
    """NFKC, case folded, without marks, joiners and invisible characters."""
    text = text.translate(_JOINERS)
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS_APART)
    parted = unicodedata.normalize("NFKD", plain)
    return "".join([c for c in parted if c.isascii() or not _dropped(c)]).translate(_JOINERS)


def _dropped(character: str) -> bool:
    """Marks that stand over Latin, Greek and Cyrillic letters, and what cannot be seen. Vowel signs of other scripts are letters."""
    return "\u0300" <= character <= "\u036f" or unicodedata.category(character) in ("Cf", "Cc")


def scripts(text: str) -> frozenset[str]:
    """The alphabets that the letters of a text belong to, by their Unicode names."""
    text = text.translate(_JOINERS)
    if text.isascii():
        return _LATIN
    letters = (c for c in unicodedata.normalize("NFKC", text) if c.isalpha())
    return frozenset(unicodedata.name(c, "UNKNOWN").partition(" ")[0] for c in letters)


_LATIN = frozenset({"LATIN"})


@dataclass(frozen=True, slots=True, repr=False)
class FoldedName(Sealed):
    """A name as it is compared: ``given`` is the first given name, ``rest`` the others, ``whole`` all given names run together."""

    family: str
    parts: frozenset[str]
    given: str
    rest: tuple[str, ...]
    whole: str
    mixed: bool


def folded(name: PersonName) -> FoldedName:
    """A name made ready. Second given names count as middle names wherever they were written."""
    tokens = [fold(t) for t in _APART.split(name.given) if t]
    tokens += [fold(t) for m in name.middle for t in _APART.split(m) if t]
    tokens = [t for t in tokens if t]
    family = fold(name.family)
    parts = frozenset(p for p in map(fold, _APART.split(name.family)) if len(p) > 1)
    mixed = len(scripts(name.family + name.given)) > 1
    return FoldedName(family, parts, tokens[0] if tokens else "", tuple(tokens[1:]), "".join(tokens), mixed)


def one_slip(a: str, b: str) -> bool:
    """Whether one keystroke apart: a letter changed, lost, added, or two neighbours swapped. Short words are never a slip apart."""
    if min(len(a), len(b)) < 4 or abs(len(a) - len(b)) > 1:
        return False
    i = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    if len(a) == len(b):
        return a[i + 1 :] == b[i + 1 :] or (a[i : i + 2] == b[i : i + 2][::-1] and a[i + 2 :] == b[i + 2 :])
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    return longer[i + 1 :] == shorter[i:]


@dataclass(frozen=True, slots=True, repr=False)
class Home(Sealed):
    """An address as it is compared: postcode, and every number in it in order (flat, house), or the first line where it has none."""

    postcode: str
    place: tuple[str, ...]


def home(address: Address) -> Home | None:
    """None without a postcode: a house number alone says nothing."""
    if not address.postcode:
        return None
    postcode = fold(address.postcode)
    lines = ",".join(address.lines).lower()
    numbers = tuple(_NUMBERS.findall(lines.replace(address.postcode.lower(), "")))
    return Home(postcode, numbers or (fold(address.lines[0]) if address.lines else "",))


def dialled(number: str) -> str:
    """A telephone number as a United Kingdom exchange would dial it, without the leading 0; "" when too short to say anything."""
    digits = "".join(c for c in number if c in "0123456789")
    digits = digits.removeprefix("00").removeprefix("44").lstrip("0")
    return digits if len(digits) >= 9 else ""
