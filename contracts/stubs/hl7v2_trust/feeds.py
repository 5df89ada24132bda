"""The demographics feed: what the trust learns by ADT it applies, and copies, AL1 and DG1 too, to every subscriber."""

import threading
from dataclasses import dataclass, field

from contracts.stubs.hl7v2_trust import er7
from contracts.stubs.hl7v2_trust.er7 import Message, Refused, component_of
from contracts.stubs.hl7v2_trust.segments import demographic_message
from contracts.stubs.leaks import Leak, Leaks
from contracts.stubs.people import AgencyPerson

SUBSCRIBERS = ("patient-app", "arrivals-kiosk", "gp-practices", "regional-record", "reporting")


LEAKS = (
    Leak.LABELS_IGNORED, Leak.PROXY_VIEW, Leak.KIOSK, Leak.ACCESS_LOG_REASON, Leak.LETTERS_MERGE_ALERTS, Leak.SUBJECT_ACCESS_PACK,
    Leak.CODE_LABELS, Leak.FLAGGED_NOTICE, Leak.RECORD_TRANSFER, Leak.ADT_REBROADCAST,
)  # fmt: skip


@dataclass(slots=True)
class Chart:
    """What a patient's record holds beside the demographics."""

    alerts: list[str] = field(default_factory=list)
    """AL1 segments, in ER7."""
    diagnoses: list[str] = field(default_factory=list)
    """DG1 segments, in ER7."""
    notes: list[str] = field(default_factory=list)
    """What only staff see; where the trust's own people would put an alert by hand."""
    opened: list[tuple[str, str]] = field(default_factory=list)
    """When and for what reason staff opened the record; what the patient's access log shows."""


class Feeds:
    """Charts of the patients, and a copy of everything that was sent to each subscriber."""

    def __init__(self, people: dict[str, AgencyPerson]) -> None:
        self._people = people
        self._charts: dict[str, Chart] = {}
        self._sent: dict[str, list[tuple[str, bytes]]] = {name: [] for name in SUBSCRIBERS}
        self._lock = threading.Lock()
        self.leaks = Leaks(LEAKS)
        self._count = 0

    def chart(self, local_id: str) -> Chart:
        """The chart of a patient; an empty one where nothing was written."""
        return self._charts.get(local_id, Chart())

    def apply(self, message: Message) -> str:
        """Take an ADT^A28 or A31 into the chart and tell the subscribers; the patient's local id. Raises Refused 204."""
        local_id = self._subject(message)
        with self._lock:
            chart = self._charts.setdefault(local_id, Chart())
            chart.alerts = ["|".join(segment.fields) for segment in message.every("AL1")]
            chart.diagnoses = ["|".join(segment.fields) for segment in message.every("DG1")]
        self.publish(message.event, local_id)
        return local_id

    def publish(self, event: str, local_id: str) -> None:
        """Send the patient's demographics and chart to every subscriber."""
        chart = self.chart(local_id)
        with self._lock:
            self._count += 1
        segments = demographic_message(event, self._people[local_id], [*chart.alerts, *chart.diagnoses], self._count)
        copy = er7.encode(segments, "UNICODE UTF-8")
        with self._lock:
            for name in SUBSCRIBERS:
                self._sent[name].append((local_id, copy))

    def note(self, local_id: str, notes: list[str]) -> None:
        """Staff change the notes that only they see; where that leak is on, every subscriber hears that something changed."""
        with self._lock:
            self._charts.setdefault(local_id, Chart()).notes = notes
        if Leak.ADT_REBROADCAST in self.leaks:
            self.publish("A31", local_id)

    def notes(self, local_id: str, leak: Leak) -> list[str]:
        """What an output shows of them: nothing, unless it leaks."""
        return list(self.chart(local_id).notes) if leak in self.leaks else []

    def open_record(self, local_id: str, reason: str) -> None:
        """A member of staff opens the record; the patient will see when and why."""
        with self._lock:
            self._charts.setdefault(local_id, Chart()).opened.append((er7.now(), reason))

    def sent(self, subscriber: str, local_id: str = "") -> list[bytes]:
        """Everything sent to a subscriber, about one patient or all."""
        return [copy for about, copy in self._sent[subscriber] if local_id in ("", about)]

    def _subject(self, message: Message) -> str:
        patient = message.find("PID")
        if patient is None:
            raise Refused("100", "PID^1", outright=False)
        numbers = [component_of(repetition, 1) for repetition in patient.repetitions(3)]
        known = next((number for number in numbers if number in self._people), None)
        if known is None:
            raise Refused("204", "PID^1^3", outright=False)
        return known
