"""JSON from elsewhere, read strictly: no duplicate keys, no NaN, nothing nested beyond reason, no text that is not UTF-8.

A reply that two readers could understand differently is not read at all. The typed part is read by msgspec straight from the bytes.
"""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

import msgspec

from gateway.domain.error_codes import Code

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 64

T = TypeVar("T")


class Unreadable(Exception):
    """``REPLY_UNREADABLE``: not strict JSON. ``REPLY_UNEXPECTED``: JSON, but not of the shape. ``REPLY_TOO_LARGE``. Never a value."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code


def read(content: bytes, decoder: msgspec.json.Decoder[T], max_bytes: int = MAX_BYTES) -> T:
    """The typed value in ``content``. Raises ``Unreadable``."""
    check(content, max_bytes)
    try:
        return decoder.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unreadable(Code.REPLY_UNEXPECTED) from None


def read_any(content: bytes, max_bytes: int = MAX_BYTES) -> Any:
    """The whole value, untyped, for what must be sent back as it came."""
    check(content, max_bytes)
    return _anything.decode(content)


_anything = msgspec.json.Decoder()
_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def check(content: bytes, max_bytes: int = MAX_BYTES) -> None:
    """Raises ``Unreadable`` unless ``content`` is strict JSON within the limits."""
    if len(content) > max_bytes:
        raise Unreadable(Code.REPLY_TOO_LARGE)
    if content.count(b"[") + content.count(b"{") > MAX_DEPTH:
        _check_depth(content)
    try:
        again = msgspec.json.encode(_anything.decode(content))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise Unreadable(Code.REPLY_UNREADABLE) from None
    # A repeated key is dropped with its colon; every other colon stays, unless it was written as an escape.
    if again.count(b":") != content.count(b":") or b"\\u003" in content:
        _check_keys(content)


def _check_depth(content: bytes) -> None:
    """Takes away the innermost pairs again and again: as many rounds as levels."""
    outside = _STRINGS.sub(b"", content) if b"\\" in content else b"".join(content.split(b'"')[::2])
    brackets = outside.translate(None, _ALL_BUT_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
    if brackets:
        raise Unreadable(Code.REPLY_UNREADABLE)


def _check_keys(content: bytes) -> None:
    try:
        json.loads(content, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError):
        raise Unreadable(Code.REPLY_UNREADABLE) from None


def _without_repeats(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError
