"""The housing connector against the demonstration's landlord, a process that shares no code with it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from typing import Any, TypeVar

import pytest

from adapters.connectors import Reply
from adapters.faults import Fault, Permanent, Transient
from adapters.housing import connect
from adapters.housing.connector import HousingConnector
from gateway.domain.agreements import Capability, Limits, SystemKind
from gateway.domain.case_list import PersonName
from gateway.domain.error_codes import Code
from gateway.domain.identifiers import LocalIdentifier
from gateway.domain.lookup import Answer, AnswerKind
from gateway.domain.releases import LookupRelease
from tests.contract.asked import about, action, alert, alert_check, alert_end, destination, poll
from tests.contract.stub_processes import AGENCIES, RunningStub, running_stub

T = TypeVar("T")
KEY = "northmoor-homes/housing"
EVERYTHING = frozenset(Capability)


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStub]:
    secrets = tmp_path_factory.mktemp("secrets") / "clients.toml"
    secrets.write_text('gateway = "not-much-of-a-secret"\nnotices = "signs-the-notices"\n')
    with running_stub("housing", AGENCIES / "northmoor-homes", "--client-secrets", str(secrets)) as running:
        yield running


def ask(running: RunningStub, what: Callable[[HousingConnector], Awaitable[Reply[T]]], **options: str) -> T | Fault:
    async def run() -> T | Fault:
        target = destination(
            SystemKind.HOUSING, f"http://127.0.0.1:{running.port}", key=KEY, credentials={"api_key": "not-much-of-a-secret"},
            capabilities=EVERYTHING, limits=Limits(timeout_s=1.0), options=options,
        )  # fmt: skip
        connector = connect(target)
        try:
            return (await what(connector)).value
        except Fault as fault:
            return fault
        finally:
            await connector.close()

    return asyncio.run(run())


def look_up(running: RunningStub, release: LookupRelease, **options: str) -> Answer | Fault:
    return ask(running, lambda housing: housing.look_up(release, unsure=False), **options)


def found(result: object) -> Answer:
    assert isinstance(result, Answer)
    return result


PERSONAS = {
    "restricted": (about("Inman", "Marian", date(1950, 1, 13)), AnswerKind.PROTECTED, Code.RECORD_PROTECTED),
    "too_many": (about("Jowett", "Edwin", date(1957, 6, 16)), AnswerKind.TOO_MANY, Code.TOO_MANY_MATCHES),
    "html_with_200": (about("Kaye", "Hilary", date(1964, 11, 19)), Transient, Code.REPLY_UNREADABLE),
    "truncated": (about("Learoyd", "Rupert", date(1971, 4, 22)), Transient, Code.REPLY_UNREADABLE),
    "huge": (about("Midgley", "Cicely", date(1978, 9, 25)), Permanent, Code.REPLY_TOO_LARGE),
    "wrong_person": (about("Naylor", "Ambrose", date(1985, 2, 13)), AnswerKind.FAILED, Code.REPLY_OTHER_RECORD),
    "never_answers": (about("Oates", "Marian", date(1992, 7, 16)), Transient, Code.AGENCY_TIMEOUT),
    "slow": (about("Priestley", "Edwin", date(1951, 12, 19)), Transient, Code.AGENCY_TIMEOUT),
}


@pytest.mark.parametrize("persona", PERSONAS)
def test_each_failure_is_told_for_what_it_is(homes: RunningStub, persona: str) -> None:
    release, expected, reason = PERSONAS[persona]
    result = look_up(homes, release)
    assert (result.kind if isinstance(result, Answer) else type(result)) == expected
    assert result.reason == reason


def test_what_passes_passes(homes: RunningStub) -> None:
    busy, late = about("Quarmby", "Hilary", date(1958, 5, 22)), about("Stansfield", "Cicely", date(1972, 3, 13))
    assert [look_up(homes, busy).reason for _ in range(2)] == [Code.AGENCY_BUSY] * 2
    assert isinstance(look_up(homes, late), Transient)
    for release in (busy, late):
        assert found(look_up(homes, release)).kind is AnswerKind.CANDIDATES


def test_a_person_is_found_with_homes_and_whether_open_to_the_service(homes: RunningStub) -> None:
    [candidate] = found(look_up(homes, about("Wadsworth", "Hilary", date(1952, 11, 25)))).candidates
    assert candidate.names[0].family == "Wadsworth"
    assert candidate.birth_dates[0].iso() == "1952-11-25"
    assert candidate.addresses[0].postcode is not None
    assert candidate.addresses[0].current
    assert candidate.open_to_service is True


def test_nobody_is_known_only_when_the_landlord_says_so(homes: RunningStub) -> None:
    assert found(look_up(homes, about("Zzyzxworth", "Nobody", date(1980, 1, 1)))).kind is AnswerKind.NOBODY


def test_a_surname_is_never_asked_alone(homes: RunningStub) -> None:
    before = len(homes.ledger("lookup"))
    result = found(look_up(homes, about("Wadsworth", "", None)))
    assert result.kind is AnswerKind.FAILED
    assert len(homes.ledger("lookup")) == before


def test_aliases_and_further_dates_go_in_one_search(homes: RunningStub) -> None:
    before = len(homes.ledger("lookup"))
    release = about(
        "Someoneelse", "Hilary", date(1990, 1, 1), aliases=(PersonName("Wadsworth", "Hilary"),), also_born=(date(1952, 11, 25),)
    )
    assert [c.names[0].family for c in found(look_up(homes, release)).candidates] == ["Wadsworth"]
    assert len(homes.ledger("lookup")) == before + 1


def test_the_persons_own_number_finds_the_record(homes: RunningStub) -> None:
    number = found(look_up(homes, about("Wadsworth", "Hilary", date(1952, 11, 25)))).candidates[0].record_id
    listed = LocalIdentifier("northmoor-homes", number)
    [candidate] = found(look_up(homes, about("", "", None, numbers=(listed,)))).candidates
    assert listed in candidate.identifiers


def test_a_payment_number_is_of_a_home_and_never_asked(homes: RunningStub) -> None:
    before = len(homes.ledger("lookup"))
    result = found(look_up(homes, about("", "", None, numbers=(LocalIdentifier("northmoor-homes", "0123456789"),))))
    assert result.kind is AnswerKind.FAILED
    assert len(homes.ledger("lookup")) == before


def test_a_merged_record_names_its_survivor_and_is_not_followed(homes: RunningStub) -> None:
    answer = found(look_up(homes, about("Threlfall", "Ambrose", date(1979, 8, 16))))
    merged = [c for c in answer.candidates if c.superseded_by]
    assert len(answer.candidates) == 2
    assert [c.superseded_by for c in merged] == [c.record_id for c in answer.candidates if not c.superseded_by]


def test_no_way_leads_to_a_cautionary_alert(homes: RunningStub) -> None:
    """Every capability there is, and still nothing is written: it would stand on the home and a letter would go out."""
    record = found(look_up(homes, about("Wadsworth", "Hilary", date(1952, 11, 25)))).candidates[0].record_id
    views = homes.views(record)
    before, placed = len(homes.ledger()), alert(record)
    attempts: list[Callable[[HousingConnector], Awaitable[Reply[Any]]]] = [
        lambda housing: housing.place_flag(placed, unsure=False),
        lambda housing: housing.place_flag(placed, unsure=True),
        lambda housing: housing.check_flag(alert_check(placed), unsure=False),
        lambda housing: housing.end_flag(alert_end(placed), unsure=False),
    ]
    for attempt in attempts:
        result = ask(homes, attempt)
        assert isinstance(result, Permanent)
        assert result.reason is Code.SYSTEM_CANNOT_HIDE
    assert len(homes.ledger()) == before
    assert homes.views(record) == views


def test_an_action_becomes_a_task_and_comes_back_completed_once(homes: RunningStub) -> None:
    mine = f"ref-{uuid.uuid4().hex[:12]}"
    for _ in range(2):
        report = ask(homes, lambda housing: housing.send_action(action(mine, system=KEY), unsure=False))
        assert not isinstance(report, Fault)
        assert report.accepted
    assert [e["what"] for e in homes.ledger("task") if e["key"] == mine] == ["task.create"]
    homes.staff(f"work-items/{mine}/finish", {"code": "completed", "detail": "Locks changed"})
    result = ask(homes, lambda housing: housing.poll_actions(poll(mine, system=KEY), unsure=False))
    assert not isinstance(result, Fault)
    assert [(c.outcome, c.detail) for c in result.completions if c.reference == mine] == [("completed", "Locks changed")]
