"""The two alert texts arrive byte for byte by every way on which an alert can go; a field too short refuses, and never cuts."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from datetime import date

import pytest

from adapters.faults import Fault, Permanent, Unsure
from adapters.housing.connector import connect
from contracts.agreements import CAN
from gateway.domain.agreements import Capability, Limits, SystemKind
from gateway.domain.case_list import Role
from gateway.domain.error_codes import Code
from gateway.domain.flags import ALERT_TEXT
from gateway.domain.receipts import FlagFinding
from mappings.fhir_r4.flag import build_flag
from mappings.fhir_r4.profile import Profile
from mappings.hl7v2.er7 import escape, unescape
from mappings.police.markers import build_marker
from tests.contract.asked import alert, alert_check, destination
from tests.contract.fhir_trust_asked import Trust, ordinary, run, running_trust
from tests.contract.stub_processes import RunningStub
from tests.contract.test_police_adapter import ask, force, nominal_of, reference

__all__ = ["force"]

DIGESTS = {
    Role.VICTIM: (34, "2203ce1b2a535b60fcec66dea2c14074535b3606c2164db93a306848ac483fc1"),
    Role.PERPETRATOR: (80, "2ced7f76279784767eee7723dd3dbbc14d345e80f9c1934f4adc969d0f24f5bb"),
}
BOTH = pytest.mark.parametrize("role", list(DIGESTS), ids=str)


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trust]:
    with running_trust(tmp_path_factory.mktemp("keys")) as running:
        yield running


@BOTH
def test_the_texts_are_pinned(role: Role) -> None:
    words = ALERT_TEXT[role].encode("ascii")
    assert (len(words), hashlib.sha256(words).hexdigest()) == DIGESTS[role]


@BOTH
def test_they_survive_every_encoding_of_ours_unchanged(role: Role) -> None:
    """Nothing in them needs an escape in JSON, ER7 or a form, so the bytes are the same in each."""
    words = ALERT_TEXT[role]
    for body in (build_flag("NM1", words, "r-00000001", Profile()), build_marker(alert("NP1", text=words))):
        assert body.count(words.encode("ascii")) == 1
        assert words in json.dumps(json.loads(body))
    assert escape(words) == words == unescape(words)


@BOTH
def test_by_fhir_they_stand_on_the_record_byte_for_byte(trust: Trust, role: Role) -> None:
    person = ordinary(40 + list(DIGESTS).index(role))
    placed = alert(person.local_id, reference(), ALERT_TEXT[role])
    report = run(trust.destination(), lambda connector: connector.place_flag(placed, False))
    assert not isinstance(report, Fault)
    assert report.finding is FlagFinding.PLACED
    assert _staff_view(trust, person.local_id).count(ALERT_TEXT[role].encode("ascii")) == 1


def _staff_view(trust: Trust, record_id: str) -> bytes:
    """What the trust's own staff see of a record, as bytes."""
    control = trust.running.control
    token = control.post("/__staff/sign-in", json={"as": "staff"}).json()["access_token"]
    answer = control.get(f"/staff/patients/{record_id}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    return answer.content


@BOTH
@pytest.mark.parametrize("short_by", [0, 1])
def test_by_fhir_a_field_a_letter_short_gets_nothing(trust: Trust, role: Role, short_by: int) -> None:
    person = ordinary(44 + list(DIGESTS).index(role))
    placed = alert(person.local_id, reference(), ALERT_TEXT[role])
    limits = Limits(timeout_s=5, max_flag_text=len(placed.text) - short_by)
    result = run(trust.destination(limits=limits), lambda connector: connector.place_flag(placed, False))
    if short_by:
        assert isinstance(result, Permanent)
        assert result.reason is Code.FIELD_TOO_SHORT
        assert not [entry for entry in trust.running.ledger("flag") if placed.identifier in str(entry)]
    else:
        assert not isinstance(result, Fault)
        assert result.finding is FlagFinding.PLACED


@BOTH
def test_by_the_police_interface_they_stand_on_the_nominal_byte_for_byte(force: RunningStub, role: Role) -> None:
    person = ("Denby", "Edwin", date(1993, 6, 22)) if role is Role.VICTIM else ("Firth", "Rupert", date(1959, 4, 13))
    placed = alert(nominal_of(force, *person), reference(), ALERT_TEXT[role])
    report = ask(force, lambda police: police.place_flag(placed, unsure=False))
    if isinstance(report, Unsure):  # this force loses the first answer about some of its people
        report = ask(force, lambda police: police.check_flag(alert_check(placed), unsure=False))
    assert not isinstance(report, Fault)
    assert report.finding is FlagFinding.PLACED
    other = alert_check(alert(placed.record_id, placed.identifier, f"{placed.text} "))
    altered = ask(force, lambda police: police.check_flag(other, unsure=False))
    assert not isinstance(altered, Fault)
    assert altered.finding is FlagFinding.ALTERED  # one byte more would have been seen


def test_no_other_kind_of_system_can_be_given_an_alert_at_all() -> None:
    """What cannot hide goes by the task route, whose words are held to the byte in tests/integration."""
    can = {kind for kind, capabilities in CAN.items() if Capability.HIDDEN_FLAG in capabilities}
    assert can <= {SystemKind.FHIR_R4, SystemKind.POLICE, SystemKind.HOUSING}
    assert asyncio.run(_housing_refuses()) is Code.SYSTEM_CANNOT_HIDE


async def _housing_refuses() -> Code:
    connector = connect(destination(SystemKind.HOUSING, "http://127.0.0.1:9", capabilities=CAN[SystemKind.HOUSING]))
    try:
        await connector.place_flag(alert("P1"), False)
    except Permanent as refused:
        return Code(refused.reason)
    finally:
        await connector.close()
    raise AssertionError
