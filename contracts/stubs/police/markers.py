"""Markers on nominals. ``general`` ones are printed and given out; ``need-to-know`` ones only authorised staff see."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from contracts.stubs.leaks import Leak, Leaks
from contracts.stubs.ledger import Ledger
from contracts.stubs.rest.bodies import Record, now
from contracts.stubs.rest.problems import Problem

Visibility = Literal["general", "need-to-know"]
Text = Annotated[str, Meta(min_length=1, max_length=4000)]


class NewMarker(Record, frozen=True):
    """A marker to be put. Visibility is general unless said."""

    reference: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
    text: Text
    visibility: Visibility = "general"
    review_on: date | UnsetType = UNSET


class MarkerReplacement(Record, frozen=True):
    """What a marker becomes."""

    text: Text
    visibility: Visibility
    status: Literal["live", "ended"]
    review_on: date | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Capability:
    """What this installation offers (stub.toml, [markers])."""

    read: bool
    write: bool
    visibilities: tuple[str, ...]
    max_text_length: int

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Capability":
        """From the table; everything is offered by default, with texts of 250 characters."""
        return cls(
            bool(settings.get("read", True)), bool(settings.get("write", True)),
            tuple(settings.get("visibilities", ("general", "need-to-know"))), int(settings.get("max_text_length", 250)),
        )  # fmt: skip


@dataclass(slots=True)
class Marker:
    """One marker as it stands."""

    marker_id: str
    nominal_id: str
    asked: NewMarker
    created_at: str
    updated_at: str
    status: str = "live"
    version: int = 1

    def shown(self) -> dict[str, object]:
        """As the interface writes it."""
        shown: dict[str, object] = {
            "markerId": self.marker_id, "nominalId": self.nominal_id, "reference": self.asked.reference, "text": self.asked.text,
            "visibility": self.asked.visibility, "status": self.status, "version": self.version, "createdAt": self.created_at,
            "updatedAt": self.updated_at,
        }  # fmt: skip
        return shown | ({"reviewOn": self.asked.review_on} if self.asked.review_on else {})


LEAKS = (
    Leak.LABELS_IGNORED, Leak.HISTORY, Leak.LETTERS_MERGE_ALERTS, Leak.SUBJECT_ACCESS_PACK, Leak.RECORD_TRANSFER, Leak.FLAGGED_NOTICE,
    Leak.COUNT_BEFORE_FILTER,
)  # fmt: skip


class Markers:
    """All markers of the force."""

    def __init__(self, capability: Capability, ledger: Ledger) -> None:
        self.capability, self._ledger = capability, ledger
        self.leaks = Leaks(LEAKS)
        self._markers: dict[str, Marker] = {}
        self._numbers = itertools.count(1)

    def on(self, nominal_id: str) -> list[Marker]:
        """Every marker on this nominal, ended ones too."""
        return [marker for marker in self._markers.values() if marker.nominal_id == nominal_id]

    def get(self, nominal_id: str, marker_id: str) -> Marker:
        """One marker. Raises Problem 404."""
        marker = self._markers.get(marker_id)
        if marker is None or marker.nominal_id != nominal_id:
            raise Problem(404, "not-found")
        return marker

    def create(self, nominal_id: str, asked: NewMarker) -> tuple[Marker, bool]:
        """Put a marker, or answer with the one of this reference; whether it was created. Raises Problem 409 or 422."""
        self._check(asked.text, asked.visibility)
        same = next((marker for marker in self._markers.values() if marker.asked.reference == asked.reference), None)
        if same is not None:
            if (same.nominal_id, same.asked) != (nominal_id, asked):
                raise Problem(409, "reference-in-use")
            return same, False
        at = now()
        marker = Marker(f"MK{next(self._numbers):06d}", nominal_id, asked, at, at)
        self._markers[marker.marker_id] = marker
        self._ledger.record("marker.create", asked.reference, nominal_id, msgspec.json.encode(asked))
        return marker, True

    def replace(self, marker: Marker, become: MarkerReplacement, if_match: str | None) -> None:
        """Change or end a marker. Raises Problem 412, 422 or 428."""
        if if_match is None:
            raise Problem(428, "version-required")
        if if_match != f'"{marker.version}"':
            raise Problem(412, "version-mismatch")
        self._check(become.text, become.visibility)
        marker.asked = msgspec.structs.replace(
            marker.asked, text=become.text, visibility=become.visibility, review_on=become.review_on
        )
        marker.status, marker.version, marker.updated_at = become.status, marker.version + 1, now()
        what = "marker.end" if become.status == "ended" else "marker.replace"
        self._ledger.record(what, marker.asked.reference, marker.nominal_id, msgspec.json.encode(become))

    def check_offered(self, *, to_write: bool) -> None:
        """Raises Problem 404 or 405 where this installation has no markers, or lets none be written."""
        if not self.capability.read:
            raise Problem(404, "capability-off")
        if to_write and not self.capability.write:
            raise Problem(405, "capability-off", headers={"Allow": "GET"})

    def _check(self, text: str, visibility: str) -> None:
        if len(text) > self.capability.max_text_length:
            raise Problem(422, "text-too-long", "/text")
        if visibility not in self.capability.visibilities:
            raise Problem(422, "invalid-request", "/visibility")
