"""A probe from end to end: who may, what is looked at with which right, and what it came to, kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from adapters.connectors import Destination
from adapters.egress import Egress
from adapters.faults import Fault
from adapters.http import AiohttpWire, HttpSystem
from adapters.oauth import authority_of
from adapters.probing import ConnectorHands, HttpEyes, NotPossible, probe
from adapters.records import http_system
from adapters.registry import Connect, Registry, Resolve
from adapters.tls import context_of
from gateway.bootstrap.relay import Transactions
from gateway.domain.actors import Actor
from gateway.domain.agreements import RecordSystem, SharingAgreement, SystemKind
from gateway.domain.case_list import Role
from gateway.domain.errors import Code, Conflict
from gateway.domain.identifiers import AgencyId, FlagId, SystemKey
from gateway.domain.proofs import Observation, Probe, Proof
from gateway.domain.register import Canary, Register
from gateway.domain.releases import FlagRelease
from gateway.policy import disclosure
from gateway.services import probing

_LONGEST_ASKED_S = 5.0
"""A system that does not tell its release in this time is asked again the next day."""
_ROLES: Mapping[Canary, Role] = {Canary.PERPETRATOR: Role.PERPETRATOR}
"""Whose words each test person's alert has; a victim's for the others, who get none."""


@dataclass(frozen=True, slots=True)
class Prober:
    """Makes probes. ``registry`` knows the way to a system, ``resolve`` the secrets by which a test person's own view is opened."""

    registry: Registry
    resolve: Resolve
    connect: Connect
    transaction: Transactions
    new_id: Callable[[], UUID]

    def probe(self, actor: Actor, key: SystemKey) -> Proof:
        """Probes one system and keeps what it came to; a failure stops writing there at once.

        Raises ``Conflict`` (``LOOKUP_ONLY``, ``PROBE_UNDER_WAY``, ``PROBE_NOT_POSSIBLE``): then nothing has changed.
        """
        probe_id = self.new_id()
        with self.transaction() as work:
            system = probing.to_probe(work, actor, key)
            agreement = work.agreements.of(AgencyId(key.partition("/")[0]))
            left_over = probing.begin(work, key, probe_id)
            began_at = work.now()
        if agreement is None or system.register is None:
            raise Conflict(Code.LOOKUP_ONLY)
        try:
            observations, version = asyncio.run(self._look(agreement, system, system.register, probe_id, left_over))
        except (Fault, NotPossible):
            with self.transaction() as work:
                probing.give_up(work, key, probe_id)
            raise Conflict(Code.PROBE_NOT_POSSIBLE) from None
        with self.transaction() as work:
            made = Probe(probe_id, key, system.register.digest, version, began_at, work.now(), actor.user_id, observations)
            return probing.record_probe(work, actor, made)

    def release(self, system: RecordSystem) -> str:
        """The release that a system tells of itself now; "" where it tells none, or cannot be asked."""
        if system.register is None or not system.register.version_at[0]:
            return ""

        async def ask() -> str:
            eyes = self._eyes(self.registry.destination(system.key), system.register or Register(), {})
            try:
                async with asyncio.timeout(_LONGEST_ASKED_S):
                    return await eyes.release()
            finally:
                await eyes.close()

        try:
            return asyncio.run(ask())
        except (Fault, TimeoutError):
            return ""

    async def _look(
        self, agreement: SharingAgreement, system: RecordSystem, register: Register, probe_id: UUID, left_over: tuple[UUID, ...]
    ) -> tuple[tuple[Observation, ...], str]:
        destination, releases = self.registry.destination(system.key), _releases(agreement, system, register, probe_id)
        eyes, connector = self._eyes(destination, register, releases), self.connect(destination)
        try:
            for earlier in left_over:
                await _clear(ConnectorHands(connector, _releases(agreement, system, register, earlier)), register)
            version = await eyes.release()
            return await probe(register, eyes, ConnectorHands(connector, releases), system.limits.concurrency), version
        finally:
            await eyes.close()
            await connector.close()

    def _eyes(self, destination: Destination, register: Register, releases: Mapping[Canary, FlagRelease]) -> HttpEyes:
        """Every address of the register is agreed, also those that only a probe looks at."""
        options = dict(destination.system.options)
        for place, at in enumerate(at for entry in register.entries.values() for at in entry.at):
            options[f"register_{place:03d}"] = at
        named = replace(destination, system=replace(destination.system, options=options))
        return HttpEyes(register, _as_gateway(named), self._as_subjects(named, register), releases)

    def _as_subjects(self, destination: Destination, register: Register) -> dict[Canary, HttpSystem]:
        """A way in for each test person whose right to look we were given."""
        found = {}
        for canary, record in register.canaries.items():
            if record.token:
                system = _way_to(destination)
                system.authority = _Bearer(self.resolve(record.token))
                found[canary] = system
        return found


class _Bearer:
    """A right that was given for good."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def headers(self) -> Mapping[str, str]:
        """The token."""
        return {"Authorization": f"Bearer {self._token}"}

    def refused(self, shown: Mapping[str, str]) -> bool:
        """There is no other."""
        return False


def _way_to(destination: Destination) -> HttpSystem:
    wire = AiohttpWire(context_of(destination.credentials))
    return HttpSystem(destination.endpoint, destination.system.limits, wire, egress=Egress.of(destination.system))


def _as_gateway(destination: Destination) -> HttpSystem:
    """Let in as every day."""
    if destination.system.kind is not SystemKind.FHIR_R4:
        return http_system(destination)
    system = _way_to(destination)
    system.authority = authority_of(destination, system, usual_path="/oauth/token")
    return system


def _releases(agreement: SharingAgreement, system: RecordSystem, register: Register, probe_id: UUID) -> dict[Canary, FlagRelease]:
    """What the hands place: identifiers that follow from the probe's own id, so that a later probe finds what a killed one left."""
    return {
        canary: disclosure.release_canary_flag(
            agreement, system.key, record.record_id, _ROLES.get(canary, Role.VICTIM), FlagId(probe_id), str(uuid5(probe_id, canary.value))
        )
        for canary, record in register.canaries.items()
    }


async def _clear(hands: ConnectorHands, register: Register) -> None:
    """What a probe that was killed may have left is gone, or no probe is made."""
    for canary in register.canaries:
        if await hands.remove(canary):
            raise NotPossible
