"""How names and telephone numbers are compared: what is folded away first."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_JOINERS = dict.fromkeys(map(ord, "'’‘ʼ`´.-‐‑‒–—_ \t,"))
"""Apostrophes, hyphens, points and spaces: agencies keep or drop them at will."""
_LETTERS_APART = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
"""Letters that do not come apart into a letter and a mark."""


def fold(text: str) -> str:
    """NFKC, case folded, without marks, joiners and invisible characters."""
    if text.isascii():
        return text.translate(_JOINERS).lower()
    return "".join(map(_folded, unicodedata.normalize("NFKC", text)))


@lru_cache(maxsize=8192)
def _folded(character: str) -> str:
    """One character by itself; what is kept of these is letters, and nobody's."""
    parted = unicodedata.normalize("NFKD", character.casefold().translate(_LETTERS_APART))
    return "".join([c for c in parted if c.isascii() or not _dropped(c)]).translate(_JOINERS)


def _dropped(character: str) -> bool:
    """Marks that stand over Latin, Greek and Cyrillic letters, and what cannot be seen. Vowel signs of other scripts are letters."""
    return "\u0300" <= character <= "\u036f" or unicodedata.category(character) in ("Cf", "Cc")


def scripts(text: str) -> frozenset[str]:
    """The alphabets that the letters of a text belong to, by their Unicode names."""
    if text.isascii():
        return LATIN
    return frozenset(filter(None, map(_script, unicodedata.normalize("NFKC", text))))


@lru_cache(maxsize=8192)
def _script(character: str) -> str:
    return unicodedata.name(character, "UNKNOWN").partition(" ")[0] if character.isalpha() else ""


LATIN = frozenset({"LATIN"})


_NO_DIGITS = re.compile("[^0-9]+")


def dialled(number: str) -> str:
    """A telephone number as a United Kingdom exchange would dial it, without the leading 0; "" when too short to say anything."""
    plain = number.replace(" ", "")
    digits = plain if plain.isascii() and plain.isdigit() else _NO_DIGITS.sub("", plain)
    digits = digits.removeprefix("00").removeprefix("44").lstrip("0")
    return digits if len(digits) >= 9 else ""
