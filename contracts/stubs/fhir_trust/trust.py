"""The trust itself: its settings, its patients, what was written on their records, and who may see what."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.stubs.agency import Agency
from contracts.stubs.canaries import PROBE_HOUSEHOLD
from contracts.stubs.fhir_trust import patients
from contracts.stubs.fhir_trust.patients import ACT_CODE, CONFIDENTIALITY
from contracts.stubs.fhir_trust.register import Register
from contracts.stubs.fhir_trust.store import VersionedStore
from contracts.stubs.fhir_trust.wire import Resource
from contracts.stubs.leaks import Leak, Leaks
from contracts.stubs.ledger import Ledger
from contracts.stubs.people import AgencyPerson

_HIDDEN = {(CONFIDENTIALITY, "V"), (ACT_CODE, "SDV"), (ACT_CODE, "NOPAT")}
"""Labels that keep a resource from the patient, the proxy and everybody who writes to them."""

ORDINARY_ENTRY = "Prefers morning appointments"
"""What an entry says that hides nothing, and that the patient may read."""


class Trust:
    """State of one stub. Single-threaded: everything happens on one event loop."""

    def __init__(self, agency: Agency, ledger: Ledger, latency: float = 0.0, clock: datetime | None = None) -> None:
        self.agency, self.ledger, self.latency = agency, ledger, latency
        self.origin = self.base = ""
        """Addresses of the server and of its FHIR service, set when the port is known."""
        self._clock, self._last = clock, datetime.min.replace(tzinfo=UTC)
        self.hospital_number = f"https://{agency.id}.example/id/hospital-number"
        self.register = Register(agency.people, self.hospital_number)
        self.store = VersionedStore(self.now)
        self.openings: dict[str, list[Resource]] = {}
        """Patient id to the times a person of the trust opened the record; the patient may see these."""
        self.feed: list[str] = []
        self.notices: dict[str, list[Resource]] = {}
        """Patient id to what was sent to the patient's telephone."""
        self.proxies: dict[str, list[str]] = {}
        """Patient id to those who may open the record for them, beside the parents of a child."""
        self.letters_sent: dict[str, list[str]] = {}
        self.leaks = Leaks(Leak)
        """What is switched on of all leaks there are, and names of outputs (views.py) that show what is labelled as hidden; none by default."""
        self._patients = {person.local_id: patients.patient(person, self.hospital_number) for person in agency.people}
        self._link_merged()
        self._note_on_canaries()

    def _link_merged(self) -> None:
        """A record that was merged away names the one that took its place."""
        survivor = next((person for person in self.agency.people if person.persona == "survivor"), None)
        for person in self.agency.people:
            if survivor and person.persona == "superseded":
                other = {"reference": f"Patient/{survivor.local_id}"}
                self._patients[person.local_id]["link"] = [{"other": other, "type": "replaced-by"}]

    def _note_on_canaries(self) -> None:
        """One test person has an entry that they may see, so that what comes after it can be told; the others have none, so that a mere
        sign that there is an entry can be told too. The first may open the second's record for them, as partners sometimes may."""
        tested = [person for person in self.agency.people if person.household_id == PROBE_HOUSEHOLD]
        if not tested:
            return
        first, second = tested[:2]
        self.proxies[second.local_id] = [first.local_id]
        self.note(second)

    def note(self, person: AgencyPerson) -> None:
        """An ordinary entry on a record, which the patient may see."""
        subject = {"reference": f"Patient/{person.local_id}"}
        self.store.create({"resourceType": "Flag", "status": "active", "subject": subject, "code": {"text": ORDINARY_ENTRY}})

    def setting(self, name: str, default: Any) -> Any:
        """A switch of stub.toml, table ``[fhir]``."""
        return self.agency.settings.get("fhir", {}).get(name, default)

    def now(self) -> datetime:
        """This moment, never twice the same; or the fixed clock of a comparison run."""
        if self._clock:
            return self._clock
        self._last = max(datetime.now(UTC), self._last + timedelta(milliseconds=1))
        return self._last

    def patient(self, person: AgencyPerson) -> Resource:
        """The Patient resource of a record."""
        return self._patients[person.local_id]

    def change_record(self, person: AgencyPerson, told: dict[str, Any]) -> None:
        """A new version of the Patient: another practice or name, merged with another record or taken apart again; or a new proxy."""
        old = self._patients[person.local_id]
        new = {**old, "meta": {**old["meta"], "versionId": str(int(old["meta"]["versionId"]) + 1)}}
        if "practice" in told:
            new["generalPractitioner"] = [{"type": "Organization", "identifier": {"system": patients.ODS_CODE, "value": told["practice"]}}]
        if "family" in told:
            new["name"] = [{**old["name"][0], "family": told["family"]}, *old["name"][1:]]
        if "merged_into" in told:
            new |= {"active": False, "link": [{"other": {"reference": f"Patient/{told['merged_into']}"}, "type": "replaced-by"}]}
        if told.get("split"):
            new = {name: value for name, value in new.items() if name != "link"} | {"active": True}
        if "proxy" in told:
            self.proxies.setdefault(person.local_id, []).append(told["proxy"])
        self._patients[person.local_id] = new

    def related(self, person: AgencyPerson) -> list[Resource]:
        """Who may open the record for the person: parents of a child who are patients here, carers and partners who were let in."""
        sixteen = self.now().date().replace(year=self.now().year - 16, day=1)
        parents = [other.local_id for other in self.agency.people if other.resident_id in person.parents and person.birth_date > sixteen]
        return [
            {
                "resourceType": "RelatedPerson", "id": f"{person.local_id}-{who}", "meta": {"versionId": "1", "lastUpdated": patients.WRITTEN},
                "active": True, "patient": {"reference": f"Patient/{person.local_id}"},
                "identifier": [{"system": self.hospital_number, "value": who}],
            }
            for who in [*parents, *self.proxies.get(person.local_id, ())]
        ]  # fmt: skip

    def change_telephone(self, person: AgencyPerson, number: str) -> None:
        """A new version of the Patient, an ADT^A31 for every subscriber of the feed, and a notice to the patient."""
        old = self._patients[person.local_id]
        meta = {**old["meta"], "versionId": str(int(old["meta"]["versionId"]) + 1), "lastUpdated": self.now().isoformat(timespec="milliseconds")}
        telecom = [] if person.restricted else [{"system": "phone", "value": number, "use": "mobile"}]
        self._patients[person.local_id] = {**old, "meta": meta} | ({"telecom": telecom} if telecom else {})
        stamp = self.now().strftime("%Y%m%d%H%M%S")
        self.feed.append(
            f"MSH|^~\\&|PAS|ZNM|ROUTE|ROUTE|{stamp}||ADT^A31^ADT_A05|{len(self.feed) + 1}|P|2.4"
            f"|PID|1||{person.local_id}^^^ZNM^MR||{person.family}^{person.given}||{person.birth_date:%Y%m%d}"
        )
        self.notices.setdefault(person.local_id, []).append({"title": "Your contact details were changed"})

    def flags(self, patient_id: str) -> Iterator[Resource]:
        """Every Flag on a record, whatever its status."""
        return (flag for flag in self.store.current("Flag") if subject_of(flag) == patient_id)

    def versions_about(self, patient_id: str, *, hidden: bool) -> list[Resource]:
        """Every version of every Flag on a record; those that labels keep from the patient only when asked for."""
        return [one for one in self.store.every_version("Flag") if subject_of(one) == patient_id and (hidden or not is_labelled_hidden(one))]

    def tasks_about(self, patient_id: str) -> Iterator[Resource]:
        """Tasks in the record's compartment (``for`` or ``focus``)."""
        reference = f"Patient/{patient_id}"
        for task in self.store.current("Task"):
            if reference in (task.get("for", {}).get("reference"), task.get("focus", {}).get("reference")):
                yield task

    def acting_for(self, person: AgencyPerson) -> list[AgencyPerson]:
        """Whose records this person may open as a proxy."""
        cared_for = [self.register.by_id[who] for who, proxies in self.proxies.items() if person.local_id in proxies]
        return [*self.children_of(person), *cared_for]

    def children_of(self, person: AgencyPerson) -> list[AgencyPerson]:
        """Children under 16 of this person who are patients here: whose record a parent may open as a proxy."""
        sixteen = self.now().date().replace(year=self.now().year - 16, day=1)
        return [child for child in self.agency.people if person.resident_id in child.parents and child.birth_date > sixteen]


def subject_of(flag: Resource) -> str:
    """The id of the Patient a Flag stands on."""
    return str(flag["subject"].get("reference", "")).removeprefix("Patient/")


def is_labelled_hidden(resource: Resource) -> bool:
    """Whether its labels keep a resource from the patient."""
    labels = {(label.get("system"), label.get("code")) for label in resource.get("meta", {}).get("security", ())}
    return bool(labels & _HIDDEN)
