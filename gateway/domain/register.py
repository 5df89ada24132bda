"""The disclosure register of a record system: every output that shows a record to somebody other than its staff, and what is known of it.

The question is never "whose record?" but "who can see this place?". What is not answered keeps the gateway from writing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Output(StrEnum):
    """The closed list of outputs that every register answers for."""

    STAFF_VIEW = "staff_view"
    """Where the system's own staff see an alert. It must change when one is placed, or nothing is proved."""
    PORTAL = "portal"
    PROXY_VIEW = "proxy_view"
    RECORD_READ = "record_read"
    """The record as the subject's own application reads it."""
    ALERT_SEARCH = "alert_search"
    WHOLE_RECORD = "whole_record"
    """FHIR ``$everything`` and its like."""
    INCLUDES = "includes"
    """Records found together with what points at them (``_include``, ``_revinclude``)."""
    CHAINED_SEARCH = "chained_search"
    """Records found by what points at them (``_has`` and chained parameters)."""
    HISTORY = "history"
    AUDIT_TRAIL = "audit_trail"
    """``AuditEvent`` and ``Provenance``, which stand in the patient's compartment."""
    BULK_EXPORT = "bulk_export"
    GRAPH_QUERY = "graph_query"
    COUNTS = "counts"
    """Totals, ``_summary=count``, further pages."""
    HEADERS = "headers"
    """ETag, Last-Modified and the record's own version."""
    SUBSCRIPTIONS = "subscriptions"
    ACCESS_LOG = "access_log"
    SUMMARY = "summary"
    REFERRAL_LETTER = "referral_letter"
    HOUSEHOLD_LETTER = "household_letter"
    """Letters and views of a household, a tenancy or a property."""
    RECEPTION_SCREENS = "reception_screens"
    """Appointments, kiosks and call screens."""
    FEEDS = "feeds"
    SUBJECT_ACCESS = "subject_access"
    TRANSFER = "transfer"
    NOTIFICATIONS = "notifications"
    STAFF_EXPORTS = "staff_exports"
    """Reports and exports that staff at large can have."""


class Answer(StrEnum):
    """What is known of an output."""

    LOOKED_AT = "looked at"
    """The gateway can look at it: the probe compares its bytes, and each alert is looked for in it."""
    BY_HAND = "by hand"
    """Only people can look: two of them sign that it shows no alert."""
    NOT_OFFERED = "not offered"
    """The system has no such output, or it is switched off for everybody."""


class Audience(StrEnum):
    """Who gets an output. All but ``STAFF`` count as seen by the perpetrator: a coercive partner looks over the shoulder."""

    SUBJECT = "subject"
    PROXY = "proxy"
    HOUSEHOLD = "household"
    JOINT_TENANT = "joint_tenant"
    SUBSCRIBER = "subscriber"
    """Another organisation or application that gets copies: a feed, an export, a transfer."""
    STAFF = "staff"


class Viewer(StrEnum):
    """With whose right an output is looked at: the gateway's own, or the test person's."""

    GATEWAY = "gateway"
    SUBJECT = "subject"


class Canary(StrEnum):
    """The agency's test people on whose records the probe is made."""

    PERPETRATOR = "perpetrator"
    VICTIM = "victim"
    CHILD = "child"
    """With two parents who may each open its record."""
    JOINT_TENANT = "joint_tenant"
    """Who shares a home or a tenancy with the first."""


RECORD = "{record_id}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One output, answered. ``at`` are its addresses with ``{record_id}``, as ``seen_as`` asks for them; each holds the text ``holds``,
    which no sign-in page does. ``ignores`` is a pattern for what changes by itself in it (a time of printing), and is blanked out.
    After ``review_on`` the answer counts no more."""

    output: Output
    answer: Answer
    to: Audience
    owner: str
    evidence: str
    review_on: date
    at: tuple[str, ...] = ()
    holds: str = RECORD
    ignores: str = ""
    seen_as: Viewer = Viewer.GATEWAY


@dataclass(frozen=True, slots=True, repr=False)
class CanaryRecord:
    """A test person's record in a system. ``token`` refers to the right to look as that person (``file:NAME``); "" where there is none."""

    record_id: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Register:
    """Everything that is known of one system's outputs. ``version`` is the system's release, written down; ``version_at`` where it tells
    the release by itself (an address, and the key in its JSON). ``settle_s`` is how long a write takes to reach every output."""

    entries: Mapping[Output, Entry] = field(default_factory=dict)
    canaries: Mapping[Canary, CanaryRecord] = field(default_factory=dict)
    version: str = ""
    version_at: tuple[str, str] = ("", "")
    settle_s: float = 0.0
    digest: str = ""
    """Of the text: a proof holds for the register that it was made under."""

    @property
    def unanswered(self) -> tuple[Output, ...]:
        """Outputs that nobody answered for: the system is for looking up only."""
        return tuple(output for output in Output if output not in self.entries)

    def answered(self, answer: Answer) -> tuple[Entry, ...]:
        """The entries with this answer, in the order of the list."""
        return tuple(self.entries[output] for output in Output if output in self.entries and self.entries[output].answer is answer)

    def overdue(self, today: date) -> tuple[Output, ...]:
        """Outputs whose answer should have been reviewed by now."""
        return tuple(output for output in Output if output in self.entries and self.entries[output].review_on < today)
