"""Releases at rest: versioned JSON, written and read back without loss.

A release is rebuilt only by ``gateway.policy.disclosure.restore``, the one place that may construct one. Encryption is the store's.
"""

from __future__ import annotations

import dataclasses
import typing

import msgspec

from gateway.domain.error_codes import Code
from gateway.domain.errors import GatewayError, InvalidInput
from gateway.domain.releases import KIND_OF, RELEASE_TYPES, MessageKind, Release
from gateway.policy.disclosure import restore

VERSION = 1
"""Of the whole format. It changes when a reader of the old format would misread the new one; fields with defaults may be added."""


class _Envelope(msgspec.Struct, frozen=True):
    v: int
    kind: str
    body: msgspec.Raw


def _fields_of(release_type: type[Release]) -> type[msgspec.Struct]:
    """The same fields with the same types, but not a release: what is read from rest before ``restore`` has seen it."""
    hints = typing.get_type_hints(release_type)
    fields = dataclasses.fields(release_type)
    return msgspec.defstruct(
        f"{release_type.__name__}Fields",
        [(f.name, hints[f.name]) if f.default is dataclasses.MISSING else (f.name, hints[f.name], f.default) for f in fields],
        frozen=True,
        kw_only=True,
    )


_encoder = msgspec.json.Encoder()
_envelope_decoder = msgspec.json.Decoder(_Envelope)
_field_decoders = {kind.value: msgspec.json.Decoder(_fields_of(release_type)) for kind, release_type in RELEASE_TYPES.items()}


def kind_of(release: Release) -> MessageKind:
    """The kind of message that carries this release."""
    return KIND_OF[type(release)]


def seal_release(release: Release) -> bytes:
    """A release as bytes for the outbox: ``{"v": 1, "kind": ..., "body": {...}}``, fields in the order of the type."""
    return _encoder.encode({"v": VERSION, "kind": kind_of(release).value, "body": release})


def open_release(content: bytes) -> Release:
    """Inverse of ``seal_release``. Raises ``InvalidInput`` with ``ENVELOPE_UNREADABLE`` or ``ENVELOPE_VERSION_UNKNOWN``."""
    envelope = _open(content)
    return restore(envelope.kind, msgspec.structs.asdict(_fields_in(envelope)))


def _open(content: bytes) -> _Envelope:
    try:
        envelope = _envelope_decoder.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise InvalidInput(Code.ENVELOPE_UNREADABLE) from None
    if envelope.v != VERSION:
        raise InvalidInput(Code.ENVELOPE_VERSION_UNKNOWN)
    return envelope


def _fields_in(envelope: _Envelope) -> msgspec.Struct:
    """The body by its kind. The decoder's own message is dropped: it may quote a value."""
    try:
        return _field_decoders[envelope.kind].decode(envelope.body)
    except (KeyError, msgspec.MsgspecError, UnicodeDecodeError, GatewayError):
        raise InvalidInput(Code.ENVELOPE_UNREADABLE) from None
