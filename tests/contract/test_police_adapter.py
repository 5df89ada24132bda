"""The police connector against the demonstration's force, a process that shares no code with it."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import respx

from adapters.connectors import Reply
from adapters.faults import Fault, Permanent, Transient, Unsure
from adapters.http import HttpSystem
from adapters.police import connect
from adapters.police.connector import PoliceConnector
from adapters.police.markers import Markers
from adapters.subject_side import SubjectSide
from gateway.domain.agreements import Capability, Limits, SystemKind
from gateway.domain.case_list import PersonName
from gateway.domain.error_codes import Code
from gateway.domain.identifiers import LocalIdentifier
from gateway.domain.lookup import Answer, AnswerKind
from gateway.domain.receipts import FlagFinding
from gateway.domain.releases import LookupRelease
from tests.contract.asked import about, action, alert, alert_check, alert_end, destination, poll
from tests.contract.fhir_trust_asked import HttpxWire
from tests.contract.stub_processes import AGENCIES, RunningStub, running_stub

T = TypeVar("T")
KEY = "northmoor-police/records"
VIEWS = ("subject-access-pack", "disclosure-export", "custody-record", "occurrence-letter")
OPTIONS = {f"subject_view_{name}": f"/__views/{name}/{{record_id}}" for name in VIEWS}
MARKING = frozenset({Capability.SEARCH, Capability.HIDDEN_FLAG, Capability.SUBJECT_VIEW, Capability.WORK_ITEMS})


@pytest.fixture(scope="module")
def force(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStub]:
    secrets = tmp_path_factory.mktemp("secrets") / "clients.toml"
    secrets.write_text('gateway = "not-much-of-a-secret"\nnotices = "signs the notices"\n')
    with running_stub("police", AGENCIES / "northmoor-police", "--client-secrets", str(secrets)) as running:
        yield running


def ask(
    running: RunningStub,
    what: Callable[[PoliceConnector], Awaitable[Reply[T]]],
    *,
    timeout_s: float = 1.0,
    capabilities: frozenset[Capability] = MARKING,
    credentials: dict[str, str] | None = None,
    **options: str,
) -> T | Fault:
    async def run() -> T | Fault:
        given = credentials if credentials is not None else {"client_id": "gateway", "client_secret": "not-much-of-a-secret"}
        target = destination(
            SystemKind.POLICE, f"http://127.0.0.1:{running.port}", key=KEY, credentials=given, capabilities=capabilities,
            limits=Limits(timeout_s=timeout_s), options={**OPTIONS, **options},
        )  # fmt: skip
        connector = connect(target)
        try:
            return (await what(connector)).value
        except Fault as fault:
            return fault
        finally:
            await connector.close()

    return asyncio.run(run())


def look_up(running: RunningStub, release: LookupRelease, **settings: Any) -> Answer | Fault:
    return ask(running, lambda police: police.look_up(release, unsure=False), **settings)


def found(result: object) -> Answer:
    assert isinstance(result, Answer)
    return result


def nominal_of(running: RunningStub, family: str, given: str, born: date) -> str:
    return found(look_up(running, about(family, given, born))).candidates[0].record_id


PERSONAS = {
    "restricted": (about("Nuttall", "Marian", date(1950, 1, 13)), AnswerKind.PROTECTED, Code.RECORD_PROTECTED),
    "too_many": (about("Oldroyd", "Edwin", date(1957, 6, 16)), AnswerKind.TOO_MANY, Code.TOO_MANY_MATCHES),
    "html_with_200": (about("Pickersgill", "Hilary", date(1964, 11, 19)), Transient, Code.REPLY_UNREADABLE),
    "truncated": (about("Ramsden", "Rupert", date(1971, 4, 22)), Transient, Code.REPLY_UNREADABLE),
    "huge": (about("Shackleton", "Cicely", date(1978, 9, 25)), Permanent, Code.REPLY_TOO_LARGE),
    "wrong_person": (about("Tordoff", "Ambrose", date(1985, 2, 13)), AnswerKind.FAILED, Code.REPLY_OTHER_RECORD),
    "never_answers": (about("Uttley", "Marian", date(1992, 7, 16)), Transient, Code.AGENCY_TIMEOUT),
    "slow": (about("Varley", "Edwin", date(1951, 12, 19)), Transient, Code.AGENCY_TIMEOUT),
}


@pytest.mark.parametrize("persona", PERSONAS)
def test_each_failure_is_told_for_what_it_is(force: RunningStub, persona: str) -> None:
    release, expected, reason = PERSONAS[persona]
    result = look_up(force, release)
    assert (result.kind if isinstance(result, Answer) else type(result)) == expected
    assert result.reason == reason


def test_what_passes_passes(force: RunningStub) -> None:
    busy = about("Womersley", "Hilary", date(1958, 5, 22))
    limited = about("Yewdall", "Rupert", date(1965, 10, 25))
    late = about("Arkwright", "Cicely", date(1972, 3, 13))
    assert [look_up(force, busy).reason for _ in range(2)] == [Code.AGENCY_BUSY] * 2
    first = look_up(force, limited)
    assert isinstance(first, Transient)
    assert first.retry_after_s is not None
    assert isinstance(look_up(force, late), Transient)
    for release in (busy, limited, late):
        assert found(look_up(force, release)).kind is AnswerKind.CANDIDATES


def test_a_person_is_found_with_all_that_the_force_says(force: RunningStub) -> None:
    [candidate] = found(look_up(force, about("Womersley", "Hilary", date(1958, 5, 22)))).candidates
    assert candidate.names[0].family == "Womersley"
    assert candidate.birth_dates[0].iso() == "1958-05-22"
    assert candidate.open_to_service is True
    assert candidate.addresses[0].postcode == "ZZ9 7XE"
    assert candidate.phones[0].number == "07700 900938"
    assert not candidate.restricted


def test_nobody_is_known_only_when_the_force_says_so(force: RunningStub) -> None:
    assert found(look_up(force, about("Zzyzxworth", "Nobody", date(1980, 1, 1)))).kind is AnswerKind.NOBODY


def test_aliases_and_further_dates_go_in_one_search(force: RunningStub) -> None:
    before = len(force.ledger("lookup"))
    result = look_up(
        force,
        about("Someoneelse", "Hilary", date(1990, 1, 1), aliases=(PersonName("Womersley", "Hilary"),), also_born=(date(1958, 5, 22),)),
    )
    assert [c.names[0].family for c in found(result).candidates] == ["Womersley"]
    assert len(force.ledger("lookup")) == before + 1


def test_a_number_of_the_forces_own_finds_the_nominal_and_is_compared_under_its_name(force: RunningStub) -> None:
    number = nominal_of(force, "Womersley", "Hilary", date(1958, 5, 22))
    listed = LocalIdentifier("northmoor-police", number)
    [candidate] = found(look_up(force, about("", "", None, numbers=(listed,)))).candidates
    assert candidate.record_id == number
    assert listed in candidate.identifiers


def test_a_merged_nominal_names_its_survivor_and_is_not_followed(force: RunningStub) -> None:
    answer = found(look_up(force, about("Brearley", "Ambrose", date(1979, 8, 16))))
    merged = [c for c in answer.candidates if c.superseded_by]
    assert len(answer.candidates) == 2
    assert [c.superseded_by for c in merged] == [c.record_id for c in answer.candidates if not c.superseded_by]
    unread = found(look_up(force, about("Brearley", "Ambrose", date(1979, 8, 16)), confirm_records="no"))
    assert [c.superseded_by for c in unread.candidates] == [None, None]


def test_records_can_all_be_confirmed(force: RunningStub) -> None:
    before = len(force.ledger("person.read"))
    look_up(force, about("Firth", "Rupert", date(1959, 4, 13)), confirm_records="all")
    assert len(force.ledger("person.read")) == before + 1


@pytest.mark.parametrize(
    "credentials",
    [
        {"client_id": "gateway", "client_secret": "another"},
        {"client_id": "stranger", "client_secret": "not-much-of-a-secret"},
        {"api_key": "another"},
        {},
    ],
)
def test_without_the_right_credentials_nothing_is_known(force: RunningStub, credentials: dict[str, str]) -> None:
    result = look_up(force, about("Womersley", "Hilary", date(1958, 5, 22)), credentials=credentials)
    assert isinstance(result, Transient)
    assert result.reason is Code.CREDENTIALS_REFUSED


def test_an_api_key_lets_us_in_as_well(force: RunningStub) -> None:
    result = look_up(force, about("Womersley", "Hilary", date(1958, 5, 22)), credentials={"api_key": "not-much-of-a-secret"})
    assert found(result).kind is AnswerKind.CANDIDATES


def test_tokens_that_stop_working_are_replaced_within_the_attempt(force: RunningStub) -> None:
    async def run() -> list[AnswerKind]:
        target = destination(
            SystemKind.POLICE, f"http://127.0.0.1:{force.port}", key=KEY,
            credentials={"client_id": "gateway", "client_secret": "not-much-of-a-secret"},
        )  # fmt: skip
        connector = connect(target)
        kinds = []
        for _ in range(2):
            kinds.append((await connector.look_up(about("Womersley", "Hilary", date(1958, 5, 22)), unsure=False)).value.kind)
            await asyncio.to_thread(force.staff, "forget-tokens")
        await connector.close()
        return kinds

    assert asyncio.run(run()) == [AnswerKind.CANDIDATES] * 2


# ------------------------------------------------------------------------------------------------------------- markers


@pytest.fixture
def nominal(force: RunningStub) -> str:
    return nominal_of(force, "Earnshaw", "Hilary", date(1952, 11, 25))


def reference() -> str:
    return f"ref-{uuid.uuid4().hex[:12]}"


def test_a_marker_is_put_hidden_read_back_and_ended(force: RunningStub, nominal: str) -> None:
    placed, before = alert(nominal, reference()), force.views(nominal)
    report = ask(force, lambda police: police.place_flag(placed, unsure=False))
    assert not isinstance(report, Fault)
    assert report.finding is FlagFinding.PLACED
    assert report.remote_id is not None
    assert force.views(nominal) == before
    again = ask(force, lambda police: police.check_flag(alert_check(placed), unsure=False))
    assert not isinstance(again, Fault)
    assert (again.finding, again.remote_id) == (FlagFinding.PLACED, report.remote_id)
    ended = ask(force, lambda police: police.end_flag(alert_end(placed), unsure=False))
    assert not isinstance(ended, Fault)
    assert ended.finding is FlagFinding.ENDED
    assert force.views(nominal) == before
    assert [e["what"] for e in force.ledger("marker") if e["key"] == placed.identifier] == ["marker.create", "marker.end"]


def test_placing_twice_is_one_marker_and_ending_twice_one_end(force: RunningStub, nominal: str) -> None:
    placed = alert(nominal, reference())
    for unsure in (False, True):
        report = ask(force, lambda police, unsure=unsure: police.place_flag(placed, unsure))  # type: ignore[misc]
        assert report.finding is FlagFinding.PLACED
    for _ in range(2):
        ended = ask(force, lambda police: police.end_flag(alert_end(placed), unsure=False))
        assert not isinstance(ended, Fault)
        assert ended.finding is FlagFinding.ENDED
    noted = [e["what"] for e in force.ledger("marker") if e["key"] == placed.identifier]
    assert noted == ["marker.create", "marker.end", "marker.replace", "marker.end"]


def test_a_write_whose_answer_is_lost_is_unsure_and_then_found_once(force: RunningStub, nominal: str) -> None:
    """It stands already then, so it is ended and made live again to see whether the subject's side changes with it."""
    force.staff("trouble", {"operation": "post markers", "happens": "stored_though_timed_out", "times": 1})
    placed = alert(nominal, reference())
    first = ask(force, lambda police: police.place_flag(placed, unsure=False))
    assert isinstance(first, Unsure)
    second = ask(force, lambda police: police.place_flag(placed, unsure=True))
    assert not isinstance(second, Fault)
    assert second.finding is FlagFinding.PLACED
    noted = [e["what"] for e in force.ledger("marker") if e["key"] == placed.identifier]
    assert noted == ["marker.create", "marker.end", "marker.replace"]


def test_a_marker_that_was_left_switched_off_is_never_called_placed(force: RunningStub) -> None:
    """Every write on this record loses its first answer: the second attempt is cut off between off and on."""
    nominal = nominal_of(force, "Denby", "Edwin", date(1993, 6, 22))
    placed = alert(nominal, reference())
    for unsure in (False, True):
        assert isinstance(ask(force, lambda police, unsure=unsure: police.place_flag(placed, unsure)), Unsure)
    third = ask(force, lambda police: police.place_flag(placed, unsure=True))
    assert not isinstance(third, Fault)
    assert third.finding is FlagFinding.ALTERED


def test_what_fails_after_an_unsure_attempt_is_never_no_effect(force: RunningStub, nominal: str) -> None:
    placed = alert(nominal, reference())
    nowhere = dict.fromkeys(OPTIONS, "/__views/nothing/{record_id}")
    result = ask(force, lambda police: police.place_flag(placed, unsure=True), **nowhere)
    assert isinstance(result, Unsure)


def test_a_nominal_whose_number_is_an_nhs_number_stands_in_no_address(force: RunningStub) -> None:
    before = len(force.ledger(""))
    for what in (lambda c: c.place_flag(alert("9990000018"), False), lambda c: c.check_flag(alert_check(alert("9990000018")), False)):
        assert isinstance(ask(force, what), Permanent)
    assert len(force.ledger("")) == before


class TellsOfMarkers:
    """A force whose one output tells, in no words of ours, whether a live marker stands on the record."""

    def __init__(self) -> None:
        self.status, self.version, self.release = "live", 1, alert("NP1", "ref-00000001")

    def answer(self, request: httpx.Request) -> httpx.Response:
        where, how = request.url.path, request.method
        if where == "/letter/NP1":
            return httpx.Response(200, text=f"NP1 {'1 entry' if self.status == 'live' else 'no entries'}")
        if where == "/v1/capabilities":
            markers = {"read": True, "write": True, "visibilities": ["need-to-know"], "maxTextLength": 250}
            return httpx.Response(200, json={"markers": markers})
        if how == "PUT":
            self.status, self.version = json.loads(request.content)["status"], self.version + 1
        marker = {
            "markerId": "MK000001", "nominalId": "NP1", "reference": self.release.identifier, "text": self.release.text,
            "visibility": "need-to-know", "status": self.status, "version": self.version,
        }  # fmt: skip
        return httpx.Response(200, json=marker if how != "GET" else {"markers": [marker]})


def test_an_output_that_tells_of_a_marker_that_stood_already_is_found() -> None:
    there = TellsOfMarkers()
    with respx.mock() as router:
        router.route(host="police.example").mock(side_effect=there.answer)
        system = HttpSystem("https://police.example", Limits(), HttpxWire())
        markers = Markers(system.talk(there.release), SubjectSide({"subject_view_00": "/letter/{record_id}"}))
        report = asyncio.run(markers.place(there.release))
    assert (report.finding, there.version) == (FlagFinding.SEEN_BY_SUBJECT, 3)


def test_what_cannot_be_read_back_is_unsure_and_never_placed(force: RunningStub, nominal: str) -> None:
    force.staff("trouble", {"operation": "get markers", "happens": "unavailable", "times": 1})
    placed = alert(nominal, reference())
    first = ask(force, lambda police: police.place_flag(placed, unsure=False))
    assert isinstance(first, Unsure)


def test_our_reference_on_another_record_is_a_wrong_record(force: RunningStub, nominal: str) -> None:
    other = nominal_of(force, "Firth", "Rupert", date(1959, 4, 13))
    placed = alert(other, reference())
    ask(force, lambda police: police.place_flag(placed, unsure=False))
    report = ask(force, lambda police: police.place_flag(alert(nominal, placed.identifier), unsure=True))
    assert not isinstance(report, Fault)
    assert report.finding is FlagFinding.WRONG_RECORD


def test_an_altered_marker_is_told(force: RunningStub, nominal: str) -> None:
    placed = alert(nominal, reference())
    ask(force, lambda police: police.place_flag(placed, unsure=False))
    changed = alert_check(alert(nominal, placed.identifier, text="other words"))
    report = ask(force, lambda police: police.check_flag(changed, unsure=False))
    assert not isinstance(report, Fault)
    assert report.finding is FlagFinding.ALTERED


def test_a_marker_that_is_gone_is_told(force: RunningStub, nominal: str) -> None:
    report = ask(force, lambda police: police.check_flag(alert_check(alert(nominal, reference())), unsure=False))
    ended = ask(force, lambda police: police.end_flag(alert_end(alert(nominal, reference())), unsure=False))
    assert [r.finding for r in (report, ended) if not isinstance(r, Fault)] == [FlagFinding.NOT_THERE] * 2


@pytest.mark.parametrize(
    ("capabilities", "options"),
    [
        pytest.param(frozenset({Capability.SEARCH}), OPTIONS, id="not agreed"),
        pytest.param(frozenset({Capability.HIDDEN_FLAG}), OPTIONS, id="no subject view agreed"),
        pytest.param(MARKING, dict.fromkeys(OPTIONS, "/__views/nothing/{record_id}"), id="a subject view cannot be read"),
    ],
)
def test_nothing_is_written_where_hiding_cannot_be_proved(
    force: RunningStub, nominal: str, capabilities: frozenset[Capability], options: dict[str, str]
) -> None:
    placed = alert(nominal, reference())
    result = ask(force, lambda police: police.place_flag(placed, unsure=False), capabilities=capabilities, **options)
    assert isinstance(result, Permanent)
    assert result.reason is Code.SYSTEM_CANNOT_HIDE
    assert not [e for e in force.ledger("marker") if e["key"] == placed.identifier]


def test_no_view_named_means_no_marker(force: RunningStub, nominal: str) -> None:
    async def run() -> None:
        target = destination(
            SystemKind.POLICE, f"http://127.0.0.1:{force.port}", key=KEY, credentials={"api_key": "not-much-of-a-secret"},
            capabilities=MARKING,
        )  # fmt: skip
        connector = connect(target)
        with pytest.raises(Permanent):
            await connector.place_flag(alert(nominal, reference()), unsure=False)
        await connector.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("markers", "reason"),
    [
        ('read = true\nwrite = false\nvisibilities = ["general", "need-to-know"]', Code.SYSTEM_CANNOT_HIDE),
        ('read = true\nwrite = true\nvisibilities = ["general"]', Code.SYSTEM_CANNOT_HIDE),
        ("read = true\nwrite = true\nmax_text_length = 20", Code.FIELD_TOO_SHORT),
    ],
)
def test_an_installation_that_offers_less_gets_no_marker(tmp_path: Path, markers: str, reason: Code) -> None:
    folder = tmp_path / "another-force"
    folder.mkdir()
    (folder / "personas").mkdir()
    (folder / "stub.toml").write_text(f'kind = "police"\nseed = 303\nshare = 0.05\nlocal_id = "N{{:07d}}"\n[markers]\n{markers}\n')
    (tmp_path / "clients.toml").write_text('gateway = "key-for-the-test"\n')
    with running_stub("police", folder, "--client-secrets", str(tmp_path / "clients.toml")) as running:
        result = ask(
            running, lambda police: police.place_flag(alert("N1234567"), unsure=False), credentials={"api_key": "key-for-the-test"}
        )
    assert isinstance(result, Permanent)
    assert result.reason is reason


# ---------------------------------------------------------------------------------------------------------- work items


def test_an_action_becomes_a_work_item_and_comes_back_completed_once(force: RunningStub) -> None:
    mine = reference()
    for _ in range(2):
        report = ask(force, lambda police: police.send_action(action(mine), unsure=False))
        assert not isinstance(report, Fault)
        assert (report.accepted, report.remote_id) == (True, mine)
    assert [e["what"] for e in force.ledger("work-item") if e["key"] == mine] == ["work-item.create"]
    [held] = [item for item in force.control.get("/__staff/work-items").json() if item["reference"] == mine]
    assert "subject" not in held
    assert held["kind"] == "action"
    force.staff(f"work-items/{mine}/accept")
    force.staff(f"work-items/{mine}/finish", {"code": "not-possible", "detail": " She has moved away "})
    since = datetime.now(UTC) - timedelta(minutes=1)
    result = ask(force, lambda police: police.poll_actions(poll(mine, "ref-unknown-1", since=since), unsure=False))
    assert not isinstance(result, Fault)
    [completion] = [c for c in result.completions if c.reference == mine]
    assert (completion.outcome, completion.detail, completion.source, completion.key) == (
        "not_possible", "She has moved away", "poll", f"{mine}.3",
    )  # fmt: skip
    assert result.present == {mine}


def test_other_words_under_our_reference_are_not_taken_over(force: RunningStub) -> None:
    mine = reference()
    ask(force, lambda police: police.send_action(action(mine), unsure=False))
    report = ask(force, lambda police: police.send_action(action(mine, text="Something else"), unsure=False))
    assert not isinstance(report, Fault)
    assert (report.accepted, report.reason) == (False, Code.RECORD_CHANGED_MEANWHILE)


def test_items_that_did_not_change_are_still_seen_to_be_there(force: RunningStub) -> None:
    mine = reference()
    ask(force, lambda police: police.send_action(action(mine), unsure=False))
    since = datetime.now(UTC) + timedelta(hours=1)
    result = ask(force, lambda police: police.poll_actions(poll(mine, since=since), unsure=False))
    assert not isinstance(result, Fault)
    assert (result.completions, result.present) == ((), {mine})


def test_long_lists_are_read_to_their_end(force: RunningStub) -> None:
    many = [reference() for _ in range(110)]

    async def send_all(police: PoliceConnector) -> Reply[Any]:
        replies = [await police.send_action(action(one), unsure=False) for one in many]
        return replies[-1]

    ask(force, send_all)
    result = ask(force, lambda police: police.poll_actions(poll(*many), unsure=False))
    assert not isinstance(result, Fault)
    assert result.present == set(many)


@pytest.mark.parametrize(("happens", "kind"), [("unavailable", Unsure), ("never_answers", Unsure), ("rate_limited", Transient)])
def test_work_that_may_have_arrived_is_unsure(force: RunningStub, happens: str, kind: type[Fault]) -> None:
    force.staff("trouble", {"operation": "put workItem", "happens": happens, "times": 1, "behaviour": {"seconds": 5}})
    assert isinstance(ask(force, lambda police: police.send_action(action(reference()), unsure=False)), kind)


def test_only_posts_put_anything_about_a_person_on_the_wire(force: RunningStub) -> None:
    """The ledger's digests tell that a body came; addresses are seen by the listener below."""

    async def run() -> list[str]:
        heads: list[str] = []

        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            heads.append(head)
            body = json.dumps({"outcome": "none", "candidates": [], "someWithheld": False})
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(listen, "127.0.0.1", 0)
        target = destination(SystemKind.POLICE, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", key=KEY)
        connector = connect(target)
        await connector.look_up(about("Womersley", "Hilary", date(1958, 5, 22)), unsure=False)
        await connector.close()
        server.close()
        await asyncio.sleep(0.05)
        return heads

    [head] = asyncio.run(run())
    assert head.startswith("POST /v1/persons/search HTTP/1.1")
    assert "womersley" not in head.lower()
    assert "1958" not in head
    assert "marac" not in head.lower()
