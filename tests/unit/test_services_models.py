"""A model grades only after one person offered it and another approved it by name."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gateway.domain.actors import UserRole
from gateway.domain.errors import Code, Conflict, InvalidInput, NotFound, Refused
from gateway.domain.events import EventKind
from gateway.domain.lookup import LookupOutcome
from gateway.policy.identity.model import current, shipped_file
from gateway.services import models
from tests.unit.fakes import Desk
from tests.unit.scenes import AOIFE, COORDINATOR, REPRESENTATIVE, TRUST, actor, answer, everybody, found, lookup_at, received, record_of

TRAINER, APPROVER = actor("trainer", UserRole.SYSTEM_ADMINISTRATOR), actor("approver", UserRole.SYSTEM_ADMINISTRATOR)


def trained(version: str = "northmoor-2", **thresholds: float) -> bytes:
    raw = json.loads(shipped_file())
    raw["version"] = version
    raw["thresholds"] |= thresholds
    return json.dumps(raw).encode()


@pytest.fixture
def desk() -> Desk:
    desk = Desk(everybody()[0])
    received(desk)
    return desk


def graded(desk: Desk) -> tuple[LookupOutcome, str]:
    lookup = lookup_at(desk, TRUST, "Aoife")
    answer(desk, lookup, found(record_of(AOIFE, "R1")))
    held = desk.lookups.get(lookup.id)
    return held.outcome, held.model


def test_what_is_offered_grades_nothing_until_another_person_approves_it(desk: Desk) -> None:
    offered = models.offer_model(desk, TRAINER, trained(link=60.0))
    assert (offered.approved_by, graded(desk)) == (None, (LookupOutcome.KNOWN, current().version))
    with pytest.raises(Refused) as refused:
        models.approve_model(desk, TRAINER, "northmoor-2")
    assert refused.value.code is Code.APPROVER_IS_PROPOSER
    assert models.approve_model(desk, APPROVER, "northmoor-2").approved_by == APPROVER.user_id
    assert graded(desk) == (LookupOutcome.POSSIBLE, "northmoor-2")
    kinds = [e.kind for _, e in desk.audit.about("northmoor-2")]
    assert kinds == [EventKind.MODEL_OFFERED, EventKind.MODEL_APPROVED]


def test_the_model_of_the_release_can_be_taken_back(desk: Desk) -> None:
    models.offer_model(desk, TRAINER, trained(link=60.0))
    models.approve_model(desk, APPROVER, "northmoor-2")
    models.approve_model(desk, APPROVER, current().version)
    assert graded(desk) == (LookupOutcome.KNOWN, current().version)


def test_a_version_names_one_model_for_good(desk: Desk) -> None:
    models.offer_model(desk, TRAINER, trained())
    for content in (trained(link=7.0), shipped_file()):
        with pytest.raises(Conflict) as taken:
            models.offer_model(desk, TRAINER, content)
        assert taken.value.code is Code.MODEL_EXISTS


def _without_a_field() -> bytes:
    raw = json.loads(trained())
    del raw["fields"]["birth"]
    return json.dumps(raw).encode()


def _out_of_order() -> bytes:
    raw = json.loads(trained())
    raw["fields"]["given"]["different"]["stranger"] = 20.0
    return json.dumps(raw).encode()


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"[]", b"{}", b'"x"', _without_a_field(), _out_of_order(), trained("a b"), trained("../x"), trained("")],
    ids=["nothing", "no text", "a list", "empty", "a word", "a field missing", "out of order", "two words", "a path", "no name"],
)  # fmt: skip
def test_what_is_no_model_is_refused(desk: Desk, content: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        models.offer_model(desk, TRAINER, content)
    assert refused.value.code is Code.MODEL_REFUSED


def test_who_may_and_what_there_is(desk: Desk) -> None:
    for who in (COORDINATOR, REPRESENTATIVE):
        with pytest.raises(Refused):
            models.offer_model(desk, who, trained())
        with pytest.raises(Refused):
            models.approve_model(desk, who, current().version)
        assert [m.version for m in models.known_models(desk, who)] == [current().version]
    with pytest.raises(NotFound):
        models.approve_model(desk, APPROVER, "never-offered")


def test_answers_of_an_earlier_model_are_not_ruled_on_anew_by_the_next(desk: Desk) -> None:
    lookup = lookup_at(desk, TRUST, "Aoife")
    answer(desk, lookup, found(record_of(AOIFE, "R1", nhs_number=None, addresses=(), phones=())))
    before = desk.lookups.get(lookup.id)
    models.offer_model(desk, TRAINER, trained())
    models.approve_model(desk, APPROVER, "northmoor-2")
    declan = lookup_at(desk, TRUST, "Declan")
    answer(desk, declan, found(record_of(replace(AOIFE, names=declan_names(desk)), "R2")))
    assert desk.lookups.get(lookup.id) == before


def declan_names(desk: Desk):
    people = desk.case_lists.subjects([lookup_at(desk, TRUST, "Declan").subject_id])
    return next(iter(people.values())).person.names
