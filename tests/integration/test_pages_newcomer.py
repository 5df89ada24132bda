"""What somebody meets who is new here: pages that lead nowhere, old tabs, addresses that are none, help for every entry of the menu."""

from __future__ import annotations

import re

import pytest

from gateway.demo.agencies import ROOT
from tests.integration.joined_site import Site, site

__all__ = ["site"]

LIST = ROOT / "contracts" / "demonstration" / "case-list.csv"


@pytest.mark.parametrize("user", ["u-trust-administrator", "u-trust-representative", "u-trust-lead", "u-coordinator"])
def test_every_link_of_a_task_can_be_opened(site: Site, user: str) -> None:
    person = site.sign_in(user)
    links = {link.partition("#")[0] for link in re.findall(r'<a class="button second" href="([^"]+)"', person.page("/tasks"))}
    assert links
    assert {link: person.get(link).status_code for link in links} == dict.fromkeys(links, 200)


@pytest.mark.parametrize(
    "user", ["u-coordinator", "u-chair", "u-trust-administrator", "u-trust-representative", "u-trust-lead", "u-system-administrator", "u-auditor"]
)
def test_help_has_a_part_for_every_entry_of_the_menu(site: Site, user: str) -> None:
    page = site.sign_in(user).page("/help")
    menu = re.search(r'<nav aria-label="Pages">.*?</nav>', page, re.DOTALL)
    assert menu
    entries = re.findall(r">([^<>]+)</a>", menu[0])
    headings = " ".join(re.findall(r"<h2>([^<]+)</h2>", page))
    assert entries
    assert [entry for entry in entries if entry not in headings] == []


def test_a_form_of_an_earlier_sign_in_says_so_and_what_to_do(site: Site) -> None:
    person = site.sign_in("u-coordinator")
    old = person.csrf
    person.sign_in("u-coordinator")
    answer = person.http.post("/reconciliation", data={"csrf": old})
    assert answer.status_code == 403
    assert "This page is from an earlier sign-in" in answer.text
    assert "Nothing was done" in answer.text
    assert "Open the page again" in answer.text


@pytest.mark.parametrize("address", ["/lists/abc", "/lists/abc/review", "/lists/1/alerts/2", "/nothing"])
def test_an_address_that_never_was_one_is_not_found(site: Site, address: str) -> None:
    answer = site.sign_in("u-trust-representative").get(address)
    assert answer.status_code == 404
    assert "It does not exist, or it is not yours to see" in answer.text


def test_a_list_without_its_day_is_asked_for_it_beside_the_form(site: Site) -> None:
    files = {"file": ("list.csv", LIST.read_bytes())}
    answer = site.sign_in("u-coordinator").post("/lists", {"marac": "northmoor"}, files=files)
    assert answer.status_code == 422
    assert "Enter the date of the meeting" in answer.text
    assert 'id="when"' in answer.text


def test_no_agency_is_chosen_for_an_action_before_somebody_chooses(site: Site) -> None:
    page = site.sign_in("u-coordinator").page(f"/lists/{site.list_id}/actions")
    chosen = re.search(r'<select id="agency"[^>]*>\s*<option value="([^"]*)"', page)
    assert chosen
    assert chosen[1] == ""
    assert 'name="agency" required' in page


def test_namesakes_of_one_case_can_be_told_apart_where_alerts_are_proposed(site: Site) -> None:
    page = site.sign_in("u-trust-administrator").page(f"/lists/{site.list_id}/alerts")
    rows = re.findall(r"Gareth Lloyd Pritchard[^<]*<span class=\"hint\">([^<]+)</span>", page)
    assert len(rows) == 2
    assert len(set(rows)) == 2
