"""Words that say why we ask, and finding them in what is about to leave, however they are written.

A quick look decides almost always: the letters alone, without case, accents or anything between them, hold no stem. Only what might hold
one is read closely: then it must stand as a word or the beginning of one, and names of the person concerned are not counted (people are
called Dash, Stalker or Tamara Crane).
"""

from __future__ import annotations

import base64
import binascii
import html
import quopri
import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

ANYWHERE = (
    "marac", "safelives", "perpetrat", "victim", "violen", "domestic", "survivor", "safeguard", "strangul", "femicid", "homicid",
    "clares law", "womens aid", "honour based", "forced marriage", "high risk", "risk assess", "risk of harm", "child protection",
    "counter alleg", "non molest", "restraining order", "occupation order", "protection order", "multi agency", "safe house",
    "threat to life", "osman warning", "disclosure scheme", "traffick", "molest", "caada", "dashric", "mappa", "matac",
)  # fmt: skip
"""Stems that count inside a word too; a space stands for anything or nothing between two words."""

AT_THE_BEGINNING = (
    "abus", "assault", "coerci", "controlling behav", "harass", "stalk", "refuge", "rapist", "raping", "groomin", "exploit", "alleg",
    "offender", "aggressor", "complainant", "batterer", "injunct", "predator",
)  # fmt: skip
"""Stems that count at the beginning of a word only."""

AS_A_WORD = ("idva", "idaa", "isva", "ipva", "dash", "rape", "fgm", "dva", "ipv", "vawg", "dvpo", "dvpn", "dapo", "dapn", "dvds", "mash")
"""Short ones, which chance makes of any letters: they count alone."""

IN_WORK = frozenset({"safeguard", "multi agency", "child protection", "risk assess"})
"""What the everyday names of posts and teams hold: borne in the text of a work item, and nowhere else."""

STEMS = (*ANYWHERE, *AT_THE_BEGINNING, *AS_A_WORD)

_LETTERS = bytes(range(97, 123))
_LOWER = bytes.maketrans(bytes(range(65, 91)), _LETTERS)
_KEPT = b'"&=|^~'
"""What parts fields in our formats: no word reaches from one field into the next."""
_NO_LETTERS = bytes(code for code in range(256) if code not in _LETTERS + _KEPT and not 65 <= code <= 90)
_JOINERS = re.compile("[-_.'\N{RIGHT SINGLE QUOTATION MARK}\N{SOFT HYPHEN}\u200b-\u200d\u2060]")
_SPACED_OUT = re.compile(r"(?<![a-z])(?:[a-z][^a-z]{1,3}){2,}[a-z](?![a-z])")
_ENCODED = re.compile(rb"%(?:[46][1-9A-Fa-f]|[57][0-9Aa]|[C-Fc-f])|\\u00[0-9A-Fa-f]|\\X[0-9A-Fa-f]|&#|&[a-z]{2,6};|=[4-7][0-9A-F]")
_HEX = re.compile(r"\\u00([0-9a-f]{2})|\\x((?:[0-9a-f]{2})+)\\", re.IGNORECASE)
_IDS = re.compile(rb"(?<![0-9A-Za-z])[0-9A-Fa-f][0-9A-Fa-f-]{18,34}[0-9A-Fa-f](?![0-9A-Za-z])")
"""Our own ids: chance writes CAADA with hexadecimal digits, and short words where they are unpacked."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")


def tells(content: bytes, own: Iterable[str] = (), *, in_work: bool = False, packed: bool = False) -> bool:
    """Whether the bytes hold a word of the vocabulary, in any case, spaced out, hyphenated, percent- or otherwise escaped, or as UTF-16.

    ``own``: texts that do not count. ``in_work``: everyday names of posts do not count either. ``packed``: base64 is unpacked as well.
    """
    if not any(_may_hold(view) for view in _views(content, packed)):
        return False
    pattern = _PATTERNS[in_work]
    names = sorted({_folded(name) for name in own if name}, key=len, reverse=True)
    views = (_IDS.sub(b" ", view) for view in _views(_IDS.sub(b" ", content), packed))
    return any(pattern.search(reading) for view in views for reading in _readings(view, names))


def _may_hold(content: bytes) -> bool:
    return _STEM.search(content.translate(_LOWER, _NO_LETTERS).decode("ascii")) is not None


def _views(content: bytes, packed: bool) -> Iterator[bytes]:
    """The content, and what it is once its escapes are undone."""
    plain = _plain(content)
    yield plain
    if (b"%" in plain or b"\\" in plain or b"&" in plain or b"=" in plain) and _ENCODED.search(plain):
        yield _plain(unquote_to_bytes(plain))
        yield _plain(html.unescape(_HEX.sub(_from_hex, plain.decode("latin-1"))).encode("utf-8", "replace"))
        yield _plain(quopri.decodestring(plain))
    if packed:
        yield from map(_plain, _unpacked(plain))


def _plain(content: bytes) -> bytes:
    """Without accents and look-alikes of letters; UTF-16 comes out as its letters, for what lies between them is no letter."""
    if content.isascii():
        return content.replace(b"\0", b"") if b"\0" in content else content
    return _folded(content.decode("utf-8", "replace")).encode()


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKD", text).casefold().encode("ascii", "ignore").decode()


def _from_hex(found: re.Match[str]) -> str:
    return bytes.fromhex(found[1] or found[2]).decode("latin-1")


def _unpacked(content: bytes) -> Iterator[bytes]:
    for run in _BASE64.findall(content):
        for part in re.split(rb"[.]", run):
            try:
                yield base64.b64decode(part.replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=") + b"=" * (-len(part.rstrip(b"=")) % 4))
            except binascii.Error:
                continue


def _readings(view: bytes, names: Iterable[str]) -> Iterator[str]:
    """As it stands, without what joins the parts of a word, and with spaced-out letters put together."""
    text = view.decode("ascii").casefold()
    for name in names:
        text = text.replace(name, "\0")
    yield text
    joined = _JOINERS.sub("", text)
    yield joined
    yield _SPACED_OUT.sub(lambda found: re.sub("[^a-z]", "", found[0]), text)


def _tree(words: Iterable[str]) -> str:
    """The words as one expression in which common beginnings stand once: a third of the time that a list of alternatives takes."""
    branches: dict[str, list[str]] = {}
    for word in words:
        branches.setdefault(word[:1], []).append(word[1:])
    if "" in branches:
        return ""
    grown = [first + _tree(rest) for first, rest in sorted(branches.items())]
    return grown[0] if len(grown) == 1 else f"(?:{'|'.join(grown)})"


_STEM = re.compile(_tree(stem.replace(" ", "") for stem in STEMS))


def _pattern(stems: Iterable[str]) -> re.Pattern[str]:
    wanted = set(stems)

    def alternatives(some: Iterable[str]) -> str:
        return "|".join(stem.replace(" ", "[^a-z\0]{0,3}") for stem in some if stem in wanted)

    return re.compile(f"{alternatives(ANYWHERE)}|(?<![a-z])(?:{alternatives(AT_THE_BEGINNING)}|(?:{alternatives(AS_A_WORD)})(?![a-z]))")


_PATTERNS = {False: _pattern(STEMS), True: _pattern(frozenset(STEMS) - IN_WORK)}
