"""What others than staff see of a patient's record: one function for each output, so that each can be shown to leak on its own.

A view is made from the record, the chart and what subscribers were sent; never from queries, which leave no trace here.
"""

from collections.abc import Callable

from contracts.stubs.hl7v2_trust import er7
from contracts.stubs.hl7v2_trust.desk import Desk
from contracts.stubs.leaks import Leak
from contracts.stubs.people import AgencyPerson

View = Callable[[Desk, AgencyPerson], str]


def patient_app(desk: Desk, person: AgencyPerson) -> str:
    """The patient's own app: demographics, and allergies and problems as the feed brought them."""
    lines = [_heading("Your record", person), *desk.feeds.notes(person.local_id, Leak.LABELS_IGNORED)]
    lines += ["Problem: something that your care team keeps in mind" for _ in desk.feeds.notes(person.local_id, Leak.CODE_LABELS)]
    lines += ["There is a new entry in your record" for _ in desk.feeds.notes(person.local_id, Leak.FLAGGED_NOTICE)]
    for copy in desk.feeds.sent("patient-app", person.local_id)[-1:]:
        message = er7.read(copy)
        lines += [f"Allergy or alert: {alert.component(3, 2)}" for alert in message.every("AL1")]
        lines += [f"Problem: {diagnosis.component(3, 2) or diagnosis.component(4)}" for diagnosis in message.every("DG1")]
    return "\n".join(lines)


def proxy_app(desk: Desk, person: AgencyPerson) -> str:
    """What somebody with proxy access sees: the patient's app."""
    return "\n".join(["Seen as a proxy", patient_app(desk, person), *desk.feeds.notes(person.local_id, Leak.PROXY_VIEW)])


def access_log(desk: Desk, person: AgencyPerson) -> str:
    """Who opened the record and why, as the patient is shown it. Index queries open no record."""
    opened = desk.feeds.chart(person.local_id).opened
    reasons = ["Calderbrook NHS Trust: alert added" for _ in desk.feeds.notes(person.local_id, Leak.ACCESS_LOG_REASON)]
    return "\n".join(["Who has looked at your record", *(f"{when} Calderbrook NHS Trust: {reason}" for when, reason in opened), *reasons])


def appointment_letter(desk: Desk, person: AgencyPerson) -> str:
    """The letter that invites the patient."""
    merged = desk.feeds.notes(person.local_id, Leak.LETTERS_MERGE_ALERTS)
    return "\n".join([_heading("Your appointment", person), "Please bring this letter with you.", *merged])


def record_transfer(desk: Desk, person: AgencyPerson) -> str:
    """The record as it goes to another provider."""
    chart = desk.feeds.chart(person.local_id)
    return "\n".join([_heading("Record", person), *chart.alerts, *chart.diagnoses, *desk.feeds.notes(person.local_id, Leak.RECORD_TRANSFER)])


def brief_summary(desk: Desk, person: AgencyPerson) -> str:
    """The printed summary handed to the patient: demographics, allergies and problems of the chart."""
    chart = desk.feeds.chart(person.local_id)
    return "\n".join([_heading("Summary", person), *chart.alerts, *chart.diagnoses])


def subject_access_pack(desk: Desk, person: AgencyPerson) -> str:
    """Everything the trust holds about the patient, as given out on request."""
    return "\n".join([brief_summary(desk, person), access_log(desk, person), *desk.feeds.notes(person.local_id, Leak.SUBJECT_ACCESS_PACK)])


def arrivals_kiosk(desk: Desk, person: AgencyPerson) -> str:
    """The screen in the waiting room."""
    known = bool(desk.feeds.sent("arrivals-kiosk", person.local_id))
    notes = " Please see reception." if desk.feeds.notes(person.local_id, Leak.KIOSK) else ""
    return f"Welcome. Please take a seat.{' Your details are up to date.' if known else ''}{notes}"


def _heading(title: str, person: AgencyPerson) -> str:
    name = " ".join((person.given, *person.middle, person.family))
    place = ", ".join((*person.address.lines, person.address.postcode)) if person.address else "no address"
    return f"{title}\n{name}\nBorn {person.birth_date:%d %B %Y}\n{place}\nHospital number {person.local_id}"


VIEWS: dict[str, View] = {
    "patient-app": patient_app,
    "proxy-app": proxy_app,
    "access-log": access_log,
    "appointment-letter": appointment_letter,
    "brief-summary": brief_summary,
    "subject-access-pack": subject_access_pack,
    "arrivals-kiosk": arrivals_kiosk,
    "record-transfer": record_transfer,
}
