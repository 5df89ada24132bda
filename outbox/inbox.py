"""What comes back enters once: a receipt per source and key, with a digest of the content.

Keys and contents come from outside and may say anything, so only keyed digests of them are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from sqlalchemy import Connection, text

Digest = Callable[[str, str, bytes], bytes]
"""Keyed digest of (purpose, source, content)."""

_TAKE = text("INSERT INTO inbox_receipts (source, key, digest) VALUES (:source, :key, :digest) ON CONFLICT DO NOTHING")
_FIND = text("SELECT digest FROM inbox_receipts WHERE source = :source AND key = :key")


class Receipt(StrEnum):
    """``DIFFERENT``: the key was accepted before with other content; a person must see both."""

    NEW = "new"
    SAME = "same"
    DIFFERENT = "different"


def accept_once(connection: Connection, digest: Digest, source: str, key: str, content: bytes) -> Receipt:
    """Takes a reply in, in the caller's transaction. The same reply arriving twice at once waits for the first to commit."""
    row = {"source": source, "key": digest("key", source, key.encode()), "digest": digest("content", source, content)}
    if connection.execute(_TAKE, row).rowcount:
        return Receipt.NEW
    known = connection.execute(_FIND, row).scalar_one()
    return Receipt.SAME if known == row["digest"] else Receipt.DIFFERENT
