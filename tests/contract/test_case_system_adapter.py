"""The case system connector against the demonstration's coordinator, a process that shares no code with it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.case_system import connect
from adapters.faults import Fault, Permanent, Transient, Unsure
from gateway.domain.agreements import Capability, Limits, SystemKind
from gateway.domain.error_codes import Code
from gateway.domain.receipts import CompletionReport
from gateway.domain.releases import CompletionRelease
from tests.contract.asked import about, completion, destination
from tests.contract.stub_processes import AGENCIES, RunningStub, running_stub

KEY = "northmoor-marac/cases"


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("secrets") / "clients.toml"
    file.write_text('gateway = "not-much-of-a-secret"\n')
    return file


@pytest.fixture(scope="module")
def coordinator(secrets: Path) -> Iterator[RunningStub]:
    with running_stub("coordinator", AGENCIES / "northmoor-marac", "--client-secrets", str(secrets)) as running:
        yield running


def tell(running: RunningStub, release: CompletionRelease, *, unsure: bool = False) -> CompletionReport | Fault:
    async def run() -> CompletionReport | Fault:
        target = destination(
            SystemKind.CASE_SYSTEM, f"http://127.0.0.1:{running.port}", key=KEY, credentials={"api_key": "not-much-of-a-secret"},
            capabilities=frozenset({Capability.COMPLETIONS}), limits=Limits(timeout_s=0.7),
        )  # fmt: skip
        connector = connect(target)
        try:
            return (await connector.tell_completion(release, unsure)).value
        except Fault as fault:
            return fault
        finally:
            await connector.close()

    return asyncio.run(run())


def new() -> CompletionRelease:
    return completion(f"ref-{uuid.uuid4().hex[:12]}", action_id=uuid.uuid4())


def taken(running: RunningStub, release: CompletionRelease) -> int:
    return len([e for e in running.ledger("completion.take") if e["key"] == str(release.action_id)])


def test_a_completion_is_told_once_however_often(coordinator: RunningStub) -> None:
    release = new()
    for unsure in (False, False, True):
        assert tell(coordinator, release, unsure=unsure) == CompletionReport(True)
    assert taken(coordinator, release) == 1


def test_another_answer_about_the_same_action_is_told_as_a_difference(coordinator: RunningStub) -> None:
    first = new()
    tell(coordinator, first)
    for later in (
        completion(first.reference, "not_done", "Could not be reached", first.action_id),
        completion(first.reference, "not_done", "Could not be reached", uuid.uuid4()),
    ):
        for unsure in (False, True):
            assert tell(coordinator, later, unsure=unsure) == CompletionReport(False, Code.COMPLETION_DIFFERS)
    assert tell(coordinator, completion(first.reference, action_id=uuid.uuid4())) == CompletionReport(True)
    assert taken(coordinator, first) == 1


@pytest.mark.parametrize("happens", ["never_answers", "unavailable", "stored_though_timed_out"])
def test_what_may_have_arrived_is_looked_for_before_it_is_told_again(coordinator: RunningStub, happens: str) -> None:
    release = new()
    order = {"operation": "putCompletion", "happens": happens, "times": 1, "behaviour": {"seconds": 3}}
    coordinator.staff("trouble", order)
    assert isinstance(tell(coordinator, release), Unsure)
    assert tell(coordinator, release, unsure=True) == CompletionReport(True)
    assert taken(coordinator, release) == 1


def test_a_busy_system_is_told_later(coordinator: RunningStub) -> None:
    coordinator.staff(
        "trouble", {"operation": "putCompletion", "happens": "rate_limited", "times": 1, "behaviour": {"seconds": 1}}
    )
    assert isinstance(tell(coordinator, new()), Transient)


def test_an_answer_that_cannot_be_read_is_unsure(coordinator: RunningStub) -> None:
    coordinator.staff("trouble", {"operation": "putCompletion", "happens": "html_with_200", "times": 1})
    assert isinstance(tell(coordinator, new()), Unsure)


@pytest.mark.parametrize("case_number", ["NM 101", "NM/101", "../101", "..", "", "Ñ1", "x" * 65])
def test_a_case_number_that_cannot_stand_in_an_address_is_left_to_a_person(coordinator: RunningStub, case_number: str) -> None:
    release = completion("ref-12345678", case_number=case_number)
    before = len(coordinator.ledger())
    assert tell(coordinator, release) == CompletionReport(False, Code.COMPLETION_NOT_TOLD)
    assert len(coordinator.ledger()) == before


def test_a_system_that_takes_known_actions_only(tmp_path: Path, secrets: Path) -> None:
    folder = tmp_path / "strict"
    (folder / "personas").mkdir(parents=True)
    (folder / "stub.toml").write_text('kind = "coordinator"\nknown_actions_only = true\nseed = 1\nshare = 0\ntown_size = 0\n')
    with running_stub("coordinator", folder, "--client-secrets", str(secrets)) as running:
        release = new()
        assert tell(running, release) == CompletionReport(False, Code.COMPLETION_NOT_TOLD)
        running.staff("actions", {"caseRef": release.case_number, "actionRef": release.reference})
        assert tell(running, release) == CompletionReport(True)


def test_it_is_asked_nothing_else(coordinator: RunningStub) -> None:
    async def run() -> None:
        connector = connect(destination(SystemKind.CASE_SYSTEM, f"http://127.0.0.1:{coordinator.port}", key=KEY))
        with pytest.raises(Permanent) as refused:
            await connector.look_up(about(), unsure=False)
        assert refused.value.reason is Code.KIND_NOT_SUPPORTED
        await connector.close()

    asyncio.run(run())
