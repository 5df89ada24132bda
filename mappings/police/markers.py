"""Markers on nominals. Ours are always ``need-to-know``; the interface's own default, ``general``, is printed and given out."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from gateway.domain.releases import FlagCheckRelease, FlagRelease
from mappings import strict_json

VISIBILITY = "need-to-know"
REFERENCE = re.compile(r"[A-Za-z0-9_-]{8,64}")


class _NewMarker(msgspec.Struct):
    reference: str
    text: str
    visibility: str = VISIBILITY


class _Replacement(msgspec.Struct):
    text: str
    visibility: str
    status: Literal["live", "ended"]


class Marker(msgspec.Struct, rename="camel"):
    """A marker as the force holds it."""

    marker_id: str
    nominal_id: str
    reference: str
    text: str
    visibility: str
    status: Literal["live", "ended"]
    version: int


class _MarkerList(msgspec.Struct):
    markers: list[Marker]


class _MarkerCapability(msgspec.Struct, rename="camel"):
    read: bool
    write: bool
    visibilities: list[str]
    max_text_length: int


class _Capabilities(msgspec.Struct):
    markers: _MarkerCapability


_encoder = msgspec.json.Encoder()
_markers = msgspec.json.Decoder(_MarkerList)
_capabilities = msgspec.json.Decoder(_Capabilities)


def build_marker(release: FlagRelease) -> bytes:
    """The body that puts our marker: exact words, our reference, need-to-know. The review date stays with us."""
    return _encoder.encode(_NewMarker(release.identifier, release.text))


def build_end(marker: Marker) -> bytes:
    """The body that ends a marker, its words unchanged, and hides it in any case."""
    return _encoder.encode(_Replacement(marker.text, VISIBILITY, "ended"))


def build_live(marker: Marker) -> bytes:
    """The body that makes an ended marker live again, its words unchanged and hidden."""
    return _encoder.encode(_Replacement(marker.text, VISIBILITY, "live"))


def read_markers(content: bytes) -> tuple[Marker, ...]:
    """All markers on a nominal. Raises ``strict_json.Unreadable``."""
    return tuple(strict_json.read(content, _markers).markers)


def can_hide(content: bytes) -> int:
    """The longest text that a need-to-know marker takes here, in characters; 0 when none can be written. Raises
    ``strict_json.Unreadable``."""
    markers = strict_json.read(content, _capabilities).markers
    offered = markers.read and markers.write and VISIBILITY in markers.visibilities
    return markers.max_text_length if offered else 0


def is_unchanged(marker: Marker, release: FlagRelease | FlagCheckRelease) -> bool:
    """Whether a marker still stands as it was put."""
    return (marker.text, marker.visibility, marker.status) == (release.text, VISIBILITY, "live")


def etag(marker: Marker) -> str:
    """The strong entity tag of the version that was read."""
    return f'"{marker.version}"'
