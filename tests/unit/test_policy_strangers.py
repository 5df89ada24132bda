"""Work that names somebody of the list, or says why, goes by the representative; other work goes into the agency's own system."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from gateway.domain.actions import ActionState
from gateway.domain.case_list import Address, BirthDate, Person, PersonName, Phone
from gateway.domain.errors import Code
from gateway.domain.identifiers import LocalIdentifier, NhsNumber
from gateway.domain.tasks import TaskKind
from gateway.policy.strangers import names_any
from gateway.services.actions import NewAction, assign
from tests.unit.fakes import Desk, MemoryHolidays
from tests.unit.scenes import COORDINATOR, TRUST, everybody, received

GRACE = Person(
    (PersonName("O\'Hara-Bello", "Grace May"), PersonName("Zzyzx", "Gracie")), (BirthDate.of(date(1988, 3, 14)), BirthDate(1989)), None,
    NhsNumber("9990000018"), (LocalIdentifier("ashby", "NM0001234"),), (Address(("1 Mill Lane",), "ZZ9 4AA"),), (Phone("07700 900701"),),
)  # fmt: skip


@pytest.mark.parametrize("text", [
    "See Grace alone", "Ring Ms Bello", "Ring GRACE", "visit Zzyzx\'s mother", "the O\'Hara-Bello family", "gracie zzyzx is to be seen", "NHS 999 000 0018", "999-000-0018",
    "born 14/03/1988", "born 1988-03-14", "07700 900 701", "+44 7700 900701", "at ZZ9 4AA", "at zz94aa", "record NM 0001234", "Write to Grace, please",
])  # fmt: skip
def test_who_is_named_is_seen(text: str) -> None:
    assert names_any(text, [GRACE])


@pytest.mark.parametrize("text", [
    "See the client alone at the next appointment", "within a grace period", "Hold a move open for 28 days", "appointments of the last 12 months", "", "Ring 101", "Born leader",
])  # fmt: skip
def test_ordinary_words_name_nobody(text: str) -> None:
    assert not names_any(text, [GRACE])
    assert not names_any(text, [])


@pytest.mark.parametrize(("text", "owner", "reason"), [
    ("See Aoife alone", "Midwife", Code.MESSAGE_NAMES_ANOTHER),
    ("Tell the perpetrator nothing", "Midwife", Code.MESSAGE_TELLS_WHY),
    ("See the client alone", "Idva", Code.MESSAGE_TELLS_WHY),
])  # fmt: skip
def test_such_work_is_the_representatives_and_nothing_leaves(text: str, owner: str, reason: Code) -> None:
    desk = Desk(*everybody())
    received(desk)
    desk.outbox.leave()
    [list_id] = desk.case_lists.issues
    [action] = assign(desk, COORDINATOR, list_id, (NewAction("NM-1", TRUST, text, owner),), MemoryHolidays())
    assert action.state is ActionState.WITH_REPRESENTATIVE
    assert desk.outbox.leave() == []
    assert [task.reason for task in desk.tasks.open_of(TRUST) if task.kind is TaskKind.DO_ACTION] == [reason]


def test_the_demonstrations_own_actions_can_all_be_sent() -> None:
    folder = Path(__file__).parents[2] / "contracts" / "demonstration"
    with (folder / "case-list.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    people = [
        Person((PersonName(cell, row.get(heading.replace("surname", "first name"), "") or ""),))
        for row in rows for heading, cell in ((name.lower(), value) for name, value in row.items()) if "surname" in heading and cell
    ]  # fmt: skip
    assert len(people) > 20
    with (folder / "actions.csv").open(encoding="utf-8-sig", newline="") as file:
        assert not [row["Action"] for row in csv.DictReader(file) if names_any(f"{row['Owner']} {row['Action']}", people)]
