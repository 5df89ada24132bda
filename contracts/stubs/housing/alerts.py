"""Cautionary alerts: they stand on the whole property, every joint tenant sees them, and a letter goes out about each.

A trap for whoever writes them: nothing that must stay hidden may be written here. Every use is in the ledger.
"""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from contracts.stubs.housing.notes import Notes
from contracts.stubs.housing.tenures import Register, Uuid
from contracts.stubs.ledger import Ledger
from contracts.stubs.people import AgencyPerson
from contracts.stubs.rest.bodies import Record, now
from contracts.stubs.rest.problems import Problem


class AlertKind(Record, frozen=True):
    """What the alert says."""

    code: Annotated[str, Meta(max_length=10)]
    description: Annotated[str, Meta(max_length=50)]


class AlertedPerson(Record, frozen=True):
    """Whom it is about."""

    id: Uuid


class AlertedProperty(Record, frozen=True):
    """The home it stands on."""

    property_reference: Annotated[str, Meta(pattern=r"^[0-9]{8}$")]


class NewAlert(Record, frozen=True):
    """An alert to be put."""

    assure_reference: Annotated[str, Meta(min_length=1, max_length=12)]
    incident_date: date
    incident_description: Annotated[str, Meta(max_length=100)]
    alert: AlertKind
    person_details: AlertedPerson
    asset_details: AlertedProperty


class EndAlert(Record, frozen=True):
    """When an alert ends."""

    end_date: date


@dataclass(slots=True)
class Alert:
    """One alert as it stands."""

    id: str
    asked: NewAlert
    start: str
    end: date | None = None

    @property
    def property_reference(self) -> str:
        """The home it stands on."""
        return self.asked.asset_details.property_reference

    def shown(self) -> dict[str, object]:
        """As the interface writes it."""
        shown: dict[str, object] = {
            "alertId": self.id, "code": self.asked.alert.code, "description": self.asked.alert.description,
            "reason": self.asked.incident_description, "personId": self.asked.person_details.id,
            "propertyReference": self.property_reference, "letterSent": True, "startDate": self.start[:10],
            "isActive": self.end is None,
        }  # fmt: skip
        return shown | ({"endDate": self.end} if self.end else {})


class Alerts:
    """All alerts, and the letters sent about them."""

    def __init__(self, register: Register, ledger: Ledger) -> None:
        self._register, self._ledger = register, ledger
        self.notes = Notes()
        self._alerts: dict[str, Alert] = {}

    def create(self, asked: NewAlert) -> Alert:
        """Put an alert. Raises Problem 404 for a person or a home not known here."""
        reference = asked.asset_details.property_reference
        if asked.person_details.id not in self._register.by_id or not self._register.of_property(reference):
            raise Problem(404, "not-found")
        alert = Alert(str(uuid.uuid4()), asked, now())
        self._alerts[alert.id] = alert
        content = msgspec.json.encode(asked)
        self._ledger.record("cautionary-alert.create", asked.assure_reference, asked.person_details.id, content)
        return alert

    def end(self, alert_id: str, on: date) -> Alert:
        """End an alert; it stays in the history. Raises Problem 404."""
        alert = self._alerts.get(alert_id)
        if alert is None:
            raise Problem(404, "not-found")
        alert.end = on
        self._ledger.record("cautionary-alert.end", alert.asked.assure_reference, alert.asked.person_details.id)
        return alert

    def of_person(self, local_id: str) -> list[Alert]:
        """Alerts about a person."""
        return [alert for alert in self._alerts.values() if alert.asked.person_details.id == local_id]

    def of_property(self, reference: str) -> list[Alert]:
        """Alerts on a home, whomever they are about."""
        return [alert for alert in self._alerts.values() if alert.property_reference == reference]

    def seen_by(self, person: AgencyPerson) -> list[Alert]:
        """Alerts that this person gets to see: those of every home they live in."""
        homes = {tenure.property_reference for tenure in self._register.of(person) if tenure.active}
        return [alert for alert in self._alerts.values() if alert.property_reference in homes]
