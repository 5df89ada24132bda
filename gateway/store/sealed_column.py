"""One sealed column: a value of a declared type on one side, padded ciphertext bound to table, column and row on the other."""

from __future__ import annotations

from typing import Generic, TypeVar
from uuid import UUID

import msgspec

from gateway.domain.errors import Code, Unavailable
from gateway.store.crypto import SMALLEST, Vault

T = TypeVar("T")
RowId = UUID | int | bytes
_encoder = msgspec.msgpack.Encoder()


class SealedColumn(Generic[T]):
    """Values are written as MessagePack of ``kind`` and read back only as ``kind``. Fields may be added at the end, with defaults."""

    def __init__(self, name: str, kind: type[T], at_least: int = SMALLEST) -> None:
        self._prefix = f"{name}:".encode()
        self._decoder = msgspec.msgpack.Decoder(kind)
        self._at_least = at_least

    def seal(self, vault: Vault, value: T, *row: RowId) -> bytes:
        """The ciphertext for the row that these ids name."""
        return vault.seal(_encoder.encode(value), self._context(row), self._at_least)

    def open(self, vault: Vault, sealed: bytes, *row: RowId) -> T:
        """Inverse of ``seal``. Raises ``Unavailable(SEAL_BROKEN)``."""
        plain = vault.open(sealed, self._context(row))
        try:
            return self._decoder.decode(plain)
        except msgspec.DecodeError:
            raise Unavailable(Code.SEAL_BROKEN) from None

    def _context(self, row: tuple[RowId, ...]) -> bytes:
        return self._prefix + b"".join(map(_bytes, row))


def _bytes(part: RowId) -> bytes:
    if isinstance(part, UUID):
        return part.bytes
    return part.to_bytes(8) if isinstance(part, int) else part
