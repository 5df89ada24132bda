"""Writing segments: the header that all our messages share, and the joining of fields."""

from __future__ import annotations

from datetime import datetime

from mappings.hl7v2.er7 import escape
from mappings.hl7v2.profile import Profile

VERSION = "2.5"


def timestamp(at: datetime) -> str:
    """A moment as TS in UTC, to the second."""
    year, month, day, hour, minute, second = at.utctimetuple()[:6]
    return f"{year:04d}{month:02d}{day:02d}{hour:02d}{minute:02d}{second:02d}+0000"


def header(message_type: str, control_id: str, at: datetime, profile: Profile, accept: str = "", application: str = "") -> str:
    """MSH. ``message_type`` is MSH-9 whole; ``accept`` and ``application`` are MSH-15 and MSH-16."""
    names = (profile.sending_application, profile.sending_facility, profile.receiving_application, profile.receiving_facility)
    return join(
        "MSH|^~\\&", *map(escape, names), timestamp(at), "", message_type, control_id, profile.processing_id, VERSION, "", "",
        accept, application, "", profile.character_set,
    )  # fmt: skip


def join(*fields: str) -> str:
    """Fields, already in ER7, as a segment; empty ones at the end are left out."""
    return "|".join(fields).rstrip("|")
