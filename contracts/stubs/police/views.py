"""What leaves the force about a person: given to the subject, to the defence, or handed over at the desk.

One function for each output. Need-to-know markers and work items are in none of them.
"""

from collections.abc import Callable

from contracts.stubs.people import AgencyPerson
from contracts.stubs.police.markers import Markers
from contracts.stubs.police.nominals import is_on_pnc, pnc_id

View = Callable[[Markers, AgencyPerson], str]


def subject_access_pack(markers: Markers, person: AgencyPerson) -> str:
    """What is sent to a person who asks for what the force holds about them."""
    lines = [_heading("Information held about you", person)]
    if is_on_pnc(person):
        lines.append(f"PNC id {pnc_id(person)}")
    return "\n".join([*lines, *_general_markers(markers, person)])


def disclosure_export(markers: Markers, person: AgencyPerson) -> str:
    """The schedule of unused material that goes to the prosecutor and from there to the defence."""
    items = ["Nominal record of the defendant", *_general_markers(markers, person)]
    return "\n".join([_heading("Schedule of unused material", person), *items])


def custody_record(markers: Markers, person: AgencyPerson) -> str:
    """The custody record, a copy of which the detained person may have."""
    return "\n".join([_heading("Custody record", person), "Rights given.", *_general_markers(markers, person)])


def occurrence_letter(_markers: Markers, person: AgencyPerson) -> str:
    """The letter that tells somebody what became of what they reported."""
    return f"{_heading('About your report', person)}\nThank you for contacting us."


def _general_markers(markers: Markers, person: AgencyPerson) -> list[str]:
    seen = [marker for marker in markers.on(person.local_id) if marker.asked.visibility == "general"]
    return [f"Marker ({marker.status}): {marker.asked.text}" for marker in seen]


def _heading(title: str, person: AgencyPerson) -> str:
    name = " ".join((person.given, *person.middle, person.family))
    return f"{title}\n{name}\nBorn {person.birth_date:%d %B %Y}\nReference {person.local_id}"


VIEWS: dict[str, View] = {
    "subject-access-pack": subject_access_pack,
    "disclosure-export": disclosure_export,
    "custody-record": custody_record,
    "occurrence-letter": occurrence_letter,
}
