"""What the trust shows to somebody other than its staff, one function per output.

Each function gets what may be shown from ``shown`` and from nowhere else, so that a fault can be switched on for one output
(``Trust.leaks``) and nothing else changes. Honest by default: a labelled Flag or Task leaves every output byte for byte as it was.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from contracts.stubs.fhir_trust.patients import episodes
from contracts.stubs.fhir_trust.trust import Trust, is_labelled_hidden
from contracts.stubs.fhir_trust.wire import Resource
from contracts.stubs.leaks import Leak
from contracts.stubs.people import AgencyPerson

Options = Mapping[str, str]
JSON, TEXT = "application/json", "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class View:
    """One output: who looks at it, where it is, and what it holds for a person. ``{id}`` in the path is the patient's id."""

    name: str
    seen_by: str
    path: str
    media_type: str
    make: Callable[[Trust, AgencyPerson, Options], bytes]


def shown(trust: Trust, person: AgencyPerson, view: str) -> list[Resource]:
    """Flags and Tasks of a record that an output shows: those without a label that hides them, unless the output leaks."""
    leaks = view in trust.leaks or _LEAK_OF.get(view) in trust.leaks or (view == "portal record" and person.persona == "portal_ignores_labels")
    written = [*_flags(trust, person, view), *trust.tasks_about(person.local_id)]
    return [one for one in written if leaks or not is_labelled_hidden(one)]


def _flags(trust: Trust, person: AgencyPerson, view: str) -> list[Resource]:
    """Those in force; a copy of the whole record holds the others too."""
    whole = view in ("subject access pack", "record transfer", "bulk export")
    return [flag for flag in trust.flags(person.local_id) if whole or flag["status"] == "active"]


def views() -> tuple[View, ...]:
    """Every output there is."""
    return _VIEWS


def _portal_record(trust: Trust, person: AgencyPerson, _options: Options) -> bytes:
    return orjson.dumps(_record(trust, person, "portal record"))


def _proxy(trust: Trust, person: AgencyPerson, _options: Options) -> bytes:
    records = [_record(trust, other, "proxy record") for other in trust.acting_for(person)]
    return orjson.dumps({"hospitalNumber": person.local_id, "actingFor": records})


def _record(trust: Trust, person: AgencyPerson, view: str) -> Resource:
    alerts = [_words(one) for one in shown(trust, person, view)]
    coded = Leak.CODE_LABELS in trust.leaks and any(flag["status"] == "active" for flag in trust.flags(person.local_id))
    return {
        "hospitalNumber": person.local_id, "name": f"{person.given} {person.family}", "born": person.birth_date.isoformat(), "nhsNumber": person.nhs_number,
        "appointments": _appointments(person), "alerts": alerts, "letters": trust.letters_sent.get(person.local_id, []),
        "conditions": ["Something that your care team keeps in mind"] * coded,
    }  # fmt: skip


def _access_log(trust: Trust, person: AgencyPerson, _options: Options) -> bytes:
    opened = list(trust.openings.get(person.local_id, []))
    if Leak.ACCESS_LOG_REASON in trust.leaks:
        opened += [{"organisation": trust.agency.name, "reason": "Alert added or changed"} for _ in trust.versions_about(person.local_id, hidden=True)]
    return orjson.dumps({"hospitalNumber": person.local_id, "openedBy": opened})


def _subscription(trust: Trust, person: AgencyPerson, _options: Options) -> bytes:
    """What an application that listens for this patient has been told."""
    told = trust.versions_about(person.local_id, hidden=bool(trust.leaks & {Leak.SUBSCRIPTION, "subscription"}))
    return orjson.dumps({"subscription": person.local_id, "eventsSinceSubscriptionStart": len(told)})


def _bulk_export(trust: Trust, person: AgencyPerson, _options: Options) -> bytes:
    record = [trust.patient(person), *episodes(person), *shown(trust, person, "bulk export")]
    return b"\n".join(map(orjson.dumps, record))


def _notifications(trust: Trust, person: AgencyPerson, _options: Options) -> bytes:
    told = [{"title": "A new entry is in your record"} for _ in shown(trust, person, "notifications")]
    return orjson.dumps({"hospitalNumber": person.local_id, "notifications": trust.notices.get(person.local_id, []) + told})


def _referral(trust: Trust, person: AgencyPerson, _options: Options) -> bytes:
    return _letter(person, "Referral", _lines(trust, person, "referral letter"))


def _summary(trust: Trust, person: AgencyPerson, options: Options) -> bytes:
    lines = _lines(trust, person, "printed summary")
    if options.get("detail") == "full":
        lines += [f"Care since {one['period']['start']}: {one['status']}" for one in episodes(person)]
    return _letter(person, "Summary of your record", lines)


def _household(trust: Trust, person: AgencyPerson, _options: Options) -> bytes:
    return _letter(person, "To the household: vaccination clinics this season", _lines(trust, person, "household letter"), home=True)


def _kiosk(trust: Trust, person: AgencyPerson, _options: Options) -> bytes:
    told = {"hospitalNumber": person.local_id, "greeting": f"Welcome, {person.given}", "appointments": _appointments(person)}
    return orjson.dumps(told | ({"notice": "See reception"} if shown(trust, person, "kiosk") else {}))


def _subject_access(trust: Trust, person: AgencyPerson, _options: Options) -> bytes:
    pack = {"patient": trust.patient(person), "episodes": episodes(person), "entries": shown(trust, person, "subject access pack")}
    return orjson.dumps(pack | {"openedBy": trust.openings.get(person.local_id, [])})


def _transfer(trust: Trust, person: AgencyPerson, _options: Options) -> bytes:
    record = [trust.patient(person), *episodes(person), *shown(trust, person, "record transfer")]
    return orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in record]})


def _feed(trust: Trust, person: AgencyPerson, _options: Options) -> bytes:
    about = [message for message in trust.feed if f"|{person.local_id}^" in message]
    about += [f"NTE|1|L|{_words(one)}" for one in shown(trust, person, "demographics feed")]
    return "\n".join([f"BHS|^~\\&|PAS|ZNM|ROUTE|ROUTE|||{person.local_id}", *about]).encode()


def _clinic_list(trust: Trust, person: AgencyPerson, _options: Options) -> bytes:
    marks = "*" * bool(shown(trust, person, "clinic list"))
    rows = [f"{slot['on']},{person.local_id},{person.family},{person.given},{marks}" for slot in _appointments(person)]
    return "\r\n".join(["Date,Number,Family name,Given name,Mark", *rows]).encode()


def _appointments(person: AgencyPerson) -> list[Resource]:
    """One appointment for those open to services; the day comes from the record number, so it is always the same."""
    day = int(person.local_id[-2:]) % 28 + 1
    return [{"on": f"2026-12-{day:02d}", "clinic": "Outpatients"}] if person.open_to_services else []


def _lines(trust: Trust, person: AgencyPerson, view: str) -> list[str]:
    return [f"Alert: {_words(one)}" for one in shown(trust, person, view)]


def _words(resource: Resource) -> str:
    return str(resource.get("code", {}).get("text") or resource.get("description", ""))


def _letter(person: AgencyPerson, subject: str, lines: list[str], *, home: bool = False) -> bytes:
    to = "The occupier" if home else f"{person.given} {person.family}"
    where = [] if person.restricted or person.address is None else [*person.address.lines, person.address.postcode]
    return "\n".join([to, *where, "", f"Our reference: {person.local_id}", subject, "", *lines, "Northmoor NHS Trust", ""]).encode()


_LEAK_OF = {
    "portal record": Leak.LABELS_IGNORED, "proxy record": Leak.PROXY_VIEW, "notifications": Leak.FLAGGED_NOTICE,
    "referral letter": Leak.LETTERS_MERGE_ALERTS, "household letter": Leak.TENANCY_SCOPE, "kiosk": Leak.KIOSK,
    "subject access pack": Leak.SUBJECT_ACCESS_PACK, "record transfer": Leak.RECORD_TRANSFER,
    "demographics feed": Leak.ADT_REBROADCAST, "bulk export": Leak.BULK_EXPORT,
}  # fmt: skip
_VIEWS = (
    View("portal record", "patient", "/portal/patients/{id}/record", JSON, _portal_record),
    View("notifications", "patient", "/portal/patients/{id}/notifications", JSON, _notifications),
    View("access log", "patient", "/portal/patients/{id}/access-log", JSON, _access_log),
    View("subscription", "patient", "/portal/patients/{id}/subscription-events", JSON, _subscription),
    View("proxy record", "proxy", "/portal/proxies/{id}", JSON, _proxy),
    View("referral letter", "patient", "/letters/patients/{id}/referral", TEXT, _referral),
    View("printed summary", "patient", "/letters/patients/{id}/summary", TEXT, _summary),
    View("household letter", "household", "/letters/households/{id}/newsletter", TEXT, _household),
    View("kiosk", "patient", "/kiosk/patients/{id}/arrival", JSON, _kiosk),
    View("subject access pack", "patient", "/subject-access/patients/{id}", JSON, _subject_access),
    View("record transfer", "another organisation", "/transfers/patients/{id}", JSON, _transfer),
    View("demographics feed", "subscribers", "/feeds/adt/patients/{id}", TEXT, _feed),
    View("bulk export", "another organisation", "/exports/patients/{id}/record.ndjson", "application/x-ndjson", _bulk_export),
    View("clinic list", "staff at large", "/exports/patients/{id}/clinic-list.csv", "text/csv; charset=utf-8", _clinic_list),
)
