"""Matching models on their pages: offered by one administrator, read through, approved by another; told by the file itself."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from gateway.bulk.reporting import Calibration, Taught, Training
from gateway.policy.identity.model import current, shipped_file
from tests.integration.joined_site import Person, Site, site

__all__ = ["site"]

RELEASED = hashlib.sha256(shipped_file()).hexdigest()
TRAINING = Training(41_207, current().version, [Taught("one date of birth", 900, 7, 0.05)], [Calibration("0.95 to 0.99", 88, 0.971, 0.966)])


def trained(version: str, **more: object) -> bytes:
    """A model that moves one level by more than a bit, with what its training told."""
    raw = json.loads(shipped_file()) | {"version": version, "training": TRAINING.filed(), **more}
    raw["fields"]["nhs"]["same"]["stranger"] += 2
    return json.dumps(raw).encode()


@pytest.fixture(scope="module")
def administrators(site: Site) -> tuple[Person, Person]:
    return site.sign_in("u-system-administrator"), site.sign_in("u-second-administrator")


def offered(person: Person, content: bytes) -> str:
    """The page that follows."""
    return person.post_and_follow("/models", files={"file": ("model.json", content)})


def graded_by(person: Person) -> str:
    """The version that the page says is in use."""
    found = re.search(r'scope="row">([\w.-]+)</th>\s*<td data-label="State"><span class="chip good">In use', person.page("/models"))
    assert found
    return found[1]


def test_one_offers_another_reads_and_approves_and_the_earlier_one_can_be_taken_back(administrators: tuple[Person, Person]) -> None:
    first, second = administrators
    content = trained("northmoor-2")
    address = f"/models/{hashlib.sha256(content).hexdigest()}"
    page = offered(first, content)
    assert "It grades nothing until another administrator has approved it" in page
    assert "another administrator must approve it" in page
    assert f'action="{address}/approval"' not in page
    assert first.post(f"{address}/approval").status_code == 403
    assert graded_by(first) == current().version

    read = second.page(address)
    assert "<strong>1 of" in read
    assert "NHS same" in read
    assert "41207 records without labels" in read
    assert "0.971" in read
    assert "0.966" in read
    assert read.count("<svg") == 2
    assert "From now on this model grades" in second.post_and_follow(f"{address}/approval")
    assert graded_by(first) == "northmoor-2"
    second.post_and_follow(f"/models/{RELEASED}/approval")
    assert graded_by(first) == current().version


def test_a_picture_brings_no_style_that_the_page_forbids(administrators: tuple[Person, Person]) -> None:
    page = administrators[0].page(f"/models/{RELEASED}")
    assert "<svg" in page
    assert "<style" not in page
    assert "style=" not in page


def test_no_name_that_a_model_counts_is_shown(administrators: tuple[Person, Person]) -> None:
    page = administrators[0].page(f"/models/{RELEASED}").lower()
    counted = {name for name in current().family if len(name) > 4}
    assert len(counted) > 100
    assert not [name for name in counted if re.search(rf"\b{re.escape(name)}\b", page)]


@pytest.mark.parametrize("told", [None, [], "x", {"records": "many"}, {"records": 1, "before": "<b>", "sessions": [{}], "calibration": []}])
def test_what_a_file_says_of_its_training_otherwise_than_we_write_it_is_not_repeated(administrators: tuple[Person, Person], told: object) -> None:
    page = offered(administrators[0], trained(f"odd-{abs(hash(str(told)))}", training=told))
    assert "The file does not say." in page
    assert "Do its chances hold?" not in page


def test_what_is_no_model_is_refused_with_what_to_do(administrators: tuple[Person, Person]) -> None:
    answer = administrators[0].post("/models", files={"file": ("model.json", b"{}")})
    assert answer.status_code == 422
    assert "Train it again with: match train" in answer.text


def test_only_administrators_find_it_in_the_menu_and_can_offer(site: Site, administrators: tuple[Person, Person]) -> None:
    assert 'href="/models"' in administrators[0].page("/help")
    for user in ("u-coordinator", "u-auditor"):
        person = site.sign_in(user)
        assert "Offer a model" not in person.page("/models")
        assert 'href="/models"' not in person.page("/help")
        assert person.post("/models", files={"file": ("model.json", trained("x-1"))}).status_code == 403
    assert site.sign_in("u-chair").get("/models").status_code == 403


def test_an_unknown_model_is_not_found(administrators: tuple[Person, Person]) -> None:
    assert administrators[0].get(f"/models/{'0' * 64}").status_code == 404
    assert administrators[0].post(f"/models/{'0' * 64}/approval").status_code == 404
