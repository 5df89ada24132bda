"""The disclosure probe against every stand-in: the honest ones pass, and each leak that can be switched on is refused and named."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from adapters.registry import Registry, connector_for
from contracts.agreements import load_agreements
from contracts.stubs.leaks import Leak
from gateway.bootstrap.probing import Prober
from gateway.demo.agencies import Neighbourhood
from gateway.domain.agreements import SharingAgreement
from gateway.domain.identifiers import AgencyId
from gateway.domain.proofs import Observation, Seen
from gateway.domain.register import Canary, Output
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
