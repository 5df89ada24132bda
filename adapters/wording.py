"""The words of messages and of releases, folded so that they can be compared: lower case, parts of names and dates apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import date, datetime
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

import msgspec

from contracts.outgoing import MLLP
from gateway.domain.releases import LookupRelease, Release

_WORD = re.compile(r"[^\W_]+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dt\d\d:\d\d:\d\d[\d.]*(?:z|[+-]\d\d:\d\d)?")
_JSON_TEXT = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)"(:?)')
"""Every text of a JSON document, each with the colon that makes it a name; from its beginning on, so that none is begun in the middle."""
_FORM_FIELD = re.compile(rb"(?:^|&)([^=&]*)=")
_SEGMENT = re.compile(rb"(?:^|\r)([^|\r]+)")
_ER7_ESCAPE = re.compile(r"\\(?:[fstre]|x[0-9a-f]+)\\")
_json = msgspec.json.Decoder()


def words(text: str) -> list[str]:
    """The words of a text, folded: runs of letters and digits."""
    return _WORD.findall(text.casefold())


_FOLDED = bytes(code + 32 if 65 <= code <= 90 else code if chr(code).isalnum() and code < 128 else 32 for code in range(256))


def words_at_a_glance(body: bytes) -> set[str]:
    """The words as they stand, with no escape undone; of a body that is not all ASCII, none can be told apart so: the whole is one."""
    return set(body.translate(_FOLDED).decode("ascii").split()) if body.isascii() else {body.decode("utf-8", "replace")}


def is_json(body: bytes) -> bool:
    """Whether it is written as a JSON object."""
    return body[:1] == b"{"


def field_names(method: str, body: bytes) -> frozenset[str]:
    """Names of the fields of a JSON object or a form, or of the segments of a message."""
    if method != MLLP and is_json(body):
        names = [text for text, colon in _JSON_TEXT.findall(body) if colon]
    else:
        names = (_SEGMENT if method == MLLP else _FORM_FIELD).findall(body)
    return frozenset([name.decode("utf-8", "replace") for name in names])


def words_sent(method: str, body: bytes, codec: str) -> set[str]:
    """The words of a message that is about to leave, whatever its format; ``codec`` is that of messages of HL7 v2."""
    if method == MLLP:
        text = body.decode(codec, "replace").casefold()
        return set(_WORD.findall(_ER7_ESCAPE.sub(" ", text) if text.count("\\") > 1 else text))
    if is_json(body):
        return words_of_json(body) if b"\\" in body else set(_WORD.findall(_MOMENT.sub("", body.decode("utf-8", "replace").casefold())))
    text = body.decode("utf-8", "replace")
    return set(words(unquote_plus(text) if "%" in text else text))


def words_of_json(body: bytes) -> set[str]:
    """The words of a JSON document with its escapes undone; of anything else, the words as they stand."""
    try:
        told = _json.decode(body)
    except msgspec.MsgspecError:
        return set(words(body.decode("utf-8", "replace")))
    return {word for text in _texts_in(told) for word in _WORD.findall(_MOMENT.sub("", text.casefold()))}


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, held in value.items():
            yield name
            yield from _texts_in(held)
    elif isinstance(value, list):
        for held in value:
            yield from _texts_in(held)
    elif isinstance(value, str | int | float):
        yield str(value)


def without(body: bytes, field: str, value: str) -> bytes | None:
    """The document without the one field of this name that holds exactly this value; None when there is none, or more than one."""
    try:
        document = _json.decode(body)
    except msgspec.MsgspecError:
        return None
    return msgspec.json.encode(document) if _taken_out(document, field, value) == 1 else None


def _taken_out(value: Any, field: str, wanted: str) -> int:
    """How often the field was found; two when it stands there with another value."""
    if isinstance(value, list):
        return sum(_taken_out(held, field, wanted) for held in value)
    if not isinstance(value, dict):
        return 0
    held = value.pop(field, None)
    here = 0 if held is None else 1 if held == wanted else 2
    return here + sum(_taken_out(other, field, wanted) for other in value.values())


def words_of(release: Release) -> frozenset[str]:
    """Every word that a message may have from its release."""
    texts = _of_lookup(release) if isinstance(release, LookupRelease) else _of_fields(release)
    return frozenset(words(" ".join(texts)))


def _of_lookup(release: LookupRelease) -> Iterator[str]:
    for name in release.names:
        yield f"{name.family} {name.given}"
        yield from name.middle
    for born in release.birth_dates:
        iso = born.iso()
        yield f"{iso} {iso.replace('-', '')}"
    for identifier in release.own_identifiers:
        yield f"{identifier.system} {identifier.value}"
    if release.nhs_number:
        yield release.nhs_number.value
    if release.postcode:
        yield release.postcode
    if release.sex:
        yield release.sex.value


def _of_fields(release: Release) -> Iterator[str]:
    for field in fields(release):
        yield from _texts_of(getattr(release, field.name))


def _texts_of(value: object) -> Iterator[str]:
    """A value of a release as it may be written."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, UUID):
        yield str(value)
    elif isinstance(value, datetime | date):
        yield value.isoformat()
    elif isinstance(value, tuple):
        for held in value:
            yield from _texts_of(held)
