"""The queue as the system administrator uses it: stop, go on, send again, give up; and what each leaves in the audit."""

from __future__ import annotations

import re
from uuid import uuid4

import httpx
import pytest

from gateway.domain.events import EventKind
from tests.integration.joined_site import Person, Site, site

__all__ = ["site"]

LANE = "northmoor-nhs-trust/record"


@pytest.fixture(scope="module")
def administrator(site: Site) -> Person:
    """Who runs the gateway."""
    return site.sign_in("u-system-administrator")


@pytest.fixture
def dead(site: Site) -> list[str]:
    """Two messages of the trust's lane that were given up."""
    trust = site.program("trust-office")
    rows = trust.get(f"/case-lists/{site.list_id}/report").json()["rows"]
    known = [d["lookup_id"] for row in rows for cell in row["cells"] for d in cell["details"] if d["outcome"] == "KNOWN"]
    for lookup_id in known[:2]:
        assert trust.post(f"/look-ups/{lookup_id}/ask-again", headers={"Idempotency-Key": str(uuid4())}).status_code == 200
    with site.gateway.engine.begin() as connection:
        found = connection.exec_driver_sql(
            "UPDATE outbox_messages SET state = 'dead', settled_at = now(), reason = 'AGENCY_TIMEOUT' WHERE state = 'pending' AND lane = %s AND attempts = 0 RETURNING id", (LANE,)
        )
        return [str(row.id) for row in found]


def state(site: Site, message: str) -> str:
    with site.gateway.engine.connect() as connection:
        return str(connection.exec_driver_sql("SELECT state FROM outbox_messages WHERE id = %s", (message,)).scalar())


def test_given_up_messages_are_shown_by_id_and_reason_and_sent_again(site: Site, administrator: Person, dead: list[str]) -> None:
    page = administrator.page("/queue")
    assert all(message in page for message in dead)
    assert "did not answer in time" in page
    assert "sent again" not in page.lower().replace("send the ticked ones again", "")
    again = administrator.post_and_follow("/queue/replay", {"message": dead[:1]})
    assert "The message is on its way again" in again
    assert state(site, dead[0]) == "pending"
    assert state(site, dead[1]) == "dead"
    assert dead[0] not in administrator.page("/queue")


def test_who_can_only_look_is_told_what_a_message_carries_and_who_sends_it_again(site: Site, administrator: Person, dead: list[str]) -> None:
    page = site.sign_in("u-coordinator").page("/queue")
    assert 'data-label="Kind">look-up<' in page
    assert "A system administrator can send these again" in page
    assert "A system administrator can send these again" not in administrator.page("/queue")


def test_what_is_given_up_for_good_does_not_come_back(site: Site, administrator: Person, dead: list[str]) -> None:
    page = administrator.post_and_follow("/queue/withdraw", {"message": dead})
    assert "Given up for good" in page
    assert {state(site, message) for message in dead} == {"withdrawn"}
    assert administrator.post("/queue/replay", {"message": dead[:1]}).status_code == 404


def test_nothing_ticked_changes_nothing(site: Site, administrator: Person, dead: list[str]) -> None:
    for path in ("/queue/replay", "/queue/withdraw"):
        administrator.post_and_follow(path)
    assert {state(site, message) for message in dead} == {"dead"}


def test_a_paused_destination_says_so_until_it_goes_on(site: Site, administrator: Person) -> None:
    page = administrator.post_and_follow("/queue/pause", {"lane": LANE})
    assert '<span class="chip paused">Paused</span>' in page
    assert "Paused" not in administrator.post_and_follow("/queue/resume", {"lane": LANE})


def test_others_look_and_change_nothing(site: Site, dead: list[str]) -> None:
    for user in ("u-trust-representative", "u-coordinator"):
        person = site.sign_in(user)
        page = person.page("/queue")
        assert dead[0] in page
        assert 'type="checkbox"' not in page
        for path in ("/queue/replay", "/queue/withdraw"):
            assert person.post(path, {"message": dead}).status_code == 403
        assert person.post("/queue/pause", {"lane": LANE}).status_code == 403
    assert dead[0] not in site.sign_in("u-police-representative").page("/queue"), "another agency's destination"


def test_each_change_is_audited_with_who_made_it(site: Site, administrator: Person, dead: list[str]) -> None:
    administrator.post_and_follow("/queue/replay", {"message": dead[:1]})
    auditor = site.sign_in("u-auditor")
    page = auditor.post("/audit", {"thing": dead[0]}).text
    assert "u-system-administrator" in page
    with site.gateway.transaction() as work:
        assert EventKind.QUEUE_CHANGED in {event.kind for _, event in work.audit.about(dead[0])}


def test_the_api_offers_the_same_with_the_same_rights(site: Site, dead: list[str]) -> None:
    coordinator: httpx.Client = site.program()
    assert {letter["message_id"] for letter in coordinator.get("/queue/dead-letters").json()} >= set(dead)
    for act in ("replay", "withdrawal"):
        refused = coordinator.post(f"/queue/dead-letters/{dead[0]}/{act}", headers={"Idempotency-Key": str(uuid4())})
        assert (refused.status_code, refused.json()["code"]) == (403, "NOT_PERMITTED")
    assert not re.search(r"O.Brien|NM-\d", coordinator.get("/queue/dead-letters").text)
