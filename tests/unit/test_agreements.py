"""Agreements: each wrong key is named with its file and its fix, and what cannot be read shares nothing."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from contracts.agreements import expiry_notes, load_agreements, lookup_only_notes, read_agreement
from gateway.domain.agreements import Capability, Field, Purpose, SystemKind
from gateway.domain.case_list import Role
from gateway.domain.identifiers import AgencyId, SystemKey
from gateway.domain.register import Answer, Canary, Output, Viewer

DEMONSTRATION = Path(__file__).parents[2] / "contracts" / "agencies"

WHOLE = """
[agreement]
name = "Ashby Trust"
parties = ["Ashby Marac", "Ashby Trust"]
maracs = ["ashby"]
lawful_basis = "UK GDPR Article 6(1)(e)"
valid_from = 2026-01-01
valid_until = 2027-12-31
representative = "ashby-duty"
[shares]
purposes = ["lookup", "flag"]
roles = ["victim"]
[receives]
categories = ["candidates"]
[systems.record]
kind = "fhir_r4"
endpoint = "env:ASHBY_URL"
capabilities = ["search", "hidden_flag", "subject_view"]
[systems.record.credentials]
client_id = "env:ASHBY_CLIENT"
private_key = "file:ashby.pem"
[systems.record.limits]
concurrency = 3
"""

_ANSWERED = {
    "portal": 'answer = "looked at"\nat = ["/portal/{record_id}"]',
    "household_letter": 'answer = "by hand"\nto = "household"',
    "staff_view": 'answer = "looked at"\nat = ["/board/{record_id}"]',
}
REGISTER = """
[record]
version_at = "/metadata"
version_key = "software.version"
[record.canaries.victim]
record_id = "T1"
token = "file:ashby.victim"
""" + "".join(
    f"""
[record.outputs.{output}]
{_ANSWERED.get(output, 'answer = "not offered"')}
owner = "Portal manager"
evidence = "tested"
review_on = 2027-06-30
"""
    for output in Output
)


def agency(folder: Path, text: str, name: str = "ashby-trust", register: str | None = REGISTER) -> Path:
    place = folder / name
    place.mkdir()
    (place / "agreement.toml").write_text(text, encoding="utf-8")
    if register is not None:
        (place / "register.toml").write_text(register, encoding="utf-8")
    return place


def test_the_demonstration_agencies_are_all_in_order() -> None:
    book = load_agreements(DEMONSTRATION)
    assert not book.problems
    assert sorted(book.agreements) == [
        "calderbrook-nhs-trust", "northmoor-homes", "northmoor-marac", "northmoor-nhs-trust", "northmoor-police",
    ]  # fmt: skip
    homes = book.of(AgencyId("northmoor-homes"))
    assert homes is not None
    assert Role.CHILD not in homes.roles


def test_a_whole_agreement_becomes_a_value(tmp_path: Path) -> None:
    agreement, problems = read_agreement(agency(tmp_path, WHOLE))
    assert problems == ()
    assert agreement is not None
    assert agreement.purposes == {Purpose.LOOKUP, Purpose.FLAG}
    assert agreement.lookup_fields == {Field.NAMES, Field.BIRTH_DATES, Field.OWN_IDENTIFIERS}
    assert agreement.perpetrator_flags is False
    assert agreement.flag_review_months == 12
    system = agreement.system(SystemKey("ashby-trust/record"))
    assert system.kind is SystemKind.FHIR_R4
    assert system.capabilities == {Capability.SEARCH, Capability.HIDDEN_FLAG, Capability.SUBJECT_VIEW}
    assert (system.limits.concurrency, system.limits.timeout_s) == (3, 30.0)
    assert system.credentials == {"client_id": "env:ASHBY_CLIENT", "private_key": "file:ashby.pem"}


def test_every_demonstration_register_answers_for_every_output() -> None:
    for agreement in load_agreements(DEMONSTRATION).all():
        for system in agreement.systems:
            assert system.register is not None, system.key
            assert system.register.unanswered == (), system.key
            assert all(entry.owner and entry.evidence for entry in system.register.entries.values())
    assert lookup_only_notes(load_agreements(DEMONSTRATION).all(), date(2026, 11, 22)) == ()


def test_a_register_becomes_a_value(tmp_path: Path) -> None:
    agreement, _ = read_agreement(agency(tmp_path, WHOLE))
    assert agreement is not None
    register = agreement.systems[0].register
    assert register is not None
    assert register.version_at == ("/metadata", "software.version")
    assert register.canaries[Canary.VICTIM].token == "file:ashby.victim"
    assert [entry.output for entry in register.answered(Answer.BY_HAND)] == [Output.HOUSEHOLD_LETTER]
    assert register.overdue(date(2027, 7, 1)) == tuple(Output)
    assert register.overdue(date(2027, 6, 30)) == ()


def test_outputs_that_others_see_are_looked_at_after_every_alert(tmp_path: Path) -> None:
    """Those with a test person's right, and those that change by themselves, only the probe can judge."""
    agreement, _ = read_agreement(agency(tmp_path, WHOLE))
    assert agreement is not None
    assert agreement.systems[0].options == {"subject_view_000": "/portal/{record_id}"}
    for more in ('seen_as = "subject"', 'ignores = "printed at .*"'):
        changed = REGISTER.replace('at = ["/portal/{record_id}"]', f'at = ["/portal/{{record_id}}"]\n{more}')
        _, problems = read_agreement(agency(tmp_path, WHOLE, f"trust-{len(more)}", changed))
        assert [problem.key for problem in problems] == ["systems.record.capabilities"], "nothing is left to look at every day"
    assert Viewer("subject") is Viewer.SUBJECT


@pytest.mark.parametrize("register", [None, REGISTER.replace("[record.outputs.feeds]", "[record.outputs.portal2]")])
def test_an_output_that_nobody_answered_for_keeps_the_gateway_from_writing(tmp_path: Path, register: str | None) -> None:
    """Placement needs the capability that is missing then, and ``agency check`` names file, key and fix."""
    if register:
        lost = REGISTER.split("[record.outputs.feeds]")[0] + REGISTER.split("review_on = 2027-06-30\n")[-1]
        register = lost
    agreement, problems = read_agreement(agency(tmp_path, WHOLE, register=register))
    assert agreement is not None
    assert problems == ()
    assert agreement.systems[0].capabilities == {Capability.SEARCH, Capability.HIDDEN_FLAG}
    notes = lookup_only_notes([agreement], date(2026, 6, 1))
    assert {note.file for note in notes} == {"ashby-trust/register.toml"}
    assert ("record.outputs.feeds" in {note.key for note in notes}) is bool(register)
    assert all("nothing is written" in note.fix for note in notes)


def test_an_answer_past_its_review_is_told(tmp_path: Path) -> None:
    agreement, _ = read_agreement(agency(tmp_path, WHOLE, register=REGISTER.replace("2027-06-30", "2026-05-31", 1)))
    assert agreement is not None
    (note,) = lookup_only_notes([agreement], date(2026, 6, 1))
    assert (note.key, note.fix.startswith("has passed")) == ("record.outputs.staff_view.review_on", True)


@pytest.mark.parametrize(
    ("was", "becomes", "key", "fix"),
    [
        ('answer = "by hand"', 'answer = "surely"', "record.outputs.household_letter.answer", "looked at, by hand, not offered"),
        ('owner = "Portal manager"', "owner = 7", "record.outputs.staff_view.owner", "name who answers"),
        ('evidence = "tested"\n', "", "record.outputs.staff_view.evidence", "is missing"),
        ("review_on = 2027-06-30", 'review_on = "soon"', "record.outputs.staff_view.review_on", "2026-04-01"),
        ('at = ["/portal/{record_id}"]', 'at = ["/portal/all"]', "record.outputs.portal.at", "{record_id}"),
        ('at = ["/portal/{record_id}"]', "", "record.outputs.portal.at", 'goes with answer = "looked at"'),
        ('to = "household"', 'to = "neighbours"', "record.outputs.household_letter.to", "subject, proxy, household"),
        ("[record.outputs.feeds]", "[record.outputs.feed]", "record.outputs.feed", "is no output"),
        ("[record.canaries.victim]", "[record.canaries.dog]", "record.canaries.dog", "is no test person"),
        ('"file:ashby.victim"', '"hunter2"', "record.canaries.victim.token", "write a reference"),
        ('version_key = "software.version"\n', "", "record.version_key", "go together"),
        ("[record]", "[recrod]\n[record]", "recrod", "is no system"),
        ('to = "household"', 'to = "household"\nignores = "("', "record.outputs.household_letter.ignores", "regular expression"),
        ('to = "household"', 'ot = "household"', "record.outputs.household_letter.ot", "remove it, or correct its name"),
    ],
)
def test_each_wrong_key_of_a_register_is_named_with_its_fix(tmp_path: Path, was: str, becomes: str, key: str, fix: str) -> None:
    assert was in REGISTER
    _, problems = read_agreement(agency(tmp_path, WHOLE, register=REGISTER.replace(was, becomes, 1)))
    found = [problem for problem in problems if problem.key == key]
    assert found, problems
    assert fix in found[0].fix
    assert found[0].file == "ashby-trust/register.toml"
    assert "hunter2" not in str(found[0])


def test_the_version_is_of_the_text(tmp_path: Path) -> None:
    first, _ = read_agreement(agency(tmp_path, WHOLE))
    second, _ = read_agreement(agency(tmp_path, WHOLE + "# a word more\n", "other-trust"))
    assert first is not None
    assert second is not None
    assert len(first.version) == 16
    assert first.version != second.version


@pytest.mark.parametrize(
    ("was", "becomes", "key", "fix"),
    [
        ('name = "Ashby Trust"\n', "", "agreement.name", "is missing"),
        ('name = "Ashby Trust"', "name = 7", "agreement.name", "full name"),
        ('parties = ["Ashby Marac", "Ashby Trust"]', "parties = []", "agreement.parties", "list the organisations"),
        ('maracs = ["ashby"]\n', "", "agreement.maracs", "such as northmoor"),
        ("valid_from = 2026-01-01", 'valid_from = "1 January"', "agreement.valid_from", "2026-04-01"),
        ("valid_until = 2027-12-31", "valid_until = 2025-12-31", "agreement.valid_until", "must not be before"),
        ('"ashby-duty"', '"Ashby Duty"', "agreement.representative", "lower case"),
        ('purposes = ["lookup", "flag"]', 'purposes = ["lookup", "gossip"]', "shares.purposes", "lookup, flag, action, completion"),
        ('roles = ["victim"]', "roles = []", "shares.roles", "list whom"),
        ('roles = ["victim"]', 'roles = ["victim"]\nlookup_fields = ["postcode"]', "shares.lookup_fields", "add names"),
        ('roles = ["victim"]', 'roles = ["victim"]\nlookup_fields = ["birth_dates"]', "shares.lookup_fields", "add names"),
        ('roles = ["victim"]', 'roles = ["victim"]\nrole = ["child"]', "shares.role", "remove it, or correct its name"),
        ('["candidates"]', '["everything"]', "receives.categories", "candidates, open_to_service"),
        ("[receives]", "[flags]\nreview_months = 13\n[receives]", "flags.review_months", "from 1 to 12"),
        ("[receives]", '[flags]\nperpetrators = "yes"\n[receives]', "flags.perpetrators", "true or false"),
        ("[receives]", "[extra]\n[receives]", "extra", "remove it"),
        ('kind = "fhir_r4"', 'kind = "fax"', "systems.record.kind", "fhir_r4, hl7v2"),
        ('kind = "fhir_r4"', 'kind = "hl7v2"', "systems.record.capabilities", "cannot do: hidden_flag, subject_view"),
        (', "subject_view"]', "]", "systems.record.capabilities", "hidden_flag needs subject_view"),
        ('"env:ASHBY_URL"', '"https://ashby.example/fhir"', "systems.record.endpoint", "write a reference"),
        ('"file:ashby.pem"', '"hunter2"', "systems.record.credentials.private_key", "write a reference"),
        ('"file:ashby.pem"', '"file:../../etc/shadow"', "systems.record.credentials.private_key", "write a reference"),
        ("concurrency = 3", "concurrency = 0", "systems.record.limits.concurrency", "from 1 to 100"),
        ("concurrency = 3", "concurrency = true", "systems.record.limits.concurrency", "from 1 to 100"),
        ("concurrency = 3", "concurency = 3", "systems.record.limits.concurency", "known here: concurrency"),
        ("[systems.record.limits]\nconcurrency = 3", "limits = 3", "systems.record.credentials.limits", "write a reference"),
        ("[systems.record", "[systems.Record", "systems.Record", "lower case"),
    ],
)  # fmt: skip
def test_each_wrong_key_is_named_with_its_fix(tmp_path: Path, was: str, becomes: str, key: str, fix: str) -> None:
    assert was in WHOLE
    _, problems = read_agreement(agency(tmp_path, WHOLE.replace(was, becomes)))
    assert key in [problem.key for problem in problems]
    problems = [problem for problem in problems if problem.key == key]
    assert fix in problems[0].fix
    assert problems[0].file == "ashby-trust/agreement.toml"
    assert "hunter2" not in str(problems[0])


def test_every_problem_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    _, problems = read_agreement(agency(tmp_path, "[agreement]\n", register=None))
    assert {problem.key for problem in problems} == {
        "agreement.name", "agreement.parties", "agreement.maracs", "agreement.lawful_basis", "agreement.valid_from", "agreement.valid_until",
        "agreement.representative", "shares.purposes", "receives.categories",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "fix"),
    [(b"name = ", "is not TOML: at "), (b"\xff\xfe", "save it as UTF-8"), (None, "there is no such file")],
)
def test_a_file_that_cannot_be_read_is_no_agreement(tmp_path: Path, content: bytes | None, fix: str) -> None:
    place = tmp_path / "ashby-trust"
    place.mkdir()
    if content is not None:
        (place / "agreement.toml").write_bytes(content)
    book = load_agreements(tmp_path)
    assert book.of(AgencyId("ashby-trust")) is None
    assert fix in str(book.problems[0])


def test_one_broken_agreement_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    agency(tmp_path, WHOLE)
    agency(tmp_path, WHOLE.replace("2027", "x"), "broken-trust")
    book = load_agreements(tmp_path)
    assert list(book.agreements) == ["ashby-trust"]
    assert {problem.file for problem in book.problems} == {"broken-trust/agreement.toml"}


def test_an_agreement_with_any_problem_is_not_used_in_part(tmp_path: Path) -> None:
    agency(tmp_path, WHOLE.replace("concurrency = 3", "concurrency = 0"))
    assert load_agreements(tmp_path).all() == ()


def test_a_missing_or_empty_folder_is_told(tmp_path: Path) -> None:
    assert "no such folder" in str(load_agreements(tmp_path / "nowhere").problems[0])
    assert "holds no agency" in str(load_agreements(tmp_path).problems[0])


def test_agreements_that_ended_or_end_soon_are_told(tmp_path: Path) -> None:
    agreement, _ = read_agreement(agency(tmp_path, WHOLE))
    assert agreement is not None
    told = {day: [note for _, note in expiry_notes([agreement], day)] for day in (date(2025, 1, 1), date(2026, 6, 1), date(2027, 12, 1), date(2028, 1, 1))}
    assert [len(notes) for notes in told.values()] == [1, 0, 1, 1]
    assert "not valid before 01 January 2026" in told[date(2025, 1, 1)][0]
    assert "ended on 31 December 2027; nothing is shared" in told[date(2028, 1, 1)][0]


def test_a_copied_folder_is_a_second_agency(tmp_path: Path) -> None:
    shutil.copytree(DEMONSTRATION / "northmoor-police", tmp_path / "eastmoor-police")
    book = load_agreements(tmp_path)
    assert [system.key for agreement in book.all() for system in agreement.systems] == ["eastmoor-police/records"]
