"""The FHIR connector and whom it speaks to in the contract tests: the demonstration trust with a key of the tests' own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tomllib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
from joserfc import jwk

from adapters.connectors import Destination, Reply
from adapters.faults import Fault
from adapters.health.fhir import FhirConnector, connect
from adapters.http import HttpReply, Wire
from contracts.stubs.agency import load_agency
from contracts.stubs.people import AgencyPerson
from gateway.domain.agreements import Capability, Limits, SystemKind
from gateway.domain.lookup import Answer
from gateway.domain.releases import LookupRelease
from tests.contract.asked import about, destination
from tests.contract.stub_processes import AGENCIES, RunningStub, running_stub

T = TypeVar("T")
KEY = "northmoor-nhs-trust/record"
FOLDER = AGENCIES / "northmoor-nhs-trust"
EVERYTHING = frozenset(Capability) - {Capability.CALLBACKS, Capability.COMPLETIONS}
CLINIC_LIST = "Date,Number,Family name"
"""What that output holds also for somebody without appointments."""
SEARCHING = EVERYTHING - {Capability.MATCH}


@dataclass(frozen=True, repr=False)
class Trust:
    """The running stub, our key, and the views that its agreement would name."""

    running: RunningStub
    key: str
    views: Mapping[str, str]

    def destination(
        self,
        capabilities: frozenset[Capability] = EVERYTHING,
        limits: Limits | None = None,
        credentials: Mapping[str, str] | None = None,
        **options: str,
    ) -> Destination:
        """The trust as the agreement describes it."""
        given = {"client_id": "northmoor-exchange", "private_key": self.key} if credentials is None else credentials
        return destination(
            SystemKind.FHIR_R4, str(self.running.ready["fhir_base"]), key=KEY, credentials=given, capabilities=capabilities,
            limits=limits or Limits(timeout_s=1.5), options={**self.views, **options},
        )  # fmt: skip

    def answers(self, asked: LookupRelease, *, search: bool = False) -> Answer | Fault:
        """What the connector makes of the trust's answer."""
        return run(self.destination(SEARCHING if search else EVERYTHING), lambda c: c.look_up(asked, False))


@contextlib.contextmanager
def running_trust(folder: Path, agency: Path = FOLDER, kind: str = "EC", options: tuple[str, ...] = ()) -> Iterator[Trust]:
    """The demonstration trust, which knows the public half of a key made for this run."""
    key = jwk.RSAKey.generate_key(2048) if kind == "RSA" else jwk.ECKey.generate_key("P-384")
    public = {"keys": [{**key.as_dict(private=False), "kid": key.thumbprint(), "alg": "RS384" if kind == "RSA" else "ES384"}]}
    keys = folder / "client.jwks"
    keys.write_text(json.dumps(public), encoding="utf-8")
    with running_stub("fhir_trust", agency, "--client-jwks", str(keys), *options) as running:
        yield Trust(running, key.as_pem(private=True).decode(), named_views())


def named_views() -> dict[str, str]:
    """Options for every view in the trust's profile of its interface."""
    profile = tomllib.loads((FOLDER / "profile.toml").read_text(encoding="utf-8"))
    addresses = [path.replace("{id}", "{record_id}") for path in profile["subject_views"]["views"]]
    controls = {f"subject_holds_{n}": CLINIC_LIST for n, address in enumerate(addresses) if address.endswith("clinic-list.csv")}
    return {f"subject_view_{n}": address for n, address in enumerate(addresses)} | controls


def run(target: Destination, what: Callable[[FhirConnector], Awaitable[Reply[T]]], wire: Wire | None = None) -> T | Fault:
    """One delivery as the relay makes it: a connector, one call, closed."""

    async def once() -> T | Fault:
        connector = connect(target, wire)
        assert isinstance(connector, FhirConnector)
        try:
            return (await what(connector)).value
        except Fault as fault:
            return fault
        finally:
            await connector.close()

    return asyncio.run(once())


class HttpxWire:
    """A wire over httpx, so that respx can stand at the other end."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(trust_env=False)

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most: int) -> HttpReply:
        reply = await self._client.request(method, url, headers=dict(headers), content=body)
        assert len(reply.content) <= most
        return HttpReply(reply.status_code, reply.headers, reply.content)

    async def close(self) -> None:
        await self._client.aclose()


PEOPLE = {person.local_id: person for person in load_agency(FOLDER).people}


def persona(name: str) -> AgencyPerson:
    """The person to whom this happens."""
    return next(person for person in PEOPLE.values() if person.persona == name)


def ordinary(number: int = 0, **having: Any) -> AgencyPerson:
    """A person of the trust to whom nothing happens."""
    usual = {"persona": None, "restricted": False, "open_to_services": True, "aliases": (), **having}
    fits = [p for p in PEOPLE.values() if p.nhs_number and all(getattr(p, name) == value for name, value in usual.items())]
    return fits[number]


def asked_about(person: AgencyPerson, *, with_number: bool = False) -> LookupRelease:
    """A look-up about somebody the trust knows."""
    number = person.nhs_number if with_number and person.nhs_number else ""
    return about(person.family, person.given, person.birth_date, system=KEY, nhs_number=number)
