"""What leaves the force about a person: given to the subject, to the defence, or handed over at the desk.

One function for each output. Need-to-know markers and work items are in none of them.
"""

from collections.abc import Callable

from contracts.stubs.leaks import Leak
from contracts.stubs.people import AgencyPerson
from contracts.stubs.police.markers import Markers
from contracts.stubs.police.nominals import is_on_pnc, pnc_id

View = Callable[[Markers, AgencyPerson], str]


def subject_access_pack(markers: Markers, person: AgencyPerson) -> str:
    """What is sent to a person who asks for what the force holds about them."""
    lines = [_heading("Information held about you", person)]
    if is_on_pnc(person):
        lines.append(f"PNC id {pnc_id(person)}")
    return "\n".join([*lines, *_shown_markers(markers, person, Leak.SUBJECT_ACCESS_PACK)])


def disclosure_export(markers: Markers, person: AgencyPerson) -> str:
    """The schedule of unused material that goes to the prosecutor and from there to the defence."""
    items = ["Nominal record of the defendant", *_shown_markers(markers, person, Leak.RECORD_TRANSFER)]
    return "\n".join([_heading("Schedule of unused material", person), *items])


def custody_record(markers: Markers, person: AgencyPerson) -> str:
    """The custody record, a copy of which the detained person may have."""
    ended = [marker for marker in markers.on(person.local_id) if marker.status == "ended"]
    earlier = [f"Earlier entry: {marker.asked.text}" for marker in ended if Leak.HISTORY in markers.leaks]
    return "\n".join([_heading("Custody record", person), "Rights given.", *_shown_markers(markers, person, Leak.LABELS_IGNORED), *earlier])


def occurrence_letter(markers: Markers, person: AgencyPerson) -> str:
    """The letter that tells somebody what became of what they reported."""
    merged = _shown_markers(markers, person, Leak.LETTERS_MERGE_ALERTS) if Leak.LETTERS_MERGE_ALERTS in markers.leaks else []
    return "\n".join([_heading("About your report", person), "Thank you for contacting us.", *merged])


def reporting_portal(markers: Markers, person: AgencyPerson) -> str:
    """Where somebody who reported something follows it: messages to them, and how much is held."""
    general = [marker for marker in markers.on(person.local_id) if marker.asked.visibility == "general"]
    told = markers.on(person.local_id) if Leak.FLAGGED_NOTICE in markers.leaks else general
    counted = markers.on(person.local_id) if Leak.COUNT_BEFORE_FILTER in markers.leaks else general
    messages = ["Message: something was added to what we hold about you" for _ in told]
    return "\n".join([_heading("Your reports", person), f"Entries about you: {len(counted)}", *messages])


def _shown_markers(markers: Markers, person: AgencyPerson, leak: Leak) -> list[str]:
    """Those that anybody may see, and where this leak is on all of them."""
    seen = [marker for marker in markers.on(person.local_id) if marker.asked.visibility == "general" or leak in markers.leaks]
    return [f"Marker ({marker.status}): {marker.asked.text}" for marker in seen]


def _heading(title: str, person: AgencyPerson) -> str:
    name = " ".join((person.given, *person.middle, person.family))
    return f"{title}\n{name}\nBorn {person.birth_date:%d %B %Y}\nReference {person.local_id}"


VIEWS: dict[str, View] = {
    "subject-access-pack": subject_access_pack,
    "disclosure-export": disclosure_export,
    "custody-record": custody_record,
    "occurrence-letter": occurrence_letter,
    "reporting-portal": reporting_portal,
}
