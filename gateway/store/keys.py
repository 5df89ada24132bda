"""The key file: what seals, what indexes, what chains. Three independent keys, so that one purpose never serves another.

A file is made once, by ``create_key_file``, and read at start. It is the one thing without which the database cannot be read, and which
must never be backed up beside it.
"""

from __future__ import annotations

import json
import os
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.errors import Code, Refused, Unavailable
from gateway.domain.sealed import Sealed

KEY_BYTES = 32
_VERSION = 1
_OTHERS = 0o077


@dataclass(frozen=True, slots=True, repr=False)
class Keys(Sealed):
    """``sealing`` by number (1 to 255; ``current`` seals, all open), ``index`` for blind indexes, ``chain`` for the audit."""

    current: int
    sealing: dict[int, bytes]
    index: bytes
    chain: bytes

    @classmethod
    def fresh(cls) -> Keys:
        """New random keys."""
        return cls(1, {1: secrets.token_bytes(KEY_BYTES)}, secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES))


def create_key_file(path: Path, *, development: bool) -> None:
    """Writes fresh keys, mode 0600. Raises ``FileExistsError`` rather than replace a file: what it sealed could never be read again."""
    content = json.dumps(_document(Keys.fresh(), development), indent=1).encode()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)


def load_key_file(path: Path, *, production: bool, data_folder: Path | None = None) -> Keys:
    """Reads the keys. Raises ``Unavailable`` when there are none to read, and in production ``Refused`` with ``KEY_FILE_OPEN_TO_OTHERS``
    (mode or owner), ``KEY_FILE_FOR_DEVELOPMENT`` or ``KEY_FILE_BESIDE_DATA``."""
    try:
        content = path.read_bytes()
    except OSError:
        raise Unavailable(Code.KEY_FILE_MISSING) from None
    keys, development = _read(content)
    if production:
        _check_place(path, data_folder)
        if development:
            raise Refused(Code.KEY_FILE_FOR_DEVELOPMENT)
    return keys


def _check_place(path: Path, data_folder: Path | None) -> None:
    status = path.stat()
    if status.st_mode & _OTHERS or status.st_uid != os.geteuid():
        raise Refused(Code.KEY_FILE_OPEN_TO_OTHERS)
    if data_folder and path.resolve().is_relative_to(data_folder.resolve()):
        raise Refused(Code.KEY_FILE_BESIDE_DATA)


def _document(keys: Keys, development: bool) -> dict[str, object]:
    return {
        "version": _VERSION,
        "made_for": "development" if development else "production",
        "current": keys.current,
        "sealing": {str(number): b64encode(key).decode() for number, key in keys.sealing.items()},
        "index": b64encode(keys.index).decode(),
        "chain": b64encode(keys.chain).decode(),
    }


def _read(content: bytes) -> tuple[Keys, bool]:
    try:
        document = json.loads(content)
        sealing = {int(number): _key(text) for number, text in document["sealing"].items()}
        keys = Keys(int(document["current"]), sealing, _key(document["index"]), _key(document["chain"]))
        if document["version"] != _VERSION or keys.current not in sealing or not all(0 < n < 256 for n in sealing):
            raise ValueError
        return keys, document["made_for"] != "production"
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unavailable(Code.KEY_FILE_UNREADABLE) from None


def _key(text: str) -> bytes:
    key = b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError
    return key
