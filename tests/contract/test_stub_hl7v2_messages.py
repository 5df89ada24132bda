"""Headers, acknowledgement modes, duplicates, character sets, escapes and the demographics feed of the HL7 v2 trust."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.stubs.agency import Agency
from contracts.stubs.hl7v2_trust import er7
from contracts.stubs.people import AgencyPerson
from tests.contract.stub_mllp import Line, about, header, query
from tests.contract.stub_mllp_running import agency, line, trust
from tests.contract.stub_processes import RunningStub

__all__ = ["agency", "line", "trust"]

SUBSCRIBERS = ("patient-app", "arrivals-kiosk", "gp-practices", "regional-record", "reporting")


@pytest.fixture(scope="module")
def somebody(agency: Agency) -> AgencyPerson:
    return next(person for person in agency.people if person.nhs_number and person.phone and not person.persona and not person.restricted)


# ----------------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("changed", "code", "place"),
    [
        ({"msh_3": ""}, "101", "MSH^1^3"),
        ({"msh_4": ""}, "101", "MSH^1^4"),
        ({"msh_5": "ELSEWHERE"}, "103", "MSH^1^5"),
        ({"msh_10": "X" * 21}, "102", "MSH^1^10"),
        ({"msh_11": "T"}, "202", "MSH^1^11"),
        ({"msh_12": "2.4"}, "203", "MSH^1^12"),
        ({"msh_9": "ORU^R01^ORU_R01"}, "200", "MSH^1^9"),
        ({"msh_9": "ADT^A08^ADT_A01"}, "201", "MSH^1^9"),
        ({"msh_18": "GB 18030-2000"}, "103", "MSH^1^18"),
    ],
)
def test_a_header_outside_the_profile_is_refused(line: Line, changed: dict[str, str], code: str, place: str) -> None:
    message = query("@PID.3.1^9999999999", **changed)
    control_id = message.split("|")[9]
    line.send(message)
    raw = line.receive_bytes().decode()
    assert f"\rMSA|AR|{control_id}\r" in raw
    assert f"\rERR||{place}|{code}^" in raw


@pytest.mark.parametrize(
    ("segments", "code", "place"),
    [
        ("QPD|IHE PDQ Query|t1|@PID.5.1.1^Canary", "101", "QPD^1^3"),
        ("QPD|IHE PDQ Query|t1|@PID.11.5^ZZ1 1AA", "101", "QPD^1^3"),
        ("QPD|IHE PDQ Query|t1|@PID.5.1.1^Canary~@PID.19^x", "102", "QPD^1^3"),
        ("QPD|IHE PDQ Query|t1|@PID.5.1.1^Canary~@PID.7^3 May", "102", "QPD^1^3"),
        ("QPD|IHE PDQ Query|t1|@PID.5.1.1^C*~@PID.7^1980", "102", "QPD^1^3"),
        ("QPD|Another Query|t1|@PID.3.1^1", "103", "QPD^1^1"),
        ("QPD|IHE PDQ Query||@PID.3.1^1", "101", "QPD^1^2"),
    ],
)
def test_a_query_outside_the_profile_is_an_error_and_nothing_is_searched(line: Line, segments: str, code: str, place: str) -> None:
    line.send("\r".join([header("QBP^Q22^QBP_Q21"), segments, "RCP|I|5^RD", ""]))
    raw = line.receive_bytes().decode()
    assert "\rMSA|AE|" in raw
    assert f"\rERR||{place}|{code}^" in raw
    assert "Canary" not in raw.split("\rQAK")[0]


def test_a_query_without_its_segments_is_refused(line: Line) -> None:
    assert line.ask(header("QBP^Q22^QBP_Q21") + "\rRCP|I\r").error == ("100", "QPD^1")
    assert line.ask(header("QBP^Q22^QBP_Q21") + "\rQPD|IHE PDQ Query|t|@PID.3.1^1\r").error == ("100", "RCP^1")


@pytest.mark.parametrize("raw", [b"hello", b"<html></html>", b"MSH", b"MSH|^~\\&", b"\xff\xfe\x00", b"PID|1\r"])
def test_what_is_not_hl7_gets_a_refusal_and_the_line_stays_open(line: Line, raw: bytes, somebody: AgencyPerson) -> None:
    line.send_bytes(b"\x0b" + raw + b"\x1c\r")
    assert b"\rMSA|AR" in line.receive_bytes()
    assert line.ask(about(somebody)).outcome == ("AA", "OK")


def test_line_feeds_between_segments_are_refused(line: Line) -> None:
    assert line.ask(query("@PID.3.1^1").replace("\r", "\r\n")).error == ("100", "MSH^1")


def test_other_separators_are_refused(line: Line) -> None:
    line.send(query("@PID.3.1^1").replace("^~\\&", "*~\\&"))
    assert b"\rERR||MSH^1|102^" in line.receive_bytes()


# ------------------------------------------------------------------------------------------------------ acknowledgement modes


@pytest.mark.parametrize(
    ("mode", "good", "bad"),
    [
        ("/", ["AA"], ["AR"]),
        ("AL/AL", ["CA", "AA"], ["CR"]),
        ("AL/NE", ["CA"], ["CR"]),
        ("NE/AL", ["AA"], ["AR"]),
        ("ER/AL", ["AA"], ["CR"]),
        ("SU/AL", ["CA", "AA"], ["AR"]),
        ("AL/ER", ["CA"], ["CR"]),
        ("AL/SU", ["CA", "AA"], ["CR"]),
        ("NE/NE", [], []),
    ],
)
def test_replies_come_as_msh_15_and_16_ask(line: Line, somebody: AgencyPerson, mode: str, good: list[str], bad: list[str]) -> None:
    for message, expected in ((about(somebody, mode=mode), good), (about(somebody, mode=mode, msh_12="2.4"), bad)):
        line.send(message)
        codes = []
        for _ in expected:
            raw = line.receive_bytes().decode()
            assert raw.split("\rMSA|")[1].split("|")[1].split("\r")[0] == message.split("|")[9]
            codes.append(raw.split("\rMSA|")[1][:2])
        assert codes == expected
        assert line.bytes_until_silence(0.05) == b""


@pytest.mark.parametrize(("mode", "code", "place"), [("AL/", "101", "MSH^1^16"), ("/AL", "101", "MSH^1^15"), ("XX/AL", "103", "MSH^1^15")])
def test_half_a_mode_is_refused(line: Line, mode: str, code: str, place: str) -> None:
    line.send(query("@PID.3.1^1", mode=mode))
    assert f"ERR||{place}|{code}^".encode() in line.receive_bytes()


def test_an_application_error_follows_the_accept(line: Line) -> None:
    line.send(query("@PID.5.1.1^Canary", mode="AL/AL"))
    assert [line.receive().outcome for _ in range(2)] == [("CA", ""), ("AE", "AE")]


def test_messages_under_way_together_are_answered_each_under_its_own_id(line: Line, agency: Agency) -> None:
    people = [person for person in agency.people if not person.persona][:30]
    for number, person in enumerate(people):
        line.send(about(person, control_id=f"PIPE{number}"))
    replies = [line.receive() for _ in people]
    assert {reply.field("MSA", 2) for reply in replies} == {f"PIPE{number}" for number in range(30)}


# --------------------------------------------------------------------------------------------------------------- duplicates


def test_the_same_message_again_gets_the_same_reply_and_is_not_worked_twice(trust: RunningStub, somebody: AgencyPerson) -> None:
    message = about(somebody, control_id="AGAIN-1")
    with Line(trust.port) as line:
        first = line.ask(message).text
    with Line(trust.port) as line:
        assert line.ask(message).text == first
    entries = [entry["what"] for entry in trust.ledger() if entry["key"] == "AGAIN-1"]
    assert entries == ["lookup", "duplicate"]


def test_another_message_under_a_used_id_is_refused(line: Line, somebody: AgencyPerson) -> None:
    line.ask(about(somebody, control_id="AGAIN-2"))
    assert line.ask(query("@PID.3.1^9999999999", control_id="AGAIN-2")).error == ("205", "MSH^1^10")
    other_sender = query("@PID.3.1^9999999999", control_id="AGAIN-2", msh_3="ANOTHER")
    assert line.ask(other_sender).outcome == ("AA", "NF")


# --------------------------------------------------------------------------------------------------- character sets and escapes


def test_a_reply_comes_in_the_set_of_the_query_or_says_that_it_does_not(line: Line, agency: Agency) -> None:
    latin = next(p for p in agency.people if "'" in p.family and p.family.isascii() and not p.persona)
    polish = next(p for p in agency.people if "ś" in p.family and not p.persona)
    reply = line.ask(about(latin, character_set="8859/1"), "latin-1")
    assert reply.field("MSH", 18) == "8859/1"
    by_number = query(f"@PID.3.1^{polish.local_id}", character_set="8859/1")
    line.send(by_number, "latin-1")
    raw = line.receive_bytes()
    assert b"|UNICODE UTF-8\r" in raw.split(b"MSA")[0]
    assert polish.family in raw.decode("utf-8")
    plain = line.ask(query(f"@PID.3.1^{latin.local_id}", character_set=""))
    assert plain.field("MSH", 18) in {"", "UNICODE UTF-8"}


def test_bytes_outside_the_set_are_refused(line: Line) -> None:
    line.send_bytes(b"\x0b" + query("@PID.5.1.1^Wi\u015bniewska", "@PID.7^1980", character_set="").encode() + b"\x1c\r")
    assert b"ERR||MSH^1^18|102^" in line.receive_bytes()


def test_escapes_in_a_criterion_are_read(line: Line) -> None:
    reply = line.ask(query("@PID.5.1.1^Smith \\T\\ Sons \\F\\ \\X41\\ \\Z9\\", "@PID.7^1980"))
    assert reply.outcome == ("AA", "NF")


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x0b\x1c")))
def test_any_text_survives_escaping(text: str) -> None:
    escaped = er7.escape(text)
    assert not set(escaped) & set("|^&~\r")
    assert er7.unescape(escaped) == text
    message = er7.read(er7.encode(["MSH|^~\\&|A|B", er7.write("NTE", "1", "", text)], "UNICODE UTF-8").replace(b"A|B\r", b"A|B" + b"|" * 14 + b"UNICODE UTF-8\r"))
    assert er7.unescape(message.every("NTE")[0].field(3)) == text


# ------------------------------------------------------------------------------------------------------------- the feed, the trap


def test_queries_leave_no_trace_that_a_patient_sees(trust: RunningStub, line: Line, somebody: AgencyPerson) -> None:
    before = trust.views(somebody.local_id)
    assert len(before) == 8
    line.ask(about(somebody))
    assert trust.views(somebody.local_id) == before


def test_what_is_sent_by_adt_reaches_every_subscriber_and_the_patients_own_app(trust: RunningStub, line: Line, agency: Agency) -> None:
    patient = next(person for person in agency.people if not person.persona)
    before = trust.views(patient.local_id)
    notice = "\r".join([
        header("ADT^A31^ADT_A05"), "EVN|A31|20261122", f"PID|1||{patient.local_id}^^^CBNT&2.999.42.7&ISO^MR||X^Y", "PV1|1|N",
        "AL1|1||^Canary alert", "DG1|1||^Canary problem||20261122|F", "",
    ])  # fmt: skip
    assert line.ask(notice).outcome[0] == "AA"
    for name in SUBSCRIBERS:
        copies = trust.control.get(f"/__feeds/{name}", params={"about": patient.local_id}).json()
        assert ["Canary alert" in copy and "Canary problem" in copy for copy in copies] == [True]
    changed = {name for name, text in trust.views(patient.local_id).items() if text != before[name]}
    assert {"patient-app", "proxy-app", "brief-summary", "subject-access-pack"} <= changed
    assert [entry["subject"] for entry in trust.ledger("adt.A31")] == [patient.local_id]


def test_an_adt_about_nobody_known_is_an_error(line: Line) -> None:
    notice = header("ADT^A28^ADT_A05") + "\rEVN|A28|20261122\rPID|1||C0000000\rPV1|1|N\r"
    assert line.ask(notice).error == ("204", "PID^1^3")


def test_staff_opening_a_record_is_in_the_patients_access_log(trust: RunningStub, agency: Agency) -> None:
    patient = agency.people[8]
    trust.staff("open-record", {"localId": patient.local_id, "reason": "Direct care"})
    assert "Direct care" in trust.view("access-log", patient.local_id)
    assert "Direct care" not in trust.view("patient-app", patient.local_id)
