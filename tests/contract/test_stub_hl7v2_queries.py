"""The HL7 v2 trust answers demographics queries as its profile says. Clients: python-hl7 and bare sockets; judge: hl7apy."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import hl7
import pytest
from hl7.client import MLLPClient
from hl7.mllp import open_hl7_connection

from contracts.stubs.agency import Agency
from contracts.stubs.people import AgencyPerson
from tests.contract.stub_mllp import Line, about, header, persona, query
from tests.contract.stub_mllp_running import FOLDER, agency, line, trust
from tests.contract.stub_processes import RunningStub, expectations, running_stub

__all__ = ["agency", "line", "trust"]



@pytest.fixture(scope="module")
def somebody(agency: Agency) -> AgencyPerson:
    return next(p for p in agency.people if p.aliases and p.previous_addresses and p.phone and p.nhs_number and not p.persona)


@pytest.fixture(scope="module")
def crowd(agency: Agency) -> tuple[str, ...]:
    """Criteria that more people meet than any other such."""
    starts = Counter((person.family[:2], person.given[:2]) for person in agency.people if not person.persona and person.family.isascii())
    (family, given), number = starts.most_common(1)[0]
    assert number > 4
    return f"@PID.5.1.1^{family}*", f"@PID.5.2^{given}*"


# ------------------------------------------------------------------------------------------------ clients written by others


def test_python_hl7_asks_many_times_over_one_connection(trust: RunningStub, agency: Agency) -> None:
    people = [person for person in agency.people if not person.restricted and not person.persona][:20]

    async def run() -> list[hl7.Message]:
        reader, writer = await open_hl7_connection("127.0.0.1", trust.port, encoding="utf-8")
        replies = []
        for number, person in enumerate(people):
            writer.writemessage(hl7.parse(about(person, control_id=f"PY{number}")))
            await writer.drain()
            replies.append(await asyncio.wait_for(reader.readmessage(), 5))
        writer.close()
        return replies

    for number, (person, reply) in enumerate(zip(people, asyncio.run(run()), strict=True)):
        assert (str(reply["MSA"][0][1]), str(reply["MSA"][0][2]), str(reply["QAK"][0][2])) == ("AA", f"PY{number}", "OK")
        assert person.local_id in {str(identifier[0]) for pid in reply["PID"] for identifier in pid[3]}


def test_python_hl7s_blocking_client_gets_a_short_reply(trust: RunningStub) -> None:
    with MLLPClient("127.0.0.1", trust.port, encoding="utf-8") as client:
        raw = client.send_message(query("@PID.3.1^9999999999"))
    assert "|NF|" in str(hl7.parse(raw.strip(b"\x0b\x1c\r").decode())["QAK"][0])


# --------------------------------------------------------------------------------------------------------------- what is found


def test_the_pid_carries_everything_that_is_held(line: Line, somebody: AgencyPerson) -> None:
    reply = line.ask(about(somebody))
    assert reply.outcome == ("AA", "OK")
    pid = next(fields for fields in reply.segments if fields[0] == "PID" and somebody.local_id in fields[3])
    assert pid[3] == f"{somebody.nhs_number}^^^NHS&2.16.840.1.113883.2.1.4.1&ISO^NH~{somebody.local_id}^^^CBNT&2.999.42.7&ISO^MR"
    assert pid[5].split("~")[0].split("^")[:2] == [somebody.family, somebody.given]
    assert pid[5].split("~")[0].split("^")[6] == "L"
    assert (pid[7], pid[8]) == (f"{somebody.birth_date:%Y%m%d}", somebody.sex[0].upper())
    current, former = (address.split("^") for address in pid[11].split("~")[:2])
    assert (current[0], current[2], current[4]) == (somebody.address.first_line, "Northmoor", somebody.address.postcode)
    assert (current[-1], former[-1]) == ("H", "20200101")
    assert pid[13].split("^")[11] == somebody.phone


def test_former_names_are_in_pid_5_and_aliases_in_pid_9_and_both_are_searched(line: Line, agency: Agency) -> None:
    former = next(p for p in agency.people if p.aliases and p.aliases[0].given == p.given and not p.persona)
    reply = line.ask(query(f"@PID.5.1^{former.aliases[0].family}", f"@PID.7^{former.birth_date:%Y%m%d}"))
    assert any(f"{former.aliases[0].family}^{former.given}^^^^^M" in names for names in reply.every("PID", 5))
    other = next((p for p in agency.people if p.aliases and p.aliases[0].given != p.given), None)
    if other:
        reply = line.ask(query(f"@PID.5.1^{other.aliases[0].family}", f"@PID.7^{other.birth_date:%Y%m%d}"))
        assert any(other.aliases[0].family in names for names in reply.every("PID", 9))


@pytest.mark.parametrize(
    "criteria",
    [
        ("@PID.3.1^{nhs}",),
        ("@PID.3.1^{nhs}", "@PID.3.4.1^NHS"),
        ("@PID.3.1^{own}", "@PID.3.4.2^2.999.42.7", "@PID.3.4.3^ISO"),
        ("@PID.5.1.1^{family}", "@PID.7^{born}"),
        ("@PID.5.1.1^{family}", "@PID.7.1^{month}", "@PID.5.2^{given}"),
        ("@PID.5.1.1^{start}*", "@PID.5.2^{given}", "@PID.11.5^{postcode}"),
        ("@PID.5.1.1^{loud}", "@PID.5.2^{given}", "@PID.8^{sex}", "@PID.13.1^{phone}"),
        ("@PID.5.1.1^{family}", "@PID.5.2^{given}", "@PID.11.3^northmoor"),
    ],
)
def test_every_criterion_of_the_profile_finds_somebody(line: Line, somebody: AgencyPerson, criteria: tuple[str, ...]) -> None:
    values = {
        "nhs": somebody.nhs_number, "own": somebody.local_id, "family": somebody.family, "born": f"{somebody.birth_date:%Y%m%d}",
        "month": f"{somebody.birth_date:%Y%m}", "given": somebody.given, "start": somebody.family[:3], "phone": somebody.phone,
        "postcode": somebody.address.postcode, "sex": somebody.sex[0].upper(), "loud": somebody.family.upper(),
    }  # fmt: skip
    reply = line.ask(query(*(criterion.format(**values) for criterion in criteria)))
    assert any(somebody.local_id in identifiers for identifiers in reply.every("PID", 3))


@pytest.mark.parametrize(
    "contradiction", ["@PID.8^U", "@PID.7^1801", "@PID.11.5^ZZ99 9ZZ", "@PID.13.1^0000", "@PID.3.1^9999999999", "@PID.11.3^Elsewhere"]
)
def test_every_criterion_counts(line: Line, somebody: AgencyPerson, contradiction: str) -> None:
    reply = line.ask(query(f"@PID.5.1.1^{somebody.family}", f"@PID.5.2^{somebody.given}", contradiction))
    assert reply.outcome == ("AA", "NF")


def test_only_the_domains_asked_for_come_back(line: Line, somebody: AgencyPerson) -> None:
    domain = "^^^CBNT&2.999.42.7&ISO"
    message = query(f"@PID.3.1^{somebody.local_id}").replace("\rRCP", f"|||||{domain}\rRCP")
    assert line.ask(message).every("PID", 3) == [f"{somebody.local_id}^^^CBNT&2.999.42.7&ISO^MR"]
    assert line.ask(message.replace("CBNT&2.999.42.7", "ELSE&1.2.3").replace("|T", "|X")).error == ("204", "QPD^1^8")


def test_protected_and_too_many_are_answers_of_their_own(line: Line, agency: Agency) -> None:
    for happens, status in (("restricted", "PD"), ("too_many", "TM")):
        reply = line.ask(about(persona(agency, happens)))
        assert (reply.outcome, reply.every("PID", 3)) == (("AA", status), [])


def test_with_more_than_may_be_listed_none_is(tmp_path: Path, crowd: tuple[str, ...]) -> None:
    folder = tmp_path / "another-trust"
    folder.mkdir()
    settings = (FOLDER / "stub.toml").read_text(encoding="utf-8").replace("too_many = 100", "too_many = 2")
    (folder / "stub.toml").write_text(settings, encoding="utf-8")
    with running_stub("hl7v2_trust", folder) as stub, Line(stub.port) as line:
        reply = line.ask(query(*crowd))
    assert (reply.outcome, reply.every("PID", 3), reply.field("QAK", 4)) == (("AA", "TM"), [], "0")


def test_the_rest_comes_through_continuation_each_person_once(line: Line, crowd: tuple[str, ...]) -> None:
    whole = line.ask(query(*crowd, quantity="50^RD"))
    total = int(whole.field("QAK", 4))
    assert total > 2
    found, pointer, remaining = [], "", total
    while True:
        reply = line.ask(query(*crowd, tag="paged", quantity="2^RD", pointer=pointer))
        found += reply.every("PID", 3)
        remaining -= len(reply.every("PID", 3))
        assert (reply.field("QAK", 1), reply.field("QAK", 4), reply.field("QAK", 6)) == ("paged", str(total), str(remaining))
        pointer = reply.field("DSC", 1)
        if not pointer:
            break
        assert reply.field("DSC", 2) == "I"
    assert found == whole.every("PID", 3)


def test_a_pointer_of_another_query_or_a_cancelled_one_is_refused(line: Line, crowd: tuple[str, ...]) -> None:
    pointer = line.ask(query(*crowd, tag="mine", quantity="1^RD")).field("DSC", 1)
    assert line.ask(query(*crowd, tag="other", quantity="1^RD", pointer=pointer)).error == ("204", "DSC^1^1")
    cancel = header("QCN^J01^QCN_J01") + "\rQID|mine|IHE PDQ Query\r"
    assert line.ask(cancel).outcome[0] == "AA"
    assert line.ask(query(*crowd, tag="mine", quantity="1^RD", pointer=pointer)).error == ("204", "DSC^1^1")
    assert line.ask(cancel.replace("|T", "|U")).error == ("204", "QID^1^1")


def test_the_demonstrations_people_are_found_as_its_truth_says(trust: RunningStub) -> None:
    for expected in expectations("calderbrook-nhs-trust"):
        statuses, found = set(), set()
        with Line(trust.port) as line:
            for given, family in expected.names:
                for born in expected.born:
                    line.send(query(f"@PID.5.1.1^{family}", f"@PID.5.2^{given}", f"@PID.7^{born.replace('-', '')}"))
                    try:
                        reply = line.receive()
                    except ConnectionError:
                        statuses.add("broken")
                        break
                    statuses.add(reply.outcome[1])
                    found |= {identifiers.rpartition("~")[2].partition("^")[0] for identifiers in reply.every("PID", 3)}
        assert ("broken" in statuses) == (expected.state == "NO_ANSWER"), expected
        assert expected.state != "KNOWN" or found == {expected.record}, expected
        assert expected.state != "NOT_KNOWN" or statuses == {"NF"}, expected
        assert expected.state != "POSSIBLE" or found or statuses & {"PD", "TM"}, expected
