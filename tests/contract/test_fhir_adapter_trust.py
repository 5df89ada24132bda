"""The FHIR connector against the demonstration trust, a process that shares no code with it: every persona, every channel of an alert.

What the trust did is read from its ledger, and what others than staff see from its views, never from what the connector says.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from adapters.faults import Fault, Permanent, Transient, Unsure
from contracts.stubs.people import AgencyPerson
from gateway.domain.agreements import Capability, Limits
from gateway.domain.case_list import PersonName, Role
from gateway.domain.error_codes import Code
from gateway.domain.flags import ALERT_TEXT
from gateway.domain.identifiers import LocalIdentifier
from gateway.domain.lookup import Answer, AnswerKind
from gateway.domain.receipts import FlagFinding, FlagReport
from gateway.domain.releases import FlagRelease
from tests.contract.asked import about, action, alert, alert_check, alert_end, poll
from tests.contract.fhir_trust_asked import EVERYTHING, KEY, Trust, asked_about, ordinary, persona, run, running_trust

BOTH_WAYS = pytest.mark.parametrize("search", [False, True], ids=["match", "search"])


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trust]:
    with running_trust(tmp_path_factory.mktemp("keys")) as running:
        yield running


# -------------------------------------------------------------------------------------------------------------- look-ups


@BOTH_WAYS
def test_somebody_known_is_offered_with_what_the_record_says(trust: Trust, search: bool) -> None:
    person = ordinary(3)
    answer = trust.answers(asked_about(person), search=search)
    assert isinstance(answer, Answer)
    assert answer.kind is AnswerKind.CANDIDATES
    found = next(candidate for candidate in answer.candidates if candidate.record_id == person.local_id)
    assert found.names[0] == PersonName(person.family, person.given, tuple(person.middle))
    assert found.birth_dates[0].whole == person.birth_date
    assert found.nhs_number is not None
    assert found.nhs_number.value == person.nhs_number
    assert found.open_to_service is True


@BOTH_WAYS
def test_nobody_is_said_only_of_nobody(trust: Trust, search: bool) -> None:
    answer = trust.answers(about("Xylander", "Quentin", date(1931, 3, 3), system=KEY), search=search)
    assert isinstance(answer, Answer)
    assert (answer.kind, answer.candidates) == (AnswerKind.NOBODY, ())


@BOTH_WAYS
def test_somebody_who_is_not_open_to_services_is_said_to_be_so(trust: Trust, search: bool) -> None:
    person = ordinary(0, open_to_services=False)
    answer = trust.answers(asked_about(person), search=search)
    assert isinstance(answer, Answer)
    assert next(c for c in answer.candidates if c.record_id == person.local_id).open_to_service is False


@BOTH_WAYS
def test_by_the_trusts_own_number(trust: Trust, search: bool) -> None:
    person = ordinary(5)
    number = LocalIdentifier("https://northmoor-nhs-trust.example/id/hospital-number", person.local_id)
    asked = about("", numbers=(number,), born=None, system=KEY)
    answer = trust.answers(asked, search=search)
    assert isinstance(answer, Answer)
    assert [candidate.record_id for candidate in answer.candidates] == [person.local_id]


@BOTH_WAYS
def test_under_an_alias_and_a_second_date_of_birth(trust: Trust, search: bool) -> None:
    person = ordinary(7)
    asked = about("Xylander", "Quentin", date(1931, 3, 3), aliases=(PersonName(person.family, person.given),),
                  also_born=(person.birth_date,), system=KEY)  # fmt: skip
    answer = trust.answers(asked, search=search)
    assert isinstance(answer, Answer)
    assert person.local_id in {candidate.record_id for candidate in answer.candidates}


def test_a_date_that_was_mistyped_is_found_by_the_year(trust: Trust) -> None:
    person = ordinary(9)
    day = 28 if person.birth_date.day != 28 else 27
    answer = trust.answers(about(person.family, person.given, person.birth_date.replace(day=day, month=12), system=KEY), search=True)
    assert isinstance(answer, Answer)
    assert person.local_id in {candidate.record_id for candidate in answer.candidates}


@BOTH_WAYS
def test_a_restricted_record_is_found_although_a_postcode_was_allowed(trust: Trust, search: bool) -> None:
    """The trust, as PDS, leaves restricted people out of any search that carries a postcode."""
    person = persona("restricted")
    answer = trust.answers(replace(asked_about(person), postcode="ZZ9 4AA"), search=search)
    assert isinstance(answer, Answer)
    assert [(c.record_id, c.restricted, c.addresses) for c in answer.candidates] == [(person.local_id, True, ())]


@BOTH_WAYS
def test_a_record_that_was_merged_away_names_the_survivor(trust: Trust, search: bool) -> None:
    person = persona("superseded")
    answer = trust.answers(asked_about(person), search=search)
    assert isinstance(answer, Answer)
    held = {candidate.record_id: candidate.superseded_by for candidate in answer.candidates}
    assert held[person.local_id]
    assert held[person.local_id] != person.local_id


@BOTH_WAYS
def test_the_dead_are_marked(trust: Trust, search: bool) -> None:
    answer = trust.answers(asked_about(persona("deceased")), search=search)
    assert isinstance(answer, Answer)
    assert [candidate.deceased for candidate in answer.candidates] == [True]


@BOTH_WAYS
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("too_many", (AnswerKind.TOO_MANY, Code.TOO_MANY_MATCHES)),
        ("wrong_person", (AnswerKind.FAILED, Code.REPLY_OTHER_RECORD)),
        ("html_with_200", (Transient, Code.REPLY_UNREADABLE)),
        ("truncated", (Transient, Code.REPLY_UNREADABLE)),
        ("never_answers", (Transient, Code.AGENCY_TIMEOUT)),
        ("server_error", (Transient, Code.AGENCY_FAULT)),
        ("huge", (Permanent, Code.REPLY_TOO_LARGE)),
    ],
)
def test_what_cannot_be_trusted_is_no_hit_and_not_nobody(trust: Trust, search: bool, name: str, expected: tuple[object, Code]) -> None:
    found = trust.answers(asked_about(persona(name)), search=search)
    if isinstance(found, Fault):
        assert (type(found), found.reason) == expected
    else:
        assert (found.kind, found.reason, found.candidates) == (*expected, ())


def test_what_passes_is_asked_again_and_when_the_trust_says(trust: Trust) -> None:
    busy = [trust.answers(asked_about(persona("busy_twice"))) for _ in range(3)]
    assert [type(found) for found in busy] == [Transient, Transient, Answer]
    limited, then = (trust.answers(asked_about(persona("rate_limited_once"))) for _ in range(2))
    assert isinstance(limited, Transient)
    assert limited.retry_after_s == 1.0
    assert isinstance(then, Answer)


def test_more_than_a_page_is_read_whole(trust: Trust) -> None:
    """A common name without a date: more than one page, or more than the trust tells; never a part taken for all."""
    counts: dict[tuple[str, str], int] = {}
    from tests.contract.fhir_trust_asked import PEOPLE

    for person in PEOPLE.values():
        if person.persona is None:
            counts[person.family, person.given] = counts.get((person.family, person.given), 0) + 1
    family, given = max(counts, key=lambda name: counts[name])
    answer = trust.answers(about(family, given, None, system=KEY), search=True)
    assert isinstance(answer, Answer)
    assert answer.kind in (AnswerKind.CANDIDATES, AnswerKind.TOO_MANY)
    if answer.kind is AnswerKind.CANDIDATES:
        assert len(answer.candidates) >= counts[family, given]


def test_nothing_identifying_is_in_an_address(trust: Trust) -> None:
    """The trust notes each look-up with the body it came with; one that came in an address would have been noted with that."""
    before = len(trust.running.ledger("lookup"))
    person = ordinary(11)
    trust.answers(asked_about(person), search=True)
    noted = trust.running.ledger("lookup")[before:]
    assert [entry["what"] for entry in noted] == ["lookup.search"]
    assert uuid.UUID(noted[0]["key"]).version == 4  # X-Request-ID: random, and nothing else about us


def test_a_capability_that_is_not_agreed_is_not_used(trust: Trust) -> None:
    nothing = trust.destination(frozenset())
    asked = asked_about(ordinary())
    for found in (
        run(nothing, lambda c: c.look_up(asked, False)),
        run(nothing, lambda c: c.place_flag(alert("NM1"), False)),
        run(nothing, lambda c: c.send_action(action("x"), False)),
        run(nothing, lambda c: c.poll_actions(poll("x"), False)),
    ):
        assert isinstance(found, Permanent)
        assert found.reason is Code.KIND_NOT_SUPPORTED


# ---------------------------------------------------------------------------------------------------------------- alerts


def unique(person: AgencyPerson, role: Role = Role.VICTIM) -> FlagRelease:
    return alert(person.local_id, identifier=str(uuid.uuid4()), text=ALERT_TEXT[role])


def place(trust: Trust, release: FlagRelease, unsure: bool = False, **options: str) -> FlagReport | Fault:
    return run(trust.destination(**options), lambda c: c.place_flag(release, unsure))


def finding(found: FlagReport | Fault) -> FlagFinding:
    assert isinstance(found, FlagReport), found
    return found.finding


def effects(trust: Trust, release: FlagRelease) -> list[str]:
    """What the trust wrote under this alert's identifier."""
    return [entry["what"] for entry in trust.running.ledger("flag") if entry["key"].endswith(release.identifier)]


SWITCHED = ("flag.update.inactive", "flag.update.active")
"""What is done to an alert that stands already, to compare the subject's side without it and with it."""


@pytest.mark.parametrize("role", [Role.VICTIM, Role.PERPETRATOR])
def test_an_alert_is_placed_seen_by_staff_and_by_nobody_else(trust: Trust, role: Role) -> None:
    person = ordinary(20 if role is Role.VICTIM else 21)
    before = trust.running.views(person.local_id)
    release = unique(person, role)
    report = place(trust, release)
    assert finding(report) is FlagFinding.PLACED
    assert trust.running.views(person.local_id) == before
    assert len(before) >= 10
    chart = trust.running.control.get(f"/staff/patients/{person.local_id}", headers=staff(trust)).json()
    assert [shown["code"] for shown in chart["alerts"]] == [{"text": ALERT_TEXT[role]}]
    assert effects(trust, release) == ["flag.create"]


def staff(trust: Trust) -> dict[str, str]:
    return {"Authorization": f"Bearer {trust.running.staff('sign-in', {'as': 'staff'})['access_token']}"}


def test_placed_twice_it_stands_once(trust: Trust) -> None:
    release = unique(ordinary(22))
    reports = [place(trust, release), place(trust, release), place(trust, release, unsure=True)]
    assert {finding(report) for report in reports} == {FlagFinding.PLACED}
    assert len({report.remote_id for report in reports if isinstance(report, FlagReport)}) == 1
    assert effects(trust, release).count("flag.create") == 1


def test_without_conditional_create_it_is_looked_for_first(trust: Trust) -> None:
    release = unique(ordinary(23))
    target = trust.destination(EVERYTHING - {Capability.CONDITIONAL_CREATE})
    for _ in range(2):
        assert finding(run(target, lambda c: c.place_flag(release, False))) is FlagFinding.PLACED
    assert effects(trust, release) == ["flag.create", *SWITCHED]


def test_a_time_out_after_the_trust_stored_it_is_found_and_not_repeated(trust: Trust) -> None:
    release = unique(persona("flag_times_out_after_storing"))
    first = place(trust, release)
    assert isinstance(first, Unsure)
    assert first.reason is Code.AGENCY_TIMEOUT
    assert len(first.digest) == 32
    assert finding(place(trust, release, unsure=True)) is FlagFinding.PLACED
    assert effects(trust, release) == ["flag.create", *SWITCHED]
    run(trust.destination(), lambda c: c.end_flag(alert_end(release), False))


@pytest.mark.parametrize("leaking", ["notifications", "kiosk", "clinic list"])
def test_a_leak_without_words_is_found_also_after_a_time_out(trust: Trust, leaking: str) -> None:
    """These outputs tell that there is something, in no words of ours; that only shows when they are compared."""
    person = persona("flag_times_out_after_storing")
    trust.running.control.put("/__staff/leaks", json={"outputs": [leaking]}).raise_for_status()
    try:
        release = unique(person)
        assert isinstance(place(trust, release), Unsure)
        assert finding(place(trust, release, unsure=True)) is FlagFinding.SEEN_BY_SUBJECT
        twice = unique(ordinary(33))
        assert finding(place(trust, twice)) is FlagFinding.SEEN_BY_SUBJECT
        assert finding(place(trust, twice)) is FlagFinding.SEEN_BY_SUBJECT  # 200 by If-None-Exist
        for each in (release, twice):
            run(trust.destination(), lambda c, each=each: c.end_flag(replace(alert_end(each), error=True), False))
    finally:
        trust.running.control.put("/__staff/leaks", json={"outputs": []}).raise_for_status()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("flag_answers_but_stores_nothing", FlagFinding.NOT_THERE),
        ("flag_lands_on_another_patient", FlagFinding.WRONG_RECORD),
        ("flag_text_altered", FlagFinding.ALTERED),
        ("flag_refused", FlagFinding.REFUSED),
        ("portal_ignores_labels", FlagFinding.SEEN_BY_SUBJECT),
    ],
)
def test_what_did_not_go_as_it_should_is_found_and_can_be_taken_back(trust: Trust, name: str, expected: FlagFinding) -> None:
    person = persona(name)
    before = trust.running.views(person.local_id)
    release = unique(person)
    assert finding(place(trust, release)) is expected
    taken_back = run(trust.destination(), lambda c: c.end_flag(replace(alert_end(release), error=True), False))
    assert finding(taken_back) is FlagFinding.ENDED
    assert effects(trust, release) in (["flag.create", "flag.update.entered-in-error"], [])
    if name != "portal_ignores_labels":
        assert trust.running.views(person.local_id) == before


def test_nothing_is_written_where_the_subjects_side_cannot_be_looked_at(trust: Trust) -> None:
    for options in ({"subject_view_99": "/portal/no-such-view/{record_id}"}, dict.fromkeys(trust.views, "")):
        release = unique(ordinary(24))
        report = place(trust, release, **options)
        assert finding(report) is FlagFinding.NOT_HIDDEN_PROVABLY
        assert effects(trust, release) == []


def test_a_record_that_is_not_there_is_refused(trust: Trust) -> None:
    release = alert("NM7999999", identifier=str(uuid.uuid4()))
    assert finding(place(trust, release)) is FlagFinding.NOT_HIDDEN_PROVABLY
    assert effects(trust, release) == []


def test_an_alert_that_staff_changed_or_moved_is_found_by_a_check(trust: Trust) -> None:
    person, other = ordinary(25), ordinary(26)
    for edit, expected in (({"text": "see notes"}, FlagFinding.ALTERED), ({"patient": other.local_id}, FlagFinding.WRONG_RECORD)):
        release = unique(person)
        report = place(trust, release)
        assert isinstance(report, FlagReport)
        trust.running.control.post(f"/staff/flags/{report.remote_id}/edit", json=edit, headers=staff(trust)).raise_for_status()
        check = replace(alert_check(release), remote_id=report.remote_id)
        found = run(trust.destination(), lambda c, check=check: c.check_flag(check, False))
        assert finding(found) is expected
        run(trust.destination(), lambda c, release=release: c.end_flag(alert_end(release), False))


@pytest.mark.parametrize("name", [None, "edited_in_between", "conflict_says_409"])
def test_an_alert_is_ended_also_when_somebody_saves_in_between(trust: Trust, name: str | None) -> None:
    release = unique(persona(name) if name else ordinary(27))
    report = place(trust, release)
    assert isinstance(report, FlagReport)
    end = replace(alert_end(release), remote_id=report.remote_id)
    assert finding(run(trust.destination(), lambda c: c.end_flag(end, False))) is FlagFinding.ENDED
    assert finding(run(trust.destination(), lambda c: c.end_flag(end, True))) is FlagFinding.ENDED
    assert effects(trust, release) == ["flag.create", "flag.update.inactive"]
    checked = run(trust.destination(), lambda c: c.check_flag(alert_check(release), False))
    assert finding(checked) is FlagFinding.ALTERED


def test_an_alert_of_somebody_else_on_the_same_record_is_not_touched(trust: Trust) -> None:
    person = ordinary(28)
    theirs, ours = unique(person), unique(person)
    for release in (theirs, ours):
        assert finding(place(trust, release)) is FlagFinding.PLACED
    assert finding(run(trust.destination(), lambda c: c.end_flag(alert_end(ours), False))) is FlagFinding.ENDED
    assert effects(trust, theirs) == ["flag.create"]
    kept = run(trust.destination(), lambda c: c.check_flag(alert_check(theirs), False))
    assert finding(kept) is FlagFinding.PLACED


def test_an_id_that_now_holds_something_else_is_left_alone(trust: Trust) -> None:
    """The id that we remember carries another identifier: whatever it is, it is not ours to end."""
    theirs = unique(ordinary(29))
    report = place(trust, theirs)
    assert isinstance(report, FlagReport)
    end = replace(alert_end(unique(ordinary(29))), remote_id=report.remote_id)
    found = run(trust.destination(), lambda c: c.end_flag(end, False))
    assert isinstance(found, FlagReport)
    assert (found.finding, found.reason) == (FlagFinding.ALTERED, Code.IDENTIFIER_NOT_OURS)
    assert effects(trust, theirs) == ["flag.create"]


# ------------------------------------------------------------------------------------------------------------ work items


def test_an_action_becomes_work_in_nobodys_compartment(trust: Trust) -> None:
    person = ordinary(30)
    before = trust.running.views(person.local_id)
    reference = str(uuid.uuid4())
    for unsure in (False, False, True):
        sent = run(trust.destination(), lambda c, unsure=unsure: c.send_action(action(reference), unsure))
        assert not isinstance(sent, Fault)
        assert sent.accepted
        assert sent.remote_id
    created = [e for e in trust.running.ledger("task.create") if e["key"].endswith(reference)]
    assert [(entry["what"], entry["subject"]) for entry in created] == [("task.create", "")]
    assert trust.running.views(person.local_id) == before


@pytest.mark.parametrize(("code", "outcome"), [("completed", "completed"), ("not-possible", "not_possible"), ("not-done", "not_done")])
def test_the_trusts_own_answer_comes_back_by_a_poll(trust: Trust, code: str, outcome: str) -> None:
    reference, other = str(uuid.uuid4()), str(uuid.uuid4())
    for each in (reference, other):
        run(trust.destination(), lambda c, each=each: c.send_action(action(each), False))
    asked = poll(reference, other, "never-sent")
    nothing_yet = run(trust.destination(), lambda c: c.poll_actions(asked, False))
    assert not isinstance(nothing_yet, Fault)
    assert nothing_yet.completions == ()
    told = {"code": code, "detail": "Seen on the ward", "finishedBy": "Duty desk"}
    trust.running.staff(f"work-items/urn:uuid:{reference}/finish", told)
    reports = [run(trust.destination(), lambda c: c.poll_actions(asked, False)) for _ in range(2)]
    for report in reports:
        assert not isinstance(report, Fault)
        assert report.present == {reference, other}
        assert [(c.reference, c.outcome, c.detail) for c in report.completions] == [(reference, outcome, "Seen on the ward")]
    assert reports[0] == reports[1]


def test_many_references_are_asked_in_several_searches(trust: Trust) -> None:
    references = [str(uuid.uuid4()) for _ in range(3)]
    for each in references:
        run(trust.destination(), lambda c, each=each: c.send_action(action(each), False))
    many = poll(*(str(uuid.uuid4()) for _ in range(90)), *references)
    for options in ({}, {"or_lists": "no"}):
        found = run(trust.destination(limits=Limits(timeout_s=5), **options), lambda c: c.poll_actions(many, False))
        assert not isinstance(found, Fault)
        assert found.present == set(references)


# ----------------------------------------------------------------------------------------------------------- credentials


def test_a_token_that_was_forgotten_is_fetched_anew(trust: Trust) -> None:
    target = trust.destination()
    asked = asked_about(ordinary(31))
    assert isinstance(run(target, lambda c: c.look_up(asked, False)), Answer)
    kept = dict(target.tokens)
    assert isinstance(run(target, lambda c: c.look_up(asked, False)), Answer)
    assert dict(target.tokens) == kept  # a token serves the next run of the relay as well
    trust.running.staff("forget-tokens")
    assert isinstance(run(target, lambda c: c.look_up(asked, False)), Answer)
    assert dict(target.tokens) != kept
    release = unique(ordinary(32))
    trust.running.staff("forget-tokens")
    assert finding(run(target, lambda c: c.place_flag(release, False))) is FlagFinding.PLACED


@pytest.mark.parametrize("changes", [{"client_id": "somebody-else"}, {"private_key": "another"}])
def test_credentials_that_are_refused_can_be_mended_meanwhile(trust: Trust, changes: dict[str, str]) -> None:
    from joserfc import jwk

    given = {"client_id": "northmoor-exchange", "private_key": trust.key} | changes
    if "private_key" in changes:
        given["private_key"] = jwk.ECKey.generate_key("P-384").as_pem(private=True).decode()
    found = run(trust.destination(credentials=given), lambda c: c.look_up(asked_about(ordinary()), False))
    assert isinstance(found, Transient)
    assert found.reason is Code.CREDENTIALS_REFUSED


def test_an_rsa_key_opens_as_well(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_trust(tmp_path_factory.mktemp("keys"), kind="RSA") as other:
        assert isinstance(other.answers(asked_about(ordinary())), Answer)
