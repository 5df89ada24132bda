"""The demonstration trust's stand-in, running, with a client that is signed in: fixtures for one module each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.stubs.agency import Agency, load_agency
from contracts.stubs.people import AgencyPerson
from tests.contract.fhir_trust_client import (
    FOLDER,
    EllipticKey,
    RsaKey,
    TrustClient,
    write_jwks,
)
from tests.contract.stub_processes import running_stub

EC, RSA = EllipticKey(), RsaKey()


@pytest.fixture(scope="module")
def agency() -> Agency:
    return load_agency(FOLDER)


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustClient]:
    jwks = write_jwks(tmp_path_factory.mktemp("trust") / "client.json", EC, RSA)
    with running_stub("fhir_trust", FOLDER, "--client-jwks", str(jwks)) as stub:
        client = TrustClient(stub, EC)
        client.sign_in()
        yield client


@pytest.fixture(scope="module")
def somebody(agency: Agency) -> AgencyPerson:
    """An ordinary patient with everything on record and one given name."""
    return next(
        person for person in agency.people
        if person.nhs_number and person.phone and person.address and not person.persona and person.middle and person.open_to_services
        and person.family.isascii() and person.family.isalpha() and person.resident_id.startswith("N") and person.birth_date.day > 12
    )  # fmt: skip


def of_demonstration(agency: Agency, key: str) -> AgencyPerson:
    return next(person for person in agency.people if person.resident_id == key)
