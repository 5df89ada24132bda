"""The demonstration's HL7 v2 trust, running, and a line to it: fixtures, one stand-in for each module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.stubs.agency import Agency, load_agency
from tests.contract.stub_mllp import Line
from tests.contract.stub_processes import AGENCIES, RunningStub, running_stub

FOLDER = AGENCIES / "calderbrook-nhs-trust"


@pytest.fixture(scope="module")
def agency() -> Agency:
    return load_agency(FOLDER)


@pytest.fixture(scope="module")
def trust() -> Iterator[RunningStub]:
    with running_stub("hl7v2_trust", FOLDER) as stub:
        yield stub


@pytest.fixture
def line(trust: RunningStub) -> Iterator[Line]:
    with Line(trust.port) as line:
        yield line
