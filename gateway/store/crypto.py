"""Field encryption and blind indexes.

A sealed value is ``version, key number, nonce (12), AES-256-GCM(padded value)``; the associated data names table, column and row, so that
a value moved elsewhere does not open. Padding (length, value, zeros up to a size class) keeps the length from telling the content.
A blind index is HMAC-SHA-256 under a key of its own: equal values can be found, no value can be read.
"""

from __future__ import annotations

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.domain.errors import Code, Unavailable
from gateway.store.keys import Keys

_FORMAT = 1
_HEADER = 2
_NONCE = 12
_LENGTH = 4
_PAGE = 4096
SMALLEST = 256
"""Bytes of the smallest size class; each class doubles up to 4096, then goes in steps of 4096."""


class Vault:
    """Seals, opens and indexes with one set of keys. The cipher objects are made once (half the cost of a value otherwise)."""

    def __init__(self, keys: Keys) -> None:
        self._ciphers = {number: AESGCM(key) for number, key in keys.sealing.items()}
        self._current = self._ciphers[keys.current]
        self._header = bytes((_FORMAT, keys.current))
        self._index, self._chain = (hmac.new(key, digestmod="sha256") for key in (keys.index, keys.chain))
        self._begun: dict[str, hmac.HMAC] = {}
        """Of each purpose: the key and the purpose, taken in."""

    def seal(self, plain: bytes, context: bytes, at_least: int = SMALLEST) -> bytes:
        """Encrypts for one row; ``at_least`` is the smallest size class, so that all values of a column can look alike."""
        nonce = os.urandom(_NONCE)
        return b"".join((self._header, nonce, self._current.encrypt(nonce, _pad(plain, at_least), context)))

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Raises ``Unavailable(SEAL_BROKEN)`` when it was altered, moved to another row, or its key is not here."""
        cipher = self._ciphers.get(sealed[1]) if len(sealed) > _HEADER and sealed[0] == _FORMAT else None
        if cipher is None:
            raise Unavailable(Code.SEAL_BROKEN)
        try:
            padded = cipher.decrypt(sealed[_HEADER : _HEADER + _NONCE], sealed[_HEADER + _NONCE :], context)
        except (InvalidTag, ValueError):
            raise Unavailable(Code.SEAL_BROKEN) from None
        return padded[_LENGTH : _LENGTH + int.from_bytes(padded[:_LENGTH])]

    def index(self, purpose: str, *parts: str | bytes) -> bytes:
        """The blind index of a value made of parts; another purpose gives another index, and no two part lists run together."""
        return _digest(self._begun.get(purpose) or self._begin(purpose), b"".join([_framed(part.encode() if isinstance(part, str) else part) for part in parts]))

    def _begin(self, purpose: str) -> hmac.HMAC:
        begun = self._index.copy()
        begun.update(_framed(purpose.encode()))
        self._begun[purpose] = begun  # only now: another thread takes it as it is
        return begun

    def chain(self, content: bytes) -> bytes:
        """The keyed hash that links the audit."""
        return _digest(self._chain, content)


def _digest(keyed: hmac.HMAC, content: bytes) -> bytes:
    """A copy of what begins with the key: ``hmac.digest`` lets go of the interpreter each time, and the loop that delivers would wait for
    whichever thread took it (some 75 µs a look-up)."""
    begun = keyed.copy()
    begun.update(content)
    return begun.digest()


def _pad(plain: bytes, at_least: int) -> bytes:
    needed, size = len(plain) + _LENGTH, at_least
    while size < needed:
        size = size * 2 if size < _PAGE else size + _PAGE
    return b"".join((len(plain).to_bytes(_LENGTH), plain, bytes(size - needed)))


def _framed(piece: bytes) -> bytes:
    return len(piece).to_bytes(_LENGTH) + piece
