"""The disclosure probe against every stand-in: the honest ones pass, and each leak that can be switched on is refused and named."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import uuid4

import httpx
import pytest

from adapters.probing import View, probe
from adapters.registry import Registry, connector_for
from contracts.agreements import AgreementFolder, load_agreements
from contracts.stubs.canaries import FIRST_NUMBER
from contracts.stubs.leaks import Leak
from gateway.bootstrap.probing import Prober
from gateway.demo.agencies import Neighbourhood
from gateway.domain.agreements import Capability, SharingAgreement
from gateway.domain.case_list import Role
from gateway.domain.flags import ALERT_TEXT
from gateway.domain.identifiers import AgencyId
from gateway.domain.proofs import Observation, Seen
from gateway.domain.register import RECORD, Answer, Audience, Canary, CanaryRecord, Entry, Output, Register
from tests.conftest import AGENCIES


def file_or_variable(place: Neighbourhood, reference: str) -> str:
    """What a reference of an agreement stands for in this neighbourhood."""
    kind, _, name = reference.partition(":")
    return place.environment[name] if kind == "env" else (place.secrets / name).read_text(encoding="ascii")


@dataclass
class Probed:
    """A running stand-in of the trust, and the prober as the gateway makes it."""

    agreement: SharingAgreement
    prober: Prober
    http: httpx.Client

    def leak(self, *leaks: str) -> None:
        self.http.put("/__staff/leaks", json={"leaks": leaks}).raise_for_status()

    def probe(self) -> tuple[Observation, ...]:
        system = self.agreement.systems[0]
        assert system.register is not None
        found, version = asyncio.run(self.prober._look(self.agreement, system, system.register, uuid4(), ()))
        assert version == "7.4.1"
        return found


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probed]:
    with Neighbourhood(AGENCIES, tmp_path_factory.mktemp("trust")) as place:
        place.start(["northmoor-nhs-trust"])
        book = load_agreements(AGENCIES)
        registry = Registry(book, lambda reference: file_or_variable(place, reference), lambda: datetime.now(UTC).date())
        prober = Prober(registry, lambda reference: file_or_variable(place, reference), connector_for, lambda: None, uuid4)  # type: ignore[arg-type,return-value]
        agreement = book.of(AgencyId("northmoor-nhs-trust"))
        assert agreement is not None
        with httpx.Client(base_url=place.played["northmoor-nhs-trust"].base) as http:
            yield Probed(agreement, prober, http)


SHOWS_IN = {
    Leak.LABELS_IGNORED: Output.PORTAL,
    Leak.COUNT_BEFORE_FILTER: Output.ALERT_SEARCH,
    Leak.PAGING_UNFILTERED: Output.COUNTS,
    Leak.HISTORY: Output.HISTORY,
    Leak.REVINCLUDE: Output.INCLUDES,
    Leak.NARRATIVE: Output.RECORD_READ,
    Leak.LETTERS_MERGE_ALERTS: Output.REFERRAL_LETTER,
    Leak.ADT_REBROADCAST: Output.FEEDS,
    Leak.ACCESS_LOG_REASON: Output.ACCESS_LOG,
    Leak.CODE_LABELS: Output.PORTAL,
    Leak.TENANCY_SCOPE: Output.HOUSEHOLD_LETTER,
    Leak.FLAGGED_NOTICE: Output.NOTIFICATIONS,
    Leak.PROXY_VIEW: Output.PROXY_VIEW,
    Leak.KIOSK: Output.RECEPTION_SCREENS,
    Leak.SUBJECT_ACCESS_PACK: Output.SUBJECT_ACCESS,
    Leak.RECORD_TRANSFER: Output.TRANSFER,
    Leak.SUBSCRIPTION: Output.SUBSCRIPTIONS,
    Leak.BULK_EXPORT: Output.BULK_EXPORT,
    Leak.ENTITY_TAGS: Output.RECORD_READ,
    Leak.SUMMARY_COUNT: Output.COUNTS,
}
"""Where each leak shows first."""


def test_the_honest_trust_passes_and_its_staff_see_the_alert(trust: Probed) -> None:
    trust.leak()
    found = trust.probe()
    assert {one.seen for one in found} == {Seen.SAME}
    assert {one.canary for one in found} == set(Canary)
    assert len({(one.output, one.place) for one in found}) > 24
    staff = [one for one in found if one.output is Output.STAFF_VIEW and one.canary in (Canary.VICTIM, Canary.PERPETRATOR)]
    assert all(one.hashes[0] == one.hashes[1] != one.hashes[2] for one in staff)


def test_every_leak_has_an_output() -> None:
    assert set(SHOWS_IN) == set(Leak)
    assert len(Leak) == 20


@pytest.mark.parametrize("leak", list(Leak))
def test_each_leak_of_the_trust_is_refused_and_named(trust: Probed, leak: Leak) -> None:
    trust.leak(leak)
    failed = {(one.output, one.seen) for one in trust.probe() if not one.seen.good}
    trust.leak()
    assert SHOWS_IN[leak] in {output for output, _ in failed}, failed
    assert {seen for output, seen in failed if output is SHOWS_IN[leak]} <= {Seen.CHANGED, Seen.LEFT_TRACE}


# ------------------------------------------------------------------------------------------------ the other stand-ins


class ControlEyes:
    """Looks at what the test controls of a stand-in show as an output; none of these systems has a way for that from outside."""

    def __init__(self, http: httpx.Client, register: Register) -> None:
        self._http, self._register = http, register

    async def look(self, view: View) -> bytes | None:
        answer = self._http.get(view.at.replace("{record_id}", self._register.canaries[view.canary].record_id))
        return answer.content if answer.status_code == 200 else None


class StaffHands:
    """The agency's own people, who put the words where only they see them."""

    def __init__(self, http: httpx.Client, register: Register, hl7: bool) -> None:
        self._http, self._register, self._hl7 = http, register, hl7

    async def place(self, canary: Canary) -> str:
        self._note(canary, [ALERT_TEXT[Role.VICTIM]])
        return ""

    async def remove(self, canary: Canary) -> str:
        self._note(canary, [])
        return ""

    def _note(self, canary: Canary, notes: list[str]) -> None:
        record_id = self._register.canaries[canary].record_id
        if self._hl7:
            self._http.post("/__staff/note", json={"localId": record_id, "notes": notes}).raise_for_status()
        elif notes:
            self._http.post("/__staff/notes", json={"localId": record_id, "text": notes[0]}).raise_for_status()
        else:
            self._http.delete(f"/__staff/notes/{record_id}").raise_for_status()


def register_of(pattern: str, views: Mapping[Output, tuple[str, ...]]) -> Register:
    """Outputs by their control addresses; everything else is not offered."""
    def entry(output: Output) -> Entry:
        at = views.get(output, ())
        return Entry(output, Answer.LOOKED_AT if at else Answer.NOT_OFFERED, Audience.SUBJECT, "owner", "tested", date(2036, 12, 31), at, holds="markers" if output is Output.STAFF_VIEW else RECORD)

    people = {canary: CanaryRecord(pattern.format(FIRST_NUMBER + place)) for place, canary in enumerate(Canary)}
    return Register({output: entry(output) for output in Output}, people, version="1")


def views(*names: str) -> tuple[str, ...]:
    return tuple(f"/__views/{name}/{{record_id}}" for name in names)


HOMES = register_of("b7d3a2c4-51e6-4f08-9a1d-00000{:07d}", {
    Output.STAFF_VIEW: ("/__staff/notes/{record_id}",), Output.PORTAL: views("tenant-portal"), Output.HOUSEHOLD_LETTER: views("household-view", "tenancy-letters"),
    Output.SUBJECT_ACCESS: views("subject-access-pack"), Output.NOTIFICATIONS: views("text-messages"), Output.TRANSFER: views("landlord-transfer"),
    Output.STAFF_EXPORTS: views("contractor-sheet"),
})  # fmt: skip
CALDERBROOK = register_of("C{:07d}", {
    Output.STAFF_VIEW: ("/__staff/chart/{record_id}",), Output.PORTAL: views("patient-app"), Output.PROXY_VIEW: views("proxy-app"), Output.ACCESS_LOG: views("access-log"),
    Output.SUMMARY: views("brief-summary"), Output.REFERRAL_LETTER: views("appointment-letter"), Output.SUBJECT_ACCESS: views("subject-access-pack"),
    Output.RECEPTION_SCREENS: views("arrivals-kiosk"), Output.TRANSFER: views("record-transfer"),
    Output.FEEDS: tuple(f"/__feeds/{name}?about={{record_id}}" for name in ("patient-app", "arrivals-kiosk", "gp-practices", "regional-record", "reporting")),
})  # fmt: skip
FORCE = register_of("N{:07d}", {
    Output.STAFF_VIEW: ("/v1/persons/{record_id}/markers",), Output.SUBJECT_ACCESS: views("subject-access-pack"), Output.TRANSFER: views("disclosure-export"),
    Output.SUMMARY: views("custody-record"), Output.REFERRAL_LETTER: views("occurrence-letter"), Output.NOTIFICATIONS: views("reporting-portal"),
})  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbourhood]:
    with Neighbourhood(AGENCIES, tmp_path_factory.mktemp("town")) as place:
        place.start(["northmoor-homes", "calderbrook-nhs-trust", "northmoor-police"])
        yield place


def probe_of(place: Neighbourhood, agency: str, leaks: Sequence[str]) -> tuple[Observation, ...]:
    """With exactly these leaks on."""
    with httpx.Client(base_url=place.played[agency].base) as http:
        http.put("/__staff/leaks", json={"leaks": list(leaks)}).raise_for_status()
        if agency == "northmoor-police":
            return police_probe(place)
        register = HOMES if agency == "northmoor-homes" else CALDERBROOK
        hands = StaffHands(http, register, hl7=agency.startswith("calderbrook"))
        return asyncio.run(probe(register, ControlEyes(http, register), hands))


def police_probe(place: Neighbourhood) -> tuple[Observation, ...]:
    """By the connector, as for a force whose agreement lets need-to-know markers be written."""
    agreement = load_agreements(AGENCIES).of(AgencyId("northmoor-police"))
    assert agreement is not None
    options = {f"subject_view_{n:03d}": at for n, at in enumerate(at for e in FORCE.entries.values() if e.output is not Output.STAFF_VIEW for at in e.at)}
    system = replace(
        agreement.systems[0], capabilities=agreement.systems[0].capabilities | {Capability.HIDDEN_FLAG, Capability.SUBJECT_VIEW},
        register=FORCE, options=options,
    )  # fmt: skip
    allowed = replace(agreement, systems=(system,))
    book = AgreementFolder({allowed.agency_id: allowed})
    registry = Registry(book, lambda reference: file_or_variable(place, reference), lambda: datetime.now(UTC).date())
    prober = Prober(registry, lambda reference: file_or_variable(place, reference), connector_for, lambda: None, uuid4)  # type: ignore[arg-type,return-value]
    return asyncio.run(prober._look(allowed, system, FORCE, uuid4(), ()))[0]


def leaks_of(module: str) -> tuple[Leak, ...]:
    """Those that a stand-in's own code names."""
    return tuple(importlib.import_module(module).LEAKS)


AGENCY_LEAKS = [
    (agency, leak)
    for agency, module in (
        ("northmoor-homes", "contracts.stubs.housing.notes"), ("calderbrook-nhs-trust", "contracts.stubs.hl7v2_trust.feeds"),
        ("northmoor-police", "contracts.stubs.police.markers"),
    )
    for leak in leaks_of(module)
]  # fmt: skip


@pytest.mark.parametrize("agency", ["northmoor-homes", "calderbrook-nhs-trust", "northmoor-police"])
def test_the_honest_ones_pass(town: Neighbourhood, agency: str) -> None:
    found = probe_of(town, agency, ())
    assert {(one.output, one.seen, one.code) for one in found if not one.seen.good} == set()
    assert len(found) >= 24


@pytest.mark.parametrize(("agency", "leak"), AGENCY_LEAKS, ids=[f"{agency}-{leak}" for agency, leak in AGENCY_LEAKS])
def test_each_leak_of_the_others_is_refused(town: Neighbourhood, agency: str, leak: Leak) -> None:
    failed = {(one.output, one.seen) for one in probe_of(town, agency, [leak]) if not one.seen.good}
    assert {seen for _, seen in failed} & {Seen.CHANGED, Seen.LEFT_TRACE}, "nothing was noticed"
