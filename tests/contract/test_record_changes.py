"""What the trust's people change on a record under an alert is noticed by the next reading of it, whatever it is; and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from contracts.stubs.people import AgencyPerson
from gateway.domain.agreements import Limits
from gateway.domain.error_codes import Code
from gateway.domain.receipts import FlagFinding, FlagReport, Footing
from gateway.domain.releases import FlagRelease
from mappings.fhir_r4.footing import build_footing
from mappings.hl7v2.merges import read_merges
from tests.contract.asked import alert, alert_check
from tests.contract.fhir_trust_asked import Trust, ordinary, run, running_trust


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trust]:
    with running_trust(tmp_path_factory.mktemp("keys")) as running:
        yield running


def placed(trust: Trust, person: AgencyPerson) -> tuple[FlagRelease, Footing]:
    release = alert(person.local_id, f"footing-{person.local_id}")
    report = run(trust.destination(limits=Limits(timeout_s=30), related_persons="yes"), lambda c: c.place_flag(release, False))
    assert isinstance(report, FlagReport), report
    assert report.finding is FlagFinding.PLACED
    assert report.footing is not None
    return release, report.footing


def read_again(trust: Trust, release: FlagRelease) -> Footing:
    report = run(trust.destination(limits=Limits(timeout_s=30), related_persons="yes"), lambda c: c.check_flag(alert_check(release), False))
    assert isinstance(report, FlagReport), report
    assert report.finding is FlagFinding.PLACED
    assert report.footing is not None
    return report.footing


CHANGES: list[tuple[str, dict[str, Any], Code]] = [
    ("another practice", {"practice": "Z9911"}, Code.PRACTICE_CHANGED),
    ("another name", {"family": "Somebodyelse"}, Code.RECORD_IDENTITY_CHANGED),
    ("a new proxy", {"proxy": "NM0000001"}, Code.ACCESS_CHANGED),
    ("merged", {"merged_into": "NM0000002"}, Code.RECORD_LINKS_CHANGED),
]


@pytest.mark.parametrize(("number", "change", "code"), [(n, change, code) for n, (_, change, code) in enumerate(CHANGES)], ids=[c[0] for c in CHANGES])
def test_each_change_is_noticed_and_named(trust: Trust, number: int, change: dict[str, Any], code: Code) -> None:
    person = ordinary(20 + number)
    release, before = placed(trust, person)
    assert before.change_to(read_again(trust, release)) is None
    trust.running.staff("record", {"id": person.local_id, **change})
    assert before.change_to(read_again(trust, release)) is code


def test_a_record_taken_apart_again_has_changed_too(trust: Trust) -> None:
    person = ordinary(30)
    trust.running.staff("record", {"id": person.local_id, "merged_into": "NM0000002"})
    trust.running.staff("record", {"id": person.local_id, "split": True})
    release, whole = placed(trust, person)
    trust.running.staff("record", {"id": person.local_id, "merged_into": "NM0000003"})
    merged = read_again(trust, release)
    assert whole.change_to(merged) is Code.RECORD_LINKS_CHANGED
    trust.running.staff("record", {"id": person.local_id, "split": True})
    assert merged.change_to(read_again(trust, release)) is Code.RECORD_LINKS_CHANGED


def test_what_is_no_concern_of_an_alert_changes_nothing() -> None:
    one = b'{"resourceType":"Patient","id":"1","name":[{"family":"A","given":["B"]}],"telecom":[{"value":"1"}],"meta":{"versionId":"1"}}'
    two = b'{"resourceType":"Patient","id":"1","telecom":[],"name":[{"given":["B"],"family":"A"}],"meta":{"versionId":"9"}}'
    first, second = build_footing(one, None), build_footing(two, None)
    assert first is not None
    assert first == second
    assert first.access == "", "a system that is not asked who may open a record tells nothing about it"
    assert build_footing(b"<html>", None) is None


A40 = "\r".join([
    r"MSH|^~\&|PAS|ZCB|ROUTE|ROUTE|20261122090000||ADT^A40^ADT_A39|1|P|2.5", "EVN|A40|20261122090000",
    "PID|1||C1000001^^^CBNT^MR~9990990018^^^NHS^NH||Zzprobe^Probeone", "MRG|C1000002^^^CBNT^MR",
])  # fmt: skip
A31 = "\r".join([r"MSH|^~\&|PAS|ZCB|ROUTE|ROUTE|20261122090000||ADT^A31^ADT_A05|2|P|2.5", "PID|1||C1000009^^^CBNT^MR||Zzprobe^Probetwo"])


@pytest.mark.parametrize("content", [A40, A40.replace("\r", "\n"), A40.replace("\r", "\r\n"), f"\x0b{A40}\r\x1c\r", f"{A31}\r{A40}", f"{A40}\n\n{A31}\n"])
def test_records_of_a_merge_are_read_however_they_are_written(content: str) -> None:
    assert read_merges(content.encode()) == (frozenset({"C1000001", "9990990018", "C1000002"}), 0)


def test_what_cannot_be_read_is_counted_and_never_passed_over() -> None:
    assert read_merges(b"nothing of the kind") == (frozenset(), 0)
    assert read_merges(b"MSH|^~\\&|PAS|\x00\r")[1] == 1
