"""Why a record stands as it does: on the page, in the API and on the command line, the same words and the same sum."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.__main__ import app
from gateway.domain.lookup import LookupOutcome
from gateway.policy.identity.model import current, shipped_file
from tests.integration.joined_site import Site, site
from tests.integration.test_commands import Command, command, quiet_logging, read

__all__ = ["command", "quiet_logging", "site"]


@pytest.fixture(scope="module")
def waiting(site: Site) -> dict[str, str]:
    """The API's own possible matches of the trust."""
    found = site.program("trust-office").get(f"/case-lists/{site.list_id}/possible-matches").json()
    return next(match for match in found if match["candidates"])


def test_the_api_gives_bars_that_add_up_and_the_rule(site: Site, waiting) -> None:
    assert waiting["model"] == current().version
    told = waiting["candidates"][0]["explanation"]
    assert sum(bar["bits"] for bar in told["bars"]) == pytest.approx(told["score"], abs=1e-9)
    assert (told["verdict"], bool(told["rule"])) == ("review", True)
    assert (told["bars"][0]["what"], told["bars"][-1]["what"]) == ("before", "relative")
    one = site.program("trust-office").get(f"/look-ups/{waiting['lookup_id']}").json()
    assert one["candidates"] == waiting["candidates"]
    assert site.program("coordinator-office").get(f"/look-ups/{waiting['lookup_id']}").status_code == 403


def test_the_page_shows_a_picture_with_its_words_beside_it(site: Site, waiting) -> None:
    page = site.sign_in("u-trust-representative").page(f"/lists/{site.list_id}/review")
    section = page[page.index(f'id="h-{waiting["lookup_id"]}"') :]
    section = section[: section.index("</section>")]
    [picture, *_] = re.findall(r"<svg class=\"waterfall\".*?</svg>", section, re.DOTALL)
    assert 'role="img"' in picture
    labelled = re.search(r'aria-labelledby="([^"]+)"', picture)
    assert labelled
    assert all(f'id="{name}"' in picture and page.count(f'id="{name}"') == 1 for name in labelled[1].split())
    told = waiting["candidates"][0]["explanation"]
    for bar in told["bars"]:
        assert f"{bar['bits']:+.1f}" in picture
        assert bar["sentence"].replace("'", "&#39;") in section
    assert told["rule"].replace("'", "&#39;") in section
    assert "<script" not in section
    assert "style=" not in section


def test_the_command_line_says_the_same(site: Site, waiting, quiet_logging: None) -> None:
    settings = site.gateway.settings
    environment = {
        "DATABASE_URL": settings.database_url.get_secret_value(), "REDIS_URL": settings.redis_url.get_secret_value(), "MARAC_ENV": "demo",
        "MARAC_KEY_FILE": str(settings.key_file), "MARAC_AGENCIES": str(settings.agencies),
    }  # fmt: skip
    words = ["match", "explain", waiting["lookup_id"], "--as", "u-trust-representative"]
    document = json.loads(CliRunner().invoke(app, [*words, "--json"], env=environment).stdout)
    told = waiting["candidates"][0]["explanation"]
    assert document[0]["bars"] == told["bars"]
    assert (document[0]["score"], document[0]["rule"]) == (told["score"], told["rule"])
    ended = CliRunner().invoke(app, words, env=environment)
    assert ended.exit_code == 0
    assert f"REVIEW: {told['rule']}" in ended.stdout


def test_known_and_unknown_have_their_model_in_the_store(site: Site) -> None:
    with site.gateway.transaction() as work:
        answered = [k for k in work.lookups.of_list(site.list_id) if k.answered_at]
    assert {k.outcome for k in answered} >= {LookupOutcome.KNOWN, LookupOutcome.POSSIBLE, LookupOutcome.NOT_KNOWN}
    assert {k.model for k in answered} == {current().version}


def test_models_are_offered_by_one_and_approved_by_another(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "model.json"
    file.write_text(json.dumps(json.loads(shipped_file()) | {"version": "northmoor-2"}), encoding="utf-8")
    assert [m["in_use"] for m in read(command("match", "models", "--as", "u-system-administrator", "--json"))] == [True]
    assert command("match", "offer", str(file), "--as", "u-coordinator").exit_code == 1
    assert command("match", "offer", str(file), "--as", "u-system-administrator").exit_code == 0
    refused = command("match", "approve", "northmoor-2", "--as", "u-system-administrator", "--json")
    assert json.loads(refused.stderr)["code"] == "APPROVER_IS_PROPOSER"
    assert command("match", "approve", "northmoor-2", "--as", "u-second-administrator").exit_code == 0
    kept = {m["version"]: m for m in read(command("match", "models", "--as", "u-auditor", "--json"))}
    assert (kept["northmoor-2"]["in_use"], kept["northmoor-2"]["approved_by"]) == (True, "u-second-administrator")
    assert kept[current().version]["in_use"] is False
