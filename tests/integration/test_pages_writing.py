"""Proof and stop as people and programs use it: the page, the API and the commands, and what each may do."""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx
import pytest
from typer.testing import CliRunner, Result

from gateway.cli.__main__ import app
from gateway.domain.flags import FlagState
from gateway.domain.identifiers import FlagId
from tests.integration.joined_site import Person, Site, site

__all__ = ["site"]

TRUST = "northmoor-nhs-trust/record"


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


@pytest.fixture
def runner(site: Site, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    settings = site.gateway.settings
    given = {
        "DATABASE_URL": settings.database_url.get_secret_value(), "REDIS_URL": settings.redis_url.get_secret_value(), "MARAC_ENV": "demo",
        "MARAC_KEY_FILE": str(settings.key_file), "MARAC_DATA": str(settings.data), "MARAC_USERS": str(settings.users), **site.neighbourhood.environment,
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return CliRunner()


def command(runner: CliRunner, user: str, *words: str) -> Result:
    return runner.invoke(app, [*words, "--as", user])


def test_the_page_says_where_alerts_are_written_and_where_people_are_only_looked_up(site: Site) -> None:
    page = site.sign_in("u-coordinator").page("/writing")
    assert "Proven" in page
    assert page.count("No alerts") == 4
    assert "STOP ALL WRITING" in page
    assert page.count("Stop writing here") == 5
    own = site.sign_in("u-police-representative").page("/writing")
    assert "Northmoor Police" in own
    assert "Northmoor NHS Trust" not in own
    assert "STOP ALL WRITING" not in own
    assert site.sign_in("u-auditor").get("/writing").status_code == 403


def test_one_person_stops_all_on_the_page_and_two_restart(site: Site) -> None:
    coordinator, administrator = site.sign_in("u-coordinator"), site.sign_in("u-system-administrator")
    try:
        assert "ALL WRITING IS STOPPED" in coordinator.post_and_follow("/writing/stop", {"system": "*"})
        assert "ALL WRITING IS STOPPED" in site.sign_in("u-homes-representative").page("/writing")
        assert "Writing to a system is stopped" in site.sign_in("u-homes-representative").page("/tasks")
        assert "Another person must confirm it" in coordinator.post_and_follow("/writing/restart", {"system": "*"})
        assert coordinator.post("/writing/restart", {"system": "*"}).status_code == 403
    finally:
        assert "Confirm the restart" in administrator.page("/writing")
        assert "STOP ALL WRITING" in administrator.post_and_follow("/writing/restart", {"system": "*"})


def test_programs_stop_their_own_system_and_no_other(site: Site) -> None:
    trust, office = site.program("trust-office"), site.program()
    mine = {s["system"]: s for s in trust.get("/writing/systems").json()}
    assert list(mine) == [TRUST]
    assert (mine[TRUST]["state"], mine[TRUST]["lacks"], mine[TRUST]["stopped"]) == ("proven", [], False)
    assert trust.post("/writing/stop", json={"system": "*"}, headers=key()).status_code == 403
    assert trust.post("/writing/stop", json={"system": "northmoor-police/records"}, headers=key()).status_code == 404
    assert trust.post("/writing/stop", json={"system": TRUST}, headers=key()).json()["stopped"] is True
    assert [s["system"] for s in trust.get("/writing/stops").json()] == [TRUST]
    asked = trust.post("/writing/restart", json={"system": TRUST}, headers=key()).json()
    assert (asked["stopped"], asked["restart_asked"]) == (True, True)
    assert trust.post("/writing/restart", json={"system": TRUST}, headers=key()).json()["code"] == "SECOND_PERSON_NEEDED"
    assert office.post("/writing/restart", json={"system": TRUST}, headers=key()).json()["stopped"] is False
    assert trust.get("/writing/stops").json() == []
    signed = trust.post("/writing/signatures", json={"system": TRUST, "output": "summary"}, headers=key())
    assert signed.json()["code"] == "OUTPUT_NOT_BY_HAND"


def test_the_commands(site: Site, runner: CliRunner) -> None:
    shown = command(runner, "u-trust-representative", "agency", "proofs", "--json")
    assert shown.exit_code == 0, shown.output
    assert '"proven"' in shown.output
    assert command(runner, "u-trust-representative", "writing", "stops").exit_code == 0
    assert command(runner, "u-trust-representative", "writing", "stop", TRUST).exit_code == 0
    assert command(runner, "u-trust-representative", "writing", "stops").exit_code == 1
    assert command(runner, "u-trust-representative", "writing", "restart", TRUST).exit_code == 1
    assert command(runner, "u-trust-lead", "writing", "restart", TRUST).exit_code == 0
    nothing = command(runner, "u-police-representative", "agency", "probe", "northmoor-police")
    assert nothing.exit_code == 1
    assert "LOOKUP_ONLY" in nothing.stderr
    assert command(runner, "u-trust-lead", "agency", "sign", TRUST, "summary").exit_code == 1


def test_a_leak_that_begins_later_is_found_by_the_command_and_stops_the_system(site: Site, runner: CliRunner) -> None:
    stand_in = site.neighbourhood.played["northmoor-nhs-trust"].base
    httpx.put(f"{stand_in}/__staff/leaks", json={"leaks": ["letters-merge-alerts"]}).raise_for_status()
    try:
        failed = command(runner, "u-trust-representative", "agency", "probe", "northmoor-nhs-trust")
        assert failed.exit_code == 1, failed.output
        assert "referral_letter" in failed.stdout
        page = site.sign_in("u-trust-lead").page("/writing")
        assert "an alert may show" in page
        assert "Writing is stopped here" in page
        assert "Referral letter" in page or "referral letter" in page
        assert "A probe failed" in site.sign_in("u-trust-representative").page("/tasks")
    finally:
        httpx.put(f"{stand_in}/__staff/leaks", json={"leaks": []}).raise_for_status()
    again = command(runner, "u-trust-representative", "agency", "probe", "northmoor-nhs-trust")
    assert again.exit_code == 0, again.output
    command(runner, "u-trust-representative", "writing", "restart", TRUST)
    assert command(runner, "u-trust-lead", "writing", "restart", TRUST).exit_code == 0


def placed(site: Site, representative: Person, lead: Person) -> tuple[str, str]:
    """The address of the page of an alert that was read back, and its id."""
    trust = site.program("trust-office")
    rows = trust.get(f"/case-lists/{site.list_id}/report").json()["rows"]
    for row in rows:
        if row["role"] not in ("victim", "perpetrator"):
            continue
        made = trust.post("/alerts", json={"subject_id": row["subject_id"], "agency": "northmoor-nhs-trust"}, headers=key())
        alert = made.json().get("flag") if made.status_code == 201 else None
        if alert and made.json()["verdict"] == "place":
            path = f"/lists/{site.list_id}/alerts/{alert['flag_id']}"
            lead.post_and_follow(f"{path}/approval", {"content_hash": alert["content_hash"], "version": alert["version"]})
            if reached(site, alert["flag_id"], FlagState.PLACED):
                return path, alert["flag_id"]
    pytest.fail("no alert could be placed")


def reached(site: Site, alert: str, state: FlagState) -> bool:
    """Whether the alert came to this state; what is on its way is delivered until it has ended one way or another."""
    on_its_way = {FlagState.PLACING, FlagState.UNSURE, FlagState.WITHDRAWING}
    for _ in range(20):
        with site.gateway.transaction() as work:
            found = work.flags.get(FlagId(UUID(alert))).state
        if found not in on_its_way:
            break
        site.deliver()
    return found is state


def test_a_recall_shows_where_it_went_and_that_it_is_gone(site: Site) -> None:
    representative, lead = site.sign_in("u-trust-representative"), site.sign_in("u-trust-lead")
    path, alert = placed(site, representative, lead)
    assert "Where it went" in lead.page(path)
    assert "Known to be gone" in lead.post_and_follow(f"{path}/recall")
    assert reached(site, alert, FlagState.WITHDRAWN)
    proof = site.program("trust-office").get(f"/alerts/{alert}/recall").json()
    assert (proof["state"], proof["proved"], proof["known_by"]) == ("withdrawn", True, "read back")
    assert "Read back as removed" in lead.page(path)
