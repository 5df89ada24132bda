"""The agencies of one run: the stand-ins of ``contracts.stubs`` in this process, with a line to each, and what their people do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from joserfc.jwk import ECKey

import adapters.case_system
import adapters.health.fhir
import adapters.housing
import adapters.police
from adapters.connectors import Connector, Destination
from adapters.registry import connector_for
from contracts.agreements import AgreementFolder
from contracts.stubs.agency import Agency
from contracts.stubs.coordinator.__main__ import CaseSystem
from contracts.stubs.fhir_trust.__main__ import application
from contracts.stubs.fhir_trust.oauth import TokenOffice
from contracts.stubs.fhir_trust.trust import ORDINARY_ENTRY, Trust
from contracts.stubs.fhir_trust.views import views
from contracts.stubs.hl7v2_trust.desk import Answers, Desk
from contracts.stubs.hl7v2_trust.feeds import SUBSCRIBERS
from contracts.stubs.hl7v2_trust.lines import Lines
from contracts.stubs.hl7v2_trust.views import VIEWS as APP_VIEWS
from contracts.stubs.housing.__main__ import Housing
from contracts.stubs.ledger import Ledger
from contracts.stubs.people import AgencyPerson
from contracts.stubs.police.__main__ import Records
from contracts.stubs.rest.notices import Notices
from contracts.stubs.rest.service import Service
from gateway.domain.agreements import Capability, SharingAgreement, SystemKind
from gateway.domain.identifiers import AgencyId, MaracId, SystemKey, UserId
from gateway.domain.proofs import Observation, Probe, Seen
from gateway.domain.register import Answer, Audience, Canary, Entry, Output, Register
from tests.noninterference.wires import Asgi, Heard, Line, Sent, ask
from tests.noninterference.worlds import CALDER, HOMES, NORTH, OFFICE, POLICE, SOUTH, SOUTH_TRUST, TRUST, World

CLIENT, SECRET = "northmoor-exchange", "a-secret-of-the-tests"
_PORTS = {TRUST: 8101, CALDER: 8102, POLICE: 8103, HOMES: 8104, OFFICE: 8105, SOUTH_TRUST: 8106}
_CONNECT: Mapping[SystemKind, Callable[..., Connector]] = {
    SystemKind.FHIR_R4: adapters.health.fhir.connect,
    SystemKind.POLICE: adapters.police.connect,
    SystemKind.HOUSING: adapters.housing.connect,
    SystemKind.CASE_SYSTEM: adapters.case_system.connect,
}
POLICE_VIEWS = ("subject-access-pack", "disclosure-export", "custody-record", "occurrence-letter")
Look = Callable[[], bytes]


@dataclass(frozen=True)
class Keys:
    """The client's key and its public half as the trusts know it; made once in a process."""

    private: str
    jwks: Path

    @classmethod
    def make(cls, folder: Path) -> Keys:
        """Into a folder, where the gateway finds its secrets too."""
        key = ECKey.generate_key("P-384")
        jwks = folder / "jwks.json"
        jwks.write_text(json.dumps({"keys": [{**key.as_dict(private=False), "kid": key.thumbprint()}]}), encoding="utf-8")
        pem = key.as_pem(private=True).decode()
        for name, text in (("key.pem", pem), ("secret", SECRET)):
            (folder / name).write_text(text, encoding="utf-8")
            (folder / name).chmod(0o600)
        return cls(pem, jwks)


class ListeningDesk(Desk):
    """Keeps every message as it came off the line."""

    kept: list[Sent]
    after_exchange: Callable[[str, bool], None]

    def receive(self, raw: bytes) -> Answers:
        """As the desk does."""
        self.kept.append(Sent(self._agency.id, "MLLP", "", {}, raw))
        answers = super().receive(raw)
        self.after_exchange(self._agency.id, b"|ADT^" in raw)
        return answers


class Exchange:
    """The one listening socket of the process for HL7 v2; each run puts its own lines behind it."""

    def __init__(self) -> None:
        self.lines: Lines | None = None
        self.port = 0

    async def open(self) -> asyncio.Server:
        """Listens."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.lines is None:
            writer.close()
            return
        await self.lines.accept(reader, writer)


def alerts(trust: Trust) -> list[dict[str, Any]]:
    """What stands on a trust's records beside its own ordinary entries."""
    return [flag for flag in trust.store.current("Flag") if flag["code"].get("text") != ORDINARY_ENTRY]


@dataclass
class Town:
    """Every agency of one run. ``after_exchange`` is told of each exchange with an agency, and whether it may have had an effect."""

    world: World
    keys: Keys
    exchange: Exchange
    after_exchange: Callable[[str, bool], None] = lambda agency, write: None
    sent: list[Sent] = field(default_factory=list)
    apps: dict[str, Asgi] = field(default_factory=dict)
    trusts: dict[str, Trust] = field(default_factory=dict)
    offices: dict[str, TokenOffice] = field(default_factory=dict)
    desk: ListeningDesk | None = None
    police: Records | None = None
    housing: Housing | None = None
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    ledgers: dict[str, Ledger] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for agency, people in self.world.holdings.items():
            _START[agency](self, agency, people)
        self._start_office()

    # ---------------------------------------------------------------------------------------------------- how they start

    def _agency(self, name: str, people: tuple[AgencyPerson, ...], settings: Mapping[str, Any]) -> Agency:
        self.ledgers[name] = Ledger()
        return Agency(name, Path(), {"name": name.replace("-", " ").title(), **settings}, people)

    def start_trust(self, name: str, people: tuple[AgencyPerson, ...]) -> None:
        """A FHIR record system."""
        scopes = ["system/Patient.rs", "system/EpisodeOfCare.rs", "system/Flag.cruds", "system/Task.cruds", "system/SubjectView.r"]
        agency = self._agency(name, people, {"oauth": {"client_id": CLIENT, "scopes": scopes}})
        trust = Trust(agency, self.ledgers[name])
        trust.origin = trust.base = f"http://127.0.0.1:{_PORTS[name]}"
        office = TokenOffice(agency.settings["oauth"], self.keys.jwks)
        self.trusts[name], self.offices[name] = trust, office
        trust.leaks.update(self.world.leaks if name == TRUST else ())
        self.apps[name] = application(trust, office, Notices("", "", trust.ledger))
        for person in people:
            self.tokens[name, person.local_id] = office.issue("patient", person.local_id, ("patient/*.rs",), 1e9)
            if person.local_id[-1] in "02468":  # an ordinary entry: what stands behind it can be told, and on the others that there is one
                trust.note(person)

    def start_calder(self, name: str, people: tuple[AgencyPerson, ...]) -> None:
        """An HL7 v2 trust."""
        agency = self._agency(name, people, {})
        self.desk = ListeningDesk(agency, self.ledgers[name])
        self.desk.kept, self.desk.after_exchange = self.sent, self._told
        self.exchange.lines = Lines(self.desk, agency, 0.0)

    def start_police(self, name: str, people: tuple[AgencyPerson, ...]) -> None:
        """A police records system."""
        service = Service(self._agency(name, people, {"markers": {}}), self.ledgers[name], {CLIENT: SECRET})
        self.police = Records(service)
        self.apps[name] = service.app(self.police.routes(), self.police.looks(), 0.0)

    def start_homes(self, name: str, people: tuple[AgencyPerson, ...]) -> None:
        """A housing system."""
        service = Service(self._agency(name, people, {}), self.ledgers[name], {CLIENT: SECRET})
        self.housing = Housing(service)
        self.apps[name] = service.app(self.housing.routes(), self.housing.looks(), 0.0)

    def _start_office(self) -> None:
        service = Service(self._agency(OFFICE, (), {}), self.ledgers[OFFICE], {CLIENT: SECRET})
        self.apps[OFFICE] = service.app(CaseSystem(service).routes(), {}, 0.0)

    # -------------------------------------------------------------------------------------------------- the way to them

    def connect(self, destination: Destination) -> Connector:
        """The product's connector, with a line of ours in place of the network."""
        agency = destination.system.key.partition("/")[0]
        if destination.system.kind is SystemKind.HL7V2:
            return connector_for(replace(destination, endpoint=f"mllp://127.0.0.1:{self.exchange.port}"))
        line = Line(agency, self.apps[agency], self.sent, self._told)
        return _CONNECT[destination.system.kind](destination, line)

    def _told(self, agency: str, write: bool) -> None:
        self.after_exchange(agency, write)

    async def ask(self, agency: str, method: str, path: str, headers: Mapping[str, str] | None = None, body: object = None) -> Heard:
        """Somebody other than the gateway asks an agency's system."""
        sent = {"content-type": "application/json"} if body is not None else {}
        content = json.dumps(body).encode() if body is not None else b""
        return await ask(self.apps[agency], method, f"http://127.0.0.1:{_PORTS[agency]}{path}", {**sent, **(headers or {})}, content)

    # ------------------------------------------------------------------------------------------------- who holds whom

    def records_of(self, resident: str) -> list[tuple[str, AgencyPerson]]:
        """Every record that is about a resident."""
        return [(agency, p) for agency, people in self.world.holdings.items() for p in people if p.resident_id == resident]

    def looks(self, agency: str) -> Iterator[tuple[str, Look]]:
        """Every output of an agency that others than its staff get, of every person whom it holds: its name and how it is had."""
        for person in self.world.holdings.get(agency, ()):
            yield from _LOOKS[agency](self, agency, person)

    def staff_view(self) -> bytes:
        """What agencies' own people see of alerts and work: where a secret must show, or nothing was tried."""
        seen: list[object] = [[flag for p in t.agency.people for flag in t.flags(p.local_id)] for t in self.trusts.values()]
        if self.police:
            seen.append([m.shown() for p in self.world.holdings[POLICE] for m in self.police.markers.on(p.local_id)])
            seen.append([item.shown() for item in self.police.items.page(None, None, 10_000)[0]])
        seen.append({name: [(e.what, e.subject, e.digest) for e in ledger.entries("")] for name, ledger in self.ledgers.items()})
        return json.dumps(seen, default=str, sort_keys=True).encode()


def _trust_looks(town: Town, agency: str, person: AgencyPerson) -> Iterator[tuple[str, Look]]:
    trust = town.trusts[agency]
    for view in views():
        yield f"{view.name} {person.local_id}", lambda v=view: v.make(trust, person, {})  # type: ignore[misc]
    yield f"printed summary, full {person.local_id}", lambda: next(v for v in views() if v.name == "printed summary").make(trust, person, {"detail": "full"})


def _calder_looks(town: Town, agency: str, person: AgencyPerson) -> Iterator[tuple[str, Look]]:
    desk = town.desk
    assert desk is not None
    for name, view in APP_VIEWS.items():
        yield f"{name} {person.local_id}", lambda v=view: v(desk, person).encode()  # type: ignore[misc]
    for name in SUBSCRIBERS:
        yield f"feed {name} {person.local_id}", lambda n=name: b"\n".join(desk.feeds.sent(n, person.local_id))  # type: ignore[misc]


def _control_looks(town: Town, agency: str, person: AgencyPerson) -> Iterator[tuple[str, Look]]:
    holder = town.police if agency == POLICE else town.housing
    assert holder is not None
    for name, look in holder.looks().items():
        yield f"{name} {person.local_id}", lambda look=look: (look(person.local_id) or "").encode()  # type: ignore[misc]


_START: Mapping[str, Callable[[Town, str, tuple[AgencyPerson, ...]], None]] = {
    TRUST: Town.start_trust, SOUTH_TRUST: Town.start_trust, CALDER: Town.start_calder, POLICE: Town.start_police, HOMES: Town.start_homes,
}  # fmt: skip
_LOOKS: Mapping[str, Callable[[Town, str, AgencyPerson], Iterator[tuple[str, Look]]]] = {
    TRUST: _trust_looks, SOUTH_TRUST: _trust_looks, CALDER: _calder_looks, POLICE: _control_looks, HOMES: _control_looks,
}  # fmt: skip


def agreements_for(world: World, folder: AgreementFolder) -> AgreementFolder:
    """The demonstration's agreements, cut to the agencies of the world, for the Maracs at whose tables they sit."""
    found = {AgencyId(OFFICE): _for_tests(folder.agreements[AgencyId(OFFICE)], frozenset({MaracId(NORTH)}))}
    for agency in world.holdings:
        model = folder.agreements[AgencyId(TRUST if agency == SOUTH_TRUST else agency)]
        maracs = frozenset({MaracId(SOUTH)}) if agency == SOUTH_TRUST else frozenset({MaracId(NORTH), *([MaracId(SOUTH)] if agency in world.shared else [])})
        agreement = _for_tests(model, maracs)
        agreement = _renamed(agreement, agency) if agency == SOUTH_TRUST else agreement
        found[AgencyId(agency)] = _with_markers(agreement) if agency == POLICE and world.markers else agreement
    return AgreementFolder(dict(sorted(found.items())))


_CREDENTIALS = {"client_id": "env:CLIENT", "private_key": "file:key.pem", "client_secret": "file:secret", "api_key": "file:secret"}


def _for_tests(agreement: SharingAgreement, maracs: frozenset[MaracId]) -> SharingAgreement:
    """For systems in this process, with time-outs that no busy machine reaches: real time must not decide what a run does."""
    systems = tuple(
        replace(
            s, endpoint=f"env:{s.key.partition('/')[0].upper().replace('-', '_')}", capabilities=s.capabilities - {Capability.CALLBACKS},
            limits=replace(s.limits, timeout_s=600), register=_reviewed(s.register, s.key), credentials={name: _CREDENTIALS[name] for name in s.credentials if name in _CREDENTIALS},
        )
        for s in agreement.systems
    )  # fmt: skip
    return replace(agreement, systems=systems, maracs=maracs)


FAR_OFF = date(2040, 1, 1)


def _reviewed(register: Register | None, key: SystemKey) -> Register | None:
    """The register with answers that hold in the run's time; of a system that has none, every output answered as not offered."""
    if register is None:
        entries = {output: Entry(output, Answer.NOT_OFFERED, Audience.SUBJECT, "records desk", "made for a test", FAR_OFF) for output in Output}
        return Register(entries=entries, digest=f"of {key}")
    return replace(register, entries={output: replace(entry, review_on=FAR_OFF) for output, entry in register.entries.items()})


def proofs_for(world: World, agreements: AgreementFolder, now: datetime) -> Iterator[Probe]:
    """That each system to which alerts may be written was probed today and shows nothing; but for a system that leaks."""
    for agreement in agreements.all():
        for system in agreement.systems:
            if Capability.HIDDEN_FLAG in system.capabilities and system.register and not (world.leaks and agreement.agency_id == TRUST):
                seen = tuple(Observation(output, Canary.VICTIM, 0, Seen.SAME) for output in system.register.entries)
                yield Probe(uuid4(), system.key, system.register.digest, system.register.version, now, now, UserId("prober"), seen)


def _renamed(agreement: SharingAgreement, agency: str) -> SharingAgreement:
    def system(one: Any) -> Any:
        options = {name: value.replace(TRUST, agency) for name, value in one.options.items()}
        return replace(one, key=SystemKey(f"{agency}/{one.key.partition('/')[2]}"), endpoint="env:SOUTHMOOR_NHS_TRUST", options=options)

    return replace(agreement, agency_id=AgencyId(agency), name="Southmoor NHS Trust", systems=tuple(map(system, agreement.systems)))


def _with_markers(agreement: SharingAgreement) -> SharingAgreement:
    """The police let markers be written that only some may see, and let the gateway look at what leaves the force."""
    system = agreement.systems[0]
    views_ = {f"subject_view_{n:02d}": f"/__views/{name}/{{record_id}}" for n, name in enumerate(POLICE_VIEWS)}
    system = replace(system, capabilities=system.capabilities | {Capability.HIDDEN_FLAG, Capability.SUBJECT_VIEW}, options={**system.options, **views_})
    return replace(agreement, systems=(system,), perpetrator_flags=True)


VARIABLES = {"CLIENT": CLIENT} | {
    name.upper().replace("-", "_"): f"http://127.0.0.1:{port}" if name != CALDER else "mllp://127.0.0.1:1" for name, port in _PORTS.items()
}
"""What the agreements' references stand for."""
