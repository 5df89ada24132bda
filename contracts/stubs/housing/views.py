"""What tenants and households see: one function for each output. Tasks are in none of them."""

from collections.abc import Callable

from contracts.stubs.housing.alerts import Alerts
from contracts.stubs.housing.tenures import Register, full_address
from contracts.stubs.leaks import Leak
from contracts.stubs.people import AgencyPerson

View = Callable[[Register, Alerts, AgencyPerson], str]


def tenant_portal(register: Register, alerts: Alerts, person: AgencyPerson) -> str:
    """The portal as this person, if a joint tenant, finds it after signing in."""
    lines = [f"Welcome {person.given}"]
    for tenure in register.of(person):
        state = "your home" if tenure.active else "a former home"
        lines.append(f"{full_address(tenure.place)} ({state}), payment number {tenure.payment_reference}")
    lines += [f"Note: {note}" for member in register.household(person) for note in alerts.notes.shown(member, Leak.TENANCY_SCOPE)]
    lines.append(f"Entries on your file: {len(alerts.of_person(person.local_id)) + len(alerts.notes.shown(person, Leak.COUNT_BEFORE_FILTER))}")
    lines += [f"Note on your home: {alert.asked.alert.description}" for alert in alerts.seen_by(person)]
    return "\n".join(lines)


def household_view(register: Register, alerts: Alerts, person: AgencyPerson) -> str:
    """The page that lists who lives in the home; every joint tenant may open it."""
    members = [" ".join((member.given, member.family)) for member in register.household(person)]
    return "\n".join(["People in your home", *members, *alerts.notes.shown(person, Leak.LABELS_IGNORED)])


def text_messages(_register: Register, alerts: Alerts, person: AgencyPerson) -> str:
    """What went to the person's telephone."""
    told = ["We have added something to your file." for _ in alerts.notes.shown(person, Leak.FLAGGED_NOTICE)]
    return "\n".join([f"Messages to {person.local_id}", *told])


def landlord_transfer(_register: Register, alerts: Alerts, person: AgencyPerson) -> str:
    """The file that goes to the next landlord."""
    return "\n".join([f"Nomination of {person.given} {person.family}", *alerts.notes.shown(person, Leak.RECORD_TRANSFER)])


def contractor_sheet(_register: Register, alerts: Alerts, person: AgencyPerson) -> str:
    """The job sheet that contractors get: warnings about the home."""
    warnings = [alert.asked.alert.description for alert in alerts.seen_by(person)]
    return "\n".join([f"Repairs at the home of {person.local_id}", *warnings, *alerts.notes.shown(person, Leak.BULK_EXPORT)])


def tenancy_letters(_register: Register, alerts: Alerts, person: AgencyPerson) -> str:
    """Every letter that went to the home."""
    letters = [f"We have recorded a cautionary alert: {alert.asked.alert.description}" for alert in alerts.seen_by(person)]
    return "\n".join(["Letters to your home", "Your rent statement", *letters, *alerts.notes.shown(person, Leak.LETTERS_MERGE_ALERTS)])


def subject_access_pack(register: Register, alerts: Alerts, person: AgencyPerson) -> str:
    """What is sent to somebody who asks for what is held about them."""
    return "\n".join([
        "Information held about you", " ".join((person.given, *person.middle, person.family)), f"Born {person.birth_date:%d %B %Y}",
        f"Person number {person.local_id}", *(alert.asked.incident_description for alert in alerts.of_person(person.local_id)),
        *alerts.notes.shown(person, Leak.SUBJECT_ACCESS_PACK), tenant_portal(register, alerts, person),
    ])  # fmt: skip


VIEWS: dict[str, View] = {
    "tenant-portal": tenant_portal,
    "household-view": household_view,
    "tenancy-letters": tenancy_letters,
    "subject-access-pack": subject_access_pack,
    "text-messages": text_messages,
    "landlord-transfer": landlord_transfer,
    "contractor-sheet": contractor_sheet,
}
