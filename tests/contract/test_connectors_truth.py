"""The demonstration's people looked up at the police, the landlord and the HL7 v2 trust through our connectors, graded by our policy,
and compared with what the demonstration says is true of them (contracts/demonstration/truth.csv)."""

from __future__ import annotations

import asyncio
import csv
import dataclasses
import importlib
import tomllib
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.faults import Fault
from adapters.registry import CONNECTORS
from contracts.stubs.demonstration import CastMember, cases, cast
from gateway.domain.agreements import Field, Limits, SystemKind
from gateway.domain.case_list import Address, BirthDate, Person, PersonName, Phone, Sex
from gateway.domain.identifiers import NhsNumber
from gateway.domain.lookup import Answer
from gateway.domain.releases import LookupRelease
from gateway.policy.identity.deciding import settle
from gateway.policy.identity.grading import compared, graded, without_records
from gateway.policy.identity.model import current
from gateway.policy.identity.persons import of_person
from gateway.policy.identity.scoring import Scorer
from tests.contract.asked import about, destination
from tests.contract.stub_processes import AGENCIES, ROOT, SECRET, running_stub, write_secrets

NO_ANSWER = Answer.failed("no answer")
SCORER = Scorer(current())


def as_listed(member: CastMember) -> Person:
    """The person as the case list has them."""
    names = [PersonName(member.family, member.given[0], member.given[1:])]
    names += [PersonName(alias.family, alias.given) for alias in member.aliases]
    born = [BirthDate.of(day) for day in (member.birth_date, member.also_born) if day]
    places = [(member.home, True), *((place, False) for place in member.previous)]
    return Person(
        names=tuple(names), birth_dates=tuple(born), sex=Sex(member.sex),
        nhs_number=NhsNumber(member.listed_number) if member.listed_number else None,
        addresses=tuple(Address(tuple(place.lines), place.postcode, current=current) for place, current in places),
        phones=(Phone(member.phone),) if member.phone else (),
    )  # fmt: skip


def released(person: Person, agency: str) -> LookupRelease:
    """What the agency's agreement lets out of this."""
    shares = tomllib.loads((AGENCIES / agency / "agreement.toml").read_text(encoding="utf-8"))["shares"]["lookup_fields"]
    return dataclasses.replace(
        about(system=f"{agency}/record"),
        names=person.names,
        birth_dates=person.birth_dates,
        nhs_number=person.nhs_number if Field.NHS_NUMBER in shares else None,
    )


def truth(agency: str) -> dict[tuple[str, str, str], tuple[str, str]]:
    """(case, part, name) to (state, record)."""
    with (ROOT / "contracts" / "demonstration" / "truth.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["agency"] == agency and row["state"] != "WITHHELD"]
    return {(row["case_number"], row["role"], row["name"]): (row["state"], row["record_id"]) for row in rows}


async def found(kind: SystemKind, agency: str, endpoint: str) -> dict[tuple[str, str, str], tuple[str, str]]:
    """The same, as we find it. A fault is what the outbox would end with after its last attempt: no answer."""
    options = tomllib.loads((AGENCIES / agency / "agreement.toml").read_text(encoding="utf-8"))["systems"]
    [system] = options.values()
    target = destination(
        kind, endpoint, key=f"{agency}/record", credentials={"api_key": SECRET}, limits=Limits(timeout_s=1.5), options=system.get("options")
    )
    connect: Callable[..., object] = importlib.import_module(CONNECTORS[kind]).connect
    connector = connect(target)
    listed = {(case.number, role, cast()[key].full_name): cast()[key] for case in cases() for role, key in case.roles}
    states, cases_found = {}, defaultdict(dict)
    for number, role, name in truth(agency):
        member = listed[number, role, name]
        person = as_listed(member)
        try:
            answer = (await connector.look_up(released(person, agency), unsure=False)).value  # type: ignore[attr-defined]
        except Fault:
            answer = NO_ANSWER
        cases_found[number][role, name] = (person, answer)
    await connector.close()  # type: ignore[attr-defined]
    for number, people in cases_found.items():
        states |= {(number, *who): state for who, state in graded_together(people).items()}
    return states


def graded_together(people: dict[tuple[str, str], tuple[Person, Answer]]) -> dict[tuple[str, str], tuple[str, str]]:
    """All people of one case at one system: state and certain record."""
    plain = {who: without_records(answer) for who, (_, answer) in people.items()}
    compares = {
        " ".join(who): compared(SCORER.question(of_person(person)), answer, SCORER)
        for who, (person, answer) in people.items() if not plain[who]
    }  # fmt: skip
    doubts = {key for key, one in compares.items() if one.unsettled}
    ruled = settle(SCORER, {key: (None, one.offered) for key, one in compares.items()}, in_doubt=doubts)
    states = {}
    for who, told in plain.items():
        answer = told or graded(ruled[" ".join(who)], compares[" ".join(who)], SCORER)
        certain = [candidate.candidate.record_id for candidate in answer.candidates if candidate.certain]
        states[who] = (answer.outcome.value, certain[0] if certain else "")
    return states


@pytest.mark.parametrize(
    ("kind", "agency", "stand_in", "scheme"),
    [
        (SystemKind.POLICE, "northmoor-police", "police", "http"),
        (SystemKind.HOUSING, "northmoor-homes", "housing", "http"),
        (SystemKind.HL7V2, "calderbrook-nhs-trust", "hl7v2_trust", "mllp"),
    ],
)
def test_everybody_is_found_as_the_demonstration_says(kind: SystemKind, agency: str, stand_in: str, scheme: str, tmp_path: Path) -> None:
    options = [] if kind is SystemKind.HL7V2 else ["--client-secrets", str(write_secrets(tmp_path))]
    with running_stub(stand_in, AGENCIES / agency, *options) as running:
        states = asyncio.run(found(kind, agency, f"{scheme}://127.0.0.1:{running.port}"))
    expected = truth(agency)
    assert len(expected) > 20
    differences = {place: (expected[place][0], states[place][0]) for place in expected if expected[place][0] != states[place][0]}
    assert differences == {}
    linked = {place: record for place, (state, record) in states.items() if state == "KNOWN"}
    assert linked == {place: record for place, (state, record) in expected.items() if state == "KNOWN"}
